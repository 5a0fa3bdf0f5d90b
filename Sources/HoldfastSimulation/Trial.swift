import HoldfastTestSupport

/// A workload with one thing that goes wrong at one place, and the power failures in the openings after it.
public struct Trial: Sendable {
  public var workload: Workload
  public var plan: Plan
  /// When above 0: the run is repeated with the power failing at every so many operations of the opening that
  /// follows, and at a drawn one of the opening after that.
  public var recoveryStride: Int

  public init(_ workload: Workload, _ plan: Plan, recoveryStride: Int = 0) {
    self.workload = workload
    self.plan = plan
    self.recoveryStride = recoveryStride
  }

  /// A plan under which a promise was broken.
  public struct Finding: Sendable {
    public var workload: Workload
    public var plan: Plan
    public var violation: Violation

    public init(workload: Workload, plan: Plan, violation: Violation) {
      self.workload = workload
      self.plan = plan
      self.violation = violation
    }
  }

  /// What a trial did.
  public struct Result: Sendable {
    public var runs = 0
    /// Disk operations of the workloads, without those of recoveries and checks.
    public var operations = 0
    public var finding: Finding?

    public init() {}
  }

  /// Runs it, and stops at the first broken promise.
  public func run(seed: UInt64) -> Result {
    var result = Result()
    let first = run(plan, seed, &result)
    guard recoveryStride > 0, result.finding == nil, first.recoveryOperations > 0 else { return result }
    var random = SplitMix64(seed: seed &+ UInt64(truncatingIfNeeded: plan.operation))
    for operation in stride(from: 1, through: first.recoveryOperations, by: recoveryStride) {
      var repeated = plan
      repeated.recovery = [operation, 1 + random.below(first.recoveryOperations)]
      _ = run(repeated, seed, &result)
      if result.finding != nil { break }
    }
    return result
  }

  private func run(_ plan: Plan, _ seed: UInt64, _ result: inout Result) -> Simulation.Outcome {
    let outcome = Simulation.run(workload, plan, seed: seed)
    result.runs += 1
    result.operations += outcome.operations
    if let violation = outcome.violation {
      result.finding = Finding(workload: workload, plan: plan, violation: violation)
    }
    return outcome
  }
}

extension Workload {
  /// How much is tried.
  public enum Coverage: Sendable {
    /// Every kind of failure at every operation; power failures at every operation of the recoveries that
    /// follow every seventh of them.
    case everything
    /// Every kind of failure at so many operations, drawn, one from each part of the run; power failures in
    /// one recovery.
    case sample(Int)
  }

  /// The trials of a workload. Runs it once, to count its operations.
  public func trials(_ coverage: Coverage, seed: UInt64) -> [Trial] {
    let whole = Trial(self, Plan(.nothing, at: 0))
    let operations = Simulation.run(self, whole.plan, seed: seed).operations
    var random = SplitMix64(seed: seed &+ UInt64(steps.count))
    var trials = [whole]
    for kind in Plan.Kind.allCases where kind != .nothing {
      for operation in coverage.places(operations, &random) {
        trials.append(Trial(self, Plan(kind, at: operation)))
      }
    }
    switch coverage {
    case .everything:
      for operation in stride(from: 1, through: operations, by: 7) {
        trials.append(Trial(self, Plan(.power, at: operation), recoveryStride: 1))
      }
    case .sample(let count):
      let place = 1 + random.below(max(1, operations))
      trials.append(Trial(self, Plan(.power, at: place), recoveryStride: max(1, 100 / max(1, count))))
    }
    return trials
  }
}

extension Workload.Coverage {
  fileprivate func places(_ operations: Int, _ random: inout SplitMix64) -> [Int] {
    guard case .sample(let count) = self, count < operations else { return Array(1...max(1, operations)) }
    return (0..<count).map { part in
      let (start, end) = (operations * part / count, operations * (part + 1) / count)
      return start + 1 + random.below(max(1, end - start))
    }
  }
}
