/// Looks for the cycles in a graph of dependencies that an isolation level forbids.
///
/// The worst kind comes first, and a component in which something was found is explained: the weaker kinds
/// that it contains as well would only repeat it.
struct CycleSearch {
  private let index: HistoryIndex
  private let graph: DependencyGraph
  private let hasRealTime: Bool
  private var isExplained: [Bool]

  init(_ index: HistoryIndex, _ dependencies: Dependencies, realTime: Bool) {
    self.index = index
    var edges = dependencies.edges
    let moments = realTime ? CycleSearch.addTimeline(index, &edges) : 0
    hasRealTime = moments > 0
    graph = DependencyGraph(nodeCount: index.transactions.count + moments, edges: edges)
    isExplained = Array(repeating: false, count: graph.nodeCount)
  }

  /// Adds the edges from and to moments of a timeline, and returns how many moments there are.
  private static func addTimeline(_ index: HistoryIndex, _ edges: inout [DependencyGraph.Edge]) -> Int {
    let count = index.transactions.count
    let happened = index.transactions.indices.filter { index.hasHappened[$0] }
    var ends: [(time: Int, transaction: Int)] = []
    for transaction in happened where index.transactions[transaction].outcome == .committed {
      if let end = index.transactions[transaction].end { ends.append((end, transaction)) }
    }
    ends.sort { $0 < $1 }
    func add(_ from: Int, _ to: Int) {
      edges.append(DependencyGraph.Edge(from: from, to: to, kind: .realTime, key: 0))
    }
    for (place, end) in ends.enumerated() {
      add(end.transaction, count + place)
      if place > 0 { add(count + place - 1, count + place) }
    }
    for transaction in happened {
      guard let begin = index.transactions[transaction].begin else { continue }
      // The number of ends before the beginning.
      var (low, high) = (0, ends.count)
      while low < high {
        let middle = (low + high) / 2
        if ends[middle].time < begin { low = middle + 1 } else { high = middle }
      }
      if low > 0 { add(count + low - 1, transaction) }
    }
    return ends.count
  }

  /// Reports the anomalies of all kinds.
  mutating func report(_ dependencies: Dependencies, _ findings: inout Findings) {
    let base: DependencyGraph.Kinds = [.ww, .wr]
    if graph.components(of: .all).cyclic.isEmpty {
      // No cycle of any kind; but readers below snapshot have no rw.
      if hasRealTime { reportStaleReads(dependencies, &findings) }
      return
    }
    reportCycles(.g0, .ww, &findings)
    reportCycles(.g1c, base, &findings)
    let doubled = graph.withoutAdjacentReads()
    reportSnapshotCycles(doubled, base.union(.rw), dependencies.lostUpdates, &findings)
    reportCycles(.g2Item, base.union(.rwOfSerializable), &findings)
    guard hasRealTime else { return }
    reportStaleReads(dependencies, &findings)
    reportSnapshotCycles(doubled, .all, [], &findings)
    reportCycles(.staleRead, [.ww, .wr, .rwOfSerializable, .realTime], &findings)
  }

  /// Whether nothing was found yet in a component.
  private func isNew(_ members: [Int]) -> Bool { !members.contains { isExplained[$0 % graph.nodeCount] } }

  private mutating func explain(_ nodes: [Int]) {
    for node in nodes { isExplained[node % graph.nodeCount] = true }
  }

  /// Reports a shortest cycle of every component.
  private mutating func reportCycles(
    _ kind: Anomaly.Kind, _ kinds: DependencyGraph.Kinds, _ findings: inout Findings
  ) {
    let components = graph.components(of: kinds)
    guard !components.cyclic.isEmpty else { return }
    var walk = Walk(graph)
    for members in components.cyclic where isNew(members) {
      findings.add(anomaly(kind, walk.shortestCycle(members, kinds, components.component)))
      explain(members)
    }
  }

  /// Reports the cycles without two rw after each other: for each component a lost update, or else a shortest
  /// cycle.
  private mutating func reportSnapshotCycles(
    _ doubled: DependencyGraph, _ kinds: DependencyGraph.Kinds, _ lostUpdates: [Dependencies.LostUpdate],
    _ findings: inout Findings
  ) {
    let components = doubled.components(of: kinds)
    guard !components.cyclic.isEmpty else { return }
    var shortest: [Int: [DependencyGraph.Edge]] = [:]
    for lost in lostUpdates {
      let component = components.component[lost.transaction]
      guard lost.cycle.count < shortest[component]?.count ?? Int.max else { continue }
      shortest[component] = lost.cycle
    }
    var walk = Walk(doubled)
    for members in components.cyclic where isNew(members) {
      if let cycle = shortest[components.component[members[0]]] {
        findings.add(anomaly(.lostUpdate, cycle))
      } else {
        let cycle = walk.shortestCycle(members, kinds, components.component).map(graph.original)
        findings.add(anomaly(CycleSearch.snapshotKind(cycle), cycle))
      }
      explain(members)
    }
  }

  /// The kind of a cycle without two rw after each other.
  private static func snapshotKind(_ cycle: [DependencyGraph.Edge]) -> Anomaly.Kind {
    if cycle.contains(where: { $0.kind == .realTime }) { return .staleRead }
    let reads = cycle.count { DependencyGraph.Kinds.rw.contains($0.kind) }
    return reads == 1 ? .gSingle : .gNonadjacent
  }

  private mutating func reportStaleReads(_ dependencies: Dependencies, _ findings: inout Findings) {
    for stale in dependencies.staleReads where !isExplained[stale.reader] && !isExplained[stale.writer] {
      let reader = index.id(stale.reader)
      let writer = index.id(stale.writer)
      findings.add(
        Anomaly(
          .staleRead, transactions: [reader, writer], key: stale.key,
          "T\(reader) did not see what T\(writer) appended to key \(stale.key), though that had been "
            + "acknowledged before T\(reader) began"))
      explain([stale.reader, stale.writer])
    }
  }

  /// An anomaly by the cycle that proves it. Moments of the timeline are left out.
  private func anomaly(_ kind: Anomaly.Kind, _ cycle: [DependencyGraph.Edge]) -> Anomaly {
    let isTransaction = { $0 < index.transactions.count }
    let start = cycle.firstIndex { isTransaction($0.from) } ?? 0
    var edges: [Anomaly.Edge] = []
    var from = 0
    for edge in cycle[start...] + cycle[..<start] {
      if isTransaction(edge.from) { from = index.id(edge.from) }
      guard isTransaction(edge.to) else { continue }
      let dependency = CycleSearch.dependency(edge.kind)
      edges.append(
        Anomaly.Edge(
          from: from, to: index.id(edge.to), dependency: dependency,
          key: dependency == .realTime ? nil : edge.key))
    }
    return Anomaly(kind, cycle: edges)
  }

  private static func dependency(_ kind: DependencyGraph.Kinds) -> Anomaly.Dependency {
    switch kind {
    case .ww: .ww
    case .wr: .wr
    case .realTime: .realTime
    default: .rw
    }
  }
}
