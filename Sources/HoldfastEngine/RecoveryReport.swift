/// What opening a database had to do.
public struct RecoveryReport: Sendable, Equatable {
  /// Whether the database had been closed, so that there was nothing to do.
  public var wasClean = true
  /// The commits that were replayed from the log.
  public var commitsReplayed: UInt64 = 0
  /// The last commit that is there now.
  public var lastLSN: UInt64 = 0
  /// The bytes of log that were read for it.
  public var bytesRead: UInt64 = 0
  /// The bytes that were cut off the log's end because they had never been completely written, and so never
  /// acknowledged as durable; and where and why.
  public var bytesCut: UInt64 = 0
  public var cutReason: String?
  /// Whether the newest checkpoint was damaged, and the one before was used.
  public var usedOlderSlot = false
  /// Whether one of the two meta slots was torn or damaged; it has been written anew.
  public var lostSlot = false
  /// Whether the list of free pages was damaged: the database is whole, but their space is not used again.
  public var lostFreeSpace = false
  /// Operations of acknowledged commits that could not be applied, because their page is damaged: they were
  /// set aside in the quarantine folder (not when opened for reading only), and the keys they concern cannot
  /// be read or written. See ``Storage/damage``.
  public var operationsSetAside: UInt64 = 0
  /// How long it took, in nanoseconds.
  public var nanoseconds: UInt64 = 0

  public init() {}
}
