import BSON

/// An operator whose arguments are all evaluated before it is applied.
struct ExpressionOperator: Sendable {
  /// How the arguments are written.
  enum Parameters: Sendable {
    /// As an array of so many, or as a single one.
    case list(ClosedRange<Int>)
    /// As a document with these names, of which the first so many have to be there.
    case named([String], required: Int)
    /// As such a document, or as the first of the arguments alone.
    case namedOrSingle([String])
  }

  let name: String
  let parameters: Parameters
  /// Whether the result can be larger than the arguments together.
  let canGrow: Bool
  let apply: @Sendable (ExpressionArguments) throws(QueryError) -> BSONValue?

  /// An operator with a number of arguments.
  init(
    _ name: String, _ counts: ClosedRange<Int>, canGrow: Bool = false,
    _ apply: @escaping @Sendable (ExpressionArguments) throws(QueryError) -> BSONValue?
  ) {
    self.name = name
    self.parameters = .list(counts)
    self.canGrow = canGrow
    self.apply = apply
  }

  /// An operator with one argument that may also be written as a document of several.
  init(
    _ name: String, namedOrSingle names: [String],
    _ apply: @escaping @Sendable (ExpressionArguments) throws(QueryError) -> BSONValue?
  ) {
    self.name = name
    self.parameters = .namedOrSingle(names)
    self.canGrow = false
    self.apply = apply
  }

  /// An operator with named arguments.
  init(
    _ name: String, named names: [String], required: Int, canGrow: Bool = false,
    _ apply: @escaping @Sendable (ExpressionArguments) throws(QueryError) -> BSONValue?
  ) {
    self.name = name
    self.parameters = .named(names, required: required)
    self.canGrow = canGrow
    self.apply = apply
  }

  /// All operators of this kind by their names.
  static let byName: [String: ExpressionOperator] = {
    let groups = [
      arithmetic, rounding, transcendental, summaries, arrays, arrayParts, sets, strings, substrings, objects,
      types,
      dates, dateArithmetic, dateParts,
    ]
    var result: [String: ExpressionOperator] = [:]
    for entry in groups.joined() { result[entry.name] = entry }
    return result
  }()
}

/// The values that an operator is applied to.
struct ExpressionArguments {
  /// The operator, for errors.
  let name: String
  /// The values; nil for a missing one, and for a named one that was not given.
  let values: [BSONValue?]
  /// A bit for each of the first 64 arguments, set when it was given.
  let given: UInt64

  var count: Int { values.count }

  /// An argument; nil when it is missing or not there.
  subscript(_ index: Int) -> BSONValue? { index < values.count ? values[index] : nil }

  /// Whether an argument was written, whatever its value is.
  func isGiven(_ index: Int) -> Bool { index < 64 && given & 1 << UInt64(index) != 0 }

  /// Whether an argument is null, undefined or missing.
  func isNullish(_ index: Int) -> Bool { self[index]?.isNull ?? true }

  /// Whether one of the arguments is null, undefined or missing.
  var hasNullish: Bool { values.contains { $0?.isNull ?? true } }

  /// The name of a value's type, for errors.
  static func kind(_ value: BSONValue?) -> String { value?.type.name ?? "missing" }

  /// The error for an argument of a wrong type.
  func mismatch(_ index: Int, _ expected: String) -> QueryError {
    QueryError(.typeMismatch, "\(name) takes \(expected), not a value of the type \(Self.kind(self[index])).")
  }

  /// The error for an argument that makes no sense.
  func invalid(_ sentence: String) -> QueryError { QueryError(.invalidArgument, "\(name) \(sentence)") }

  /// An argument that has to be an array.
  func array(_ index: Int, _ expected: String = "an array") throws(QueryError) -> [BSONValue] {
    guard case .array(let values)? = self[index] else { throw mismatch(index, expected) }
    return values
  }

  /// An argument that has to be a string.
  func string(_ index: Int, _ expected: String = "a string") throws(QueryError) -> String {
    guard case .string(let text)? = self[index] else { throw mismatch(index, expected) }
    return text
  }

  /// An argument that has to be a document.
  func document(_ index: Int, _ expected: String = "a document") throws(QueryError) -> Document {
    guard case .document(let document)? = self[index] else { throw mismatch(index, expected) }
    return document
  }

  /// An argument that has to be a number.
  func number(_ index: Int, _ expected: String = "numbers") throws(QueryError) -> BSONValue {
    guard let value = self[index], value.isNumber else { throw mismatch(index, expected) }
    return value
  }

  /// An argument that has to be a whole number of 32 bits, of whatever type.
  func int32(_ index: Int, _ meaning: String) throws(QueryError) -> Int {
    guard let value = self[index], value.isNumber else {
      throw mismatch(index, "a whole number as \(meaning)")
    }
    guard let number = value.int64Value, let small = Int32(exactly: number) else {
      throw invalid("takes as \(meaning) a whole number that fits 32 bits.")
    }
    return Int(small)
  }
}
