@testable import HoldfastTestSupport
import Testing

/// The runner, on real threads.
@Suite struct RunnerTests {
  private func runner(_ levels: [History.Level]) -> ListAppendRunner {
    let seed = Replay.seeds(1)[0]
    return ListAppendRunner(ListAppendWorkload(seed: seed, levels: levels))
  }

  @Test("nothing is reported of a store that lets in one transaction at a time", arguments: [8, 32])
  func serial(_ clients: Int) throws {
    let store = SerialStore()
    var runner = runner([.serializable])
    runner.run(on: store, clients: clients, plansPerClient: 800 / clients)
    try runner.readFinalState(from: store)
    #expect(HistoryChecker.check(runner.history) == [])
    #expect(runner.history.transactions.count == 800)
    #expect(runner.history.transactions.count { $0.outcome == .committed } > 700)
    #expect(Set(runner.history.transactions.map(\.client)).count == clients)
  }

  @Test("a store whose transactions let others in between is found out at every level")
  func broken() throws {
    let store = SerialStore(isBroken: true)
    var runner = runner([.readCommitted])
    runner.run(on: store, clients: 8, plansPerClient: 200)
    try runner.readFinalState(from: store)
    for level in History.Level.allCases {
      #expect(HistoryChecker.check(runner.history, level: level) != [])
    }
  }

  @Test("nothing is reported of a store that many use at once, crashes, and is opened again")
  func rounds() throws {
    let store = ModelStore(seed: 1)
    var runner = runner(History.Level.allCases)
    for round in 1...5 {
      store.stop(afterOperations: round * 400)
      runner.run(on: store, clients: 8, plansPerClient: 1_000)
      #expect(throws: ListAppendError.stopped) { try runner.readFinalState(from: store) }
      #expect(runner.history.finalState == nil)
      store.reopen()
    }
    runner.run(on: store, clients: 12, plansPerClient: 50)
    try runner.readFinalState(from: store)
    let transactions = runner.history.transactions
    #expect(HistoryChecker.check(runner.history) == [])
    #expect(transactions.contains { $0.outcome == .unknown })
    #expect(Set(transactions.map(\.id)).count == transactions.count)
    #expect(Set(transactions.map(\.client)) == Set(0..<12))
    #expect(Set(runner.history.finalState?.keys.map { $0 } ?? []) == runner.history.keys)
  }

  @Test(
    "a defect shows when real threads use the store",
    arguments: [
      Defect.dirtyReads, .noWriteLocks, .noFirstUpdaterCheck, .snapshotAsSerializable, .staleSnapshots,
    ])
  func defects(_ defect: Defect) throws {
    let store = ModelStore(seed: 1, defect: defect)
    var runner = runner([defect.level])
    var kinds: Set<Anomaly.Kind> = []
    // How threads take turns is not in our hands, so there may have to be some rounds.
    for _ in 1...20 where kinds.isDisjoint(with: defect.kinds) {
      runner.run(on: store, clients: 8, plansPerClient: 50)
      try runner.readFinalState(from: store, level: .readCommitted)
      kinds = Set(HistoryChecker.check(runner.history).map(\.kind))
    }
    #expect(!kinds.isDisjoint(with: defect.kinds), "reported: \(kinds)")
  }

  @Test("every error of a store becomes the outcome that it stands for")
  func outcomes() {
    func outcomes(_ place: FailingStore.Place, _ error: ListAppendError) -> [History.Outcome] {
      var workload = ListAppendWorkload(seed: 1, levels: [.snapshot])
      workload.readShare = 0
      workload.abortShare = 0
      var runner = ListAppendRunner(workload)
      runner.attempts = 3
      runner.run(on: FailingStore(place, error), clients: 1, plansPerClient: 2)
      for transaction in runner.history.transactions { #expect(!transaction.operations.isEmpty) }
      return runner.history.transactions.map(\.outcome)
    }
    // Two plans: three attempts each if that may help, none after the store has stopped.
    #expect(outcomes(.commit, .retryable) == Array(repeating: .aborted, count: 6))
    #expect(outcomes(.commit, .refused) == [.aborted, .aborted])
    #expect(outcomes(.commit, .unknown) == [.unknown, .unknown])
    #expect(outcomes(.commit, .stopped) == [.unknown])
    #expect(outcomes(.append, .retryable) == Array(repeating: .aborted, count: 6))
    #expect(outcomes(.append, .refused) == [.aborted, .aborted])
    #expect(outcomes(.append, .unknown) == [.aborted, .aborted])
    #expect(outcomes(.append, .stopped) == [.aborted])
    #expect(outcomes(.begin, .stopped) == [])
    #expect(outcomes(.begin, .refused) == [])
  }

  @Test("two rounds do what one long round does")
  func rounded() {
    func operations(rounds: Int) -> [[History.Operation]] {
      let store = SerialStore()
      var runner = ListAppendRunner(ListAppendWorkload(seed: 1, levels: [.snapshot]))
      for _ in 0..<rounds { runner.run(on: store, clients: 1, plansPerClient: 60 / rounds) }
      return runner.history.transactions.map(\.operations)
    }
    let single = operations(rounds: 1)
    #expect(single.count == 60)
    #expect(single == operations(rounds: 2))
  }

  @Test("a transaction has its times, its operations in order, and elements of its own")
  func recorded() throws {
    let store = SerialStore()
    var runner = runner([.snapshot])
    runner.run(on: store, clients: 4, plansPerClient: 50)
    var elements: [Int] = []
    for transaction in runner.history.transactions {
      let begin = try #require(transaction.begin)
      let end = try #require(transaction.end)
      #expect(begin < end)
      #expect(transaction.level == .snapshot)
      for case .append(_, let element) in transaction.operations { elements.append(element) }
    }
    #expect(Set(elements).count == elements.count)
    for client in 0..<4 {
      let times = runner.history.transactions.filter { $0.client == client }.flatMap { [$0.begin, $0.end] }
      let sorted = times.compactMap { $0 }.sorted()
      #expect(times == sorted)
    }
  }
}

/// A store that always fails at the same place.
private struct FailingStore: ListAppendStore {
  enum Place { case begin, append, commit }

  let place: Place
  let error: ListAppendError

  init(_ place: Place, _ error: ListAppendError) {
    self.place = place
    self.error = error
  }

  func begin(_ level: History.Level) throws(ListAppendError) -> Handle {
    if place == .begin { throw error }
    return Handle(store: self)
  }

  struct Handle: ListAppendHandle {
    let store: FailingStore

    func append(_ element: Int, to key: Int) throws(ListAppendError) {
      if store.place == .append { throw store.error }
    }
    func read(_ key: Int) -> [Int] { [] }
    func commit() throws(ListAppendError) {
      if store.place == .commit { throw store.error }
    }
    func abort() {}
  }
}
