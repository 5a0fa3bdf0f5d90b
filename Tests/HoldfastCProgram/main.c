// Uses every function of holdfast.h, right and wrong, as a program in C would. Makes its databases in the folder given as
// the argument; prints each check that fails, and at last how many passed. HoldfastCTests runs it.

#include "bson.h"
#include "holdfast.h"

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

static int passed, failed;

#define CHECK(condition)                                                                                     \
  do {                                                                                                       \
    if (condition) {                                                                                         \
      passed++;                                                                                              \
    } else {                                                                                                 \
      failed++;                                                                                              \
      printf("%s:%d: %s\n", __FILE__, __LINE__, #condition);                                                 \
    }                                                                                                        \
  } while (0)

/// What a document, or none, is passed as.
#define BYTES(document) (document).bytes, (document).count
#define NONE NULL, 0

/// A call that succeeds.
#define OK(call)                                                                                             \
  do {                                                                                                       \
    holdfast_error *error = NULL;                                                                            \
    holdfast_code code = (call);                                                                             \
    if (code != HOLDFAST_OK) printf("%s\n", error ? holdfast_error_message(error) : "no error was given");    \
    CHECK(code == HOLDFAST_OK && error == NULL);                                                             \
    holdfast_error_release(error);                                                                           \
  } while (0)

/// A call that fails with a code, and says why.
#define FAILS(expected, call)                                                                                \
  do {                                                                                                       \
    holdfast_error *error = NULL;                                                                            \
    holdfast_code code = (call);                                                                             \
    CHECK(code == (expected));                                                                               \
    CHECK(error != NULL && holdfast_error_code(error) == (expected));                                        \
    CHECK(error != NULL && strlen(holdfast_error_message(error)) > 10);                                      \
    holdfast_error_release(error);                                                                           \
  } while (0)

/// A document {name: value}.
static bson field(const char *name, int32_t value) {
  bson document;
  bson_begin(&document);
  bson_int(&document, name, value);
  bson_end(&document);
  return document;
}

/// {_id: id, n: n}
static bson item(int32_t id, int32_t n) {
  bson document;
  bson_begin(&document);
  bson_int(&document, "_id", id);
  bson_int(&document, "n", n);
  bson_end(&document);
  return document;
}

/// {operator: {name: value}}
static bson nested(const char *operator, const char *name, int32_t value) {
  bson document;
  bson_begin(&document);
  bson_open(&document, operator);
  bson_int(&document, name, value);
  bson_end(&document);
  bson_end(&document);
  return document;
}

static bson text_field(const char *name, const char *value) {
  bson document;
  bson_begin(&document);
  bson_string(&document, name, value);
  bson_end(&document);
  return document;
}

static bson flag(const char *name) {
  bson document;
  bson_begin(&document);
  bson_bool(&document, name, 1);
  bson_end(&document);
  return document;
}

static holdfast_database *open_database(const char *path) {
  holdfast_database *database = NULL;
  OK(holdfast_open(path, NONE, &database, &error));
  if (database == NULL) exit(2);
  return database;
}

static uint64_t count_of(holdfast_database *database, holdfast_transaction *transaction, const char *name) {
  uint64_t count = 0;
  OK(holdfast_count(database, transaction, name, NONE, NONE, &count, &error));
  return count;
}

// ---------------------------------------------------------------------------------------------- checks

static void opening(const char *path) {
  CHECK(holdfast_interface_version() == HOLDFAST_INTERFACE_VERSION);
  holdfast_database *database = (holdfast_database *)1;
  bson document = text_field("password", "correct horse");
  FAILS(HOLDFAST_INVALID_USE, holdfast_open("", NONE, &database, &error));
  CHECK(database == NULL);
  bson unknown = flag("durabilty");
  FAILS(HOLDFAST_INVALID_USE, holdfast_open(path, BYTES(unknown), &database, &error));
  unknown = text_field("durability", "sometimes");
  FAILS(HOLDFAST_INVALID_USE, holdfast_open(path, BYTES(unknown), &database, &error));
  CHECK(access(path, F_OK) != 0); // nothing was made
  bson existing;
  bson_begin(&existing);
  bson_bool(&existing, "createIfMissing", 0);
  bson_end(&existing);
  FAILS(HOLDFAST_NOT_FOUND, holdfast_open(path, BYTES(existing), &database, &error));

  bson cheap;
  bson_begin(&cheap);
  bson_string(&cheap, "password", "correct horse");
  bson_int(&cheap, "passwordLogN", 10);
  bson_open(&cheap, "durability");
  bson_int(&cheap, "operations", 100);
  bson_int(&cheap, "milliseconds", 50);
  bson_end(&cheap);
  bson_end(&cheap);
  OK(holdfast_open(path, BYTES(cheap), &database, &error));
  holdfast_database *second = NULL;
  FAILS(HOLDFAST_DATABASE_LOCKED, holdfast_open(path, BYTES(document), &second, &error));
  holdfast_buffer result;
  OK(holdfast_durability(database, NULL, &result, &error));
  CHECK(bson_number(result.data, "durability.operations") == 100);
  holdfast_buffer_free(&result);
  CHECK(result.data == NULL && result.count == 0);
  holdfast_buffer_free(&result);
  OK(holdfast_close(database, &error));
  OK(holdfast_close(database, &error));
  FAILS(HOLDFAST_CLOSED, holdfast_persist(database, &error));
  FAILS(HOLDFAST_CLOSED, holdfast_collections(database, NULL, &result, &error));
  CHECK(result.data == NULL);
  holdfast_database_release(database);
  holdfast_database_release(NULL);

  FAILS(HOLDFAST_AUTHENTICATION_FAILED, holdfast_open(path, NONE, &database, &error));
  // A code is enough for who does not want the message.
  CHECK(holdfast_open(path, NONE, &database, NULL) == HOLDFAST_AUTHENTICATION_FAILED);
  OK(holdfast_open(path, BYTES(document), &database, &error));
  // Without closing, the file is free as well.
  holdfast_database_release(database);
  OK(holdfast_open(path, BYTES(document), &database, &error));
  holdfast_database_release(database);
}

static void writing(holdfast_database *database) {
  holdfast_buffer result;
  bson document = item(1, 10);
  OK(holdfast_insert_one(database, NULL, "items", BYTES(document), &result, &error));
  CHECK(bson_number(result.data, "id") == 1);
  holdfast_buffer_free(&result);
  FAILS(HOLDFAST_DUPLICATE_ID,
        holdfast_insert_one(database, NULL, "items", BYTES(document), &result, &error));
  document = field("n", 20);
  OK(holdfast_insert_one(database, NULL, "items", BYTES(document), NULL, &error));

  bson many = item(2, 20), third = item(3, 30);
  memcpy(many.bytes + many.count, third.bytes, third.count);
  many.count += third.count;
  OK(holdfast_insert_many(database, NULL, "items", BYTES(many), &result, &error));
  CHECK(bson_number(result.data, "inserted") == 2 && bson_number(result.data, "ids.1") == 3);
  holdfast_buffer_free(&result);
  FAILS(HOLDFAST_INVALID_DOCUMENT,
        holdfast_insert_many(database, NULL, "items", many.bytes, many.count - 1, &result, &error));
  FAILS(HOLDFAST_INVALID_DOCUMENT,
        holdfast_insert_one(database, NULL, "items", document.bytes, document.count - 1, NULL, &error));
  CHECK(count_of(database, NULL, "items") == 4);

  bson filter = field("_id", 1), update = nested("$inc", "n", 5);
  OK(holdfast_update(database, NULL, "items", BYTES(filter), BYTES(update), NONE, &result, &error));
  CHECK(bson_number(result.data, "matched") == 1 && bson_number(result.data, "modified") == 1);
  holdfast_buffer_free(&result);
  bson options = flag("many");
  OK(holdfast_update(database, NULL, "items", NONE, BYTES(update), BYTES(options), &result, &error));
  CHECK(bson_number(result.data, "matched") == 4);
  holdfast_buffer_free(&result);
  update = nested("$increase", "n", 5);
  FAILS(HOLDFAST_INVALID_QUERY,
        holdfast_update(database, NULL, "items", BYTES(filter), BYTES(update), NONE, &result, &error));
  filter = field("_id", 9);
  bson replacement = field("n", 90);
  options = flag("upsert");
  OK(holdfast_replace_one(database, NULL, "items", BYTES(filter), BYTES(replacement), BYTES(options), &result,
                          &error));
  CHECK(bson_number(result.data, "matched") == 0 && bson_number(result.data, "upserted.0.id") == 9);
  holdfast_buffer_free(&result);

  bson modification;
  bson_begin(&modification);
  bson_open(&modification, "update");
  bson_open(&modification, "$inc");
  bson_int(&modification, "n", 1);
  bson_end(&modification);
  bson_end(&modification);
  bson_bool(&modification, "returnNew", 1);
  bson_end(&modification);
  OK(holdfast_find_and_modify(database, NULL, "items", BYTES(filter), BYTES(modification), &result, &error));
  CHECK(bson_number(result.data, "n") == 91);
  holdfast_buffer_free(&result);
  FAILS(HOLDFAST_INVALID_USE,
        holdfast_find_and_modify(database, NULL, "items", BYTES(filter), BYTES(options), &result, &error));

  uint64_t deleted = 0;
  OK(holdfast_delete(database, NULL, "items", BYTES(filter), NONE, &deleted, &error));
  CHECK(deleted == 1);
  options = flag("many");
  // Half of a document is not an empty filter, which would stand for all.
  FAILS(HOLDFAST_INVALID_DOCUMENT,
        holdfast_delete(database, NULL, "items", filter.bytes, 0, BYTES(options), &deleted, &error));
  FAILS(HOLDFAST_INVALID_DOCUMENT,
        holdfast_delete(database, NULL, "items", NULL, 5, BYTES(options), &deleted, &error));
  FAILS(HOLDFAST_INVALID_DOCUMENT,
        holdfast_delete(database, NULL, "items", filter.bytes, SIZE_MAX, BYTES(options), &deleted, &error));
  FAILS(HOLDFAST_INVALID_DOCUMENT,
        holdfast_delete(database, NULL, "items", NONE, options.bytes, 0, &deleted, &error));
  FAILS(HOLDFAST_INVALID_DOCUMENT,
        holdfast_insert_one(database, NULL, "items", filter.bytes, SIZE_MAX, NULL, &error));
  FAILS(HOLDFAST_INVALID_DOCUMENT,
        holdfast_insert_many(database, NULL, "items", filter.bytes, SIZE_MAX, NULL, &error));
  CHECK(count_of(database, NULL, "items") == 4);
  OK(holdfast_delete(database, NULL, "scratch", NONE, BYTES(options), &deleted, &error));
  CHECK(deleted == 0);
  OK(holdfast_delete_expired(database, &deleted, &error));
  CHECK(deleted == 0);
}

static void writing_in_bulk(holdfast_database *database) {
  bson operations, document;
  bson_begin(&operations);
  bson_open(&operations, "insertOne");
  bson_open(&operations, "document");
  bson_int(&operations, "_id", 1);
  bson_end(&operations);
  bson_end(&operations);
  bson_end(&operations);
  // The same twice: the second one fails.
  memcpy(operations.bytes + operations.count, operations.bytes, operations.count);
  operations.count *= 2;
  bson_begin(&document);
  bson_open(&document, "updateMany");
  bson_open(&document, "filter");
  bson_int(&document, "_id", 1);
  bson_end(&document);
  bson_open(&document, "update");
  bson_open(&document, "$set");
  bson_int(&document, "n", 7);
  bson_end(&document);
  bson_end(&document);
  bson_end(&document);
  bson_end(&document);
  memcpy(operations.bytes + operations.count, document.bytes, document.count);
  operations.count += document.count;

  holdfast_buffer result;
  holdfast_error *error = NULL;
  CHECK(holdfast_bulk_write(database, NULL, "bulk", BYTES(operations), false, &result, &error) ==
        HOLDFAST_DUPLICATE_ID);
  size_t count = 0;
  const uint8_t *details = holdfast_error_details(error, &count);
  CHECK(count > 5 && strcmp(holdfast_error_name(error), "duplicateID") == 0);
  CHECK(strcmp(bson_text(details, "collection"), "bulk") == 0);
  CHECK(bson_number(details, "bulkWrite.errors.0.operation") == 1);
  CHECK(bson_number(details, "bulkWrite.errors.0.code") == HOLDFAST_DUPLICATE_ID);
  CHECK(bson_number(details, "bulkWrite.errors.0.keyPattern._id") == 1);
  CHECK(bson_number(details, "bulkWrite.result.inserted") == 1);
  CHECK(bson_number(details, "bulkWrite.result.modified") == 1);
  holdfast_error_release(error);

  // A document that is none is one operation that fails; an operation that is none ends the call.
  bson_begin(&operations);
  bson_open(&operations, "insertOne");
  bson_open(&operations, "document");
  bson_int(&operations, "_id", 3);
  bson_end(&operations);
  bson_end(&operations);
  bson_end(&operations);
  bson copy = operations;
  copy.bytes[4 + 11 + 4 + 10 + 4] = 0x7E; // the type of its _id
  memcpy(copy.bytes + copy.count, operations.bytes, operations.count);
  copy.count += operations.count;
  error = NULL;
  CHECK(holdfast_bulk_write(database, NULL, "bulk", BYTES(copy), false, &result, &error) ==
        HOLDFAST_INVALID_DOCUMENT);
  details = holdfast_error_details(error, &count);
  CHECK(bson_number(details, "bulkWrite.result.inserted") == 1);
  holdfast_error_release(error);
  operations.bytes[4] = 0x7E;
  FAILS(HOLDFAST_INVALID_USE,
        holdfast_bulk_write(database, NULL, "bulk", BYTES(operations), true, &result, &error));

  bson filter = field("_id", 1);
  bson_begin(&operations);
  bson_open(&operations, "deleteOne");
  bson_open(&operations, "filter");
  bson_int(&operations, "_id", 1);
  bson_end(&operations);
  bson_end(&operations);
  bson_end(&operations);
  OK(holdfast_bulk_write(database, NULL, "bulk", BYTES(operations), true, &result, &error));
  CHECK(bson_number(result.data, "deleted") == 1);
  holdfast_buffer_free(&result);
  FAILS(HOLDFAST_INVALID_USE,
        holdfast_bulk_write(database, NULL, "bulk", BYTES(filter), true, &result, &error));
}

static void reading(holdfast_database *database) {
  holdfast_buffer result;
  bson filter = field("_id", 2), options;
  OK(holdfast_find_one(database, NULL, "items", BYTES(filter), NONE, &result, &error));
  CHECK(bson_number(result.data, "n") == 25);
  holdfast_buffer_free(&result);
  filter = field("_id", 77);
  OK(holdfast_find_one(database, NULL, "items", BYTES(filter), NONE, &result, &error));
  CHECK(result.data == NULL);

  bson_begin(&options);
  bson_open(&options, "sort");
  bson_int(&options, "n", -1);
  bson_end(&options);
  bson_int(&options, "limit", 3);
  bson_end(&options);
  holdfast_cursor *cursor = NULL;
  OK(holdfast_find(database, NULL, "items", NONE, BYTES(options), &cursor, &error));
  OK(holdfast_cursor_next(cursor, 2, 1 << 20, &result, &error));
  int32_t first = (int32_t)result.data[0];
  CHECK(bson_number(result.data, "_id") == 3 && result.count > (size_t)first);
  holdfast_buffer_free(&result);
  OK(holdfast_cursor_next(cursor, 2, 0, &result, &error)); // always one, if there is one
  CHECK(result.count > 0);
  holdfast_buffer_free(&result);
  OK(holdfast_cursor_next(cursor, 2, 1 << 20, &result, &error));
  CHECK(result.data == NULL && result.count == 0);
  holdfast_cursor_release(cursor);

  // A failure comes behind the documents before it, and only an empty batch is the end.
  bson computed;
  bson_begin(&computed);
  bson_open(&computed, "$expr");
  bson_open_array(&computed, "$mod");
  bson_string(&computed, "0", "$n");
  bson_string(&computed, "1", "$divisor");
  bson_end(&computed);
  bson_end(&computed);
  bson_end(&computed);
  for (int32_t id = 0; id < 3; id++) {
    bson divided;
    bson_begin(&divided);
    bson_int(&divided, "_id", id);
    bson_int(&divided, "n", 5);
    bson_int(&divided, "divisor", 2 - id); // 2, 1 and 0
    bson_end(&divided);
    OK(holdfast_insert_one(database, NULL, "divided", BYTES(divided), NULL, &error));
  }
  OK(holdfast_find(database, NULL, "divided", BYTES(computed), NONE, &cursor, &error));
  OK(holdfast_cursor_next(cursor, SIZE_MAX, SIZE_MAX, &result, &error));
  CHECK(bson_number(result.data, "_id") == 0);
  holdfast_buffer_free(&result);
  FAILS(HOLDFAST_OVERFLOW, holdfast_cursor_next(cursor, SIZE_MAX, SIZE_MAX, &result, &error));
  OK(holdfast_cursor_next(cursor, SIZE_MAX, SIZE_MAX, &result, &error));
  CHECK(result.data == NULL);
  holdfast_cursor_release(cursor);
  OK(holdfast_find(database, NULL, "items", NONE, NONE, &cursor, &error));
  OK(holdfast_cursor_next(cursor, SIZE_MAX, SIZE_MAX, &result, &error));
  CHECK(result.count > 4 * 20); // all of them
  holdfast_buffer_free(&result);
  holdfast_cursor_release(cursor);

  bson wrong = nested("n", "$near", 1);
  FAILS(HOLDFAST_INVALID_QUERY, holdfast_count(database, NULL, "items", BYTES(wrong), NONE, &(uint64_t){0}, &error));
  wrong = field("depth", 1);
  FAILS(HOLDFAST_INVALID_USE,
        holdfast_explain(database, NULL, "items", NONE, BYTES(wrong), &result, &error));
  wrong = text_field("depth", "counts");
  OK(holdfast_explain(database, NULL, "items", NONE, BYTES(wrong), &result, &error));
  CHECK(bson_number(result.data, "execution.returned") == 4);
  holdfast_buffer_free(&result);
  OK(holdfast_distinct(database, NULL, "items", "n", NONE, NONE, &result, &error));
  CHECK(bson_number(result.data, "values.0") == 20 && bson_number(result.data, "values.1") == 25);
  holdfast_buffer_free(&result);
  CHECK(count_of(database, NULL, "nothing") == 0);
  FAILS(HOLDFAST_INVALID_NAME, holdfast_count(database, NULL, "", NONE, NONE, &(uint64_t){0}, &error));
  FAILS(HOLDFAST_INVALID_NAME, holdfast_count(database, NULL, "\xFF", NONE, NONE, &(uint64_t){0}, &error));
}

static void collections(holdfast_database *database) {
  bson durability = text_field("durability", "unsafe");
  OK(holdfast_create_collection(database, NULL, "made", BYTES(durability), &error));
  FAILS(HOLDFAST_COLLECTION_EXISTS, holdfast_create_collection(database, NULL, "made", NONE, &error));
  holdfast_buffer result;
  OK(holdfast_durability(database, "made", &result, &error));
  CHECK(strcmp(bson_text(result.data, "durability"), "unsafe") == 0);
  holdfast_buffer_free(&result);
  durability = text_field("durability", "safe");
  OK(holdfast_set_durability(database, "made", BYTES(durability), &error));
  OK(holdfast_set_durability(database, NULL, BYTES(durability), &error));
  bson empty;
  bson_begin(&empty);
  bson_end(&empty);
  FAILS(HOLDFAST_INVALID_USE, holdfast_set_durability(database, NULL, BYTES(empty), &error));
  OK(holdfast_set_durability(database, "made", BYTES(empty), &error));

  bson keys = field("n", 1), options = flag("unique");
  OK(holdfast_create_index(database, NULL, "made", BYTES(keys), BYTES(options), &result, &error));
  CHECK(strcmp(bson_text(result.data, "name"), "n_1") == 0);
  holdfast_buffer_free(&result);
  OK(holdfast_insert_one(database, NULL, "made", BYTES(keys), NULL, &error));
  FAILS(HOLDFAST_DUPLICATE_KEY, holdfast_insert_one(database, NULL, "made", BYTES(keys), NULL, &error));
  holdfast_error *duplicate = NULL;
  holdfast_insert_one(database, NULL, "made", BYTES(keys), NULL, &duplicate);
  size_t details_count;
  CHECK(bson_number(holdfast_error_details(duplicate, &details_count), "keyPattern.n") == 1);
  holdfast_error_release(duplicate);
  OK(holdfast_indexes(database, NULL, "made", &result, &error));
  CHECK(strcmp(bson_text(result.data, "indexes.0.name"), "_id_") == 0);
  CHECK(bson_number(result.data, "indexes.1.key.n") == 1 && bson_number(result.data, "indexes.1.entries") == 1);
  holdfast_buffer_free(&result);
  bool existed = false;
  OK(holdfast_drop_index(database, NULL, "made", "n_1", &existed, &error));
  CHECK(existed);
  OK(holdfast_drop_index(database, NULL, "made", "n_1", &existed, &error));
  CHECK(!existed);

  FAILS(HOLDFAST_COLLECTION_EXISTS,
        holdfast_rename_collection(database, NULL, "made", "items", false, &error));
  OK(holdfast_rename_collection(database, NULL, "made", "renamed", false, &error));
  CHECK(count_of(database, NULL, "renamed") == 1 && count_of(database, NULL, "made") == 0);
  OK(holdfast_collections(database, NULL, &result, &error));
  CHECK(strcmp(bson_text(result.data, "collections.3"), "renamed") == 0);
  holdfast_buffer_free(&result);
  OK(holdfast_drop_collection(database, NULL, "renamed", &existed, &error));
  CHECK(existed);
  OK(holdfast_drop_collection(database, NULL, "renamed", &existed, &error));
  CHECK(!existed);
}

static void transactions(holdfast_database *database, holdfast_database *other) {
  holdfast_transaction *transaction = NULL, *second = NULL;
  bson options = text_field("isolation", "strict");
  FAILS(HOLDFAST_INVALID_USE, holdfast_begin(database, BYTES(options), NULL, &transaction, &error));
  options = text_field("isolation", "serializable");
  OK(holdfast_begin(database, BYTES(options), NULL, &transaction, &error));
  CHECK(holdfast_transaction_is_open(transaction));
  FAILS(HOLDFAST_INVALID_USE, holdfast_count(other, transaction, "t", NONE, NONE, &(uint64_t){0}, &error));
  bson document = item(1, 1);
  OK(holdfast_insert_one(database, transaction, "t", BYTES(document), NULL, &error));
  uint64_t savepoint = 0;
  OK(holdfast_savepoint(transaction, &savepoint, &error));
  document = item(2, 2);
  OK(holdfast_insert_one(database, transaction, "t", BYTES(document), NULL, &error));
  CHECK(count_of(database, transaction, "t") == 2 && count_of(database, NULL, "t") == 0);
  holdfast_cursor *cursor = NULL;
  holdfast_buffer result;
  OK(holdfast_find(database, transaction, "t", NONE, NONE, &cursor, &error));
  OK(holdfast_rollback_to(transaction, savepoint, &error));
  FAILS(HOLDFAST_INVALID_USE, holdfast_rollback_to(transaction, savepoint + 1, &error));
  FAILS(HOLDFAST_INVALID_USE, holdfast_cursor_next(cursor, 1, 1, &result, &error)); // may have read what is gone
  holdfast_cursor_release(cursor);
  OK(holdfast_find(database, transaction, "t", NONE, NONE, &cursor, &error));
  OK(holdfast_commit(transaction, &error));
  CHECK(!holdfast_transaction_is_open(transaction));
  CHECK(holdfast_cursor_next(cursor, 1, 1, &result, NULL) != HOLDFAST_OK); // its transaction is over
  holdfast_cursor_release(cursor);
  FAILS(HOLDFAST_INVALID_USE, holdfast_commit(transaction, &error));
  holdfast_transaction_release(transaction);
  CHECK(count_of(database, NULL, "t") == 1);

  // Two that change the same document: the first one wins, and the other tries again.
  bson filter = field("_id", 1), update = nested("$inc", "n", 10);
  OK(holdfast_begin(database, NONE, NULL, &transaction, &error));
  OK(holdfast_begin(database, NONE, NULL, &second, &error));
  holdfast_transaction *wrong = NULL;
  FAILS(HOLDFAST_INVALID_USE, holdfast_begin(database, NONE, second, &wrong, &error)); // it is not over
  OK(holdfast_update(database, second, "t", BYTES(filter), BYTES(update), NONE, &result, &error));
  holdfast_buffer_free(&result);
  OK(holdfast_commit(second, &error));
  holdfast_transaction_release(second);
  FAILS(HOLDFAST_WRITE_CONFLICT,
        holdfast_update(database, transaction, "t", BYTES(filter), BYTES(update), NONE, &result, &error));
  CHECK(!holdfast_transaction_is_open(transaction));
  OK(holdfast_begin(database, NONE, transaction, &second, &error));
  holdfast_transaction_release(transaction);
  OK(holdfast_update(database, second, "t", BYTES(filter), BYTES(update), NONE, &result, &error));
  holdfast_buffer_free(&result);
  OK(holdfast_rollback(second, &error));
  OK(holdfast_rollback(second, &error));
  holdfast_transaction_release(second);
  OK(holdfast_begin(database, NONE, NULL, &transaction, &error));
  OK(holdfast_update(database, transaction, "t", BYTES(filter), BYTES(update), NONE, &result, &error));
  holdfast_buffer_free(&result);
  holdfast_transaction_release(transaction); // rolls back
  OK(holdfast_find_one(database, NULL, "t", BYTES(filter), NONE, &result, &error));
  CHECK(bson_number(result.data, "n") == 11);
  holdfast_buffer_free(&result);
}

static void state(holdfast_database *database) {
  holdfast_buffer result;
  OK(holdfast_persist(database, &error));
  OK(holdfast_checkpoint(database, &error));
  OK(holdfast_statistics(database, &result, &error));
  CHECK(bson_number(result.data, "fileBytes") > 0 && bson_number(result.data, "checkpoints") > 0);
  CHECK(bson_number(result.data, "transactions.committed") > 0);
  holdfast_buffer_free(&result);
  OK(holdfast_health(database, &result, &error));
  CHECK(strcmp(bson_text(result.data, "status"), "ok") == 0);
  CHECK(bson_number(result.data, "recovery.milliseconds") >= 0);
  holdfast_buffer_free(&result);
}

/// A child may not use what its parent opened, nor harm it by releasing it; and it does not keep the file.
static void forking(const char *path) {
  holdfast_database *database = open_database(path);
  holdfast_transaction *transaction = NULL;
  holdfast_cursor *cursor = NULL;
  bson document = item(1, 1);
  OK(holdfast_insert_one(database, NULL, "f", BYTES(document), NULL, &error));
  OK(holdfast_begin(database, NONE, NULL, &transaction, &error));
  OK(holdfast_find(database, NULL, "f", NONE, NONE, &cursor, &error));
  int ends[2];
  if (pipe(ends) != 0) exit(2);
  fflush(stdout);
  pid_t child = fork();
  if (child == 0) {
    failed = 0;
    holdfast_buffer result;
    holdfast_database *own = NULL;
    FAILS(HOLDFAST_INVALID_USE, holdfast_insert_one(database, NULL, "f", BYTES(document), NULL, &error));
    FAILS(HOLDFAST_INVALID_USE, holdfast_close(database, &error));
    FAILS(HOLDFAST_INVALID_USE, holdfast_commit(transaction, &error));
    FAILS(HOLDFAST_INVALID_USE, holdfast_cursor_next(cursor, 1, 1, &result, &error));
    CHECK(!holdfast_transaction_is_open(transaction));
    FAILS(HOLDFAST_DATABASE_LOCKED, holdfast_open(path, NONE, &own, &error));
    holdfast_cursor_release(cursor);
    holdfast_transaction_release(transaction);
    holdfast_database_release(database);
    // Stays until the parent has opened the file anew.
    char byte;
    close(ends[1]);
    if (read(ends[0], &byte, 1) < 0) failed++;
    fflush(stdout);
    _exit(failed == 0 ? 0 : 1);
  }
  close(ends[0]);
  bson second = item(2, 2);
  OK(holdfast_insert_one(database, transaction, "f", BYTES(second), NULL, &error));
  OK(holdfast_commit(transaction, &error));
  holdfast_cursor_release(cursor);
  holdfast_transaction_release(transaction);
  OK(holdfast_close(database, &error));
  holdfast_database_release(database);
  database = open_database(path);
  CHECK(count_of(database, NULL, "f") == 2);
  holdfast_database_release(database);
  close(ends[1]);
  int status = 1;
  waitpid(child, &status, 0);
  CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

/// A process that is killed frees the file, although a child of it lives on.
static void killed_parent(const char *path) {
  int ready[2], ends[2];
  if (pipe(ready) != 0 || pipe(ends) != 0) exit(2);
  fflush(stdout);
  pid_t parent = fork();
  if (parent == 0) {
    holdfast_database *database = NULL;
    if (holdfast_open(path, NONE, &database, NULL) != HOLDFAST_OK) _exit(1);
    if (fork() == 0) {
      char byte;
      close(ready[0]);
      close(ends[1]);
      if (write(ready[1], "r", 1) != 1) _exit(1);
      _exit(read(ends[0], &byte, 1) < 0);
    }
    for (;;) pause();
  }
  close(ends[0]);
  close(ready[1]);
  char byte;
  CHECK(read(ready[0], &byte, 1) == 1);
  kill(parent, SIGKILL);
  waitpid(parent, NULL, 0);
  holdfast_database *database = NULL;
  OK(holdfast_open(path, NONE, &database, &error));
  holdfast_database_release(database);
  close(ends[1]);
  close(ready[0]);
}

static holdfast_database *shared;
static holdfast_transaction *shared_transaction;
static holdfast_cursor *shared_cursor;
static size_t documents_read[4];
static int strange[4];

/// Writes, shares a transaction and empties a cursor with others, and notes what should not happen.
static void *work(void *argument) {
  int number = (int)(intptr_t)argument;
  for (int place = 0; place < 200; place++) {
    bson document = item(number * 1000 + place, place);
    if (holdfast_insert_one(shared, NULL, "threads", BYTES(document), NULL, NULL) != HOLDFAST_OK)
      strange[number]++;
    holdfast_code code =
        holdfast_insert_one(shared, shared_transaction, "together", BYTES(document), NULL, NULL);
    if (code != HOLDFAST_OK && code != HOLDFAST_INVALID_USE) strange[number]++;
    holdfast_buffer batch;
    if (holdfast_cursor_next(shared_cursor, 1, 1, &batch, NULL) != HOLDFAST_OK) strange[number]++;
    if (batch.count > 0) documents_read[number]++;
    holdfast_buffer_free(&batch);
  }
  return NULL;
}

static void threads(const char *path) {
  bson options = text_field("durability", "unsafe");
  OK(holdfast_open(path, BYTES(options), &shared, &error));
  for (int place = 0; place < 500; place++) {
    bson document = item(place, place);
    OK(holdfast_insert_one(shared, NULL, "read", BYTES(document), NULL, &error));
  }
  OK(holdfast_begin(shared, NONE, NULL, &shared_transaction, &error));
  OK(holdfast_find(shared, NULL, "read", NONE, NONE, &shared_cursor, &error));
  pthread_t workers[4];
  for (intptr_t number = 0; number < 4; number++) pthread_create(&workers[number], NULL, work, (void *)number);
  for (int number = 0; number < 4; number++) pthread_join(workers[number], NULL);
  size_t total = 0;
  for (int number = 0; number < 4; number++) {
    CHECK(strange[number] == 0);
    total += documents_read[number];
  }
  CHECK(total == 500); // each document once
  CHECK(count_of(shared, NULL, "threads") == 800);
  OK(holdfast_commit(shared_transaction, &error));
  holdfast_transaction_release(shared_transaction);
  holdfast_cursor_release(shared_cursor);
  OK(holdfast_close(shared, &error));
  holdfast_database_release(shared);
}

int main(int count, char **arguments) {
  if (count != 2) return 2;
  char path[4096], second[4096], third[4096], fourth[4096], fifth[4096];
  snprintf(path, sizeof path, "%s/opening.holdfast", arguments[1]);
  snprintf(second, sizeof second, "%s/main.holdfast", arguments[1]);
  snprintf(third, sizeof third, "%s/other.holdfast", arguments[1]);
  snprintf(fourth, sizeof fourth, "%s/fork.holdfast", arguments[1]);
  snprintf(fifth, sizeof fifth, "%s/threads.holdfast", arguments[1]);
  opening(path);
  holdfast_database *database = open_database(second);
  writing(database);
  writing_in_bulk(database);
  reading(database);
  collections(database);
  holdfast_database *other = open_database(third);
  transactions(database, other);
  state(database);
  holdfast_cursor *cursor = NULL;
  OK(holdfast_find(database, NULL, "items", NONE, NONE, &cursor, &error));
  OK(holdfast_close(database, &error));
  FAILS(HOLDFAST_CLOSED, holdfast_cursor_next(cursor, 1, 1, &(holdfast_buffer){0}, &error));
  holdfast_cursor_release(cursor);
  holdfast_database_release(database);
  holdfast_database_release(other);
  forking(fourth);
  killed_parent(fourth);
  threads(fifth);
  printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? 0 : 1;
}
