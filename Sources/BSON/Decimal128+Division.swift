extension Decimal128 {
  /// The quotient. Its preferred exponent is the difference of the exponents. A number other than zero by zero
  /// is infinite; zero by zero and infinity by infinity are NaN.
  public static func / (left: Decimal128, right: Decimal128) -> Decimal128 {
    if left.isNaN || right.isNaN { return .nan }
    let isNegative = left.isNegative != right.isNegative
    if left.isInfinite { return right.isInfinite ? .nan : infinity(isNegative: isNegative) }
    if right.isInfinite {
      return rounding(isNegative: isNegative, coefficient: 0, exponent: minimumExponent)
    }
    let a = left.coefficient
    let b = right.coefficient
    let preferred = left.exponent - right.exponent
    if b == 0 { return a == 0 ? .nan : infinity(isNegative: isNegative) }
    if a == 0 { return rounding(isNegative: isNegative, coefficient: 0, exponent: preferred) }
    // With 34 digits, and then one more than the divisor has, the dividend gives a quotient of 35 or 36.
    let fill = maximumDigits - digitCount(a)
    let shift = digitCount(b) + 1
    let dividend = (a * powersOfTen[fill]).multipliedFullWidth(by: powersOfTen[shift])
    var (quotient, remainder) = b.dividingFullWidth((dividend.high, dividend.low))
    var exponent = preferred - fill - shift
    if remainder == 0 {
      while exponent < preferred, quotient % 10 == 0 {
        quotient /= 10
        exponent += 1
      }
    }
    return rounding(
      isNegative: isNegative, coefficient: quotient, exponent: exponent, tail: Tail(remainder, of: b))
  }

  /// What remains when the quotient is cut off to a whole number, exactly: the sign is that of this number,
  /// the exponent the smaller one. NaN for an infinite dividend and a divisor of zero.
  public func truncatingRemainder(dividingBy divisor: Decimal128) -> Decimal128 {
    if isNaN || divisor.isNaN || isInfinite || divisor.isZero { return .nan }
    if divisor.isInfinite { return self }
    let a = coefficient
    let b = divisor.coefficient
    let distance = exponent - divisor.exponent
    let lower = min(exponent, divisor.exponent)
    if distance >= 0 {
      // The zeros of the dividend come in portions: a remainder below b times 10^34 has a quotient below 10^34.
      var remainder = a % b
      var zeros = distance
      while zeros > 0, remainder != 0 {
        let portion = min(zeros, Self.maximumDigits)
        let wide = remainder.multipliedFullWidth(by: Self.powersOfTen[portion])
        remainder = b.dividingFullWidth((wide.high, wide.low)).remainder
        zeros -= portion
      }
      return Self.rounding(isNegative: isNegative, coefficient: remainder, exponent: lower)
    }
    // A divisor of more than 38 digits is larger than any dividend.
    guard Self.digitCount(b) - distance <= 38 else { return self }
    return Self.rounding(
      isNegative: isNegative, coefficient: a % (b * Self.powersOfTen[-distance]), exponent: lower)
  }

  /// The square root. Its preferred exponent is half the exponent, rounded down; that of a negative number is
  /// NaN, and -0 stays what it is.
  public func squareRoot() -> Decimal128 {
    if isNaN { return .nan }
    let preferred = exponent >> 1
    if isZero { return Self.rounding(isNegative: isNegative, coefficient: 0, exponent: preferred) }
    if isNegative { return .nan }
    if isInfinite { return self }
    // 70 or 71 digits with an even exponent: the root has 35 or 36.
    let digits = Self.digitCount(coefficient)
    let fill = 70 - digits + ((exponent - 70 + digits) & 1)
    let first = 38 - digits
    let radicand = (coefficient * Self.powersOfTen[first])
      .multipliedFullWidth(by: Self.powersOfTen[fill - first])
    let (root, isExact) = Self.wholeRoot(high: radicand.high, low: radicand.low)
    var value = root
    var power = (exponent - fill) / 2
    if isExact {
      while power < preferred, value % 10 == 0 {
        value /= 10
        power += 1
      }
    }
    return Self.rounding(
      isNegative: false, coefficient: value, exponent: power, tail: isExact ? .none : .belowHalf)
  }

  /// The square root of a number below 2^240, rounded down, and whether it is exact: Newton's method from
  /// above, which falls until it is there.
  private static func wholeRoot(high: UInt128, low: UInt128) -> (root: UInt128, isExact: Bool) {
    // 2^120 is above any root there is.
    var root: UInt128 = 1 << 120
    while true {
      // The high half is below 2^112, and no estimate is below the root, whose square is the number.
      let (quotient, remainder) = root.dividingFullWidth((high, low))
      if quotient >= root { return (root, quotient == root && remainder == 0) }
      root = (root + quotient) >> 1
    }
  }
}
