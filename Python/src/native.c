// The Python module holdfast._native: the functions of holdfast.h, one to one, for the package around it.
//
// Handles are capsules, which release what they hold when they are garbage collected. Every function gives the
// interpreter free while the library works: its arguments are kept alive by the tuple that they came in, and none of
// them can change. Only what the stable ABI of Python 3.9 has is used, so one build serves all later versions.

#define PY_SSIZE_T_CLEAN
#include <Python.h>

#include "holdfast.h"

// ---------------------------------------------------------------------------------------------- errors

/// What makes an exception of a code, its name, the message and the details.
static PyObject *error_factory;

/// Raises the exception for an error, and releases the error.
static PyObject *raise_error(holdfast_error *error) {
  if (error_factory == NULL) {
    PyErr_SetString(PyExc_RuntimeError, holdfast_error_message(error));
    holdfast_error_release(error);
    return NULL;
  }
  size_t count = 0;
  const uint8_t *details = holdfast_error_details(error, &count);
  PyObject *exception = PyObject_CallFunction(error_factory, "issy#", (int)holdfast_error_code(error),
                                              holdfast_error_name(error), holdfast_error_message(error),
                                              (const char *)details, (Py_ssize_t)count);
  holdfast_error_release(error);
  if (exception != NULL) {
    PyErr_SetObject((PyObject *)Py_TYPE(exception), exception);
    Py_DECREF(exception);
  }
  return NULL;
}

static PyObject *set_error_factory(PyObject *module, PyObject *factory) {
  (void)module;
  Py_INCREF(factory);
  Py_XDECREF(error_factory);
  error_factory = factory;
  Py_RETURN_NONE;
}

// ---------------------------------------------------------------------------------------------- handles

#define DATABASE "holdfast.database"
#define TRANSACTION "holdfast.transaction"
#define CURSOR "holdfast.cursor"

static void release_database(PyObject *capsule) {
  holdfast_database *database = PyCapsule_GetPointer(capsule, DATABASE);
  Py_BEGIN_ALLOW_THREADS
  holdfast_database_release(database);
  Py_END_ALLOW_THREADS
}

static void release_transaction(PyObject *capsule) {
  holdfast_transaction *transaction = PyCapsule_GetPointer(capsule, TRANSACTION);
  Py_BEGIN_ALLOW_THREADS
  holdfast_transaction_release(transaction);
  Py_END_ALLOW_THREADS
}

static void release_cursor(PyObject *capsule) {
  holdfast_cursor *cursor = PyCapsule_GetPointer(capsule, CURSOR);
  Py_BEGIN_ALLOW_THREADS
  holdfast_cursor_release(cursor);
  Py_END_ALLOW_THREADS
}

// ---------------------------------------------------------------------------------------------- arguments
//
// Converters for PyArg_ParseTuple's "O&": they return 1, or 0 with an exception.

/// The bytes of a document, or of several.
typedef struct slice {
  const uint8_t *data;
  size_t count;
} slice;

static int to_bytes(PyObject *object, void *result) {
  char *data;
  Py_ssize_t count;
  if (PyBytes_AsStringAndSize(object, &data, &count) != 0) return 0;
  *(slice *)result = (slice){(const uint8_t *)data, (size_t)count};
  return 1;
}

static int to_optional_bytes(PyObject *object, void *result) {
  if (object != Py_None) return to_bytes(object, result);
  *(slice *)result = (slice){NULL, 0};
  return 1;
}

/// A name, or NULL for None.
static int to_optional_name(PyObject *object, void *result) {
  *(char **)result = NULL;
  // Without a place for the length, a zero byte inside is an error.
  return object == Py_None || PyBytes_AsStringAndSize(object, (char **)result, NULL) == 0;
}

static int to_database(PyObject *object, void *result) {
  *(void **)result = PyCapsule_GetPointer(object, DATABASE);
  return *(void **)result != NULL;
}

static int to_transaction(PyObject *object, void *result) {
  *(void **)result = PyCapsule_GetPointer(object, TRANSACTION);
  return *(void **)result != NULL;
}

static int to_optional_transaction(PyObject *object, void *result) {
  if (object != Py_None) return to_transaction(object, result);
  *(void **)result = NULL;
  return 1;
}

static int to_cursor(PyObject *object, void *result) {
  *(void **)result = PyCapsule_GetPointer(object, CURSOR);
  return *(void **)result != NULL;
}

// ---------------------------------------------------------------------------------------------- results

/// The bytes of a buffer, which is freed; `empty` when there are none.
static PyObject *taken(holdfast_buffer *buffer, PyObject *empty) {
  if (buffer->data == NULL) {
    Py_INCREF(empty);
    return empty;
  }
  PyObject *result = PyBytes_FromStringAndSize((const char *)buffer->data, (Py_ssize_t)buffer->count);
  holdfast_buffer_free(buffer);
  return result;
}

/// Calls the library without holding up other threads of the interpreter.
#define CALL(...)                                                                                            \
  holdfast_error *error = NULL;                                                                              \
  holdfast_code code;                                                                                        \
  Py_BEGIN_ALLOW_THREADS                                                                                     \
  code = __VA_ARGS__;                                                                                        \
  Py_END_ALLOW_THREADS                                                                                       \
  if (code != HOLDFAST_OK) return raise_error(error)

/// What nearly every function begins with.
#define COLLECTION_ARGUMENTS                                                                                 \
  holdfast_database *database;                                                                               \
  holdfast_transaction *transaction;                                                                         \
  const char *collection
#define COLLECTION_FORMAT "O&O&y"
#define COLLECTION_CONVERTERS to_database, &database, to_optional_transaction, &transaction, &collection

#define FUNCTION(name) static PyObject *native_##name(PyObject *module, PyObject *args)
#define PARSE(...)                                                                                           \
  (void)module;                                                                                              \
  if (!PyArg_ParseTuple(args, __VA_ARGS__)) return NULL

// ---------------------------------------------------------------------------------------------- databases

static PyObject *native_interface_version(PyObject *module, PyObject *ignored) {
  (void)module, (void)ignored;
  return PyLong_FromLong(holdfast_interface_version());
}

FUNCTION(open) {
  const char *path;
  slice options;
  PARSE("yO&:open", &path, to_optional_bytes, &options);
  holdfast_database *database = NULL;
  CALL(holdfast_open(path, options.data, options.count, &database, &error));
  PyObject *capsule = PyCapsule_New(database, DATABASE, release_database);
  if (capsule == NULL) holdfast_database_release(database);
  return capsule;
}

/// A function of a database that gives nothing.
#define DATABASE_FUNCTION(name)                                                                              \
  FUNCTION(name) {                                                                                           \
    holdfast_database *database;                                                                             \
    PARSE("O&:" #name, to_database, &database);                                                              \
    CALL(holdfast_##name(database, &error));                                                                 \
    Py_RETURN_NONE;                                                                                          \
  }

DATABASE_FUNCTION(close)
DATABASE_FUNCTION(persist)
DATABASE_FUNCTION(checkpoint)

FUNCTION(statistics) {
  holdfast_database *database;
  PARSE("O&:statistics", to_database, &database);
  holdfast_buffer result;
  CALL(holdfast_statistics(database, &result, &error));
  return taken(&result, Py_None);
}

FUNCTION(health) {
  holdfast_database *database;
  PARSE("O&:health", to_database, &database);
  holdfast_buffer result;
  CALL(holdfast_health(database, &result, &error));
  return taken(&result, Py_None);
}

FUNCTION(durability) {
  holdfast_database *database;
  const char *collection;
  PARSE("O&O&:durability", to_database, &database, to_optional_name, &collection);
  holdfast_buffer result;
  CALL(holdfast_durability(database, collection, &result, &error));
  return taken(&result, Py_None);
}

FUNCTION(set_durability) {
  holdfast_database *database;
  const char *collection;
  slice durability;
  PARSE("O&O&O&:set_durability", to_database, &database, to_optional_name, &collection, to_bytes, &durability);
  CALL(holdfast_set_durability(database, collection, durability.data, durability.count, &error));
  Py_RETURN_NONE;
}

FUNCTION(delete_expired) {
  holdfast_database *database;
  PARSE("O&:delete_expired", to_database, &database);
  uint64_t deleted;
  CALL(holdfast_delete_expired(database, &deleted, &error));
  return PyLong_FromUnsignedLongLong(deleted);
}

// ---------------------------------------------------------------------------------------------- transactions

FUNCTION(begin) {
  holdfast_database *database;
  holdfast_transaction *retried;
  slice options;
  PARSE("O&O&O&:begin", to_database, &database, to_optional_bytes, &options, to_optional_transaction, &retried);
  holdfast_transaction *transaction = NULL;
  CALL(holdfast_begin(database, options.data, options.count, retried, &transaction, &error));
  PyObject *capsule = PyCapsule_New(transaction, TRANSACTION, release_transaction);
  if (capsule == NULL) holdfast_transaction_release(transaction);
  return capsule;
}

FUNCTION(commit) {
  holdfast_transaction *transaction;
  PARSE("O&:commit", to_transaction, &transaction);
  CALL(holdfast_commit(transaction, &error));
  Py_RETURN_NONE;
}

FUNCTION(rollback) {
  holdfast_transaction *transaction;
  PARSE("O&:rollback", to_transaction, &transaction);
  CALL(holdfast_rollback(transaction, &error));
  Py_RETURN_NONE;
}

FUNCTION(savepoint) {
  holdfast_transaction *transaction;
  PARSE("O&:savepoint", to_transaction, &transaction);
  uint64_t savepoint;
  CALL(holdfast_savepoint(transaction, &savepoint, &error));
  return PyLong_FromUnsignedLongLong(savepoint);
}

FUNCTION(rollback_to) {
  holdfast_transaction *transaction;
  unsigned long long savepoint;
  PARSE("O&K:rollback_to", to_transaction, &transaction, &savepoint);
  CALL(holdfast_rollback_to(transaction, savepoint, &error));
  Py_RETURN_NONE;
}

FUNCTION(is_open) {
  holdfast_transaction *transaction;
  PARSE("O&:is_open", to_transaction, &transaction);
  return PyBool_FromLong(holdfast_transaction_is_open(transaction));
}

// ---------------------------------------------------------------------------------------------- collections

FUNCTION(collections) {
  holdfast_database *database;
  holdfast_transaction *transaction;
  PARSE("O&O&:collections", to_database, &database, to_optional_transaction, &transaction);
  holdfast_buffer result;
  CALL(holdfast_collections(database, transaction, &result, &error));
  return taken(&result, Py_None);
}

FUNCTION(create_collection) {
  COLLECTION_ARGUMENTS;
  slice options;
  PARSE(COLLECTION_FORMAT "O&:create_collection", COLLECTION_CONVERTERS, to_optional_bytes, &options);
  CALL(holdfast_create_collection(database, transaction, collection, options.data, options.count, &error));
  Py_RETURN_NONE;
}

FUNCTION(drop_collection) {
  COLLECTION_ARGUMENTS;
  PARSE(COLLECTION_FORMAT ":drop_collection", COLLECTION_CONVERTERS);
  bool existed;
  CALL(holdfast_drop_collection(database, transaction, collection, &existed, &error));
  return PyBool_FromLong(existed);
}

FUNCTION(rename_collection) {
  COLLECTION_ARGUMENTS;
  const char *new_name;
  int replace;
  PARSE(COLLECTION_FORMAT "yp:rename_collection", COLLECTION_CONVERTERS, &new_name, &replace);
  CALL(holdfast_rename_collection(database, transaction, collection, new_name, replace != 0, &error));
  Py_RETURN_NONE;
}

FUNCTION(create_index) {
  COLLECTION_ARGUMENTS;
  slice keys, options;
  PARSE(COLLECTION_FORMAT "O&O&:create_index", COLLECTION_CONVERTERS, to_bytes, &keys, to_optional_bytes,
        &options);
  holdfast_buffer result;
  CALL(holdfast_create_index(database, transaction, collection, keys.data, keys.count, options.data,
                             options.count, &result, &error));
  return taken(&result, Py_None);
}

FUNCTION(indexes) {
  COLLECTION_ARGUMENTS;
  PARSE(COLLECTION_FORMAT ":indexes", COLLECTION_CONVERTERS);
  holdfast_buffer result;
  CALL(holdfast_indexes(database, transaction, collection, &result, &error));
  return taken(&result, Py_None);
}

FUNCTION(drop_index) {
  COLLECTION_ARGUMENTS;
  const char *name;
  PARSE(COLLECTION_FORMAT "y:drop_index", COLLECTION_CONVERTERS, &name);
  bool existed;
  CALL(holdfast_drop_index(database, transaction, collection, name, &existed, &error));
  return PyBool_FromLong(existed);
}

// ---------------------------------------------------------------------------------------------- reading

FUNCTION(find_one) {
  COLLECTION_ARGUMENTS;
  slice filter, options;
  PARSE(COLLECTION_FORMAT "O&O&:find_one", COLLECTION_CONVERTERS, to_optional_bytes, &filter,
        to_optional_bytes, &options);
  holdfast_buffer document;
  CALL(holdfast_find_one(database, transaction, collection, filter.data, filter.count, options.data,
                         options.count, &document, &error));
  return taken(&document, Py_None);
}

FUNCTION(find) {
  COLLECTION_ARGUMENTS;
  slice filter, options;
  PARSE(COLLECTION_FORMAT "O&O&:find", COLLECTION_CONVERTERS, to_optional_bytes, &filter, to_optional_bytes,
        &options);
  holdfast_cursor *cursor = NULL;
  CALL(holdfast_find(database, transaction, collection, filter.data, filter.count, options.data, options.count,
                     &cursor, &error));
  PyObject *capsule = PyCapsule_New(cursor, CURSOR, release_cursor);
  if (capsule == NULL) holdfast_cursor_release(cursor);
  return capsule;
}

FUNCTION(cursor_next) {
  holdfast_cursor *cursor;
  Py_ssize_t maximum_count, maximum_bytes;
  PARSE("O&nn:cursor_next", to_cursor, &cursor, &maximum_count, &maximum_bytes);
  if (maximum_count < 0 || maximum_bytes < 0) {
    PyErr_SetString(PyExc_ValueError, "the most documents and bytes of a batch cannot be negative");
    return NULL;
  }
  holdfast_buffer documents;
  CALL(holdfast_cursor_next(cursor, (size_t)maximum_count, (size_t)maximum_bytes, &documents, &error));
  if (documents.data == NULL) return PyBytes_FromStringAndSize(NULL, 0);
  return taken(&documents, Py_None);
}

FUNCTION(count) {
  COLLECTION_ARGUMENTS;
  slice filter, options;
  PARSE(COLLECTION_FORMAT "O&O&:count", COLLECTION_CONVERTERS, to_optional_bytes, &filter, to_optional_bytes,
        &options);
  uint64_t count;
  CALL(holdfast_count(database, transaction, collection, filter.data, filter.count, options.data,
                      options.count, &count, &error));
  return PyLong_FromUnsignedLongLong(count);
}

FUNCTION(distinct) {
  COLLECTION_ARGUMENTS;
  const char *field;
  slice filter, options;
  PARSE(COLLECTION_FORMAT "yO&O&:distinct", COLLECTION_CONVERTERS, &field, to_optional_bytes, &filter,
        to_optional_bytes, &options);
  holdfast_buffer result;
  CALL(holdfast_distinct(database, transaction, collection, field, filter.data, filter.count, options.data,
                         options.count, &result, &error));
  return taken(&result, Py_None);
}

FUNCTION(explain) {
  COLLECTION_ARGUMENTS;
  slice filter, options;
  PARSE(COLLECTION_FORMAT "O&O&:explain", COLLECTION_CONVERTERS, to_optional_bytes, &filter,
        to_optional_bytes, &options);
  holdfast_buffer result;
  CALL(holdfast_explain(database, transaction, collection, filter.data, filter.count, options.data,
                        options.count, &result, &error));
  return taken(&result, Py_None);
}

// ---------------------------------------------------------------------------------------------- writing

FUNCTION(insert_one) {
  COLLECTION_ARGUMENTS;
  slice document;
  PARSE(COLLECTION_FORMAT "O&:insert_one", COLLECTION_CONVERTERS, to_bytes, &document);
  CALL(holdfast_insert_one(database, transaction, collection, document.data, document.count, NULL, &error));
  Py_RETURN_NONE;
}

FUNCTION(insert_many) {
  COLLECTION_ARGUMENTS;
  slice documents;
  PARSE(COLLECTION_FORMAT "O&:insert_many", COLLECTION_CONVERTERS, to_bytes, &documents);
  CALL(
      holdfast_insert_many(database, transaction, collection, documents.data, documents.count, NULL, &error));
  Py_RETURN_NONE;
}

FUNCTION(update) {
  COLLECTION_ARGUMENTS;
  slice filter, update, options;
  PARSE(COLLECTION_FORMAT "O&O&O&:update", COLLECTION_CONVERTERS, to_optional_bytes, &filter, to_bytes, &update,
        to_optional_bytes, &options);
  holdfast_buffer result;
  CALL(holdfast_update(database, transaction, collection, filter.data, filter.count, update.data, update.count,
                       options.data, options.count, &result, &error));
  return taken(&result, Py_None);
}

FUNCTION(replace_one) {
  COLLECTION_ARGUMENTS;
  slice filter, document, options;
  PARSE(COLLECTION_FORMAT "O&O&O&:replace_one", COLLECTION_CONVERTERS, to_optional_bytes, &filter, to_bytes,
        &document, to_optional_bytes, &options);
  holdfast_buffer result;
  CALL(holdfast_replace_one(database, transaction, collection, filter.data, filter.count, document.data,
                            document.count, options.data, options.count, &result, &error));
  return taken(&result, Py_None);
}

FUNCTION(delete) {
  COLLECTION_ARGUMENTS;
  slice filter, options;
  PARSE(COLLECTION_FORMAT "O&O&:delete", COLLECTION_CONVERTERS, to_optional_bytes, &filter, to_optional_bytes,
        &options);
  uint64_t deleted;
  CALL(holdfast_delete(database, transaction, collection, filter.data, filter.count, options.data,
                       options.count, &deleted, &error));
  return PyLong_FromUnsignedLongLong(deleted);
}

FUNCTION(find_and_modify) {
  COLLECTION_ARGUMENTS;
  slice filter, options;
  PARSE(COLLECTION_FORMAT "O&O&:find_and_modify", COLLECTION_CONVERTERS, to_optional_bytes, &filter, to_bytes,
        &options);
  holdfast_buffer document;
  CALL(holdfast_find_and_modify(database, transaction, collection, filter.data, filter.count, options.data,
                                options.count, &document, &error));
  return taken(&document, Py_None);
}

FUNCTION(bulk_write) {
  COLLECTION_ARGUMENTS;
  slice operations;
  int ordered;
  PARSE(COLLECTION_FORMAT "O&p:bulk_write", COLLECTION_CONVERTERS, to_bytes, &operations, &ordered);
  holdfast_buffer result;
  CALL(holdfast_bulk_write(database, transaction, collection, operations.data, operations.count, ordered != 0,
                           &result, &error));
  return taken(&result, Py_None);
}

// ---------------------------------------------------------------------------------------------- module

#define METHOD(name) {#name, native_##name, METH_VARARGS, NULL}

static PyMethodDef methods[] = {
    {"set_error_factory", set_error_factory, METH_O, NULL},
    {"interface_version", native_interface_version, METH_NOARGS, NULL},
    METHOD(open),
    METHOD(close),
    METHOD(persist),
    METHOD(checkpoint),
    METHOD(statistics),
    METHOD(health),
    METHOD(durability),
    METHOD(set_durability),
    METHOD(delete_expired),
    METHOD(begin),
    METHOD(commit),
    METHOD(rollback),
    METHOD(savepoint),
    METHOD(rollback_to),
    METHOD(is_open),
    METHOD(collections),
    METHOD(create_collection),
    METHOD(drop_collection),
    METHOD(rename_collection),
    METHOD(create_index),
    METHOD(indexes),
    METHOD(drop_index),
    METHOD(find_one),
    METHOD(find),
    METHOD(cursor_next),
    METHOD(count),
    METHOD(distinct),
    METHOD(explain),
    METHOD(insert_one),
    METHOD(insert_many),
    METHOD(update),
    METHOD(replace_one),
    METHOD(delete),
    METHOD(find_and_modify),
    METHOD(bulk_write),
    {NULL, NULL, 0, NULL},
};

static struct PyModuleDef definition = {
    PyModuleDef_HEAD_INIT, "_native", "Holdfast's C interface.", -1, methods, NULL, NULL, NULL, NULL,
};

PyMODINIT_FUNC PyInit__native(void) { return PyModule_Create(&definition); }
