// Runs what computes in the C target over buffers of exactly their size, at every alignment, so that the
// sanitizers see each read that goes too far and each operation that C leaves undefined. The values themselves
// are checked by HoldfastIOTests.

#include "choldfast.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int failures = 0;

static void check(size_t length, size_t shift) {
  // The block ends where the buffer ends: one byte too many is one that the address sanitizer knows of.
  uint8_t *block = malloc(length + shift + 1);
  uint8_t *bytes = block + 1 + shift;
  for (size_t i = 0; i < length; i++) bytes[i] = (uint8_t)(i * 131 + shift);
  for (uint32_t seed = 0; seed < 2; seed++) {
    uint32_t start = seed ? 0xFFFFFFFFu : 0;
    if (holdfast_crc32c(start, bytes, length) != holdfast_crc32c_portable(start, bytes, length)) {
      printf("two ways to compute a CRC differ: %zu bytes, shifted by %zu\n", length, shift);
      failures++;
    }
    // Hashing twice must be the same; that it is XXH64 is known from vectors.
    uint64_t hash = holdfast_xxh64(seed ? UINT64_MAX : 0, bytes, length);
    if (hash != holdfast_xxh64(seed ? UINT64_MAX : 0, bytes, length)) failures++;
  }
  if (holdfast_random(bytes, length) != 0) failures++;
  holdfast_zero(bytes, length);
  for (size_t i = 0; i < length; i++) failures += bytes[i] != 0;
  free(block);
}

int main(void) {
  for (size_t length = 0; length < 700; length++) {
    for (size_t shift = 0; shift < 16; shift++) check(length, shift);
  }
  size_t large[] = {4095, 4096, 4097, 8192, 24575, 24576, 65536, 1 << 20};
  for (size_t i = 0; i < sizeof large / sizeof large[0]; i++) check(large[i], i);
  if (holdfast_crc32c(7, NULL, 0) != holdfast_crc32c_portable(7, NULL, 0)) failures++;
  (void)holdfast_xxh64(7, NULL, 0);
  holdfast_zero(NULL, 0);
  struct holdfast_volume_information volume;
  memset(&volume, 0, sizeof volume);
  if (holdfast_volume("/", &volume) != 0 || volume.total_bytes < volume.available_bytes) failures++;
  if (holdfast_sync(-1) == 0 || holdfast_sync_directory(-1) == 0 || holdfast_lock(-1, 1) == 0) failures++;
  printf(failures ? "%d failures\n" : "nothing undefined was found\n", failures);
  return failures != 0;
}
