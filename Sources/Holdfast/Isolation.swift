internal import HoldfastEngine

/// What a transaction sees of others that run at the same time. `docs/transactions.md` lists which anomalies each
/// level permits.
public enum Isolation: String, Sendable, Hashable, CaseIterable {
  /// Accepted for those who come from elsewhere, and the same as ``readCommitted``: what is not committed is never
  /// seen.
  case readUncommitted
  /// Each call sees what was committed when it began. A call that waited for a record that somebody changed
  /// meanwhile is begun again with what is there then.
  case readCommitted
  /// All calls see what was committed when the transaction began. A record that another transaction has changed
  /// since then cannot be written: who changes it first wins, and the other is rolled back with
  /// ``HoldfastError/Code/writeConflict``.
  case snapshot
  /// As if transactions ran one after another. What is read, with the ranges that queries go through, is locked, and
  /// must not have changed since the transaction began.
  case serializable

  var engine: IsolationLevel {
    switch self {
    case .readUncommitted, .readCommitted: .readCommitted
    case .snapshot: .snapshot
    case .serializable: .serializable
    }
  }

  /// Whether each call sees what was committed before it.
  var seesEachCommit: Bool { engine == .readCommitted }
}

/// A member of a deadlock: a transaction, and the one that it waited for.
public struct DeadlockMember: Sendable, Hashable {
  /// The transaction's ``Transaction/number``.
  public let transaction: UInt64
  /// The member that had, or wanted before it, what it wanted to lock.
  public let blocker: UInt64
  /// What it wanted to lock, and in which mode: `record, X`.
  public let wanted: String

  init(_ edge: LockCycleEdge) {
    transaction = edge.transaction
    blocker = edge.blocker
    wanted = "\(edge.kind), \(edge.mode)"
  }
}

/// Which transaction of a deadlock is rolled back.
public enum DeadlockVictim: String, Sendable, Hashable, CaseIterable {
  /// The one that began last: the least work is lost, most of the time.
  case youngest
  /// The one that began first.
  case oldest
  /// The one that has the fewest locks.
  case fewestLocks
  /// The one that has the most locks.
  case mostLocks

  var engine: HoldfastEngine.DeadlockVictim {
    switch self {
    case .youngest: .youngest
    case .oldest: .oldest
    case .fewestLocks: .fewestLocks
    case .mostLocks: .mostLocks
    }
  }
}
