extension PageStore {
  /// The leaf where a key is or would be; `nil` in an empty tree.
  func leaf(_ tree: TreeRoot, for key: UnsafeRawBufferPointer) throws(StorageError) -> Page? {
    guard !tree.isEmpty else { return nil }
    var page = try root(of: tree)
    while page.level > 0 {
      let node = Node(page)
      page = try child(of: node, at: node.childIndex(key))
    }
    return page
  }

  func contains(_ tree: TreeRoot, key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    guard let page = try leaf(tree, for: key) else { return false }
    return Node(page).search(key).found
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
