import BSON

/// Reads a projection into ``ProjectionFields`` and finds out whether it includes or excludes.
struct ProjectionParser {
  private(set) var fields = ProjectionFields()
  /// The path with the positional operator.
  private(set) var positionalPath: String?

  /// The first field that was included or excluded and that this decides for all.
  private var decision: (path: String, isInclusion: Bool)?
  /// Whether the `_id` is included or excluded; nil when the projection does not say.
  private var idIsIncluded: Bool?
  /// Whether something is said about the `_id` or about fields inside it.
  private var mentionsID = false
  private var elementMatchPath: String?
  private let now: BSONDateTime?

  init(now: BSONDateTime?) { self.now = now }

  /// Reads all fields.
  mutating func read(_ document: Document) throws(QueryError) {
    for (key, value) in document { try read(value, at: key, depth: 1) }
  }

  /// Decides what no field has decided, and gives whether the projection includes.
  mutating func finish() -> Bool {
    let isInclusion = decision?.isInclusion ?? (elementMatchPath != nil || idIsIncluded == true)
    if isInclusion, !mentionsID { _ = fields.insert(.include, at: FieldPath("_id").parts[...]) }
    return isInclusion
  }

  private mutating func read(_ value: BSONValue, at text: String, depth: Int) throws(QueryError) {
    guard depth <= QueryLimits.maximumDepth else {
      throw QueryError(
        .limitExceeded,
        "projection: it nests deeper than \(QueryLimits.maximumDepth) levels; write it flatter.")
    }
    var path = FieldPath(text)
    let isPositional = path.parts.count > 1 && path.parts.last?.text == "$"
    if isPositional { path = FieldPath(String(text.dropLast(2))) }
    try check(path, text)
    switch value {
    case .document(let inner):
      try read(inner, at: path, isPositional: isPositional, text, depth: depth)
    case .int32, .int64, .double, .decimal128, .bool:
      let isIncluded = value.boolValue ?? (BSONOrdering.compare(value, .int32(0)) != 0)
      if isPositional {
        try readPosition(path, isIncluded: isIncluded, text)
      } else {
        try readFlag(path, isIncluded: isIncluded)
      }
    default:
      guard !isPositional else { throw Self.onlyOne(text) }
      try readExpression(value, at: path)
    }
  }

  /// A document behind a path is an operator, or holds fields inside the path.
  private mutating func read(
    _ inner: Document, at path: FieldPath, isPositional: Bool, _ text: String, depth: Int
  ) throws(QueryError) {
    guard let first = inner.first(where: { _ in true }) else {
      throw QueryError(
        .invalidArgument, "projection of \(quoted(text)): an empty document says nothing; write 1 or 0.",
        .emptySubprojection)
    }
    guard !isPositional else { throw Self.onlyOne(text) }
    guard first.key.hasPrefix("$") else {
      for (key, value) in inner { try read(value, at: text + "." + key, depth: depth + 1) }
      return
    }
    guard inner.count == 1 else {
      throw QueryError(
        .invalidArgument,
        "projection of \(quoted(text)): \(quoted(first.key)) must be the only thing in its document.")
    }
    switch first.key {
    case "$slice": try readSlice(first.value, at: path)
    case "$elemMatch": try readElementMatch(first.value, at: path)
    case "$meta":
      throw QueryError(
        .unknownOperator, "projection of \(quoted(text)): $meta is not supported; there is no such data.")
    default: try readExpression(.document(inner), at: path)
    }
  }

  private mutating func readFlag(_ path: FieldPath, isIncluded: Bool) throws(QueryError) {
    if path.text == "_id" {
      idIsIncluded = isIncluded
    } else {
      try decide(path.text, isInclusion: isIncluded)
    }
    try insert(isIncluded ? .include : .exclude, at: path)
  }

  private mutating func readPosition(
    _ path: FieldPath, isIncluded: Bool, _ text: String
  ) throws(QueryError) {
    guard isIncluded else {
      throw QueryError(
        .invalidArgument,
        "projection of \(quoted(text)): the positional operator cannot exclude; write 1, or leave it out.",
        .positionalExclusion)
    }
    if let positionalPath {
      throw QueryError(
        .invalidArgument,
        "projection of \(quoted(text)): \(quoted(positionalPath)) has the positional operator already, and a "
          + "projection may have only one.", .severalPositional)
    }
    positionalPath = text
    try checkPositionAndElementMatch()
    try decide(text, isInclusion: true)
    try insert(.position, at: path)
  }

  private mutating func readExpression(_ value: BSONValue, at path: FieldPath) throws(QueryError) {
    let expression = try Expression(value, at: "projection of \(quoted(path.text))", now: now)
    try decide(path.text, isInclusion: true)
    try insert(.computed(expression), at: path)
  }

  private mutating func readSlice(_ value: BSONValue, at path: FieldPath) throws(QueryError) {
    if let parts = value.arrayValue, (2...3).contains(parts.count), !parts[0].isNumber {
      // As an expression it takes the array, too.
      return try readExpression(.document(["$slice": value]), at: path)
    }
    try insert(.slice(try Self.slice(value, at: path.text)), at: path)
  }

  private mutating func readElementMatch(_ value: BSONValue, at path: FieldPath) throws(QueryError) {
    guard path.parts.count == 1 else {
      throw QueryError(
        .invalidArgument,
        "$elemMatch in the projection of \(quoted(path.text)): it works on fields of the document only, not on "
          + "fields inside others.", .elementMatchOnNestedField)
    }
    guard case .document = value else {
      throw QueryError(
        .invalidArgument,
        "$elemMatch in the projection of \(quoted(path.text)): it takes a document with conditions.",
        .elementMatchWithoutDocument)
    }
    elementMatchPath = path.text
    try checkPositionAndElementMatch()
    // The filter's own $elemMatch finds the element, so that both mean the same.
    try insert(.elementMatch(try Filter([path.text: .document(["$elemMatch": value])])), at: path)
  }

  private func checkPositionAndElementMatch() throws(QueryError) {
    guard let positionalPath, let elementMatchPath else { return }
    throw QueryError(
      .invalidArgument,
      "projection: the positional operator (\(quoted(positionalPath))) and $elemMatch "
        + "(\(quoted(elementMatchPath))) cannot be in the same projection; use one of them.",
      .positionalWithElementMatch)
  }

  /// Notes that a field includes or excludes, as all others have to.
  private mutating func decide(_ path: String, isInclusion: Bool) throws(QueryError) {
    guard let decision else {
      decision = (path, isInclusion)
      return
    }
    guard decision.isInclusion == isInclusion else {
      throw QueryError(
        .invalidArgument,
        "projection: \(quoted(path)) is \(isInclusion ? "included" : "excluded"), but \(quoted(decision.path)) "
          + "is \(isInclusion ? "excluded" : "included"); a projection does one of both for all fields but _id.",
        isInclusion ? .inclusionInExclusion : .exclusionInInclusion)
    }
  }

  private mutating func insert(_ node: ProjectionNode, at path: FieldPath) throws(QueryError) {
    guard fields.insert(node, at: path.parts[...]) else {
      throw QueryError(
        .conflictingPaths,
        "projection: \(quoted(path.text)) is named twice, or together with a field around or inside it; name "
          + "one of them.", .pathCollision)
    }
    if path.parts[0].text == "_id" { mentionsID = true }
  }
}
