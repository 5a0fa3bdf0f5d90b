import BSON

/// The sum and the product of two numbers of any types, as `$inc` and `$mul` compute them.
///
/// The type of the result is the wider one of the operands': a decimal with anything gives a decimal, else a
/// double with anything gives a double, else an int64 with an integer gives an int64. Two int32 give an int32
/// as long as the result fits one, and an int64 beyond.
enum Arithmetic {
  /// The sum; nil when it is an integer that does not fit 64 bits, or when an operand is no number.
  static func sum(_ a: BSONValue, _ b: BSONValue) -> BSONValue? {
    combine(
      a, b, integers: { $0.addingReportingOverflow($1) }, doubles: { $0 + $1 }, decimals: { $0 + $1 })
  }

  /// The product; nil when it is an integer that does not fit 64 bits, or when an operand is no number.
  static func product(_ a: BSONValue, _ b: BSONValue) -> BSONValue? {
    combine(
      a, b, integers: { $0.multipliedReportingOverflow(by: $1) }, doubles: { $0 * $1 }, decimals: { $0 * $1 })
  }

  private static func combine(
    _ a: BSONValue, _ b: BSONValue,
    integers: (Int64, Int64) -> (partialValue: Int64, overflow: Bool),
    doubles: (Double, Double) -> Double,
    decimals: (Decimal128, Decimal128) -> Decimal128
  ) -> BSONValue? {
    if a.type == .decimal128 || b.type == .decimal128 {
      guard let x = decimal(a), let y = decimal(b) else { return nil }
      return .decimal128(decimals(x, y))
    }
    if a.type == .double || b.type == .double {
      guard let x = a.doubleValue, let y = b.doubleValue else { return nil }
      return .double(doubles(x, y))
    }
    guard let x = a.int64Value, let y = b.int64Value else { return nil }
    let (value, overflow) = integers(x, y)
    if overflow { return nil }
    if a.type == .int32, b.type == .int32, let small = Int32(exactly: value) { return .int32(small) }
    return .int64(value)
  }

  /// A number as a decimal; a double is rounded to 15 digits. Nil for what is no number.
  static func decimal(_ value: BSONValue) -> Decimal128? {
    switch value {
    case .decimal128(let number): number
    case .double(let number): Decimal128(rounding: number)
    case .int32(let number): Decimal128(Int64(number))
    case .int64(let number): Decimal128(number)
    default: nil
    }
  }
}
