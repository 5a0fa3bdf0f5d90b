import BSON

/// Reads schemas: checks the keywords and their values, and bounds the nesting.
struct SchemaParser {
  /// Where the outermost schema stands, for errors.
  let place: String
  private var depth = 0

  init(place: String) {
    self.place = place
  }

  /// The keywords there are; the order in which they are read does not matter.
  static let keywords: Set<String> = [
    "additionalItems", "additionalProperties", "allOf", "anyOf", "bsonType", "dependencies", "description",
    "enum", "exclusiveMaximum", "exclusiveMinimum", "items", "maxItems", "maxLength", "maxProperties",
    "maximum",
    "minItems", "minLength", "minProperties", "minimum", "multipleOf", "not", "oneOf", "pattern",
    "patternProperties", "properties", "required", "title", "type", "uniqueItems",
  ]
  /// Keywords of the draft that MongoDB does not have either.
  static let omissions: Set<String> = ["$ref", "$schema", "default", "definitions", "format", "id"]

  /// Reads a schema.
  /// - Parameter path: the keywords and names that lead to it, for errors.
  mutating func schema(_ document: Document, at path: String) throws(QueryError) -> Schema {
    depth += 1
    defer { depth -= 1 }
    guard depth <= QueryLimits.maximumDepth else {
      throw QueryError(
        .limitExceeded,
        "\(place): the schema nests deeper than \(QueryLimits.maximumDepth) levels; make it flatter.")
    }
    let fields = try fields(document, at: path)
    var rules: [SchemaRule] = []
    rules += try types(fields, at: path)
    rules += try values(fields, at: path)
    rules += try numbers(fields, at: path)
    rules += try strings(fields, at: path)
    rules += try arrays(fields, at: path)
    rules += try documents(fields, at: path)
    rules += try combinations(fields, at: path)
    for name in ["title", "description"] {
      if let value = fields[name], value.type != .string { throw error(path, name, "a string", value) }
    }
    return Schema(rules: rules)
  }

  private func fields(_ document: Document, at path: String) throws(QueryError) -> [String: BSONValue] {
    var fields: [String: BSONValue] = [:]
    for (name, value) in document {
      if Self.omissions.contains(name) {
        throw QueryError(
          .invalidArgument, "\(at(path))the keyword \(quoted(name)) is not supported; leave it out.",
          .failedToParse)
      }
      guard Self.keywords.contains(name) else {
        throw QueryError(
          .invalidArgument, "\(at(path))\(quoted(name)) is no keyword of schemas; leave it out.",
          .failedToParse)
      }
      guard fields.updateValue(value, forKey: name) == nil else {
        throw QueryError(.invalidArgument, "\(at(path))the keyword \(quoted(name)) occurs twice; keep one.")
      }
    }
    return fields
  }

  // MARK: Errors

  private func at(_ path: String) -> String { path.isEmpty ? "\(place): " : "\(place): in \(quoted(path)) " }

  /// The error for a keyword with a value of a wrong type.
  func error(_ path: String, _ name: String, _ expected: String, _ value: BSONValue) -> QueryError {
    QueryError(
      .invalidArgument, "\(at(path))'\(name)' takes \(expected), not \(value.type.name).", .typeMismatch)
  }

  /// The error for a keyword with a value that makes no sense.
  func error(_ path: String, _ name: String, _ sentence: String) -> QueryError {
    QueryError(.invalidArgument, "\(at(path))'\(name)' \(sentence)", .failedToParse)
  }

  // MARK: Parts of values

  func document(_ path: String, _ name: String, _ value: BSONValue) throws(QueryError) -> Document {
    guard case .document(let document) = value else { throw error(path, name, "a document", value) }
    return document
  }

  mutating func subschema(_ path: String, _ name: String, _ value: BSONValue) throws(QueryError) -> Schema {
    try schema(try document(path, name, value), at: path.isEmpty ? name : "\(path).\(name)")
  }

  mutating func subschemas(_ path: String, _ name: String, _ values: [BSONValue]) throws(QueryError)
    -> [Schema]
  {
    var schemas: [Schema] = []
    for value in values { schemas.append(try subschema(path, name, value)) }
    return schemas
  }

  /// A whole number that is not below zero, of any type.
  func count(_ path: String, _ name: String, _ value: BSONValue) throws(QueryError) -> Int {
    guard value.isNumber else { throw error(path, name, "a whole number", value) }
    guard let count = value.intValue, count >= 0 else {
      throw error(path, name, "takes a whole number that is not below zero.")
    }
    return count
  }

  func bool(_ path: String, _ name: String, _ value: BSONValue?) throws(QueryError) -> Bool? {
    guard let value else { return nil }
    guard case .bool(let result) = value else { throw error(path, name, "true or false", value) }
    return result
  }

  /// An array of at least one string, none twice, as bytes.
  func names(_ path: String, _ name: String, _ value: BSONValue) throws(QueryError) -> [[UInt8]] {
    guard case .array(let values) = value else { throw error(path, name, "an array of strings", value) }
    var names: [[UInt8]] = []
    for value in values {
      guard case .string(let text) = value else { throw error(path, name, "an array of strings", value) }
      names.append(Array(text.utf8))
    }
    guard !names.isEmpty, Set(names).count == names.count else {
      throw error(path, name, "takes at least one name, and none twice.")
    }
    return names
  }
}
