import HoldfastIO

/// Sizes and counts of an open database.
public struct StorageStatistics: Sendable, Equatable {
  /// The identity of the database, 32 hexadecimal digits.
  public var databaseID = ""
  /// Whether it is encrypted.
  public var isEncrypted = false
  /// Bytes of a page.
  public var pageSize = 0
  /// When the database was made, milliseconds since 1970.
  public var created: Int64 = 0
  /// Bytes of the data file.
  public var fileBytes: UInt64 = 0
  /// Pages up to the highest in use.
  public var pages: UInt64 = 0
  /// Pages that can be used at once, and those that wait for a reader or a checkpoint.
  public var freePages: UInt64 = 0
  public var heldPages: UInt64 = 0
  /// Trees, the catalog included.
  public var trees = 0
  /// The last commit, and the last that readers see.
  public var lastLSN: UInt64 = 0
  public var publishedLSN: UInt64 = 0
  /// The last commit that is known to be on the disk.
  public var durableLSN: UInt64 = 0
  /// The last commit of the last checkpoint, and when that was made, milliseconds since 1970.
  public var checkpointLSN: UInt64 = 0
  public var checkpointTime: Int64 = 0
  /// Bytes appended to the log since the last checkpoint began.
  public var logBytesSinceCheckpoint = 0
  /// Open snapshots; the LSN of the oldest and its age in milliseconds.
  public var readers = 0
  public var oldestReaderLSN: UInt64?
  public var oldestReaderMilliseconds: UInt64?
  /// Bytes of pages in memory, and of those that the file lacks.
  public var cacheBytes = 0
  public var dirtyBytes = 0
  /// Counts since opening.
  public var commits: UInt64 = 0
  public var checkpoints: UInt64 = 0
  public var logSyncs: UInt64 = 0
  public var logBytesWritten: UInt64 = 0
  public var pagesWritten: UInt64 = 0
  public var pagesSpilled: UInt64 = 0
  public var pagesRead: UInt64 = 0
  /// Why the last checkpoint in the background failed, if it did.
  public var checkpointFailure: String?

  public init() {}
}

extension Storage {
  /// Sizes and counts as they are now.
  public func statistics() throws(StorageError) -> StorageStatistics {
    try checkOpen()
    var result = StorageStatistics()
    result.databaseID = keyBlock.databaseID.description
    result.isEncrypted = key != nil
    result.pageSize = keyBlock.pageSize
    result.created = keyBlock.created
    result.fileBytes = try io("looking at \(path)") { () throws(IOError) in try header.file.size() }
    commitLatch.withLock {
      result.pages = workspace.space.highWater
      result.freePages = workspace.space.availablePages
      result.heldPages = workspace.space.heldPages
      result.trees = workspace.trees.count
      result.lastLSN = log?.lastLSN ?? versions.current.lsn
      result.durableLSN = log?.durableLSN ?? versions.current.lsn
    }
    result.logBytesSinceCheckpoint = bytesSinceCheckpoint.load(ordering: .relaxed)
    result.publishedLSN = versions.current.lsn
    (result.checkpointLSN, result.checkpointTime) = lastCheckpoint.withLock { $0 }
    if let (pin, readers) = versions.oldest {
      result.readers = readers
      result.oldestReaderLSN = pin.lsn
      result.oldestReaderMilliseconds = (options.clock.monotonic() &- pin.since) / 1_000_000
    }
    result.cacheBytes = store.cache.bytes
    result.dirtyBytes = store.cache.dirtyBytes
    result.commits = counters.commits.load(ordering: .relaxed)
    result.checkpoints = counters.checkpoints.load(ordering: .relaxed)
    result.logSyncs = counters.logSyncs.load(ordering: .relaxed)
    result.logBytesWritten = counters.logBytes.load(ordering: .relaxed)
    result.pagesWritten = counters.pagesWritten.load(ordering: .relaxed)
    result.pagesSpilled = counters.pagesSpilled.load(ordering: .relaxed)
    result.pagesRead = store.reads.load(ordering: .relaxed)
    result.checkpointFailure = status.withLock { $0.checkpointFailure?.message }
    return result
  }
}
