import HoldfastTestSupport

/// Runs workloads with plans, and looks whether every promise was kept.
public enum Simulation {
  /// How a run ended.
  public struct Outcome: Sendable {
    /// The promise that was broken, if one was.
    public var violation: Violation?
    /// How many disk operations the workload took until it was over.
    public var operations = 0
    /// How many the opening after the crash took.
    public var recoveryOperations = 0
    /// All disk operations, with those of recovery and checks, when they were asked for.
    public var trace: [TracedOperation] = []
  }

  /// Runs a workload as a plan says, recovers, and checks. The same arguments always take the same course.
  ///
  /// `lie` is something that a disk must not do, at the plan's operation: then a promise may well be broken,
  /// and should be seen to be.
  public static func run(
    _ workload: Workload, _ plan: Plan, seed: UInt64, isTraced: Bool = false, lie: Fault? = nil
  ) -> Outcome {
    var outcome = Outcome()
    do {
      let run = try Run(workload, seed: seed, isLasting: plan.isLasting)
      run.disk.traceLimit = isTraced ? 100_000 : 0
      defer { outcome.trace = run.disk.trace }
      // Every place has a crash of its own.
      var seeds = SplitMix64(seed: seed &+ UInt64(truncatingIfNeeded: plan.operation) &* 0x9E37_79B9)
      run.disk.reseedCrashes(seeds.next())
      let before = run.disk.operationCount
      if let fault = lie ?? plan.fault { run.disk.schedule(fault, at: before + plan.operation) }
      try run.play()
      outcome.operations = run.disk.operationCount - before
      try end(run, plan, drawn: seeds.next())
      outcome.recoveryOperations = try run.checkRecovery(failingAt: plan.recovery)
    } catch let violation as Violation {
      outcome.violation = violation
    } catch {
      outcome.violation = Violation(.works, "\(error)")
    }
    return outcome
  }

  private static func end(_ run: Run, _ plan: Plan, drawn: UInt64) throws {
    let isDown = run.disk.isDown
    run.disk.clearFaults()
    if !isDown { try run.checkVisible() }
    if plan.kind == .nothing, run.failures > 0 {
      throw Violation(.unprovoked, "\(run.failures) calls failed")
    }
    run.letGo()
    let isKill = plan.kind == .kill || (plan.leavesProcess && plan.kind != .sync && drawn % 2 == 0)
    if isKill { run.disk.killProcess() } else { run.disk.crash() }
  }
}
