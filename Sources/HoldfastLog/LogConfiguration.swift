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
  /// The file system. Transient errors are its business: see `RetryingFileSystem`.
  public var fileSystem: any FileSystem
  /// Tells the time, for segment headers.
  public var clock: any Clock
  /// Draws salts.
  public var random: any RandomSource
  /// The size of the first segment in bytes. Each following one is twice as large, up to ``largestSegment``.
  public var smallestSegment = 1 << 20
  /// The size at which segments stop growing, in bytes.
  public var largestSegment = 64 << 20

  /// Makes room on the volume in an emergency, and returns whether it did. Asked when taking back a failed
  /// write finds none, and when a caller of ``Log/write(_:makingRoom:)`` says that it may be; the call that
  /// failed is tried once more then.
  public var makeRoom: (@Sendable () -> Bool)?

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

  /// Runs `body`, and once more when it found no room and some could be made.
  func makingRoom<R>(_ isAllowed: Bool, _ body: () throws(IOError) -> R) throws(IOError) -> R {
    do {
      return try body()
    } catch {
      guard isAllowed, error.errorClass == .diskFull, makeRoom?() == true else { throw error }
      return try body()
    }
  }
}
