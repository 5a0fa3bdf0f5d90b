#define _GNU_SOURCE
#include "logfloor.h"

#include <errno.h>

#ifndef __linux__

int log_floor_run(
  const char *path, const struct log_floor_variant *variant, int threads, size_t frame_bytes, double warm_up,
  double seconds, uint64_t *commits, uint64_t *syncs) {
  return ENOTSUP;
}

#else

#include <fcntl.h>
#include <limits.h>
#include <linux/futex.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/// The file is used again from its beginning when it is full, as recycled segments are.
#define FILE_BYTES ((off_t)64 << 20)
#define BLOCK 4096

/// Frames that are written together. Two of them alternate: one is being written while the other one fills.
struct group {
  char *buffer;
  /// Where the buffer goes in the file.
  off_t position;
  /// Bytes in the buffer, beginning with those of the group before that lie in the same block.
  size_t length;
  int frames;
  /// Changes when the group is durable: its members sleep on it.
  _Atomic uint32_t completions;
};

struct floor_log {
  int descriptor;
  const struct log_floor_variant *variant;
  size_t frame_bytes;
  size_t capacity;
  pthread_mutex_t latch;
  struct group groups[2];
  /// The number of the group that fills.
  uint32_t filling;
  /// The number of the group that may be written. Only the one thread that will write it sleeps on this.
  _Atomic uint32_t turn;
  _Atomic int failure;
  /// Monotonic nanoseconds between which commits count.
  uint64_t counting_from, counting_to;
  _Atomic uint64_t commits, syncs;
  pthread_barrier_t start;
};

static uint64_t now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
}

static void futex_wait(_Atomic uint32_t *word, uint32_t seen) {
  syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, seen, NULL, NULL, 0);
}

static void futex_wake(_Atomic uint32_t *word, int count) {
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, count, NULL, NULL, 0);
}

/// Ends a group: from now on frames go to the other one, which begins with what must be written once more.
static void close_group(struct floor_log *log, struct group *group, struct group *next) {
  size_t alignment = log->variant->alignment;
  size_t again = group->length % alignment;
  next->position = group->position + (off_t)(group->length - again);
  if (next->position + (off_t)log->capacity > FILE_BYTES) {
    next->position = 0;
    again = 0;
  }
  memcpy(next->buffer, group->buffer + group->length - again, again);
  next->length = again;
  next->frames = 0;
  log->filling++;
}

static int write_group(struct floor_log *log, struct group *group) {
  size_t alignment = log->variant->alignment;
  size_t length = (group->length + alignment - 1) / alignment * alignment;
  memset(group->buffer + group->length, 0, length - group->length);
  ssize_t written = pwrite(log->descriptor, group->buffer, length, group->position);
  if (written < 0) return errno;
  if ((size_t)written != length) return EIO;
  int syncs = log->variant->sync == LOG_FLOOR_FDATASYNC || log->variant->sync == LOG_FLOOR_DIRECT_FDATASYNC;
  return syncs && fdatasync(log->descriptor) != 0 ? errno : 0;
}

/// Writes the group with a number, which is this thread's task because its frame was the first.
static void lead(struct floor_log *log, uint32_t number) {
  struct group *group = &log->groups[number & 1];
  uint32_t turn;
  while ((turn = atomic_load(&log->turn)) != number) futex_wait(&log->turn, turn);
  pthread_mutex_lock(&log->latch);
  close_group(log, group, &log->groups[(number + 1) & 1]);
  int frames = group->frames;
  pthread_mutex_unlock(&log->latch);

  int failure = write_group(log, group);
  if (failure != 0) atomic_store(&log->failure, failure);
  uint64_t time = now();
  if (time > log->counting_from && time <= log->counting_to) {
    atomic_fetch_add(&log->commits, (uint64_t)frames);
    atomic_fetch_add(&log->syncs, 1);
  }
  // The next group's disk operations run while this one's members wake up.
  atomic_fetch_add(&group->completions, 1);
  atomic_store(&log->turn, number + 1);
  futex_wake(&log->turn, 1);
  futex_wake(&group->completions, INT_MAX);
}

static void *append(void *argument) {
  struct floor_log *log = argument;
  char *frame = malloc(log->frame_bytes);
  if (frame == NULL) atomic_store(&log->failure, ENOMEM);
  else memset(frame, 'f', log->frame_bytes);
  pthread_barrier_wait(&log->start);
  while (atomic_load(&log->failure) == 0 && now() < log->counting_to) {
    pthread_mutex_lock(&log->latch);
    uint32_t number = log->filling;
    struct group *group = &log->groups[number & 1];
    memcpy(group->buffer + group->length, frame, log->frame_bytes);
    group->length += log->frame_bytes;
    int is_first = group->frames++ == 0;
    uint32_t seen = atomic_load(&group->completions);
    pthread_mutex_unlock(&log->latch);
    if (is_first) {
      lead(log, number);
    } else {
      while (atomic_load(&group->completions) == seen) futex_wait(&group->completions, seen);
    }
  }
  free(frame);
  return NULL;
}

/// Makes the file and gives it its size; whatever that takes is not measured.
static int open_file(const char *path, const struct log_floor_variant *variant) {
  int descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
  if (descriptor < 0) return -errno;
  int failure = posix_fallocate(descriptor, 0, FILE_BYTES);
  if (failure == 0 && variant->is_written) {
    static const char zeros[1 << 20];
    for (off_t offset = 0; offset < FILE_BYTES && failure == 0; offset += (off_t)sizeof zeros) {
      if (pwrite(descriptor, zeros, sizeof zeros, offset) != (ssize_t)sizeof zeros) failure = errno ? errno : EIO;
    }
  }
  if (failure == 0 && fsync(descriptor) != 0) failure = errno;
  close(descriptor);
  if (failure != 0) return -failure;
  int flags = O_RDWR | O_CLOEXEC;
  if (variant->sync == LOG_FLOOR_DSYNC || variant->sync == LOG_FLOOR_DIRECT_DSYNC) flags |= O_DSYNC;
  if (variant->sync == LOG_FLOOR_DIRECT_FDATASYNC || variant->sync == LOG_FLOOR_DIRECT_DSYNC) flags |= O_DIRECT;
  descriptor = open(path, flags);
  return descriptor < 0 ? -errno : descriptor;
}

/// Starts the threads and waits for them. They count from the moment when all of them run.
static int run_threads(struct floor_log *log, int threads, double warm_up, double seconds) {
  pthread_t *started = calloc((size_t)threads, sizeof *started);
  if (started == NULL) return ENOMEM;
  // Threads that began could never leave the barrier without the others.
  for (int index = 0; index < threads; index++) {
    if (pthread_create(&started[index], NULL, append, log) != 0) abort();
  }
  log->counting_from = now() + (uint64_t)(warm_up * 1e9);
  log->counting_to = log->counting_from + (uint64_t)(seconds * 1e9);
  pthread_barrier_wait(&log->start);
  for (int index = 0; index < threads; index++) pthread_join(started[index], NULL);
  free(started);
  return atomic_load(&log->failure);
}

int log_floor_run(
  const char *path, const struct log_floor_variant *variant, int threads, size_t frame_bytes, double warm_up,
  double seconds, uint64_t *commits, uint64_t *syncs) {
  struct floor_log log = {.variant = variant, .frame_bytes = frame_bytes};
  // All frames of a group, and what is written again before them and as padding behind them.
  log.capacity = ((size_t)threads * frame_bytes + 3 * BLOCK) / BLOCK * BLOCK;
  log.descriptor = open_file(path, variant);
  if (log.descriptor < 0) return -log.descriptor;
  int failure = 0;
  for (int index = 0; index < 2; index++) {
    void *buffer = NULL;
    if (posix_memalign(&buffer, BLOCK, log.capacity) != 0) failure = ENOMEM;
    log.groups[index].buffer = buffer;
  }
  pthread_mutex_init(&log.latch, NULL);
  pthread_barrier_init(&log.start, NULL, (unsigned)threads + 1);
  if (failure == 0) failure = run_threads(&log, threads, warm_up, seconds);
  pthread_barrier_destroy(&log.start);
  pthread_mutex_destroy(&log.latch);
  free(log.groups[0].buffer);
  free(log.groups[1].buffer);
  if (close(log.descriptor) != 0 && failure == 0) failure = errno;
  *commits = atomic_load(&log.commits);
  *syncs = atomic_load(&log.syncs);
  return failure;
}

#endif
