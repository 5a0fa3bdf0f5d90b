/// What clients did to lists under keys, and what they saw: the input of ``HistoryChecker``.
///
/// Every transaction appends elements to lists and reads whole lists. An element is appended to a key at most
/// once in a history, so whoever reads a list knows which transactions it has seen, and in which order they
/// wrote. A history may span several openings of a store; the final state, if any, is read after all of them.
public struct History: Sendable {
  /// What a transaction may see of others. Each level forbids all that the one before forbids, and more.
  public enum Level: Int, Sendable, CaseIterable, Comparable {
    case readCommitted
    case snapshot
    case serializable

    public static func < (left: Level, right: Level) -> Bool { left.rawValue < right.rawValue }
  }

  /// What the client knows of a transaction's end.
  public enum Outcome: Sendable {
    /// The commit was acknowledged.
    case committed
    /// The transaction has certainly not happened.
    case aborted
    /// The commit was asked for, but not answered: the transaction has happened if anybody saw it.
    case unknown
  }

  /// One operation of a transaction.
  public enum Operation: Sendable, Equatable {
    case append(key: Int, element: Int)
    /// A read, with the whole list that it returned.
    case read(key: Int, elements: [Int])
  }

  /// One attempt of one client to do something as a whole.
  public struct Transaction: Sendable {
    /// The name by which anomalies call it; no other transaction of the history has it.
    public var id: Int
    /// The client that ran it, one transaction after the other. So real time orders the transactions of a
    /// client; nothing else is concluded from it.
    public var client: Int
    public var level: Level
    public var outcome: Outcome
    /// In the order in which they were done. An append that failed is among them: it was tried.
    public var operations: [Operation]
    /// A moment before the transaction began, on one clock for all; `nil` if real time is not to be checked.
    public var begin: Int?
    /// A moment after its outcome was known.
    public var end: Int?

    /// A transaction. Unless said otherwise it ran at `serializable`, was committed, and has no times.
    public init(
      id: Int, client: Int = 0, level: Level = .serializable, outcome: Outcome = .committed,
      operations: [Operation], begin: Int? = nil, end: Int? = nil
    ) {
      self.id = id
      self.client = client
      self.level = level
      self.outcome = outcome
      self.operations = operations
      self.begin = begin
      self.end = end
    }
  }

  /// All transactions, in no particular order.
  public private(set) var transactions: [Transaction] = []
  /// The lists of all keys after everything has ended, or `nil` if nobody has looked. A key that is not in it
  /// has an empty list.
  public private(set) var finalState: [Int: [Int]]?

  /// A history in which nothing has happened.
  public init() {}

  /// Adds a transaction. What was said about the final state is forgotten, as it is not final any more.
  public mutating func add(_ transaction: Transaction) {
    transactions.append(transaction)
    finalState = nil
  }

  /// Notes what a read of all keys returned after everything had ended.
  public mutating func finish(with state: [Int: [Int]]) { finalState = state }

  /// All keys that anybody appended to or read.
  public var keys: Set<Int> {
    var keys: Set<Int> = []
    for transaction in transactions {
      for operation in transaction.operations {
        switch operation {
        case .append(let key, _), .read(let key, _): keys.insert(key)
        }
      }
    }
    return keys
  }
}
