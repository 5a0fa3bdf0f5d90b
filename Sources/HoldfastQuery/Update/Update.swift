import BSON

/// An update that is ready to be applied to documents: MongoDB's update operators, with their results, or a
/// whole new document.
public struct Update: Sendable {
  private enum Kind {
    case operators(UpdateFields, renames: [UpdateRename])
    case replacement(Document)
  }

  private let kind: Kind

  /// Whether it needs the place of the element that the filter found in an array, for the operator `$`.
  public let usesPosition: Bool

  /// The names of the fields at the top of documents that the update can change, or fields inside of which it
  /// can change something; nil for a replacement, which can change all.
  public let touchedFields: Set<String>?

  /// Reads an update: a document of operators.
  /// - Parameter arrayFilters: the filters that `$[name]` in paths stands for.
  /// - Throws: ``QueryError`` for anything that is no update: for unknown operators, paths that cannot be,
  ///   wrong arguments, two changes of one place, array filters that are missing or not used. A document
  ///   without operators is an error, too, and an empty one: see ``init(replacement:)``.
  public init(_ document: Document, arrayFilters: [Document] = []) throws(QueryError) {
    var parser = UpdateParser(filters: try ArrayFilters(arrayFilters))
    try parser.parse(document)
    kind = .operators(parser.tree.finish(parser.filters), renames: parser.renames)
    usesPosition = parser.usesPosition
    touchedFields = parser.touchedFields
  }

  /// Takes a whole new document. It keeps the `_id` of the document that it replaces.
  /// - Throws: ``QueryError`` when a field's name at the top begins with a dollar sign.
  public init(replacement: Document) throws(QueryError) {
    try UpdateParser.validate(replacement)
    for name in replacement.keys where name.utf8.first == UInt8(ascii: "$") {
      throw QueryError(
        .unknownOperator,
        "The new document has the field \(quoted(name)); names at the top of it cannot begin with a dollar "
          + "sign. Operators make an update, not a new document.", .dollarPrefixedFieldName)
    }
    kind = .replacement(replacement)
    usesPosition = false
    touchedFields = nil
  }

  /// A document after the update; exactly the same bytes when nothing changes.
  ///
  /// The `_id` stays as it is; setting it to an equal value is no change. Fields keep their order, and new
  /// ones come at the end.
  /// - Parameters:
  ///   - document: a well-formed document.
  ///   - position: the place of the element that the filter found, for the operator `$`.
  ///   - isInsert: whether the document is about to be inserted by an upsert. Then `$setOnInsert` applies, and
  ///     a document without `_id` may get one, which comes first.
  ///   - now: the moment for `$currentDate`.
  /// - Throws: ``QueryError``, for example when the document has a value of a type that an operator does not
  ///   work on. The size of the result is for the caller to check; only when it is far above
  ///   `BSONLimits.maximumDocumentSize` it is an error here.
  public func applied(
    to document: Document, position: Int?, isInsert: Bool = false, now: BSONDateTime
  ) throws(QueryError) -> Document {
    let result = try document.withRawDocument { (raw) throws(QueryError) -> Document in
      switch kind {
      case .operators(let fields, let renames):
        let placed = usesPosition ? try Self.place(fields, at: position) : fields
        return try Self.apply(placed, renames, to: raw, isInsert: isInsert, now: now)
      case .replacement(let replacement):
        return try Self.replace(raw, by: replacement)
      }
    }
    guard let result else { throw UpdateWriter.malformed }
    return result == document ? document : result
  }

  /// The changes with `$` standing for a place.
  private static func place(_ fields: UpdateFields, at position: Int?) throws(QueryError) -> UpdateFields {
    guard let position, position >= 0 else {
      throw QueryError(
        .invalidPath,
        "The update has '$' in a path, which stands for the array element that the filter found; this filter "
          + "found the document without looking into an array.")
    }
    return try fields.placed(at: FieldPath.Part(Array(String(position).utf8)))
  }

  private static func apply(
    _ fields: UpdateFields, _ renames: [UpdateRename], to document: RawDocument, isInsert: Bool,
    now: BSONDateTime
  ) throws(QueryError) -> Document {
    var renamed: [RawValue?] = []
    for rename in renames { renamed.append(try rename.value(in: document)) }
    let context = UpdateContext(isInsert: isInsert, now: now, renamed: renamed)
    try checkNames(fields, context)
    let touchesID = fields.branch(named: "_id") != nil
    if !touchesID, let result = InPlaceUpdate.document(document, fields, context) { return result }
    var writer = UpdateWriter(context, reservingCapacity: document.bytes.count + 64)
    try writer.write(document, fields)
    var result = writer.builder.finish()
    if touchesID { try keepID(of: document, in: &result, isInsert: isInsert) }
    return result
  }
}
