@testable import HoldfastTestSupport

/// Clients of a workload that take turns on one thread, in an order that follows from the seed: the same
/// history every time.
struct Interleaving {
  private struct Client {
    var plans: ListAppendClient
    var step = 0
    var plan: ListAppendPlan
    var handle: ModelStore.Handle?
    var transaction: History.Transaction
  }

  private let store: ModelStore
  private var random: SplitMix64
  private var clients: [Client] = []
  private var now = 0
  private(set) var history = History()

  /// Runs until so many transactions have ended, and reads the final state.
  static func history(
    of workload: ListAppendWorkload, on store: ModelStore, clients: Int = 6, transactions: Int = 150
  ) -> History {
    var interleaving = Interleaving(workload, store, clients: clients)
    while interleaving.history.transactions.count < transactions { interleaving.takeTurn() }
    interleaving.finish()
    return interleaving.history
  }

  private init(_ workload: ListAppendWorkload, _ store: ModelStore, clients count: Int) {
    self.store = store
    random = SplitMix64(seed: workload.seed ^ 0x5EED)
    let keys = ListAppendKeys(workload)
    for number in 0..<count {
      var plans = ListAppendClient(number, workload, keys)
      let plan = plans.nextPlan()
      clients.append(
        Client(plans: plans, plan: plan, transaction: History.Transaction(id: 0, operations: [])))
    }
  }

  private mutating func moment() -> Int {
    now += 1
    return now
  }

  /// One client does one thing.
  private mutating func takeTurn() {
    let number = random.below(clients.count)
    do throws(ListAppendError) {
      guard clients[number].handle != nil else { return try begin(number) }
      guard clients[number].step == clients[number].plan.steps.count else { return try step(number) }
      if clients[number].plan.isTakenBack {
        end(number, .aborted)
      } else {
        try clients[number].handle?.commit()
        end(number, .committed)
      }
    } catch {
      end(number, error == .unknown ? .unknown : .aborted)
    }
  }

  private mutating func begin(_ number: Int) throws(ListAppendError) {
    let begin = moment()
    let level = clients[number].plan.level
    clients[number].transaction = History.Transaction(
      id: begin, client: number, level: level, operations: [], begin: begin)
    clients[number].handle = try store.begin(level)
  }

  private mutating func step(_ number: Int) throws(ListAppendError) {
    let step = clients[number].plan.steps[clients[number].step]
    clients[number].step += 1
    switch step {
    case .append(let key, let element):
      clients[number].transaction.operations.append(.append(key: key, element: element))
      try clients[number].handle?.append(element, to: key)
    case .read(let key):
      let elements = try clients[number].handle?.read(key) ?? []
      clients[number].transaction.operations.append(.read(key: key, elements: elements))
    }
  }

  private mutating func end(_ number: Int, _ outcome: History.Outcome) {
    clients[number].handle?.abort()
    clients[number].handle = nil
    clients[number].transaction.outcome = outcome
    clients[number].transaction.end = moment()
    history.add(clients[number].transaction)
    clients[number].plan = clients[number].plans.nextPlan()
    clients[number].step = 0
  }

  private mutating func finish() {
    for number in clients.indices where clients[number].handle != nil { end(number, .aborted) }
    guard let handle = try? store.begin(.readCommitted) else { return }
    var state: [Int: [Int]] = [:]
    for key in history.keys { state[key] = try? handle.read(key) }
    history.finish(with: state)
  }
}
