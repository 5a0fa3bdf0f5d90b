import HoldfastTestSupport
import Testing

/// Short names for histories that are written by hand.
func append(_ key: Int, _ element: Int) -> History.Operation { .append(key: key, element: element) }
func read(_ key: Int, _ elements: [Int]) -> History.Operation { .read(key: key, elements: elements) }

/// A transaction that has committed.
func done(_ id: Int, _ operations: History.Operation..., times: ClosedRange<Int>? = nil)
  -> History.Transaction
{
  History.Transaction(id: id, operations: operations, begin: times?.lowerBound, end: times?.upperBound)
}

/// A transaction that has not happened.
func aborted(_ id: Int, _ operations: History.Operation...) -> History.Transaction {
  History.Transaction(id: id, outcome: .aborted, operations: operations)
}

/// A transaction whose commit was not answered.
func unanswered(
  _ id: Int, _ operations: History.Operation..., times: ClosedRange<Int>? = nil
) -> History.Transaction {
  History.Transaction(
    id: id, outcome: .unknown, operations: operations, begin: times?.lowerBound, end: times?.upperBound)
}

func history(_ transactions: [History.Transaction], final: [Int: [Int]]? = nil) -> History {
  var history = History()
  for transaction in transactions { history.add(transaction) }
  if let final { history.finish(with: final) }
  return history
}

/// A history by hand, and what is wrong with it.
struct Sketch: Sendable, CustomTestStringConvertible {
  var name: String
  /// `nil` for a history that is fine.
  var kind: Anomaly.Kind?
  /// The weakest level that forbids it.
  var level = History.Level.readCommitted
  var history: History
  var testDescription: String { name }

  init(
    _ name: String, _ kind: Anomaly.Kind?, from level: History.Level = .readCommitted,
    _ transactions: [History.Transaction], final: [Int: [Int]]? = nil
  ) {
    self.name = name
    self.kind = kind
    self.level = level
    history = HoldfastIsolationTests.history(transactions, final: final)
  }
}
