import BSON

/// A number in an operator of arithmetic. An `int` is kept in 64 bits until it becomes a value, so that it may
/// leave 32 bits on the way and come back.
enum ExpressionNumber {
  case int(Int64)
  case long(Int64)
  case double(Double)
  case decimal(Decimal128)

  /// Takes a value that is a number.
  init?(_ value: BSONValue) {
    switch value {
    case .int32(let number): self = .int(Int64(number))
    case .int64(let number): self = .long(number)
    case .double(let number): self = .double(number)
    case .decimal128(let number): self = .decimal(number)
    default: return nil
    }
  }

  /// The number as a value; an int that does not fit 32 bits becomes a long.
  var value: BSONValue {
    switch self {
    case .int(let number): Int32(exactly: number).map(BSONValue.int32) ?? .int64(number)
    case .long(let number): .int64(number)
    case .double(let number): .double(number)
    case .decimal(let number): .decimal128(number)
    }
  }

  var isZero: Bool {
    switch self {
    case .int(let number), .long(let number): number == 0
    case .double(let number): number == 0
    case .decimal(let number): number.isZero
    }
  }

  /// The number as a double, rounded if need be.
  var doubleValue: Double {
    switch self {
    case .int(let number), .long(let number): Double(number)
    case .double(let number): number
    case .decimal(let number): number.doubleValue
    }
  }

  /// The number as a decimal; a double is rounded to 15 digits.
  var decimalValue: Decimal128 {
    switch self {
    case .int(let number), .long(let number): Decimal128(number)
    case .double(let number): Decimal128(rounding: number)
    case .decimal(let number): number
    }
  }

  /// The integer; 0 for a double and a decimal.
  var int64Value: Int64 {
    switch self {
    case .int(let number), .long(let number): number
    case .double, .decimal: 0
    }
  }

  /// Applies the operation of the wider type. What does not fit a long becomes a double.
  func combined(
    with other: ExpressionNumber, integers: (Int64, Int64) -> (partialValue: Int64, overflow: Bool),
    doubles: (Double, Double) -> Double, decimals: (Decimal128, Decimal128) -> Decimal128
  ) -> ExpressionNumber {
    switch (self, other) {
    case (.decimal, _), (_, .decimal): return .decimal(decimals(decimalValue, other.decimalValue))
    case (.double, _), (_, .double): return .double(doubles(doubleValue, other.doubleValue))
    case (.int(let a), .int(let b)):
      let (result, overflow) = integers(a, b)
      return overflow ? .double(doubles(Double(a), Double(b))) : .int(result)
    case (.int(let a), .long(let b)), (.long(let a), .int(let b)), (.long(let a), .long(let b)):
      let (result, overflow) = integers(a, b)
      return overflow ? .double(doubles(Double(a), Double(b))) : .long(result)
    }
  }
}

extension ExpressionNumber {
  var isNaN: Bool {
    switch self {
    case .int, .long: false
    case .double(let number): number.isNaN
    case .decimal(let number): number.isNaN
    }
  }

  /// Whether the number is above zero.
  var isPositive: Bool {
    switch self {
    case .int(let number), .long(let number): number > 0
    case .double(let number): number > 0
    case .decimal(let number): !number.isNaN && !number.isNegative && !number.isZero
    }
  }
}
