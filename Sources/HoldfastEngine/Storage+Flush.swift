import HoldfastIO
import Synchronization

extension Storage {
  /// Writes pages to their places: those that others refer to first, so that each can carry the tags of what
  /// it refers to. Neighbours go out in one call. Nothing is synced. Under `checkpointLatch`.
  func flush(_ pages: [Page]) throws(StorageError) {
    let ordered = pages.map { (rank: rank($0), page: $0) }.sorted { a, b in
      (a.rank, a.page.number) < (b.rank, b.page.number)
    }
    var batch = WriteBatch()
    for (_, page) in ordered {
      if !batch.accepts(page, pageSize: store.pageSize) { try write(&batch) }
      try batch.add(page, store)
    }
    try write(&batch)
    counters.pagesWritten.wrappingAdd(UInt64(pages.count), ordering: .relaxed)
  }

  /// Overflow runs, then leaves, then each level above; the catalog, which refers to all roots, in the same
  /// order behind everything else.
  private func rank(_ page: Page) -> Int {
    let level = page.kind == .leaf || page.kind == .internal ? page.level + 1 : 0
    return page.tree == TreeRoot.catalogID ? StorageLimits.maximumHeight + 2 + level : level
  }

  private func write(_ batch: inout WriteBatch) throws(StorageError) {
    guard let first = batch.first else { return }
    do throws(IOError) {
      let result: Result<Void, IOError> = batch.bytes.withUnsafeBytes { bytes in
        do throws(IOError) {
          return .success(try header.file.writeFully(bytes, at: first * UInt64(store.pageSize)))
        } catch { return .failure(error) }
      }
      try result.get()
    } catch {
      let failure = StorageError(error, while: "writing pages of \(path)")
      noteFailedPages(failure)
      throw failure
    }
    breaker.withLock { $0.succeeded() }
    batch.reset()
  }

  // MARK: Spilling

  /// Writes dirty leaves and overflow runs early, so that their memory can be used for something else. They
  /// go to pages that nothing on the disk refers to, and need no sync before the next checkpoint's.
  package func spill() throws(StorageError) {
    checkpointLatch.lock()
    defer { checkpointLatch.unlock() }
    try checkWritable()
    let target = store.cache.budget / 4
    let candidates = commitLatch.withLock {
      let published = versions.current.number
      workspace.freeze(through: published)
      return store.cache.dirtyPages { page in
        guard page.creation <= published else { return false }
        return page.kind == .overflow
          || (page.kind == .leaf && page.tree != TreeRoot.catalogID
            && page.flags & PageFormat.flagReferences == 0)
      }
    }
    var excess = store.cache.dirtyBytes - target
    var chosen: [Page] = []
    for page in candidates where excess > 0 {
      chosen.append(page)
      excess -= page.size
    }
    var batch = WriteBatch()
    var tags: [(number: UInt64, tag: PageTag)] = []
    for page in chosen.sorted(by: { $0.number < $1.number }) {
      if !batch.accepts(page, pageSize: store.pageSize) { try write(&batch) }
      tags.append((page.number, try batch.addSealed(page, store)))
    }
    try write(&batch)
    commitLatch.withLock {
      // A page that was freed meanwhile, and perhaps made anew under the same number, must not get this tag.
      let current = zip(chosen.sorted(by: { $0.number < $1.number }), tags).filter { page, _ in
        store.cache.page(page.number) === page
      }
      store.noteTags(current.map(\.1))
      store.cache.markClean(current.map(\.0))
    }
    counters.pagesSpilled.wrappingAdd(UInt64(chosen.count), ordering: .relaxed)
  }

  /// Called when more than half of the cache is dirty.
  func spillOrWait(_ dirty: Int) {
    if hasMaintenance && dirty < store.cache.budget / 4 * 3 {
      wakeMaintenance()
      return
    }
    relieveCache()
  }

  /// Spills; and when what cannot be spilled takes too much, checkpoints. A failure is no commit's failure:
  /// the pages stay in memory, and the statistics say why.
  func relieveCache() {
    guard store.cache.dirtyBytes > store.cache.budget / 2, !isSuspended else { return }
    do {
      try spill()
      if store.cache.dirtyBytes > store.cache.budget / 2 { try checkpoint() }
    } catch {
      status.withLock { $0.checkpointFailure = error }
    }
  }
}

/// Neighbouring pages on their way to the file.
struct WriteBatch {
  /// The number of the first page.
  private(set) var first: UInt64?
  private var next: UInt64 = 0
  private(set) var bytes: [UInt8] = []

  private static let limit = 1 << 20

  /// Whether a page goes right behind what is here.
  func accepts(_ page: Page, pageSize: Int) -> Bool {
    guard first != nil else { return true }
    return page.number == next && bytes.count < WriteBatch.limit
  }

  /// Adds a page, and notes its tag for whoever refers to it.
  mutating func add(_ page: Page, _ store: PageStore) throws(StorageError) {
    store.noteTags([(page.number, try addSealed(page, store))])
  }

  /// Adds a page, with the tags of what it refers to, and returns its own.
  mutating func addSealed(_ page: Page, _ store: PageStore) throws(StorageError) -> PageTag {
    let copy = Page(number: page.number, runLength: page.runLength, pageSize: store.pageSize, creation: 0)
    store.tagLatch.withLock { copy.bytes.copyMemory(from: page.bytes, byteCount: page.size) }
    store.resolveReferences(in: [copy])
    let tag = try store.codec.seal(copy.buffer, kindFlags: copy.flags)
    if first == nil { first = page.number }
    next = page.number + UInt64(page.runLength)
    bytes.append(contentsOf: UnsafeRawBufferPointer(copy.buffer))
    return tag
  }

  mutating func reset() {
    first = nil
    bytes.removeAll(keepingCapacity: true)
  }
}
