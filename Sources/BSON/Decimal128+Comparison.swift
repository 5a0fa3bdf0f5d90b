extension Decimal128 {
  /// Compares by value: -1, 0 or 1. 1 and 1.00 are the same, so are 0 and -0; a NaN is below every number
  /// and the same as any other NaN.
  public static func compare(_ left: Decimal128, _ right: Decimal128) -> Int {
    if left.isNaN || right.isNaN { return left.isNaN ? (right.isNaN ? 0 : -1) : 1 }
    let leftSign = left.signum
    let rightSign = right.signum
    if leftSign != rightSign { return leftSign < rightSign ? -1 : 1 }
    if leftSign == 0 { return 0 }
    return leftSign * compareMagnitudes(left, right)
  }

  /// -1, 0 or 1 for a negative number, zero and a positive number.
  var signum: Int {
    if isInfinite { return isNegative ? -1 : 1 }
    return coefficient == 0 ? 0 : (isNegative ? -1 : 1)
  }

  /// The place of the first digit of a finite number other than zero: floor(log10(|value|)).
  var adjustedExponent: Int { exponent + Self.digitCount(coefficient) - 1 }

  /// Compares the absolute values of two numbers other than zero and NaN.
  private static func compareMagnitudes(_ left: Decimal128, _ right: Decimal128) -> Int {
    if left.isInfinite || right.isInfinite {
      return left.isInfinite ? (right.isInfinite ? 0 : 1) : -1
    }
    let leftPlace = left.adjustedExponent
    let rightPlace = right.adjustedExponent
    if leftPlace != rightPlace { return leftPlace < rightPlace ? -1 : 1 }
    let a = left.fullCoefficient
    let b = right.fullCoefficient
    return a == b ? 0 : (a < b ? -1 : 1)
  }

  /// The coefficient with zeros behind it up to 34 digits.
  private var fullCoefficient: UInt128 {
    let coefficient = coefficient
    return coefficient * Self.powersOfTen[Self.maximumDigits - Self.digitCount(coefficient)]
  }

  /// Compares the absolute value of a finite decimal other than zero with a finite positive double, exactly.
  func compareMagnitude(with double: Double) -> Int {
    let place = adjustedExponent
    // 10^309 is above the largest double, and the smallest one is above 10^-324.
    if place > 308 { return 1 }
    if place < -324 { return -1 }
    let (significand, power) = double.integerParts
    var left = Magnitude(coefficient)
    var right = Magnitude(UInt128(significand))
    // Negative powers go to the other side, so that both sides are whole numbers.
    let exponent = exponent
    if exponent >= 0 {
      left.multiply(byPowerOfTen: exponent)
    } else {
      right.multiply(byPowerOfTen: -exponent)
    }
    if power >= 0 { right.shiftLeft(by: power) } else { left.shiftLeft(by: -power) }
    return Magnitude.compare(left, right)
  }
}

extension Double {
  /// A finite number's absolute value as `significand × 2^power`.
  var integerParts: (significand: UInt64, power: Int) {
    let biased = Int(exponentBitPattern)
    if biased == 0 { return (significandBitPattern, -1074) }
    return (significandBitPattern | 1 << 52, biased - 1075)
  }
}
