import Holdfast
import HoldfastTestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Random transactions on lists, whose histories go through a checker that knows which cycles each level permits.
/// With `HOLDFAST_EXHAUSTIVE=1` hundreds of seeds are tried, which takes about a quarter of an hour.
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
    for seed in Replay.seeds(6, exhaustive: 100) {
      let found = try anomalies(
        seed, [level], usesIndex: seed % 2 == 0, clients: 8 + Int(seed % 3) * 12, plans: 30)
      #expect(found.isEmpty, "seed \(seed): \(found.map(\.description).joined(separator: "\n"))")
    }
  }

  @Test("transactions of different levels each get what theirs promises")
  func mixedLevels() throws {
    for seed in Replay.seeds(6, exhaustive: 100) {
      let found = try anomalies(
        seed, History.Level.allCases, usesIndex: seed % 2 == 1, clients: 12, plans: 40)
      #expect(found.isEmpty, "seed \(seed): \(found.map(\.description).joined(separator: "\n"))")
    }
  }

  /// What happens to the disk in the middle of a round.
  private static let faults: [Fault] = [
    .crash, .tornWrite, .error(EIO, .once), .failedSyncDroppingData, .error(ENOSPC, .once),
  ]

  @Test("histories that go on over crashes and failures of the disk have no anomaly and lose nothing")
  func crashes() throws {
    for seed in Replay.seeds(4, exhaustive: 100) {
      let random = SeededRandom(seed: seed)
      let disk = SimulatedDisk(seed: seed)
      try disk.createDirectory("/data")
      try disk.syncDirectory("/")
      var options = DatabaseOptions(durability: .safe)
      options.fileSystem = disk
      options.hasBackgroundThread = seed % 2 == 0
      options.segmentBytes = 64 * 1024...256 * 1024
      options.logBudget = 64 * 1024
      var workload = ListAppendWorkload(seed: seed, levels: History.Level.allCases)
      workload.keys = 4
      var runner = ListAppendRunner(workload)
      for round in 0..<6 {
        let database = try Database.open(at: "/data/lists.holdfast", options)
        if round == 0 {
          try database.collection("lists").createIndex(["key": 1], IndexOptions(isUnique: true))
        }
        let fault = Self.faults[Int(random.next() % UInt64(Self.faults.count))]
        disk.schedule(fault, at: disk.operationCount + Int(random.next() % 150))
        let store = DatabaseStore(database: database, usesIndex: true)
        runner.run(on: store, clients: 8 + Int(random.next() % 9), plansPerClient: 12)
        disk.clearFaults()
        try? database.close()
        disk.crash()
      }
      let database = try Database.open(at: "/data/lists.holdfast", options)
      try runner.readFinalState(from: DatabaseStore(database: database, usesIndex: true))
      #expect(try database.verify().problems.isEmpty, "seed \(seed)")
      try database.close()
      let found = HistoryChecker.check(runner.history)
      #expect(found.isEmpty, "seed \(seed): \(found.map(\.description).joined(separator: "\n"))")
      #expect(runner.history.transactions.contains { $0.outcome == .committed }, "seed \(seed)")
    }
  }
}
