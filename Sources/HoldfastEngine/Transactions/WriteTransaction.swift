import HoldfastIO
import Synchronization

/// A transaction that may write: reads what was committed when it began, or when its present call began, and keeps
/// what it writes to itself until it commits.
///
/// ``Storage/write(_:_:)`` makes one for a closure, ``Storage/begin(_:)`` one that is ended by ``commit()`` or
/// ``rollback()``; released without either, it is rolled back. Not `Sendable`: one thread at a time may use it.
///
/// Before a record is written it is locked, and then looked at: when another transaction has changed it since
/// this one began, this one is rolled back with ``StorageError/Code/writeConflict``; so is one that a deadlock
/// chose. All that it locked is free then, and every further call throws the same error.
public final class WriteTransaction {
  let storage: Storage
  /// Counts transactions since the database was opened.
  public let number: UInt64
  let options: TransactionOptions
  // Calls belong to one thread at a time, and none of them lets others in while it changes what follows, so that need
  // not be checked at run time: it took a tenth of the time of a small commit.
  /// What it reads; `nil` when it has ended.
  @exclusivity(unchecked) private(set) var base: Snapshot?
  let owner: LockOwner
  private var store: PageStore { storage.store }
  @exclusivity(unchecked) private var buffers = SmallDictionary<UInt64, Writes>()
  /// The tree that was used last: its buffer, and where the last key was found in it. Most calls are for the same
  /// tree as the one before, and often for a near key.
  @exclusivity(unchecked) private var last: LastTree?
  /// Trees in the order in which they were first written.
  @exclusivity(unchecked) private var touched: [UInt64] = []
  @exclusivity(unchecked) private(set) var created: [UInt64] = []
  @exclusivity(unchecked) private var dropped: [UInt64] = []
  /// How trees are locked.
  @exclusivity(unchecked) private var treeModes = SmallDictionary<UInt64, LockMode>()
  @exclusivity(unchecked) private(set) var byteCount = 0
  /// The strongest durability that was asked for; `nil` when nobody asked.
  @exclusivity(unchecked) private(set) var durability: Durability?
  @exclusivity(unchecked) private(set) var operationCount = 0
  /// What was changed since the first savepoint, while there is one.
  @exclusivity(unchecked) private var journal: [Change]?
  /// The savepoints that can be used, by their serial numbers.
  private var savepoints: [UInt64] = []
  private var lastSavepoint: UInt64 = 0
  private let use = TransactionUse()

  init(_ storage: Storage, number: UInt64, base: Snapshot, _ options: TransactionOptions) {
    self.storage = storage
    self.number = number
    self.base = base
    self.options = options
    owner = storage.locks.makeOwner(
      transaction: number, age: options.age, timeout: options.lockTimeout,
      limit: storage.options.transactions.locks)
  }

  deinit { if use.end() { finish(.rolledBack) } }

  /// Commits that it sees go through this one.
  var baseLSN: UInt64 { base?.lsn ?? .max }

  func tree(_ id: UInt64) -> TreeRoot { base?.version.tree(id) ?? TreeRoot(id: id) }

  // MARK: Use and end

  /// Whether it has neither committed nor been rolled back.
  public var isOpen: Bool { !use.isEnded }

  /// How often it was used; for whoever looks whether it still is.
  var uses: UInt64 { use.count }
  /// Whether it is inside of a call, which may wait.
  var isInCall: Bool { use.isBusy }

  func checkUse() throws(StorageError) {
    if use.isEnded { throw use.reason ?? Self.hasEnded }
    use.touch()
  }

  private static let hasEnded = StorageError(
    .invalidUse, "a transaction was used after it had ended: begin another one")

  /// Runs a call that touches its state. When the call has to be given up for good, so is the transaction.
  @inline(__always)
  func using<R>(_ body: () throws(StorageError) -> R) throws(StorageError) -> R {
    guard use.enter() else { throw use.reason ?? Self.hasEnded }
    do throws(StorageError) {
      let result = try body()
      use.leave()
      return result
    } catch {
      let isFatal = error.code == .deadlock || (error.code == .writeConflict && !repeatsCalls)
      if isFatal || use.wasAskedToEnd {
        use.end(inside: use.reason ?? error)
        finish(AbortReason(use.reason ?? error))
      } else {
        use.leave()
      }
      throw error
    }
  }

  /// Whether conflicts are for the layer above, which repeats the call: each sees the newest state anyway.
  private var repeatsCalls: Bool { options.isolation == .readCommitted }

  /// Lets go of everything.
  private func finish(_ reason: AbortReason?) {
    storage.transactions.end(number, at: storage.options.clock.monotonic(), reason)
    owner.releaseAll()
    (base, last, journal) = (nil, nil, nil)
    (buffers, touched, created, dropped) = (SmallDictionary(), [], [], [])
  }

  /// Commits: everything that it wrote becomes visible at once, survives a crash as a whole, and is as durable as
  /// was asked (``require(_:)``, or the options' durability) when this returns. When it throws, nothing of it is
  /// there, except with ``StorageError/Code/outcomeUnknown``.
  public func commit() throws(StorageError) {
    guard use.enter() else { throw use.reason ?? Self.hasEnded }
    var failure: StorageError?
    do throws(StorageError) {
      if let reason = use.reason { throw reason }
      // What it read need not be held any more: the pages that its own commit replaces are free at once then.
      (base, last) = (nil, nil)
      if hasChanges { try storage.commit(self) }
    } catch {
      failure = error
    }
    use.end(inside: failure)
    finish(failure.map { AbortReason($0) })
    if let failure { throw failure }
    storage.afterCommit()
  }

  /// Rolls back: nothing of it is ever seen. Does nothing to one that has ended.
  public func rollback() { if use.end() { finish(.rolledBack) } }

  /// Rolls it back from another thread, with the error that its next call throws. Returns whether it has ended:
  /// one that is inside of a call ends when the call gives up, which one that waits for a lock does at once.
  func end(_ reason: StorageError) -> Bool {
    if use.isEnded { return true }
    use.ask(reason)
    if use.end() {
      finish(AbortReason(reason))
      return true
    }
    storage.locks.cancel(owner, with: reason)
    return false
  }

  /// From now on it sees what is committed by now.
  public func refresh() throws(StorageError) {
    try using { () throws(StorageError) in
      base = try storage.transactions.move(number) { () throws(StorageError) in
        let snapshot = try storage.snapshot()
        return (snapshot, snapshot.lsn)
      }
      last = nil
    }
  }

  /// Forgets everything that it wrote, and sees what is committed by now. What it locked stays locked.
  public func restart() throws(StorageError) {
    try using { () throws(StorageError) in
      (buffers, touched, created, dropped) = (SmallDictionary(), [], [], [])
      (byteCount, operationCount, durability) = (0, 0, nil)
      (journal, savepoints) = (nil, [])
    }
    try refresh()
  }

  /// Whether it has written nothing yet.
  public var isPristine: Bool { operationCount == 0 && journal == nil }

  /// Locks a whole tree, so that its records need not be locked one by one. Nobody may have changed it since the
  /// transaction began.
  public func lockExclusively(_ id: UInt64) throws(StorageError) {
    try using { () throws(StorageError) in
      try lockWhole(id)
      try checkUnchanged(id)
    }
  }

  /// Throws ``StorageError/Code/writeConflict`` when somebody has changed anything in a tree since the transaction
  /// began. For callers who see to it that nobody does from now on.
  public func requireUnchanged(_ id: UInt64) throws(StorageError) {
    try using { () throws(StorageError) in
      try checkUnchanged(id)
    }
  }

  /// Why it ended, when it was not by its caller.
  public var abortError: StorageError? { use.reason }

  /// Asks for at least this durability of the commit.
  public func require(_ wanted: Durability) {
    durability = durability.map { Durability.strongest($0, wanted) } ?? wanted
  }

  /// A buffer that is found once and then changed in place.
  private final class Writes {
    @exclusivity(unchecked) var buffer = WriteBuffer()
  }

  private struct LastTree {
    let id: UInt64
    var writes: Writes?
    var finder: LeafFinder
  }

  /// What was written to a tree, if anything.
  private func writes(_ id: UInt64) -> Writes? {
    select(id)
    return last?.writes
  }

  private func select(_ id: UInt64) {
    if last?.id == id { return }
    last = LastTree(id: id, writes: buffers[id], finder: LeafFinder(tree(id), in: store))
  }

  /// The buffer of a tree that is about to be written.
  private func writable(_ id: UInt64) -> Writes {
    if let writes = writes(id) { return writes }
    let writes = Writes()
    buffers[id] = writes
    touched.append(id)
    last?.writes = writes
    journal?.append(.touched(id))
    return writes
  }

  /// Whether the tree had a key before the transaction.
  private func base(_ id: UInt64, contains key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    select(id)
    guard let page = try last?.finder.leaf(for: key) else { return false }
    return Node(page).search(key).found
  }

  // MARK: Reading

  /// Calls `body` with the value of a key, as this transaction sees it, or with `nil`. The bytes are valid
  /// during the call.
  public func withValue<R>(
    _ id: UInt64, key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> R
  ) throws(StorageError) -> R {
    try withValue(id, key: key, base: nil, body)
  }

  /// The same with what was committed at the moment of `base`, if that is not the transaction's own.
  fileprivate func withValue<R>(
    _ id: UInt64, key: UnsafeRawBufferPointer, base: Snapshot?, _ body: (UnsafeRawBufferPointer?) -> R
  ) throws(StorageError) -> R {
    try using { () throws(StorageError) in
      try lockForReading(id, key)
      if let buffer = writes(id)?.buffer {
        if let entry = buffer.entry(key) {
          guard let value = entry.value else { return body(nil) }
          return buffer.withBytes(value) { body($0) }
        }
        if buffer.isCleared { return body(nil) }
      }
      return try store.withValue(base?.version.tree(id) ?? tree(id), key: key, body)
    }
  }

  /// What finds keys of a tree as this transaction sees it at each call.
  public func lookup(_ id: UInt64) -> TransactionLookup {
    TransactionLookup(transaction: self, tree: id, base: base)
  }

  /// The last commit that has changed a tree since the database was opened, or 0; `nil` when the transaction has changed
  /// it itself, or locks what it reads.
  public func lastChange(_ id: UInt64) throws(StorageError) -> UInt64? {
    try using { () throws(StorageError) in
      options.isolation == .serializable || buffers[id] != nil ? nil : tree(id).changed
    }
  }

  /// Whether a key exists, as this transaction sees it.
  public func contains(_ id: UInt64, key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    try using { () throws(StorageError) in
      try lockForReading(id, key)
      if let buffer = writes(id)?.buffer {
        if let entry = buffer.entry(key) { return entry.value != nil }
        if buffer.isCleared { return false }
      }
      return try base(id, contains: key)
    }
  }

  /// How many keys of a tree it wrote or deleted.
  func writtenCount(_ id: UInt64) -> Int { buffers[id]?.buffer.entries.count ?? 0 }

  /// How many entries a tree has, as this transaction sees it. Looks up each key that it wrote.
  public func count(_ id: UInt64) throws(StorageError) -> UInt64 {
    try using { () throws(StorageError) in
      try lockForReading(id, [(lower: [], upper: nil)])
      guard let buffer = writes(id)?.buffer else { return tree(id).count }
      var count = buffer.isCleared ? 0 : Int64(tree(id).count)
      for entry in buffer.entries {
        var existed = false
        if !buffer.isCleared {
          existed = try buffer.withBytes(entry.key) { (key) throws(StorageError) in
            try base(id, contains: key)
          }
        }
        count += (entry.value != nil ? 1 : 0) - (existed ? 1 : 0)
      }
      return UInt64(max(0, count))
    }
  }

  /// A cursor over a tree as this transaction sees it now; later writes do not move it. It will be asked for
  /// entries in these ranges only.
  public func cursor(
    _ id: UInt64, in ranges: [(lower: [UInt8], upper: [UInt8]?)] = [(lower: [], upper: nil)]
  ) throws(StorageError) -> MergedCursor {
    try using { () throws(StorageError) in
      try lockForReading(id, ranges)
      var buffer = writes(id)?.buffer ?? WriteBuffer()
      let base = TreeCursor(buffer.isCleared ? TreeRoot(id: id) : tree(id), in: store, snapshot: base)
      let order = buffer.sorted()
      return MergedCursor(base: base, buffer: buffer, order: order, transaction: self)
    }
  }

  // MARK: Locks

  /// Locks a tree in a mode that permits at least what `mode` does.
  private func lock(tree id: UInt64, _ mode: LockMode) throws(StorageError) {
    let held = treeModes[id]
    if let held, held.covers(mode) { return }
    try owner.lock(tree: id, mode)
    treeModes[id] = held?.supremum(with: mode) ?? mode
    // Who writes a part of it keeps others from changing it as a whole.
    if storage.transactions.hasChangedWhole(id, since: baseLSN) { throw conflict }
  }

  /// Locks a record that is going to be written, which nobody may have changed since.
  @inline(__always)
  private func lockForWriting(_ id: UInt64, _ key: UnsafeRawBufferPointer) throws(StorageError) {
    if created.contains(id) { return }
    try lock(tree: id, .intentionExclusive)
    if treeModes[id] == .exclusive { return }
    try owner.lock(record: key, of: id, .exclusive)
    if storage.transactions.hasChanged(id, key, since: baseLSN) { throw conflict }
  }

  /// Nobody may have changed a tree since the transaction began.
  private func checkUnchanged(_ id: UInt64) throws(StorageError) {
    if storage.transactions.hasChanged(id, since: baseLSN) { throw conflict }
  }

  /// Locks a tree that is going to be changed as a whole.
  private func lockWhole(_ id: UInt64) throws(StorageError) {
    if created.contains(id) { return }
    try lock(tree: id, .exclusive)
  }

  /// Keeps others from changing a record until this transaction ends, in every isolation level. Throws
  /// ``StorageError/Code/writeConflict`` when somebody has changed it since the transaction began.
  public func share(_ id: UInt64, key: UnsafeRawBufferPointer) throws(StorageError) {
    try using { () throws(StorageError) in
      try lock(tree: id, .intentionShared)
      try owner.lock(record: key, of: id, .shared)
      if storage.transactions.hasChanged(id, key, since: baseLSN) { throw conflict }
    }
  }

  @inline(__always)
  private func lockForReading(_ id: UInt64, _ key: UnsafeRawBufferPointer) throws(StorageError) {
    guard options.isolation == .serializable, !created.contains(id) else { return }
    try lock(tree: id, .intentionShared)
    if treeModes[id]?.covers(.shared) == true { return }
    try owner.lock(record: key, of: id, .shared)
    if storage.transactions.hasChanged(id, key, since: baseLSN) { throw conflict }
  }

  private func lockForReading(
    _ id: UInt64, _ ranges: [(lower: [UInt8], upper: [UInt8]?)]
  ) throws(StorageError) {
    guard options.isolation == .serializable, !created.contains(id) else { return }
    try lock(tree: id, .intentionShared)
    if treeModes[id]?.covers(.shared) == true { return }
    for range in ranges {
      try owner.lock(rangeFrom: range.lower, to: range.upper, of: id)
      guard let base, try storage.isUnchanged(id, since: base, from: range.lower, to: range.upper) else {
        throw conflict
      }
    }
  }

  private var conflict: StorageError {
    StorageError(
      .writeConflict,
      "another transaction has changed what transaction \(number) wants to write, or has read, since it began: "
        + "it was rolled back; try it again")
  }

  // MARK: Writing

  /// Sets a key's value.
  public func put(_ id: UInt64, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)
    throws(StorageError)
  {
    try using { () throws(StorageError) in
      let size = try checkLimits(id, key: key, value: value)
      try lockForWriting(id, key)
      count(size)
      note(id, writable(id).buffer.set(key, value))
    }
  }

  /// Sets the value of a key that must not exist yet. Returns `false`, with nothing changed, when it does.
  public func insert(
    _ id: UInt64, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
  ) throws(StorageError) -> Bool {
    try using { () throws(StorageError) in
      let size = try checkLimits(id, key: key, value: value)
      try lockForWriting(id, key)
      let writes = writable(id)
      let undo = try writes.buffer.insert(key, value) { () throws(StorageError) in
        try base(id, contains: key)
      }
      guard let undo else { return false }
      count(size)
      note(id, undo)
      return true
    }
  }

  /// Deletes a key; it need not exist.
  public func delete(_ id: UInt64, key: UnsafeRawBufferPointer) throws(StorageError) {
    try using { () throws(StorageError) in
      let size = try checkLimits(id, key: key, value: nil)
      try lockForWriting(id, key)
      count(size)
      note(id, writable(id).buffer.set(key, nil))
    }
  }

  /// Checks the limits for one more operation. Returns what it adds to the transaction's size.
  private func checkLimits(
    _ id: UInt64, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?
  ) throws(StorageError) -> Int {
    guard key.count <= StorageLimits.maximumKeyBytes else {
      throw StorageError(
        .limitExceeded,
        "a key of \(key.count) bytes is over the limit of \(StorageLimits.maximumKeyBytes): use a shorter one"
      )
    }
    guard (value?.count ?? 0) <= StorageLimits.maximumValueBytes else {
      throw StorageError(
        .limitExceeded,
        "a value of \(value?.count ?? 0) bytes is over the limit of \(StorageLimits.maximumValueBytes)")
    }
    guard id != TreeRoot.catalogID || (key.first ?? TreeRecord.keyPrefix) != TreeRecord.keyPrefix else {
      throw StorageError(.invalidUse, "catalog keys that begin with a zero byte belong to the engine")
    }
    let size = key.count + (value?.count ?? 0) + 16
    guard byteCount + size <= storage.options.maximumTransactionBytes else {
      throw StorageError(
        .transactionTooLarge,
        "the transaction is over the limit of \(storage.options.maximumTransactionBytes) bytes: split it")
    }
    return size
  }

  private func count(_ size: Int) {
    byteCount += size
    operationCount += 1
  }

  /// Makes a new, empty tree and returns its number.
  public func createTree() throws(StorageError) -> UInt64 {
    try using { () throws(StorageError) in
      guard (base?.version.trees.count ?? 0) + created.count < StorageLimits.maximumTrees else {
        throw StorageError(
          .limitExceeded,
          "\(storage.path) has \(StorageLimits.maximumTrees) trees, which is the limit: drop some")
      }
      let id = storage.nextTree.wrappingAdd(1, ordering: .relaxed).oldValue
      created.append(id)
      operationCount += 1
      journal?.append(.created)
      return id
    }
  }

  /// Removes a tree with all its entries; its number is never used again.
  public func dropTree(_ id: UInt64) throws(StorageError) {
    try using { () throws(StorageError) in
      // What is in it does not matter.
      try lockWhole(id)
      clear(id)
      dropped.append(id)
      journal?.append(.dropped)
    }
  }

  /// Removes all entries of a tree. Nobody may have changed it since the transaction began.
  public func clearTree(_ id: UInt64) throws(StorageError) {
    try using { () throws(StorageError) in
      try lockWhole(id)
      try checkUnchanged(id)
      clear(id)
    }
  }

  private func clear(_ id: UInt64) {
    let writes = writable(id)
    if journal != nil { journal?.append(.cleared(id, writes.buffer)) }
    writes.buffer.clear()
    operationCount += 1
  }

  // MARK: Savepoints

  /// Something that can be taken back.
  private enum Change {
    case touched(UInt64)
    case written(UInt64, WriteBuffer.Undo)
    case cleared(UInt64, WriteBuffer)
    case created
    case dropped
  }

  /// A moment to which a transaction can go back.
  public struct Savepoint: Sendable {
    fileprivate let transaction: UInt64
    /// Counts the savepoints of its transaction.
    fileprivate let serial: UInt64
    fileprivate let changes: Int
    fileprivate let byteCount: Int
    fileprivate let operationCount: Int
    fileprivate let durability: Durability?
  }

  @inline(__always)
  private func note(_ id: UInt64, _ undo: WriteBuffer.Undo) {
    if journal != nil { journal?.append(.written(id, undo)) }
  }

  /// The present moment. From the first one on, what is changed is noted, so that it can be taken back.
  public func savepoint() throws(StorageError) -> Savepoint {
    try using { () throws(StorageError) in
      if journal == nil { journal = [] }
      lastSavepoint += 1
      savepoints.append(lastSavepoint)
      return Savepoint(
        transaction: number, serial: lastSavepoint, changes: journal?.count ?? 0, byteCount: byteCount,
        operationCount: operationCount,
        durability: durability)
    }
  }

  /// Takes everything back that was written since. What was locked since stays locked. The savepoint can be used
  /// again; those after it cannot.
  public func rollback(to savepoint: Savepoint) throws(StorageError) {
    try using { () throws(StorageError) in
      guard let place = place(of: savepoint) else {
        throw StorageError(
          .invalidUse,
          "a savepoint was used in another transaction, or after the transaction had gone back to an earlier one"
        )
      }
      savepoints.removeLast(savepoints.count - place - 1)
      while let count = journal?.count, count > savepoint.changes, let change = journal?.popLast() {
        switch change {
        case .touched(let id):
          buffers[id] = nil
          touched.removeLast()
        case .written(let id, let undo): buffers[id]?.buffer.takeBack(undo)
        case .cleared(let id, let buffer): buffers[id]?.buffer = buffer
        case .created: created.removeLast()
        case .dropped: dropped.removeLast()
        }
      }
      last = nil
      byteCount = savepoint.byteCount
      operationCount = savepoint.operationCount
      durability = savepoint.durability
    }
  }

  /// Forgets a savepoint, and those after it; what was written stays.
  public func release(_ savepoint: Savepoint) {
    guard let place = place(of: savepoint) else { return }
    savepoints.removeLast(savepoints.count - place)
    if savepoints.isEmpty { journal = nil }
  }

  private func place(of savepoint: Savepoint) -> Int? {
    savepoint.transaction == number ? savepoints.lastIndex(of: savepoint.serial) : nil
  }

  // MARK: Committing

  var hasChanges: Bool { operationCount > 0 }

  /// Whether it adds nothing: no tree, and no value that is not dropped again.
  var onlyRemoves: Bool {
    created.isEmpty && buffers.allSatisfy { !$1.buffer.hasValues || dropped.contains($0) }
  }

  /// Whether applying it takes no time that would matter to somebody who waits for it, and cannot fail: a few keys
  /// get values, for which ``readAhead(_:)`` sees to it that all pages are there.
  var isShort: Bool {
    operationCount <= 16 && byteCount <= 16_384 && dropped.isEmpty
      && buffers.allSatisfy { !$1.buffer.isCleared && $1.buffer.onlyPuts }
  }

  /// Reads every page that applying the commit needs, so that nothing can fail then. `root` says where a tree
  /// is now. What it can do without, it asks for when it comes to it: neighbours to merge with, and those that
  /// get the keys of an emptied leaf.
  func readAhead(_ root: (UInt64) -> TreeRoot) throws(StorageError) {
    for id in touched {
      guard let writes = buffers[id], !writes.buffer.isCleared else { continue }
      guard writes.buffer.entries.count > 1 else {
        try writes.buffer.forEachInOrder { (key, _) throws(StorageError) in
          _ = try store.leaf(root(id), for: key)
        }
        continue
      }
      var finder = LeafFinder(root(id), in: store)
      try writes.buffer.forEachInOrder { (key, _) throws(StorageError) in _ = try finder.leaf(for: key) }
    }
  }

  /// What it wrote, for those who ask whether it was changed.
  var writtenRecords: [RecentWrites.Write] {
    var writes: [RecentWrites.Write] = []
    writes.reserveCapacity(min(operationCount, RecentWrites.recordLimit))
    for id in touched {
      guard let written = buffers[id], !created.contains(id) || dropped.contains(id) else { continue }
      guard !written.buffer.isCleared, written.buffer.entries.count <= RecentWrites.recordLimit else {
        writes.append(RecentWrites.Write(tree: id, record: nil))
        continue
      }
      written.buffer.forEachKey {
        writes.append(RecentWrites.Write(tree: id, record: RecentWrites.hash(id, $0)))
      }
    }
    return writes
  }

  /// The trees that lose what they held before.
  var clearedTrees: [UInt64] { touched.filter { buffers[$0]?.buffer.isCleared ?? false } }

  /// The resolved operations: a tree's clearing before its entries, and these in ascending order of their
  /// keys.
  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    for id in created { Operation.appendTree(Operation.Code.createTree, id, to: &bytes) }
    for id in touched {
      guard let writes = buffers[id], !dropped.contains(id) else { continue }
      if writes.buffer.isCleared { Operation.appendTree(Operation.Code.clearTree, id, to: &bytes) }
      writes.buffer.forEachInOrder { key, value in
        Operation.append(tree: id, key: key, value: value, to: &bytes)
      }
    }
    for id in dropped { Operation.appendTree(Operation.Code.dropTree, id, to: &bytes) }
    return bytes
  }
}

/// Looks keys of one tree up as a transaction sees them.
public struct TransactionLookup {
  let transaction: WriteTransaction
  let tree: UInt64
  /// What it reads besides the transaction's own writes, also when the transaction itself sees more meanwhile.
  let base: Snapshot?

  /// Calls `body` with the value of a key, or with `nil`; the bytes are valid during the call.
  public func read(
    _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Void
  ) throws(StorageError) {
    try transaction.withValue(tree, key: key, base: base, body)
  }

  /// Prepares nothing: what the transaction wrote is in memory.
  public func prepare(_ keys: UnsafeBufferPointer<UnsafeRawBufferPointer>) {}

  /// Calls `body` with the value of a key, as ``read(_:_:)``.
  public func read(
    _ place: Int, ofKey key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Void
  ) throws(StorageError) {
    try read(key, body)
  }
}
