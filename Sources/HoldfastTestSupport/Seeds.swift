#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The seeds that a seeded test runs with.
public enum Seeds {
  /// `1...count`, or only the seed in the environment variable `HOLDFAST_SEED` when it is set, so that one
  /// printed failure can be replayed alone.
  public static func first(_ count: Int) -> [UInt64] {
    if let text = getenv("HOLDFAST_SEED"), let seed = UInt64(String(cString: text)) { return [seed] }
    return (0..<count).map { UInt64($0) + 1 }
  }
}
