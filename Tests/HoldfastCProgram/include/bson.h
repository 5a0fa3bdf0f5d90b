#ifndef BSON_H
#define BSON_H

// As much of BSON as the program needs: documents of a few fields, written into a fixed buffer, and fields looked up.

#include <stddef.h>
#include <stdint.h>

/// A document that is being written. Fields go in with the functions below, and bson_end() finishes it.
typedef struct bson {
  uint8_t bytes[4096];
  size_t count;
  size_t open[8]; // where the documents that are open begin
  int depth;
} bson;

void bson_begin(bson *document);
void bson_int(bson *document, const char *name, int32_t value);
void bson_bool(bson *document, const char *name, int value);
void bson_string(bson *document, const char *name, const char *value);
/// Begins a document, or an array, inside; bson_end() ends it.
void bson_open(bson *document, const char *name);
void bson_open_array(bson *document, const char *name);
void bson_end(bson *document);

/// The value of a field, its type in *type; NULL when there is none. A path has dots: "errors.0.code".
const uint8_t *bson_value(const uint8_t *document, const char *path, int *type);
/// A number of any of the three kinds, or -1.
int64_t bson_number(const uint8_t *document, const char *path);
/// A string, or "".
const char *bson_text(const uint8_t *document, const char *path);

#endif
