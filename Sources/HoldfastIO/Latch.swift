#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A lock for short critical sections. One thread holds it at a time; the others sleep.
///
/// Not recursive: in debug builds, locking twice from one thread traps instead of hanging.
public final class Latch: Sendable {
  // Safe to share: it never changes after `init`, and what it points to is only touched through pthread
  // calls, which are made for being called from many threads.
  nonisolated(unsafe) let mutex: UnsafeMutablePointer<pthread_mutex_t>

  /// An unlocked latch.
  public init() {
    mutex = .allocate(capacity: 1)
    var attributes = pthread_mutexattr_t()
    pthread_mutexattr_init(&attributes)
    #if DEBUG
      pthread_mutexattr_settype(&attributes, Int32(PTHREAD_MUTEX_ERRORCHECK))
    #endif
    Latch.check(pthread_mutex_init(mutex, &attributes))
    pthread_mutexattr_destroy(&attributes)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  /// Waits until no other thread holds the latch, then holds it.
  public func lock() {
    Latch.check(pthread_mutex_lock(mutex))
  }

  /// Holds the latch if no thread does. Returns whether it does now.
  public func tryLock() -> Bool { pthread_mutex_trylock(mutex) == 0 }

  /// Lets go of the latch, which this thread must hold.
  public func unlock() {
    Latch.check(pthread_mutex_unlock(mutex))
  }

  /// Runs `body` while holding the latch, and lets go of it however `body` ends.
  @inlinable
  public func withLock<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    lock()
    defer { unlock() }
    return try body()
  }

  /// A pthread call on a valid object fails only when this program misuses it, and then nothing that the
  /// latch protects can be trusted any more.
  static func check(_ code: Int32) {
    precondition(
      code == 0, "latch misused: locked twice by a thread, or unlocked by one that does not hold it")
  }
}
