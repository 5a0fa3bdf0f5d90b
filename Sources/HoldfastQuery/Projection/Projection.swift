import BSON

/// What `find` returns of a document that matched: MongoDB's projections.
///
/// A projection either includes (`{a: 1, "b.c": 1}`: these fields and the `_id`) or excludes (`{a: 0}`: all but
/// these); only the `_id` may go against the rest. `$slice`, `$elemMatch` and the positional `a.$` return parts
/// of arrays. By itself, `$slice` excludes, and the two others include. Any other value is an expression
/// (`{total: {$add: ["$a", "$b"]}}`), whose value the field gets; that includes, too. Fields come in the order of
/// the document; after them, in the order of the projection, what an inclusion computes and what `$elemMatch`
/// finds.
///
/// A path goes through documents and, element by element, through arrays. In contrast to filters, a number in a
/// path is a field's name only, never the index of an element.
public struct Projection: Sendable {
  /// Whether the positional operator is used, so that the place of the array's element is needed.
  public let usesPosition: Bool
  /// For a projection that only includes fields: their paths, with `_id` unless it is excluded. They are all
  /// that the result depends on. Nil when the whole document may be needed.
  public let coveredPaths: [FieldPath]?

  private let isInclusion: Bool
  private let fields: ProjectionFields

  /// Reads a projection. An empty one returns documents as they are.
  /// - Parameter now: the moment that `$$NOW` stands for; without one the variable is refused.
  public init(_ document: Document, now: BSONDateTime? = nil) throws(QueryError) {
    var parser = ProjectionParser(now: now)
    try parser.read(document)
    isInclusion = parser.finish()
    fields = parser.fields
    usesPosition = parser.positionalPath != nil
    coveredPaths = isInclusion ? Self.coveredPaths(of: fields) : nil
  }

  /// What the projection makes of a document.
  /// - Parameter position: the place of the element that the filter found, see ``Filter/match(_:)``.
  public func applied(to document: RawDocument, position: Int?) throws(QueryError) -> Document {
    var projector = Projector(document, isInclusion: isInclusion, position: position)
    return try projector.project(fields)
  }

  /// The paths of the fields, or nil when something other than including happens to one.
  private static func coveredPaths(of fields: ProjectionFields) -> [FieldPath]? {
    var paths: [FieldPath] = []
    func collect(_ fields: ProjectionFields, _ prefix: String) -> Bool {
      for child in fields.children {
        let path = prefix + child.text
        switch child.node {
        case .include: paths.append(FieldPath(path))
        case .exclude: break  // Only the _id can be.
        case .fields(let inner): if !collect(inner, path + ".") { return false }
        case .slice, .elementMatch, .position, .computed: return false
        }
      }
      return true
    }
    return collect(fields, "") ? paths : nil
  }
}
