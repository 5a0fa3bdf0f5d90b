internal import HoldfastEngine

/// How a database is doing; see ``Database/health()``. Can be stored and sent.
public struct DatabaseHealth: Sendable, Equatable, Codable {
  /// What all reasons together come to: the gravest one's.
  public enum Status: String, Sendable, Hashable, Codable, CaseIterable {
    /// All is well, though there may be something worth knowing.
    case ok
    /// Everything works, but something needs attention.
    case degraded
    /// Writes are refused now, and reading goes on: the disk is full or keeps failing, or the database was
    /// opened for reading only.
    case readOnly
    /// Nothing is accepted any more before the database is opened again.
    case failed
  }

  /// Something worth knowing. More codes may be added.
  public struct Reason: Sendable, Equatable, Codable {
    /// A word for programs, such as `diskFull`, `checkpointFailing` or `oldReader`.
    public let code: String
    /// What it makes of the whole.
    public let status: Status
    /// What happened, to what, and what to do next.
    public let message: String
  }

  /// How full the volume is. A level is left only when the use has fallen two hundredths below its mark.
  public enum DiskLevel: String, Sendable, Hashable, Codable, CaseIterable {
    /// Less than 80 % are in use.
    case normal
    /// 80 % are in use.
    case notice
    /// 90 % are in use: spare log segments are not kept, and checkpoints let the log go.
    case warning
    /// 95 % are in use: soon nothing fits any more.
    case critical
  }

  /// What all reasons together come to.
  public let status: Status
  /// What there is to say, the gravest first. Empty when there is nothing.
  public let reasons: [Reason]
  /// What opening had to do.
  public let recovery: RecoveryReport
  /// The last commit of the last checkpoint.
  public let checkpointLSN: UInt64
  /// When the last checkpoint was made.
  public let checkpointTime: BSONDateTime
  /// Why the last checkpoint failed, if it did.
  public let checkpointFailure: String?
  /// Bytes appended to the log since the last checkpoint began: what recovery would have to read.
  public let logBytesSinceCheckpoint: Int
  /// Snapshots that are kept.
  public let readers: Int
  /// The last commit in the oldest of them.
  public let oldestReaderLSN: UInt64?
  /// How long the oldest of them has been kept, in milliseconds.
  public let oldestReaderMilliseconds: UInt64?
  /// Bytes of the file that cannot be used again yet, for a reader or a checkpoint; looked at once a second.
  public let heldBytes: UInt64
  /// Pages that are known to be damaged: see ``Database/damage()``.
  public let damagedPages: Int
  /// Bytes that can still be written to the volume; `nil` when that could not be found out.
  public let diskAvailableBytes: UInt64?
  /// The size of the volume in bytes.
  public let diskTotalBytes: UInt64?
  /// How full the volume is.
  public let diskLevel: DiskLevel
  /// The memory that pages may take now, in bytes: less than asked for while memory is short.
  public let cacheBudget: Int
  /// The memory that was asked for: ``DatabaseOptions/cacheBytes``.
  public let fullCacheBudget: Int
  /// Whether writes are refused because too many in a row failed.
  public let isSuspended: Bool
  /// For how long they still are, in milliseconds; 0 while one of them decides.
  public let suspendedMilliseconds: UInt64
  /// How many writes failed in a row, while they are not refused.
  public let failedWrites: Int
  /// Whether the file is there that is removed when the disk is full: ``DatabaseOptions/reserveBytes``.
  public let hasReserve: Bool

  init(_ engine: StorageHealth, recovery: RecoveryReport) {
    status = Status(engine.status)
    reasons = engine.reasons.map {
      Reason(code: $0.code.rawValue, status: Status($0.status), message: $0.message)
    }
    self.recovery = recovery
    checkpointLSN = engine.checkpointLSN
    checkpointTime = BSONDateTime(milliseconds: engine.checkpointTime)
    checkpointFailure = engine.checkpointFailure
    logBytesSinceCheckpoint = engine.logBytesSinceCheckpoint
    readers = engine.readers
    oldestReaderLSN = engine.oldestReaderLSN
    oldestReaderMilliseconds = engine.oldestReaderMilliseconds
    heldBytes = engine.heldBytes
    damagedPages = engine.damagedPages
    diskAvailableBytes = engine.diskAvailableBytes
    diskTotalBytes = engine.diskTotalBytes
    diskLevel =
      switch engine.diskLevel {
      case .normal: .normal
      case .notice: .notice
      case .warning: .warning
      case .critical: .critical
      }
    cacheBudget = engine.cacheBudget
    fullCacheBudget = engine.fullCacheBudget
    isSuspended = engine.writes.isSuspended
    suspendedMilliseconds = engine.writes.suspendedMilliseconds
    failedWrites = engine.writes.failures
    hasReserve = engine.hasReserve
  }
}

extension DatabaseHealth.Status {
  init(_ status: StorageHealth.Status) {
    self =
      switch status {
      case .ok: .ok
      case .degraded: .degraded
      case .readOnly: .readOnly
      case .failed: .failed
      }
  }
}

extension Database {
  /// How the database is doing: what is wrong, how grave it is, and what to do next. Never throws, also not
  /// after ``close()``, and waits for no write, so that it can be asked when nothing else answers.
  public func health() -> DatabaseHealth { DatabaseHealth(storage.health(), recovery: recovery) }

  /// How the database is doing.
  /// - Throws: as every async call does when it can get no thread.
  public func health() async throws(HoldfastError) -> DatabaseHealth {
    try await look { () throws(HoldfastError) in self.health() }
  }

  /// Gives back at once all memory that only saves reading: pages that the file has as they are. They are
  /// read again when they are needed. For warnings of the system; the cache shrinks by itself, too, while
  /// memory is short.
  /// - Throws: ``HoldfastError/Code/closed``.
  public func releaseMemory() throws(HoldfastError) {
    try translating { () throws(StorageError) in try storage.releaseMemory() }
  }

  /// Gives back memory; see ``releaseMemory()``.
  public func releaseMemory() async throws(HoldfastError) {
    try await perform { () throws(HoldfastError) in try self.releaseMemory() }
  }
}
