#if defined(__linux__)
#define _GNU_SOURCE 1 // F_OFD_SETLK
#endif

#include "choldfast.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#if defined(__APPLE__)
#include <os/os_sync_wait_on_address.h>
#include <sys/file.h>
#include <sys/mount.h>
#include <sys/param.h>
#else
#include <linux/futex.h>
#include <sys/random.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#endif

// ---- Memory ----------------------------------------------------------------------------------------------

void holdfast_zero(void *bytes, size_t length) {
  if (length == 0) return;
  memset(bytes, 0, length);
  // The compiler must assume that this reads the memory, so the zeros above cannot be left out.
  __asm__ __volatile__("" : : "r"(bytes) : "memory");
}

int holdfast_random(void *bytes, size_t length) {
#if defined(__APPLE__)
  arc4random_buf(bytes, length);
  return 0;
#else
  unsigned char *next = bytes;
  while (length > 0) {
    ssize_t count = getrandom(next, length, 0);
    if (count < 0) {
      if (errno == EINTR) continue;
      return errno;
    }
    next += count;
    length -= (size_t)count;
  }
  return 0;
#endif
}

// ---- Threads ---------------------------------------------------------------------------------------------

int holdfast_closures(int change) {
  static _Thread_local int closures;
  return closures += change;
}

// ---- Waiting ---------------------------------------------------------------------------------------------

void holdfast_word_wait(uint32_t *word) {
  // Sleeping ends for other reasons, too, so the word is looked at again.
  while (__atomic_load_n(word, __ATOMIC_ACQUIRE) == 0) {
#if defined(__APPLE__)
    os_sync_wait_on_address(word, 0, sizeof *word, OS_SYNC_WAIT_ON_ADDRESS_NONE);
#else
    syscall(SYS_futex, word, FUTEX_WAIT_PRIVATE, 0, NULL, NULL, 0);
#endif
  }
}

void holdfast_word_set(uint32_t *word) {
  __atomic_store_n(word, 1, __ATOMIC_RELEASE);
#if defined(__APPLE__)
  os_sync_wake_by_address_all(word, sizeof *word, OS_SYNC_WAKE_BY_ADDRESS_NONE);
#else
  syscall(SYS_futex, word, FUTEX_WAKE_PRIVATE, INT32_MAX, NULL, NULL, 0);
#endif
}

// ---- Files -----------------------------------------------------------------------------------------------

int holdfast_sync(int descriptor) {
#if defined(__APPLE__)
  // fsync on Darwin stops at the drive's cache; F_FULLFSYNC empties it (fsync(2), fcntl(2)). Volumes that do
  // not know it (some network ones) answer ENOTSUP or EINVAL, and get what they have.
  if (fcntl(descriptor, F_FULLFSYNC) == 0) return 0;
  if (errno != ENOTSUP && errno != EINVAL && errno != ENOTTY) return errno;
  return fsync(descriptor) == 0 ? 0 : errno;
#else
  return fdatasync(descriptor) == 0 ? 0 : errno;
#endif
}

int holdfast_sync_directory(int descriptor) {
#if defined(__APPLE__)
  return holdfast_sync(descriptor);
#else
  return fsync(descriptor) == 0 ? 0 : errno;
#endif
}

uint64_t holdfast_file_size_limit(void) {
  struct rlimit limit;
  if (getrlimit(RLIMIT_FSIZE, &limit) != 0 || limit.rlim_cur == RLIM_INFINITY) return UINT64_MAX;
  return limit.rlim_cur;
}

static uint64_t fork_generation;

// The descriptors that have a lock. A child that was forked has the open files, too, and with them the locks: if the
// parent is killed, they would stay for as long as the child lives. So the child closes its descriptors of them, which
// takes nothing from the parent.
static struct {
  pthread_mutex_t mutex;
  int *descriptors;
  size_t count, capacity;
} locked = {PTHREAD_MUTEX_INITIALIZER, NULL, 0, 0};

static void before_fork(void) { pthread_mutex_lock(&locked.mutex); }

static void after_fork(void) { pthread_mutex_unlock(&locked.mutex); }

static void after_fork_in_child(void) {
  for (size_t place = 0; place < locked.count; place++) close(locked.descriptors[place]);
  locked.count = 0;
  fork_generation += 1;
  pthread_mutex_unlock(&locked.mutex);
}

static void watch_forks(void) { pthread_atfork(before_fork, after_fork, after_fork_in_child); }

static pthread_once_t forks_are_watched = PTHREAD_ONCE_INIT;

uint64_t holdfast_fork_generation(void) {
  pthread_once(&forks_are_watched, watch_forks);
  // Changes only while a child has one thread.
  return fork_generation;
}

// Notes whether a descriptor has a lock. Without memory for it nothing is noted, and a child keeps the lock.
static void note_lock(int descriptor, int is_locked) {
  pthread_once(&forks_are_watched, watch_forks);
  pthread_mutex_lock(&locked.mutex);
  size_t place = 0;
  while (place < locked.count && locked.descriptors[place] != descriptor) place++;
  if (!is_locked) {
    if (place < locked.count) locked.descriptors[place] = locked.descriptors[--locked.count];
  } else if (place == locked.count) {
    if (locked.count == locked.capacity) {
      size_t capacity = locked.capacity == 0 ? 16 : 2 * locked.capacity;
      int *grown = realloc(locked.descriptors, capacity * sizeof *grown);
      if (grown != NULL) {
        locked.descriptors = grown;
        locked.capacity = capacity;
      }
    }
    if (locked.count < locked.capacity) locked.descriptors[locked.count++] = descriptor;
  }
  pthread_mutex_unlock(&locked.mutex);
}

#if !defined(__APPLE__)
// Open file description locks: two open files of one process conflict, and closing another descriptor of
// the same file does not drop the lock, as it does with F_SETLK (fcntl(2)).
static int set_lock(int descriptor, short type) {
  struct flock request;
  memset(&request, 0, sizeof request);
  request.l_type = type;
  request.l_whence = SEEK_SET;
  int result;
  do {
    result = fcntl(descriptor, F_OFD_SETLK, &request);
  } while (result != 0 && errno == EINTR);
  return result;
}
#endif

int holdfast_lock(int descriptor, int exclusive) {
#if defined(__APPLE__)
  int result;
  do {
    result = flock(descriptor, (exclusive ? LOCK_EX : LOCK_SH) | LOCK_NB);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return errno;
  note_lock(descriptor, 1);
  return 0;
#else
  if (set_lock(descriptor, exclusive ? F_WRLCK : F_RDLCK) == 0) {
    note_lock(descriptor, 1);
    return 0;
  }
  return errno == EACCES || errno == EAGAIN ? EWOULDBLOCK : errno;
#endif
}

void holdfast_unlock(int descriptor) {
  note_lock(descriptor, 0);
#if defined(__APPLE__)
  flock(descriptor, LOCK_UN);
#else
  set_lock(descriptor, F_UNLCK);
#endif
}

#if !defined(__APPLE__)
// The file systems whose storage is on another machine, by the magic numbers of linux/magic.h and of the
// projects that are not in it. FUSE is one number for local and remote alike, and counts as local.
static int is_network_type(uint32_t type) {
  switch (type) {
  case 0x6969:     // NFS
  case 0x517B:     // SMB
  case 0xFF534D42: // CIFS
  case 0xFE534D42: // SMB2
  case 0x01021997: // 9P
  case 0x5346414F: // AFS
  case 0x6B414653: // AFS, the kernel's own client
  case 0x73757245: // Coda
  case 0x564C:     // NCP
  case 0x00C36400: // Ceph
  case 0x0BD00BD0: // Lustre
  case 0x01161970: // GFS2
  case 0x7461636F: // OCFS2
  case 0x47504653: // GPFS
  case 0x19830326: // BeeGFS
  case 0xAAD7AAEA: // PanFS
  case 0x786F4256: // folders shared by VirtualBox
    return 1;
  default:
    return 0;
  }
}
#endif

int holdfast_volume(const char *path, struct holdfast_volume_information *information) {
  struct statfs facts;
  int result;
  do {
    result = statfs(path, &facts);
  } while (result != 0 && errno == EINTR);
  if (result != 0) return errno;
#if defined(__APPLE__)
  uint64_t unit = facts.f_bsize;
  information->is_network = (facts.f_flags & MNT_LOCAL) == 0;
#else
  uint64_t unit = facts.f_frsize > 0 ? (uint64_t)facts.f_frsize : (uint64_t)facts.f_bsize;
  information->is_network = is_network_type((uint32_t)facts.f_type);
#endif
  information->available_bytes = (uint64_t)facts.f_bavail * unit;
  information->total_bytes = (uint64_t)facts.f_blocks * unit;
  return 0;
}
