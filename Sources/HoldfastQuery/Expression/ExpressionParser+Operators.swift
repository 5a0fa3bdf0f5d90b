import BSON

extension ExpressionParser {
  /// Reads an operator with its arguments.
  mutating func function(_ name: String, _ value: BSONValue) throws(QueryError) -> ExpressionNode {
    if let comparison = ExpressionNode.Comparison(rawValue: name) {
      let (left, right) = try pair(name, value)
      return .comparison(comparison, left, right)
    }
    switch name {
    case "$literal", "$const": return .constant(Constant(value))
    case "$cmp":
      let (left, right) = try pair(name, value)
      return .order(left, right)
    case "$in":
      let (left, right) = try pair(name, value)
      return .membership(left, right)
    case "$and": return .all(try arguments(value))
    case "$or": return .any(try arguments(value))
    case "$not": return .not(try arguments(name, value, 1...1)[0])
    case "$ifNull": return .firstPresent(try arguments(name, value, 2...Int.max))
    case "$cond": return try condition(value)
    case "$switch": return try branches(value)
    case "$let": return try bindings(value)
    case "$map": return try map(value)
    case "$filter": return try filter(value)
    case "$reduce": return try reduce(value)
    case "$convert": return try conversion(value)
    case "$regexMatch": return try regex(value)
    default: break
    }
    if let target = ExpressionParser.shorthands[name] {
      let input = try arguments(name, value, 1...1)[0]
      return .conversion(
        ExpressionConversion(name: name, input: input, target: .constant(Constant(.string(target.name)))))
    }
    guard let function = ExpressionOperator.byName[name] else {
      throw QueryError(
        .unknownOperator, "\(quoted(name)) is no operator of expressions; for a plain value write $literal.",
        .invalidPipelineOperator)
    }
    return try call(function, value)
  }

  private static let shorthands: [String: BSONType] = [
    "$toBool": .bool, "$toDate": .dateTime, "$toDecimal": .decimal128, "$toDouble": .double, "$toInt": .int32,
    "$toLong": .int64, "$toObjectId": .objectID, "$toString": .string,
  ]

  private mutating func call(
    _ function: ExpressionOperator, _ value: BSONValue
  ) throws(QueryError) -> ExpressionNode {
    switch function.parameters {
    case .list(let counts):
      var nodes: [ExpressionNode?] = []
      for node in try arguments(function.name, value, counts) { nodes.append(node) }
      return .call(function, nodes)
    case .named(let names, let required):
      return .call(function, try operands(try named(function.name, value, names, required: required)))
    case .namedOrSingle(let names):
      var nodes: [ExpressionNode?]
      if Self.isPlainDocument(value) {
        nodes = try operands(try named(function.name, value, names, required: 1))
      } else {
        nodes = [try arguments(function.name, value, 1...1)[0]]
        for _ in names.dropFirst() { nodes.append(nil) }
      }
      // Without an input, $getField reads the document.
      if function.name == "$getField", nodes[1] == nil { nodes[1] = .root }
      return .call(function, nodes)
    }
  }

  /// Whether a value is a document that is no operator.
  private static func isPlainDocument(_ value: BSONValue) -> Bool {
    guard case .document(let document) = value else { return false }
    return document.keys.first?.utf8.first != UInt8(ascii: "$")
  }

  private mutating func operands(_ values: [BSONValue?]) throws(QueryError) -> [ExpressionNode?] {
    var nodes: [ExpressionNode?] = []
    for value in values { nodes.append(try optional(value)) }
    return nodes
  }

  // MARK: Arguments

  /// Arguments in an array, or a single one without.
  private mutating func arguments(_ value: BSONValue) throws(QueryError) -> [ExpressionNode] {
    guard case .array(let values) = value else { return [try operand(value)] }
    var nodes: [ExpressionNode] = []
    for value in values { nodes.append(try operand(value)) }
    return nodes
  }

  private mutating func arguments(
    _ name: String, _ value: BSONValue, _ counts: ClosedRange<Int>
  ) throws(QueryError) -> [ExpressionNode] {
    let nodes = try arguments(value)
    guard counts.contains(nodes.count) else {
      let expected =
        counts.lowerBound == counts.upperBound
        ? "\(counts.lowerBound)"
        : (counts.upperBound == Int.max
          ? "at least \(counts.lowerBound)" : "\(counts.lowerBound) to \(counts.upperBound)")
      throw QueryError(.invalidArgument, "\(name) takes \(expected) arguments, not \(nodes.count).")
    }
    return nodes
  }

  private mutating func pair(
    _ name: String, _ value: BSONValue
  ) throws(QueryError) -> (ExpressionNode, ExpressionNode) {
    let nodes = try arguments(name, value, 2...2)
    return (nodes[0], nodes[1])
  }

  /// The fields of a document of arguments in the order of their names.
  private func named(
    _ operatorName: String, _ value: BSONValue, _ names: [String], required: Int
  ) throws(QueryError) -> [BSONValue?] {
    let list = names.map { "'\($0)'" }.joined(separator: ", ")
    guard case .document(let document) = value else {
      throw QueryError(.invalidArgument, "\(operatorName) takes a document with the fields \(list).")
    }
    var values = [BSONValue?](repeating: nil, count: names.count)
    for (name, value) in document {
      guard let index = names.firstIndex(of: name) else {
        throw QueryError(.invalidArgument, "\(operatorName) has no field \(quoted(name)); it takes \(list).")
      }
      values[index] = value
    }
    for index in 0..<required where values[index] == nil {
      throw QueryError(.invalidArgument, "\(operatorName) needs the field '\(names[index])'.")
    }
    return values
  }

  private mutating func optional(_ value: BSONValue?) throws(QueryError) -> ExpressionNode? {
    guard let value else { return nil }
    return try operand(value)
  }

  // MARK: Operators with a shape of their own

  private mutating func condition(_ value: BSONValue) throws(QueryError) -> ExpressionNode {
    var nodes: [ExpressionNode] = []
    if Self.isPlainDocument(value) {
      for field in try named("$cond", value, ["if", "then", "else"], required: 3) {
        if let field { nodes.append(try operand(field)) }
      }
    } else {
      nodes = try arguments("$cond", value, 3...3)
    }
    return .condition(nodes[0], then: nodes[1], otherwise: nodes[2])
  }

  private mutating func branches(_ value: BSONValue) throws(QueryError) -> ExpressionNode {
    let fields = try named("$switch", value, ["branches", "default"], required: 1)
    guard case .array(let items)? = fields[0], !items.isEmpty else {
      throw QueryError(.invalidArgument, "$switch takes as 'branches' an array of at least one document.")
    }
    var branches: [(condition: ExpressionNode, value: ExpressionNode)] = []
    for item in items {
      let parts = try named("A branch of $switch", item, ["case", "then"], required: 2)
      guard let condition = parts[0], let value = parts[1] else { continue }
      branches.append((try operand(condition), try operand(value)))
    }
    return .branches(branches, fallback: try optional(fields[1]))
  }

  private mutating func bindings(_ value: BSONValue) throws(QueryError) -> ExpressionNode {
    let fields = try named("$let", value, ["vars", "in"], required: 2)
    guard case .document(let definitions)? = fields[0], let body = fields[1] else {
      throw QueryError(.invalidArgument, "$let takes as 'vars' a document of names and values.")
    }
    var names: [String] = []
    var values: [ExpressionNode] = []
    for (name, value) in definitions {
      try Self.check(variable: name, in: "$let")
      names.append(name)
      values.append(try operand(value))
    }
    return .bindings(
      values, body: try with(names) { (parser) throws(QueryError) in try parser.operand(body) })
  }

  /// The name given with `as`, else `this`.
  private func element(_ name: String, _ value: BSONValue?) throws(QueryError) -> String {
    guard let value else { return "this" }
    guard case .string(let text) = value else {
      throw QueryError(.invalidArgument, "\(name) takes as 'as' the name of a variable.")
    }
    try Self.check(variable: text, in: name)
    return text
  }

  private mutating func map(_ value: BSONValue) throws(QueryError) -> ExpressionNode {
    let fields = try named("$map", value, ["input", "in", "as"], required: 2)
    let input = try operand(fields[0] ?? .null)
    let name = try element("$map", fields[2])
    return .map(
      input,
      body: try with([name]) { (parser) throws(QueryError) in try parser.operand(fields[1] ?? .null) })
  }

  private mutating func filter(_ value: BSONValue) throws(QueryError) -> ExpressionNode {
    let fields = try named("$filter", value, ["input", "cond", "as", "limit"], required: 2)
    let input = try operand(fields[0] ?? .null)
    let limit = try optional(fields[3])
    let name = try element("$filter", fields[2])
    let condition = try with([name]) { (parser) throws(QueryError) in
      try parser.operand(fields[1] ?? .null)
    }
    return .filter(input, condition: condition, limit: limit)
  }

  private mutating func reduce(_ value: BSONValue) throws(QueryError) -> ExpressionNode {
    let fields = try named("$reduce", value, ["input", "initialValue", "in"], required: 3)
    let input = try operand(fields[0] ?? .null)
    let initial = try operand(fields[1] ?? .null)
    let body = try with(["this", "value"]) { (parser) throws(QueryError) in
      try parser.operand(fields[2] ?? .null)
    }
    return .reduce(input, initial: initial, body: body)
  }

  private mutating func regex(_ value: BSONValue) throws(QueryError) -> ExpressionNode {
    let fields = try named("$regexMatch", value, ["input", "regex", "options"], required: 2)
    let input = try operand(fields[0] ?? .null)
    let regex = try operand(fields[1] ?? .null)
    return .regex(try ExpressionRegex(input: input, regex: regex, options: try optional(fields[2])))
  }

  private mutating func conversion(_ value: BSONValue) throws(QueryError) -> ExpressionNode {
    let fields = try named("$convert", value, ["input", "to", "onError", "onNull"], required: 2)
    return .conversion(
      ExpressionConversion(
        name: "$convert", input: try operand(fields[0] ?? .null), target: try operand(fields[1] ?? .null),
        onError: try optional(fields[2]), onNull: try optional(fields[3])))
  }
}
