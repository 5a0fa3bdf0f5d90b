import HoldfastSimulation
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

/// Everything that can go wrong, at the disk operations of every workload.
@Suite struct CrashTests {
  /// What is tried: a drawn part of the operations, or with `HOLDFAST_EXHAUSTIVE` all of them.
  private static let coverage = isExhaustive ? Workload.Coverage.everything : .sample(1)

  @Test(
    "power loss, kills, errors and failed syncs at any disk operation, and power loss in the recovery from that, break no promise",
    arguments: Workload.named.map(\.name))
  func everything(name: String) throws {
    let workload = try #require(Workload(name: name))
    let seed = Seeds.first(1)[0]
    for trial in workload.trials(CrashTests.coverage, seed: seed) {
      guard let finding = trial.run(seed: seed).finding else { continue }
      Issue.record(
        """
        \(finding.violation)
        swift run -c release simulate --seed \(seed) --workload \(name) --plan \(finding.plan)
        """)
      return
    }
  }

  @Test("random workloads break no promise either", arguments: Seeds.first(isExhaustive ? 200 : 8))
  func random(seed: UInt64) {
    let workload = Workload.random(seed: seed)
    for trial in workload.trials(.sample(isExhaustive ? 6 : 1), seed: seed) {
      guard let finding = trial.run(seed: seed).finding else { continue }
      Issue.record(
        """
        \(finding.violation)
        swift run -c release simulate --seed \(seed) --workload \(workload.name) --plan \(finding.plan)
        """)
      return
    }
  }

  @Test("the same seed takes the same course")
  func deterministic() {
    for workload in [Workload.random(seed: 5), .random(seed: 6)] {
      let plan = Plan(.power, at: 60, recovery: [20])
      let (first, second) = (
        Simulation.run(workload, plan, seed: 5, isTraced: true),
        Simulation.run(workload, plan, seed: 5, isTraced: true)
      )
      #expect(first.trace == second.trace)
      #expect(first.violation == nil && second.violation == nil)
    }
  }
}

/// The simulation itself: what it prints can be replayed, and what it finds is cut down.
@Suite struct SimulationTests {
  @Test("every workload, setup and plan reads as what was written")
  func texts() throws {
    for workload in Workload.named + (1...50).map({ .random(seed: $0) }) {
      let text = workload.steps.map(\.description).joined(separator: "; ")
      #expect(try Step.steps(text) == workload.steps)
      #expect(try Setup(workload.setup.description) == workload.setup)
    }
    for kind in Plan.Kind.allCases {
      let plan = Plan(kind, at: 7, recovery: [3, 4])
      #expect(try Plan(plan.description) == plan)
    }
    for text in ["put", "safe put 1 2 3", "clock", "safe jump 1", "safe put 1 9..<3 4 5", "batch:1 create 1"]
    {
      #expect(throws: UnreadableText.self) { try Step(text) }
    }
  }

  @Test("a finding is cut down to the steps that it needs")
  func shrinking() throws {
    // A value over the limit fails although nothing went wrong: the one promise that can be broken at will.
    let tooLarge = Change.put(tree: 1, keys: 3..<5, size: StorageLimits.maximumValueBytes + 1, mark: 1)
    var steps = Workload.random(seed: 9).steps
    steps.insert(.commit([.delete(tree: 1, keys: 0..<9), tooLarge], .unsafe), at: steps.count / 2)
    let workload = Workload("broken", setup: Setup(isEncrypted: true, pageSize: 8192), steps)
    let violation = try #require(Simulation.run(workload, Plan(.nothing, at: 0), seed: 1).violation)
    var shrinker = Shrinker(
      Trial.Finding(workload: workload, plan: Plan(.nothing, at: 0), violation: violation), seed: 1)
    let smallest = shrinker.shrink()
    #expect(smallest.workload.setup == Setup())
    #expect(smallest.workload.steps.count == 2)
    #expect(
      smallest.workload.steps.last
        == .commit(
          [.put(tree: 1, keys: 3..<4, size: StorageLimits.maximumValueBytes + 1, mark: 1)], .safe))
    #expect(smallest.violation.promise == .unprovoked)
  }

  @Test("a disk that forgets what it acknowledged is found out", arguments: [Fault.lostWrite, .bitRot])
  func liars(fault: Fault) throws {
    // Not every lost write matters; but of those of a whole run most do.
    let workload = try #require(Workload(name: "batches"))
    let operations = Simulation.run(workload, Plan(.nothing, at: 0), seed: 1).operations
    var found = 0
    for operation in 1...operations {
      let outcome = Simulation.run(workload, Plan(.nothing, at: operation), seed: 1, lie: fault)
      if outcome.violation != nil { found += 1 }
    }
    #expect(found > 5)
  }
}
