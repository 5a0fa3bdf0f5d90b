import Synchronization

/// Lets the clients of a workload work on a store, each on a thread of its own, and records the history.
///
/// A history may have several rounds, on one store or on several openings of it, as after a crash. Keys,
/// elements, clients and times go on from round to round.
public struct ListAppendRunner {
  /// What has happened in all rounds.
  public private(set) var history = History()
  /// The most attempts at one plan.
  public var attempts = 3

  private let workload: ListAppendWorkload
  private let keys: ListAppendKeys
  private let clock = HistoryClock()
  private var clients: [ListAppendClient] = []

  /// A runner that has not done anything.
  public init(_ workload: ListAppendWorkload) {
    self.workload = workload
    keys = ListAppendKeys(workload)
  }

  /// Runs a round: `clientCount` clients work at once, and each carries out `plansPerClient` plans. Plans that
  /// meet a conflict are tried again, as another transaction. A client ends early if the store has stopped.
  /// Returns when all have ended.
  public mutating func run(on store: some ListAppendStore, clients clientCount: Int, plansPerClient: Int) {
    while clients.count < clientCount { clients.append(ListAppendClient(clients.count, workload, keys)) }
    let (clients, clock, attempts) = (clients, clock, attempts)
    let results = ClientThreads.run(clientCount) { number in
      var session = Session(client: clients[number], clock: clock, attempts: attempts)
      session.run(plansPerClient, on: store)
      return session
    }
    for (number, session) in results.enumerated() { self.clients[number] = session.client }
    let transactions = results.flatMap(\.transactions)
    for transaction in transactions.sorted(by: { $0.id < $1.id }) { history.add(transaction) }
  }

  /// Reads all keys that were ever used, in one transaction, and notes the result as the final state. No
  /// client may be at work any more.
  public mutating func readFinalState(
    from store: some ListAppendStore, level: History.Level = .snapshot
  ) throws(ListAppendError) {
    var handle = try store.begin(level)
    var state: [Int: [Int]] = [:]
    do throws(ListAppendError) {
      for key in history.keys.sorted() { state[key] = try handle.read(key) }
      try handle.commit()
    } catch {
      handle.abort()
      throw error
    }
    history.finish(with: state)
  }
}

/// Gives moments: a later call returns a greater number, whichever thread it is from.
private final class HistoryClock: Sendable {
  private let next = Atomic<Int>(1)

  /// Sequentially consistent, so that it is ordered with everything that a store does in between.
  func now() -> Int { next.wrappingAdd(1, ordering: .sequentiallyConsistent).oldValue }
}

/// A client at work in a round.
private struct Session: Sendable {
  private(set) var client: ListAppendClient
  let clock: HistoryClock
  let attempts: Int
  private(set) var transactions: [History.Transaction] = []

  init(client: ListAppendClient, clock: HistoryClock, attempts: Int) {
    self.client = client
    self.clock = clock
    self.attempts = attempts
  }

  mutating func run(_ plans: Int, on store: some ListAppendStore) {
    for _ in 0..<plans {
      var plan = client.nextPlan()
      for _ in 0..<attempts {
        let error = attempt(plan, on: store)
        if error == .stopped { return }
        guard error == .retryable else { break }
        plan = client.again(plan)
      }
    }
  }

  /// Carries out a plan once and records it. Returns the error that it ended with.
  private mutating func attempt(_ plan: ListAppendPlan, on store: some ListAppendStore) -> ListAppendError? {
    let begin = clock.now()
    var transaction = History.Transaction(
      id: begin, client: client.number, level: plan.level, outcome: .aborted, operations: [], begin: begin)
    let error = carryOut(plan, on: store, &transaction)
    transaction.end = clock.now()
    if !transaction.operations.isEmpty { transactions.append(transaction) }
    return error
  }

  private func carryOut(
    _ plan: ListAppendPlan, on store: some ListAppendStore, _ transaction: inout History.Transaction
  ) -> ListAppendError? {
    do throws(ListAppendError) {
      var handle = try store.begin(plan.level)
      do throws(ListAppendError) {
        try carryOut(plan.steps, with: &handle, &transaction)
        guard !plan.isTakenBack else {
          handle.abort()
          return nil
        }
        try Session.commit(&handle, &transaction)
      } catch {
        handle.abort()
        throw error
      }
    } catch {
      return error
    }
    return nil
  }

  private func carryOut(
    _ steps: [ListAppendPlan.Step], with handle: inout some ListAppendHandle,
    _ transaction: inout History.Transaction
  ) throws(ListAppendError) {
    for step in steps {
      switch step {
      case .append(let key, let element):
        // Noted before it is done: if it fails, nobody must ever see it.
        transaction.operations.append(.append(key: key, element: element))
        try handle.append(element, to: key)
      case .read(let key):
        let elements = try handle.read(key)
        transaction.operations.append(.read(key: key, elements: elements))
      }
    }
  }

  private static func commit(
    _ handle: inout some ListAppendHandle, _ transaction: inout History.Transaction
  ) throws(ListAppendError) {
    transaction.outcome = .unknown
    do throws(ListAppendError) {
      try handle.commit()
      transaction.outcome = .committed
    } catch {
      if error == .retryable || error == .refused { transaction.outcome = .aborted }
      throw error
    }
  }
}
