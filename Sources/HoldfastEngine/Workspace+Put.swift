extension Workspace {
  /// The pages from a root down to a leaf, all writable, and the slot taken in each internal one.
  struct Path {
    var steps: [(page: Page, index: Int)] = []
    /// The last page: a leaf.
    var leaf: Page?
    /// Keys below this one belong to the leaf, or are unlimited when `nil`. Points into a page of the path.
    var upperBound: UnsafeRawBufferPointer?

    /// Whether the leaf is the last of its tree.
    var isRightmost: Bool { upperBound == nil }

    /// Whether a key belongs to the leaf.
    func covers(_ key: UnsafeRawBufferPointer) -> Bool {
      guard let leaf, Node(leaf).count > 0, compareBytes(key, Node(leaf).key(0)) >= 0 else { return false }
      return upperBound.map { compareBytes(key, $0) < 0 } ?? true
    }
  }

  /// Inserts or replaces one entry.
  func put(_ id: UInt64, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) throws(StorageError) {
    var tree = tree(id)
    var path = Path()
    defer { update(tree) }
    try put(&tree, &path, key: key, value: value)
  }

  /// Inserts or replaces one entry. A path that an earlier call left is used again when the key belongs to
  /// the same leaf, so that ascending keys share the way down; at a tree's end they fill its pages
  /// completely. That is the bulk load.
  func put(
    _ tree: inout TreeRoot, _ path: inout Path, key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer
  ) throws(StorageError) {
    if tree.isEmpty {
      let page = newPage(.leaf, level: 0, tree: tree.id)
      store.noteRoot(page.number)
      tree.root = PageReference(number: page.number, tag: .unset)
      tree.height = 1
      path = Path()
    }
    if !path.covers(key) { try descend(&tree, to: key, &path) }
    guard let page = path.leaf else { return }
    let leaf = Node(page)
    let (index, found) = leaf.search(key)
    if found {
      removeCell(of: leaf, at: index, &tree)
    } else {
      tree.count += 1
    }
    store(value, for: key, in: leaf, at: index, &tree, &path)
  }

  /// Walks to the leaf for a key, making every page on the way writable.
  func descend(
    _ tree: inout TreeRoot, to key: UnsafeRawBufferPointer, _ path: inout Path
  ) throws(StorageError) {
    path.steps.removeAll(keepingCapacity: true)
    path.leaf = nil
    path.upperBound = nil
    var page = try writableRoot(&tree)
    while page.level > 0 {
      let node = Node(page)
      let index = node.childIndex(key)
      if index + 1 < node.count { path.upperBound = node.key(index + 1) }
      path.steps.append((page, index))
      page = try writableChild(of: node, at: index)
    }
    path.leaf = page
  }

  func writableRoot(_ tree: inout TreeRoot) throws(StorageError) -> Page {
    let root = try store.root(of: tree)
    let page = writable(root)
    if page !== root {
      store.noteRoot(page.number)
      tree.root = PageReference(number: page.number, tag: .unset)
    }
    return page
  }

  func writableChild(of node: Node, at index: Int) throws(StorageError) -> Page {
    let child = try store.child(of: node, at: index)
    let page = writable(child)
    if page !== child {
      PageReference(number: page.number, tag: .unset).store(at: node.childReference(index))
    }
    return page
  }

  /// Takes a cell out of a leaf, and gives up its overflow run.
  func removeCell(of leaf: Node, at index: Int, _ tree: inout TreeRoot) {
    if leaf.isOverflow(index) {
      let number = PageReference(at: leaf.overflowReference(index)).number
      retireRun(
        number, runLength: Overflow.runLength(valueLength: leaf.valueLength(index), pageSize: store.pageSize))
      tree.countRunRemoval()
    }
    leaf.remove(at: index)
  }

  /// Puts a value into a leaf, or into an overflow run that the leaf refers to, splitting the leaf when it is
  /// full.
  private func store(
    _ value: UnsafeRawBufferPointer, for key: UnsafeRawBufferPointer, in leaf: Node, at index: Int,
    _ tree: inout TreeRoot, _ path: inout Path
  ) {
    let cellSize = Node.leafCellHeader + key.count + value.count
    if cellSize <= Node.largestInlineCell(pageSize: store.pageSize) {
      insert(key, valueLength: value.count, stored: value, overflow: false, in: leaf, at: index, &tree, &path)
    } else {
      let length = Overflow.runLength(valueLength: value.count, pageSize: store.pageSize)
      let run = newPage(.overflow, level: 0, tree: tree.id, runLength: length)
      Overflow.fill(run, with: value)
      tree.overflowRuns += 1
      var reference: (UInt64, UInt64, UInt64) = (run.number.littleEndian, 0, 0)
      withUnsafeBytes(of: &reference) {
        insert(key, valueLength: value.count, stored: $0, overflow: true, in: leaf, at: index, &tree, &path)
      }
    }
  }

  private func insert(
    _ key: UnsafeRawBufferPointer, valueLength: Int, stored: UnsafeRawBufferPointer, overflow: Bool,
    in leaf: Node, at index: Int, _ tree: inout TreeRoot, _ path: inout Path
  ) {
    if leaf.insertLeaf(at: index, key: key, valueLength: valueLength, stored: stored, overflow: overflow) {
      return
    }
    let size = Node.leafCellHeader + key.count + stored.count
    let point = splitPoint(leaf, inserting: size, at: index, isRightmost: path.isRightmost)
    let right = Node(newPage(.leaf, level: 0, tree: tree.id))
    let goesLeft = index < point
    leaf.moveCells(from: goesLeft ? point - 1 : point, to: right)
    let (target, place) = goesLeft ? (leaf, index) : (right, index - point)
    let fits = target.insertLeaf(
      at: place, key: key, valueLength: valueLength, stored: stored, overflow: overflow)
    assert(fits, "a cell of at most a quarter page fits into half a page")
    let separator = Node.separator(between: leaf.key(leaf.count - 1), and: right.key(0))
    insertSibling(right.page, of: leaf.page, separator: separator, &tree, &path.steps)
    // The bounds and the slots of the path hold no longer.
    path = Path()
  }
}
