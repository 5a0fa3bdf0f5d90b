import BSON

extension ExpressionOperator {
  /// Absolute values and whole numbers.
  static let rounding: [ExpressionOperator] = [
    ExpressionOperator("$abs", 1...1, absolute),
    ExpressionOperator("$ceil", 1...1) { (arguments) throws(QueryError) in try whole(arguments, .up) },
    ExpressionOperator("$floor", 1...1) { (arguments) throws(QueryError) in try whole(arguments, .down) },
    ExpressionOperator("$round", 1...2) { (arguments) throws(QueryError) in
      try places(arguments, .toNearestOrEven)
    },
    ExpressionOperator("$trunc", 1...2) { (arguments) throws(QueryError) in
      try places(arguments, .towardZero)
    },
  ]

  @Sendable private static func absolute(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    switch arguments[0] {
    case .int32(let value)?: return ExpressionNumber.int(Int64(value.magnitude)).value
    case .int64(let value)?:
      guard value != .min else {
        throw QueryError(.overflow, "$abs of the smallest long does not fit a long; convert it to a double.")
      }
      return .int64(Swift.abs(value))
    case .double(let value)?: return .double(value.magnitude)
    case .decimal128(let value)?: return .decimal128(value.magnitude)
    default:
      if arguments.isNullish(0) { return .null }
      throw arguments.mismatch(0, "a number")
    }
  }

  private static func whole(
    _ arguments: ExpressionArguments, _ rule: FloatingPointRoundingRule
  ) throws(QueryError) -> BSONValue? {
    switch arguments[0] {
    case .int32(let value)?: return .int32(value)
    case .int64(let value)?: return .int64(value)
    case .double(let value)?: return .double(value.rounded(rule))
    case .decimal128(let value)?: return .decimal128(value.rounded(rule))
    default:
      if arguments.isNullish(0) { return .null }
      throw arguments.mismatch(0, "a number")
    }
  }

  private static func places(
    _ arguments: ExpressionArguments, _ rule: FloatingPointRoundingRule
  ) throws(QueryError) -> BSONValue? {
    if arguments.isNullish(0) { return .null }
    guard let value = arguments[0], let number = ExpressionNumber(value) else {
      throw arguments.mismatch(0, "a number")
    }
    var places = 0
    if arguments.count > 1 {
      if arguments.isNullish(1) { return .null }
      guard let count = arguments[1]?.intValue, count >= -20, count <= 100 else {
        throw arguments.invalid("takes as the number of places a whole number from -20 to 100.")
      }
      places = count
    }
    switch number {
    case .decimal(let decimal): return .decimal128(decimal.rounded(rule, places: places))
    case .double(let double):
      guard double.isFinite else { return value }
      if places == 0 { return .double(double.rounded(rule)) }
      return .double(Decimal128(nearest: double).rounded(rule, places: places).doubleValue)
    case .int(let integer), .long(let integer):
      if places >= 0 { return value }
      guard let rounded = Decimal128(integer).rounded(rule, places: places).int64Value else {
        throw QueryError(
          .overflow, "\(arguments.name) gives a number that does not fit a long; use a double.")
      }
      if case .long = number { return .int64(rounded) }
      return ExpressionNumber.int(rounded).value
    }
  }
}
