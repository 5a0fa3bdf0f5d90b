// CRC32C: the Castagnoli polynomial 0x1EDC6F41, reflected, as in RFC 3720 section 12.1.
//
// The instruction takes three cycles but a new one can start each cycle, so long buffers are cut into three
// lanes that are computed together and then joined: the CRC of A followed by B is the CRC of A pushed through
// as many zero bytes as B is long, XOR the CRC of B. Pushing through a fixed number of zeros is linear over
// GF(2), hence four table lookups. (V. Gopal et al., "Fast CRC Computation for iSCSI Polynomial Using CRC32
// Instruction", Intel, 2011, describes the interleaving.)

#include "choldfast.h"

#include <pthread.h>
#include <stdatomic.h>
#include <string.h>

#if defined(__aarch64__) && defined(__linux__)
#include <sys/auxv.h>
#endif

#define POLYNOMIAL 0x82F63B78u // 0x1EDC6F41 with its bits in reverse order

// Three long lanes cover 4,080 bytes (nearly all of a 4 KiB page); three short ones 504.
#define LONG_LANE 1360
#define SHORT_LANE 168

typedef uint32_t (*update_function)(uint32_t, const unsigned char *, size_t);

static pthread_once_t once = PTHREAD_ONCE_INIT;
static uint32_t slices[8][256];      // slices[k][b]: byte b followed by k zero bytes
static uint32_t long_shift[4][256];  // byte k of a CRC, pushed through LONG_LANE zero bytes
static uint32_t short_shift[4][256]; // … through SHORT_LANE zero bytes
static update_function chosen;       // written once, under `once`

static inline uint64_t load64(const unsigned char *bytes) {
  uint64_t value;
  memcpy(&value, bytes, sizeof value);
#if __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__
  value = __builtin_bswap64(value);
#endif
  return value;
}

// ---- Tables ----------------------------------------------------------------------------------------------

static uint32_t update_by_table(uint32_t crc, const unsigned char *bytes, size_t length) {
  while (length >= 8) {
    uint64_t word = load64(bytes) ^ crc;
    crc = slices[7][word & 255] ^ slices[6][word >> 8 & 255] ^ slices[5][word >> 16 & 255] ^
          slices[4][word >> 24 & 255] ^ slices[3][word >> 32 & 255] ^ slices[2][word >> 40 & 255] ^
          slices[1][word >> 48 & 255] ^ slices[0][word >> 56];
    bytes += 8;
    length -= 8;
  }
  for (; length > 0; length--) crc = crc >> 8 ^ slices[0][(crc ^ *bytes++) & 255];
  return crc;
}

static void fill_shift(uint32_t table[4][256], size_t zeros) {
  // One column for each bit of a CRC; a byte's entry is the sum of the columns of its bits.
  uint32_t columns[32];
  for (int bit = 0; bit < 32; bit++) {
    uint32_t crc = (uint32_t)1 << bit;
    for (size_t i = 0; i < zeros; i++) crc = crc >> 8 ^ slices[0][crc & 255];
    columns[bit] = crc;
  }
  for (int position = 0; position < 4; position++) {
    for (int byte = 0; byte < 256; byte++) {
      uint32_t sum = 0;
      for (int bit = 0; bit < 8; bit++) {
        if (byte >> bit & 1) sum ^= columns[position * 8 + bit];
      }
      table[position][byte] = sum;
    }
  }
}

__attribute__((unused)) static inline uint32_t shift(const uint32_t table[4][256], uint32_t crc) {
  return table[0][crc & 255] ^ table[1][crc >> 8 & 255] ^ table[2][crc >> 16 & 255] ^ table[3][crc >> 24];
}

// ---- Instructions ----------------------------------------------------------------------------------------

#if defined(__x86_64__)
#define HAS_INSTRUCTIONS 1
#define ACCELERATED __attribute__((target("sse4.2")))
#define CRC_WORD(crc, word) ((uint32_t)__builtin_ia32_crc32di((crc), (word)))
#define CRC_BYTE(crc, byte) __builtin_ia32_crc32qi((crc), (byte))

static int has_instructions(void) {
  __builtin_cpu_init();
  return __builtin_cpu_supports("sse4.2") != 0;
}

#elif defined(__aarch64__)
#define HAS_INSTRUCTIONS 1
#define ACCELERATED __attribute__((target("crc")))
#define CRC_WORD(crc, word) __builtin_arm_crc32cd((crc), (word))
#define CRC_BYTE(crc, byte) __builtin_arm_crc32cb((crc), (byte))

static int has_instructions(void) {
#if defined(__APPLE__)
  return 1; // every Apple processor that the supported systems run on has them
#elif defined(__linux__)
  return (getauxval(AT_HWCAP) & 1 << 7) != 0; // HWCAP_CRC32
#else
  return 0;
#endif
}
#endif

#if HAS_INSTRUCTIONS
#define THREE_LANES(lane, table)                                     \
  while (length >= 3 * (lane)) {                                     \
    uint32_t second = 0, third = 0;                                  \
    for (size_t i = 0; i < (lane); i += 8) {                         \
      crc = CRC_WORD(crc, load64(bytes + i));                        \
      second = CRC_WORD(second, load64(bytes + (lane) + i));         \
      third = CRC_WORD(third, load64(bytes + 2 * (lane) + i));       \
    }                                                                \
    crc = shift(table, shift(table, crc) ^ second) ^ third;          \
    bytes += 3 * (lane);                                             \
    length -= 3 * (lane);                                            \
  }

ACCELERATED static uint32_t update_by_instruction(uint32_t crc, const unsigned char *bytes, size_t length) {
  THREE_LANES(LONG_LANE, long_shift)
  THREE_LANES(SHORT_LANE, short_shift)
  for (; length >= 8; length -= 8, bytes += 8) crc = CRC_WORD(crc, load64(bytes));
  for (; length > 0; length--) crc = CRC_BYTE(crc, *bytes++);
  return crc;
}
#endif

// ---- Choosing --------------------------------------------------------------------------------------------

static void prepare(void) {
  for (uint32_t byte = 0; byte < 256; byte++) {
    uint32_t crc = byte;
    for (int bit = 0; bit < 8; bit++) crc = crc & 1 ? crc >> 1 ^ POLYNOMIAL : crc >> 1;
    slices[0][byte] = crc;
  }
  for (int k = 1; k < 8; k++) {
    for (int byte = 0; byte < 256; byte++) {
      uint32_t before = slices[k - 1][byte];
      slices[k][byte] = before >> 8 ^ slices[0][before & 255];
    }
  }
  chosen = update_by_table;
#if HAS_INSTRUCTIONS
  if (has_instructions()) {
    fill_shift(long_shift, LONG_LANE);
    fill_shift(short_shift, SHORT_LANE);
    chosen = update_by_instruction;
  }
#else
  (void)fill_shift;
#endif
}

static uint32_t first_update(uint32_t crc, const unsigned char *bytes, size_t length);

// The first call prepares the tables; the calls after it pay one load for knowing that they are ready.
static _Atomic(update_function) current = first_update;

static uint32_t first_update(uint32_t crc, const unsigned char *bytes, size_t length) {
  pthread_once(&once, prepare);
  atomic_store_explicit(&current, chosen, memory_order_release);
  return chosen(crc, bytes, length);
}

uint32_t holdfast_crc32c(uint32_t seed, const void *bytes, size_t length) {
  update_function update = atomic_load_explicit(&current, memory_order_acquire);
  return ~update(~seed, bytes, length);
}

uint32_t holdfast_crc32c_portable(uint32_t seed, const void *bytes, size_t length) {
  pthread_once(&once, prepare);
  return ~update_by_table(~seed, bytes, length);
}

int holdfast_crc32c_is_accelerated(void) {
  pthread_once(&once, prepare);
  return chosen != update_by_table;
}
