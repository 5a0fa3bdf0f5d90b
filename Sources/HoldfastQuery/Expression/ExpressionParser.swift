import BSON

/// Reads expressions: checks the operators, their arguments and the variables, and bounds the nesting.
struct ExpressionParser {
  private let now: BSONDateTime?
  /// The names of the variables, in the order in which their values lie on the evaluator's stack.
  private var variables: [String] = []
  private var depth = 0

  init(now: BSONDateTime?) {
    self.now = now
  }

  /// Reads what may stand as an argument: a path, an operator, a document or an array of such, or a constant.
  mutating func operand(_ value: BSONValue) throws(QueryError) -> ExpressionNode {
    depth += 1
    defer { depth -= 1 }
    guard depth <= QueryLimits.maximumDepth else {
      throw QueryError(
        .limitExceeded,
        "the expression nests deeper than \(QueryLimits.maximumDepth) levels; make it flatter.")
    }
    switch value {
    case .string(let text) where text.utf8.first == UInt8(ascii: "$"): return try reference(text)
    case .document(let document): return try self.document(document)
    case .array(let values): return try array(values)
    default: return .constant(Constant(value))
    }
  }

  /// Runs `body` with variables that it can see above those there are.
  mutating func with<R>(
    _ names: [String], _ body: (inout ExpressionParser) throws(QueryError) -> R
  ) throws(QueryError) -> R {
    variables.append(contentsOf: names)
    defer { variables.removeLast(names.count) }
    return try body(&self)
  }

  // MARK: Documents and arrays

  private mutating func document(_ document: Document) throws(QueryError) -> ExpressionNode {
    var iterator = document.makeIterator()
    guard let first = iterator.next() else { return .constant(Constant(.document(document))) }
    guard first.key.utf8.first != UInt8(ascii: "$") else {
      guard iterator.next() == nil else {
        throw QueryError(
          .invalidArgument,
          "\(quoted(first.key)) has fields beside it; an operator is the only field of its document.")
      }
      return try function(first.key, first.value)
    }
    var fields: [(name: String, value: ExpressionNode)] = []
    var names: Set<String> = []
    for (name, value) in document {
      try Self.check(fieldName: name)
      guard names.insert(name).inserted else {
        throw QueryError(.invalidArgument, "the field \(quoted(name)) occurs twice in one document.")
      }
      fields.append((name, try operand(value)))
    }
    let constants = fields.compactMap { field -> (String, BSONValue)? in
      if case .constant(let constant) = field.value { (field.name, constant.value) } else { nil }
    }
    return constants.count == fields.count
      ? .constant(Constant(.document(Document(constants)))) : .document(fields)
  }

  private mutating func array(_ values: [BSONValue]) throws(QueryError) -> ExpressionNode {
    var elements: [ExpressionNode] = []
    for value in values { elements.append(try operand(value)) }
    let constants = elements.compactMap { element -> BSONValue? in
      if case .constant(let constant) = element { constant.value } else { nil }
    }
    return constants.count == elements.count ? .constant(Constant(.array(constants))) : .array(elements)
  }

  private static func check(fieldName name: String) throws(QueryError) {
    if name.isEmpty { throw QueryError(.invalidPath, "a field of a document has no name; give it one.") }
    if name.utf8.first == UInt8(ascii: "$") {
      throw QueryError(
        .invalidPath, "the field \(quoted(name)) begins with a dollar sign, which only operators may.")
    }
    if name.utf8.contains(UInt8(ascii: ".")) {
      throw QueryError(
        .invalidPath, "the field \(quoted(name)) has a dot in its name; nest documents instead.")
    }
  }

  // MARK: Paths and variables

  /// Reads `$path` and `$$variable.path`.
  private func reference(_ text: String) throws(QueryError) -> ExpressionNode {
    let rest = text.dropFirst()
    guard rest.utf8.first == UInt8(ascii: "$") else {
      let path = try Self.path(String(rest))
      if let slot = variables.lastIndex(of: "CURRENT") { return .variable(slot, path) }
      return .field(path)
    }
    let parts = rest.dropFirst().split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
    let name = String(parts.first ?? "")
    let path = parts.count > 1 ? try Self.path(String(parts[1])) : nil
    if let slot = variables.lastIndex(of: name) { return .variable(slot, path) }
    return try system(variable: name, path)
  }

  private func system(variable name: String, _ path: FieldPath?) throws(QueryError) -> ExpressionNode {
    switch name {
    case "ROOT", "CURRENT": return path.map(ExpressionNode.field) ?? .root
    case "REMOVE": return .missing
    case "NOW":
      guard let now else {
        throw QueryError(.invalidArgument, "the variable 'NOW' is not available here; pass a date instead.")
      }
      return path == nil ? .constant(Constant(.dateTime(now))) : .missing
    default:
      throw QueryError(
        .invalidArgument,
        "the variable \(quoted(name)) is not defined; define it with $let, or write one '$'.")
    }
  }

  /// Checks a path: at least one part, none empty, none that begins with a dollar sign except those of
  /// references to documents.
  static func path(_ text: String) throws(QueryError) -> FieldPath {
    let path = FieldPath(text)
    if path.hasEmptyPart {
      throw QueryError(.invalidPath, "the path \(quoted("$" + text)) has an empty part; name every field.")
    }
    if path.parts.count > QueryLimits.maximumPathParts {
      throw QueryError(
        .limitExceeded, "a path has more than \(QueryLimits.maximumPathParts) parts; shorten it.")
    }
    for part in path.parts where part.name.first == UInt8(ascii: "$") {
      guard ["$id", "$ref", "$db"].contains(part.text) else {
        throw QueryError(
          .invalidPath,
          "a part of the path \(quoted("$" + text)) begins with a dollar sign; read such a field with $getField."
        )
      }
    }
    if text.utf8.contains(0) {
      throw QueryError(.invalidPath, "the path \(quoted("$" + text)) contains a zero character; take it out.")
    }
    return path
  }

  /// Checks the name of a variable that is to be defined.
  static func check(variable name: String, in place: String) throws(QueryError) {
    if name == "CURRENT" { return }
    let isValid =
      name.utf8.first.map { ($0 >= 0x61 && $0 <= 0x7A) || $0 >= 0x80 } ?? false
      && name.utf8.allSatisfy {
        ($0 >= 0x30 && $0 <= 0x39) || ($0 | 0x20 >= 0x61 && $0 | 0x20 <= 0x7A) || $0 == 0x5F || $0 >= 0x80
      }
    guard isValid else {
      throw QueryError(
        .invalidArgument,
        "\(place) defines the variable \(quoted(name)); a name is a small letter, then letters, digits and '_'."
      )
    }
  }
}
