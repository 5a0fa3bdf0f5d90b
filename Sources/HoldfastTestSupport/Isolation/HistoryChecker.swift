/// Finds what a history contains that no correct store would have done.
///
/// In the manner of K. Kingsbury and P. Alvaro, "Elle: Inferring Isolation Anomalies from Experimental
/// Observations", VLDB 2020. Lists that only grow give away the order in which their elements were appended.
/// From it follow dependencies between transactions: who overwrote whom (ww), who read what another wrote
/// (wr), who overwrote what another had read (rw). An isolation level is a promise about the cycles of that
/// graph, so a cycle is proof of a violation. No cycle is no proof of the opposite.
public enum HistoryChecker {
  /// Returns what is wrong, at most ``Findings/limitPerKind`` of each kind.
  ///
  /// - Parameters:
  ///   - level: What all transactions are held to; `nil` holds each to the level that it ran at.
  ///   - realTime: Whether a transaction must see what was acknowledged before it began. Concerns only
  ///     transactions with times.
  ///
  /// Of each group of transactions that depend on each other in cycles, one cycle is reported, a shortest of
  /// the worst kind: what the weakest level forbids is the worst, and real time comes last. Where levels are
  /// mixed, the level of the reader decides which cycles an rw makes forbidden.
  public static func check(
    _ history: History, level: History.Level? = nil, realTime: Bool = true
  ) -> [Anomaly] {
    var findings = Findings()
    let index = HistoryIndex(history, level: level, &findings)
    var dependencies = Dependencies(index)
    for key in index.keys {
      let order = VersionOrder(key, index, &findings)
      dependencies.add(key, order, &findings)
    }
    var search = CycleSearch(index, dependencies, realTime: realTime)
    search.report(dependencies, &findings)
    return findings.anomalies
  }
}
