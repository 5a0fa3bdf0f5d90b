/// How often and how patiently a transient error (``IOError/Kind/transient``) is tried again.
public struct RetryPolicy: Sendable, Equatable {
  /// The most further attempts after the first.
  public var attempts = 5
  /// The pause before the first further attempt, in nanoseconds; doubled for each one after.
  public var firstPause: UInt64 = 100_000_000
  /// The longest pause, in nanoseconds.
  public var longestPause: UInt64 = 30_000_000_000

  /// 100 ms, doubling up to 30 s, at most 5 times.
  public init() {}

  /// The pause before attempt number `attempt` (from 1): half of it fixed, half drawn, so that many processes
  /// that failed together do not come back together.
  func pause(_ attempt: Int, random: any RandomSource) -> UInt64 {
    let doubled = firstPause.multipliedReportingOverflow(by: 1 << UInt64(min(attempt - 1, 40)))
    let full = doubled.overflow ? longestPause : min(doubled.partialValue, longestPause)
    let half = full / 2
    return half + (half > 0 ? random.next() % (half + 1) : 0)
  }
}
