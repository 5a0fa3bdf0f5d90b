import HoldfastIO
import HoldfastLog
import Synchronization

/// An open database: ordered trees of bytes, changed by transactions that a log makes durable.
///
/// Latches are taken in this order: checkpoint, log, queue, commit, the table of transactions; then those of version
/// table, tags and cache. The latches of locks are taken by themselves; nobody waits for a lock while he holds a
/// latch. Any number of threads may use it at once.
///
/// `@unchecked Sendable`: each stored variable names the latch it is touched under.
public final class Storage: @unchecked Sendable {
  /// The data file's path.
  public let path: String
  /// How it was opened.
  public let options: StorageOptions
  /// What opening had to do.
  public internal(set) var recovery: RecoveryReport

  let header: DataFile
  let keyBlock: KeyBlock
  let key: SecretKey?
  let store: PageStore
  let versions: VersionTable
  let groups: GroupCommit<StorageError>

  /// What transactions have locked.
  let locks: LockManager
  /// The transactions that are open.
  let transactions: TransactionTable

  /// One checkpoint, spill or close at a time.
  let checkpointLatch = Latch()
  /// One thread writes and syncs the log at a time.
  let logLatch = Latch()
  /// What a commit changes.
  let commitLatch = Latch()
  /// Where commits wait for each other, so that who writes the log for them waits for one of them at most.
  let queueLatch = Latch()

  /// Under `commitLatch`.
  let workspace: Workspace
  /// The log; `nil` when opened for reading only. Under `commitLatch` for appending, `logLatch` for writing.
  let log: Log?
  // The latch sees to it that nobody else looks while these change, so that need not be checked at run time.
  /// Sealed versions that wait for their sync, in order. Under `commitLatch`.
  @exclusivity(unchecked) var sealed: [Version] = []
  /// The last LSN whose publication has to wait for a sync. Under `commitLatch`.
  @exclusivity(unchecked) var lastSafeLSN: UInt64 = 0
  /// What no sync has covered. Under `commitLatch`.
  @exclusivity(unchecked) var unsynced = Unsynced()
  /// Bytes appended since the log was last written. Changed under `commitLatch`.
  let unwrittenBytes = Atomic<Int>(0)
  /// Whether some of that adds entries. Under `commitLatch`.
  @exclusivity(unchecked) var unwrittenGrows = false
  /// Bytes appended since the last checkpoint began. Changed under `commitLatch`.
  let bytesSinceCheckpoint = Atomic<Int>(0)
  @exclusivity(unchecked) var lastTimestamp: Int64
  @exclusivity(unchecked) var nextTransaction: UInt64
  let nextTree: Atomic<UInt64>

  /// The slots as they were last written, older first. Under `checkpointLatch`.
  var slots: (older: MetaSlot, newer: MetaSlot)

  /// The versions that the slots name, older first. Under `commitLatch`.
  var slotVersions: (older: UInt64, newer: UInt64)
  /// The LSN and the time (milliseconds since 1970) of the last checkpoint.
  let lastCheckpoint: Guarded<(lsn: UInt64, time: Int64)>

  /// Why nothing more may be written, and whether it is closed.
  let status = StatusBoard()
  /// What the layer above has done by the background thread.
  let maintenanceHook = Guarded<(@Sendable (UInt64) -> Void)?>(nil)
  let counters = Counters()
  /// Whether writes are tried.
  let breaker: SharedBreaker
  /// What is removed when the disk is full.
  let reserve: Reserve
  /// What was last seen of volume and memory.
  let watch: Guarded<Watch>
  private let maintenance = Guarded<MaintenanceThread?>(nil)

  /// The number of the version that is found in the file. When the slots differ, the older one's has number
  /// 0.
  static let firstVersion: UInt64 = 1

  struct Status: Sendable {
    var failure: StorageError?
    /// Set while a failed log write is being undone: commits fail instead of joining in.
    var isUndoing: StorageError?
    /// Set when closing begins: nothing new is begun.
    var isClosing = false
    var isClosed = false
    var wantsCheckpoint = false
    /// Why the last checkpoint that nobody waited for failed.
    var checkpointFailure: StorageError?
    /// Why the last commit failed for lack of room, when none has succeeded since.
    var diskFull: StorageError?

    /// Whether there is something that keeps calls from being made.
    var isOutOfOrder: Bool { failure != nil || isUndoing != nil || isClosing || isClosed }
  }

  /// The status, with the part that every call asks for readable without a lock.
  final class StatusBoard: Sendable {
    private let status = Guarded(Status())
    private let outOfOrder = Atomic<Bool>(false)

    /// Whether there is something that keeps calls from being made.
    var isOutOfOrder: Bool { outOfOrder.load(ordering: .acquiring) }

    func withLock<R: Sendable>(_ body: (inout Status) -> R) -> R {
      status.withLock { status in
        defer { outOfOrder.store(status.isOutOfOrder, ordering: .releasing) }
        return body(&status)
      }
    }
  }

  init(
    path: String, options: StorageOptions, recovery: RecoveryReport, header: DataFile, keyBlock: KeyBlock,
    key: SecretKey?, store: PageStore, versions: VersionTable, workspace: Workspace, log: Log?,
    slots: (older: MetaSlot, newer: MetaSlot), lastTimestamp: Int64, nextTransaction: UInt64, nextTree: UInt64
  ) {
    self.path = path
    self.options = options
    self.recovery = recovery
    self.header = header
    self.keyBlock = keyBlock
    self.key = key
    self.store = store
    self.versions = versions
    self.workspace = workspace
    self.log = log
    self.slots = slots
    var locking = LockManager.Options()
    locking.timeout = options.transactions.lockTimeout
    locking.limit = options.transactions.locks
    locking.victim = options.transactions.victim
    locking.clock = options.clock
    locking.random = options.random
    locks = LockManager(locking)
    transactions = TransactionTable(secret: options.random.next())
    groups = GroupCommit(completed: log?.durableLSN ?? versions.current.lsn)
    let isSame = slots.older.catalog == slots.newer.catalog && slots.older.lsn == slots.newer.lsn
    slotVersions = (isSame ? Storage.firstVersion : 0, Storage.firstVersion)
    lastCheckpoint = Guarded((slots.newer.lsn, slots.newer.checkpointTime))
    self.lastTimestamp = lastTimestamp
    self.nextTransaction = nextTransaction
    self.nextTree = Atomic(nextTree)
    lastSafeLSN = versions.current.lsn
    let policy = options.failurePolicy
    breaker = SharedBreaker(CircuitBreaker(limit: policy.suspendsAfter, pause: policy.suspension))
    reserve = Opening(path: path, options: options).reserve
    watch = Guarded(Watch(lastLook: options.clock.monotonic()))
  }

  deinit {
    // Whoever forgets to close loses nothing that was acknowledged as durable, but the next opening recovers.
    stopMaintenance()
    if log != nil, !status.withLock({ $0.isClosed }) { _ = try? lead() }
    log?.close()
    header.file.close()
  }

  // MARK: Reading

  /// The newest published state, held until the result is released.
  public func snapshot() throws(StorageError) -> Snapshot {
    try checkOpen()
    return Snapshot(self)
  }

  func checkOpen() throws(StorageError) {
    if status.isOutOfOrder, status.withLock({ $0.isClosed }) {
      throw StorageError(.closed, "\(path) is closed: open it again")
    }
  }

  func checkWritable() throws(StorageError) {
    if status.isOutOfOrder, status.withLock({ $0.isClosing }) {
      throw StorageError(.closed, "\(path) is closed: open it again")
    }
    if options.isReadOnly {
      throw StorageError(.readOnly, "\(path) was opened for reading only: open it for writing")
    }
    try checkHealth()
  }

  /// Throws why nothing can be written, whether or not it is being closed.
  func checkHealth() throws(StorageError) {
    if status.isOutOfOrder, let failure = status.withLock({ $0.failure ?? $0.isUndoing }) { throw failure }
  }

  /// The pages that are known to be damaged, with the keys that they concern; at most 1000 of them. Whatever
  /// needs them fails with ``StorageError/Code/corrupted``, and everything else goes on.
  public var damage: [DamagedRange] {
    store.damage.isEmpty ? [] : commitLatch.withLock { workspace.reachedDamage() }
  }

  /// Refuses every further write until the database is opened again.
  @discardableResult
  func poison(_ reason: String, cause: IOError? = nil) -> StorageError {
    let error = StorageError(
      .outcomeUnknown,
      "\(reason). Which of the last unacknowledged commits are durable is unknown until recovery has looked: "
        + "close \(path) and open it again; reading goes on meanwhile", cause: cause)
    return status.withLock { status in
      if let first = status.failure { return first }
      status.failure = error
      return error
    }
  }

  /// Why writes are refused, if they are.
  public var failure: StorageError? { status.isOutOfOrder ? status.withLock { $0.failure } : nil }

  // MARK: The background thread

  func startMaintenance() {
    guard options.hasBackgroundThread, !options.isReadOnly else { return }
    maintenance.withLock { $0 = MaintenanceThread(self) }
  }

  func stopMaintenance() {
    let thread = maintenance.withLock { thread in
      defer { thread = nil }
      return thread
    }
    thread?.stop()
  }

  /// Wakes the background thread, if there is one.
  func wakeMaintenance() { maintenance.withLock { $0 }?.wake() }

  var hasMaintenance: Bool { maintenance.withLock { $0?.isAtWork ?? false } }
}

/// Counts since the database was opened.
final class Counters: Sendable {
  let commits = Atomic<UInt64>(0)
  let checkpoints = Atomic<UInt64>(0)
  let pagesWritten = Atomic<UInt64>(0)
  let pagesSpilled = Atomic<UInt64>(0)
  let logBytes = Atomic<UInt64>(0)
  let logSyncs = Atomic<UInt64>(0)
}
