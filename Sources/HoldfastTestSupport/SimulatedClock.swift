import HoldfastIO

/// A clock that moves only when a test moves it, or when somebody sleeps by it.
public final class SimulatedClock: Clock {
  private let latch = Latch()
  // Safe to share: these are only touched while holding `latch`.
  nonisolated(unsafe) private var wall: Int64
  nonisolated(unsafe) private var elapsed: UInt64 = 0
  nonisolated(unsafe) private var wallRemainder: UInt64 = 0
  nonisolated(unsafe) private var requested: [UInt64] = []

  /// A clock that shows `now` milliseconds since 1970.
  public init(now: Int64 = 1_700_000_000_000) {
    wall = now
  }

  public func now() -> Int64 { latch.withLock { wall } }

  public func monotonic() -> UInt64 { latch.withLock { elapsed } }

  /// Returns at once; both times are `nanoseconds` later.
  public func sleep(nanoseconds: UInt64) {
    latch.withLock {
      elapsed += nanoseconds
      wallRemainder += nanoseconds
      wall += Int64(wallRemainder / 1_000_000)
      wallRemainder %= 1_000_000
      requested.append(nanoseconds)
    }
  }

  /// Lets time pass. A negative number sets the time of day back, and the monotonic time stays where it is.
  public func advance(milliseconds: Int64) {
    latch.withLock {
      wall += milliseconds
      if milliseconds > 0 { elapsed += UInt64(milliseconds) * 1_000_000 }
    }
  }

  /// Sets the time of day, as an administrator or a time server does; no time passes.
  public func set(now: Int64) {
    latch.withLock { wall = now }
  }

  /// How long each call of ``sleep(nanoseconds:)`` so far wanted to sleep.
  public var sleeps: [UInt64] { latch.withLock { requested } }
}
