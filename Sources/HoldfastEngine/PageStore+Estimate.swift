// Estimates for those who plan: they read one page a level, and no entry is counted.

extension PageStore {
  /// About which part of a tree's entries is below a key, from 0 to 1: on each level all children count as
  /// equally full.
  func part(_ tree: TreeRoot, below key: UnsafeRawBufferPointer) throws(StorageError) -> Double {
    guard !tree.isEmpty else { return 0 }
    var page = try root(of: tree)
    var result = 0.0
    var width = 1.0
    while page.level > 0 {
      let node = Node(page)
      let index = node.childIndex(key)
      width /= Double(max(1, node.count))
      result += width * Double(index)
      page = try child(of: node, at: index)
    }
    let node = Node(page)
    return result + width * Double(node.search(key).index) / Double(max(1, node.count))
  }

  /// Calls `body` with the entry that about this part of a tree's entries lies below; `nil` when there is none
  /// or its value is not in the leaf.
  func withEntry<R>(
    _ tree: TreeRoot, at part: Double, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> R
  ) throws(StorageError) -> R? {
    guard !tree.isEmpty else { return nil }
    var page = try root(of: tree)
    var rest = min(max(part, 0), 1)
    func place(_ count: Int) -> Int {
      let exact = rest * Double(count)
      let index = min(Int(exact), count - 1)
      rest = exact - Double(index)
      return index
    }
    while page.level > 0 {
      let node = Node(page)
      page = try child(of: node, at: place(max(1, node.count)))
    }
    let node = Node(page)
    guard node.count > 0 else { return nil }
    let index = place(node.count)
    guard !node.isOverflow(index) else { return nil }
    return withExtendedLifetime(page) { body(node.key(index), node.storedValue(index)) }
  }
}

extension Snapshot {
  /// How many entries a tree has.
  public func estimatedCount(_ id: UInt64) -> UInt64 { count(id) }

  /// About which part of a tree's entries is below a key, from 0 to 1.
  public func part(_ id: UInt64, below key: UnsafeRawBufferPointer) throws(StorageError) -> Double {
    try storage.checkOpen()
    return try storage.store.part(version.tree(id), below: key)
  }

  /// Calls `body` with the entry that about this part of a tree's entries lies below; `nil` when there is none
  /// or its value is large.
  public func withEntry<R>(
    _ id: UInt64, at part: Double, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> R
  ) throws(StorageError) -> R? {
    try storage.checkOpen()
    return try storage.store.withEntry(version.tree(id), at: part, body)
  }
}

extension WriteTransaction {
  /// About how many entries a tree has: those before the transaction, and those that it wrote.
  public func estimatedCount(_ id: UInt64) -> UInt64 {
    (try? using { () throws(StorageError) in tree(id).count + UInt64(writtenCount(id)) }) ?? 0
  }

  /// About which part of the entries that a tree had before the transaction is below a key, from 0 to 1.
  public func part(_ id: UInt64, below key: UnsafeRawBufferPointer) throws(StorageError) -> Double {
    try using { () throws(StorageError) in try storage.store.part(tree(id), below: key) }
  }

  /// Calls `body` with the entry that about this part of those that a tree had before the transaction lies
  /// below; `nil` when there is none or its value is large.
  public func withEntry<R>(
    _ id: UInt64, at part: Double, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> R
  ) throws(StorageError) -> R? {
    try using { () throws(StorageError) in try storage.store.withEntry(tree(id), at: part, body) }
  }
}
