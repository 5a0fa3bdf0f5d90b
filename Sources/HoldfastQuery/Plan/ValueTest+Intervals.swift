import BSON

extension ValueTest {
  /// Intervals in which every value lies that passes the test, as an index has values (``IndexDescription``);
  /// `nil` when nothing useful can be said.
  var intervals: IntervalSet? {
    switch self {
    case .compare(let comparison): comparison.intervals
    case .oneOf(let list): list.intervals
    case .regex(let test): test.intervals
    case .elementFulfils(let predicate): predicate.intervals
    case .exists, .type, .remainder, .bits, .size, .elementMatches: nil
    }
  }

  /// Whether a document without the field passes.
  var acceptsMissing: Bool {
    switch self {
    case .compare(let comparison): comparison.matches(nil)
    case .oneOf(let list): list.matches(nil)
    case .exists, .regex, .size, .elementMatches, .elementFulfils, .remainder, .bits, .type: false
    }
  }

  /// Whether a document that passes has the field.
  var impliesExistence: Bool {
    switch self {
    case .compare(let comparison): !comparison.constant.value.isNull && comparison.intervals != nil
    case .oneOf(let list): !list.values.contains { $0.value.isNull }
    case .exists, .regex, .size, .elementMatches, .elementFulfils, .remainder, .bits, .type: true
    }
  }
}

extension Predicate {
  fileprivate var intervals: IntervalSet? {
    switch self {
    // What an element of an element holds is not in the index.
    case .test(.elementFulfils): return nil
    case .test(let test): return test.intervals
    case .all(let predicates):
      var result: IntervalSet?
      for found in predicates.compactMap(\.intervals) { result = result?.intersection(found) ?? found }
      return result
    case .never: return IntervalSet.none
    case .not: return nil
    }
  }
}

extension Interval {
  /// The interval of one value; `nil` when the value cannot be in an index.
  static func point(_ value: BSONValue) -> Interval? {
    guard let bytes = try? BSONKey.bytes(value) else { return nil }
    let shown = Shown.value(value, keyBytes: bytes.count)
    return Interval(
      lower: End(bytes: bytes, shown: shown, isIncluded: true),
      upper: End(bytes: successor(bytes), shown: shown, isIncluded: true), isPoint: true)
  }

  /// The points under which an index has what is equal to a value.
  static func points(equalTo value: BSONValue) -> [Interval]? {
    switch value {
    case .null, .undefined:
      // An index has null for a missing field.
      return [point(.null), point(.undefined)].compactMap(\.self)
    case .array(let elements):
      // An index has the elements of an array, and undefined for an empty one; the array itself is there where
      // it is an element of another.
      guard let first = point(elements.first ?? .undefined), let whole = point(value) else { return nil }
      return [first, whole]
    default: return point(value).map { [$0] }
    }
  }
}

extension Comparison {
  fileprivate var intervals: IntervalSet? {
    let value = constant.value
    if comparator == .equal { return Interval.points(equalTo: value).map { IntervalSet($0) } }
    switch value {
    case .null:
      return comparator.includesEqual
        ? Interval.points(equalTo: value).map { IntervalSet($0) } : IntervalSet.none
    case .minKey, .maxKey, .array, .undefined: return nil
    default: break
    }
    guard let point = Interval.point(value) else { return nil }
    if BSONNumber(value)?.isNaN == true {
      return comparator.includesEqual ? IntervalSet([point]) : IntervalSet.none
    }
    let bracket = BSONKey.bracket(of: value.type)
    var interval = Interval(
      lower: .init(bytes: [bracket.lower], shown: .lowest(value.type), isIncluded: true),
      upper: .init(bytes: [bracket.upper], shown: .highest(value.type), isIncluded: true),
      isPoint: false)
    if value.isNumber { interval.lower.bytes = [BSONKey.lowestNumber] }
    switch comparator {
    case .less: interval.upper = .init(bytes: point.lower.bytes, shown: point.lower.shown, isIncluded: false)
    case .lessOrEqual: interval.upper = point.upper
    case .greater:
      interval.lower = .init(bytes: point.upper.bytes, shown: point.lower.shown, isIncluded: false)
    case .greaterOrEqual, .equal: interval.lower = point.lower
    }
    return IntervalSet([interval])
  }
}

extension ValueList {
  fileprivate var intervals: IntervalSet? {
    var intervals: [Interval] = []
    for constant in values {
      guard let points = Interval.points(equalTo: constant.value) else { return nil }
      intervals += points
    }
    for expression in expressions { intervals += expression.intervals.intervals }
    return IntervalSet(intervals)
  }
}

extension RegexTest {
  fileprivate var intervals: IntervalSet {
    let bracket = BSONKey.bracket(of: .string)
    var strings = Interval(
      lower: .init(bytes: [bracket.lower], shown: .text("\"\""), isIncluded: true),
      upper: .init(bytes: [bracket.upper], shown: .text("highest string"), isIncluded: true), isPoint: false)
    if let prefix = matcher.literalPrefix, !prefix.bytes.isEmpty {
      let bytes = BSONKey.stringPrefix(prefix.bytes)
      let text = Interval.Shown.value(
        .string(String(decoding: prefix.bytes, as: UTF8.self)), keyBytes: bytes.count
      ).text
      strings.lower = .init(bytes: bytes, shown: .text(text), isIncluded: true)
      strings.upper = .init(
        bytes: Interval.successor(bytes), shown: .text(text + "…"), isIncluded: true)
    }
    return IntervalSet([strings] + [Interval.point(.regex(regex))].compactMap(\.self))
  }
}
