extension Workspace {
  func apply(_ payload: [UInt8]) throws { try payload.withUnsafeBytes { try apply($0) } }

  /// Applies the operations of one commit, in their order.
  ///
  /// An operation whose page is damaged throws; with `setAside`, the page is cut off instead, and the
  /// operation is handed to that closure together with what it was cut off for. Commits need the whole
  /// catalog, so its pages are never cut off.
  func apply(
    _ payload: UnsafeRawBufferPointer, setAside: ((Operation, DamagedRange) throws -> Void)? = nil
  ) throws {
    var reader = OperationReader(payload)
    var tree: TreeRoot?
    var path = Path()
    // Its memory goes from commit to commit.
    swap(&path.steps, &spareSteps)
    defer {
      path.steps.removeAll(keepingCapacity: true)
      swap(&path.steps, &spareSteps)
    }
    /// Goes on to another tree, keeping what became of the last one.
    func select(_ id: UInt64) {
      if tree?.id == id { return }
      if let tree { update(tree) }
      tree = self.tree(id)
      path = Path()
    }
    /// Changes the selected tree.
    func change(
      _ operation: Operation, _ key: UnsafeRawBufferPointer,
      _ body: (inout TreeRoot) throws(StorageError) -> Void
    ) throws {
      guard var current = tree.take() else { return }
      defer { tree = current }
      do throws(StorageError) {
        try body(&current)
      } catch {
        guard let setAside, error.damage != nil, current.id != TreeRoot.catalogID else { throw error }
        path = Path()
        try setAside(operation, try cutOff(&current, at: key))
      }
    }
    defer { if let tree { update(tree) } }
    while let operation = try reader.next() {
      switch operation {
      case .put(let id, let key, let value):
        select(id)
        try change(operation, key) { (tree) throws(StorageError) in
          try put(&tree, &path, key: key, value: value)
        }
      case .delete(let id, let key):
        select(id)
        path = Path()
        try change(operation, key) { (tree) throws(StorageError) in try remove(&tree, key: key) }
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

  /// Marks the first page on the way to a key that cannot be read as cut off, in the page above it, so that
  /// nobody takes what it held for the newest state, whatever becomes of its bytes. Returns what is cut off;
  /// one that was already is left as it is.
  private func cutOff(_ tree: inout TreeRoot, at key: UnsafeRawBufferPointer) throws(StorageError)
    -> DamagedRange
  {
    var bounds = KeyBounds()
    let reference: PageReference
    var found: StorageError
    root: do {
      var page: Page
      do throws(StorageError) {
        page = try writableRoot(&tree)
      } catch {
        (reference, found) = (store.rootReference(of: tree), error)
        if error.damage != nil { tree.root = reference.cutOff }
        break root
      }
      while true {
        let node = Node(page)
        guard page.level > 0 else {
          // It can be read now: whoever asks again gets the whole truth.
          throw StorageError(
            .ioFailed, "a page of \(store.file.path) changed while it was read: open it again")
        }
        let index = node.childIndex(key)
        bounds.narrow(node, index)
        do throws(StorageError) {
          page = try writableChild(of: node, at: index)
        } catch {
          let pointer = node.childReference(index)
          (reference, found) = (store.reference(at: pointer), error)
          if error.damage != nil { reference.cutOff.store(at: pointer) }
          break root
        }
      }
    }
    guard found.damage != nil else { throw found }
    if !reference.isCutOff && (found.damage?.level ?? 0) > 0 { leakedSubtrees += 1 }
    found.damage?.isCutOff = true
    found = store.located(found, bounds)
    guard let range = found.damage else { throw found }
    return range
  }
}
