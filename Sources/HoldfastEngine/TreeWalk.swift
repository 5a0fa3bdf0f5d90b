/// Walks a whole tree and checks what ``docs/format.md`` promises of it.
///
/// The checks: every page is the one its parent refers to (tags and checksums, by reading it), levels fall by
/// one, keys ascend within a page and stay within the bounds that the parents set, no page is reached twice,
/// and the counts in the root agree with what is there.
struct TreeWalk {
  let store: PageStore
  /// Pages reached so far, by all trees that this walk was used for.
  private(set) var reached: Set<UInt64> = []
  private(set) var entries: UInt64 = 0
  private(set) var overflowRuns: UInt64 = 0
  private(set) var problems: [String] = []
  /// More problems than these are only counted.
  private static let problemLimit = 100
  private(set) var problemCount = 0
  /// Pages that could not be read.
  private(set) var damaged: Set<UInt64> = []
  /// Trees of which some pages could not be looked at: those below damaged ones, or a disk did not answer.
  private(set) var incomplete: Set<UInt64> = []

  private var empty: [UInt64] = []

  init(store: PageStore) { self.store = store }

  mutating func walk(_ tree: TreeRoot) {
    let (entriesBefore, runsBefore, problemsBefore) = (entries, overflowRuns, problemCount)
    if !tree.isEmpty {
      do throws(StorageError) {
        let root = try store.root(of: tree)
        walk(root, lower: nil, upper: nil, isRoot: true)
      } catch {
        note(store.located(error, KeyBounds()), tree.id)
        report("tree \(tree.id): \(error)")
      }
    }
    // An emptied leaf stays when the one that would get its keys cannot be read.
    if damaged.isEmpty { for page in empty { report("page \(page) is empty") } }
    empty = []
    guard problemCount == problemsBefore else { return }
    if entries - entriesBefore != tree.count {
      report("tree \(tree.id) has \(entries - entriesBefore) entries, but its root says \(tree.count)")
    }
    if overflowRuns - runsBefore != tree.overflowRuns {
      report(
        "tree \(tree.id) has \(overflowRuns - runsBefore) overflow runs, but its root says \(tree.overflowRuns)"
      )
    }
  }

  private mutating func walk(_ page: Page, lower: [UInt8]?, upper: [UInt8]?, isRoot: Bool) {
    // A page that is reached twice is not walked twice: a forged file could make that endless.
    guard note(page.number, page.runLength) else { return }
    let node = Node(page)
    if node.count == 0 { empty.append(page.number) }
    if !node.isWellFormed(pageSize: store.pageSize) { report("page \(page.number) is malformed") }
    checkOrder(node, lower: lower, upper: upper)
    for index in 0..<node.count {
      do throws(StorageError) {
        if !node.isLeaf {
          let child = try store.child(of: node, at: index)
          let from = index == 0 ? lower : [UInt8](node.key(index))
          let to = index + 1 < node.count ? [UInt8](node.key(index + 1)) : upper
          walk(child, lower: from, upper: to, isRoot: false)
        } else if node.isOverflow(index) {
          let run = try store.overflowRun(of: node, at: index)
          note(run.number, run.runLength)
          overflowRuns += 1
        }
      } catch {
        var bounds = KeyBounds()
        (bounds.lower, bounds.upper) = (lower, upper)
        bounds.narrow(node, index)
        note(node.isLeaf ? error : store.located(error, bounds), page.tree)
        report("\(error)")
      }
    }
    if node.isLeaf { entries += UInt64(node.count) }
  }

  private mutating func checkOrder(_ node: Node, lower: [UInt8]?, upper: [UInt8]?) {
    let start = node.isLeaf ? 0 : 1
    for index in start..<max(start, node.count) {
      let key = node.key(index)
      if index > start && compareBytes(node.key(index - 1), key) >= 0 {
        report("page \(node.page.number): keys \(index - 1) and \(index) are not in order")
      }
      let isLow = lower.map { bound in bound.withUnsafeBytes { compareBytes(key, $0) < 0 } } ?? false
      let isHigh = upper.map { bound in bound.withUnsafeBytes { compareBytes(key, $0) >= 0 } } ?? false
      if isLow || isHigh {
        report("page \(node.page.number): key \(index) is outside the bounds of its parent")
      }
    }
  }

  /// Notes a page that cannot be read: it is in use all the same.
  private mutating func note(_ error: StorageError, _ tree: UInt64) {
    guard let range = error.damage else {
      incomplete.insert(tree)
      return
    }
    if range.level > 0 { incomplete.insert(tree) }
    damaged.insert(range.page)
    note(range.page, range.runLength)
  }

  /// Notes that pages are in use.
  /// Returns whether none was in use before.
  @discardableResult
  mutating func note(_ number: UInt64, _ runLength: Int) -> Bool {
    var isNew = true
    for page in number..<number + UInt64(runLength) where !reached.insert(page).inserted {
      report("page \(page) is reached twice")
      isNew = false
    }
    return isNew
  }

  mutating func report(_ problem: String) {
    problemCount += 1
    if problems.count < TreeWalk.problemLimit { problems.append(problem) }
  }
}
