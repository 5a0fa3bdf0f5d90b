import BSON

/// Reads filters: the names at the top of a filter, which are logical operators and fields.
enum FilterParser {
  /// Reads a filter.
  /// - Parameter isElement: whether it is the argument of `$elemMatch`, where only conditions on fields and
  ///   logical operators make sense.
  static func parse(
    _ document: Document, depth: Int, isElement: Bool, now: BSONDateTime? = nil
  ) throws(QueryError) -> Condition {
    try checkDepth(depth)
    var conditions: [Condition] = []
    for (name, value) in document {
      // The fields of a reference to another document have such names, too.
      if name.utf8.first == UInt8(ascii: "$"), !(isElement && FieldPath.referenceNames.contains(name)) {
        if let condition = try logical(name, value, depth: depth, isElement: isElement, now: now) {
          conditions.append(condition)
        }
      } else {
        let path = FieldPath(name)
        try checkParts(path)
        conditions.append(try predicate(value, place: name, depth: depth).condition(on: path))
      }
    }
    return combined(conditions)
  }

  private static func combined(_ conditions: [Condition]) -> Condition {
    switch conditions.count {
    case 0: .always
    case 1: conditions[0]
    default: .and(conditions)
    }
  }

  /// An operator at the top; `nil` for one that asks nothing.
  private static func logical(
    _ name: String, _ value: BSONValue, depth: Int, isElement: Bool, now: BSONDateTime?
  ) throws(QueryError) -> Condition? {
    switch name {
    case "$and": return .and(try list(name, value, depth: depth, isElement: isElement, now: now))
    case "$or": return alternatives(try list(name, value, depth: depth, isElement: isElement, now: now))
    case "$nor": return .nor(try list(name, value, depth: depth, isElement: isElement, now: now))
    case "$comment": return nil
    case "$alwaysTrue", "$alwaysFalse":
      guard BSONOrdering.compare(value, .int32(1)) == 0 else {
        throw QueryError(.invalidArgument, "\(name) needs the number 1, not \(article(value))")
      }
      return name == "$alwaysTrue" ? .always : .never
    case "$expr", "$jsonSchema":
      guard !isElement else {
        throw QueryError(
          .unknownOperator,
          "\(name) can only be used for whole documents, not in $elemMatch: move it to the top")
      }
      if name == "$expr" { return .expression(try Expression(value, at: "$expr", now: now)) }
      guard case .document(let schema) = value else {
        throw QueryError(.invalidArgument, "$jsonSchema needs a document, not \(article(value))")
      }
      return .schema(try Schema(schema, at: "$jsonSchema"))
    case "$where", "$text", "$function":
      throw QueryError(
        .unknownOperator,
        "\(name) is not supported: it would need an interpreter or a text index; use $expr or $regex")
    default:
      throw QueryError(
        .unknownOperator,
        "unknown operator \(quoted(name)) at the top of a filter: operators for one field stand behind its name, "
          + "as in {\"field\": {\"$gt\": 1}}")
    }
  }

  /// What `$or` asks. Several values that one field may have are one `$in`, as in MongoDB: this tells the position of
  /// the element that was found, which other alternatives do not.
  private static func alternatives(_ conditions: [Condition]) -> Condition {
    guard conditions.count > 1, case .field(let first) = conditions[0] else {
      return conditions.count == 1 ? conditions[0] : .or(conditions)
    }
    var values: [BSONValue] = []
    var expressions: [RegexTest] = []
    for condition in conditions {
      guard case .field(let test) = condition, test.path == first.path else { return .or(conditions) }
      switch test.test {
      case .compare(let comparison) where comparison.comparator == .equal:
        values.append(comparison.constant.value)
      case .regex(let expression): expressions.append(expression)
      default: return .or(conditions)
      }
    }
    return .field(FieldTest(path: first.path, test: .oneOf(ValueList(values, expressions))))
  }

  private static func list(
    _ name: String, _ value: BSONValue, depth: Int, isElement: Bool, now: BSONDateTime?
  ) throws(QueryError) -> [Condition] {
    guard case .array(let entries) = value, !entries.isEmpty else {
      throw QueryError(.invalidArgument, "\(name) needs an array with at least one filter in it")
    }
    var conditions: [Condition] = []
    for entry in entries {
      guard case .document(let filter) = entry else {
        throw QueryError(
          .invalidArgument, "\(name) needs filters (documents) in its array, not \(article(entry))")
      }
      conditions.append(try parse(filter, depth: depth + 1, isElement: isElement, now: now))
    }
    return conditions
  }

  // MARK: Behind a field's name

  /// Reads what stands behind a field's name: operators, a regular expression, or a value.
  static func predicate(_ value: BSONValue, place: String, depth: Int) throws(QueryError) -> Predicate {
    try checkDepth(depth)
    switch value {
    case .document(let document) where isOperators(document):
      return try operators(document, place: place, depth: depth)
    case .regex(let regex):
      return .test(.regex(try RegexTest(regex, place: "the regular expression of \(quoted(place))")))
    default: return .test(.compare(try comparison(.equal, value, place)))
    }
  }

  /// Whether a document is one of operators: its first name begins with a dollar sign, and it is no DBRef.
  static func isOperators(_ document: Document) -> Bool {
    document.withRawDocument { raw in
      var iterator = raw.makeIterator()
      guard let first = iterator.next(), first.key.first == UInt8(ascii: "$") else { return false }
      let isReference = raw.value(forKey: "$ref") != nil && raw.value(forKey: "$id") != nil
      return !isReference
    } ?? false
  }

  static func operators(_ document: Document, place: String, depth: Int) throws(QueryError) -> Predicate {
    try checkDepth(depth)
    var predicates: [Predicate] = []
    for (name, value) in document {
      if name == "$options" {
        guard document.contains("$regex") else {
          throw QueryError(.invalidArgument, "$options of \(quoted(place)) needs a $regex beside it")
        }
        continue
      }
      let parser = OperatorParser(name: name, value: value, place: place, depth: depth, siblings: document)
      predicates.append(try parser.parse())
    }
    return predicates.count == 1 ? predicates[0] : .all(predicates)
  }

  static func comparison(
    _ comparator: Comparison.Operator, _ value: BSONValue, _ place: String
  ) throws(QueryError) -> Comparison {
    switch value {
    case .undefined:
      throw QueryError(
        .invalidArgument,
        "\(comparator.rawValue) of \(quoted(place)): nothing can be compared to undefined; use null")
    case .regex where comparator != .equal:
      throw QueryError(
        .invalidArgument,
        "\(comparator.rawValue) of \(quoted(place)) cannot take a regular expression: use $regex, or $not with one"
      )
    default: return Comparison(comparator, Constant(value))
    }
  }

  // MARK: Limits

  static func checkDepth(_ depth: Int) throws(QueryError) {
    guard depth <= QueryLimits.maximumDepth else {
      throw QueryError(
        .limitExceeded, "the filter nests deeper than \(QueryLimits.maximumDepth) levels: make it flatter")
    }
  }

  private static func checkParts(_ path: FieldPath) throws(QueryError) {
    guard path.parts.count <= QueryLimits.maximumPathParts else {
      throw QueryError(
        .limitExceeded, "the path \(quoted(path.text)) has more than \(QueryLimits.maximumPathParts) parts")
    }
  }

  /// A value's type for a message.
  static func article(_ value: BSONValue) -> String { "a value of type \(value.type.name)" }
}
