extension Workspace {
  /// Removes an entry. Returns whether there was one; nothing is copied when there was none.
  @discardableResult
  func remove(_ id: UInt64, key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    let before = tree(id)
    var tree = before
    // Also when it throws: the root may have been copied already.
    defer { if tree != before { update(tree) } }
    return try remove(&tree, key: key)
  }

  @discardableResult
  func remove(_ tree: inout TreeRoot, key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    guard try store.contains(tree, key: key) else { return false }
    var path = Path()
    try descend(&tree, to: key, &path)
    guard let page = path.leaf else { return false }
    let leaf = Node(page)
    let (index, found) = leaf.search(key)
    guard found else { return false }
    removeCell(of: leaf, at: index, &tree)
    tree.countRemoval()
    shrink(page, &tree, &path.steps)
    return true
  }

  /// After cells were taken out of a page: merges it with a neighbour when it is less than a quarter full and
  /// they fit into one page, unlinks it when it is empty, and does the same upwards.
  private func shrink(_ start: Page, _ tree: inout TreeRoot, _ steps: inout [(page: Page, index: Int)]) {
    var page = start
    if Node(start).count == 0 && !hasHeir(steps) { return }
    while let (parentPage, index) = steps.popLast() {
      let node = Node(page)
      if node.count > 0 && node.usedBytes >= Node.capacity(pageSize: page.size) / 4 { break }
      let parent = Node(parentPage)
      if node.count == 0 {
        parent.remove(at: index)
        retire(page)
      } else if !merge(node, at: index, of: parent) {
        break
      }
      page = parentPage
    }
    if steps.isEmpty { lowerRoot(&tree) }
  }

  /// Whether the leaf can be read that the keys of an emptied leaf belong to when it is unlinked: the last one
  /// before it, or the first one behind it. When not, the empty leaf stays, so that damage does not spread and
  /// whatever is put next finds its place.
  private func hasHeir(_ steps: [(page: Page, index: Int)]) -> Bool {
    for (page, index) in steps.reversed() where Node(page).count > 1 {
      let isBefore = index > 0
      guard var heir = try? store.child(of: Node(page), at: isBefore ? index - 1 : 1) else { return false }
      while heir.level > 0 {
        let node = Node(heir)
        guard let next = try? store.child(of: node, at: isBefore ? node.count - 1 : 0) else { return false }
        heir = next
      }
      return true
    }
    return true
  }

  /// Merges a node with its right or its left neighbour. Returns `false` when neither fits, or cannot be
  /// read: merging is never worth failing for.
  private func merge(_ node: Node, at index: Int, of parent: Node) -> Bool {
    for leftIndex in [index, index - 1] where leftIndex >= 0 && leftIndex + 1 < parent.count {
      let siblingIndex = leftIndex == index ? index + 1 : index - 1
      guard let sibling = try? store.child(of: parent, at: siblingIndex) else { continue }
      let separator = [UInt8](parent.key(leftIndex + 1))
      let extra = node.isLeaf ? 0 : separator.count
      guard node.usedBytes + Node(sibling).usedBytes + extra <= Node.capacity(pageSize: store.pageSize) else {
        continue
      }
      let left: Node
      let right: Node
      if leftIndex == index {
        left = node
        right = Node(sibling)
      } else {
        let copy = writable(sibling)
        if copy !== sibling {
          PageReference(number: copy.number, tag: .unset).store(at: parent.childReference(siblingIndex))
        }
        left = Node(copy)
        right = node
      }
      absorb(right, into: left, separator: separator)
      parent.remove(at: leftIndex + 1)
      retire(right.page)
      return true
    }
    return false
  }

  /// Copies the cells of the right neighbour to the end of the left one.
  private func absorb(_ right: Node, into left: Node, separator: [UInt8]) {
    var first = 0
    if !left.isLeaf {
      // The first key of an internal page stands for "lowest"; between two pages it is the parent's
      // separator.
      let child = PageReference(at: right.childReference(0))
      let fits = separator.withUnsafeBytes { left.insertChild(at: left.count, key: $0, child: child) }
      assert(fits, "room was checked before merging")
      first = 1
    }
    for slot in first..<right.count { left.appendCell(right.cellBytes(slot), flags: right.page.flags) }
  }

  /// Drops roots that have a single child, and a root that has nothing.
  private func lowerRoot(_ tree: inout TreeRoot) {
    while !tree.isEmpty, let page = try? store.root(of: tree) {
      let node = Node(page)
      if node.count == 0 {
        retire(page)
        tree.root = .none
        tree.height = 0
      } else if !node.isLeaf && node.count == 1 {
        // The tag as the parent has it. One that is known only since a flush began may be replaced when that
        // flush fails: an unset tag is looked up when it is needed.
        let child = PageReference(at: node.childReference(0))
        store.noteRoot(child.number)
        retire(page)
        tree.root = child
        tree.height -= 1
      } else {
        return
      }
    }
  }

  /// Gives up all pages of a tree. Nothing is changed when a page cannot be read; one that is damaged takes
  /// what is below it out of use, and is counted.
  func clear(_ id: UInt64) throws(StorageError) {
    if doomed[id] == nil { try prepareToClear(id) }
    guard let pages = doomed.removeValue(forKey: id) else { return }
    for extent in pages.extents { retireRun(extent.start, runLength: Int(extent.count)) }
    leakedSubtrees += pages.damaged
    update(TreeRoot(id: id))
  }

  /// Reads ahead what ``clear(_:)`` will need, so that it cannot fail.
  func prepareToClear(_ id: UInt64) throws(StorageError) { doomed[id] = try store.pages(of: tree(id)) }
}

/// All pages of a tree, as far as they can be found.
struct TreePages {
  var extents: [Extent] = []
  /// Pages that are damaged, so that nothing is known of what is below them.
  var damaged = 0
  /// Internal pages, and leaves that were read: a forged file could refer to one again and again.
  var reached: Set<UInt64> = []
}

extension PageStore {
  /// Where the pages of a tree are. Leaves are read only when some of them refer to overflow runs.
  func pages(of tree: TreeRoot) throws(StorageError) -> TreePages {
    var pages = TreePages()
    guard !tree.isEmpty else { return pages }
    pages.extents.append(Extent(start: tree.root.page, count: 1))
    if let root = try undamaged(&pages, { () throws(StorageError) in try self.root(of: tree) }) {
      try collect(root, hasOverflow: tree.overflowRuns > 0, into: &pages)
    }
    return pages
  }

  private func collect(_ page: Page, hasOverflow: Bool, into pages: inout TreePages) throws(StorageError) {
    let node = Node(page)
    for index in 0..<node.count {
      if !node.isLeaf {
        pages.extents.append(
          Extent(start: PageReference(at: node.childReference(index)).page, count: 1))
        // Leaves that refer to nothing need not be read.
        guard page.level > 1 || hasOverflow else { continue }
        if let child = try undamaged(&pages, { () throws(StorageError) in try child(of: node, at: index) }) {
          guard pages.reached.insert(child.number).inserted else {
            throw corrupted(child.number, .malformed, tree: child.tree)
          }
          try collect(child, hasOverflow: hasOverflow, into: &pages)
        }
      } else if node.isOverflow(index) {
        let length = Overflow.runLength(valueLength: node.valueLength(index), pageSize: pageSize)
        pages.extents.append(
          Extent(start: PageReference(at: node.overflowReference(index)).number, count: UInt64(length)))
      }
    }
  }

  /// A page, or `nil` when it is damaged. Other failures may pass, and are thrown.
  private func undamaged(
    _ pages: inout TreePages, _ find: () throws(StorageError) -> Page
  ) throws(StorageError) -> Page? {
    do throws(StorageError) {
      return try find()
    } catch {
      guard error.code == .corrupted else { throw error }
      pages.damaged += 1
      return nil
    }
  }
}
