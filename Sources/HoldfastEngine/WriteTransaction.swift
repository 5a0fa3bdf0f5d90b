import HashTreeCollections

/// A transaction that may write: reads from the newest state, and keeps what it writes to itself until it commits.
///
/// Made by ``Storage/write(_:)``, and of no use after that call returned. Not `Sendable`: it belongs to the thread
/// that runs the call.
public final class WriteTransaction {
  let storage: Storage
  private let trees: TreeDictionary<UInt64, TreeRoot>
  private var store: PageStore { storage.store }
  private var buffers: [UInt64: WriteBuffer] = [:]
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

  private func tree(_ id: UInt64) -> TreeRoot { trees[id] ?? TreeRoot(id: id) }

  /// Ends the transaction's use.
  func end() { isEnded = true }

  private func checkUse() throws(StorageError) {
    guard !isEnded else {
      throw StorageError(.invalidUse, "a transaction was used after it had ended; use it only inside its closure")
    }
  }

  /// Asks for at least this durability of the commit.
  public func require(_ wanted: Durability) {
    durability = durability.map { Durability.strongest($0, wanted) } ?? wanted
  }

  // MARK: Reading

  /// Calls `body` with the value of a key, as this transaction sees it, or with `nil`. The bytes are valid during
  /// the call.
  public func withValue<R>(
    _ id: UInt64, key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> R
  ) throws(StorageError) -> R {
    try checkUse()
    if let buffer = buffers[id] {
      if let entry = buffer.entry(key) {
        guard let value = entry.value else { return body(nil) }
        return buffer.withBytes(value) { body($0) }
      }
      if buffer.isCleared { return body(nil) }
    }
    return try store.withValue(tree(id), key: key, body)
  }

  /// Whether a key exists, as this transaction sees it.
  public func contains(_ id: UInt64, key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    try checkUse()
    if let buffer = buffers[id] {
      if let entry = buffer.entry(key) { return entry.value != nil }
      if buffer.isCleared { return false }
    }
    return try store.contains(tree(id), key: key)
  }

  /// How many entries a tree has, as this transaction sees it. Looks up each key that it wrote.
  public func count(_ id: UInt64) throws(StorageError) -> UInt64 {
    try checkUse()
    guard let buffer = buffers[id] else { return tree(id).count }
    var count = buffer.isCleared ? 0 : Int64(tree(id).count)
    for entry in buffer.entries {
      let root = tree(id)
      let store = store
      var existed = false
      if !buffer.isCleared {
        let result: Result<Bool, StorageError> = buffer.withBytes(entry.key) { key in
          do throws(StorageError) { return .success(try store.contains(root, key: key)) } catch { return .failure(error) }
        }
        existed = try result.get()
      }
      count += (entry.value != nil ? 1 : 0) - (existed ? 1 : 0)
    }
    return UInt64(max(0, count))
  }

  /// A cursor over a tree as this transaction sees it now; later writes do not move it.
  public func cursor(_ id: UInt64) throws(StorageError) -> MergedCursor {
    try checkUse()
    let isCleared = buffers[id]?.isCleared ?? false
    let base = TreeCursor(isCleared ? TreeRoot(id: id) : tree(id), in: store, snapshot: nil)
    let order = buffers[id]?.sorted() ?? []
    return MergedCursor(base: base, buffer: buffers[id] ?? WriteBuffer(), order: order)
  }

  // MARK: Writing

  /// Sets a key's value.
  public func put(_ id: UInt64, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) throws(StorageError) {
    try write(id, key: key, value: value)
  }

  /// Deletes a key; it need not exist.
  public func delete(_ id: UInt64, key: UnsafeRawBufferPointer) throws(StorageError) {
    try write(id, key: key, value: nil)
  }

  private func write(
    _ id: UInt64, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer?
  ) throws(StorageError) {
    try checkUse()
    guard key.count <= StorageLimits.maximumKeyBytes else {
      throw StorageError(
        .limitExceeded,
        "a key of \(key.count) bytes is over the limit of \(StorageLimits.maximumKeyBytes): use a shorter one")
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
    byteCount += size
    operationCount += 1
    touch(id)
    buffers[id, default: WriteBuffer()].set(key, value)
  }

  private func touch(_ id: UInt64) {
    if buffers[id] == nil { touched.append(id) }
  }

  /// Makes a new, empty tree and returns its number.
  public func createTree() throws(StorageError) -> UInt64 {
    try checkUse()
    let id = try storage.takeTreeID()
    created.append(id)
    operationCount += 1
    return id
  }

  /// Removes a tree with all its entries; its number is never used again.
  public func dropTree(_ id: UInt64) throws(StorageError) {
    try checkUse()
    touch(id)
    buffers[id, default: WriteBuffer()].clear()
    dropped.append(id)
    operationCount += 1
  }

  /// Removes all entries of a tree.
  public func clearTree(_ id: UInt64) throws(StorageError) {
    try checkUse()
    touch(id)
    buffers[id, default: WriteBuffer()].clear()
    operationCount += 1
  }

  // MARK: Committing

  var hasChanges: Bool { operationCount > 0 }

  /// The trees whose pages the commit is going to change.
  func forEachKey(_ body: (UInt64, UnsafeRawBufferPointer) throws(StorageError) -> Void) throws(StorageError) {
    for id in touched {
      guard let buffer = buffers[id], !buffer.isCleared else { continue }
      for entry in buffer.entries {
        let result: Result<Void, StorageError> = buffer.withBytes(entry.key) { key in
          do throws(StorageError) { return .success(try body(id, key)) } catch { return .failure(error) }
        }
        try result.get()
      }
    }
  }

  /// The trees that lose what they held before.
  var clearedTrees: [UInt64] { touched.filter { buffers[$0]?.isCleared ?? false } }

  /// The resolved operations: a tree's clearing before its entries, and these in ascending order of their keys.
  func encoded() -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(byteCount)
    for id in created { Operation.appendTree(Operation.Code.createTree, id, to: &bytes) }
    for id in touched {
      guard var buffer = buffers[id] else { continue }
      if dropped.contains(id) { continue }
      if buffer.isCleared { Operation.appendTree(Operation.Code.clearTree, id, to: &bytes) }
      for index in buffer.sorted() {
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
