import BSON

/// A filter that has been read, as a tree.
indirect enum Condition: Sendable {
  case and([Condition])
  case or([Condition])
  case nor([Condition])
  case not(Condition)
  case field(FieldTest)
  case expression(Expression)
  case schema(Schema)
  case always
  case never

  /// Whether a document matches.
  /// - Parameter position: set to the place of the array element that made a field's test true, as far as
  ///   arrays were looked into: that of the last such test, as MongoDB does. Alternatives and negations tell none.
  func matches(_ document: RawDocument, position: inout Int?) throws(QueryError) -> Bool {
    switch self {
    case .field(let test):
      return try test.matches(document, position: &position)
    case .and(let conditions):
      for condition in conditions {
        if try !condition.matches(document, position: &position) { return false }
      }
      return true
    case .or(let conditions): return try Self.any(conditions, document)
    case .nor(let conditions): return try !Self.any(conditions, document)
    case .not(let condition):
      var ignored: Int?
      return try !condition.matches(document, position: &ignored)
    case .expression(let expression): return try expression.isTrue(document)
    case .schema(let schema): return schema.matches(document)
    case .always: return true
    case .never: return false
    }
  }

  private static func any(_ conditions: [Condition], _ document: RawDocument) throws(QueryError) -> Bool {
    var ignored: Int?
    for condition in conditions {
      if try condition.matches(document, position: &ignored) { return true }
    }
    return false
  }
}

/// A test of the values at a path: true when one of them passes.
///
/// Arrays on the way are gone through: a part of the path that is a number is the place of an element, and
/// every element that is a document is asked for the rest of the path. An array inside an array is gone through
/// only where a number leads to it. An array at the end is looked at element by element and then as a whole, except
/// by tests of arrays themselves, and as a whole only where a number leads to it.
///
/// The position that a test reports is the place in the outermost array that was gone through; a number in the path
/// goes through none.
final class FieldTest: Sendable {
  let path: FieldPath
  let test: ValueTest
  private let traverses: Bool

  init(path: FieldPath, test: ValueTest) {
    self.path = path
    self.test = test
    traverses = test.traversesArrays
  }

  func matches(_ document: RawDocument, position: inout Int?) throws(QueryError) -> Bool {
    try walk(document, from: 0, turns: 0, &position)
  }

  /// Whether the value of a field passes, given where it is.
  func matches(value: RawValue?, position: inout Int?) throws(QueryError) -> Bool {
    guard let value else { return try test.matches(nil, position: &position) }
    return try end(value, &position)
  }

  /// How often a number in the path may be taken for a place as well as for a name on one way through a document:
  /// each time doubles the ways.
  private static let maximumTurns = 16

  private func walk(
    _ document: RawDocument, from start: Int, turns: Int, _ position: inout Int?
  ) throws(QueryError) -> Bool {
    var current = document
    var index = start
    while true {
      let found = path.parts[index].name.withUnsafeBytes { current.value(forKey: $0) }
      guard let found else { return try test.matches(nil, position: &position) }
      index += 1
      if index == path.parts.count { return try end(found, &position) }
      guard let next = found.document else { return try test.matches(nil, position: &position) }
      if found.type == .array { return try walkArray(next, from: index, turns: turns, &position) }
      current = next
    }
  }

  /// Goes through an array in the middle of the path.
  private func walkArray(
    _ array: RawDocument, from index: Int, turns: Int, _ position: inout Int?
  ) throws(QueryError) -> Bool {
    let wanted = path.parts[index].index
    var place = 0
    for element in array {
      var turns = turns
      if element.value.type == .document, let document = element.value.document {
        if wanted == place {
          turns += 1
          guard turns <= Self.maximumTurns else {
            throw QueryError(
              .limitExceeded,
              "the path \(quoted(path.text)) can be followed through a document in too many ways")
          }
        }
        if try walk(document, from: index, turns: turns, &position) {
          position = place
          return true
        }
      }
      if wanted == place, try atPlace(element.value, index + 1, turns: turns, &position) { return true }
      place += 1
    }
    return false
  }

  /// Goes on from the element of an array that the path names by its number.
  private func atPlace(
    _ value: RawValue, _ index: Int, turns: Int, _ position: inout Int?
  ) throws(QueryError) -> Bool {
    if index == path.parts.count { return try test.matches(value, position: &position) }
    guard let document = value.document else { return false }
    if value.type == .array { return try walkArray(document, from: index, turns: turns, &position) }
    return try walk(document, from: index, turns: turns, &position)
  }

  /// Tests the value at the end of the path.
  private func end(_ value: RawValue, _ position: inout Int?) throws(QueryError) -> Bool {
    if value.type == .array, traverses, let elements = value.document {
      var place = 0
      for element in elements {
        if try test.matches(element.value, position: &position) {
          position = place
          return true
        }
        place += 1
      }
    }
    return try test.matches(value, position: &position)
  }
}
