/// One member of a deadlock: a transaction and what it waits for.
public struct LockCycleEdge: Sendable, Equatable, CustomStringConvertible {
  /// The transaction's number.
  public let transaction: UInt64
  /// The tree that it wants to lock, or a part of it.
  public let tree: UInt64
  /// What it wants to lock.
  public let kind: LockKind
  /// The mode in which it wants to hold it.
  public let mode: LockMode
  /// The next member of the cycle: it holds what is wanted, or waits for it in front.
  public let blocker: UInt64

  public init(transaction: UInt64, tree: UInt64, kind: LockKind, mode: LockMode, blocker: UInt64) {
    self.transaction = transaction
    self.tree = tree
    self.kind = kind
    self.mode = mode
    self.blocker = blocker
  }

  public var description: String {
    "\(transaction) waits for \(blocker) (a \(kind) of tree \(tree), \(mode))"
  }
}

/// Something that is locked.
package struct LockInfo: Sendable, Equatable {
  package struct Holder: Sendable, Equatable {
    package let transaction: UInt64
    package let mode: LockMode
  }

  package let tree: UInt64
  package let kind: LockKind
  /// The record's key, or the first key of the range; empty for a tree.
  package let key: [UInt8]
  /// The end of the range, which is not in it; `nil` when it has none, and for what is not a range.
  package let upper: [UInt8]?
  package let holders: [Holder]
  /// How many transactions wait in line for exactly this. Who waits for a part of a range, or for a range
  /// around this record, is not counted.
  package let waiting: Int
}

/// A transaction that waits for a lock.
package struct BlockedTransaction: Sendable, Equatable {
  package let transaction: UInt64
  /// The clock's monotonic nanoseconds when it began to wait.
  package let since: UInt64
  package let tree: UInt64
  package let kind: LockKind
  package let mode: LockMode
  /// The record's key, or the first key of the range; empty for a tree.
  package let key: [UInt8]
  /// The end of the range, which is not in it; `nil` when it has none, and for what is not a range.
  package let upper: [UInt8]?
  /// The transactions that it waits for, in rising order.
  package let blockers: [UInt64]
}

/// That one transaction waits for another.
package struct WaitForEdge: Sendable, Hashable {
  package let waiting: UInt64
  package let blocker: UInt64
}

/// What has happened since the lock manager was made.
package struct LockStatistics: Sendable, Equatable {
  /// Calls that had to wait.
  package var waits: UInt64 = 0
  /// For how long they waited, together, in nanoseconds. Those that still wait are not in it.
  package var waitNanoseconds: UInt64 = 0
  /// Deadlocks, each of which ended one transaction's call.
  package var deadlocks: UInt64 = 0
  /// Calls that gave up because their time was over.
  package var timeouts: UInt64 = 0
}
