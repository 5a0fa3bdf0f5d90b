import BSON

/// Reads one operator behind a field's name.
struct OperatorParser {
  let name: String
  let value: BSONValue
  let place: String
  let depth: Int
  /// The document that the operator is in.
  let siblings: Document

  func parse() throws(QueryError) -> Predicate {
    if let comparator = Comparison.Operator(rawValue: name) {
      return .test(.compare(try FilterParser.comparison(comparator, value, place)))
    }
    if let bits = BitTest.Operator(rawValue: name) {
      return .test(.bits(BitTest(comparator: bits, positions: try bitPositions())))
    }
    switch name {
    case "$ne":
      if case .regex = value { throw wrong("cannot take a regular expression: use $not with one") }
      return .not(.test(.compare(try FilterParser.comparison(.equal, value, place))))
    case "$in": return .test(.oneOf(try list()))
    case "$nin": return .not(.test(.oneOf(try list())))
    case "$not": return try not()
    case "$exists": return isTrue(value) ? .test(.exists) : .not(.test(.exists))
    case "$type": return .test(.type(TypeTest(types: try types())))
    case "$all": return try all()
    case "$elemMatch": return try elementMatch()
    case "$size": return .test(.size(try size()))
    case "$regex": return .test(.regex(try regex()))
    case "$mod": return .test(.remainder(try remainder()))
    default:
      guard name.utf8.first == UInt8(ascii: "$") else {
        throw QueryError(
          .unknownOperator,
          "the condition of \(quoted(place)) mixes operators with the field \(quoted(name)): use $eq to compare "
            + "with a whole document, or the path \(quoted(place + "." + name))")
      }
      throw QueryError(.unknownOperator, "unknown operator \(quoted(name)) for \(quoted(place))")
    }
  }

  private func wrong(_ what: String) -> QueryError {
    QueryError(.invalidArgument, "\(name) of \(quoted(place)) \(what)")
  }

  // MARK: Lists and logic

  private func list() throws(QueryError) -> ValueList {
    guard case .array(let entries) = value else { throw wrong("needs an array") }
    var values: [BSONValue] = []
    var expressions: [RegexTest] = []
    for entry in entries {
      switch entry {
      case .regex(let regex): expressions.append(try RegexTest(regex, place: "\(name) of \(quoted(place))"))
      case .undefined: throw wrong("cannot compare to undefined: use null")
      case .document(let document) where FilterParser.isOperators(document):
        throw wrong("cannot have operators in its array: use $or")
      default: values.append(entry)
      }
    }
    return ValueList(values, expressions)
  }

  private func not() throws(QueryError) -> Predicate {
    switch value {
    case .regex: return .not(try FilterParser.predicate(value, place: place, depth: depth + 1))
    case .document(let document):
      guard !document.isEmpty else { throw wrong("needs at least one operator") }
      guard FilterParser.isOperators(document) else {
        throw wrong("needs operators in its document; to exclude a value use $ne")
      }
      return .not(try FilterParser.operators(document, place: place, depth: depth + 1))
    default: throw wrong("needs a document of operators or a regular expression")
    }
  }

  private func all() throws(QueryError) -> Predicate {
    guard case .array(let entries) = value else { throw wrong("needs an array") }
    guard !entries.isEmpty else { return .never }
    var predicates: [Predicate] = []
    let areMatches = Self.isElementMatch(entries[0])
    for entry in entries {
      if areMatches || Self.isElementMatch(entry) {
        guard areMatches, Self.isElementMatch(entry), case .document(let document) = entry else {
          throw wrong("takes either values or $elemMatch documents, not both")
        }
        guard document.count == 1 else { throw wrong("takes $elemMatch with nothing beside it") }
        predicates.append(try FilterParser.operators(document, place: place, depth: depth + 1))
        continue
      }
      if case .document(let document) = entry, FilterParser.isOperators(document) {
        throw wrong("cannot have operators other than $elemMatch in its array")
      }
      predicates.append(try FilterParser.predicate(entry, place: place, depth: depth + 1))
    }
    return .all(predicates)
  }

  private static func isElementMatch(_ value: BSONValue) -> Bool {
    guard case .document(let document) = value else { return false }
    return document.keys.first == "$elemMatch"
  }

  private func elementMatch() throws(QueryError) -> Predicate {
    guard case .document(let document) = value else { throw wrong("needs a document") }
    let first = document.keys.first
    let isOfFields =
      !FilterParser.isOperators(document)
      || ["$and", "$or", "$nor", "$comment", "$expr", "$jsonSchema", "$where"].contains(first)
    if isOfFields {
      return .test(.elementMatches(try FilterParser.parse(document, depth: depth + 1, isElement: true)))
    }
    return .test(.elementFulfils(try FilterParser.operators(document, place: place, depth: depth + 1)))
  }

  /// Truth as MongoDB's `$exists` has it.
  private func isTrue(_ value: BSONValue) -> Bool {
    switch value {
    case .bool(let bool): bool
    case .null, .undefined: false
    case .int32(let number): number != 0
    case .int64(let number): number != 0
    case .double(let number): number != 0
    case .decimal128(let number): !number.isZero
    default: true
    }
  }

  // MARK: Types and numbers

  private func types() throws(QueryError) -> Set<BSONType> {
    guard case .array(let entries) = value else { return try types(value) }
    guard !entries.isEmpty else { throw wrong("needs at least one type") }
    var result: Set<BSONType> = []
    for entry in entries { result.formUnion(try types(entry)) }
    return result
  }

  private func types(_ value: BSONValue) throws(QueryError) -> Set<BSONType> {
    if case .string(let name) = value {
      if name == "number" { return [.double, .int32, .int64, .decimal128] }
      guard let type = BSONType.allCases.first(where: { $0.name == name }) else {
        throw wrong("has an unknown type name \(quoted(name)): use a name such as string, object or int")
      }
      return [type]
    }
    guard let number = value.int64Value ?? value.doubleValue.flatMap({ Int64(exactly: $0) }) else {
      throw wrong("needs a type's name or number, or an array of them")
    }
    guard let type = BSONType.allCases.first(where: { Int64($0.number) == number }) else {
      throw wrong("has an unknown type number: -1, 1 to 19 and 127 are types")
    }
    return [type]
  }

  private func size() throws(QueryError) -> Int {
    guard value.isNumber, let count = integer(value) else { throw wrong("needs a whole number") }
    guard count >= 0 else { throw wrong("needs a number that is not negative") }
    return Int(count)
  }

  /// A number that is whole, whatever its type.
  private func integer(_ value: BSONValue) -> Int64? {
    value.int64Value ?? value.doubleValue.flatMap { Int64(exactly: $0) } ?? value.decimal128Value?.int64Value
  }

  private func remainder() throws(QueryError) -> RemainderTest {
    guard case .array(let numbers) = value, numbers.count == 2 else {
      throw wrong("needs an array of two numbers, the divisor and the remainder")
    }
    guard let divisor = truncated(numbers[0]), let remainder = truncated(numbers[1]) else {
      throw wrong("needs two numbers that fit 64 bits")
    }
    guard divisor != 0 else { throw wrong("cannot divide by 0") }
    return RemainderTest(divisor: divisor, remainder: remainder)
  }

  private func truncated(_ value: BSONValue) -> Int64? {
    let constant = Constant(value)
    return withExtendedLifetime(constant) { constant.raw.truncated }
  }

  private func bitPositions() throws(QueryError) -> [Int] {
    switch value {
    case .array(let entries):
      var positions: [Int] = []
      for entry in entries {
        guard entry.isNumber, let position = integer(entry), position >= 0, position <= Int64(Int32.max)
        else {
          throw wrong("needs bit positions that are whole numbers from 0")
        }
        positions.append(Int(position))
      }
      return positions
    case .binary(let binary):
      return (0..<binary.bytes.count * 8).filter { binary.bytes[$0 / 8] >> ($0 % 8) & 1 == 1 }
    default:
      guard value.isNumber, let mask = integer(value), mask >= 0 else {
        throw wrong(
          "needs a mask (a whole number that is not negative, or binary data) or an array of bit positions")
      }
      return (0..<63).filter { mask >> Int64($0) & 1 == 1 }
    }
  }

  // MARK: Regular expressions

  private func regex() throws(QueryError) -> RegexTest {
    var options = ""
    let given = siblings["$options"]
    if let given {
      guard case .string(let text) = given else { throw wrong("needs $options that are a string") }
      options = text
    }
    let position = "$regex of \(quoted(place))"
    switch value {
    case .string(let pattern): return try RegexTest(try expression(pattern, options), place: position)
    case .regex(let regex):
      guard regex.options.isEmpty || given == nil else {
        throw wrong("has options twice: in itself and as $options")
      }
      return try RegexTest(
        try expression(regex.pattern, given == nil ? regex.options : options), place: position)
    default: throw wrong("needs a string or a regular expression")
    }
  }

  private func expression(_ pattern: String, _ options: String) throws(QueryError) -> BSONRegex {
    guard !pattern.utf8.contains(0), !options.utf8.contains(0) else {
      throw QueryError(.invalidRegex, "$regex of \(quoted(place)) contains a zero character")
    }
    return BSONRegex(pattern, options: options)
  }
}
