import BSON

/// Reads the operators of an update.
struct UpdateParser {
  let filters: ArrayFilters
  let tree = UpdateTreeBuilder()
  private(set) var renames: [UpdateRename] = []
  private(set) var usesPosition = false
  private(set) var touchedFields: Set<String> = []
  private var usedFilters: Set<String> = []

  init(filters: ArrayFilters) {
    self.filters = filters
  }

  /// The operators, for errors.
  private static let operators = [
    "$set", "$unset", "$inc", "$mul", "$min", "$max", "$rename", "$currentDate", "$setOnInsert", "$push",
    "$addToSet", "$pull", "$pullAll", "$pop", "$bit",
  ]

  mutating func parse(_ document: Document) throws(QueryError) {
    try Self.validate(document)
    if document.isEmpty {
      throw QueryError(
        .invalidArgument, "The update is empty; give at least one operator, such as $set.", .failedToParse)
    }
    for (name, argument) in document {
      guard Self.operators.contains(name) else { throw Self.unknown(name) }
      guard case .document(let changes) = argument else {
        throw QueryError(
          .invalidArgument,
          "\(name) needs a document of fields and values, not a value of type \(argument.type.name).",
          .failedToParse)
      }
      for (path, value) in changes { try parse(name, path, value) }
    }
    if let unused = filters.unused(usedFilters) {
      throw QueryError(
        .invalidArgument,
        "There is an array filter for \(quoted(unused)), but no path with '$[\(unused)]'; leave the filter out.",
        .failedToParse)
    }
  }

  /// Checks a document that somebody gave, so that nothing needs to be checked while it is read.
  static func validate(_ document: Document) throws(QueryError) {
    do throws(BSONError) {
      try document.validate()
    } catch {
      throw QueryError(.invalidArgument, "The update is no well-formed document: \(error.message)")
    }
  }

  private static func unknown(_ name: String) -> QueryError {
    if name.utf8.first == UInt8(ascii: "$") {
      return QueryError(
        .unknownOperator,
        "\(quoted(name)) is no update operator; there are \(operators.joined(separator: ", ")).",
        .failedToParse)
    }
    return QueryError(
      .unknownOperator,
      "\(quoted(name)) is no update operator. To set a field, use $set; a whole new document is a replacement.",
      .failedToParse)
  }

  private mutating func parse(_ name: String, _ text: String, _ value: BSONValue) throws(QueryError) {
    // Only errors need it, and putting it together takes longer than reading most changes.
    func place() -> String { "\(name) of \(quoted(text))" }
    let path = try UpdatePath(text, at: place())
    if name == "$rename" {
      try parseRename(path, value, at: place())
      return
    }
    guard let action = try UpdateAction.parse(name, value, at: place()) else { throw Self.unknown(name) }
    for part in path.parts {
      switch part {
      case .name: break
      case .position: usesPosition = true
      case .elements(let identifier) where !identifier.isEmpty:
        if filters[identifier] == nil {
          throw QueryError(
            .invalidArgument, "\(place()): there is no array filter for \(quoted(identifier)).")
        }
        usedFilters.insert(identifier)
      case .elements: break
      }
    }
    touchedFields.insert(path.field)
    try tree.add(UpdateLeaf(name: name, path: text, action: action), at: path.parts)
  }

  private mutating func parseRename(
    _ source: UpdatePath, _ value: BSONValue, at place: String
  ) throws(QueryError) {
    guard case .string(let text) = value else {
      throw QueryError(
        .invalidArgument, "\(place): the new path must be a string, not a value of type \(value.type.name).",
        .badValue)
    }
    let target = try UpdatePath(text, at: "$rename to \(quoted(text))")
    guard source.isPlain, target.isPlain else {
      throw QueryError(
        .invalidPath, "\(place): '$', '$[]' and '$[name]' cannot stand in the paths.", .badValue)
    }
    let rename = UpdateRename(source: FieldPath(source.text), target: FieldPath(text))
    if rename.source.isPrefix(of: rename.target) || rename.target.isPrefix(of: rename.source) {
      throw QueryError(
        .conflictingPaths, "\(place): the new path must not be the old one, nor inside or around it.",
        .badValue)
    }
    touchedFields.formUnion([source.field, target.field])
    try tree.add(UpdateLeaf(name: "$rename", path: source.text, action: .renameSource), at: source.parts)
    try tree.add(
      UpdateLeaf(name: "$rename", path: text, action: .renameTarget(renames.count)), at: target.parts)
    renames.append(rename)
  }
}
