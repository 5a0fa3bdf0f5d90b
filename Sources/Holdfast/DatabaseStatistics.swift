internal import HoldfastEngine

/// Sizes and counts of an open database; see ``Database/statistics()``. Counts that are not said to be of the
/// file begin at 0 when the database is opened.
public struct DatabaseStatistics: Sendable, Equatable {
  /// The identity of the database, 32 hexadecimal digits; it stays when the file is copied.
  public let databaseID: String
  /// Whether it is encrypted.
  public let isEncrypted: Bool
  /// When the database was made.
  public let created: BSONDateTime
  /// Bytes of a page.
  public let pageSize: Int
  /// Bytes of the data file.
  public let fileBytes: UInt64
  /// Pages of the file, up to the highest in use.
  public let pages: UInt64
  /// Pages that can be used at once.
  public let freePages: UInt64
  /// Pages that can be used again after the next checkpoints, or when a reader is done.
  public let heldPages: UInt64
  /// Collections.
  public let collections: Int
  /// The number of the last commit. Commits are numbered without gaps.
  public let lastLSN: UInt64
  /// The last commit that is known to be on the disk.
  public let durableLSN: UInt64
  /// The last commit of the last checkpoint.
  public let checkpointLSN: UInt64
  /// When the last checkpoint was made.
  public let checkpointTime: BSONDateTime
  /// Bytes appended to the log since the last checkpoint began.
  public let logBytesSinceCheckpoint: Int
  /// Snapshots that are kept.
  public let readers: Int
  /// The last commit in the oldest of them.
  public let oldestReaderLSN: UInt64?
  /// How long the oldest of them has been kept.
  public let oldestReaderAge: Duration?
  /// Bytes of pages in memory.
  public let cacheBytes: Int
  /// Bytes of those pages that the file does not have yet.
  public let dirtyBytes: Int
  /// Commits.
  public let commits: UInt64
  /// Checkpoints.
  public let checkpoints: UInt64
  /// Syncs of the log.
  public let logSyncs: UInt64
  /// Bytes written to the log.
  public let logBytesWritten: UInt64
  /// Pages written to the file, and how many of them before their checkpoint, to make room in memory.
  public let pagesWritten: UInt64
  /// Pages written to the file before their checkpoint, to make room in memory.
  public let pagesSpilled: UInt64
  /// Pages read from the file.
  public let pagesRead: UInt64
  /// Why the last checkpoint in the background failed, if it did.
  public let checkpointFailure: String?

  init(_ engine: StorageStatistics, collections: Int) {
    databaseID = engine.databaseID
    isEncrypted = engine.isEncrypted
    created = BSONDateTime(milliseconds: engine.created)
    pageSize = engine.pageSize
    fileBytes = engine.fileBytes
    pages = engine.pages
    freePages = engine.freePages
    heldPages = engine.heldPages
    self.collections = collections
    lastLSN = engine.lastLSN
    durableLSN = engine.durableLSN
    checkpointLSN = engine.checkpointLSN
    checkpointTime = BSONDateTime(milliseconds: engine.checkpointTime)
    logBytesSinceCheckpoint = engine.logBytesSinceCheckpoint
    readers = engine.readers
    oldestReaderLSN = engine.oldestReaderLSN
    oldestReaderAge = engine.oldestReaderMilliseconds.map { .milliseconds(Int64(clamping: $0)) }
    cacheBytes = engine.cacheBytes
    dirtyBytes = engine.dirtyBytes
    commits = engine.commits
    checkpoints = engine.checkpoints
    logSyncs = engine.logSyncs
    logBytesWritten = engine.logBytesWritten
    pagesWritten = engine.pagesWritten
    pagesSpilled = engine.pagesSpilled
    pagesRead = engine.pagesRead
    checkpointFailure = engine.checkpointFailure
  }
}

extension Database {
  /// Sizes and counts as they are now.
  /// - Throws: ``HoldfastError/Code/closed``, ``HoldfastError/Code/ioFailed``,
  ///   ``HoldfastError/Code/corrupted`` when the list of collections cannot be read.
  public func statistics() throws(HoldfastError) -> DatabaseStatistics {
    let engine = try translating { () throws(StorageError) in try storage.statistics() }
    return DatabaseStatistics(engine, collections: try collections().count)
  }

  /// Sizes and counts as they are now.
  public func statistics() async throws(HoldfastError) -> DatabaseStatistics {
    try await look { () throws(HoldfastError) in try self.statistics() }
  }
}
