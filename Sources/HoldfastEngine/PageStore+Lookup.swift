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
  /// The children of the root that ``leafNumber(for:)`` has met.
  private var children: [Page?] = []
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

  /// Whether a page is what a leaf of the tree has to be.
  func isLeaf(_ page: Page) -> Bool { page.tree == tree.id && page.kind == .leaf }

  /// The number of the leaf where a key is or would be, if the pages above it can be read; `nil` when there are
  /// none.
  mutating func leafNumber(for key: UnsafeRawBufferPointer) -> UInt64? {
    guard tree.height > 1, let top = root ?? (try? store.root(of: tree)) else { return nil }
    root = top
    var page = top
    while page.level > 1 {
      guard let next = child(of: page, at: Node(page).childIndex(key)) else { return nil }
      page = next
    }
    return Node(page).childNumber(Node(page).childIndex(key))
  }

  /// A page's child, which is remembered when the page is the root.
  private mutating func child(of page: Page, at index: Int) -> Page? {
    let isRoot = page === root
    if isRoot, index < children.count, let child = children[index] { return child }
    guard let child = try? store.child(of: Node(page), at: index) else { return nil }
    if isRoot {
      if children.isEmpty { children = Array(repeating: nil, count: Node(page).count) }
      children[index] = child
    }
    return child
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

  private struct Place {
    /// `nil` when the leaf was not in memory.
    var page: Page?
    var search: Node.LeafSearch?
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
    try read(index, of: page, body)
  }

  private func read(
    _ index: Int, of page: Page, _ body: (UnsafeRawBufferPointer?) -> Void
  ) throws(StorageError) {
    let node = Node(page)
    if node.isOverflow(index) {
      let run = try finder.store.overflowRun(of: node, at: index)
      withExtendedLifetime(run) { body(Overflow.value(of: run, length: node.valueLength(index))) }
    } else {
      withExtendedLifetime(page) { body(node.storedValue(index)) }
    }
  }

  // MARK: Several keys

  /// Finds some keys that ``read(_:ofKey:_:)`` will be asked for, as far as their leaves are in memory, and has the
  /// processor fetch their values.
  ///
  /// A search in a leaf that nobody looked at for a while waits for main memory half a dozen times, each time for
  /// what the last wait brought. The waits of different searches can be one: step by step, each step is asked for
  /// all keys before the next one needs it.
  public mutating func prepare(_ count: Int, _ key: (Int) -> UnsafeRawBufferPointer) {
    prepared.removeAll(keepingCapacity: true)
    let cache = finder.store.cache
    withUnsafeTemporaryAllocation(of: UInt64.self, capacity: count) { numbers in
      for place in 0..<count {
        numbers.initializeElement(at: place, to: finder.leafNumber(for: key(place)) ?? 0)
        if numbers[place] != 0 { cache.prefetchPage(numbers[place]) }
      }
      for number in numbers {
        let page = number == 0 ? nil : cache.page(number)
        page.map { Node($0).prefetchHeader() }
        prepared.append(Place(page: page))
      }
    }
    prepared.withUnsafeMutableBufferPointer { places in
      for number in places.indices {
        guard let page = places[number].page, finder.isLeaf(page) else { continue }
        places[number].search = Node.LeafSearch(key(number), in: Node(page))
        Node(page).prefetchCells()
      }
      var isGoingOn = true
      while isGoingOn {
        isGoingOn = false
        for number in places.indices {
          guard let page = places[number].page, var search = places[number].search, search.isGoingOn else {
            continue
          }
          Node(page).step(&search, key(number))
          places[number].search = search
          if search.isGoingOn {
            Node(page).prefetchCell(search)
            isGoingOn = true
          } else if search.isFound {
            Node(page).prefetchRest(search.low)
          }
        }
      }
    }
  }

  /// Calls `body` with the value of one of the keys that were prepared.
  public mutating func read(
    _ place: Int, ofKey key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Void
  ) throws(StorageError) {
    guard place < prepared.count, let page = prepared[place].page, let search = prepared[place].search else {
      return try read(key, body)
    }
    guard search.isFound else { return body(nil) }
    try read(search.low, of: page, body)
  }
}
