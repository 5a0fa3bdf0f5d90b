import BSON

#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#elseif canImport(Android)
  import Android
#elseif canImport(Darwin)
  import Darwin
#endif

extension ExpressionOperator {
  /// Roots, powers, logarithms and the functions of angles.
  static let transcendental: [ExpressionOperator] =
    [
      ExpressionOperator("$sqrt", 1...1, squareRoot),
      ExpressionOperator("$exp", 1...1) { (arguments) throws(QueryError) in
        guard let number = try number(arguments, 0) else { return .null }
        return apply(number, doubles: { exp($0) }, decimals: { $0.exponential() })
      },
      ExpressionOperator("$ln", 1...1) { (arguments) throws(QueryError) in
        guard let number = try positive(arguments, 0) else { return .null }
        return apply(number, doubles: { log($0) }, decimals: { $0.naturalLogarithm() })
      },
      ExpressionOperator("$log10", 1...1) { (arguments) throws(QueryError) in
        guard let number = try positive(arguments, 0) else { return .null }
        return apply(number, doubles: { log10($0) }, decimals: { $0.logarithm(base: Decimal128(10)) })
      },
      ExpressionOperator("$log", 2...2, logarithm),
      ExpressionOperator("$pow", 2...2, power),
      ExpressionOperator("$atan2", 2...2) { (arguments) throws(QueryError) in
        guard let (y, x) = try numbers(arguments) else { return .null }
        let angle = atan2(y.doubleValue, x.doubleValue)
        switch (y, x) {
        case (.decimal, _), (_, .decimal): return .decimal128(Decimal128(rounding: angle))
        default: return .double(angle)
        }
      },
    ]
    + angles.map { name, function, domain in
      ExpressionOperator(name, 1...1) { (arguments) throws(QueryError) in
        guard let number = try number(arguments, 0) else { return .null }
        guard number.isNaN || domain.contains(number.doubleValue) else {
          throw arguments.invalid("takes numbers from \(domain.lowerBound) to \(domain.upperBound).")
        }
        return apply(
          number, doubles: function, decimals: { Decimal128(rounding: function($0.doubleValue)) })
      }
    }

  /// The functions of angles and what they are defined for. Decimals are computed as doubles.
  private static let angles: [(String, @Sendable (Double) -> Double, ClosedRange<Double>)] = [
    ("$sin", { sin($0) }, finite), ("$cos", { cos($0) }, finite), ("$tan", { tan($0) }, finite),
    ("$asin", { asin($0) }, -1...1), ("$acos", { acos($0) }, -1...1), ("$atan", { atan($0) }, all),
    ("$sinh", { sinh($0) }, all), ("$cosh", { cosh($0) }, all), ("$tanh", { tanh($0) }, all),
    ("$asinh", { asinh($0) }, all), ("$acosh", { acosh($0) }, 1...Double.infinity),
    ("$atanh", { atanh($0) }, -1...1),
    ("$degreesToRadians", { $0 * (.pi / 180) }, all), ("$radiansToDegrees", { $0 * (180 / .pi) }, all),
  ]
  private static let all = -Double.infinity...Double.infinity
  private static let finite = -Double.greatestFiniteMagnitude...Double.greatestFiniteMagnitude

  private static func number(
    _ arguments: ExpressionArguments, _ index: Int
  ) throws(QueryError) -> ExpressionNumber? {
    if let number = arguments[index].flatMap(ExpressionNumber.init) { return number }
    if arguments.isNullish(index) { return nil }
    throw arguments.mismatch(index, "numbers")
  }

  /// A number that is above zero, or NaN.
  private static func positive(
    _ arguments: ExpressionArguments, _ index: Int
  ) throws(QueryError) -> ExpressionNumber? {
    guard let number = try number(arguments, index) else { return nil }
    guard number.isNaN || number.isPositive else {
      throw arguments.invalid("takes numbers above zero; test them with $cond.")
    }
    return number
  }

  private static func apply(
    _ number: ExpressionNumber, doubles: (Double) -> Double, decimals: (Decimal128) -> Decimal128
  ) -> BSONValue {
    if case .decimal(let value) = number { return .decimal128(decimals(value)) }
    return .double(doubles(number.doubleValue))
  }

  @Sendable private static func squareRoot(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue?
  {
    guard let number = try number(arguments, 0) else { return .null }
    guard number.isNaN || number.isPositive || number.isZero else {
      throw arguments.invalid("takes numbers that are not below zero; test them with $cond.")
    }
    return apply(number, doubles: { $0.squareRoot() }, decimals: { $0.squareRoot() })
  }

  @Sendable private static func logarithm(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    if arguments.isNullish(0) || arguments.isNullish(1) { return .null }
    guard let number = try positive(arguments, 0), let base = try positive(arguments, 1) else { return .null }
    if base.doubleValue == 1 {
      throw arguments.invalid("takes as its base a number above zero other than one.")
    }
    switch (number, base) {
    case (.decimal, _), (_, .decimal):
      return .decimal128(number.decimalValue.logarithm(base: base.decimalValue))
    default: return .double(log(number.doubleValue) / log(base.doubleValue))
    }
  }

  @Sendable private static func power(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    guard let (base, exponent) = try numbers(arguments) else { return .null }
    if base.isZero, !exponent.isZero, !exponent.isPositive, !exponent.isNaN {
      throw QueryError(.overflow, "$pow cannot raise zero to a negative exponent; test the base with $cond.")
    }
    switch (base, exponent) {
    case (.decimal, _), (_, .decimal):
      return .decimal128(base.decimalValue.power(exponent.decimalValue))
    case (.double, _), (_, .double): return .double(pow(base.doubleValue, exponent.doubleValue))
    case (.int(let a), .int(let b)):
      guard let result = power(a, b) else { return .double(pow(Double(a), Double(b))) }
      return ExpressionNumber.int(result).value
    default:
      guard let result = power(base.int64Value, exponent.int64Value) else {
        return .double(pow(base.doubleValue, exponent.doubleValue))
      }
      return .int64(result)
    }
  }

  /// A power of integers; nil when it is none of 64 bits.
  private static func power(_ base: Int64, _ exponent: Int64) -> Int64? {
    if exponent == 0 || base == 1 { return 1 }
    if base == -1 { return exponent % 2 == 0 ? 1 : -1 }
    if exponent < 0 { return nil }
    if base == 0 { return 0 }
    if exponent > 63 { return nil }
    var result: Int64 = 1
    for _ in 0..<exponent {
      let (product, overflow) = result.multipliedReportingOverflow(by: base)
      if overflow { return nil }
      result = product
    }
    return result
  }
}
