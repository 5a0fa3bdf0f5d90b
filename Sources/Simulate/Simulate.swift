import ArgumentParser
import HoldfastSimulation

/// Power loss, errors, failing syncs and kills at every disk operation of every workload, and then of random
/// ones until the time is over.
@main
struct Simulate: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "simulate",
    abstract: "Looks for a crash that breaks a promise, on a simulated disk.",
    discussion: """
      First every named workload with every kind of failure at every one of its disk operations; then, when \
      --hours or --rounds asks for it, random workloads from consecutive seeds. Prints what it did, or, at \
      the first broken promise, the smallest workload that breaks it and the command that replays it; then \
      it exits with 1.
      """)

  @Option(help: "Where all randomness comes from.") var seed: UInt64 = 1
  @Option(help: "Stop after so many hours. Random workloads fill them.") var hours: Double?
  @Option(help: "Try so many random workloads.") var rounds: Int?
  @Option(help: "Only this workload, or those whose names begin like this and a dash. Also random-SEED.")
  var workload: String?
  @Option(help: "How many threads; as many as there are cores unless given.") var jobs: Int?
  @Flag(help: "Print the names of the workloads.") var list = false
  @Flag(help: "Print the steps of the workload that --workload names.") var show = false

  @Option(help: "Replay: what goes wrong, such as power@57.") var plan: String?
  @Option(help: "Replay: the steps, instead of --workload.") var steps: String?
  @Flag(help: "Replay: print every disk operation.") var trace = false
  @Option(help: "Replay: the setup of the database, for --steps.") var setup: String?

  func run() async throws {
    if list {
      for workload in Workload.named { print(workload.name) }
    } else if show {
      for workload in try chosen() { print(workload.name, workload.setup, text(workload), separator: "\n") }
    } else if plan != nil || steps != nil {
      try replay()
    } else {
      var soak = Soak(seed: seed, hours: hours, rounds: rounds, jobs: jobs)
      try await soak.run(try chosen(), isWhole: workload == nil)
    }
  }

  private func chosen() throws -> [Workload] {
    guard let name = workload else { return Workload.named }
    if let exact = Workload(name: name) { return [exact] }
    let found = Workload.named.filter { $0.name.hasPrefix(name + "-") }
    guard !found.isEmpty else { throw ValidationError("There is no workload \(name); see --list.") }
    return found
  }

  /// One run, as the arguments describe it.
  private func replay() throws {
    var workload: Workload
    if let steps {
      workload = Workload("replay", try Step.steps(steps))
      if let setup { workload.setup = try Setup(setup) }
    } else {
      guard let first = try chosen().first, self.workload != nil else {
        throw ValidationError("Replaying takes --steps or --workload.")
      }
      workload = first
    }
    let plan = try plan.map { text throws in try Plan(text) } ?? Plan(.nothing, at: 0)
    let outcome = Simulation.run(workload, plan, seed: seed, isTraced: trace)
    // The folder of the database was made before the workload's own operations.
    for operation in outcome.trace { print(operation) }
    guard let violation = outcome.violation else {
      print("Every promise was kept: \(outcome.operations) disk operations, then \(plan).")
      return
    }
    print(violation)
    throw ExitCode(1)
  }

  private func text(_ workload: Workload) -> String {
    workload.steps.map(\.description).joined(separator: ";\n")
  }
}
