import HashTreeCollections
import HoldfastIO
import Synchronization

/// A transaction that may write: reads from the newest state, and keeps what it writes to itself until it
/// commits.
///
/// Made by ``Storage/write(_:)``, and of no use after that call returned. Not `Sendable`: it belongs to the
/// thread that runs the call.
public final class WriteTransaction {
  let storage: Storage
  private let trees: TreeDictionary<UInt64, TreeRoot>
  private var store: PageStore { storage.store }
  private var buffers: [UInt64: Writes] = [:]
  /// The tree that was used last: its buffer, and where the last key was found in it. Most calls are for the
  /// same tree as the one before, and often for a near key.
  private var last: (id: UInt64, writes: Writes?, finder: LeafFinder)?
  /// Trees in the order in which they were first written.
  private var touched: [UInt64] = []
  private var created: [UInt64] = []
  private var dropped: [UInt64] = []
  private var isEnded = false
  private(set) var byteCount = 0
  /// The strongest durability that was asked for; `nil` when nobody asked.
  private(set) var durability: Durability?
  private(set) var operationCount = 0

  init(_ storage: Storage, trees: TreeDictionary<UInt64, TreeRoot>) {
    self.storage = storage
    self.trees = trees
  }

  func tree(_ id: UInt64) -> TreeRoot { trees[id] ?? TreeRoot(id: id) }

  /// Ends the transaction's use.
  func end() { isEnded = true }

  func checkUse() throws(StorageError) {
    guard !isEnded else {
      throw StorageError(
        .invalidUse, "a transaction was used after it had ended; use it only inside its closure")
    }
  }

  /// Asks for at least this durability of the commit.
  public func require(_ wanted: Durability) {
    durability = durability.map { Durability.strongest($0, wanted) } ?? wanted
  }

  /// A buffer that is found once and then changed in place.
  private final class Writes {
    var buffer = WriteBuffer()
  }

  /// What was written to a tree, if anything.
  private func writes(_ id: UInt64) -> Writes? {
    use(id)
    return last?.writes
  }

  private func use(_ id: UInt64) {
    if last?.id == id { return }
    last = (id, buffers[id], LeafFinder(tree(id), in: store))
  }

  /// The buffer of a tree that is about to be written.
  private func writable(_ id: UInt64) -> Writes {
    if let writes = writes(id) { return writes }
    let writes = Writes()
    buffers[id] = writes
    touched.append(id)
    last?.writes = writes
    return writes
  }

  /// Whether the tree had a key before the transaction.
  private func base(_ id: UInt64, contains key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    use(id)
    guard let page = try last?.finder.leaf(for: key) else { return false }
    return Node(page).search(key).found
  }

  // MARK: Reading

  /// Calls `body` with the value of a key, as this transaction sees it, or with `nil`. The bytes are valid
  /// during the call.
  public func withValue<R>(
    _ id: UInt64, key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> R
  ) throws(StorageError) -> R {
    try checkUse()
    if let buffer = writes(id)?.buffer {
      if let entry = buffer.entry(key) {
        guard let value = entry.value else { return body(nil) }
        return buffer.withBytes(value) { body($0) }
      }
      if buffer.isCleared { return body(nil) }
    }
    return try store.withValue(tree(id), key: key, body)
  }

  /// What finds keys of a tree as this transaction sees it at each call.
  public func lookup(_ id: UInt64) -> TransactionLookup { TransactionLookup(transaction: self, tree: id) }

  /// Whether a key exists, as this transaction sees it.
  public func contains(_ id: UInt64, key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    try checkUse()
    if let buffer = writes(id)?.buffer {
      if let entry = buffer.entry(key) { return entry.value != nil }
      if buffer.isCleared { return false }
    }
    return try base(id, contains: key)
  }

  /// How many keys of a tree it wrote or deleted.
  func writtenCount(_ id: UInt64) -> Int { buffers[id]?.buffer.entries.count ?? 0 }

  /// How many entries a tree has, as this transaction sees it. Looks up each key that it wrote.
  public func count(_ id: UInt64) throws(StorageError) -> UInt64 {
    try checkUse()
    guard let buffer = writes(id)?.buffer else { return tree(id).count }
    var count = buffer.isCleared ? 0 : Int64(tree(id).count)
    for entry in buffer.entries {
      var existed = false
      if !buffer.isCleared {
        existed = try buffer.withBytes(entry.key) { (key) throws(StorageError) in try base(id, contains: key)
        }
      }
      count += (entry.value != nil ? 1 : 0) - (existed ? 1 : 0)
    }
    return UInt64(max(0, count))
  }

  /// A cursor over a tree as this transaction sees it now; later writes do not move it.
  public func cursor(_ id: UInt64) throws(StorageError) -> MergedCursor {
    try checkUse()
    var buffer = writes(id)?.buffer ?? WriteBuffer()
    let base = TreeCursor(buffer.isCleared ? TreeRoot(id: id) : tree(id), in: store, snapshot: nil)
    let order = buffer.sorted()
    return MergedCursor(base: base, buffer: buffer, order: order, transaction: self)
  }

  // MARK: Writing

  /// Sets a key's value.
  public func put(_ id: UInt64, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer)
    throws(StorageError)
  {
    count(try checkLimits(id, key: key, value: value))
    writable(id).buffer.set(key, value)
  }

  /// Sets the value of a key that must not exist yet. Returns `false`, with nothing changed, when it does.
  public func insert(
    _ id: UInt64, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
  ) throws(StorageError) -> Bool {
    let size = try checkLimits(id, key: key, value: value)
    let writes = writable(id)
    let isNew = try writes.buffer.insert(key, value) { () throws(StorageError) in try base(id, contains: key)
    }
    if isNew { count(size) }
    return isNew
  }

  /// Deletes a key; it need not exist.
  public func delete(_ id: UInt64, key: UnsafeRawBufferPointer) throws(StorageError) {
    count(try checkLimits(id, key: key, value: nil))
    writable(id).buffer.set(key, nil)
  }

  /// Checks the limits for one more operation. Returns what it adds to the transaction's size.
  private func checkLimits(
    _ id: UInt64, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?
  ) throws(StorageError) -> Int {
    try checkUse()
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
    try checkUse()
    guard trees.count + created.count < StorageLimits.maximumTrees else {
      throw StorageError(
        .limitExceeded,
        "\(storage.path) has \(StorageLimits.maximumTrees) trees, which is the limit: drop some")
    }
    let id = storage.nextTree.wrappingAdd(1, ordering: .relaxed).oldValue
    created.append(id)
    operationCount += 1
    return id
  }

  /// Removes a tree with all its entries; its number is never used again.
  public func dropTree(_ id: UInt64) throws(StorageError) {
    try checkUse()
    writable(id).buffer.clear()
    dropped.append(id)
    operationCount += 1
  }

  /// Removes all entries of a tree.
  public func clearTree(_ id: UInt64) throws(StorageError) {
    try checkUse()
    writable(id).buffer.clear()
    operationCount += 1
  }

  // MARK: Committing

  var hasChanges: Bool { operationCount > 0 }

  /// Whether it adds nothing: no tree, and no value that is not dropped again.
  var onlyRemoves: Bool {
    created.isEmpty && buffers.allSatisfy { !$1.buffer.hasValues || dropped.contains($0) }
  }

  /// Reads every page that applying the commit needs, so that nothing can fail then. `root` says where a tree
  /// is now. What it can do without, it asks for when it comes to it: neighbours to merge with, and those that
  /// get the keys of an emptied leaf.
  func readAhead(_ root: (UInt64) -> TreeRoot) throws(StorageError) {
    for id in touched {
      guard let writes = buffers[id], !writes.buffer.isCleared else { continue }
      let order = writes.buffer.sorted()
      let buffer = writes.buffer
      var finder = LeafFinder(root(id), in: store)
      for index in order {
        _ = try buffer.withBytes(buffer.entries[index].key) { (key) throws(StorageError) in
          try finder.leaf(for: key)
        }
      }
    }
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
      guard let writes = buffers[id] else { continue }
      let order = writes.buffer.sorted()
      let buffer = writes.buffer
      if dropped.contains(id) { continue }
      if buffer.isCleared { Operation.appendTree(Operation.Code.clearTree, id, to: &bytes) }
      for index in order {
        let entry = buffer.entries[index]
        buffer.withBytes(entry.key) { key in
          if let value = entry.value {
            buffer.withBytes(value) { Operation.append(tree: id, key: key, value: $0, to: &bytes) }
          } else {
            Operation.append(tree: id, key: key, value: nil, to: &bytes)
          }
        }
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

  /// Calls `body` with the value of a key, or with `nil`; the bytes are valid during the call.
  public func read(
    _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Void
  ) throws(StorageError) {
    try transaction.withValue(tree, key: key, body)
  }

  /// Prepares nothing: what the transaction wrote is in memory.
  public func prepare(_ count: Int, _ key: (Int) -> UnsafeRawBufferPointer) {}

  /// Calls `body` with the value of a key, as ``read(_:_:)``.
  public func read(
    _ place: Int, ofKey key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Void
  ) throws(StorageError) {
    try read(key, body)
  }
}
