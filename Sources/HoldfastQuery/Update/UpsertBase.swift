import BSON

extension Update {
  /// What an upsert begins with: the fields that the filter says are equal to something, at the top, in
  /// `$and`, and in `$or` with a single branch. Dotted paths become documents.
  /// - Parameter forReplacement: whether the upsert puts in a whole new document; then only the `_id` counts.
  /// - Throws: ``QueryError`` when the filter names one field twice, or a field and one inside it.
  public static func upsertBase(
    _ filter: Document, forReplacement: Bool = false
  ) throws(QueryError) -> Document {
    var equalities = FilterEqualities()
    try equalities.collect(filter, depth: 1)
    let tree = UpdateTreeBuilder()
    for (text, value) in equalities.found {
      let place = "The upsert of \(quoted(text))"
      let path = FieldPath(text)
      if forReplacement {
        guard path.parts[0].text == "_id" else { continue }
        if path.parts.count > 1 {
          throw QueryError(
            .invalidArgument,
            "\(place): give '_id' as a whole, as the new document does not say what else is in it.",
            .notExactValueField)
        }
      }
      if path.hasEmptyPart {
        throw QueryError(.invalidPath, "\(place): every part of the path between dots must have a name.")
      }
      if path.parts.count > QueryLimits.maximumPathParts {
        throw QueryError(
          .limitExceeded, "\(place): a path has at most \(QueryLimits.maximumPathParts) parts.")
      }
      let leaf = UpdateLeaf(name: "The upsert", path: text, action: .set(Literal(value)))
      do throws(QueryError) {
        try tree.add(leaf, at: path.parts.map(UpdatePath.Part.name))
      } catch {
        throw QueryError(error.code, error.message, .notSingleValueField)
      }
    }
    return try document(tree.finish(try ArrayFilters([])))
  }

  private static func document(_ fields: UpdateFields) throws(QueryError) -> Document {
    let context = UpdateContext(isInsert: true, now: BSONDateTime(milliseconds: 0), renamed: [])
    var writer = UpdateWriter(context, reservingCapacity: 256)
    // The `_id` comes first.
    let id = fields.branch(named: "_id")
    if let id { try writer.create("_id", fields.branches[id].node) }
    for (place, branch) in fields.branches.enumerated() where place != id {
      try writer.create(branch.text, branch.node)
    }
    return writer.builder.finish()
  }
}

/// The equalities that a document must fulfil to match a filter.
private struct FilterEqualities {
  private(set) var found: [(path: String, value: BSONValue)] = []

  mutating func collect(_ filter: Document, depth: Int) throws(QueryError) {
    guard depth <= QueryLimits.maximumDepth else {
      throw QueryError(.limitExceeded, "The filter nests deeper than \(QueryLimits.maximumDepth) operators.")
    }
    for (key, value) in filter {
      switch key {
      case "$and":
        for case .document(let branch) in value.arrayValue ?? [] { try collect(branch, depth: depth + 1) }
      case "$or":
        // The same branch several times is one branch.
        guard let branches = value.arrayValue, Set(branches).count == 1,
          case .document(let branch) = branches[0]
        else { continue }
        try collect(branch, depth: depth + 1)
      default:
        if key.utf8.first != UInt8(ascii: "$") { collect(value, of: key) }
      }
    }
  }

  /// Takes what stands behind a field's name.
  private mutating func collect(_ value: BSONValue, of path: String) {
    switch value {
    case .regex, .undefined:
      break
    case .document(let conditions):
      let first = conditions.keys.first ?? ""
      guard first.utf8.first == UInt8(ascii: "$"), !FieldPath.referenceNames.contains(first) else {
        found.append((path, value))
        return
      }
      for (name, argument) in conditions { collect(name, argument, of: path) }
    default:
      found.append((path, value))
    }
  }

  /// Takes one condition.
  private mutating func collect(_ name: String, _ argument: BSONValue, of path: String) {
    switch (name, argument) {
    case ("$eq", _):
      found.append((path, argument))
    case ("$in", .array(let values)):
      guard let first = values.first, values.allSatisfy({ BSONOrdering.compare($0, first) == 0 }) else {
        return
      }
      if case .regex = first { return }
      found.append((path, first))
    case ("$all", .array(let values)):
      for value in values {
        if case .regex = value { continue }
        if let document = value.documentValue, document.keys.first == "$elemMatch" { continue }
        found.append((path, value))
      }
    default:
      break
    }
  }
}
