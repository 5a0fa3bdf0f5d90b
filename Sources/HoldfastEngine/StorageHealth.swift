import HoldfastIO

/// How an open database is doing, as values that can be sent and stored.
public struct StorageHealth: Sendable, Equatable, Codable {
  /// The worst that any reason says.
  public enum Status: String, Sendable, Equatable, Comparable, CaseIterable, Codable {
    /// All is well, though there may be something worth knowing.
    case ok
    /// Everything works, but something needs attention.
    case degraded
    /// Writes are refused now; reading goes on.
    case readOnly
    /// Nothing is accepted any more before the database is opened again.
    case failed

    private var rank: Int {
      switch self {
      case .ok: 0
      case .degraded: 1
      case .readOnly: 2
      case .failed: 3
      }
    }

    public static func < (left: Status, right: Status) -> Bool { left.rank < right.rank }
  }

  /// Something worth knowing.
  public struct Reason: Sendable, Equatable, Codable {
    /// What kind of thing it is.
    public enum Code: String, Sendable, Equatable, CaseIterable, Codable {
      /// Closed: nothing is known of it any more.
      case closed
      /// A sync or an unrecoverable write failed.
      case outcomeUnknown
      /// The file's name leads nowhere any more.
      case fileMissing
      /// Writes failed too often in a row.
      case writesSuspended
      /// The last commit that needed room found none.
      case diskFull
      /// It was opened for reading only.
      case openedReadOnly
      /// The last checkpoint failed.
      case checkpointFailing
      /// The volume is nearly full.
      case diskCritical
      /// Pages are damaged.
      case damagedPages
      /// There is no reserve, because it could not be made.
      case reserveMissing
      /// An old reader keeps much room from being used again.
      case oldReader
      /// Recovery found one of the two meta slots, or the newest checkpoint, damaged.
      case lostSlot
      /// Recovery found the list of free pages damaged.
      case lostFreeSpace
      /// Memory is short, and the cache is smaller than it was made.
      case memoryPressure
      /// The volume is filling up, less or more.
      case diskWarning
      case diskNotice
    }

    /// What kind of thing it is.
    public var code: Code
    /// What it makes of the whole.
    public var status: Status
    /// What happened, to what, and what to do next.
    public var message: String
  }

  /// Whether writes are tried.
  public struct Writes: Sendable, Equatable, Codable {
    /// Whether they are refused for the time being.
    public var isSuspended = false
    /// How many failed in a row, while they are not.
    public var failures = 0
    /// How long they will still be refused, in milliseconds; 0 while one decides.
    public var suspendedMilliseconds: UInt64 = 0
    /// What the last failure in a row was.
    public var lastFailure: String?
  }

  /// The worst of the reasons.
  public var status = Status.ok
  /// What there is to say, the gravest first.
  public var reasons: [Reason] = []
  /// The last commit of the last checkpoint, and when that was made, milliseconds since 1970.
  public var checkpointLSN: UInt64 = 0
  public var checkpointTime: Int64 = 0
  /// Bytes appended to the log since, and why the last checkpoint failed, if it did.
  public var logBytesSinceCheckpoint = 0
  public var checkpointFailure: String?
  /// Open snapshots; the LSN of the oldest and its age in milliseconds.
  public var readers = 0
  public var oldestReaderLSN: UInt64?
  public var oldestReaderMilliseconds: UInt64?
  /// Pages that are known to be damaged.
  public var damagedPages = 0
  /// Bytes of pages that a reader or a checkpoint keeps from being used again, as of the last look.
  public var heldBytes: UInt64 = 0
  /// The volume: bytes that can still be written, its size, and its level as of the last look.
  public var diskAvailableBytes: UInt64?
  public var diskTotalBytes: UInt64?
  public var diskLevel = DiskLevel.normal
  /// What the page cache may take now, and what it was made for.
  public var cacheBudget = 0
  public var fullCacheBudget = 0
  public var writes = Writes()
  /// Whether the reserve is there.
  public var hasReserve = false

  public init() {}
}
