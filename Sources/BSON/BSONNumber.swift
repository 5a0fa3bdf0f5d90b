/// A number of any of the four types, for comparing them with each other.
package enum BSONNumber {
  case integer(Int64)
  case double(Double)
  case decimal(Decimal128)

  package init?(_ value: BSONValue) {
    switch value {
    case .int32(let number): self = .integer(Int64(number))
    case .int64(let number): self = .integer(number)
    case .double(let number): self = .double(number)
    case .decimal128(let number): self = .decimal(number)
    default: return nil
    }
  }

  package init?(_ value: RawValue) {
    switch value.type {
    case .int32:
      guard let number = value.int32 else { return nil }
      self = .integer(Int64(number))
    case .int64:
      guard let number = value.int64 else { return nil }
      self = .integer(number)
    case .double:
      guard let number = value.double else { return nil }
      self = .double(number)
    case .decimal128:
      guard let number = value.decimal128 else { return nil }
      self = .decimal(number)
    default: return nil
    }
  }

  package var isNaN: Bool {
    switch self {
    case .integer: false
    case .double(let value): value.isNaN
    case .decimal(let value): value.isNaN
    }
  }

  /// Compares by mathematical value, without rounding: -1, 0 or 1. A NaN is below every number and the same
  /// as any other NaN.
  package static func compare(_ left: BSONNumber, _ right: BSONNumber) -> Int {
    switch (left, right) {
    case (.integer(let a), .integer(let b)): a == b ? 0 : (a < b ? -1 : 1)
    case (.double(let a), .double(let b)): compare(a, b)
    case (.decimal(let a), .decimal(let b)): Decimal128.compare(a, b)
    case (.integer(let a), .double(let b)): compare(a, b)
    case (.double(let a), .integer(let b)): -compare(b, a)
    case (.integer(let a), .decimal(let b)): Decimal128.compare(Decimal128(a), b)
    case (.decimal(let a), .integer(let b)): Decimal128.compare(a, Decimal128(b))
    case (.double(let a), .decimal(let b)): -compare(b, a)
    case (.decimal(let a), .double(let b)): compare(a, b)
    }
  }

  private static func compare(_ left: Double, _ right: Double) -> Int {
    if left < right { return -1 }
    if left > right { return 1 }
    if left == right { return 0 }
    return left.isNaN ? (right.isNaN ? 0 : -1) : 1
  }

  private static func compare(_ left: Int64, _ right: Double) -> Int {
    if right.isNaN { return 1 }
    // 2^63 is a double, and every double from -2^63 on up to it has a whole part that fits 64 bits.
    if right >= 0x1p63 { return -1 }
    if right < -0x1p63 { return 1 }
    let whole = Int64(right)
    if left != whole { return left < whole ? -1 : 1 }
    let rest = right - Double(whole)
    return rest == 0 ? 0 : (rest > 0 ? -1 : 1)
  }

  private static func compare(_ left: Decimal128, _ right: Double) -> Int {
    if left.isNaN || right.isNaN { return left.isNaN ? (right.isNaN ? 0 : -1) : 1 }
    let leftSign = left.signum
    let rightSign = right == 0 ? 0 : (right < 0 ? -1 : 1)
    if leftSign != rightSign { return leftSign < rightSign ? -1 : 1 }
    if leftSign == 0 { return 0 }
    if left.isInfinite || right.isInfinite {
      return leftSign * (left.isInfinite ? (right.isInfinite ? 0 : 1) : -1)
    }
    return leftSign * left.compareMagnitude(with: right.magnitude)
  }
}
