/// Something in a history that its isolation level does not permit.
public struct Anomaly: Sendable, Equatable, CustomStringConvertible {
  /// The kinds, after Adya, Liskov and O'Neil, "Generalized Isolation Level Definitions", ICDE 2000, unless
  /// said otherwise.
  public enum Kind: String, Sendable, CaseIterable {
    // Forbidden at every level, because no order of the transactions explains them:
    /// An element is twice in a list, or was appended twice.
    case duplicateElement = "duplicate element"
    /// A list contains an element that nobody appended to it.
    case unwrittenElement = "unwritten element"
    /// Two reads of a key have lists of which neither is the beginning of the other.
    case incompatibleOrder = "incompatible order"
    /// The final state does not have an append of a transaction that has happened.
    case lostAppend = "lost append"

    // Forbidden at every level:
    /// A cycle of writes.
    case g0 = "G0 (dirty write)"
    /// A read saw an append of an aborted transaction.
    case g1a = "G1a (aborted read)"
    /// A read saw some of another transaction's appends to a key, but not its last.
    case g1b = "G1b (intermediate read)"
    /// A cycle of writes and reads of what was written.
    case g1c = "G1c (circular information flow)"
    /// A transaction does not see its own appends or, from ``History/Level/snapshot`` on, sees two states of
    /// a key that its own appends do not explain.
    case internalInconsistency = "internal inconsistency"
    /// What was acknowledged before a transaction began is not before it. Reported only where transactions
    /// have times.
    case staleRead = "stale read"

    // Forbidden from snapshot on:
    /// A transaction read a key, another appended to it, and then the first appended to it as well: P4 of
    /// Berenson and others, "A Critique of ANSI SQL Isolation Levels", SIGMOD 1995.
    case lostUpdate = "P4 (lost update)"
    /// A cycle with exactly one read of what was then overwritten.
    case gSingle = "G-single (read skew)"
    /// A cycle with several reads of what was then overwritten, no two of them next to each other: long fork.
    /// Transactions that each see one state of everything have no such cycle.
    case gNonadjacent = "G-nonadjacent (long fork)"

    // Forbidden for serializable only:
    /// A cycle with two or more reads of what was then overwritten, two of them next to each other.
    case g2Item = "G2-item (write skew)"
  }

  /// Why one transaction of a cycle must come before the next.
  public enum Dependency: String, Sendable {
    /// The next one overwrote what this one wrote.
    case ww
    /// The next one read what this one wrote.
    case wr
    /// The next one overwrote what this one read.
    case rw
    /// The next one began after this one was acknowledged.
    case realTime = "real time"
  }

  /// One step of a cycle.
  public struct Edge: Sendable, Equatable {
    /// Ids of transactions.
    public var from, to: Int
    public var dependency: Dependency
    /// The key that both used; `nil` for real time.
    public var key: Int?
  }

  public var kind: Kind
  /// The ids of the transactions that are involved.
  public var transactions: [Int]
  /// The keys that are involved.
  public var keys: [Int]
  /// For a cycle, its edges; the last one leads back to where the first one begins.
  public var cycle: [Edge]
  /// What happened, in words.
  public var description: String

  init(_ kind: Kind, transactions: [Int], key: Int, _ text: String) {
    self.kind = kind
    self.transactions = transactions
    keys = [key]
    cycle = []
    description = "\(kind.rawValue): \(text)"
  }

  init(_ kind: Kind, cycle: [Edge]) {
    self.kind = kind
    self.cycle = cycle
    transactions = cycle.map(\.from)
    keys = Set(cycle.compactMap(\.key)).sorted()
    var text = "\(kind.rawValue): T\(cycle[0].from)"
    for edge in cycle {
      let place = edge.key.map { ", key \($0)" } ?? ""
      text += " -(\(edge.dependency.rawValue)\(place))-> T\(edge.to)"
    }
    description = text
  }
}

/// Collects anomalies. A broken store gives the same anomaly thousands of times; a few of each kind tell all.
struct Findings {
  static let limitPerKind = 50

  private(set) var anomalies: [Anomaly] = []
  private var counts: [Anomaly.Kind: Int] = [:]

  mutating func add(_ anomaly: Anomaly) {
    let count = counts[anomaly.kind, default: 0]
    guard count < Findings.limitPerKind else { return }
    counts[anomaly.kind] = count + 1
    anomalies.append(anomaly)
  }
}
