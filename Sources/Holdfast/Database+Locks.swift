internal import HoldfastEngine

/// What a lock lets its owner do, and so what it keeps from others (J. Gray and others, "Granularity of Locks and
/// Degrees of Consistency in a Shared Data Base", 1976).
public enum LockMode: String, Sendable, Hashable, CaseIterable {
  /// Some documents are read, under locks of their own.
  case intentionShared = "IS"
  /// Some documents are written, under locks of their own.
  case intentionExclusive = "IX"
  /// It is read.
  case shared = "S"
  /// All documents are read, and some of them written under locks of their own.
  case sharedIntentionExclusive = "SIX"
  /// It is written.
  case exclusive = "X"

  init(_ mode: HoldfastEngine.LockMode) {
    self =
      switch mode {
      case .intentionShared: .intentionShared
      case .intentionExclusive: .intentionExclusive
      case .shared: .shared
      case .sharedIntentionExclusive: .sharedIntentionExclusive
      case .exclusive: .exclusive
      }
  }
}

/// What is, or would be, locked.
public struct LockTarget: Sendable, Hashable, CustomStringConvertible {
  /// How much of it.
  public enum Kind: String, Sendable, Hashable {
    /// All documents of a collection, or all entries of an index.
    case collection
    /// One document or entry, whether it is there or not.
    case record
    /// All documents or entries between two keys, with those that are not there.
    case range
  }

  public let kind: Kind
  /// The collection; `nil` for the list of collections and for one that was dropped meanwhile.
  public let collection: String?
  /// The index, when it is about its entries.
  public let index: String?
  /// A number for the documents of a collection or the entries of an index, which stays the same.
  public let tree: UInt64

  init(_ kind: LockKind, _ tree: UInt64, _ names: [UInt64: (collection: String, index: String?)]) {
    self.kind =
      switch kind {
      case .tree: .collection
      case .record: .record
      case .range: .range
      }
    collection = names[tree]?.collection
    index = names[tree]?.index
    self.tree = tree
  }

  /// The target in a few words, without keys.
  public var description: String {
    let place =
      tree == 0 ? "the list of collections" : collection.map { "collection \(quoted($0))" } ?? "tree \(tree)"
    return "\(kind.rawValue) of \(place)" + (index.map { ", index \(quoted($0))" } ?? "")
  }
}

/// Something that is locked.
public struct LockInfo: Sendable {
  public let target: LockTarget
  /// The transactions that hold it, by their ``Transaction/number``, each with its mode.
  public let holders: [(transaction: UInt64, mode: LockMode)]
  /// How many transactions wait in line for exactly this.
  public let waiting: Int
}

/// A transaction that waits for a lock.
public struct BlockedTransaction: Sendable, Hashable {
  /// Its ``Transaction/number``.
  public let transaction: UInt64
  /// What it wants to lock, and in which mode.
  public let target: LockTarget
  public let mode: LockMode
  /// For how long it has waited.
  public let waiting: Duration
  /// The transactions that it waits for.
  public let blockers: [UInt64]
}

/// What became of transactions since the database was opened. The calls of collections, which are transactions of
/// their own, count, too; those that only read do not.
public struct TransactionStatistics: Sendable, Equatable {
  public let started: UInt64
  public let committed: UInt64
  /// Those that ended without a commit, by the reason: `rolledBack`, `writeConflict`, `deadlock`, `lockTimeout`,
  /// `expired` or `failed`.
  public let aborted: [String: UInt64]
  /// How many are open now.
  public let open: Int
  /// How long those that have ended were open, together; and the longest of them.
  public let duration: Duration
  public let longestDuration: Duration
  /// Calls that waited for a lock, and for how long together.
  public let lockWaits: UInt64
  public let lockWaitDuration: Duration
  public let deadlocks: UInt64
  public let lockTimeouts: UInt64

  init(_ engine: HoldfastEngine.TransactionStatistics) {
    started = engine.started
    committed = engine.committed
    aborted = Dictionary(uniqueKeysWithValues: engine.aborted.map { ($0.rawValue, $1) })
    open = engine.open
    duration = .nanoseconds(Int64(clamping: engine.nanoseconds))
    longestDuration = .nanoseconds(Int64(clamping: engine.longestNanoseconds))
    lockWaits = engine.lockWaits
    lockWaitDuration = .nanoseconds(Int64(clamping: engine.lockWaitNanoseconds))
    deadlocks = engine.deadlocks
    lockTimeouts = engine.lockTimeouts
  }
}

extension Database {
  /// What is locked now, at most `limit` things, in no certain order. Looking stops all locking for a moment.
  public func lockInfo(limit: Int = 10_000) throws(HoldfastError) -> [LockInfo] {
    let names = try treeNames()
    return storage.lockInfo(limit: limit).map { info in
      LockInfo(
        target: LockTarget(info.kind, info.tree, names),
        holders: info.holders.map { ($0.transaction, LockMode($0.mode)) }, waiting: info.waiting)
    }
  }

  /// The transactions that wait for a lock, in the order in which they came.
  public func blockedTransactions() throws(HoldfastError) -> [BlockedTransaction] {
    let names = try treeNames()
    let now = storage.options.clock.monotonic()
    return storage.blockedTransactions.map { blocked in
      BlockedTransaction(
        transaction: blocked.transaction, target: LockTarget(blocked.kind, blocked.tree, names),
        mode: LockMode(blocked.mode),
        waiting: .nanoseconds(Int64(clamping: now > blocked.since ? now - blocked.since : 0)),
        blockers: blocked.blockers)
    }
  }

  /// Which transaction waits for which, by their numbers.
  public func waitForGraph() -> [(waiting: UInt64, blocker: UInt64)] {
    storage.waitForGraph.map { ($0.waiting, $0.blocker) }
  }

  /// What became of transactions since the database was opened.
  public var transactionStatistics: TransactionStatistics {
    TransactionStatistics(storage.transactionStatistics)
  }

  /// The names of the trees that collections and indexes are in.
  private func treeNames() throws(HoldfastError) -> [UInt64: (collection: String, index: String?)] {
    let snapshot = try engineSnapshot()
    let cursor = try translating { () throws(StorageError) in try snapshot.cursor(Catalog.tree) }
    var names: [UInt64: (collection: String, index: String?)] = [:]
    for (name, record) in try Catalog.all(cursor) {
      names[record.tree] = (name, nil)
      for index in record.indexes { names[index.tree] = (name, index.description.name) }
    }
    return names
  }
}
