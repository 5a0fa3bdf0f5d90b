#include "bson.h"

#include <stdlib.h>
#include <string.h>

static void put(bson *document, const void *bytes, size_t count) {
  if (document->count + count > sizeof document->bytes) abort();
  memcpy(document->bytes + document->count, bytes, count);
  document->count += count;
}

static void put_number(bson *document, int32_t value) {
  uint8_t bytes[4] = {(uint8_t)value, (uint8_t)(value >> 8), (uint8_t)(value >> 16), (uint8_t)(value >> 24)};
  put(document, bytes, sizeof bytes);
}

static void put_name(bson *document, uint8_t type, const char *name) {
  put(document, &type, 1);
  put(document, name, strlen(name) + 1);
}

void bson_begin(bson *document) {
  document->count = 0;
  document->depth = 1;
  document->open[0] = 0;
  put_number(document, 0);
}

void bson_int(bson *document, const char *name, int32_t value) {
  put_name(document, 0x10, name);
  put_number(document, value);
}

void bson_bool(bson *document, const char *name, int value) {
  uint8_t byte = value != 0;
  put_name(document, 0x08, name);
  put(document, &byte, 1);
}

void bson_string(bson *document, const char *name, const char *value) {
  put_name(document, 0x02, name);
  put_number(document, (int32_t)strlen(value) + 1);
  put(document, value, strlen(value) + 1);
}

static void open_part(bson *document, uint8_t type, const char *name) {
  put_name(document, type, name);
  document->open[document->depth++] = document->count;
  put_number(document, 0);
}

void bson_open(bson *document, const char *name) { open_part(document, 0x03, name); }

void bson_open_array(bson *document, const char *name) { open_part(document, 0x04, name); }

void bson_end(bson *document) {
  put(document, "", 1);
  size_t start = document->open[--document->depth];
  uint32_t length = (uint32_t)(document->count - start);
  for (int place = 0; place < 4; place++) document->bytes[start + place] = (uint8_t)(length >> (8 * place));
}

static int32_t number(const uint8_t *bytes) {
  return (int32_t)((uint32_t)bytes[0] | (uint32_t)bytes[1] << 8 | (uint32_t)bytes[2] << 16 |
                   (uint32_t)bytes[3] << 24);
}

static size_t size_of(int type, const uint8_t *value) {
  switch (type) {
  case 0x01: case 0x09: case 0x11: case 0x12: return 8;
  case 0x02: return 4 + (size_t)number(value);
  case 0x03: case 0x04: return (size_t)number(value);
  case 0x05: return 5 + (size_t)number(value);
  case 0x07: return 12;
  case 0x08: return 1;
  case 0x0A: return 0;
  case 0x10: return 4;
  default: abort();
  }
}

const uint8_t *bson_value(const uint8_t *document, const char *path, int *type) {
  const char *dot = strchr(path, '.');
  size_t length = dot ? (size_t)(dot - path) : strlen(path);
  for (const uint8_t *place = document + 4; *place != 0;) {
    *type = *place;
    const char *name = (const char *)place + 1;
    const uint8_t *value = place + 1 + strlen(name) + 1;
    if (strlen(name) == length && memcmp(name, path, length) == 0) {
      if (dot == NULL) return value;
      return *type == 0x03 || *type == 0x04 ? bson_value(value, dot + 1, type) : NULL;
    }
    place = value + size_of(*type, value);
  }
  return NULL;
}

int64_t bson_number(const uint8_t *document, const char *path) {
  int type;
  const uint8_t *value = bson_value(document, path, &type);
  if (value == NULL) return -1;
  if (type == 0x10) return number(value);
  if (type == 0x12) return (int64_t)((uint64_t)(uint32_t)number(value) | (uint64_t)number(value + 4) << 32);
  return -1;
}

const char *bson_text(const uint8_t *document, const char *path) {
  int type;
  const uint8_t *value = bson_value(document, path, &type);
  return value != NULL && type == 0x02 ? (const char *)value + 4 : "";
}
