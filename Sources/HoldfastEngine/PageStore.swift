import HoldfastIO
import Synchronization

/// Finds pages: in the cache, or in the file, checked against the tag that their parent keeps.
///
/// A page in memory has not always its children's tags: a child that was not written yet has none. When
/// children are written, by a checkpoint or by spilling, their tags are noted here; the checkpoint's end
/// copies them into the parents in memory (``resolveReferences(in:)``) and forgets them, but for those of
/// roots, whose parents are the immutable ``Version``s; these are kept until the page is freed. Both happen
/// under `tagLatch`, and so does every look at a reference's tag.
final class PageStore: Sendable {
  let file: any File
  let codec: PageCodec
  let cache: PageCache
  let tagLatch = Latch()
  private let table = TagTable()
  /// Pages read from the file, for statistics.
  let reads = Atomic<UInt64>(0)
  /// What is known to be damaged.
  let damage = DamageTable()

  /// `@unchecked Sendable`: touched under `tagLatch` only.
  private final class TagTable: @unchecked Sendable {
    @exclusivity(unchecked) var tags: [UInt64: PageTag] = [:]
    /// Pages that are, or were, roots.
    @exclusivity(unchecked) var roots: Set<UInt64> = []
  }

  var pageSize: Int { codec.pageSize }

  init(file: any File, codec: PageCodec, cacheBytes: Int) {
    self.file = file
    self.codec = codec
    cache = PageCache(budget: cacheBytes, pageSize: codec.pageSize)
  }

  // MARK: Finding pages

  /// The root page of a tree that has one.
  func root(of tree: TreeRoot) throws(StorageError) -> Page {
    if let page = cache.page(tree.root.number) {
      return try checked(page, tree: tree.id, level: tree.height - 1)
    }
    return try read(rootReference(of: tree), tree: tree.id, level: tree.height - 1)
  }

  /// The reference of a root, with the newest tag that it was written with.
  func rootReference(of tree: TreeRoot) -> PageReference {
    let tag = tagLatch.withLock { () -> PageTag in
      table.tags[tree.root.number] ?? tree.root.tag
    }
    return PageReference(number: tree.root.number, tag: tag)
  }

  /// The child that an internal page refers to.
  func child(of node: Node, at index: Int) throws(StorageError) -> Page {
    let number = node.childNumber(index)
    let level = node.page.level - 1
    if let page = cache.page(number) { return try checked(page, tree: node.page.tree, level: level) }
    return try read(reference(at: node.childReference(index)), tree: node.page.tree, level: level)
  }

  /// A reference in a page in memory, with the tag of what it refers to, if that has ever been written.
  func reference(at pointer: UnsafeMutableRawPointer) -> PageReference {
    tagLatch.withLock {
      var reference = PageReference(at: pointer)
      if reference.tag == .unset {
        reference.tag = table.tags[reference.number] ?? .unset
      }
      return reference
    }
  }

  /// The overflow run that a leaf's cell refers to.
  func overflowRun(of node: Node, at index: Int) throws(StorageError) -> Page {
    let pointer = node.overflowReference(index)
    let number = UnsafeRawPointer(pointer).loadLE(0, as: UInt64.self)
    let length = Overflow.runLength(valueLength: node.valueLength(index), pageSize: pageSize)
    if let page = cache.page(number) {
      guard page.kind == .overflow, page.tree == node.page.tree, page.runLength == length else {
        throw located(
          corrupted(number, .malformed, tree: node.page.tree, runLength: length),
          KeyBounds(only: node.key(index)))
      }
      return page
    }
    do throws(StorageError) {
      let page = try load(reference(at: pointer), runLength: length, tree: node.page.tree)
      guard page.kind == .overflow else {
        throw corrupted(number, .malformed, tree: node.page.tree, runLength: length)
      }
      return cache.insertClean(page)
    } catch {
      throw located(error, KeyBounds(only: node.key(index)))
    }
  }

  private func read(_ reference: PageReference, tree: UInt64, level: Int) throws(StorageError) -> Page {
    do throws(StorageError) {
      let page = try load(reference, runLength: 1, tree: tree)
      guard page.kind == .leaf || page.kind == .internal, (page.kind == .leaf) == (page.level == 0),
        Node(page).isWellFormed(pageSize: pageSize)
      else {
        throw corrupted(reference.number, .malformed, tree: tree)
      }
      return cache.insertClean(try checked(page, tree: tree, level: level))
    } catch {
      var error = error
      error.damage?.level = level
      throw error
    }
  }

  private func checked(_ page: Page, tree: UInt64, level: Int) throws(StorageError) -> Page {
    guard page.tree == tree, page.level == level, page.kind == (level == 0 ? .leaf : .internal) else {
      throw corrupted(page.number, .malformed, tree: tree)
    }
    return page
  }

  /// Reads a page or run from the file, checks it and decrypts it.
  func load(_ reference: PageReference, runLength: Int, tree: UInt64) throws(StorageError) -> Page {
    guard reference.isPlausible else {
      throw corrupted(reference.number, .malformed, tree: tree)
    }
    guard !reference.isCutOff else { throw cutOff(reference, tree: tree) }
    let page = Page(number: reference.number, runLength: runLength, pageSize: pageSize, creation: 0)
    let offset = reference.number * UInt64(pageSize)
    do {
      let count = try file.readFully(into: page.buffer, at: offset)
      reads.wrappingAdd(1, ordering: .relaxed)
      guard count == page.size else { throw DamagedRange.Fault.damaged }
      try codec.open(page, tag: reference.tag)
    } catch let error as IOError where error.isClosed {
      throw StorageError(.closed, "\(file.path) was closed: open it again")
    } catch let error as IOError {
      throw StorageError(error, while: "reading page \(reference.number)")
    } catch let fault as DamagedRange.Fault {
      throw corrupted(reference.number, fault, tree: tree, runLength: runLength)
    } catch {
      throw StorageError(.ioFailed, "reading page \(reference.number) failed: \(error)")
    }
    guard page.tree == tree else {
      throw corrupted(reference.number, .malformed, tree: tree, runLength: runLength)
    }
    return page
  }

  func corrupted(
    _ number: UInt64, _ fault: DamagedRange.Fault, tree: UInt64, runLength: Int = 1
  ) -> StorageError {
    let what: String =
      switch fault {
      case .damaged: "is damaged: its bytes are not those that were written"
      case .stale: "is not the version that its parent refers to: a write was lost or went to another place"
      case .malformed: "has a valid checksum but an impossible content"
      }
    var error = StorageError(
      .corrupted,
      "page \(number) of \(file.path) (offset \(number &* UInt64(pageSize)), tree \(tree)) \(what); "
        + "run 'holdfast verify' to see how much is affected, and restore that data from a backup")
    error.damage = DamagedRange(tree: tree, page: number, runLength: runLength, fault: fault)
    return error
  }

  private func cutOff(_ reference: PageReference, tree: UInt64) -> StorageError {
    let number = reference.page
    var error = StorageError(
      .corrupted,
      "page \(number) of \(file.path) (offset \(number &* UInt64(pageSize)), tree \(tree)) was found damaged when "
        + "commits had to be applied to it; these were set aside in the quarantine folder beside the file: restore "
        + "that data from a backup")
    error.damage = DamagedRange(tree: tree, page: number, fault: .damaged, isCutOff: true)
    return error
  }

  /// Completes an error about a damaged page with the keys that it concerns, and notes the page.
  func located(_ error: StorageError, _ bounds: @autoclosure () -> KeyBounds) -> StorageError {
    guard var range = error.damage else { return error }
    let bounds = bounds()
    (range.lower, range.upper) = (bounds.lower, bounds.upper)
    damage.note(range)
    var error = error
    error.damage = range
    return error
  }

  // MARK: Tags

  /// Notes the tags of pages that were just written.
  func noteTags(_ written: [(number: UInt64, tag: PageTag)]) {
    tagLatch.withLock {
      for (number, tag) in written { table.tags[number] = tag }
    }
  }

  /// Notes that a page is the root of a tree.
  func noteRoot(_ number: UInt64) { _ = tagLatch.withLock { table.roots.insert(number) } }

  /// The tag of a page that was written since its parent last learnt it.
  func tag(of number: UInt64) -> PageTag { tagLatch.withLock { table.tags[number] ?? .unset } }

  /// Copies known tags into the unset references of pages in memory. The caller holds the commit latch, so
  /// that no page is being copied meanwhile.
  func resolveReferences(in pages: [Page]) {
    tagLatch.withLock {
      for page in pages {
        page.forEachReference { pointer in
          let reference = PageReference(at: pointer)
          guard reference.tag == .unset else { return }
          table.tags[reference.number]?.store(at: pointer + 8)
        }
      }
    }
  }

  /// Forgets the tags that every parent in memory now has.
  func forgetResolvedTags() {
    tagLatch.withLock { table.tags = table.tags.filter { table.roots.contains($0.key) } }
  }

  /// Forgets the tags of pages that were not written after all.
  func forgetTags(of pages: [Page]) {
    tagLatch.withLock { for page in pages { table.tags[page.number] = nil } }
  }

  /// Forgets everything: another checkpoint is going to be read.
  func reset() {
    cache.removeAll()
    damage.removeAll()
    tagLatch.withLock {
      table.tags = [:]
      table.roots = []
    }
  }

  /// Forgets everything about a page whose number is free again.
  func forget(_ number: UInt64) {
    cache.remove(number)
    damage.forget(number)
    tagLatch.withLock {
      if !table.tags.isEmpty { table.tags[number] = nil }
      table.roots.remove(number)
    }
  }
}

extension Page {
  /// Calls `body` with the place of every reference to another page: children, overflow runs and, in the
  /// catalog, roots of trees.
  func forEachReference(_ body: (UnsafeMutableRawPointer) -> Void) {
    let node = Node(self)
    switch kind {
    case .internal:
      for index in 0..<node.count { body(node.childReference(index)) }
    case .leaf:
      if flags & PageFormat.flagReferences != 0 {
        for index in 0..<node.count where node.isOverflow(index) { body(node.overflowReference(index)) }
      }
      if tree == TreeRoot.catalogID {
        for index in 0..<node.count {
          if let pointer = TreeRecord.reference(in: node, at: index) { body(pointer) }
        }
      }
    default:
      break
    }
  }
}
