import BSON

/// Applies a projection to one document. What it returns unchanged is copied as bytes.
struct Projector {
  private let root: RawDocument
  private let isInclusion: Bool
  private let position: Int?
  private var builder: DocumentBuilder

  init(_ root: RawDocument, isInclusion: Bool, position: Int?) {
    self.root = root
    self.isInclusion = isInclusion
    self.position = position
    builder = DocumentBuilder(reservingCapacity: isInclusion ? 0 : root.bytes.count)
  }

  /// The whole result.
  mutating func project(_ fields: ProjectionFields) throws(QueryError) -> Document {
    try append(root, fields, Context())
    return builder.finish()
  }

  /// Where in the document the projector is.
  private struct Context {
    /// How many documents and arrays are around.
    var depth = 1
    /// Whether the positional operator has done its work in an array around.
    var isPositionTaken = false
    /// Whether it is at the elements of an array.
    var isAtElements = false
    /// Whether an array is directly inside of another one around it.
    var isInNestedArray = false

    /// The context of a document's fields.
    var inDocument: Context {
      var inner = self
      inner.depth += 1
      inner.isAtElements = false
      return inner
    }

    /// The context of an array's elements.
    var inArray: Context {
      var inner = self
      inner.depth += 1
      inner.isAtElements = true
      inner.isInNestedArray = isInNestedArray || isAtElements
      return inner
    }
  }

  /// Appends what is left of a document's fields, and then what comes in addition.
  private mutating func append(
    _ document: RawDocument, _ fields: ProjectionFields, _ context: Context
  ) throws(QueryError) {
    // The fields with computed ones inside that the document has.
    var present: [[UInt8]] = []
    for element in document {
      guard let child = fields.child(named: element.key) else {
        if !isInclusion { builder.append(element) }
        continue
      }
      switch child.node {
      case .include:
        builder.append(element)
      case .exclude, .computed:
        break
      case .slice(let slice):
        // It does not go into arrays directly inside of arrays, as everything else does.
        if context.isInNestedArray { builder.append(element) } else { append(slice, of: element) }
      case .elementMatch(let filter):
        // In an inclusion they come at the end.
        if !isInclusion { try appendMatch(filter, of: element.value, named: element.keyString) }
      case .position:
        try appendPosition(of: element, context)
      case .fields(let inner):
        if inner.hasComputed {
          // In place of a value without fields, the computed ones come at the end.
          guard element.value.document != nil else { break }
          present.append(child.name)
        }
        try append(element, inner, context)
      }
    }
    if isInclusion { try appendAdditions(fields, without: present) }
  }

  /// Appends, in the order of the projection, what is computed and what `$elemMatch` finds.
  private mutating func appendAdditions(
    _ fields: ProjectionFields, without present: [[UInt8]] = []
  ) throws(QueryError) {
    for child in fields.children {
      switch child.node {
      case .computed(let expression):
        guard let value = try expression.evaluate(root) else { break }
        builder.append(child.text, value)
      case .elementMatch(let filter):
        // It stands on fields of the whole document only.
        let value = child.name.withUnsafeBytes { root.value(forKey: $0) }
        if let value { try appendMatch(filter, of: value, named: child.text) }
      case .fields(let inner) where inner.hasComputed && !present.contains(child.name):
        builder.beginDocument(child.text)
        try appendAdditions(inner)
        builder.end()
      case .include, .exclude, .slice, .position, .fields:
        break
      }
    }
  }

  /// Appends what is left of a value in which the projection names fields.
  private mutating func append(
    _ element: RawElement, _ fields: ProjectionFields, _ context: Context
  ) throws(QueryError) {
    guard context.depth <= BSONLimits.maximumDepth else {
      throw QueryError(
        .limitExceeded, "projection: the document nests deeper than \(BSONLimits.maximumDepth) levels.")
    }
    guard let content = element.value.document else {
      try append(withoutFields: element, fields)
      return
    }
    guard element.value.type == .array else {
      builder.beginDocument(element.keyString)
      try append(content, fields, context.inDocument)
      builder.end()
      return
    }
    builder.beginArray(element.keyString)
    if fields.hasPosition, !context.isPositionTaken {
      var context = context.inArray
      context.isPositionTaken = true
      try append(try positioned(in: content, element.keyString), fields, context)
    } else {
      for item in content { try append(item, fields, context.inArray) }
    }
    builder.end()
  }

  /// Appends what is left of a value that cannot have the fields that the projection names inside.
  private mutating func append(
    withoutFields element: RawElement, _ fields: ProjectionFields
  ) throws(QueryError) {
    if !isInclusion {
      builder.append(element)
    } else if fields.hasComputed {
      builder.beginDocument(element.keyString)
      try appendAdditions(fields)
      builder.end()
    }
  }

  private mutating func append(_ slice: ArraySliceRange, of element: RawElement) {
    guard element.value.type == .array, let content = element.value.document else {
      builder.append(element)
      return
    }
    let range = slice.range(in: content.reduce(0) { count, _ in count + 1 })
    builder.beginArray(element.keyString)
    var index = 0
    for item in content {
      if index >= range.upperBound { break }
      if index >= range.lowerBound { builder.append(item) }
      index += 1
    }
    builder.end()
  }

  private mutating func appendPosition(of element: RawElement, _ context: Context) throws(QueryError) {
    guard element.value.type == .array, !context.isPositionTaken, let content = element.value.document else {
      builder.append(element)
      return
    }
    let item = try positioned(in: content, element.keyString)
    builder.beginArray(element.keyString)
    builder.append(item)
    builder.end()
  }

  /// The element of an array that the query's filter found.
  private func positioned(in array: RawDocument, _ name: String) throws(QueryError) -> RawElement {
    guard let position else {
      throw QueryError(
        .invalidArgument,
        "projection: the positional operator on the array \(quoted(name)) needs a filter with a condition on "
          + "that array.", .positionalMismatch)
    }
    var remaining = position
    for item in array {
      if remaining == 0 { return item }
      remaining -= 1
    }
    throw QueryError(
      .invalidArgument,
      "projection: the filter found its element in another array than \(quoted(name)), where the positional "
        + "operator stands; put a condition on that array.", .positionalMismatch)
  }

  private mutating func appendMatch(
    _ filter: Filter, of value: RawValue, named name: String
  ) throws(QueryError) {
    guard value.type == .array, let array = value.document else { return }
    let match = try filter.match(root)
    guard match.matches, let index = match.arrayIndex, let item = array.value(at: index) else { return }
    builder.beginArray(name)
    builder.append("", raw: item)
    builder.end()
  }
}
