import BSON

/// What an operator asks of one value.
enum ValueTest: Sendable {
  /// `$eq`, `$lt`, `$lte`, `$gt`, `$gte`, and a plain value.
  case compare(Comparison)
  /// `$in`.
  case oneOf(ValueList)
  /// `$regex`, and a plain regular expression.
  case regex(RegexTest)
  /// `$exists: true`.
  case exists
  /// `$type`.
  case type(TypeTest)
  /// `$mod`.
  case remainder(RemainderTest)
  /// `$bitsAllSet` and its family.
  case bits(BitTest)
  /// `$size`.
  case size(Int)
  /// `$elemMatch` with conditions on fields of the elements.
  indirect case elementMatches(Condition)
  /// `$elemMatch` with operators for the elements themselves.
  indirect case elementFulfils(Predicate)

  /// Whether an array is looked at element by element before it is looked at as a whole.
  var traversesArrays: Bool {
    switch self {
    case .size, .elementMatches, .elementFulfils: false
    default: true
    }
  }

  /// Whether the value itself, which is not taken apart if it is an array, passes; `nil` is a missing field.
  /// - Parameter position: set to the place of the element that `$elemMatch` found.
  func matches(_ value: RawValue?, position: inout Int?) throws(QueryError) -> Bool {
    switch self {
    case .compare(let comparison): return comparison.matches(value)
    case .oneOf(let list): return list.matches(value)
    case .exists: return value != nil
    default: break
    }
    guard let value else { return false }
    switch self {
    case .compare, .oneOf, .exists: return false
    case .regex(let test): return test.matches(value)
    case .type(let test): return test.matches(value.type)
    case .remainder(let test): return test.matches(value)
    case .bits(let test): return test.matches(value)
    case .size(let count):
      guard value.type == .array, let elements = value.document else { return false }
      var found = 0
      for _ in elements {
        found += 1
        if found > count { return false }
      }
      return found == count
    case .elementMatches(let condition):
      return try Self.anyElement(of: value, &position) { (element) throws(QueryError) in
        guard let document = element.document else { return false }
        var ignored: Int?
        return try condition.matches(document, position: &ignored)
      }
    case .elementFulfils(let predicate):
      return try Self.anyElement(of: value, &position) { (element) throws(QueryError) in
        try predicate.matches(single: element)
      }
    }
  }

  private static func anyElement(
    of value: RawValue, _ position: inout Int?, _ test: (RawValue) throws(QueryError) -> Bool
  ) throws(QueryError) -> Bool {
    guard value.type == .array, let elements = value.document else { return false }
    var index = 0
    for element in elements {
      if try test(element.value) {
        position = index
        return true
      }
      index += 1
    }
    return false
  }
}

/// What the operators behind one field's name ask, before it is said of which path.
indirect enum Predicate: Sendable {
  case test(ValueTest)
  case not(Predicate)
  case all([Predicate])
  case never

  /// Whether one value passes, without looking into it if it is an array.
  func matches(single value: RawValue) throws(QueryError) -> Bool {
    switch self {
    case .test(let test):
      var ignored: Int?
      return try test.matches(value, position: &ignored)
    case .not(let predicate): return try !predicate.matches(single: value)
    case .all(let predicates):
      for predicate in predicates {
        if try !predicate.matches(single: value) { return false }
      }
      return true
    case .never: return false
    }
  }

  /// The predicate, said of a path: each test for itself, so that different elements of an array may pass
  /// different tests.
  func condition(on path: FieldPath) -> Condition {
    switch self {
    case .test(let test): .field(FieldTest(path: path, test: test))
    case .not(let predicate): .not(predicate.condition(on: path))
    case .all(let predicates):
      predicates.count == 1
        ? predicates[0].condition(on: path) : .and(predicates.map { $0.condition(on: path) })
    case .never: .never
    }
  }
}
