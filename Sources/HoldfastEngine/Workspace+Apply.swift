extension Workspace {
  /// Applies the operations of one commit, in their order.
  func apply(_ payload: UnsafeRawBufferPointer) throws {
    var reader = OperationReader(payload)
    var tree: TreeRoot?
    var path = Path()
    /// Goes on to another tree, keeping what became of the last one.
    func select(_ id: UInt64) {
      if tree?.id == id { return }
      if let tree { update(tree) }
      tree = self.tree(id)
      path = Path()
    }
    defer { if let tree { update(tree) } }
    while let operation = try reader.next() {
      switch operation {
      case .put(let id, let key, let value):
        select(id)
        if var current = tree.take() {
          defer { tree = current }
          try put(&current, &path, key: key, value: value)
        }
      case .delete(let id, let key):
        select(id)
        path = Path()
        if var current = tree.take() {
          defer { tree = current }
          try remove(&current, key: key)
        }
      case .createTree(let id):
        select(id)
      case .clearTree(let id):
        if let tree { update(tree) }
        tree = nil
        try clear(id)
      case .dropTree(let id):
        if let tree { update(tree) }
        tree = nil
        try clear(id)
        trees[id] = nil
      }
    }
  }
}
