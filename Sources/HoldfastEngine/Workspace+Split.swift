extension Workspace {
  /// Where to divide a full node that gets one more cell at slot `index`: the cells before the result,
  /// counting the new one, stay. At a tree's right edge only the new cell goes, so that ascending inserts
  /// fill their pages.
  func splitPoint(_ node: Node, inserting size: Int, at index: Int, isRightmost: Bool) -> Int {
    let count = node.count
    if isRightmost && index == count { return count }
    var total = size + 2
    for slot in 0..<count { total += node.cellSize(slot) + 2 }
    var sum = 0
    var point = 0
    while point < count && sum < total / 2 {
      // The new cell is the one at `index`; those behind it have moved up by one.
      let next = point == index ? size : node.cellSize(point < index ? point : point - 1)
      sum += next + 2
      point += 1
    }
    return max(1, min(point, count))
  }

  /// Links a new right sibling into the parent, splitting upwards as far as needed.
  func insertSibling(
    _ right: Page, of left: Page, separator: [UInt8], _ tree: inout TreeRoot,
    _ steps: inout [(page: Page, index: Int)]
  ) {
    let child = PageReference(number: right.number, tag: .unset)
    guard let (page, index) = steps.popLast() else {
      grow(left, right, separator: separator, &tree)
      return
    }
    let parent = Node(page)
    let isInserted = separator.withUnsafeBytes { parent.insertChild(at: index + 1, key: $0, child: child) }
    if isInserted { return }

    let isRightmost = index + 1 == parent.count && steps.allSatisfy { $0.index + 1 == Node($0.page).count }
    let size = Node.internalCellHeader + separator.count
    let point = splitPoint(parent, inserting: size, at: index + 1, isRightmost: isRightmost)
    let sibling = Node(newPage(.internal, level: page.level, tree: tree.id))
    let goesLeft = index + 1 < point
    parent.moveCells(from: goesLeft ? point - 1 : point, to: sibling)
    let (target, place) = goesLeft ? (parent, index + 1) : (sibling, index + 1 - point)
    let fits = separator.withUnsafeBytes { target.insertChild(at: place, key: $0, child: child) }
    assert(fits, "an internal cell fits into half a page")
    insertSibling(sibling.page, of: page, separator: [UInt8](sibling.key(0)), &tree, &steps)
  }

  /// Puts a new root above two pages.
  private func grow(_ left: Page, _ right: Page, separator: [UInt8], _ tree: inout TreeRoot) {
    let root = newPage(.internal, level: left.level + 1, tree: tree.id)
    let node = Node(root)
    let first = node.insertChild(
      at: 0, key: UnsafeRawBufferPointer(start: nil, count: 0),
      child: PageReference(number: left.number, tag: .unset))
    let second = separator.withUnsafeBytes {
      node.insertChild(at: 1, key: $0, child: PageReference(number: right.number, tag: .unset))
    }
    assert(first && second, "two cells fit into an empty page")
    store.noteRoot(root.number)
    tree.root = PageReference(number: root.number, tag: .unset)
    tree.height += 1
  }
}

extension Node {
  /// The shortest key above `left` and not above `right`.
  static func separator(between left: UnsafeRawBufferPointer, and right: UnsafeRawBufferPointer) -> [UInt8] {
    var common = 0
    while common < left.count && common < right.count && left[common] == right[common] { common += 1 }
    return [UInt8](right.prefix(common + 1))
  }
}
