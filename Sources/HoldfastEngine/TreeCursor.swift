/// A place in one version of a tree, moving in both directions.
///
/// Holds the pages from the root to its leaf. Make one with ``Snapshot/cursor(_:)``. Not for use by several
/// threads at once.
///
/// When a page cannot be read, the call throws and the cursor stands at that page, with no entry to read:
/// ``next()`` goes on behind it and ``previous()`` before it.
public struct TreeCursor {
  private let store: PageStore
  private let tree: TreeRoot
  /// Keeps the version's pages from being reused.
  private let snapshot: Snapshot?
  private var path: [(page: Page, index: Int)] = []
  private var run: Page?

  init(_ tree: TreeRoot, in store: PageStore, snapshot: Snapshot?) {
    self.tree = tree
    self.store = store
    self.snapshot = snapshot
  }

  /// Whether the cursor is at an entry.
  public var isValid: Bool { !path.isEmpty }

  // MARK: Moving

  /// Goes to the first entry. Returns whether there is one.
  @discardableResult
  public mutating func first() throws(StorageError) -> Bool {
    reset()
    guard !tree.isEmpty else { return false }
    return try locating { (cursor) throws(StorageError) in
      if try cursor.descend(from: try cursor.store.root(of: cursor.tree), toEnd: false) { return true }
      return try cursor.step(by: 1)
    }
  }

  /// Goes to the last entry. Returns whether there is one.
  @discardableResult
  public mutating func last() throws(StorageError) -> Bool {
    reset()
    guard !tree.isEmpty else { return false }
    return try locating { (cursor) throws(StorageError) in
      if try cursor.descend(from: try cursor.store.root(of: cursor.tree), toEnd: true) { return true }
      return try cursor.step(by: -1)
    }
  }

  /// Goes to the first entry whose key is not below `key`. Returns whether there is one.
  @discardableResult
  public mutating func seek(_ key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    reset()
    guard !tree.isEmpty else { return false }
    return try locating { (cursor) throws(StorageError) in
      if try cursor.find(key) { return true }
      if let (leaf, index) = cursor.path.last, index < Node(leaf).count { return true }
      return try cursor.step(by: 1)
    }
  }

  /// Goes to where a key is or would be. Returns whether it is there.
  private mutating func find(_ key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    var page = try store.root(of: tree)
    while page.level > 0 {
      let node = Node(page)
      let index = node.childIndex(key)
      path.append((page, index))
      page = try store.child(of: node, at: index)
    }
    let (index, found) = Node(page).search(key)
    path.append((page, index))
    return found
  }

  /// Goes to the last entry whose key is not above `key`. Returns whether there is one.
  @discardableResult
  public mutating func seekBack(_ key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    reset()
    guard !tree.isEmpty else { return false }
    return try locating { (cursor) throws(StorageError) in
      if try cursor.find(key) { return true }
      return try cursor.step(by: -1)
    }
  }

  /// Goes to the next entry. Returns `false`, and is at no entry, behind the last.
  @discardableResult
  public mutating func next() throws(StorageError) -> Bool { try move(by: 1) }

  /// Goes to the entry before. Returns `false`, and is at no entry, before the first.
  @discardableResult
  public mutating func previous() throws(StorageError) -> Bool { try move(by: -1) }

  private mutating func move(by direction: Int) throws(StorageError) -> Bool {
    guard isValid else { return false }
    let last = path.count - 1
    let next = path[last].index + direction
    let page = path[last].page
    if page.level == 0, next >= 0, next < Node(page).count {
      path[last].index = next
      run = nil
      return true
    }
    return try locating { (cursor) throws(StorageError) in try cursor.step(by: direction) }
  }

  /// Moves, and completes the error when that fails: the path then ends above the page that cannot be read.
  @inline(__always)
  private mutating func locating(
    _ move: (inout TreeCursor) throws(StorageError) -> Bool
  ) throws(StorageError) -> Bool {
    do throws(StorageError) {
      return try move(&self)
    } catch {
      throw store.located(error, KeyBounds(path))
    }
  }

  private mutating func reset() {
    path.removeAll(keepingCapacity: true)
    run = nil
  }

  private mutating func step(by direction: Int) throws(StorageError) -> Bool {
    run = nil
    let leaf = path.last?.page
    var empty = 0
    while let (page, index) = path.popLast() {
      let next = index + direction
      guard next >= 0 && next < Node(page).count else { continue }
      path.append((page, next))
      if page.level == 0 { return true }
      // Only an empty leaf, which there is only beside a damaged one, lets the loop go on.
      if try descend(from: try store.child(of: Node(page), at: next), toEnd: direction < 0) {
        try checkOrder(after: leaf, direction)
        return true
      }
      empty += 1
      guard empty <= TreeCursor.emptyLimit else {
        reset()
        throw store.corrupted(page.number, .malformed, tree: tree.id)
      }
    }
    return false
  }

  /// More empty leaves in a row are in forged files only.
  private static let emptyLimit = 1000

  /// Keys rise from leaf to leaf. In a forged file, in which pages refer to the same page again and again, a
  /// scan that did not look would take as good as for ever.
  private mutating func checkOrder(after before: Page?, _ direction: Int) throws(StorageError) {
    guard let before, before.level == 0, let leaf = path.last?.page, Node(before).count > 0 else { return }
    guard compareBytes(Node(before).key(0), Node(leaf).key(0)).signum() == -direction else {
      reset()
      throw store.corrupted(leaf.number, .malformed, tree: tree.id)
    }
  }

  /// Goes down along the first or the last slots.
  private mutating func descend(from start: Page, toEnd: Bool) throws(StorageError) -> Bool {
    var page = start
    while true {
      let node = Node(page)
      let index = toEnd ? node.count - 1 : 0
      path.append((page, index))
      if page.level == 0 {
        if node.count > 0 { return true }
        path.removeLast()
        return false
      }
      page = try store.child(of: node, at: index)
    }
  }

  // MARK: Reading

  /// The key and the value at the cursor; the bytes are valid during the call. Reads the value's overflow run
  /// first when it has one.
  public mutating func withEntry<R>(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> R
  ) throws -> R? {
    guard let (page, index) = path.last, page.level == 0 else { return nil }
    let node = Node(page)
    if node.isOverflow(index) {
      let run = try self.run ?? store.overflowRun(of: node, at: index)
      self.run = run
      return try withExtendedLifetime((page, run)) {
        try body(node.key(index), Overflow.value(of: run, length: node.valueLength(index)))
      }
    }
    return try withExtendedLifetime(page) { try body(node.key(index), node.storedValue(index)) }
  }

  /// Calls `body` with the key and the value at the cursor, for callers to whom each call counts. Returns whether
  /// the cursor is at an entry.
  public mutating func read(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) throws(StorageError) -> Bool {
    guard let (page, index) = path.last, page.level == 0 else { return false }
    let node = Node(page)
    if node.isOverflow(index) {
      let run = if let run { run } else { try store.overflowRun(of: node, at: index) }
      self.run = run
      withExtendedLifetime((page, run)) {
        body(node.key(index), Overflow.value(of: run, length: node.valueLength(index)))
      }
    } else {
      withExtendedLifetime(page) { body(node.key(index), node.storedValue(index)) }
    }
    return true
  }

  /// Goes on to the next entries as long as they are in the same leaf, their values included, and their keys below a
  /// bound, and calls `body` with each. Returns how many there were, at most `limit`; the cursor is at the last.
  public mutating func readOn(
    _ limit: Int, below bound: UnsafeRawBufferPointer?,
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) -> Int {
    guard let (page, index) = path.last, page.level == 0 else { return 0 }
    let node = Node(page)
    let end = min(index + 1 + limit, node.count)
    var next = index + 1
    withExtendedLifetime(page) {
      while next < end, !node.isOverflow(next) {
        let key = node.key(next)
        if let bound, compareBytes(key, bound) >= 0 { break }
        body(key, node.storedValue(next))
        next += 1
      }
    }
    let count = next - index - 1
    if count > 0 {
      path[path.count - 1].index = next - 1
      run = nil
    }
    return count
  }

  /// The key and the value at the cursor when the value is in the leaf.
  func withInlineEntry<R>(_ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> R) -> R? {
    guard let (page, index) = path.last, page.level == 0, !Node(page).isOverflow(index) else { return nil }
    return withExtendedLifetime(page) { body(Node(page).key(index), Node(page).storedValue(index)) }
  }

  /// The key at the cursor; the bytes are valid during the call. Reads nothing.
  public func withKey<R>(_ body: (UnsafeRawBufferPointer) -> R) -> R? {
    guard let (page, index) = path.last, page.level == 0 else { return nil }
    return withExtendedLifetime(page) { body(Node(page).key(index)) }
  }

  /// The key at the cursor, copied.
  public var key: [UInt8]? { withKey { [UInt8]($0) } }
}
