@testable import HoldfastTestSupport
import Testing

@Suite struct WorkloadTests {
  /// What clients that take turns are to do.
  private func plans(_ workload: ListAppendWorkload, clients count: Int = 3, each: Int = 50)
    -> [ListAppendPlan]
  {
    let keys = ListAppendKeys(workload)
    var clients = (0..<count).map { ListAppendClient($0, workload, keys) }
    return (0..<each).flatMap { _ in clients.indices.map { clients[$0].nextPlan() } }
  }

  private func appends(_ plans: [ListAppendPlan]) -> [(key: Int, element: Int)] {
    plans.flatMap(\.steps).compactMap { step in
      guard case .append(let key, let element) = step else { return nil }
      return (key, element)
    }
  }

  @Test("the same seed gives the same plans, another one gives others")
  func seeds() {
    let levels = History.Level.allCases
    let first = plans(ListAppendWorkload(seed: 1, levels: levels))
    #expect(first == plans(ListAppendWorkload(seed: 1, levels: levels)))
    #expect(first != plans(ListAppendWorkload(seed: 2, levels: levels)))
  }

  @Test("clients of one seed do different things")
  func clients() {
    let workload = ListAppendWorkload(seed: 1, levels: [.snapshot])
    let shapes = (0..<4).map { number in
      var client = ListAppendClient(number, workload, ListAppendKeys(workload))
      return (0..<20).map { _ in client.nextPlan().steps.count }
    }
    #expect(Set(shapes).count == 4)
  }

  @Test("no element is drawn twice, and a key is retired after its share of appends")
  func retired() {
    var workload = ListAppendWorkload(seed: 3, levels: [.snapshot])
    workload.appendsPerKey = 10
    let appends = appends(plans(workload, each: 300))
    #expect(Set(appends.map(\.element)).count == appends.count)
    let byKey = Dictionary(grouping: appends, by: \.key).mapValues(\.count)
    #expect(byKey.values.allSatisfy { $0 <= 10 })
    #expect(byKey.count > 50)
    #expect(byKey.values.count { $0 == 10 } >= byKey.count - workload.keys)
  }

  @Test("a second attempt does the same with other elements")
  func again() {
    let workload = ListAppendWorkload(seed: 4, levels: [.snapshot])
    let keys = ListAppendKeys(workload)
    var client = ListAppendClient(0, workload, keys)
    let plans = (0..<20).map { _ in client.nextPlan() }
    let second = plans.map(client.again)
    #expect(plans.map(\.level) == second.map(\.level))
    #expect(appends(plans).map(\.key) == appends(second).map(\.key))
    #expect(Set(appends(plans).map(\.element)).isDisjoint(with: appends(second).map(\.element)))
  }

  @Test("operations have the shares that were asked for")
  func shares() {
    var workload = ListAppendWorkload(seed: 5, levels: [.readCommitted, .serializable])
    workload.readShare = 0.8
    workload.hotShare = 0.5
    workload.abortShare = 0.2
    workload.operationsPerTransaction = 2...4
    workload.appendsPerKey = 1_000_000
    let plans = plans(workload, each: 1000)
    let steps = plans.flatMap(\.steps)
    let reads = steps.count { if case .read = $0 { true } else { false } }
    let hot = steps.count { step in
      switch step {
      case .append(let key, _), .read(let key): key == 0
      }
    }
    #expect(plans.allSatisfy { (2...4).contains($0.steps.count) })
    #expect(Set(plans.map(\.level)) == [.readCommitted, .serializable])
    #expect(abs(Double(reads) / Double(steps.count) - 0.8) < 0.05)
    // Half on purpose, and an eighth of the rest.
    #expect(abs(Double(hot) / Double(steps.count) - 0.5625) < 0.05)
    #expect(abs(Double(plans.count(where: \.isTakenBack)) / 3000 - 0.2) < 0.05)
  }
}
