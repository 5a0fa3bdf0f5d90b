#ifndef HOLDFAST_H
#define HOLDFAST_H

// Holdfast for C, and for every language that can call C: a document database that keeps what it acknowledged.
//
// Documents, filters, options and results are BSON (https://bsonspec.org), so all that is needed beside this
// header and the library is a BSON library of the language.
//
// Handles. A database, a transaction, a cursor and an error are opaque. Who gets a handle releases it, once;
// releasing NULL does nothing. A handle keeps what it needs alive, so handles can be released in any order.
// Every function may be called from every thread, at the same time and with the same handles. (A transaction and
// a cursor do one thing at a time: a call on a cursor waits for the one before, a call on a transaction that is
// in use, by a cursor of it for example, fails with HOLDFAST_INVALID_USE.)
//
// Input. What is passed in is read during the call only. A document is given by the address of its bytes and their
// number; NULL and 0 together stand for an empty document, and half of that is an error. It is checked: no input makes the library trap. Strings are
// UTF-8 and end with a zero byte. An option that is not listed is an error, so that none is ever overlooked.
//
// Output. A holdfast_buffer is filled by the library, and freed with holdfast_buffer_free().
//
// Errors. Every function that can fail returns HOLDFAST_OK or a code. If its last argument, `error`, is not NULL,
// *error is a handle with the message then, and NULL otherwise; other output is empty then. Unless a description
// says otherwise, a call that fails has changed nothing.
//
// Durability. A write that is not part of a transaction is a transaction of its own, and as durable as the
// durability of the collection promises when the function returns.
//
// Forks. A child process cannot use the handles of its parent: every call with one fails with
// HOLDFAST_INVALID_USE, and releasing one does nothing. Open the database in the process that uses it.

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#if defined(__clang__)
#define HOLDFAST_NULLABLE _Nullable
#define HOLDFAST_NONNULL _Nonnull
#pragma clang assume_nonnull begin
#else
#define HOLDFAST_NULLABLE
#define HOLDFAST_NONNULL
#endif

#ifdef __cplusplus
extern "C" {
#endif

/// The version of this interface. It grows when functions, codes, options or fields of results are added; a library
/// works with every program that was compiled for the same or a lower version.
#define HOLDFAST_INTERFACE_VERSION 1

/// The version of this interface that the library has.
int32_t holdfast_interface_version(void);

typedef struct holdfast_database holdfast_database;
typedef struct holdfast_transaction holdfast_transaction;
typedef struct holdfast_cursor holdfast_cursor;
typedef struct holdfast_error holdfast_error;

// ---------------------------------------------------------------------------------------------- memory

/// Bytes that the library allocated; `data` is NULL when there are none.
typedef struct holdfast_buffer {
  uint8_t *HOLDFAST_NULLABLE data;
  size_t count;
} holdfast_buffer;

/// Frees the bytes, and empties the buffer. Does nothing to an empty one.
void holdfast_buffer_free(holdfast_buffer *buffer);

// ---------------------------------------------------------------------------------------------- errors

/// What kind of failure it is. The numbers never change their meaning, and new ones may come.
typedef enum holdfast_code {
  HOLDFAST_OK = 0,
  /// There is no database at this path.
  HOLDFAST_NOT_FOUND = 1,
  /// There is a directory, or something else that is not a file, at this path.
  HOLDFAST_NOT_A_FILE = 2,
  /// The file is not a Holdfast database.
  HOLDFAST_NOT_A_DATABASE = 3,
  /// The file is shorter than its own header says.
  HOLDFAST_TRUNCATED = 4,
  /// The file was written by a newer Holdfast, or uses a feature that this one lacks.
  HOLDFAST_UNSUPPORTED_FORMAT = 5,
  /// The password or the key is wrong, or one was given or left out where it should not be.
  HOLDFAST_AUTHENTICATION_FAILED = 6,
  /// Another open database, of this or of another process, holds the lock.
  HOLDFAST_DATABASE_LOCKED = 7,
  /// The file is on a network file system.
  HOLDFAST_NETWORK_FILE_SYSTEM = 8,
  /// A checksum, a tag or a structure does not hold.
  HOLDFAST_CORRUPTED = 9,
  /// The database was not closed properly and the log that it needs is not beside it.
  HOLDFAST_MISSING_LOG = 10,
  /// There is no room on the disk, or a quota or size limit is reached.
  HOLDFAST_DISK_FULL = 11,
  /// Too many files are open, in this process or on this machine.
  HOLDFAST_TOO_MANY_OPEN_FILES = 12,
  /// Writing failed too often in a row and is suspended for a minute. Nothing was tried.
  HOLDFAST_WRITES_SUSPENDED = 13,
  /// The operating system does not permit it.
  HOLDFAST_NOT_PERMITTED = 14,
  /// Any other failure of the operating system.
  HOLDFAST_IO_FAILED = 15,
  /// A sync failed: whether the commits in flight are durable is unknown, and nothing more is accepted until the
  /// database has been opened again.
  HOLDFAST_OUTCOME_UNKNOWN = 16,
  /// The database is closed.
  HOLDFAST_CLOSED = 17,
  /// The database was opened for reading only.
  HOLDFAST_READ_ONLY = 18,
  /// A transaction is larger than the limit.
  HOLDFAST_TRANSACTION_TOO_LARGE = 19,
  /// Another transaction has changed what this one wants to write, or has read. It was rolled back: try it again.
  HOLDFAST_WRITE_CONFLICT = 20,
  /// Transactions waited for each other, and this one was chosen to give way. It was rolled back: try it again.
  HOLDFAST_DEADLOCK = 21,
  /// What another transaction had locked did not become free in time.
  HOLDFAST_LOCK_TIMEOUT = 22,
  /// The transaction was not used for too long, or took too long, and was rolled back.
  HOLDFAST_TRANSACTION_EXPIRED = 23,
  /// Some other limit is reached.
  HOLDFAST_LIMIT_EXCEEDED = 24,
  /// A call that makes no sense, such as one with an unknown option, or one in a forked child.
  HOLDFAST_INVALID_USE = 25,
  /// A document with this id is in the collection already.
  HOLDFAST_DUPLICATE_ID = 26,
  /// A document is larger than 16 MiB.
  HOLDFAST_DOCUMENT_TOO_LARGE = 27,
  /// A document is not well-formed, or nests too deep.
  HOLDFAST_INVALID_DOCUMENT = 28,
  /// A name that no collection can have.
  HOLDFAST_INVALID_NAME = 29,
  /// A value that cannot be an id, or not the id of this document.
  HOLDFAST_INVALID_ID = 30,
  /// An id, or a document's key in an index, is too long.
  HOLDFAST_KEY_TOO_LARGE = 31,
  /// A filter, an update, a projection or another part of a query is wrong: the message names the operator and the
  /// place.
  HOLDFAST_INVALID_QUERY = 32,
  /// An update, or an expression, meets a value of a type that it does not work on.
  HOLDFAST_TYPE_MISMATCH = 33,
  /// The result of arithmetic does not fit its type, or there is none.
  HOLDFAST_OVERFLOW = 34,
  /// An update would change the `_id` of a document.
  HOLDFAST_IMMUTABLE_ID = 35,
  /// A document has the same values as another one in a unique index.
  HOLDFAST_DUPLICATE_KEY = 36,
  /// A document has arrays in two fields of one index, or of one sort order.
  HOLDFAST_PARALLEL_ARRAYS = 37,
  /// There is no index of this name.
  HOLDFAST_INDEX_NOT_FOUND = 38,
  /// There is an index of this name, or on these fields, that is different.
  HOLDFAST_INDEX_EXISTS = 39,
  /// The caller cancelled what was asked for.
  HOLDFAST_CANCELLED = 40,
  /// There is no collection of this name.
  HOLDFAST_COLLECTION_NOT_FOUND = 41,
  /// There is a collection of this name already.
  HOLDFAST_COLLECTION_EXISTS = 42,
} holdfast_code;

/// What kind of failure it is.
holdfast_code holdfast_error_code(const holdfast_error *error);

/// The code in one word, such as "duplicateKey". Valid as long as the error.
const char *holdfast_error_name(const holdfast_error *error);

/// What happened, to what, and what to do next. Never contains values of documents. Valid as long as the error.
const char *holdfast_error_message(const holdfast_error *error);

/// What else is known, as a document, valid as long as the error, its length in *count:
///
///     {collection: "users",                      // if one is concerned
///      mongoCode: 11000,                         // MongoDB's number for an error of a query, an update or an index
///      keyPattern: {email: 1},                   // the fields of the unique index that has the values already
///      keyValue: {email: "ada@x.org"},           // the values
///      cycle: [{transaction: 7, blocker: 9, wanted: "…"}, …],      // the members of a deadlock
///      bulkWrite: {errors: [{operation: 0, code: 36, name: "duplicateKey", message: "…",
///                            mongoCode: 11000, keyPattern: {…}, keyValue: {…}}, …],
///                  result: {…}}}                // see holdfast_bulk_write(); what the others did is kept
const uint8_t *holdfast_error_details(const holdfast_error *error, size_t *count);

/// Releases an error.
void holdfast_error_release(holdfast_error *HOLDFAST_NULLABLE error);

// ---------------------------------------------------------------------------------------------- databases

/// Opens a database, and creates it if it is missing. After a crash, it is recovered.
///
/// The options, all of which may be left out:
///
///     {password: "…",                    // or key: 32 bytes; without either, the database is not encrypted
///      key: BinData(…),
///      durability: "safe",               // "safe", "unsafe" or {operations: 100, milliseconds: 50}, for this
///                                        // time; without it, what the database has stored, at first "safe"
///      readOnly: false,
///      createIfMissing: true,
///      pageSize: 8192,                   // bytes, of a new database
///      cacheBytes: 67108864,
///      lockTimeoutMilliseconds: 30000,
///      transactionIdleMilliseconds: 300000,   // 0 for no limit
///      maximumTransactionBytes: 268435456,
///      maximumTransactions: 10000,
///      allowNetworkFileSystem: false,
///      refuseDamage: false,              // fail to open over a damaged page, rather than isolate it
///      passwordLogN: 15}                 // the cost of deriving a key: scrypt's log2(N), of a new database
holdfast_code holdfast_open(const char *path, const uint8_t *HOLDFAST_NULLABLE options, size_t options_count,
                            holdfast_database *HOLDFAST_NULLABLE *HOLDFAST_NONNULL database,
                            holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Closes a database: rolls open transactions back, makes everything durable, and frees the file. The handle stays
/// valid, and every further call with it or with a cursor of it fails with HOLDFAST_CLOSED, except that closing again
/// does nothing.
holdfast_code holdfast_close(holdfast_database *database,
                             holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Releases the handle. A database that was not closed gives its file back when the handles of its cursors and
/// transactions are gone, too. What was acknowledged is in the log beside the file then, and the next opening
/// recovers it.
void holdfast_database_release(holdfast_database *HOLDFAST_NULLABLE database);

/// Waits until everything that was written is durable, whatever durability it was written with.
holdfast_code holdfast_persist(holdfast_database *database,
                               holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Writes everything into the file, so that the log is not needed any more.
holdfast_code holdfast_checkpoint(holdfast_database *database,
                                  holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Numbers about the database: sizes in bytes, counts since it was opened, transactions.
holdfast_code holdfast_statistics(holdfast_database *database, holdfast_buffer *result,
                                  holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// How the database is: `status` is "ok", "degraded", "readOnly" or "failed", with `reasons`, and what to watch.
holdfast_code holdfast_health(holdfast_database *database, holdfast_buffer *result,
                              holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// The durability of a collection, or with NULL that of the database:
///
///     {durability: "safe"}               // or "unsafe", or {operations: 100, milliseconds: 50}
holdfast_code holdfast_durability(holdfast_database *database, const char *HOLDFAST_NULLABLE collection,
                                  holdfast_buffer *result,
                                  holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Stores the durability of a collection, or with NULL that of the database, as a document as above. For a
/// collection, `{}` means that of the database again.
holdfast_code holdfast_set_durability(holdfast_database *database, const char *HOLDFAST_NULLABLE collection,
                                      const uint8_t *durability, size_t durability_count,
                                      holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

// ---------------------------------------------------------------------------------------------- transactions

/// Begins a transaction. Pass it to the functions below, and end it with holdfast_commit() or holdfast_rollback().
///
///     {isolation: "snapshot",            // "readUncommitted", "readCommitted", "snapshot" or "serializable"
///      lockTimeoutMilliseconds: 30000}   // without it, that of the database
///
/// When a function fails with HOLDFAST_WRITE_CONFLICT or HOLDFAST_DEADLOCK, the transaction has been rolled back.
/// `retried` is then that transaction, and otherwise NULL: the new one counts as old as it, so that an attempt is not
/// the youngest, which gives way, for ever.
holdfast_code holdfast_begin(holdfast_database *database, const uint8_t *HOLDFAST_NULLABLE options,
                             size_t options_count, holdfast_transaction *HOLDFAST_NULLABLE retried,
                             holdfast_transaction *HOLDFAST_NULLABLE *HOLDFAST_NONNULL transaction,
                             holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Commits: everything becomes visible at once, and as durable as the strongest durability of the collections that
/// were written to. When it fails, nothing of it ever happened, except with HOLDFAST_OUTCOME_UNKNOWN. The
/// transaction is over then, except with HOLDFAST_INVALID_USE because another thread is using it.
holdfast_code holdfast_commit(holdfast_transaction *transaction,
                              holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Rolls back. Does nothing when the transaction is over. While another thread's call is under way, the transaction is
/// rolled back at the end of that.
holdfast_code holdfast_rollback(holdfast_transaction *transaction,
                                holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Marks a point that holdfast_rollback_to() goes back to.
holdfast_code holdfast_savepoint(holdfast_transaction *transaction, uint64_t *savepoint,
                                 holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Takes back what the transaction did since a savepoint. The savepoint stays, and those after it are gone; cursors of
/// the transaction that are open fail from now on.
holdfast_code holdfast_rollback_to(holdfast_transaction *transaction, uint64_t savepoint,
                                   holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Whether it has neither been committed nor rolled back.
bool holdfast_transaction_is_open(holdfast_transaction *transaction);

/// Releases the handle. A transaction that is not over is rolled back.
void holdfast_transaction_release(holdfast_transaction *HOLDFAST_NULLABLE transaction);

// ---------------------------------------------------------------------------------------------- collections
//
// From here on, `transaction` is NULL for a call on its own, or a transaction of this database that the call
// belongs to.

/// The names of the collections, sorted by their bytes: {collections: ["…", …]}
holdfast_code holdfast_collections(holdfast_database *database,
                                   holdfast_transaction *HOLDFAST_NULLABLE transaction,
                                   holdfast_buffer *result,
                                   holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Makes an empty collection; HOLDFAST_COLLECTION_EXISTS if there is one. Not needed before inserting.
///
///     {durability: "unsafe"}             // its own; without it, that of the database
holdfast_code holdfast_create_collection(holdfast_database *database,
                                         holdfast_transaction *HOLDFAST_NULLABLE transaction,
                                         const char *collection, const uint8_t *HOLDFAST_NULLABLE options,
                                         size_t options_count,
                                         holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Removes a collection with its documents and indexes. *existed says whether there was one.
holdfast_code holdfast_drop_collection(holdfast_database *database,
                                       holdfast_transaction *HOLDFAST_NULLABLE transaction,
                                       const char *collection, bool *existed,
                                       holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Gives a collection another name. An index that is being built meanwhile is given up, and stays in the renamed
/// collection, not ready, until it is made there or dropped. If there is one of that name, it is removed with `replace`, and the call fails
/// with HOLDFAST_COLLECTION_EXISTS without.
holdfast_code holdfast_rename_collection(holdfast_database *database,
                                         holdfast_transaction *HOLDFAST_NULLABLE transaction,
                                         const char *collection, const char *new_name, bool replace,
                                         holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

// ---------------------------------------------------------------------------------------------- reading
//
// A collection that does not exist reads as an empty one. Where an index can be chosen, `hint` is its name, its keys,
// or {$natural: 1} for none.

/// The first document that matches a filter, or an empty buffer. The options are those of holdfast_find().
holdfast_code holdfast_find_one(holdfast_database *database,
                                holdfast_transaction *HOLDFAST_NULLABLE transaction, const char *collection,
                                const uint8_t *HOLDFAST_NULLABLE filter, size_t filter_count,
                                const uint8_t *HOLDFAST_NULLABLE options, size_t options_count,
                                holdfast_buffer *document,
                                holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Begins to read the documents that match a filter. A cursor outside of a transaction reads the state of this moment,
/// whatever is written meanwhile; the file grows for it, so release it soon.
///
///     {projection: {…}, sort: {…}, skip: 0, limit: 0, hint: "…",
///      sortMemoryBytes: 33554432,
///      skipDamage: false}                // leave out documents that cannot be read, instead of failing
holdfast_code holdfast_find(holdfast_database *database, holdfast_transaction *HOLDFAST_NULLABLE transaction,
                            const char *collection, const uint8_t *HOLDFAST_NULLABLE filter,
                            size_t filter_count, const uint8_t *HOLDFAST_NULLABLE options,
                            size_t options_count, holdfast_cursor *HOLDFAST_NULLABLE *HOLDFAST_NONNULL cursor,
                            holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// The next documents, one after the other in *documents: at most `maximum_count`, and no further ones when they have
/// `maximum_bytes` together. An empty buffer means that there are no more. A failure comes behind the documents before it:
/// only an empty buffer is the end. A cursor that failed is at its end.
holdfast_code holdfast_cursor_next(holdfast_cursor *cursor, size_t maximum_count, size_t maximum_bytes,
                                   holdfast_buffer *documents,
                                   holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Releases the cursor and what it reads.
void holdfast_cursor_release(holdfast_cursor *HOLDFAST_NULLABLE cursor);

/// How many documents match a filter. Options: {skip: 0, limit: 0, hint: "…"}
holdfast_code holdfast_count(holdfast_database *database, holdfast_transaction *HOLDFAST_NULLABLE transaction,
                             const char *collection, const uint8_t *HOLDFAST_NULLABLE filter,
                             size_t filter_count, const uint8_t *HOLDFAST_NULLABLE options,
                             size_t options_count, uint64_t *count,
                             holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// The different values of a field in the documents that match a filter, sorted: {values: […]}. Options:
/// {hint: "…"}
holdfast_code holdfast_distinct(holdfast_database *database,
                                holdfast_transaction *HOLDFAST_NULLABLE transaction, const char *collection,
                                const char *field, const uint8_t *HOLDFAST_NULLABLE filter,
                                size_t filter_count, const uint8_t *HOLDFAST_NULLABLE options,
                                size_t options_count, holdfast_buffer *result,
                                holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// How a query is run. Options: those of holdfast_find(), and
///
///     {depth: "plan"}                    // or "counts" or "timing", which run the query
holdfast_code holdfast_explain(holdfast_database *database,
                               holdfast_transaction *HOLDFAST_NULLABLE transaction, const char *collection,
                               const uint8_t *HOLDFAST_NULLABLE filter, size_t filter_count,
                               const uint8_t *HOLDFAST_NULLABLE options, size_t options_count,
                               holdfast_buffer *result,
                               holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

// ---------------------------------------------------------------------------------------------- writing
//
// The first document that is inserted makes its collection. In a transaction, a call that fails after it had begun to
// change documents, as inserting and updating many may, gives the transaction up: only rolling back is left, as a whole
// or to a savepoint; holdfast_bulk_write() does not, for one operation that fails leaves no trace. Results, of which functions give the fields that they
// list:
//
//     {inserted: 1, ids: […],             // in the order of the documents
//      matched: 1, modified: 1, deleted: 1,
//      upserted: [{operation: 0, id: …}, …]}

/// Adds a document. One without an `_id` gets an ObjectId. Result: {id: …}, unless `result` is NULL.
holdfast_code holdfast_insert_one(holdfast_database *database,
                                  holdfast_transaction *HOLDFAST_NULLABLE transaction, const char *collection,
                                  const uint8_t *document, size_t document_count,
                                  holdfast_buffer *HOLDFAST_NULLABLE result,
                                  holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Adds documents, one after the other in `documents`: all or none, in one commit. Result: {inserted, ids}, unless
/// `result` is NULL.
holdfast_code holdfast_insert_many(holdfast_database *database,
                                   holdfast_transaction *HOLDFAST_NULLABLE transaction,
                                   const char *collection, const uint8_t *HOLDFAST_NULLABLE documents,
                                   size_t documents_count, holdfast_buffer *HOLDFAST_NULLABLE result,
                                   holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Updates the first document that matches a filter with MongoDB's operators. Result: {matched, modified, upserted}
///
///     {many: false,                      // all that match; all or none are changed
///      upsert: false,                    // insert a document when none matches
///      newId: …,                         // the `_id` of that, if neither filter nor update say it
///      arrayFilters: [{…}, …], hint: "…",
///      sort: {…}}                        // which of them is the first; not with many
holdfast_code holdfast_update(holdfast_database *database,
                              holdfast_transaction *HOLDFAST_NULLABLE transaction, const char *collection,
                              const uint8_t *HOLDFAST_NULLABLE filter, size_t filter_count,
                              const uint8_t *update, size_t update_count,
                              const uint8_t *HOLDFAST_NULLABLE options, size_t options_count,
                              holdfast_buffer *result,
                              holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Puts a document in the place of the first one that matches a filter; the `_id` stays. Result: {matched, modified,
/// upserted}. Options: {upsert: false, newId: …, hint: "…", sort: {…}}
holdfast_code holdfast_replace_one(holdfast_database *database,
                                   holdfast_transaction *HOLDFAST_NULLABLE transaction,
                                   const char *collection, const uint8_t *HOLDFAST_NULLABLE filter,
                                   size_t filter_count, const uint8_t *document, size_t document_count,
                                   const uint8_t *HOLDFAST_NULLABLE options, size_t options_count,
                                   holdfast_buffer *result,
                                   holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Deletes the first document that matches a filter, or with {many: true} all that do. Options: {many: false,
/// hint: "…"}
holdfast_code holdfast_delete(holdfast_database *database,
                              holdfast_transaction *HOLDFAST_NULLABLE transaction, const char *collection,
                              const uint8_t *HOLDFAST_NULLABLE filter, size_t filter_count,
                              const uint8_t *HOLDFAST_NULLABLE options, size_t options_count,
                              uint64_t *deleted,
                              holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Changes or deletes the first document that matches a filter, and gives it, or an empty buffer.
///
///     {update: {…}} or {replacement: {…}} or {delete: true}      // one of them, in the options:
///      sort: {…}, projection: {…}, returnNew: false, upsert: false, newId: …, arrayFilters: […], hint: "…"}
holdfast_code holdfast_find_and_modify(holdfast_database *database,
                                       holdfast_transaction *HOLDFAST_NULLABLE transaction,
                                       const char *collection, const uint8_t *HOLDFAST_NULLABLE filter,
                                       size_t filter_count, const uint8_t *options, size_t options_count,
                                       holdfast_buffer *document,
                                       holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Does several operations with one commit, each wholly or not at all. They are documents, one after the other in
/// `operations`:
///
///     {insertOne: {document: {…}}}
///     {updateOne: {filter: {…}, update: {…}, upsert: false, newId: …, arrayFilters: […], hint: "…", sort: {…}}}
///     {updateMany: …}                    // as updateOne, without sort
///     {replaceOne: {filter: {…}, replacement: {…}, upsert: false, newId: …, hint: "…", sort: {…}}}
///     {deleteOne: {filter: {…}, hint: "…"}}
///     {deleteMany: …}                    // as deleteOne
///
/// Ordered, it stops at the first one that fails; unordered, it goes on with the others. What the others did is kept,
/// and the error's details say what that is. When something is wrong with the database, or an operation is not
/// well-formed, nothing is done at all. Result: {inserted, ids, matched, modified, deleted, upserted}
holdfast_code holdfast_bulk_write(holdfast_database *database,
                                  holdfast_transaction *HOLDFAST_NULLABLE transaction, const char *collection,
                                  const uint8_t *HOLDFAST_NULLABLE operations, size_t operations_count,
                                  bool ordered, holdfast_buffer *result,
                                  holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

// ---------------------------------------------------------------------------------------------- indexes

/// Makes an index, and waits until it is ready. Result: {name: "…"}. Inside of a transaction it is built at once;
/// otherwise others read and write meanwhile. One that is there already is left as it is. Options:
///
///     {name: "…", unique: false, sparse: false, partialFilterExpression: {…}, expireAfterSeconds: 3600}
holdfast_code holdfast_create_index(holdfast_database *database,
                                    holdfast_transaction *HOLDFAST_NULLABLE transaction,
                                    const char *collection, const uint8_t *keys, size_t keys_count,
                                    const uint8_t *HOLDFAST_NULLABLE options, size_t options_count,
                                    holdfast_buffer *result,
                                    holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// The indexes, that of the ids first:
///
///     {indexes: [{name: "…", key: {…}, unique: true, sparse: true, partialFilterExpression: {…},
///                 expireAfterSeconds: 3600,       // those that were given
///                 multikey: false, ready: true, entries: 3}, …]}
holdfast_code holdfast_indexes(holdfast_database *database,
                               holdfast_transaction *HOLDFAST_NULLABLE transaction, const char *collection,
                               holdfast_buffer *result,
                               holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Removes the index of a name. *existed says whether there was one.
holdfast_code holdfast_drop_index(holdfast_database *database,
                                  holdfast_transaction *HOLDFAST_NULLABLE transaction, const char *collection,
                                  const char *name, bool *existed,
                                  holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

/// Deletes the documents that have expired by now, in all collections, and says how many there were. This happens by
/// itself every minute.
holdfast_code holdfast_delete_expired(holdfast_database *database, uint64_t *deleted,
                                      holdfast_error *HOLDFAST_NULLABLE *HOLDFAST_NULLABLE error);

#ifdef __cplusplus
}
#endif

#if defined(__clang__)
#pragma clang assume_nonnull end
#endif

#endif
