/// The path of a field in an update. Beside names it can have parts that stand for elements of an array.
struct UpdatePath {
  /// One part of the path.
  enum Part: Hashable {
    /// The name of a field, or the place in an array.
    case name(FieldPath.Part)
    /// `$`: the element that the filter found.
    case position
    /// `$[]`, with an empty identifier, and `$[name]`: all elements, or those that an array filter accepts.
    case elements(identifier: String)
  }

  let text: String
  let parts: [Part]

  /// The name of the field at the top.
  let field: String

  /// Takes a path as it may stand behind an operator.
  /// - Parameter place: the operator and the path, for errors.
  init(_ text: String, at place: @autoclosure () -> String) throws(QueryError) {
    let path = FieldPath(text)
    if path.parts.count > QueryLimits.maximumPathParts {
      throw QueryError(
        .limitExceeded, "\(place()): a path has at most \(QueryLimits.maximumPathParts) parts.")
    }
    if path.hasEmptyPart {
      throw QueryError(
        .invalidPath, "\(place()): every part of the path between dots must have a name.", .emptyFieldName)
    }
    if text.utf8.contains(0) {
      throw QueryError(.invalidPath, "\(place()): the name of a field cannot contain a zero character.")
    }
    self.text = text
    parts = path.parts.map(Self.part)
    field = path.parts[0].text
    guard case .name = parts[0] else {
      throw QueryError(
        .invalidPath, "\(place()): \(quoted(field)) must come behind the name of an array.")
    }
    if parts.count(where: { $0 == .position }) > 1 {
      throw QueryError(
        .invalidPath, "\(place()): '$' may occur once in a path; use '$[]' or '$[name]' for other arrays.")
    }
  }

  /// Whether every part is a name.
  var isPlain: Bool {
    parts.allSatisfy { if case .name = $0 { true } else { false } }
  }

  private static func part(_ part: FieldPath.Part) -> Part {
    let name = part.name
    guard name.first == UInt8(ascii: "$") else { return .name(part) }
    if name.count == 1 { return .position }
    guard name.count >= 3, name[1] == UInt8(ascii: "["), name.last == UInt8(ascii: "]") else {
      return .name(part)
    }
    return .elements(identifier: String(decoding: name[2..<name.count - 1], as: UTF8.self))
  }
}
