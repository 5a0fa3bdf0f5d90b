/// Where time comes from.
public protocol Clock: Sendable {
  /// Milliseconds since 1970-01-01 00:00 UTC. May jump either way.
  func now() -> Int64
  /// Nanoseconds since some fixed moment. Never goes back.
  func monotonic() -> UInt64
  /// Blocks the calling thread for about that many nanoseconds.
  func sleep(nanoseconds: UInt64)
}
