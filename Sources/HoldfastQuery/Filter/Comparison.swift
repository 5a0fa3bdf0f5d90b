import BSON

/// A comparison with a constant, as MongoDB makes it: only values of the same group of types compare, numbers
/// of all types being one group, and null and a missing field are equal.
struct Comparison: Sendable {
  enum Operator: String, Sendable {
    case equal = "$eq"
    case less = "$lt"
    case lessOrEqual = "$lte"
    case greater = "$gt"
    case greaterOrEqual = "$gte"

    /// Whether the operator is true of values that compare as `order` (-1, 0 or 1).
    @inline(__always)
    func holds(_ order: Int) -> Bool {
      switch self {
      case .equal: order == 0
      case .less: order < 0
      case .lessOrEqual: order <= 0
      case .greater: order > 0
      case .greaterOrEqual: order >= 0
      }
    }

    var includesEqual: Bool { self == .equal || self == .lessOrEqual || self == .greaterOrEqual }
  }

  let comparator: Operator
  let constant: Constant
  private let group: UInt8
  private let isNaN: Bool

  init(_ comparator: Operator, _ constant: Constant) {
    self.comparator = comparator
    self.constant = constant
    group = constant.value.type.canonicalOrder
    isNaN = BSONNumber(constant.value)?.isNaN ?? false
  }

  func matches(_ value: RawValue?) -> Bool {
    guard let value else {
      // A missing field is like undefined.
      return matchesOtherGroup(isNothing: true)
    }
    let raw = constant.raw
    if value.type.canonicalOrder != group {
      return matchesOtherGroup(isNothing: value.type == .undefined || value.type == .null)
    }
    if comparator == .equal, value.type == .string, raw.type == .string {
      return value.bytes.count == raw.bytes.count && value.bytes.elementsEqualBytes(raw.bytes)
    }
    if let number = value.int32, let other = raw.int32 {
      return comparator.holds(number == other ? 0 : (number < other ? -1 : 1))
    }
    if value.type.isNumber, isNaN || (BSONNumber(value)?.isNaN ?? false) {
      // NaN is neither less nor greater than anything.
      return comparator.includesEqual && isNaN && (BSONNumber(value)?.isNaN ?? false)
    }
    return comparator.holds(BSONOrdering.compare(value, raw))
  }

  /// Whether a value of another group passes: null and nothing are the same, and everything lies between the
  /// two ends of the order.
  private func matchesOtherGroup(isNothing: Bool) -> Bool {
    switch constant.value {
    case .null, .undefined: isNothing && comparator.includesEqual
    case .maxKey: comparator == .less || comparator == .lessOrEqual
    case .minKey: comparator == .greater || comparator == .greaterOrEqual
    default: false
    }
  }
}

extension UnsafeRawBufferPointer {
  /// Whether two buffers of the same length have the same bytes.
  @inline(__always)
  func elementsEqualBytes(_ other: UnsafeRawBufferPointer) -> Bool {
    var index = 0
    while count - index >= 8 {
      if loadUnaligned(fromByteOffset: index, as: UInt64.self)
        != other.loadUnaligned(fromByteOffset: index, as: UInt64.self)
      {
        return false
      }
      index += 8
    }
    while index < count {
      if self[index] != other[index] { return false }
      index += 1
    }
    return true
  }
}

/// The values and regular expressions of `$in`.
struct ValueList: Sendable {
  /// The values in ascending order, no two equal.
  let values: [Constant]
  let expressions: [RegexTest]
  private let hasNull: Bool

  init(_ values: [BSONValue], _ expressions: [RegexTest]) {
    var sorted: [BSONValue] = []
    for value in values.sorted(by: { BSONOrdering.compare($0, $1) < 0 }) {
      if let last = sorted.last, BSONOrdering.compare(last, value) == 0 { continue }
      sorted.append(value)
    }
    self.values = sorted.map(Constant.init)
    self.expressions = expressions
    hasNull = values.contains { $0.isNull }
  }

  func matches(_ value: RawValue?) -> Bool {
    guard let value else { return hasNull }
    if hasNull, value.type == .null || value.type == .undefined { return true }
    var low = 0
    var high = values.count
    while low < high {
      let middle = (low + high) / 2
      let order = BSONOrdering.compare(value, values[middle].raw)
      if order == 0 { return true }
      if order < 0 { high = middle } else { low = middle + 1 }
    }
    return expressions.contains { $0.matches(value) }
  }
}

/// A regular expression that strings are to match, or to be equal to.
struct RegexTest: Sendable {
  let regex: BSONRegex
  let matcher: RegexMatcher

  init(_ regex: BSONRegex, place: String) throws(QueryError) {
    self.regex = regex
    matcher = try RegexMatcher(pattern: regex.pattern, options: regex.options, place: place)
  }

  func matches(_ value: RawValue) -> Bool {
    switch value.type {
    case .string, .symbol: value.stringBytes.map { matcher.matches($0) } ?? false
    case .regex: BSONValue(value) == .regex(regex)
    default: false
    }
  }
}
