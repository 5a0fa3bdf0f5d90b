#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The clocks of the operating system.
public struct SystemClock: Clock {
  /// All of them are the same.
  public init() {}

  public func now() -> Int64 {
    var moment = timespec()
    clock_gettime(CLOCK_REALTIME, &moment)
    return Int64(moment.tv_sec) * 1000 + Int64(moment.tv_nsec) / 1_000_000
  }

  public func monotonic() -> UInt64 {
    var moment = timespec()
    clock_gettime(CLOCK_MONOTONIC, &moment)
    return UInt64(moment.tv_sec) * 1_000_000_000 + UInt64(moment.tv_nsec)
  }

  public func sleep(nanoseconds: UInt64) {
    var wanted = timespec()
    wanted.tv_sec = Int(nanoseconds / 1_000_000_000)
    wanted.tv_nsec = Int(nanoseconds % 1_000_000_000)
    var left = timespec()
    // A signal ends the sleep early; the rest is slept afterwards.
    while nanosleep(&wanted, &left) != 0, errno == EINTR { wanted = left }
  }
}
