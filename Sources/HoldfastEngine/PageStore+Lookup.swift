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
  func bounds(_ tree: TreeRoot, of key: UnsafeRawBufferPointer) -> KeyBounds {
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
  let store: PageStore
  private let tree: TreeRoot
  /// The root, which is in every way down, the page above the leaf, and the leaf.
  private var root: Page?
  private var parent: Page?
  private var leaf: Page?
  /// The root and the children of it that ``leafNumber(for:)`` has met, kept alive by `kept`, so that no references are
  /// counted.
  private var top: Unmanaged<Page>?
  private var children: [Unmanaged<Page>?] = []
  private var kept: [Page] = []
  /// Where the leaf is in its parent.
  private var index = 0
  /// Whether the leaf is the first, or the last, of the tree.
  private var isFirst = false
  private var isLast = false

  init(_ tree: TreeRoot, in store: PageStore) {
    self.tree = tree
    self.store = store
  }

  /// The leaf where a key is or would be; `nil` in an empty tree.
  mutating func leaf(for key: UnsafeRawBufferPointer) throws(StorageError) -> Page? {
    if let leaf, isInside(leaf, key) { return leaf }
    guard !tree.isEmpty else { return nil }
    leaf = nil
    do throws(StorageError) {
      var page = if let root { root } else { try store.root(of: tree) }
      root = page
      (isFirst, isLast) = (true, true)
      while page.level > 0 {
        let node = Node(page)
        index = node.childIndex(key)
        if index > 0 { isFirst = false }
        if index + 1 < node.count { isLast = false }
        if page.level == 1 { parent = page }
        page = try store.child(of: node, at: index)
      }
      leaf = page
      return page
    } catch {
      throw store.located(error, store.bounds(tree, of: key))
    }
  }

  /// The number of the tree, which its pages have.
  var treeID: UInt64 { tree.id }

  /// The number of the leaf where a key is or would be, if the pages above it can be read; `nil` when there are
  /// none.
  mutating func leafNumber(for key: UnsafeRawBufferPointer) -> UInt64? {
    guard tree.height > 1, let top = top ?? keepTop() else { return nil }
    let index = top._withUnsafeGuaranteedRef { Node($0).childIndex(key) }
    if tree.height == 2 { return top._withUnsafeGuaranteedRef { Node($0).childNumber(index) } }
    guard index < children.count, let child = children[index] ?? keepChild(index) else { return nil }
    if tree.height == 3 {
      return child._withUnsafeGuaranteedRef { Node($0).childNumber(Node($0).childIndex(key)) }
    }
    var page = child.takeUnretainedValue()
    while page.level > 1 {
      guard let next = try? store.child(of: Node(page), at: Node(page).childIndex(key)) else { return nil }
      page = next
    }
    return Node(page).childNumber(Node(page).childIndex(key))
  }

  private mutating func keepTop() -> Unmanaged<Page>? {
    guard let page = root ?? (try? store.root(of: tree)) else { return nil }
    kept.append(page)
    top = Unmanaged.passUnretained(page)
    children = Array(repeating: nil, count: Node(page).count)
    return top
  }

  private mutating func keepChild(_ index: Int) -> Unmanaged<Page>? {
    guard let top, let page = try? store.child(of: Node(top.takeUnretainedValue()), at: index) else {
      return nil
    }
    kept.append(page)
    children[index] = Unmanaged.passUnretained(page)
    return children[index]
  }

  /// Whether a key is surely a matter of the leaf. Where the page above has no bound, the leaf's own keys are
  /// taken, so that it may belong there and not be seen to.
  @inline(__always)
  private func isInside(_ leaf: Page, _ key: UnsafeRawBufferPointer) -> Bool {
    let node = Node(leaf)
    let count = node.count
    if !isFirst {
      if index > 0, let parent {
        if compareBytes(Node(parent).key(index), key) > 0 { return false }
      } else if count == 0 || compareBytes(node.key(0), key) > 0 {
        return false
      }
    }
    if isLast { return true }
    if let parent, index + 1 < Node(parent).count {
      return compareBytes(key, Node(parent).key(index + 1)) < 0
    }
    return count > 0 && compareBytes(key, node.key(count - 1)) <= 0
  }
}

/// Looks keys of one version of a tree up, one after another, for callers to whom each lookup counts. Make one
/// with ``Snapshot/lookup(_:)``. Not for use by several threads at once.
public struct TreeLookup {
  private var finder: LeafFinder
  /// Keeps the version's pages from being reused.
  private let snapshot: Snapshot
  /// Where the keys that were prepared are.
  private var prepared: [Place] = []
  /// Keeps the pages of `prepared` alive, so that no references are counted.
  private var leaves: [Page] = []
  private static let usualCount = 16

  private struct Place {
    /// `nil` when the leaf was not in memory, or is none.
    var leaf: Unmanaged<Page>?
    var search: LeafSearch
  }

  init(_ tree: TreeRoot, _ snapshot: Snapshot) {
    finder = LeafFinder(tree, in: snapshot.storage.store)
    self.snapshot = snapshot
  }

  /// Calls `body` with the value of a key, or with `nil`; the bytes are valid during the call.
  public mutating func read(
    _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Void
  ) throws(StorageError) {
    guard let page = try finder.leaf(for: key) else { return body(nil) }
    let (index, found) = Node(page).search(key)
    guard found else { return body(nil) }
    if withExtendedLifetime(page, { Self.readInline(index, of: page, body) }) { return }
    try readOverflow(index, of: page, body)
  }

  /// Calls `body` with a value that is in the leaf; `false` when it is not.
  @inline(__always)
  private static func readInline(
    _ index: Int, of page: Page, _ body: (UnsafeRawBufferPointer?) -> Void
  ) -> Bool {
    guard !Node(page).isOverflow(index) else { return false }
    body(Node(page).storedValue(index))
    return true
  }

  private func readOverflow(
    _ index: Int, of page: Page, _ body: (UnsafeRawBufferPointer?) -> Void
  ) throws(StorageError) {
    let run = try finder.store.overflowRun(of: Node(page), at: index)
    withExtendedLifetime(run) { body(Overflow.value(of: run, length: Node(page).valueLength(index))) }
  }

  // MARK: Several keys

  /// Finds some keys that ``read(_:ofKey:_:)`` will be asked for, as far as their leaves are in memory, and has the
  /// processor fetch their values.
  ///
  /// A search in a leaf that nobody looked at for a while waits for main memory half a dozen times, each time for
  /// what the last wait brought. The waits of different searches can be one: step by step, each step is asked for
  /// all keys before the next one needs it.
  public mutating func prepare(_ keys: UnsafeBufferPointer<UnsafeRawBufferPointer>) {
    prepared.removeAll(keepingCapacity: true)
    leaves.removeAll(keepingCapacity: true)
    prepared.reserveCapacity(max(keys.count, Self.usualCount))
    leaves.reserveCapacity(max(keys.count, Self.usualCount))
    let cache = finder.store.cache
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: keys.count) { numbers in
      for place in keys.indices {
        numbers.initializeElement(at: place, to: finder.leafNumber(for: keys[place]) ?? 0)
        if numbers[place] != 0 { cache.prefetchPage(numbers[place]) }
      }
      for number in numbers {
        if number != 0, let page = cache.page(number) {
          let search = LeafSearch(page)
          search.prefetchHeader()
          prepared.append(Place(leaf: Unmanaged.passUnretained(page), search: search))
          leaves.append(consume page)
        } else {
          prepared.append(Place(leaf: nil, search: .none))
        }
      }
    }
    let tree = finder.treeID
    prepared.withUnsafeMutableBufferPointer { places in
      for place in places.indices where places[place].leaf != nil {
        if places[place].search.begin(keys[place], inLeafOf: tree) {
          places[place].search.prefetchCells()
        } else {
          places[place].leaf = nil
        }
      }
      var isGoingOn = true
      while isGoingOn {
        isGoingOn = false
        for place in places.indices where places[place].search.isGoingOn {
          places[place].search.step(keys[place])
          places[place].search.prefetchNext()
          if places[place].search.isGoingOn { isGoingOn = true }
        }
      }
    }
  }

  /// Calls `body` with the value of one of the keys that were prepared.
  public mutating func read(
    _ place: Int, ofKey key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Void
  ) throws(StorageError) {
    guard place < prepared.count, let leaf = prepared[place].leaf else { return try read(key, body) }
    let search = prepared[place].search
    guard search.isFound else { return body(nil) }
    if leaf._withUnsafeGuaranteedRef({ Self.readInline(search.low, of: $0, body) }) { return }
    try readOverflow(search.low, of: leaf.takeUnretainedValue(), body)
  }
}
