import HoldfastEngine

/// Cuts a workload under which a promise was broken down to one in which every part is needed for that.
///
/// Every cut moves the disk operations, so after each one the place of the failure is looked for again.
public struct Shrinker {
  private var best: Trial.Finding
  private let seed: UInt64
  private var runsLeft: Int
  /// How many disk operations lay between the failure and the end of the workload.
  private var distance = 0

  public init(_ finding: Trial.Finding, seed: UInt64, mostRuns: Int = 20_000) {
    best = finding
    self.seed = seed
    runsLeft = mostRuns
  }

  /// The smallest finding that breaks the same promise. Cuts until nothing more can go.
  public mutating func shrink() -> Trial.Finding {
    distance =
      Simulation.run(best.workload, Plan(.nothing, at: 0), seed: seed).operations - best.plan.operation
    tryPlans()
    var before: Workload
    repeat {
      before = best.workload
      cutSteps()
      cutChanges()
      simplifySetup()
    } while best.workload != before && runsLeft > 0
    moveForward()
    return best
  }

  // MARK: Steps

  /// Leaves out ever smaller parts.
  private mutating func cutSteps() {
    var size = max(1, best.workload.steps.count / 2)
    while true {
      var start = 0
      while start < best.workload.steps.count {
        var candidate = best.workload
        candidate.steps.removeSubrange(start..<min(start + size, candidate.steps.count))
        if !accept(candidate) { start += size }
      }
      guard size > 1 else { return }
      size /= 2
    }
  }

  // MARK: Changes

  private mutating func cutChanges() {
    for index in best.workload.steps.indices {
      var position = 0
      while let changes = changes(at: index), position < changes.count {
        var fewer = changes
        fewer.remove(at: position)
        if changes.count > 1, replaceChanges(at: index, fewer) { continue }
        // Each simpler form is simplified further before the next change has its turn.
        let simpler = changes[position].simpler.contains { change in
          var others = changes
          others[position] = change
          return replaceChanges(at: index, others)
        }
        if !simpler { position += 1 }
      }
      if case .commit(let changes, let durability) = best.workload.steps[index], durability != .safe {
        var candidate = best.workload
        candidate.steps[index] = .commit(changes, .safe)
        _ = accept(candidate)
      }
    }
  }

  private func changes(at index: Int) -> [Change]? {
    switch best.workload.steps[index] {
    case .commit(let changes, _), .abort(let changes): changes
    default: nil
    }
  }

  private mutating func replaceChanges(at index: Int, _ changes: [Change]) -> Bool {
    var candidate = best.workload
    switch candidate.steps[index] {
    case .commit(_, let durability): candidate.steps[index] = .commit(changes, durability)
    case .abort: candidate.steps[index] = .abort(changes)
    default: return false
    }
    return accept(candidate)
  }

  // MARK: Setup and plan

  private mutating func simplifySetup() {
    for change: (inout Setup) -> Void in [
      { $0.isEncrypted = false }, { $0.pageSize = 4096 }, { $0.cacheBytes = 256 << 10 },
      { $0.logBudget = 1 << 20 }, { $0.segmentBytes = 16 << 10...64 << 10 },
    ] {
      var candidate = best.workload
      change(&candidate.setup)
      if candidate != best.workload { _ = accept(candidate) }
    }
  }

  /// Plainer plans: nothing wrong at all, and no power failures in recovery.
  private mutating func tryPlans() {
    for plan in [Plan(.nothing, at: 0), Plan(best.plan.kind, at: best.plan.operation)]
    where plan != best.plan && breaks(best.workload, plan) { return }
  }

  /// The earliest place of the failure.
  private mutating func moveForward() {
    var operation = 1
    while operation < best.plan.operation {
      if breaks(best.workload, Plan(best.plan.kind, at: operation, recovery: best.plan.recovery)) { return }
      operation += 1
    }
  }

  // MARK: Trying

  /// Whether the promise is broken under a smaller workload too, wherever the failure must be for that. If
  /// so, that one is the best from then on.
  private mutating func accept(_ candidate: Workload) -> Bool {
    guard runsLeft > 0 else { return false }
    let plan = best.plan
    if plan.kind == .nothing { return breaks(candidate, plan) }
    runsLeft -= 1
    let operations = Simulation.run(candidate, Plan(.nothing, at: 0), seed: seed).operations
    guard operations > 0 else { return false }
    // Most likely it is as far from the end as it was, or near that; else it may be anywhere.
    let likely = max(1, min(operations, operations - distance))
    let places =
      [likely, min(plan.operation, operations)]
      + (1...operations).sorted {
        abs($0 - likely) < abs($1 - likely)
      }
    for place in places where runsLeft > 0 {
      if breaks(candidate, Plan(plan.kind, at: place, recovery: plan.recovery)) {
        distance = operations - place
        return true
      }
    }
    return false
  }

  private mutating func breaks(_ workload: Workload, _ plan: Plan) -> Bool {
    runsLeft -= 1
    guard let violation = Simulation.run(workload, plan, seed: seed).violation,
      violation.promise == best.violation.promise
    else { return false }
    best = Trial.Finding(workload: workload, plan: plan, violation: violation)
    return true
  }
}

extension Change {
  /// Smaller forms of the change, the smallest first.
  fileprivate var simpler: [Change] {
    switch self {
    case .put(let tree, let keys, let size, let mark):
      let ranges = keys.smaller.map { Change.put(tree: tree, keys: $0, size: size, mark: mark) }
      let sizes = [0, size / 2].filter { $0 < size }
      return ranges + sizes.map { .put(tree: tree, keys: keys, size: $0, mark: mark) }
    case .delete(let tree, let keys): return keys.smaller.map { .delete(tree: tree, keys: $0) }
    case .create, .clear, .drop: return []
    }
  }
}

extension Range<Int> {
  fileprivate var smaller: [Range<Int>] {
    guard count > 1 else { return [] }
    let middle = lowerBound + count / 2
    return [
      lowerBound..<middle, middle..<upperBound, lowerBound + 1..<upperBound, lowerBound..<upperBound - 1,
    ]
  }
}
