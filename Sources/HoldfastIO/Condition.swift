#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A place where threads sleep until another thread tells them that something changed.
///
/// What changed is protected by a ``Latch``. A sleeper may also wake for no reason, so it always waits in a
/// loop that looks at the state itself.
public final class Condition: Sendable {
  // Safe to share: it never changes after `init`, and what it points to is only touched through pthread
  // calls, which are made for being called from many threads.
  nonisolated(unsafe) private let condition: UnsafeMutablePointer<pthread_cond_t>

  /// A condition that nobody waits for.
  public init() {
    condition = .allocate(capacity: 1)
    #if canImport(Darwin)
      // Timed waits are relative there, so the clock does not matter.
      Latch.check(pthread_cond_init(condition, nil))
    #else
      // A timeout must not depend on somebody setting the time of day.
      var attributes = pthread_condattr_t()
      pthread_condattr_init(&attributes)
      pthread_condattr_setclock(&attributes, CLOCK_MONOTONIC)
      Latch.check(pthread_cond_init(condition, &attributes))
      pthread_condattr_destroy(&attributes)
    #endif
  }

  deinit {
    pthread_cond_destroy(condition)
    condition.deallocate()
  }

  /// Lets go of `latch`, which this thread must hold, sleeps until woken, and holds the latch again.
  public func wait(_ latch: Latch) {
    Latch.check(pthread_cond_wait(condition, latch.mutex))
  }

  /// Like ``wait(_:)``, but for about `nanoseconds` at most. Returns `false` when that time passed.
  public func wait(_ latch: Latch, nanoseconds: UInt64) -> Bool {
    // Ten years are as good as for ever, and leave room to add to the present time without overflow.
    let nanoseconds = min(nanoseconds, 315_360_000 * 1_000_000_000)
    var moment = timespec()
    #if canImport(Darwin)
      moment.tv_sec = Int(nanoseconds / 1_000_000_000)
      moment.tv_nsec = Int(nanoseconds % 1_000_000_000)
      let code = pthread_cond_timedwait_relative_np(condition, latch.mutex, &moment)
    #else
      clock_gettime(CLOCK_MONOTONIC, &moment)
      let fraction = UInt64(moment.tv_nsec) + nanoseconds % 1_000_000_000
      moment.tv_sec += Int(nanoseconds / 1_000_000_000 + fraction / 1_000_000_000)
      moment.tv_nsec = Int(fraction % 1_000_000_000)
      let code = pthread_cond_timedwait(condition, latch.mutex, &moment)
    #endif
    if code == ETIMEDOUT { return false }
    Latch.check(code)
    return true
  }

  /// Wakes one thread that waits, if there is one.
  public func signal() {
    pthread_cond_signal(condition)
  }

  /// Wakes every thread that waits.
  public func broadcast() {
    pthread_cond_broadcast(condition)
  }
}
