// The key bytes of numbers. Those of all four types share one form, which depends on the absolute value x:
//
// - 1 <= x < 2^63: the whole part, shifted left by one, in as few bytes as it needs; the bit that became free
//   says whether a fraction follows, as 62 binary digits and two bits, of which the last says that there is
//   more of it.
// - 0 < x < 1 and x >= 2^63: the bits of the greatest double that is not above x, shifted left by one; the
//   bit
//   that became free says that x is more.
//
// "More" can only be a decimal, and its digits follow. All bytes of negative numbers but none of the type
// bits are inverted.

extension BSONKey {
  /// Appends an integer; `kind` is its type bits.
  static func append(_ number: Int64, _ kind: UInt8, to bytes: inout [UInt8], _ typeBits: inout [UInt8]) {
    typeBits.append(kind)
    if number == 0 {
      bytes.append(KeyTag.zero)
    } else if number == .min {
      // -2^63 is just beyond what the short form holds.
      append(large: 0x1p63, isInexact: false, isNegative: true, to: &bytes)
    } else {
      appendWhole(number.magnitude, hasFraction: false, isNegative: number < 0, to: &bytes)
    }
  }

  static func append(_ number: Double, to bytes: inout [UInt8], _ typeBits: inout [UInt8]) {
    typeBits.append(number == 0 && number.sign == .minus ? KeyTypeBits.negativeZero : KeyTypeBits.double)
    let isNegative = number < 0
    let magnitude = number.magnitude
    if number.isNaN {
      bytes.append(KeyTag.nan)
    } else if number.isInfinite {
      bytes.append(isNegative ? KeyTag.negativeInfinity : KeyTag.infinity)
    } else if magnitude == 0 {
      bytes.append(KeyTag.zero)
    } else if magnitude < 1 {
      append(small: magnitude, isInexact: false, isNegative: isNegative, to: &bytes)
    } else if magnitude < 0x1p63 {
      let whole = UInt64(magnitude)
      let fraction = magnitude - Double(whole)
      appendWhole(whole, hasFraction: fraction != 0, isNegative: isNegative, to: &bytes)
      // Beside a whole part of at least 1, a fraction has at most 52 binary digits.
      if fraction != 0 {
        appendBits(UInt64(fraction * 0x1p62) << 2, isNegative: isNegative, to: &bytes)
      }
    } else {
      append(large: magnitude, isInexact: false, isNegative: isNegative, to: &bytes)
    }
  }

  static func append(_ number: Decimal128, to bytes: inout [UInt8], _ typeBits: inout [UInt8]) {
    let isNegative = number.isNegative
    guard number.isFinite else {
      typeBits.append(KeyTypeBits.decimal)
      bytes.append(
        number.isNaN ? KeyTag.nan : (isNegative ? KeyTag.negativeInfinity : KeyTag.infinity))
      return
    }
    let (coefficient, zeros) = Decimal128.strippingTrailingZeros(number.coefficient)
    if coefficient == 0 {
      bytes.append(KeyTag.zero)
      let exponent = number.exponent - Decimal128.minimumExponent
      typeBits.append(
        KeyTypeBits.decimalZero | (isNegative ? KeyTypeBits.decimalZeroSign : 0)
          | UInt8(truncatingIfNeeded: exponent >> 8))
      typeBits.append(UInt8(truncatingIfNeeded: exponent))
      return
    }
    typeBits.append(KeyTypeBits.decimal + UInt8(truncatingIfNeeded: zeros))
    let decimal = KeyDecimal(coefficient: coefficient, exponent: number.exponent + zeros)
    var isInexact = false
    if let (whole, fraction) = decimal.wholeAndFraction {
      appendWhole(whole, hasFraction: !fraction.isZero, isNegative: isNegative, to: &bytes)
      if !fraction.isZero {
        isInexact = fraction.isInexact
        appendBits(fraction.bits << 2 | (isInexact ? 1 : 0), isNegative: isNegative, to: &bytes)
      }
    } else {
      let (double, isLess) = decimal.doubleBelow
      isInexact = isLess
      if decimal.place < 0 {
        append(small: double, isInexact: isLess, isNegative: isNegative, to: &bytes)
      } else {
        append(large: double, isInexact: isLess, isNegative: isNegative, to: &bytes)
      }
    }
    if isInexact { appendDigits(decimal, isNegative: isNegative, to: &bytes) }
  }

  private static func appendWhole(
    _ whole: UInt64, hasFraction: Bool, isNegative: Bool, to bytes: inout [UInt8]
  ) {
    let word = whole << 1 | (hasFraction ? 1 : 0)
    let count = 8 - word.leadingZeroBitCount / 8
    let mask: UInt8 = isNegative ? 0xFF : 0
    bytes.append(
      isNegative ? KeyTag.negativeWhole - UInt8(count) : KeyTag.positiveWhole + UInt8(count))
    var shift = UInt64(count * 8)
    while shift > 0 {
      shift -= 8
      bytes.append(UInt8(truncatingIfNeeded: word >> shift) ^ mask)
    }
  }

  private static func append(
    small double: Double, isInexact: Bool, isNegative: Bool, to bytes: inout [UInt8]
  ) {
    bytes.append(isNegative ? KeyTag.negativeSmall : KeyTag.positiveSmall)
    appendBits(double.bitPattern << 1 | (isInexact ? 1 : 0), isNegative: isNegative, to: &bytes)
  }

  private static func append(
    large double: Double, isInexact: Bool, isNegative: Bool, to bytes: inout [UInt8]
  ) {
    bytes.append(isNegative ? KeyTag.negativeLarge : KeyTag.positiveLarge)
    appendBits(double.bitPattern << 1 | (isInexact ? 1 : 0), isNegative: isNegative, to: &bytes)
  }

  private static func appendBits(_ bits: UInt64, isNegative: Bool, to bytes: inout [UInt8]) {
    bytes.appendBigEndian(isNegative ? ~bits : bits)
  }

  /// Appends the place of the first digit and the digits, two in a byte, with 0 as the end.
  private static func appendDigits(_ decimal: KeyDecimal, isNegative: Bool, to bytes: inout [UInt8]) {
    let mask: UInt8 = isNegative ? 0xFF : 0
    let place = UInt16(truncatingIfNeeded: decimal.place + KeyDecimal.placeBias)
    bytes.appendBigEndian(isNegative ? ~place : place)
    // Left-aligned: an odd number of digits gets a zero behind it.
    let digits = Decimal128.digitCount(decimal.coefficient)
    var rest = digits % 2 == 0 ? decimal.coefficient : decimal.coefficient * 10
    let start = bytes.count
    while rest != 0 {
      let (quotient, pair) = rest.quotientAndRemainder(dividingBy: 100)
      bytes.append((UInt8(truncatingIfNeeded: pair) + 1) ^ mask)
      rest = quotient
    }
    bytes[start...].reverse()
    bytes.append(mask)
  }
}

/// A positive decimal, without zeros at its end, on its way into a key.
struct KeyDecimal {
  let coefficient: UInt128
  let exponent: Int

  static let placeBias = 0x4000

  /// The place of the first digit: floor(log10).
  var place: Int { exponent + Decimal128.digitCount(coefficient) - 1 }

  /// The first 62 binary digits of a fraction, and whether there are more.
  struct Fraction {
    var bits: UInt64
    var isInexact: Bool
    var isZero: Bool { bits == 0 && !isInexact }
  }

  /// The number as a whole part and a fraction, when it is at least 1 and below 2^63.
  var wholeAndFraction: (UInt64, Fraction)? {
    let place = place
    guard place >= 0, place <= 18 else { return nil }
    if exponent >= 0 {
      let whole = coefficient * Decimal128.powersOfTen[exponent]
      return whole < 1 << 63 ? (UInt64(whole), Fraction(bits: 0, isInexact: false)) : nil
    }
    // At most 34 digits and a first one before the point leave at most 33 behind it.
    let divisor = Decimal128.powersOfTen[-exponent]
    let (whole, remainder) = coefficient.quotientAndRemainder(dividingBy: divisor)
    guard whole < 1 << 63 else { return nil }
    var rest = remainder
    var bits: UInt64 = 0
    for _ in 0..<62 {
      rest <<= 1
      bits <<= 1
      if rest >= divisor {
        rest -= divisor
        bits |= 1
      }
    }
    return (UInt64(whole), Fraction(bits: bits, isInexact: rest != 0))
  }

  /// The greatest finite double that is not above the number, and whether it is less.
  var doubleBelow: (Double, isLess: Bool) {
    guard place <= 308 else { return (.greatestFiniteMagnitude, true) }
    guard place >= -324,
      let decimal = Decimal128(isNegative: false, coefficient: coefficient, exponent: exponent)
    else { return (0, true) }
    var double = min(decimal.doubleValue, .greatestFiniteMagnitude)
    // The nearest double may be above, by at most one step.
    while double > 0 {
      let order = decimal.compareMagnitude(with: double)
      if order >= 0 { return (double, order > 0) }
      double = double.nextDown
    }
    return (0, true)
  }
}
