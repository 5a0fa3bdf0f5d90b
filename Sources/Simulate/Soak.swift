import ArgumentParser
import HoldfastSimulation
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Trials on all cores, until one finds something or the time is over.
struct Soak {
  let seed: UInt64
  let deadline: ContinuousClock.Instant?
  let rounds: Int?
  let jobs: Int

  private let start = ContinuousClock.now
  private var lastReport = ContinuousClock.now
  private var runs = 0
  private var operations = 0

  /// How often it says where it is.
  private static let reportInterval = Duration.seconds(60)
  /// How many places of a random workload each kind of failure is tried at.
  private static let placesOfRandomWorkloads = 6

  init(seed: UInt64, hours: Double?, rounds: Int?, jobs: Int?) {
    self.seed = seed
    deadline = hours.map { ContinuousClock.now + .seconds($0 * 3600) }
    self.rounds = rounds
    self.jobs = max(1, jobs ?? Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))))
  }

  /// Everything of these workloads, then random ones. `isWhole` says that these are all there are.
  mutating func run(_ workloads: [Workload], isWhole: Bool) async throws {
    print("seed \(seed), \(jobs) threads, \(workloads.count) workloads")
    var finished = 0
    for workload in workloads where !isOver {
      try await tryAll(workload.trials(.everything, seed: seed), seed)
      if !isOver { finished += 1 }
      report("\(finished) of \(workloads.count) workloads, last \(workload.name)")
    }
    var round = 0
    let most = rounds ?? (deadline == nil || !isWhole ? 0 : .max)
    while round < most, !isOver {
      let seed = seed &+ UInt64(round)
      let workload = Workload.random(seed: seed)
      try await tryAll(workload.trials(.sample(Soak.placesOfRandomWorkloads), seed: seed), seed)
      round += 1
      report("\(round) random workloads, last \(workload.name)")
    }
    lastReport = start
    report(
      "every promise was kept; \(finished) of \(workloads.count) workloads and \(round) random ones",
      always: true)
  }

  private var isOver: Bool { deadline.map { ContinuousClock.now >= $0 } ?? false }

  private mutating func tryAll(_ trials: [Trial], _ seed: UInt64) async throws {
    let next = Counter()
    let deadline = deadline
    let results = await withTaskGroup(of: Trial.Result.self, returning: [Trial.Result].self) { group in
      for job in 0..<min(jobs, trials.count) {
        group.addTask {
          var sum = Trial.Result()
          while sum.finding == nil, let index = next.take(below: trials.count) {
            if let deadline, ContinuousClock.now >= deadline { break }
            Breadcrumbs.note(job, Soak.command(trials[index].workload.name, trials[index].plan, seed))
            let result = trials[index].run(seed: seed)
            sum.runs += result.runs
            sum.operations += result.operations
            sum.finding = result.finding
          }
          if sum.finding != nil { next.stop() }
          return sum
        }
      }
      return await group.reduce(into: []) { $0.append($1) }
    }
    for result in results {
      runs += result.runs
      operations += result.operations
    }
    if let finding = results.compactMap(\.finding).first { throw fail(finding, seed) }
  }

  // MARK: Saying

  private mutating func report(_ what: String, always: Bool = false) {
    guard always || ContinuousClock.now - lastReport >= Soak.reportInterval else { return }
    lastReport = ContinuousClock.now
    print("\(seconds) s: \(what); \(runs) runs, \(operations) disk operations")
    fflush(nil)
  }

  private var seconds: Int64 { (ContinuousClock.now - start).components.seconds }

  private func fail(_ finding: Trial.Finding, _ seed: UInt64) -> ExitCode {
    print("\nBROKEN after \(seconds) s: \(finding.violation)")
    print("workload \(finding.workload.name), seed \(seed), \(finding.plan)")
    print("  \(Soak.command(finding.workload.name, finding.plan, seed))\n\nshrinking …")
    fflush(nil)
    var shrinker = Shrinker(finding, seed: seed)
    let smallest = shrinker.shrink()
    print("\nThe smallest that breaks it (\(smallest.workload.setup), \(smallest.plan)):")
    for (number, step) in smallest.workload.steps.enumerated() { print("  \(number + 1). \(step)") }
    print("  \(smallest.violation)\n\nTo replay it:")
    let steps = smallest.workload.steps.map(\.description).joined(separator: "; ")
    print(
      "  swift run -c release simulate --seed \(seed) --plan \(smallest.plan) "
        + "--setup \(smallest.workload.setup) --steps '\(steps)'")
    return ExitCode(1)
  }

  private static func command(_ workload: String, _ plan: Plan, _ seed: UInt64) -> String {
    "swift run -c release simulate --seed \(seed) --workload \(workload) --plan \(plan)"
  }
}

/// Hands out numbers.
private final class Counter: Sendable {
  private let next = Atomic<Int>(0)

  func take(below limit: Int) -> Int? {
    let number = next.wrappingAdd(1, ordering: .relaxed).oldValue
    return number < limit ? number : nil
  }

  /// Nobody gets any more.
  func stop() { next.store(.max / 2, ordering: .relaxed) }
}
