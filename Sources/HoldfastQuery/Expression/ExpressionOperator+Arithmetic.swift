import BSON

extension ExpressionOperator {
  /// Sums, differences, products, quotients and remainders.
  static let arithmetic: [ExpressionOperator] = [
    ExpressionOperator("$add", 0...Int.max, add),
    ExpressionOperator("$multiply", 0...Int.max, multiply),
    ExpressionOperator("$subtract", 2...2, subtract),
    ExpressionOperator("$divide", 2...2, divide),
    ExpressionOperator("$mod", 2...2, remainder),
    ExpressionOperator("$bitAnd", 0...Int.max) { (arguments) throws(QueryError) in
      try bits(arguments, from: -1) { $0 & $1 }
    },
    ExpressionOperator("$bitOr", 0...Int.max) { (arguments) throws(QueryError) in
      try bits(arguments, from: 0) { $0 | $1 }
    },
    ExpressionOperator("$bitXor", 0...Int.max) { (arguments) throws(QueryError) in
      try bits(arguments, from: 0) { $0 ^ $1 }
    },
    ExpressionOperator("$bitNot", 1...1) { (arguments) throws(QueryError) in
      switch arguments[0] {
      case .int32(let value)?: return .int32(~value)
      case .int64(let value)?: return .int64(~value)
      default:
        if arguments.isNullish(0) { return .null }
        throw arguments.mismatch(0, "an int or a long")
      }
    },
  ]

  @Sendable private static func add(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    var sum = ExpressionNumber.int(0)
    // With a date the sum is one of milliseconds, from then on in 64 bits.
    var date: Int64?
    for index in 0..<arguments.count {
      if arguments.isNullish(index) { return .null }
      guard let value = arguments[index] else { continue }
      if case .dateTime(let moment) = value {
        guard date == nil else {
          throw QueryError(.typeMismatch, "$add takes at most one date; subtract dates with $subtract.")
        }
        let milliseconds = try dateOffset(sum.value, arguments)
        date = try dateSum(moment.milliseconds, milliseconds, arguments)
        continue
      }
      guard let number = ExpressionNumber(value) else { throw arguments.mismatch(index, "numbers and dates") }
      if let before = date {
        date = try dateSum(before, try dateOffset(value, arguments), arguments)
      } else {
        sum = sum.combined(
          with: number, integers: { $0.addingReportingOverflow($1) }, doubles: +, decimals: +)
      }
    }
    return date.map { .dateTime(BSONDateTime(milliseconds: $0)) } ?? sum.value
  }

  @Sendable private static func multiply(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    var product = ExpressionNumber.int(1)
    for index in 0..<arguments.count {
      if arguments.isNullish(index) { return .null }
      guard let value = arguments[index], let number = ExpressionNumber(value) else {
        throw arguments.mismatch(index, "numbers")
      }
      product = product.combined(
        with: number, integers: { $0.multipliedReportingOverflow(by: $1) }, doubles: *, decimals: *)
    }
    return product.value
  }

  @Sendable private static func subtract(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    if arguments.hasNullish { return .null }
    guard let left = arguments[0], let right = arguments[1] else { return .null }
    if let a = ExpressionNumber(left), let b = ExpressionNumber(right) {
      return a.combined(with: b, integers: { $0.subtractingReportingOverflow($1) }, doubles: -, decimals: -)
        .value
    }
    guard case .dateTime(let date) = left else {
      throw arguments.mismatch(left.isNumber ? 1 : 0, "two numbers, two dates, or a date and a number")
    }
    var subtrahend: Int64
    if case .dateTime(let other) = right {
      subtrahend = other.milliseconds
    } else if right.isNumber {
      subtrahend = try dateOffset(right, arguments)
    } else {
      throw arguments.mismatch(1, "a date or a number after a date")
    }
    let (difference, overflow) = date.milliseconds.subtractingReportingOverflow(subtrahend)
    if overflow { throw dateOverflow(arguments) }
    return right.isNumber ? .dateTime(BSONDateTime(milliseconds: difference)) : .int64(difference)
  }

  /// A number as whole milliseconds, rounded to the nearest.
  private static func dateOffset(
    _ value: BSONValue, _ arguments: ExpressionArguments
  ) throws(QueryError) -> Int64 {
    let offset: Int64? =
      switch value {
      case .double(let number): Int64(exactly: number.rounded(.toNearestOrAwayFromZero))
      case .decimal128(let number): number.int64Value(rounding: .toNearestOrEven)
      default: value.int64Value
      }
    guard let offset else { throw dateOverflow(arguments) }
    return offset
  }

  private static func dateSum(
    _ a: Int64, _ b: Int64, _ arguments: ExpressionArguments
  ) throws(QueryError) -> Int64 {
    let (sum, overflow) = a.addingReportingOverflow(b)
    if overflow { throw dateOverflow(arguments) }
    return sum
  }

  private static func dateOverflow(_ arguments: ExpressionArguments) -> QueryError {
    QueryError(.overflow, "\(arguments.name) gives a date beyond those of 64 bits; use smaller numbers.")
  }

  @Sendable private static func divide(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    guard let pair = try numbers(arguments) else { return .null }
    if pair.1.isZero {
      throw QueryError(.overflow, "$divide cannot divide by zero; test the divisor with $cond.")
    }
    switch pair {
    case (.decimal, _), (_, .decimal): return .decimal128(pair.0.decimalValue / pair.1.decimalValue)
    default: return .double(pair.0.doubleValue / pair.1.doubleValue)
    }
  }

  @Sendable private static func remainder(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    guard let pair = try numbers(arguments) else { return .null }
    if pair.1.isZero {
      throw QueryError(.overflow, "$mod has no remainder of a division by zero; test the divisor with $cond.")
    }
    switch pair {
    case (.decimal, _), (_, .decimal):
      return .decimal128(pair.0.decimalValue.truncatingRemainder(dividingBy: pair.1.decimalValue))
    case (.double, _), (_, .double):
      return .double(pair.0.doubleValue.truncatingRemainder(dividingBy: pair.1.doubleValue))
    case (.long(let a), let b): return .int64(b.int64Value == -1 ? 0 : a % b.int64Value)
    case (let a, .long(let b)): return .int64(b == -1 ? 0 : a.int64Value % b)
    case (.int(let a), .int(let b)): return .int32(Int32(truncatingIfNeeded: b == -1 ? 0 : a % b))
    }
  }

  /// Two arguments that have to be numbers; nil when one is null or missing.
  static func numbers(
    _ arguments: ExpressionArguments
  ) throws(QueryError) -> (ExpressionNumber, ExpressionNumber)? {
    if let a = arguments[0].flatMap(ExpressionNumber.init),
      let b = arguments[1].flatMap(ExpressionNumber.init)
    {
      return (a, b)
    }
    if arguments.isNullish(0) || arguments.isNullish(1) { return nil }
    throw arguments.mismatch(arguments[0]?.isNumber == true ? 1 : 0, "numbers")
  }

  private static func bits(
    _ arguments: ExpressionArguments, from start: Int64, _ body: (Int64, Int64) -> Int64
  ) throws(QueryError) -> BSONValue? {
    var result = start
    var isLong = false
    for index in 0..<arguments.count {
      switch arguments[index] {
      case .int32(let value)?: result = body(result, Int64(value))
      case .int64(let value)?:
        result = body(result, value)
        isLong = true
      default:
        if arguments.isNullish(index) { return .null }
        throw arguments.mismatch(index, "ints and longs")
      }
    }
    return isLong ? .int64(result) : .int32(Int32(truncatingIfNeeded: result))
  }
}
