import BSON

/// A schema that is ready to be applied to documents, as `$jsonSchema` takes it: draft 4 of JSON Schema with
/// MongoDB's extension `bsonType` and without what MongoDB leaves out.
struct Schema: Sendable {
  private let rules: [SchemaRule]

  /// Reads a schema.
  /// - Parameter place: where it stands, for errors.
  init(_ document: Document, at place: String) throws(QueryError) {
    var parser = SchemaParser(place: place)
    self = try parser.schema(document, at: "")
  }

  init(rules: [SchemaRule]) {
    self.rules = rules
  }

  /// Whether a document fulfils the schema.
  func matches(_ document: RawDocument) -> Bool {
    matches(RawValue(type: .document, bytes: document.bytes))
  }

  /// Whether a value fulfils the schema. A rule about one type does not concern values of others.
  func matches(_ value: RawValue) -> Bool { rules.allSatisfy { $0.holds(for: value) } }
}

/// What a schema says of fields or elements that it does not name.
enum SchemaRest: Sendable {
  case allowed
  case forbidden
  case schema(Schema)

  func allows(_ value: RawValue) -> Bool {
    switch self {
    case .allowed: true
    case .forbidden: false
    case .schema(let schema): schema.matches(value)
    }
  }
}

/// One rule of a schema.
indirect enum SchemaRule: Sendable {
  case types(Set<BSONType>)
  /// The value equals one of these, whatever the order of fields in documents is.
  case oneValueOf([Constant])
  case minimum(Constant, isExclusive: Bool)
  case maximum(Constant, isExclusive: Bool)
  case multiple(of: Decimal128)
  /// How many code points a string has.
  case length(ClosedRange<Int>)
  case pattern(RegexMatcher)
  /// How many elements an array has.
  case itemCount(ClosedRange<Int>)
  case uniqueItems
  case items(Schema)
  /// Schemas for the first elements, one each, and what is said of the rest.
  case tuple([Schema], rest: SchemaRest)
  /// How many fields a document has.
  case propertyCount(ClosedRange<Int>)
  case required([[UInt8]])
  case properties(SchemaProperties)
  /// With a field of this name there are the others, too.
  case dependentFields([UInt8], [[UInt8]])
  /// A document with a field of this name fulfils a schema.
  case dependentSchema([UInt8], Schema)
  case all([Schema])
  case any([Schema])
  case one([Schema])
  case not(Schema)
}

/// What a schema says of a document's fields.
struct SchemaProperties: Sendable {
  /// The names of `properties`, with their schemas.
  var named: [[UInt8]: Schema] = [:]
  var patterns: [(matcher: RegexMatcher, schema: Schema)] = []
  var rest: SchemaRest = .allowed

  func hold(for document: RawDocument) -> Bool {
    for element in document where !holds(for: element) { return false }
    return true
  }

  private func holds(for element: RawElement) -> Bool {
    var isNamed = false
    if let schema = named.isEmpty ? nil : named[Array(element.key)] {
      isNamed = true
      if !schema.matches(element.value) { return false }
    }
    for (matcher, schema) in patterns where matcher.matches(element.key) {
      isNamed = true
      if !schema.matches(element.value) { return false }
    }
    return isNamed || rest.allows(element.value)
  }
}
