import BSON

/// Evaluates the parts of an expression over one document. The nesting is that of the expression, which the
/// parser limits.
struct ExpressionEvaluator {
  let document: RawDocument
  /// The values of the variables, those bound last on top.
  private var variables: [BSONValue?] = []

  init(document: RawDocument) {
    self.document = document
  }

  /// The value of a part; nil when it is missing.
  mutating func value(of node: ExpressionNode) throws(QueryError) -> BSONValue? {
    switch node {
    case .constant(let constant): return constant.value
    case .field, .variable: return try operand(of: node).decoded
    case .root: return .document(Document(document))
    case .missing: return nil
    case .document(let fields): return try build(fields)
    case .array(let elements): return try build(elements)
    case .comparison, .membership, .all, .any, .not, .regex: return .bool(try isTrue(node))
    case .order(let left, let right): return .int32(Int32(try order(left, right)))
    case .condition(let condition, let value, let otherwise):
      return try self.value(of: try isTrue(condition) ? value : otherwise)
    case .firstPresent(let nodes): return try firstPresent(nodes)
    case .branches(let branches, let fallback): return try firstBranch(branches, fallback)
    case .bindings(let values, let body): return try bind(values, body)
    case .map(let input, let body): return try map(input, body)
    case .filter(let input, let condition, let limit): return try filter(input, condition, limit)
    case .reduce(let input, let initial, let body): return try reduce(input, initial, body)
    case .conversion(let conversion): return try convert(conversion)
    case .call(let function, let nodes): return try call(function, nodes)
    }
  }

  /// Like ``value(of:)``, but leaves bytes of the document undecoded.
  mutating func operand(of node: ExpressionNode) throws(QueryError) -> ExpressionOperand {
    switch node {
    case .constant(let constant): return .raw(constant.raw)
    case .field(let path): return path.operand(in: document)
    case .variable(let slot, let path):
      guard slot < variables.count, let value = variables[slot] else { return .missing }
      guard let path else { return .value(value) }
      return path.value(in: value).map(ExpressionOperand.value) ?? .missing
    default: return try value(of: node).map(ExpressionOperand.value) ?? .missing
    }
  }

  /// Whether the value of a part counts as true.
  mutating func isTrue(_ node: ExpressionNode) throws(QueryError) -> Bool {
    switch node {
    case .comparison(let comparison, let left, let right):
      return comparison.holds(try order(left, right))
    case .membership(let value, let array): return try isMember(value, of: array)
    case .all(let nodes):
      for node in nodes where try !isTrue(node) { return false }
      return true
    case .any(let nodes):
      for node in nodes where try isTrue(node) { return true }
      return false
    case .not(let node): return try !isTrue(node)
    case .regex(let regex): return try matches(regex)
    default: return try operand(of: node).isTrue
    }
  }

  private mutating func order(_ left: ExpressionNode, _ right: ExpressionNode) throws(QueryError) -> Int {
    let a = try operand(of: left)
    let b = try operand(of: right)
    return ExpressionOperand.compare(a, b)
  }

  private mutating func isMember(
    _ node: ExpressionNode, of array: ExpressionNode
  ) throws(QueryError) -> Bool {
    let value = try operand(of: node)
    let elements = try operand(of: array)
    if case .raw(let raw) = elements, raw.type == .array, let document = raw.document {
      return document.contains { ExpressionOperand.compare(value, .raw($0.value)) == 0 }
    }
    let decoded = elements.decoded
    guard case .array(let values)? = decoded else {
      throw QueryError(
        .typeMismatch, "$in takes an array as its second argument, not \(ExpressionArguments.kind(decoded)).")
    }
    return values.contains { ExpressionOperand.compare(value, .value($0)) == 0 }
  }

  // MARK: Choices

  private mutating func firstPresent(_ nodes: [ExpressionNode]) throws(QueryError) -> BSONValue? {
    var last: BSONValue?
    for node in nodes {
      last = try value(of: node)
      if let last, !last.isNull { return last }
    }
    return last
  }

  private mutating func firstBranch(
    _ branches: [(condition: ExpressionNode, value: ExpressionNode)], _ fallback: ExpressionNode?
  ) throws(QueryError) -> BSONValue? {
    for branch in branches where try isTrue(branch.condition) { return try value(of: branch.value) }
    guard let fallback else {
      throw QueryError(.invalidArgument, "$switch found no branch that applies; give it a 'default'.")
    }
    return try value(of: fallback)
  }

  // MARK: Variables

  private mutating func bind(
    _ nodes: [ExpressionNode], _ body: ExpressionNode
  ) throws(QueryError) -> BSONValue? {
    // None of the new variables is visible in the values of the others.
    var values: [BSONValue?] = []
    for node in nodes { values.append(try value(of: node)) }
    variables.append(contentsOf: values)
    defer { variables.removeLast(values.count) }
    return try value(of: body)
  }

  /// The elements of an operator's input; nil when that is null or missing.
  private mutating func elements(
    of node: ExpressionNode, for name: String
  ) throws(QueryError) -> [BSONValue]? {
    let input = try value(of: node)
    guard let input, !input.isNull else { return nil }
    guard case .array(let values) = input else {
      throw QueryError(
        .typeMismatch, "\(name) takes an array as its 'input', not \(ExpressionArguments.kind(input)).")
    }
    return values
  }

  private mutating func map(
    _ input: ExpressionNode, _ body: ExpressionNode
  ) throws(QueryError) -> BSONValue? {
    guard let values = try elements(of: input, for: "$map") else { return .null }
    var results: [BSONValue] = []
    var meter = ExpressionMeter("$map")
    variables.append(nil)
    defer { variables.removeLast() }
    for element in values {
      variables[variables.count - 1] = element
      let result = try value(of: body) ?? .null
      try meter.take(result)
      results.append(result)
    }
    return .array(results)
  }

  private mutating func filter(
    _ input: ExpressionNode, _ condition: ExpressionNode, _ limit: ExpressionNode?
  ) throws(QueryError) -> BSONValue? {
    guard let values = try elements(of: input, for: "$filter") else { return .null }
    let most = try filterLimit(limit)
    var results: [BSONValue] = []
    variables.append(nil)
    defer { variables.removeLast() }
    for element in values {
      variables[variables.count - 1] = element
      guard try isTrue(condition) else { continue }
      results.append(element)
      if results.count == most { break }
    }
    return .array(results)
  }

  private mutating func filterLimit(_ node: ExpressionNode?) throws(QueryError) -> Int {
    guard let node, let limit = try value(of: node), !limit.isNull else { return Int.max }
    guard let number = limit.intValue, number >= 1, number <= Int32.max else {
      throw QueryError(
        .invalidArgument, "$filter takes as its 'limit' a whole number of 32 bits that is at least 1.")
    }
    return number
  }

  private mutating func reduce(
    _ input: ExpressionNode, _ initial: ExpressionNode, _ body: ExpressionNode
  ) throws(QueryError) -> BSONValue? {
    guard let values = try elements(of: input, for: "$reduce") else { return .null }
    var result = try value(of: initial)
    variables.append(nil)
    variables.append(nil)
    defer { variables.removeLast(2) }
    for element in values {
      variables[variables.count - 2] = element
      variables[variables.count - 1] = result
      // Only one reference to the value so far, so that what is appended to it is not copied with it.
      result = nil
      result = try value(of: body)
    }
    return result
  }

  // MARK: Values

  private mutating func build(
    _ fields: [(name: String, value: ExpressionNode)]
  ) throws(QueryError) -> BSONValue {
    var builder = DocumentBuilder()
    var meter = ExpressionMeter("A document")
    for field in fields {
      switch try operand(of: field.value) {
      case .missing: continue
      case .raw(let raw):
        try meter.take(bytes: raw.bytes.count)
        builder.append(field.name, raw: raw)
      case .value(let value):
        try meter.take(value)
        builder.append(field.name, value)
      }
    }
    return .document(builder.finish())
  }

  private mutating func build(_ elements: [ExpressionNode]) throws(QueryError) -> BSONValue {
    var values: [BSONValue] = []
    var meter = ExpressionMeter("An array")
    for element in elements {
      let value = try value(of: element) ?? .null
      try meter.take(value)
      values.append(value)
    }
    return .array(values)
  }

  private mutating func call(
    _ function: ExpressionOperator, _ nodes: [ExpressionNode?]
  ) throws(QueryError) -> BSONValue? {
    var values: [BSONValue?] = []
    values.reserveCapacity(nodes.count)
    var given: UInt64 = 0
    for (index, node) in nodes.enumerated() {
      guard let node else {
        values.append(nil)
        continue
      }
      if index < 64 { given |= 1 << UInt64(index) }
      values.append(try value(of: node))
    }
    let result = try function.apply(ExpressionArguments(name: function.name, values: values, given: given))
    if function.canGrow, let result {
      var meter = ExpressionMeter(function.name)
      try meter.take(result)
    }
    return result
  }
}

/// Measures what an expression builds, so that a short one cannot fill the memory or nest without end.
struct ExpressionMeter {
  private let name: String
  private var remaining = BSONLimits.maximumDocumentSize

  /// - Parameter name: what is being built, for errors.
  init(_ name: String) {
    self.name = name
  }

  /// Counts a value with everything in it.
  mutating func take(_ value: BSONValue) throws(QueryError) { try take(value, depth: 2) }

  /// Counts bytes and the name in front of them.
  mutating func take(bytes count: Int) throws(QueryError) {
    remaining -= count + 8
    if remaining < 0 {
      throw QueryError(
        .limitExceeded, "\(name) would become larger than the largest document; build smaller values.")
    }
  }

  private mutating func take(_ value: BSONValue, depth: Int) throws(QueryError) {
    switch value {
    case .string(let text), .symbol(let text), .code(let text): try take(bytes: text.utf8.count)
    case .document(let document): try take(bytes: document.byteCount)
    case .binary(let binary): try take(bytes: binary.bytes.count)
    case .array(let values):
      guard depth < BSONLimits.maximumDepth else {
        throw QueryError(
          .limitExceeded, "\(name) would nest deeper than a document may; build flatter values.")
      }
      try take(bytes: 0)
      for value in values { try take(value, depth: depth + 1) }
    default: try take(bytes: 8)
    }
  }
}
