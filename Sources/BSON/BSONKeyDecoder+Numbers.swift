extension BSONKeyDecoder {
  /// Reads a number whose tag has been read.
  mutating func number(_ tag: UInt8) throws(BSONError) -> BSONValue {
    let kind = nextTypeBits()
    if kind >= KeyTypeBits.decimalZero {
      let low = nextTypeBits()
      let exponent = Int(kind & 0x3F) << 8 | Int(low)
      let isNegative = kind & KeyTypeBits.decimalZeroSign != 0
      guard tag == KeyTag.zero,
        let zero = Decimal128(
          isNegative: isNegative, coefficient: 0, exponent: exponent + Decimal128.minimumExponent)
      else { throw malformed() }
      return .decimal128(zero)
    }
    let isNegative = tag < KeyTag.zero && tag != KeyTag.nan
    let number: KeyNumber
    switch tag {
    case KeyTag.nan: number = .double(.nan)
    case KeyTag.infinity, KeyTag.negativeInfinity: number = .double(.infinity)
    case KeyTag.zero: number = .whole(0)
    case KeyTag.negativeSmall, KeyTag.positiveSmall, KeyTag.negativeLarge, KeyTag.positiveLarge:
      number = try double(isNegative: isNegative)
    default:
      let count = isNegative ? KeyTag.negativeWhole - tag : tag - KeyTag.positiveWhole
      number = try whole(Int(count), isNegative: isNegative)
    }
    guard let value = number.value(kind, isNegative: isNegative) else { throw malformed() }
    return value
  }

  private mutating func whole(_ count: Int, isNegative: Bool) throws(BSONError) -> KeyNumber {
    let flip: UInt8 = isNegative ? 0xFF : 0
    var word: UInt64 = 0
    for _ in 0..<count { word = word << 8 | UInt64(try byte() ^ flip) }
    let whole = word >> 1
    if word & 1 == 0 { return .whole(whole) }
    let bits = try self.word() ^ (isNegative ? .max : 0)
    if bits & 1 != 0 { return try digits(isNegative: isNegative) }
    return .fraction(whole: whole, bits: bits >> 2)
  }

  private mutating func double(isNegative: Bool) throws(BSONError) -> KeyNumber {
    let bits = try word() ^ (isNegative ? .max : 0)
    if bits & 1 != 0 { return try digits(isNegative: isNegative) }
    let double = Double(bitPattern: bits >> 1)
    guard double.isFinite else { throw malformed() }
    return .double(double)
  }

  private mutating func digits(isNegative: Bool) throws(BSONError) -> KeyNumber {
    let flip: UInt8 = isNegative ? 0xFF : 0
    let high = try byte() ^ flip
    let low = try byte() ^ flip
    let place = (Int(high) << 8 | Int(low)) - KeyDecimal.placeBias
    var coefficient: UInt128 = 0
    var count = 0
    while true {
      let pair = try byte() ^ flip
      if pair == 0 { break }
      guard pair <= 100, count < Decimal128.maximumDigits else { throw malformed() }
      coefficient = coefficient * 100 + UInt128(pair - 1)
      count += 2
    }
    guard coefficient != 0 else { throw malformed() }
    let (stripped, zeros) = Decimal128.strippingTrailingZeros(coefficient)
    return .decimal(stripped, exponent: place - (Decimal128.digitCount(coefficient) - 1) + zeros)
  }
}

/// The absolute value of a number as it was read from a key, before the type bits say what it is.
private enum KeyNumber {
  case whole(UInt64)
  /// A whole part and 62 binary digits of a fraction.
  case fraction(whole: UInt64, bits: UInt64)
  case double(Double)
  /// A coefficient without zeros at its end.
  case decimal(UInt128, exponent: Int)

  func value(_ kind: UInt8, isNegative: Bool) -> BSONValue? {
    switch kind {
    case KeyTypeBits.int32:
      return integer(isNegative).flatMap { Int32(exactly: $0) }.map(BSONValue.int32)
    case KeyTypeBits.int64:
      return integer(isNegative).map(BSONValue.int64)
    case KeyTypeBits.double:
      return double.map { .double(isNegative ? -$0 : $0) }
    case KeyTypeBits.negativeZero:
      guard case .whole(0) = self else { return nil }
      return .double(-0.0)
    case KeyTypeBits.decimal...KeyTypeBits.decimal + 33:
      return decimal(zeros: Int(kind - KeyTypeBits.decimal), isNegative: isNegative).map(BSONValue.decimal128)
    default:
      return nil
    }
  }

  private func integer(_ isNegative: Bool) -> Int64? {
    switch self {
    case .whole(let value) where value < 1 << 63:
      return isNegative ? -Int64(value) : Int64(value)
    case .double(0x1p63) where isNegative:
      return .min
    default:
      return nil
    }
  }

  private var double: Double? {
    switch self {
    case .whole(let value): return Double(exactly: value)
    case .fraction(let whole, let bits):
      let value = Double(whole) + Double(bits) * 0x1p-62
      return value
    case .double(let value): return value
    case .decimal: return nil
    }
  }

  private func decimal(zeros: Int, isNegative: Bool) -> Decimal128? {
    let parts: (coefficient: UInt128, exponent: Int)?
    switch self {
    case .whole(let value):
      parts = value == 0 ? nil : (UInt128(value), 0)
    case .fraction(let whole, let bits):
      parts = Self.decimalParts(whole: whole, bits: bits)
    case .double(let value):
      if value.isNaN { return .nan }
      if value.isInfinite { return isNegative ? .negativeInfinity : .infinity }
      let (significand, power) = value.integerParts
      parts = value == 0 ? nil : Decimal128.exactParts(significand, power: power)
    case .decimal(let coefficient, let exponent):
      parts = (coefficient, exponent)
    }
    guard let parts else { return nil }
    // The zeros that were at the end come back, after those that the conversion may have brought.
    let (stripped, dropped) = Decimal128.strippingTrailingZeros(parts.coefficient)
    guard Decimal128.digitCount(stripped) + zeros <= Decimal128.maximumDigits else { return nil }
    return Decimal128(
      isNegative: isNegative, coefficient: stripped * Decimal128.powersOfTen[zeros],
      exponent: parts.exponent + dropped - zeros)
  }

  /// `whole + bits / 2^62` as a coefficient and a power of ten, when it has few enough digits.
  private static func decimalParts(whole: UInt64, bits: UInt64) -> (UInt128, Int)? {
    guard bits != 0, bits < 1 << 62 else { return nil }
    let zeros = min(bits.trailingZeroBitCount, 62)
    let places = 62 - zeros
    // (whole × 2^places + a) × 5^places / 10^places; a product beyond 128 bits is beyond 34 digits too.
    guard places <= 48 else { return nil }
    var coefficient = UInt128(whole) << UInt128(places) | UInt128(bits >> UInt64(zeros))
    for _ in 0..<places {
      let (product, isOverflow) = coefficient.multipliedReportingOverflow(by: 5)
      guard !isOverflow else { return nil }
      coefficient = product
    }
    return coefficient <= Decimal128.maximumCoefficient ? (coefficient, -places) : nil
  }
}
