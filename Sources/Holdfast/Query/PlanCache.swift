internal import HoldfastIO
internal import HoldfastQuery

/// Which index was chosen for queries of a shape: the same fields, operators, sort order and projection, whatever
/// the values.
///
/// A remembered choice spares the estimates of the other plans. It is dropped when the indexes of the collection
/// are not those it was made with, when the collection has become four times as large or small, and when the
/// chosen index would now be read much further than it was then.
final class PlanCache: Sendable {
  /// The query's shape in a collection.
  struct Key: Hashable {
    var tree: UInt64
    var shape: String
  }

  struct Choice {
    /// The plan's ``Plan/summary``.
    var summary: String
    var estimatedKeys: Double
    var documentCount: Double
    /// The trees of the indexes that were there.
    var indexes: [UInt64]
  }

  private let choices = Guarded<[Key: Choice]>([:])

  /// The most shapes that are remembered.
  static let limit = 1000

  /// How much further than before an index may be read.
  private static let tolerance = 10.0

  func choice(_ key: Key, indexes: [UInt64], documentCount: Double) -> Choice? {
    guard let choice = choices.withLock({ $0[key] }), choice.indexes == indexes else { return nil }
    let growth = (documentCount + 1) / (choice.documentCount + 1)
    return growth > 0.25 && growth < 4 ? choice : nil
  }

  func accepts(_ plan: Plan, _ choice: Choice) -> Bool {
    plan.estimatedKeys <= max(choice.estimatedKeys, 100) * Self.tolerance
  }

  func remember(_ key: Key, _ choice: Choice) {
    choices.withLock { choices in
      if choices.count >= Self.limit { choices.removeAll() }
      choices[key] = choice
    }
  }
}
