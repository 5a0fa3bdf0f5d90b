extension PageStore {
  /// The leaf where a key is or would be; `nil` in an empty tree.
  func leaf(_ tree: TreeRoot, for key: UnsafeRawBufferPointer) throws(StorageError) -> Page? {
    guard !tree.isEmpty else { return nil }
    do throws(StorageError) {
      var page = try root(of: tree)
      while page.level > 0 {
        let node = Node(page)
        page = try child(of: node, at: node.childIndex(key))
      }
      return page
    } catch {
      throw located(error, bounds(tree, of: key))
    }
  }

  /// The keys below the first page on the way to `key` that cannot be read.
  private func bounds(_ tree: TreeRoot, of key: UnsafeRawBufferPointer) -> KeyBounds {
    var bounds = KeyBounds()
    var page = try? root(of: tree)
    while let parent = page, parent.level > 0 {
      let node = Node(parent)
      let index = node.childIndex(key)
      bounds.narrow(node, index)
      page = try? child(of: node, at: index)
    }
    return bounds
  }

  func contains(_ tree: TreeRoot, key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    guard let page = try leaf(tree, for: key) else { return false }
    return Node(page).search(key).found
  }

  /// Calls `body` with the value of a key, or with `nil`; the bytes are valid during the call. Like
  /// ``withValue(_:key:_:)``, but not generic, which spares a caller in another module the cost of a generic
  /// call.
  func read(
    _ tree: TreeRoot, key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Void
  ) throws(StorageError) {
    guard let page = try leaf(tree, for: key) else { return body(nil) }
    let node = Node(page)
    let (index, found) = node.search(key)
    guard found else { return body(nil) }
    if node.isOverflow(index) {
      let run = try overflowRun(of: node, at: index)
      withExtendedLifetime(run) { body(Overflow.value(of: run, length: node.valueLength(index))) }
    } else {
      withExtendedLifetime(page) { body(node.storedValue(index)) }
    }
  }

  /// Calls `body` with the value of a key, or with `nil`; the bytes are valid during the call.
  func withValue<R>(
    _ tree: TreeRoot, key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> R
  ) throws(StorageError) -> R {
    guard let page = try leaf(tree, for: key) else { return body(nil) }
    let node = Node(page)
    let (index, found) = node.search(key)
    guard found else { return body(nil) }
    if node.isOverflow(index) {
      let run = try overflowRun(of: node, at: index)
      return withExtendedLifetime(run) { body(Overflow.value(of: run, length: node.valueLength(index))) }
    }
    return withExtendedLifetime(page) { body(node.storedValue(index)) }
  }
}

/// Finds the leaves of one tree for keys that come more or less in order: as long as the next key belongs to
/// the same leaf, the way down is not walked again. The tree must not change meanwhile.
struct LeafFinder {
  private let store: PageStore
  private let tree: TreeRoot
  /// The leaf, and the pages above it, which hold the bounds.
  private var path: [Page] = []
  /// Keys from `lower` up to, not including, `upper` belong to the leaf; `nil` means without limit.
  private var lower: UnsafeRawBufferPointer?
  private var upper: UnsafeRawBufferPointer?

  init(_ tree: TreeRoot, in store: PageStore) {
    self.tree = tree
    self.store = store
  }

  /// The leaf where a key is or would be; `nil` in an empty tree.
  mutating func leaf(for key: UnsafeRawBufferPointer) throws(StorageError) -> Page? {
    guard !tree.isEmpty else { return nil }
    if let leaf = path.last, lower.map({ compareBytes($0, key) <= 0 }) ?? true,
      upper.map({ compareBytes(key, $0) < 0 }) ?? true
    {
      return leaf
    }
    path.removeAll(keepingCapacity: true)
    (lower, upper) = (nil, nil)
    do throws(StorageError) {
      var page = try store.root(of: tree)
      while page.level > 0 {
        let node = Node(page)
        let index = node.childIndex(key)
        if index > 0 { lower = node.key(index) }
        if index + 1 < node.count { upper = node.key(index + 1) }
        path.append(page)
        page = try store.child(of: node, at: index)
      }
      path.append(page)
      return page
    } catch {
      var bounds = KeyBounds()
      (bounds.lower, bounds.upper) = (lower.map { [UInt8]($0) }, upper.map { [UInt8]($0) })
      // What is here is no way to a leaf.
      path.removeAll(keepingCapacity: true)
      throw store.located(error, bounds)
    }
  }
}
