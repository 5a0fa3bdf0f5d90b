import BSON

/// The two paths of a `$rename`.
struct UpdateRename: Sendable {
  let source: FieldPath
  let target: FieldPath

  private var place: String { "$rename of \(quoted(source.text))" }

  /// The value that moves, or nil when there is none.
  func value(in document: RawDocument) throws(QueryError) -> RawValue? {
    var container = document
    var isArray = false
    var isInsideArray = false
    var found: RawValue?
    for part in source.parts {
      if let value = found {
        guard let inner = value.document else {
          throw QueryError(
            .typeMismatch,
            "\(place): the path leads through a value of type \(value.type.name), which has no fields.",
            .pathNotViable)
        }
        container = inner
        isArray = value.type == .array
      }
      if isArray {
        guard let index = part.index else {
          throw QueryError(
            .typeMismatch,
            "\(place): the path leads through an array, which has no field \(quoted(part.text)).",
            .pathNotViable)
        }
        isInsideArray = true
        found = container.value(at: index)
      } else {
        found = part.name.withUnsafeBytes { container.value(forKey: $0) }
      }
      if found == nil { return nil }
    }
    if isInsideArray {
      throw QueryError(.typeMismatch, "\(place): fields inside arrays cannot be renamed.", .badValue)
    }
    if let found { try checkNesting(of: found) }
    return found
  }

  /// A value that moves further down may get too deep.
  private func checkNesting(of value: RawValue) throws(QueryError) {
    guard target.parts.count > source.parts.count else { return }
    if target.parts.count + Nesting.levels(of: value) > BSONLimits.maximumDepth {
      throw UpdateWriter.tooDeep(place)
    }
  }
}
