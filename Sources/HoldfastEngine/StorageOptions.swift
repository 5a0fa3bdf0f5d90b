import HoldfastIO

/// How a database is opened.
public struct StorageOptions: Sendable {
  /// Make the database when there is none.
  public var createsIfMissing = true
  /// Change nothing, and let others read at the same time.
  public var isReadOnly = false
  /// What opens the data key, or protects that of a new database.
  public var credential: Credential = .none
  /// The page size of a new database, in bytes.
  public var pageSize = StorageLimits.defaultPageSize
  /// The memory for pages, in bytes.
  public var cacheBytes = 64 * 1024 * 1024
  /// The durability of commits that do not ask for another.
  public var durability: Durability = .safe
  /// A checkpoint begins when the log since the last one is longer than this, in bytes.
  public var logBudget = 64 * 1024 * 1024
  /// The most bytes that one transaction may write.
  public var maximumTransactionBytes = StorageLimits.defaultTransactionBytes
  /// What is permitted to transactions besides.
  public var transactions = TransactionLimits()
  /// What to do about damaged pages.
  public var onDamage: DamagePolicy = .isolate
  /// Write to a file on a network file system although its locks and syncs promise less.
  public var allowsNetworkFileSystem = false
  /// The sizes of log segments, in bytes.
  public var smallestSegment = 1 << 20
  public var largestSegment = 64 << 20
  /// Whether checkpoints and timed syncs run on a thread of their own. Without one they run inside the calls
  /// that make them necessary, one after the other: tests are repeatable then.
  public var hasBackgroundThread = true
  /// What is done when the disk or the memory fails.
  public var failurePolicy = FailurePolicy()
  public var fileSystem: any FileSystem = POSIXFileSystem()
  public var clock: any Clock = SystemClock()
  public var random: any RandomSource = SystemRandom()
  public var memory: any MemoryMonitor = SystemMemoryMonitor()

  public init() {}
}

/// What to do when a page is damaged.
public enum DamagePolicy: Sendable, Equatable {
  /// Calls that need the page fail; everything else goes on.
  case isolate
  /// While a damaged page is known, the database is not opened for writing, and writes to an open one fail.
  case refuse
}
