// XXH64, written from the algorithm's published description: "xxHash fast digest algorithm", version 0.1.1,
// section "XXH64 algorithm description" (doc/xxhash_spec.md of the xxHash project).

#include "choldfast.h"

#include <string.h>

static const uint64_t prime1 = 0x9E3779B185EBCA87u;
static const uint64_t prime2 = 0xC2B2AE3D27D4EB4Fu;
static const uint64_t prime3 = 0x165667B19E3779F9u;
static const uint64_t prime4 = 0x85EBCA77C2B2AE63u;
static const uint64_t prime5 = 0x27D4EB2F165667C5u;

static inline uint64_t rotate_left(uint64_t value, int bits) { return value << bits | value >> (64 - bits); }

static inline uint64_t load64(const unsigned char *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  return value;
}

static inline uint32_t load32(const unsigned char *bytes) {
  uint32_t value;
  memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap32(value);
#endif
  return value;
}

static inline uint64_t advance(uint64_t lane, uint64_t input) {
  return rotate_left(lane + input * prime2, 31) * prime1;
}

static inline uint64_t merge(uint64_t accumulator, uint64_t lane) {
  return (accumulator ^ advance(0, lane)) * prime1 + prime4;
}

uint64_t holdfast_xxh64(uint64_t seed, const void *start, size_t length) {
  const unsigned char *bytes = start;
  size_t left = length;
  uint64_t accumulator;

  if (left >= 32) {
    uint64_t a = seed + prime1 + prime2, b = seed + prime2, c = seed, d = seed - prime1;
    for (; left >= 32; left -= 32, bytes += 32) {
      a = advance(a, load64(bytes));
      b = advance(b, load64(bytes + 8));
      c = advance(c, load64(bytes + 16));
      d = advance(d, load64(bytes + 24));
    }
    accumulator = rotate_left(a, 1) + rotate_left(b, 7) + rotate_left(c, 12) + rotate_left(d, 18);
    accumulator = merge(merge(merge(merge(accumulator, a), b), c), d);
  } else {
    accumulator = seed + prime5;
  }
  accumulator += (uint64_t)length;

  for (; left >= 8; left -= 8, bytes += 8) {
    accumulator = rotate_left(accumulator ^ advance(0, load64(bytes)), 27) * prime1 + prime4;
  }
  if (left >= 4) {
    accumulator = rotate_left(accumulator ^ load32(bytes) * prime1, 23) * prime2 + prime3;
    left -= 4;
    bytes += 4;
  }
  for (; left > 0; left--) accumulator = rotate_left(accumulator ^ *bytes++ * prime5, 11) * prime1;

  accumulator = (accumulator ^ accumulator >> 33) * prime2;
  accumulator = (accumulator ^ accumulator >> 29) * prime3;
  return accumulator ^ accumulator >> 32;
}
