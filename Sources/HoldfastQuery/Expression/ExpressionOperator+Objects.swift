import BSON

extension ExpressionOperator {
  /// Documents and their fields.
  static let objects: [ExpressionOperator] = [
    ExpressionOperator("$mergeObjects", 0...Int.max, canGrow: true) { (arguments) throws(QueryError) in
      var items = arguments.values
      if arguments.count == 1, case .array(let values)? = arguments[0] { items = values }
      var fields = ExpressionFields()
      for case let item? in items where !item.isNull {
        guard case .document(let document) = item else {
          throw QueryError(.typeMismatch, "$mergeObjects takes documents, not \(item.type.name).")
        }
        for (name, value) in document { fields.set(name, value) }
      }
      return .document(fields.document)
    },
    ExpressionOperator("$objectToArray", 1...1, canGrow: true) { (arguments) throws(QueryError) in
      if arguments.isNullish(0) { return .null }
      return .array(
        try arguments.document(0).map { .document(["k": .string($0.key), "v": $0.value]) })
    },
    ExpressionOperator("$arrayToObject", 1...1, canGrow: true, object),
    ExpressionOperator("$getField", namedOrSingle: ["field", "input"]) { (arguments) throws(QueryError) in
      let name = try arguments.string(0, "a string as 'field'")
      if arguments[1] == nil { return nil }
      if arguments.isNullish(1) { return .null }
      guard case .document(let document)? = arguments[1] else { return nil }
      return document[name]
    },
    ExpressionOperator("$setField", named: ["field", "input", "value"], required: 3, canGrow: true) {
      (arguments) throws(QueryError) in try setField(arguments, arguments[2])
    },
    ExpressionOperator("$unsetField", named: ["field", "input"], required: 2) {
      (arguments) throws(QueryError) in try setField(arguments, nil)
    },
    ExpressionOperator("$bsonSize", 1...1) { (arguments) throws(QueryError) in
      if arguments.isNullish(0) { return .null }
      return .int32(Int32(truncatingIfNeeded: try arguments.document(0).byteCount))
    },
    ExpressionOperator("$binarySize", 1...1) { (arguments) throws(QueryError) in
      if arguments.isNullish(0) { return .null }
      if case .binary(let binary)? = arguments[0] {
        return .int32(Int32(truncatingIfNeeded: binary.bytes.count))
      }
      return .int32(Int32(truncatingIfNeeded: try arguments.string(0, "strings and binary data").utf8.count))
    },
  ]

  private static func setField(
    _ arguments: ExpressionArguments, _ value: BSONValue?
  ) throws(QueryError) -> BSONValue? {
    let name = try arguments.string(0, "a string as 'field'")
    if arguments.isNullish(1) { return .null }
    var document = try arguments.document(1, "a document as 'input'")
    document[name] = value
    return .document(document)
  }

  /// Elements that are all pairs of a name and a value, or all documents of `k` and `v`.
  @Sendable private static func object(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    if arguments.isNullish(0) { return .null }
    let values = try arguments.array(0)
    var fields = ExpressionFields()
    for value in values {
      guard value.type == values.first?.type, let (name, value) = pair(value) else {
        throw arguments.invalid(
          "takes an array of pairs of a string and a value, or of documents with the fields 'k' and 'v'.")
      }
      if name.utf8.contains(0) { throw arguments.invalid("takes names without zero characters.") }
      fields.set(name, value)
    }
    return .document(fields.document)
  }

  private static func pair(_ value: BSONValue) -> (String, BSONValue)? {
    switch value {
    case .array(let parts):
      guard parts.count == 2, case .string(let name) = parts[0] else { return nil }
      return (name, parts[1])
    case .document(let document):
      guard document.count == 2, case .string(let name)? = document["k"], let value = document["v"] else {
        return nil
      }
      return (name, value)
    default: return nil
    }
  }
}

/// Fields in the order in which their names occurred first.
struct ExpressionFields {
  private var names: [String] = []
  private var values: [BSONValue] = []
  private var places: [[UInt8]: Int] = [:]

  /// Sets a field, in its place when it is there already.
  mutating func set(_ name: String, _ value: BSONValue) {
    // By bytes: strings that only look the same are different names.
    let bytes = Array(name.utf8)
    if let place = places[bytes] {
      values[place] = value
      return
    }
    places[bytes] = names.count
    names.append(name)
    values.append(value)
  }

  var document: Document { Document(Array(zip(names, values))) }
}
