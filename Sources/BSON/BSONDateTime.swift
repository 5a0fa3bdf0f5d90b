/// A moment: milliseconds since 1970-01-01T00:00:00Z, before it when negative.
public struct BSONDateTime: Sendable, Hashable {
  /// Milliseconds since 1970-01-01T00:00:00Z.
  public var milliseconds: Int64

  /// Takes milliseconds since 1970-01-01T00:00:00Z.
  public init(milliseconds: Int64) {
    self.milliseconds = milliseconds
  }

  /// The current moment by the system's clock.
  public static var now: BSONDateTime {
    let time = wallClock()
    return BSONDateTime(milliseconds: time.seconds &* 1000 &+ time.nanoseconds / 1_000_000)
  }
}

extension BSONDateTime: Comparable {
  /// The order of time.
  public static func < (left: BSONDateTime, right: BSONDateTime) -> Bool {
    left.milliseconds < right.milliseconds
  }
}
