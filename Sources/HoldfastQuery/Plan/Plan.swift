import BSON

/// How the documents of a query are found: which tree is read, where, and what is left to do with what comes.
public struct Plan: Sendable {
  /// How documents are reached.
  public indirect enum Access: Sendable {
    /// Nothing can match.
    case nothing
    /// The collection itself, in the order of ids, within ranges of ids' keys.
    case documents(DocumentScan)
    /// An index, and through it the documents.
    case index(IndexScan)
    /// Several ways one after the other, each document once.
    case union([Access])
  }

  /// A walk through the collection.
  public struct DocumentScan: Sendable {
    /// Ranges of the keys of ids.
    public var ranges: [KeyRange]
    public var isReverse: Bool
    /// The values of `_id`; `nil` for the whole collection.
    var values: IntervalSet?
    /// Whether it is the whole collection.
    public var isWhole: Bool { values == nil }
    /// The intervals of `_id` as shown by `explain`; empty for the whole collection.
    public var bounds: [String] { values?.intervals.map(\.text) ?? [] }
    /// Whether the ranges are single ids, which are looked up.
    public var isLookup: Bool
  }

  /// A walk through an index.
  public struct IndexScan: Sendable {
    public var index: IndexDescription
    public var ranges: [KeyRange]
    public var isReverse: Bool
    /// The values of each field.
    var values: [IntervalSet]
    /// For each field its intervals, as shown by `explain`.
    public var bounds: [(path: String, intervals: [String])] {
      zip(index.fields, values).map { ($0.path.text, $1.intervals.map(\.text)) }
    }
    /// Whether the same document can come twice.
    public var mayRepeat: Bool
    /// Whether the entries hold everything that the query needs.
    public var isCovered: Bool
    /// Whether the ranges are one key of a unique index, which is looked up.
    public var isLookup: Bool
    /// Whether every document in the ranges matches, so that none needs to be asked the filter.
    public var isExact: Bool
  }

  public var access: Access
  /// Whether the documents come in the order that was asked for.
  public var providesSort: Bool
  /// How many keys (or documents, without an index) are expected to be looked at, and how many documents to
  /// match.
  public var estimatedKeys: Double
  public var estimatedRows: Double
  /// What decides between plans; lower is better.
  public var cost: Double

  /// The plan in a few words, such as `index age_1`.
  public var summary: String { Self.summary(access) }

  private static func summary(_ access: Access) -> String {
    switch access {
    case .nothing: "nothing"
    case .documents(let scan):
      scan.isLookup ? "lookup of _id" : scan.isWhole ? "collection scan" : "range of _id"
    case .index(let scan): "index \(scan.index.name)"
    case .union(let parts): "union of " + parts.map(summary).joined(separator: ", ")
    }
  }
}

/// What is to be planned.
public struct PlanRequest: Sendable {
  public var filter: Filter
  /// The fields to sort by; empty for any order.
  public var sort: [(path: FieldPath, isDescending: Bool)] = []
  /// The paths that are needed of each document; `nil` for the whole document.
  public var neededPaths: [FieldPath]?
  /// How many documents are wanted at most, the skipped ones included; `nil` for all.
  public var limit: Int?
  public var hint: Hint?

  /// What the caller says of the plan.
  public enum Hint: Sendable {
    /// The index of this name.
    case name(String)
    /// The index on these fields.
    case keys(Document)
    /// The collection itself, forwards or backwards.
    case natural(isReverse: Bool)

    /// For messages.
    var shown: String {
      switch self {
      case .name(let name): quoted(name)
      case .keys(let keys): quoted(keys.extendedJSON())
      case .natural: "$natural"
      }
    }
  }

  public init(_ filter: Filter) { self.filter = filter }
}

/// What the planner asks about the data.
public protocol PlanStatistics {
  /// How many documents there are.
  var documentCount: Double { get }
  /// About how many keys lie in ranges of an index's tree, or of the documents' for `nil`.
  func keys(in ranges: [KeyRange], of index: IndexDescription?) -> Double
  /// About which part of the documents matches, by a sample; `nil` when it is not known.
  func matchingPart(_ filter: Filter) -> Double?
}
