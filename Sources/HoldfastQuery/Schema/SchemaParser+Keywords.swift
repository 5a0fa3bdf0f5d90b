import BSON

extension SchemaParser {
  // MARK: All types

  func types(_ fields: [String: BSONValue], at path: String) throws(QueryError) -> [SchemaRule] {
    if fields["type"] != nil, fields["bsonType"] != nil {
      throw error(path, "type", "stands beside 'bsonType'; keep one of them.")
    }
    if let value = fields["type"] {
      return [.types(try types(value, "type", at: path) { Self.jsonTypes[$0] })]
    }
    if let value = fields["bsonType"] {
      return [.types(try types(value, "bsonType", at: path) { Self.bsonTypes[$0] })]
    }
    return []
  }

  private static let numbers: Set<BSONType> = [.double, .int32, .int64, .decimal128]
  private static let jsonTypes: [String: Set<BSONType>] = [
    "object": [.document], "array": [.array], "number": numbers, "boolean": [.bool], "string": [.string],
    "null": [.null],
  ]
  private static let bsonTypes: [String: Set<BSONType>] = {
    var types: [String: Set<BSONType>] = ["number": numbers]
    for type in BSONType.allCases { types[type.name] = [type] }
    return types
  }()

  private func types(
    _ value: BSONValue, _ keyword: String, at path: String, _ lookUp: (String) -> Set<BSONType>?
  ) throws(QueryError) -> Set<BSONType> {
    var names = [value]
    if case .array(let values) = value { names = values }
    var result: Set<BSONType> = []
    for name in names {
      guard case .string(let text) = name else { throw error(path, keyword, "names of types", name) }
      guard let types = lookUp(text) else {
        let advice = text == "integer" ? "; write bsonType 'int' or 'long', or multipleOf 1." : "."
        throw error(path, keyword, "has no type \(quoted(text))\(advice)")
      }
      result.formUnion(types)
    }
    guard !names.isEmpty, Set(names).count == names.count else {
      throw error(path, keyword, "takes at least one type, and none twice.")
    }
    return result
  }

  func values(_ fields: [String: BSONValue], at path: String) throws(QueryError) -> [SchemaRule] {
    guard let value = fields["enum"] else { return [] }
    guard case .array(let values) = value else { throw error(path, "enum", "an array of values", value) }
    let constants = values.map { Constant($0) }
    guard !constants.isEmpty, SchemaOrder.areUnique(constants.map(\.raw)) else {
      throw error(path, "enum", "takes at least one value, and none twice.")
    }
    return [.oneValueOf(constants)]
  }

  mutating func combinations(_ fields: [String: BSONValue], at path: String) throws(QueryError)
    -> [SchemaRule]
  {
    var rules: [SchemaRule] = []
    for (name, rule) in [("allOf", SchemaRule.all), ("anyOf", SchemaRule.any), ("oneOf", SchemaRule.one)] {
      guard let value = fields[name] else { continue }
      guard case .array(let values) = value else { throw error(path, name, "an array of schemas", value) }
      guard !values.isEmpty else { throw error(path, name, "takes at least one schema.") }
      rules.append(rule(try subschemas(path, name, values)))
    }
    if let value = fields["not"] { rules.append(.not(try subschema(path, "not", value))) }
    return rules
  }

  // MARK: Numbers and strings

  func numbers(_ fields: [String: BSONValue], at path: String) throws(QueryError) -> [SchemaRule] {
    var rules: [SchemaRule] = []
    if let (bound, isExclusive) = try bound(fields, "minimum", "exclusiveMinimum", at: path) {
      rules.append(.minimum(bound, isExclusive: isExclusive))
    }
    if let (bound, isExclusive) = try bound(fields, "maximum", "exclusiveMaximum", at: path) {
      rules.append(.maximum(bound, isExclusive: isExclusive))
    }
    if let value = fields["multipleOf"] {
      guard let number = ExpressionNumber(value) else { throw error(path, "multipleOf", "a number", value) }
      let divisor = number.decimalValue
      guard number.isPositive, !divisor.isZero else {
        throw error(path, "multipleOf", "takes a number above zero.")
      }
      rules.append(.multiple(of: divisor))
    }
    return rules
  }

  private func bound(
    _ fields: [String: BSONValue], _ name: String, _ exclusive: String, at path: String
  ) throws(QueryError) -> (Constant, Bool)? {
    let isExclusive = try bool(path, exclusive, fields[exclusive])
    guard let value = fields[name] else {
      if isExclusive != nil { throw error(path, exclusive, "needs '\(name)' beside it.") }
      return nil
    }
    guard value.isNumber else { throw error(path, name, "a number", value) }
    return (Constant(value), isExclusive ?? false)
  }

  func strings(_ fields: [String: BSONValue], at path: String) throws(QueryError) -> [SchemaRule] {
    var rules: [SchemaRule] = []
    if let counts = try counts(fields, "minLength", "maxLength", at: path) {
      rules += counts.map { .length($0) }
    }
    if let value = fields["pattern"] {
      guard case .string(let pattern) = value else { throw error(path, "pattern", "a string", value) }
      rules.append(.pattern(try matcher(pattern, "pattern", at: path)))
    }
    return rules
  }

  private func matcher(_ pattern: String, _ name: String, at path: String) throws(QueryError) -> RegexMatcher
  {
    try RegexMatcher(
      pattern: pattern, options: "", place: path.isEmpty ? "\(place): \(name)" : "\(place): \(path).\(name)")
  }

  /// The range that a lower and an upper limit leave; nil without any. Limits that leave nothing are two rules.
  private func counts(
    _ fields: [String: BSONValue], _ minimum: String, _ maximum: String, at path: String
  ) throws(QueryError) -> [ClosedRange<Int>]? {
    var ranges: [ClosedRange<Int>] = []
    if let value = fields[minimum] { ranges.append(try count(path, minimum, value)...Int.max) }
    if let value = fields[maximum] { ranges.append(0...(try count(path, maximum, value))) }
    return ranges.isEmpty ? nil : ranges
  }

  // MARK: Arrays

  mutating func arrays(_ fields: [String: BSONValue], at path: String) throws(QueryError) -> [SchemaRule] {
    var rules: [SchemaRule] = []
    if let counts = try counts(fields, "minItems", "maxItems", at: path) {
      rules += counts.map { .itemCount($0) }
    }
    if try bool(path, "uniqueItems", fields["uniqueItems"]) == true { rules.append(.uniqueItems) }
    let rest = try rest(fields, "additionalItems", at: path)
    switch fields["items"] {
    case nil: break
    case .array(let values)?: rules.append(.tuple(try subschemas(path, "items", values), rest: rest))
    case .document(let document)?:
      rules.append(.items(try subschema(path, "items", .document(document))))
    case let value?: throw error(path, "items", "a schema or an array of schemas", value)
    }
    return rules
  }

  /// What `additionalItems` or `additionalProperties` says.
  private mutating func rest(
    _ fields: [String: BSONValue], _ name: String, at path: String
  ) throws(QueryError) -> SchemaRest {
    switch fields[name] {
    case nil, .bool(true)?: return .allowed
    case .bool(false)?: return .forbidden
    case .document(let document)?: return .schema(try subschema(path, name, .document(document)))
    case let value?: throw error(path, name, "true, false or a schema", value)
    }
  }

  // MARK: Documents

  mutating func documents(_ fields: [String: BSONValue], at path: String) throws(QueryError) -> [SchemaRule] {
    var rules: [SchemaRule] = []
    if let counts = try counts(fields, "minProperties", "maxProperties", at: path) {
      rules += counts.map { .propertyCount($0) }
    }
    if let value = fields["required"] { rules.append(.required(try names(path, "required", value))) }
    if let properties = try properties(fields, at: path) { rules.append(.properties(properties)) }
    if let value = fields["dependencies"] {
      for (name, value) in try document(path, "dependencies", value) {
        let keyword = "dependencies.\(name)"
        if case .document = value {
          rules.append(.dependentSchema(Array(name.utf8), try subschema(path, keyword, value)))
        } else {
          rules.append(.dependentFields(Array(name.utf8), try names(path, keyword, value)))
        }
      }
    }
    return rules
  }

  private mutating func properties(
    _ fields: [String: BSONValue], at path: String
  ) throws(QueryError) -> SchemaProperties? {
    var properties = SchemaProperties()
    if let value = fields["properties"] {
      for (name, value) in try document(path, "properties", value) {
        properties.named[Array(name.utf8)] = try subschema(path, "properties.\(name)", value)
      }
    }
    if let value = fields["patternProperties"] {
      for (pattern, value) in try document(path, "patternProperties", value) {
        let matcher = try matcher(pattern, "patternProperties", at: path)
        properties.patterns.append((matcher, try subschema(path, "patternProperties.\(pattern)", value)))
      }
    }
    properties.rest = try rest(fields, "additionalProperties", at: path)
    if case .allowed = properties.rest, properties.named.isEmpty, properties.patterns.isEmpty { return nil }
    return properties
  }
}
