internal import HoldfastEngine

/// What queries of one database share.
final class QueryContext: Sendable {
  /// Which plans were chosen before.
  let plans = PlanCache()
  /// The time in nanoseconds from some beginning, for `explain`.
  let clock: @Sendable () -> UInt64

  init(clock: @escaping @Sendable () -> UInt64) { self.clock = clock }
}
