internal import HoldfastEngine

/// What opening a database had to do.
public struct RecoveryReport: Sendable, Equatable, Codable {
  /// Whether the database had been closed, so that there was nothing to do.
  public let wasClean: Bool
  /// The commits that were replayed from the log.
  public let commitsReplayed: UInt64
  /// The number of the last commit that is there now.
  public let lastLSN: UInt64
  /// The bytes of log that were read for it.
  public let bytesRead: UInt64
  /// The bytes that were cut off the log's end because they had never been completely written, and so never
  /// acknowledged as durable.
  public let bytesCut: UInt64
  /// Where and why they were cut off.
  public let cutReason: String?
  /// Whether the newer of the two checkpoints did not hold, and the one before was used.
  public let usedOlderCheckpoint: Bool
  /// Whether one of the two meta slots was torn or damaged; it has been written anew.
  public let lostSlot: Bool
  /// Whether the list of free pages was damaged: all documents are there, but that space is not used again.
  public let lostFreeSpace: Bool
  /// Changes of acknowledged commits that could not be applied, because the page they belong to is damaged.
  /// They were set aside in the folder `…-quarantine` (not when opened for reading only), and the documents
  /// they concern can be neither read nor written: see ``Database/damage()``.
  public let operationsSetAside: UInt64
  /// How long it took.
  public let duration: Duration

  init(_ report: HoldfastEngine.RecoveryReport) {
    wasClean = report.wasClean
    commitsReplayed = report.commitsReplayed
    lastLSN = report.lastLSN
    bytesRead = report.bytesRead
    bytesCut = report.bytesCut
    cutReason = report.cutReason
    usedOlderCheckpoint = report.usedOlderSlot
    lostSlot = report.lostSlot
    lostFreeSpace = report.lostFreeSpace
    operationsSetAside = report.operationsSetAside
    duration = .nanoseconds(Int64(clamping: report.nanoseconds))
  }
}
