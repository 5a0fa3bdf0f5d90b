import HoldfastIO
import Synchronization

/// Who may read and write which trees, records and key ranges, and who has to wait for whom.
///
/// **What is locked.** Trees in five modes, records in S or X, key ranges in S. A range is in the way of locks
/// in mode X on the records in it, those that are not there included, and of nothing else. What is implied by
/// what is left to the caller: a lock on a record does not lock its tree.
///
/// **Who comes first.** A request waits for the holders that it conflicts with and for the conflicting
/// requests before it, so nobody is overtaken for ever. Requests are served in the order of
/// ``LockRequest/isBefore(_:)``. There is one exception, for requests that wait for the very owner that asks:
/// see ``forEachBlocker(of:_:)``.
///
/// **Latches.** The table has parts with a latch each, as the lock manager of PostgreSQL has. What concerns
/// one entry for which nobody waits is done under the latch of its part. Everything else (waiting, ranges,
/// deadlocks, waking) is done under all of the latches, taken in order: nothing changes meanwhile, and
/// what is changed only so may be read under any one of them.
///
/// `@unchecked Sendable`: every mutable field is guarded by all of the partitions' latches.
package final class LockManager: @unchecked Sendable {
  package struct Options: Sendable {
    /// How long a call waits unless its owner or itself says otherwise, in nanoseconds.
    package var timeout: UInt64 = 30_000_000_000
    /// The most locks of one owner.
    package var limit = 1_000_000
    /// Who is ended by a deadlock.
    package var victim = DeadlockVictim.youngest
    /// What the reports' times are measured with. Waiting itself is always in real time.
    package var clock: any Clock = SystemClock()
    package var random: any RandomSource = SystemRandom()

    package init() {}
  }

  let options: Options
  /// A secret number that hashes begin with.
  let seed: UInt64
  let partitions: [LockPartition]
  /// The same, for whoever needs one of them: kept alive by `partitions`, so that no references are counted.
  private let table: [Unmanaged<LockPartition>]

  // See `LockOwner.held` for the attribute.
  /// Trees of which ranges are held or waited for.
  @exclusivity(unchecked) var spaces: [UInt64: RangeSpace] = [:]
  /// Ranges that are waited for.
  @exclusivity(unchecked) var waitingRanges = 0
  /// All requests that wait, in the order of their sequence numbers.
  var waiting: [LockRequest] = []
  /// Requests that were decided and whose threads are to be woken.
  var wakeups: [LockRequest] = []
  var lastSequence: UInt64 = 0
  var lastVisit: UInt64 = 0

  let waits = Atomic<UInt64>(0)
  let waitNanoseconds = Atomic<UInt64>(0)
  let deadlocks = Atomic<UInt64>(0)
  let timeouts = Atomic<UInt64>(0)

  /// Enough that threads on many cores rarely want the same latch, and few enough to take them all. On two
  /// cores one latch was measured to be as good.
  private static var partitionBits: UInt64 { 4 }

  /// With nothing locked.
  package init(_ options: Options = Options()) {
    self.options = options
    seed = options.random.next()
    partitions = (0..<1 << LockManager.partitionBits).map { _ in LockPartition() }
    table = partitions.map { Unmanaged.passUnretained($0) }
  }

  /// An owner for the transaction of that number, with no locks. `age` says how old it is for the choice of a
  /// victim, greater ones being younger: a transaction that is tried again may come with the age of its first
  /// attempt, and is the oldest one day.
  package func makeOwner(
    transaction: UInt64, age: UInt64? = nil, timeout: UInt64? = nil, limit: Int? = nil
  ) -> LockOwner {
    LockOwner(
      self, transaction: transaction, age: age ?? transaction, timeout: timeout ?? options.timeout,
      limit: limit ?? options.limit)
  }

  /// The part that a name belongs to.
  @inline(__always)
  func partition(_ hash: UInt64) -> LockPartition {
    table[Int(truncatingIfNeeded: hash >> (64 - LockManager.partitionBits))]._withUnsafeGuaranteedRef { $0 }
  }

  /// Runs `body` with the part that a name belongs to, under its latch.
  @inline(__always)
  func withPartition<R, E: Error>(
    _ hash: UInt64, _ body: (LockPartition) throws(E) -> R
  ) throws(E) -> R {
    let partition = partition(hash)
    partition.latch.lock()
    defer { partition.latch.unlock() }
    return try body(partition)
  }

  /// Runs `body` under all latches, and wakes whoever it has decided about.
  func withAll<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    for partition in partitions { partition.latch.lock() }
    defer {
      let woken = wakeups
      if !woken.isEmpty { wakeups = [] }
      for partition in partitions { partition.latch.unlock() }
      for request in woken { request.wake() }
    }
    return try body()
  }

  /// Locks a tree or a record.
  func lock(_ owner: LockOwner, _ name: LockName, _ mode: LockMode, _ timeout: UInt64?)
    throws(StorageError)
  {
    let isDone = try withPartition(name.hash) { (partition) throws(StorageError) in
      try lockAlone(owner, name, mode, in: partition)
    }
    if !isDone { try lockInLine(owner, name, mode, timeout ?? owner.timeout) }
  }

  /// Locks what can be locked under its partition's latch alone. Returns whether it is locked.
  @inline(__always)
  private func lockAlone(
    _ owner: LockOwner, _ name: LockName, _ mode: LockMode, in partition: LockPartition
  ) throws(StorageError) -> Bool {
    if owner.isCancelled { throw cancellation(of: owner) }
    if !spaces.isEmpty && name.kind == .record, let space = spaces[name.tree] {
      // What is in its own range it may read already.
      if mode == .shared && space.covers(name.key, for: owner) { return true }
      if mode == .exclusive && space.concerns(name.key, writer: owner) { return false }
    }
    let slot = partition.find(name)
    if let queue = slot.pointee.queue?._withUnsafeGuaranteedRef({ $0 }) {
      return try join(queue, owner, name, mode)
    }
    if let holder = slot.pointee.owner {
      guard holder.toOpaque() != Unmanaged.passUnretained(owner).toOpaque() else {
        slot.pointee.mode = slot.pointee.mode.supremum(with: mode)
        return true
      }
      guard slot.pointee.mode.isCompatible(with: mode) else { return false }
      return try join(inflate(slot), owner, name, mode)
    }
    try owner.checkLimit()
    let lock = owner.add(name)
    let entry = LockEntry(
      hash: lock.hash, tree: lock.tree, key: lock.key, keyCount: lock.keyCount, kind: lock.kind, mode: mode,
      owner: Unmanaged.passUnretained(owner))
    partition.insert(entry, at: slot)
    return true
  }

  /// Adds a holder where nobody waits. Returns whether it is one now.
  private func join(
    _ queue: LockQueue, _ owner: LockOwner, _ name: LockName, _ mode: LockMode
  ) throws(StorageError) -> Bool {
    let held = queue.mode(of: owner)
    if let held, held.covers(mode) { return true }
    let wanted = held?.supremum(with: mode) ?? mode
    guard queue.waiters.isEmpty, queue.admits(wanted, for: owner) else { return false }
    if held == nil {
      try owner.checkLimit()
      _ = owner.add(name)
    }
    _ = queue.hold(owner, wanted)
    return true
  }

  /// Puts a queue in the place of an entry's only holder.
  func inflate(_ slot: UnsafeMutablePointer<LockEntry>) -> LockQueue {
    let entry = slot.pointee
    let queue = LockQueue(
      LockName(tree: entry.tree, kind: entry.kind, key: entry.keyBytes, hash: entry.hash))
    if let owner = entry.owner { _ = queue.hold(owner.takeUnretainedValue(), entry.mode) }
    slot.pointee.key = queue.name.key.baseAddress.map { UnsafeRawPointer($0) }
    slot.pointee.owner = nil
    slot.pointee.queue = Unmanaged.passRetained(queue)
    return queue
  }

  func cancellation(of owner: LockOwner) -> StorageError {
    owner.cancellation ?? StorageError(.invalidUse, "a transaction was ended; begin another one")
  }
}
