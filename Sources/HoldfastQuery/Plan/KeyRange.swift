import BSON

/// A run of keys in a tree: from `lower` up to, not including, `upper`.
public struct KeyRange: Sendable, Hashable {
  /// Empty for the tree's beginning.
  public var lower: [UInt8]
  /// `nil` for the tree's end.
  public var upper: [UInt8]?

  /// Takes the ends.
  public init(lower: [UInt8], upper: [UInt8]?) {
    self.lower = lower
    self.upper = upper
  }

  /// All keys.
  public static let all = KeyRange(lower: [], upper: nil)
}

extension IndexBounds {
  /// The most runs of keys that values of several fields may be combined to; with more, later fields are not
  /// bounded.
  static let maximumRanges = 1000

  /// What of the bounds a scan can use.
  struct Scan {
    /// The runs of keys, ascending.
    var ranges: [KeyRange]
    /// How many fields in front have a single value.
    var singleFields: Int
    /// How many fields' bounds the ranges have in them.
    var usedFields: Int
    /// Whether a document can have only one entry in the ranges.
    var isOnePoint: Bool
  }

  /// The runs of keys in which the entries lie: single values of the first fields, combined with each other,
  /// then the intervals of one more field.
  func scan(of index: IndexDescription) -> Scan {
    var prefixes: [[UInt8]] = [[]]
    var scan = Scan(ranges: [], singleFields: 0, usedFields: 0, isOnePoint: false)
    for (field, set) in zip(index.fields, fields) {
      let intervals = field.isDescending ? set.intervals.reversed().map(\.inverted) : set.intervals
      if set.isAll { break }
      if prefixes.count > 1, prefixes.count * intervals.count > Self.maximumRanges { break }
      if set.isPoints {
        if intervals.count == 1, prefixes.count == 1 { scan.singleFields += 1 }
        scan.usedFields += 1
        prefixes = prefixes.flatMap { prefix in intervals.map { prefix + ($0.lower.bytes ?? []) } }
        continue
      }
      scan.usedFields += 1
      scan.ranges = prefixes.flatMap { prefix in intervals.map { Self.range(prefix, $0) } }
      return scan
    }
    scan.isOnePoint = prefixes.count == 1 && scan.usedFields == index.fields.count
    scan.ranges = prefixes.map { KeyRange(lower: $0, upper: Interval.successor($0)) }
    return scan
  }

  private static func range(_ prefix: [UInt8], _ interval: Interval) -> KeyRange {
    KeyRange(
      lower: prefix + (interval.lower.bytes ?? []),
      upper: interval.upper.bytes.map { prefix + $0 } ?? Interval.successor(prefix))
  }
}
