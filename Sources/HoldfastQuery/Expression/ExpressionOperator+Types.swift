import BSON

extension ExpressionOperator {
  /// Questions about types.
  static let types: [ExpressionOperator] = [
    ExpressionOperator("$type", 1...1) { (arguments) throws(QueryError) in
      .string(ExpressionArguments.kind(arguments[0]))
    },
    ExpressionOperator("$isNumber", 1...1) { (arguments) throws(QueryError) in
      .bool(arguments[0]?.isNumber ?? false)
    },
    ExpressionOperator("$tsSecond", 1...1) { (arguments) throws(QueryError) in
      try timestamp(arguments).map { .int64(Int64($0.seconds)) } ?? .null
    },
    ExpressionOperator("$tsIncrement", 1...1) { (arguments) throws(QueryError) in
      try timestamp(arguments).map { .int64(Int64($0.increment)) } ?? .null
    },
  ]

  private static func timestamp(_ arguments: ExpressionArguments) throws(QueryError) -> BSONTimestamp? {
    if arguments.isNullish(0) { return nil }
    guard case .timestamp(let timestamp)? = arguments[0] else { throw arguments.mismatch(0, "a timestamp") }
    return timestamp
  }
}
