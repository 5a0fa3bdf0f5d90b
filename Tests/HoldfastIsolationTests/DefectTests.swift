@testable import HoldfastTestSupport
import Testing

/// The checker against a store that is right, and against stores that are wrong in a known way.
@Suite struct DefectTests {
  static let mixes: [[History.Level]] = [
    [.readCommitted], [.snapshot], [.serializable], History.Level.allCases,
  ]

  private func workload(_ seed: UInt64, _ levels: [History.Level]) -> ListAppendWorkload {
    var workload = ListAppendWorkload(seed: seed, levels: levels)
    // From few keys, where nearly everything conflicts, to some.
    workload.keys = 2 + Int(seed % 7)
    workload.readShare = 0.3 + Double(seed % 5) * 0.1
    workload.appendsPerKey = 8 + Int(seed % 3) * 12
    return workload
  }

  @Test("nothing is reported of a store that keeps its promises", arguments: mixes)
  func sound(_ levels: [History.Level]) {
    for seed in Replay.seeds(200) {
      let history = Interleaving.history(of: workload(seed, levels), on: ModelStore(seed: seed))
      let anomalies = HistoryChecker.check(history)
      #expect(anomalies == [], "seed \(seed): \(anomalies)")
    }
  }

  @Test("every defect of a store is found in one of its first ten histories", arguments: Defect.allCases)
  func found(_ defect: Defect) {
    let kinds = (1...10 as ClosedRange<UInt64>).map { seed in
      let store = ModelStore(seed: seed, defect: defect)
      let history = Interleaving.history(of: workload(seed, [defect.level]), on: store)
      let anomalies = HistoryChecker.check(history)
      let doubtful = anomalies.filter { !$0.isProven }
      #expect(doubtful == [], "seed \(seed)")
      return Set(anomalies.map(\.kind))
    }
    #expect(kinds.contains { !$0.isDisjoint(with: defect.kinds) }, "reported: \(kinds)")
  }

  @Test("a defect that only a level from some on forbids is not one below that")
  func permitted() {
    let harmless: [(defect: Defect, level: History.Level)] = [
      (.noFirstUpdaterCheck, .readCommitted), (.readCommittedAsSnapshot, .readCommitted),
      (.snapshotAsSerializable, .snapshot),
    ]
    for (defect, level) in harmless {
      for seed in Replay.seeds(30) {
        let store = ModelStore(seed: seed, defect: defect)
        let history = Interleaving.history(of: workload(seed, [.serializable]), on: store)
        let anomalies = HistoryChecker.check(history, level: level)
        #expect(anomalies == [], "seed \(seed), \(defect): \(anomalies)")
      }
    }
  }

  @Test("the histories of a store that keeps its promises are not trivial", arguments: mixes)
  func busy(_ levels: [History.Level]) {
    var transactions: [History.Transaction] = []
    var longest = 0
    for seed in 1...5 as ClosedRange<UInt64> {
      let history = Interleaving.history(of: workload(seed, levels), on: ModelStore(seed: seed))
      transactions += history.transactions
      longest = max(longest, history.finalState?.values.map(\.count).max() ?? 0)
    }
    #expect(transactions.count { $0.outcome == .committed } > 200)
    #expect(transactions.count { $0.outcome == .aborted } > 50)
    #expect(transactions.count { $0.outcome == .unknown } > 2)
    #expect(longest > 5)
  }
}
