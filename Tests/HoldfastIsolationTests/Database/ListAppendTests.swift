import Holdfast
import HoldfastTestSupport
import Testing

/// Random transactions on lists, whose histories go through a checker that knows which cycles each level permits.
@Suite("Histories of random transactions")
struct ListAppendTests {
  /// Runs a workload on a fresh database and gives what is wrong with its history.
  private func anomalies(
    _ seed: UInt64, _ levels: [History.Level], usesIndex: Bool, clients: Int, plans: Int
  ) throws -> [Anomaly] {
    let folder = try Folder()
    var options = DatabaseOptions(durability: seed % 3 == 0 ? .safe : .unsafe)
    options.deadlockVictim = DeadlockVictim.allCases[Int(seed % 4)]
    let database = try Database.open(at: folder.path("lists.holdfast"), options)
    if usesIndex { try database.collection("lists").createIndex(["key": 1], IndexOptions(isUnique: true)) }
    var workload = ListAppendWorkload(seed: seed, levels: levels)
    workload.keys = 3 + Int(seed % 6)
    var runner = ListAppendRunner(workload)
    let store = DatabaseStore(database: database, usesIndex: usesIndex)
    runner.run(on: store, clients: clients, plansPerClient: plans)
    try runner.readFinalState(from: store)
    #expect(try database.verify().problems.isEmpty)
    try database.close()
    #expect(runner.history.transactions.contains { $0.outcome == .committed })
    return HistoryChecker.check(runner.history)
  }

  @Test("no level has an anomaly that it forbids", arguments: History.Level.allCases)
  func oneLevel(level: History.Level) throws {
    for seed in Replay.seeds(12) {
      let found = try anomalies(
        seed, [level], usesIndex: seed % 2 == 0, clients: 8 + Int(seed % 3) * 12, plans: 30)
      #expect(found.isEmpty, "seed \(seed): \(found.map(\.description).joined(separator: "\n"))")
    }
  }

  @Test("transactions of different levels each get what theirs promises")
  func mixedLevels() throws {
    for seed in Replay.seeds(12) {
      let found = try anomalies(
        seed, History.Level.allCases, usesIndex: seed % 2 == 1, clients: 12, plans: 40)
      #expect(found.isEmpty, "seed \(seed): \(found.map(\.description).joined(separator: "\n"))")
    }
  }
}
