import BSON

/// `$regexMatch`: its input, and its expression compiled where it is known.
struct ExpressionRegex: Sendable {
  var input: ExpressionNode
  var regex: ExpressionNode
  var options: ExpressionNode?
  /// The compiled form of a constant expression.
  var matcher: RegexMatcher?

  init(input: ExpressionNode, regex: ExpressionNode, options: ExpressionNode?) throws(QueryError) {
    self.input = input
    self.regex = regex
    self.options = options
    guard case .constant(let constant) = regex else { return }
    switch options {
    case nil: matcher = try Self.compile(constant.value, nil)
    case .constant(let letters)?: matcher = try Self.compile(constant.value, letters.value)
    default: break
    }
  }

  /// Compiles a string or a regular expression; nil when there is none.
  static func compile(_ regex: BSONValue?, _ options: BSONValue?) throws(QueryError) -> RegexMatcher? {
    var letters: String?
    if let options, !options.isNull {
      guard case .string(let text) = options else {
        throw QueryError(.typeMismatch, "$regexMatch takes a string as 'options', not \(options.type.name).")
      }
      letters = text
    }
    switch regex {
    case nil, .null?, .undefined?: return nil
    case .string(let pattern)?:
      return try RegexMatcher(pattern: pattern, options: letters ?? "", place: "$regexMatch")
    case .regex(let regex)?:
      guard regex.options.isEmpty || letters == nil else {
        throw QueryError(.invalidArgument, "$regexMatch has options in 'regex' and in 'options'; keep one.")
      }
      return try RegexMatcher(pattern: regex.pattern, options: letters ?? regex.options, place: "$regexMatch")
    case let value?:
      throw QueryError(
        .typeMismatch,
        "$regexMatch takes a string or a regular expression as 'regex', not \(value.type.name).")
    }
  }
}

extension ExpressionEvaluator {
  /// Whether the input matches; not when it or the expression is null or missing.
  mutating func matches(_ node: ExpressionRegex) throws(QueryError) -> Bool {
    let input = try operand(of: node.input)
    var matcher = node.matcher
    if matcher == nil {
      let regex = try value(of: node.regex)
      var options: BSONValue?
      if let letters = node.options { options = try value(of: letters) }
      matcher = try ExpressionRegex.compile(regex, options)
    }
    if case .raw(let raw) = input, raw.type == .string, let text = raw.stringBytes {
      return matcher?.matches(text) ?? false
    }
    let decoded = input.decoded
    guard let decoded, !decoded.isNull else { return false }
    guard case .string(var text) = decoded else {
      throw QueryError(.typeMismatch, "$regexMatch takes a string as 'input', not \(decoded.type.name).")
    }
    return text.withUTF8 { matcher?.matches(UnsafeRawBufferPointer($0)) ?? false }
  }
}
