import BSON

/// `$type`: whether a value has one of some types.
struct TypeTest: Sendable {
  let types: Set<BSONType>

  func matches(_ type: BSONType) -> Bool { types.contains(type) }
}

/// `$mod`: whether a number, without its fraction, leaves a remainder.
struct RemainderTest: Sendable {
  let divisor: Int64
  let remainder: Int64

  func matches(_ value: RawValue) -> Bool {
    guard let number = value.truncated else { return false }
    // The remainder of the lowest number by -1 is 0, but computing it overflows.
    return (divisor == -1 ? 0 : number % divisor) == remainder
  }
}

extension RawValue {
  /// A number without its fraction, when it fits 64 bits.
  var truncated: Int64? {
    switch type {
    case .int32: int32.map(Int64.init)
    case .int64: int64
    case .double: double.flatMap { Int64(exactly: $0.rounded(.towardZero)) }
    case .decimal128: decimal128.flatMap(Self.truncated)
    default: nil
    }
  }

  static func truncated(_ number: Decimal128) -> Int64? {
    guard number.isFinite else { return nil }
    if number.exponent >= 0 { return number.int64Value }
    var coefficient = number.coefficient
    for _ in 0..<min(-number.exponent, 40) { coefficient /= 10 }
    return Decimal128(isNegative: number.isNegative, coefficient: coefficient, exponent: 0)?.int64Value
  }
}

/// `$bitsAllSet`, `$bitsAllClear`, `$bitsAnySet` and `$bitsAnyClear`.
struct BitTest: Sendable {
  enum Operator: String, Sendable {
    case allSet = "$bitsAllSet"
    case allClear = "$bitsAllClear"
    case anySet = "$bitsAnySet"
    case anyClear = "$bitsAnyClear"
  }

  let comparator: Operator
  /// The bits to look at, counted from the lowest.
  let positions: [Int]

  func matches(_ value: RawValue) -> Bool {
    switch value.type {
    case .int32: return value.int32.map { test(Int64($0)) } ?? false
    case .int64: return value.int64.map(test) ?? false
    case .double: return value.double.flatMap { Int64(exactly: $0) }.map(test) ?? false
    case .binary:
      guard let bytes = value.binary?.bytes else { return false }
      return test { $0 / 8 < bytes.count && bytes[$0 / 8] >> ($0 % 8) & 1 == 1 }
    default: return false
    }
  }

  /// Bits beyond the highest are copies of the sign.
  private func test(_ number: Int64) -> Bool { test { number >> min($0, 63) & 1 == 1 } }

  private func test(_ isSet: (Int) -> Bool) -> Bool {
    switch comparator {
    case .allSet: positions.allSatisfy(isSet)
    case .allClear: !positions.contains(where: isSet)
    case .anySet: positions.contains(where: isSet)
    case .anyClear: !positions.allSatisfy(isSet)
    }
  }
}
