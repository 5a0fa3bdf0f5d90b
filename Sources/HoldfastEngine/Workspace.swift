/// The state that commits are applied to: trees whose pages no reader sees yet.
///
/// A page is changed in place when this working version made it, and copied when an earlier one did, unless
/// ``changeInPlace(above:_:)`` says that nobody can see the earlier one. ``seal(lsn:timestamp:)`` turns the state
/// into a ``Version`` and begins the next. Touched under the commit latch only.
///
/// `@unchecked Sendable`: by that rule.
final class Workspace: @unchecked Sendable {
  let store: PageStore
  // The latch sees to it that nobody else looks while these change, so that need not be checked at run time.
  @exclusivity(unchecked) var trees: TreeMap
  /// The number that the next sealed version will have.
  @exclusivity(unchecked) private(set) var number: UInt64
  /// The first version whose pages nobody else can see, so that they are changed in place.
  @exclusivity(unchecked) private var firstPrivate: UInt64
  /// The last version that was, or is being, written to the file: pages of versions up to it must stay as they are.
  private var frozen: UInt64
  /// The commit being applied; goes into the headers of the pages that it makes.
  @exclusivity(unchecked) var lsn: UInt64
  @exclusivity(unchecked) var space: FreeSpace
  /// Whether something changed since the last seal.
  @exclusivity(unchecked) private(set) var isChanged = false
  /// Trees whose records in the catalog are out of date.
  @exclusivity(unchecked) var touched: Set<UInt64> = []
  /// The pages of trees that the commit being applied clears.
  @exclusivity(unchecked) var doomed: [UInt64: TreePages] = [:]
  /// The run that lists the free pages as of the last checkpoint.
  var freeSpaceRun: (number: UInt64, runLength: Int)?
  /// Empty memory for the next walk down a tree.
  @exclusivity(unchecked) var spareSteps: [(page: Page, index: Int)] = []
  /// Pages that could not be given back because the page that names them is damaged.
  var leakedSubtrees = 0
  /// The damaged ranges as the catalog has them, by page.
  var recordedDamage: [UInt64: DamagedRange] = [:]

  init(
    store: PageStore, trees: TreeMap, number: UInt64, lsn: UInt64, space: FreeSpace
  ) {
    self.store = store
    self.trees = trees
    self.number = number
    firstPrivate = number
    frozen = number - 1
    self.lsn = lsn
    self.space = space
  }

  func tree(_ id: UInt64) -> TreeRoot { trees[id] ?? TreeRoot(id: id) }

  /// Keeps a tree's new root.
  func update(_ tree: TreeRoot) {
    var tree = tree
    tree.changed = lsn
    trees[tree.id] = tree
    touched.insert(tree.id)
    isChanged = true
  }

  /// Makes what was applied so far a version of its own; whatever is applied next copies its pages.
  func seal(lsn: UInt64, timestamp: Int64) -> Version {
    let version = Version(number: number, lsn: lsn, timestamp: timestamp, trees: trees)
    beginVersion()
    isChanged = false
    return version
  }

  /// Goes on as another version, so that pages made so far are copied from now on.
  func beginVersion() {
    number += 1
    firstPrivate = number
  }

  /// Notes that pages of a version, and of those before it, are going to be written.
  func freeze(through version: UInt64) { frozen = max(frozen, version) }

  /// While `body` runs, pages are changed in place that were made after the version `pinned`, which is the last
  /// that anybody reads, and that are not written to the file.
  func changeInPlace<E: Error>(above pinned: UInt64, _ body: () throws(E) -> Void) throws(E) {
    firstPrivate = max(pinned, frozen) + 1
    defer { firstPrivate = number }
    try body()
  }

  /// Goes back to a version, dropping all that was applied after it. Pages that the discarded versions had
  /// retired are reached again.
  func reset(to version: Version) {
    trees = version.trees
    lsn = version.lsn
    space.unhold(retiredAfter: version.number)
    for page in store.cache.pages(where: { $0.creation > version.number }) { free(page) }
    for page in store.cache.pages(where: { $0.retirement != .max && $0.retirement > version.number }) {
      page.retirement = .max
    }
    beginVersion()
    isChanged = false
  }

  // MARK: Pages

  /// A fresh page that only this working version reaches.
  func newPage(_ kind: PageKind, level: Int, tree: UInt64, runLength: Int = 1) -> Page {
    let page = Page(
      number: allocate(runLength), runLength: runLength, pageSize: store.pageSize, creation: number)
    page.format(kind: kind, level: level, tree: tree, lsn: lsn)
    store.cache.insertDirty(page)
    return page
  }

  /// The page itself if nobody else can see it, else a copy of it under a new number.
  func writable(_ page: Page) -> Page {
    if page.creation >= firstPrivate { return page }
    let copy = Page(
      number: allocate(page.runLength), runLength: page.runLength, pageSize: store.pageSize,
      creation: number)
    copy.bytes.copyMemory(from: page.bytes, byteCount: page.size)
    copy.bytes.storeLE(copy.number, PageFormat.number)
    copy.bytes.storeLE(lsn, PageFormat.lsn)
    store.cache.insertDirty(copy)
    retire(page)
    return copy
  }

  /// The number of a free page, or of the first of a free run. What stood there before is no damage any more.
  private func allocate(_ runLength: Int) -> UInt64 {
    let number = space.allocate(runLength)
    if !store.damage.isEmpty {
      for page in number..<number + UInt64(runLength) { store.damage.forget(page) }
    }
    return number
  }

  /// Gives up a page: at once if nobody else can see it, else when no version that reaches it is needed.
  func retire(_ page: Page) {
    if page.creation >= firstPrivate {
      free(page)
    } else {
      page.retirement = number
      hold(page.number, page.runLength, creation: page.creation)
    }
  }

  /// Gives up an overflow run that need not be in memory.
  func retireRun(_ number: UInt64, runLength: Int) {
    // A forged reference must not make the header, or what is behind the end, free.
    let end = number + UInt64(runLength)
    guard end <= space.highWater, !space.reserved.contains(where: { number < $0.end && $0.start < end })
    else {
      leakedSubtrees += 1
      return
    }
    if let page = store.cache.page(number) {
      retire(page)
    } else {
      hold(number, runLength, creation: 0)
    }
  }

  private func hold(_ page: UInt64, _ runLength: Int, creation: UInt64) {
    space.hold(
      FreeSpace.Held(
        extent: Extent(start: page, count: UInt64(runLength)), creation: creation, retirement: number))
  }

  private func free(_ page: Page) {
    store.forget(page.number)
    space.addAvailable(Extent(start: page.number, count: UInt64(page.runLength)))
  }
}
