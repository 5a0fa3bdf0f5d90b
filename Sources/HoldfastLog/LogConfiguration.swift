import HoldfastIO

/// Where a log lies and what it stands on.
public struct LogConfiguration: Sendable {
  /// The folder of the segments, usually `<database>-log`.
  public var directory: String
  /// Sixteen bytes that name the database; bound into every segment, so that a segment of another database is
  /// never taken for one of this.
  public var databaseID: [UInt8]
  /// The data key; `nil` when the database is not encrypted.
  public var key: SecretKey?
  /// The file system.
  public var fileSystem: any FileSystem
  /// Tells the time (for segment headers) and sleeps between retries.
  public var clock: any Clock
  /// Draws salts, and jitter for retries.
  public var random: any RandomSource
  /// The size of the first segment in bytes. Each following one is twice as large, up to ``largestSegment``.
  public var smallestSegment = 1 << 20
  /// The size at which segments stop growing, in bytes.
  public var largestSegment = 64 << 20
  /// How transient errors are retried.
  public var retry = RetryPolicy()

  /// Makes a configuration with the usual segment sizes.
  public init(
    directory: String, databaseID: [UInt8], key: SecretKey?, fileSystem: any FileSystem, clock: any Clock,
    random: any RandomSource
  ) {
    self.directory = directory
    self.databaseID = databaseID
    self.key = key
    self.fileSystem = fileSystem
    self.clock = clock
    self.random = random
  }

  /// The database id as exactly sixteen bytes.
  var identity: [UInt8] { LogID(databaseID).bytes }

  /// The sizes as they are used: within ``LogLimits`` and in multiples of 4 KiB.
  var sizes: (smallest: UInt64, largest: UInt64) {
    let smallest = min(max(smallestSegment, LogLimits.smallestSegment), LogLimits.largestSegment) & ~4095
    let largest = min(max(largestSegment, smallest), LogLimits.largestSegment) & ~4095
    return (UInt64(smallest), UInt64(largest))
  }

  func path(_ name: String) -> String { directory + "/" + name }
}

/// How often and how patiently a transient error (`EINTR`, `EAGAIN`, `EBUSY`, `ETIMEDOUT`) is tried again.
public struct RetryPolicy: Sendable {
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

extension LogConfiguration {
  /// Runs `body` again while it fails with a transient error and the policy allows.
  func retrying<R>(_ body: () throws(IOError) -> R) throws(IOError) -> R {
    var attempt = 0
    while true {
      do {
        return try body()
      } catch {
        attempt += 1
        guard error.errorClass == .transient, attempt <= retry.attempts else { throw error }
        clock.sleep(nanoseconds: retry.pause(attempt, random: random))
      }
    }
  }
}
