/// What ``Storage/verify()`` found.
public struct VerificationReport: Sendable, Equatable {
  /// Trees that were walked.
  public var trees = 0
  /// Pages that were read and checked.
  public var pages = 0
  /// Entries of all trees.
  public var entries: UInt64 = 0
  /// What is wrong, a sentence each; at most 100 of them.
  public var problems: [String] = []
  /// How many problems there are.
  public var problemCount = 0

  /// Whether everything is as it should be.
  public var isIntact: Bool { problemCount == 0 }

  public init() {}
}

extension Storage {
  /// Reads every page of the newest published state, checks its tag and its structure, and returns what is
  /// wrong. Others may read and write meanwhile.
  public func verify() throws(StorageError) -> VerificationReport {
    let snapshot = try snapshot()
    var walk = TreeWalk(store: store)
    let trees = snapshot.version.trees.values.sorted { $0.id < $1.id }
    withExtendedLifetime(snapshot) { for tree in trees { walk.walk(tree) } }
    forgetDamage(after: walk)
    var report = VerificationReport()
    report.trees = trees.count
    report.pages = walk.reached.count
    report.entries = walk.entries
    report.problems = walk.problems
    report.problemCount = walk.problemCount
    return report
  }

  /// Forgets damage that is none any more, in trees of which each page has just been looked at.
  private func forgetDamage(after walk: TreeWalk) {
    for range in damage where !range.isCutOff && !walk.damaged.contains(range.page) {
      if !walk.incomplete.contains(range.tree) { store.damage.forget(range.page) }
    }
  }

  /// Checks the state that commits work on: all trees as ``verify()`` does, and that every page of the file
  /// is either reached by a tree, or free, or held back, or the free list, and never two of these. For tests,
  /// after each step.
  package func checkInvariants() -> [String] {
    commitLatch.lock()
    defer { commitLatch.unlock() }
    var walk = TreeWalk(store: store)
    for tree in workspace.trees.values { walk.walk(tree) }
    if let run = workspace.freeSpaceRun { walk.note(run.number, run.runLength) }
    for extent in workspace.space.reserved { walk.note(extent.start, Int(extent.count)) }
    let space = workspace.space
    for extent in space.everything { walk.note(extent.start, Int(extent.count)) }
    if walk.problemCount == 0 && !recovery.lostFreeSpace && workspace.leakedSubtrees == 0 {
      // The third key block's page counts also where the file does not reach that far yet.
      let inside = walk.reached.count { $0 < space.highWater }
      if inside != Int(space.highWater) {
        walk.report("\(space.highWater) pages, but only \(inside) of them are accounted for")
      }
    }
    if let highest = walk.reached.max(), highest >= space.highWater,
      !space.reserved.contains(where: { $0.start <= highest && highest < $0.end })
    {
      walk.report("page \(highest) is in use behind the high water mark \(space.highWater)")
    }
    // A page in memory whose number is free would be taken for the next one that gets the number.
    let available = space.availableNumbers
    for page in store.cache.pages(where: { available.contains($0.number) || $0.number >= space.highWater }) {
      walk.report("page \(page.number) is in memory, but free")
    }
    let dirty = store.cache.pages { $0.isDirty }.reduce(0) { $0 + $1.size }
    if dirty != store.cache.dirtyBytes {
      walk.report("\(dirty) dirty bytes, but \(store.cache.dirtyBytes) are counted")
    }
    return walk.problems
  }
}
