import HoldfastTestSupport

extension Anomaly {
  /// Whether the cycle is one, and of the kind that it is said to be. Kinds without a cycle need none.
  var isProven: Bool {
    let reads = cycle.map { $0.dependency == .rw }
    let writes = cycle.allSatisfy { $0.dependency == .ww }
    let hasTime = cycle.contains { $0.dependency == .realTime }
    let isClosed = zip(cycle, cycle.dropFirst() + cycle.prefix(1)).allSatisfy { $0.to == $1.from }
    let hasAdjacentReads = zip(reads, reads.dropFirst() + reads.prefix(1)).contains { $0 && $1 }
    let count = reads.count { $0 }
    guard isClosed, cycle.allSatisfy({ ($0.key == nil) == ($0.dependency == .realTime) }) else {
      return false
    }
    switch kind {
    case .g0: return cycle.count > 1 && writes
    case .g1c: return cycle.count > 1 && !writes && count == 0 && !hasTime
    case .lostUpdate: return cycle.count > 1 && reads[0] && count == 1 && keys.count == 1 && !hasTime
    case .gSingle: return cycle.count > 1 && count == 1 && !hasTime
    case .gNonadjacent: return count > 1 && !hasAdjacentReads && !hasTime
    case .g2Item: return count > 1 && hasAdjacentReads && !hasTime
    case .staleRead: return cycle.isEmpty || hasTime
    default: return cycle.isEmpty
    }
  }
}
