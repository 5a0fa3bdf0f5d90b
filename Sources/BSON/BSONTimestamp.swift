/// A timestamp of the kind that MongoDB's replication uses: seconds and a counter within the second.
public struct BSONTimestamp: Sendable, Hashable {
  /// Seconds since 1970-01-01T00:00:00Z.
  public var seconds: UInt32
  /// The counter within the second.
  public var increment: UInt32

  /// Takes seconds since 1970-01-01T00:00:00Z and a counter.
  public init(seconds: UInt32, increment: UInt32) {
    self.seconds = seconds
    self.increment = increment
  }

  /// Both parts as one number whose order is the order of timestamps.
  public var rawValue: UInt64 { UInt64(seconds) << 32 | UInt64(increment) }

  /// Takes both parts as one number.
  public init(rawValue: UInt64) {
    seconds = UInt32(truncatingIfNeeded: rawValue >> 32)
    increment = UInt32(truncatingIfNeeded: rawValue)
  }
}

extension BSONTimestamp: Comparable {
  /// The order of seconds, then of the counter.
  public static func < (left: BSONTimestamp, right: BSONTimestamp) -> Bool {
    left.rawValue < right.rawValue
  }
}
