// What Swift cannot say, or cannot say fast: checksum instructions and system calls that the overlays hide.

#ifndef CHOLDFAST_H
#define CHOLDFAST_H

#include <stddef.h>
#include <stdint.h>

// ---- Checksums -------------------------------------------------------------------------------------------

/// CRC32C of `length` bytes, continuing from `seed` (0 at the start). Uses the processor's instruction for it
/// where there is one.
uint32_t holdfast_crc32c(uint32_t seed, const void *_Nullable bytes, size_t length);

/// The same value, always from tables: what processors without the instruction get, and what tests compare
/// with.
uint32_t holdfast_crc32c_portable(uint32_t seed, const void *_Nullable bytes, size_t length);

/// 1 when `holdfast_crc32c` uses processor instructions, 0 when it uses tables.
int holdfast_crc32c_is_accelerated(void);

/// XXH64 of `length` bytes.
uint64_t holdfast_xxh64(uint64_t seed, const void *_Nullable bytes, size_t length);

// ---- Memory ----------------------------------------------------------------------------------------------

/// Overwrites memory with zeros in a way that no optimizer removes.
void holdfast_zero(void *_Nullable bytes, size_t length);

/// Tells the processor that memory will be read soon. Any address will do; nothing happens but that it is sooner
/// in the processor's caches.
static inline void holdfast_prefetch(const void *_Nullable bytes) { __builtin_prefetch(bytes); }

/// Fills memory with random bytes of the operating system. Returns 0, or an error number.
int holdfast_random(void *_Nullable bytes, size_t length);

// ---- Threads ---------------------------------------------------------------------------------------------

/// Adds to how many closures of transactions the calling thread is inside of, 0 at first, and returns that.
int holdfast_closures(int change);

// ---- Waiting ---------------------------------------------------------------------------------------------

/// Sleeps until a word, which was 0, is set. Returns at once when it is.
void holdfast_word_wait(uint32_t *_Nonnull word);

/// Sets a word to 1, and wakes who sleeps on it. What was written before is seen by who wakes. The word may be
/// gone as soon as it is set: only its address is used after that.
void holdfast_word_set(uint32_t *_Nonnull word);

// ---- Files -----------------------------------------------------------------------------------------------
// Each returns 0, or an error number.

/// Makes the bytes and the length of a file durable: `fdatasync`, on Darwin `F_FULLFSYNC`.
int holdfast_sync(int descriptor);

/// Makes the entries of an open directory durable.
int holdfast_sync_directory(int descriptor);

/// The size in bytes that the process's files may have (`ulimit -f`); `UINT64_MAX` when there is no limit.
uint64_t holdfast_file_size_limit(void);

/// How many forks lie between this process and the one that first asked: a number that a child does not share with
/// its parent.
uint64_t holdfast_fork_generation(void);

/// Takes a lock on the whole file that belongs to the open file and not to the process, without waiting. In a child that
/// is forked the descriptor is closed, so that the lock is its parent's alone.
/// `EWOULDBLOCK` means that another open file holds one that conflicts.
int holdfast_lock(int descriptor, int exclusive);

/// Gives that lock back. Closing the descriptor does so only if no other process has inherited the open file.
void holdfast_unlock(int descriptor);

/// What `holdfast_volume` finds out.
struct holdfast_volume_information {
  uint64_t available_bytes;
  uint64_t total_bytes;
  int is_network;
};

/// Facts about the volume that holds `path`.
int holdfast_volume(const char *_Nonnull path, struct holdfast_volume_information *_Nonnull information);

#endif
