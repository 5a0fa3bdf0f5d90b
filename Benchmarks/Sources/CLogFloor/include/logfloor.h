#ifndef LOG_FLOOR_H
#define LOG_FLOOR_H

#include <stddef.h>
#include <stdint.h>

/// How the bytes of a group come to the disk.
enum log_floor_sync {
  /// `pwrite`, then `fdatasync`.
  LOG_FLOOR_FDATASYNC,
  /// `pwrite` to a file opened with `O_DSYNC`.
  LOG_FLOOR_DSYNC,
  /// `pwrite` to a file opened with `O_DIRECT`, then `fdatasync`.
  LOG_FLOOR_DIRECT_FDATASYNC,
  /// `pwrite` to a file opened with `O_DIRECT | O_DSYNC`.
  LOG_FLOOR_DIRECT_DSYNC,
};

/// One way to write a log.
struct log_floor_variant {
  enum log_floor_sync sync;
  /// Whether every byte of the file was written and synced before the clock runs; otherwise its blocks are only
  /// allocated, and each first write also changes metadata.
  int is_written;
  /// Writes begin and end at multiples of this: 1, or what `O_DIRECT` asks for. The last block of a group, when
  /// it is not full, is written again with the next group.
  size_t alignment;
};

/// Lets `threads` threads append frames of `frame_bytes` bytes to a new file at `path`, each waiting until its
/// frame is on the disk before it appends the next one. Threads whose frames come while a sync is running share
/// the next one. The first `warm_up` seconds are not counted, the `seconds` after them are.
///
/// Nothing else happens: no checksum, no tree, no document. One sync runs at a time, and none waits for more
/// frames. So this is the floor under the time for a commit of every database whose group commit does the same.
///
/// Returns 0 or an `errno`. `*commits` is the number of frames that became durable while it counted, and `*syncs`
/// the number of groups.
int log_floor_run(
  const char *path, const struct log_floor_variant *variant, int threads, size_t frame_bytes, double warm_up,
  double seconds, uint64_t *commits, uint64_t *syncs);

#endif
