import HoldfastIO

/// A log found on disk, looked at and changed by nothing.
///
/// Every frame that will be needed has been checked when ``scan(_:id:after:)`` returns; no key is needed for
/// that.
public struct LogScan: Sendable {
  /// The log's name.
  public let id: LogID
  /// Its epoch.
  public let epoch: UInt32
  /// The first LSN found. More may lie before it: looking begins at the last segment that has all that is
  /// wanted.
  public internal(set) var firstLSN: UInt64
  /// The last LSN found, or the one before ``firstLSN`` when there is none.
  public internal(set) var lastLSN: UInt64
  /// The highest timestamp found, or `Int64.min` when there is no frame.
  public internal(set) var lastTimestamp: Int64 = .min
  /// The highest transaction number found.
  public internal(set) var lastTransaction: UInt64 = 0
  /// How many frames were found above the LSN that was asked for.
  public internal(set) var frames = 0
  /// How many bytes those frames take.
  public internal(set) var bytes: UInt64 = 0
  /// What was cut off at the end, when something was.
  public internal(set) var cut: Cut?

  /// A torn tail: frames that no acknowledgement can depend on.
  public struct Cut: Sendable, Equatable {
    /// The segment in which the log ends.
    public var file: String
    /// Where it ends, in bytes.
    public var offset: UInt64
    /// How many bytes of torn frames lie behind that, as far as they can be told from rubbish.
    public var bytes: UInt64
    /// What was found there.
    public var reason: String
  }

  let configuration: LogConfiguration
  var segments: [FoundSegment]

  /// Looks for the log `id` and checks all its frames above `lsn`. Changes nothing on disk.
  ///
  /// `lsn` also says that everything through it was durable: a log that ends below is damaged, not torn.
  /// - Throws: `.missing` (no such log, or it begins too late), `.damaged` (frames that were acknowledged are
  ///   damaged or gone), `.unsupported`, `.ioFailed`.
  public static func scan(_ c: LogConfiguration, id: LogID, after lsn: UInt64) throws(LogError) -> LogScan {
    guard lsn < UInt64.max - 1 else { throw LogError(.invalid, "no log reaches beyond commit \(lsn)") }
    let folder = try LogFolder.read(c)
    var scanner = try Scanner(c, id: id, after: lsn, folder: folder)
    return try scanner.run()
  }

  /// Hands every commit above `lsn` to `body`, in order. Needs the key when the log is encrypted. Holds one
  /// commit in memory at a time.
  /// - Throws: What `body` throws; `LogError` with `.keyRequired`, `.authenticationFailed`, `.ioFailed`,
  ///   `.damaged` (the file has changed since it was scanned), `.notRetained` (`lsn` lies before what was
  ///   scanned).
  public func forEachCommit(after lsn: UInt64, _ body: (RecoveredFrame) throws -> Void) throws {
    guard lsn >= firstLSN - 1 else {
      throw LogError(
        .notRetained, "commits after \(lsn) were asked for, but only those from \(firstLSN) on were scanned",
        lsns: lsn + 1...firstLSN)
    }
    let reader = ChainReader(configuration: configuration, segments: segments)
    try reader.read(after: lsn, through: lastLSN) { frame in
      try body(frame)
      return true
    }
  }
}
