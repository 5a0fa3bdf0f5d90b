import BSON

/// A run of values of one field, as the bytes of their keys in ascending order: from `lower` up to, not
/// including, `upper`.
///
/// A value's key says where it ends, so that all keys that begin with a value's bytes lie from these bytes up
/// to, not including, their ``successor(_:)``.
struct Interval: Sendable, Hashable {
  /// One end with what is shown of it.
  struct End: Sendable, Hashable {
    /// Empty below everything; `nil` above everything.
    var bytes: [UInt8]?
    /// What `explain` shows.
    var shown: Shown
    /// Whether the value itself is inside, for `explain`.
    var isIncluded: Bool
  }

  /// What is shown of an end: made into text only when somebody wants to see it.
  enum Shown: Sendable, Hashable {
    case text(String)
    /// The lowest or the highest value of the types that compare with one.
    case lowest(BSONType)
    case highest(BSONType)
    /// A value, whose key has so many bytes.
    case value(BSONValue, keyBytes: Int)

    /// The longest key, in bytes, of a value that is shown.
    private static let keyLimit = 200
    /// The longest text.
    private static let textLimit = 100

    var text: String {
      switch self {
      case .text(let text): return text
      case .lowest(let type): return type.isNumber ? "-Infinity" : "lowest \(Self.group(type))"
      case .highest(let type): return type.isNumber ? "Infinity" : "highest \(Self.group(type))"
      case .value(let value, let keyBytes):
        guard keyBytes <= Self.keyLimit else { return "\(value.type.name) of \(keyBytes) bytes" }
        let text = value.extendedJSON(.relaxed)
        return text.utf8.count <= Self.textLimit ? text : String(text.prefix(Self.textLimit)) + "…"
      }
    }

    private static func group(_ type: BSONType) -> String { type == .symbol ? "string" : type.name }
  }

  var lower: End
  var upper: End
  /// Whether it is a single value.
  var isPoint: Bool

  static let all = Interval(
    lower: End(bytes: [], shown: .text("MinKey"), isIncluded: true),
    upper: End(bytes: nil, shown: .text("MaxKey"), isIncluded: true),
    isPoint: false)

  /// As `explain` shows it, such as `[5, 10)`.
  var text: String {
    "\(lower.isIncluded ? "[" : "(")\(lower.shown.text), \(upper.shown.text)\(upper.isIncluded ? "]" : ")")"
  }

  var isEmpty: Bool { !Self.isBelow(lower.bytes ?? [], upper.bytes) }

  /// Whether a lower end is below an upper end.
  static func isBelow(_ lower: [UInt8], _ upper: [UInt8]?) -> Bool {
    upper.map { lower.lexicographicallyPrecedes($0) } ?? true
  }

  /// The lowest bytes above all that begin with `bytes`; `nil` when there are none.
  static func successor(_ bytes: [UInt8]) -> [UInt8]? {
    var result = bytes
    while let last = result.popLast() {
      if last < 0xFF {
        result.append(last + 1)
        return result
      }
    }
    return nil
  }

  /// The interval in the keys of a descending field, whose bytes are inverted.
  var inverted: Interval {
    if isPoint, let bytes = lower.bytes {
      // What follows in a key is appended to a point, so its bytes have to be all there.
      let turned = bytes.map { ~$0 }
      return Interval(
        lower: End(bytes: turned, shown: lower.shown, isIncluded: true),
        upper: End(bytes: Self.successor(turned), shown: lower.shown, isIncluded: true), isPoint: true)
    }
    func turned(_ bytes: [UInt8]?) -> [UInt8]? { bytes.flatMap { Self.successor($0.map { ~$0 }) } }
    return Interval(
      lower: End(
        bytes: upper.bytes == nil ? [] : turned(upper.bytes) ?? [], shown: upper.shown,
        isIncluded: upper.isIncluded),
      upper: End(bytes: turned(lower.bytes), shown: lower.shown, isIncluded: lower.isIncluded),
      isPoint: isPoint
    )
  }
}

/// The values of one field that a filter allows: intervals in ascending order that do not overlap.
struct IntervalSet: Sendable, Hashable {
  private(set) var intervals: [Interval]

  static let all = IntervalSet(intervals: [.all])
  static let none = IntervalSet(intervals: [])

  private init(intervals: [Interval]) { self.intervals = intervals }

  /// Takes intervals in any order.
  init(_ intervals: [Interval]) {
    if intervals.count == 1, !intervals[0].isEmpty {
      self.intervals = intervals
      return
    }
    self = .none
    let sorted = intervals.filter { !$0.isEmpty }.sorted {
      ($0.lower.bytes ?? []).lexicographicallyPrecedes($1.lower.bytes ?? [])
    }
    for interval in sorted { append(interval) }
  }

  /// Adds an interval that does not begin below the last one.
  private mutating func append(_ interval: Interval) {
    guard var last = intervals.last else { return intervals.append(interval) }
    // Values that are equal may look different, as 1 and 1.0 do.
    if last.lower.bytes == interval.lower.bytes, last.upper.bytes == interval.upper.bytes { return }
    guard let end = last.upper.bytes else { return }
    let begin = interval.lower.bytes ?? []
    if end.lexicographicallyPrecedes(begin) || (end == begin && (last.isPoint || interval.isPoint)) {
      return intervals.append(interval)
    }
    if Interval.isBelow(end, interval.upper.bytes) { last.upper = interval.upper }
    last.isPoint = false
    intervals[intervals.count - 1] = last
  }

  var isEmpty: Bool { intervals.isEmpty }
  var isAll: Bool { self == .all }
  /// Whether it is nothing but single values.
  var isPoints: Bool { intervals.allSatisfy(\.isPoint) }

  func intersection(_ other: IntervalSet) -> IntervalSet {
    var result: [Interval] = []
    var (i, j) = (0, 0)
    while i < intervals.count, j < other.intervals.count {
      let (a, b) = (intervals[i], other.intervals[j])
      var both = a
      if (a.lower.bytes ?? []).lexicographicallyPrecedes(b.lower.bytes ?? []) { both.lower = b.lower }
      // The one that ends first can meet no further interval of the other set.
      if Self.endsFirst(a, b) {
        i += 1
      } else {
        both.upper = b.upper
        j += 1
      }
      both.isPoint = a.isPoint || b.isPoint
      result.append(both)
    }
    return IntervalSet(result)
  }

  private static func endsFirst(_ a: Interval, _ b: Interval) -> Bool {
    guard let end = b.upper.bytes else { return true }
    return a.upper.bytes.map { !end.lexicographicallyPrecedes($0) } ?? false
  }

  /// Whether every value of this set is one of the other.
  func isSubset(of other: IntervalSet) -> Bool {
    intervals.allSatisfy { a in
      other.intervals.contains { b in
        !(a.lower.bytes ?? []).lexicographicallyPrecedes(b.lower.bytes ?? [])
          && (b.upper.bytes.map { y in a.upper.bytes.map { !y.lexicographicallyPrecedes($0) } ?? false }
            ?? true)
      }
    }
  }
}
