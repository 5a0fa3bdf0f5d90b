// The functions are computed with some 80 digits and rounded once, so that the last digit is right but for
// results that lie extremely close to the middle between two decimals.

extension Decimal128 {
  /// e to the power of the number; infinite or zero beyond the range.
  public func exponential() -> Decimal128 {
    if isNaN { return .nan }
    if isInfinite { return isNegative ? .zero : .infinity }
    if isZero { return Decimal128(1) }
    return Self.exponential(adjustedExponent: adjustedExponent, isNegative: isNegative) {
      FixedPoint(isNegative: isNegative, coefficient: coefficient, exponent: exponent)
    }
  }

  /// The natural logarithm: minus infinity of zero, NaN of numbers below it.
  public func naturalLogarithm() -> Decimal128 {
    if let special = specialLogarithm { return special }
    if Self.compare(self, Decimal128(1)) == 0 { return .zero }
    return FixedPoint.logarithm(coefficient, exponent: exponent).decimal()
  }

  /// The logarithm to a base, which is above zero and not one; NaN for other bases.
  public func logarithm(base: Decimal128) -> Decimal128 {
    if base.isNaN || base.isZero || base.isNegative || Self.compare(base, Decimal128(1)) == 0 { return .nan }
    if let special = specialLogarithm {
      return base.isInfinite && special.isInfinite ? .nan : special * base.naturalLogarithm()
    }
    if base.isInfinite || Self.compare(self, Decimal128(1)) == 0 { return .zero }
    if let whole = wholeLogarithm(base) { return whole }
    var dividend = FixedPoint.logarithm(coefficient, exponent: exponent)
    let divisor = FixedPoint.logarithm(base.coefficient, exponent: base.exponent)
    dividend.magnitude.shiftLeft(by: FixedPoint.fractionBits)
    return FixedPoint(
      isNegative: dividend.isNegative != divisor.isNegative, magnitude: dividend.magnitude / divisor.magnitude
    ).decimal()
  }

  /// The number to the power of another one, with the special cases of C's `pow`: one for the exponent zero
  /// and for the base one, NaN for a base below zero and an exponent that is not whole.
  public func power(_ power: Decimal128) -> Decimal128 {
    let one = Decimal128(1)
    if power.isZero || Self.compare(self, one) == 0 { return one }
    if isNaN || power.isNaN { return .nan }
    let parity = power.parity
    let isNegativeResult = isNegative && parity == 1
    if power.isInfinite { return infinitePower(power) }
    if isZero || isInfinite {
      let isLarge = isInfinite != power.isNegative
      if isLarge { return Self.infinity(isNegative: isNegativeResult) }
      return Decimal128(isNegative: isNegativeResult, coefficient: 0, exponent: 0) ?? .zero
    }
    if isNegative, parity == nil { return .nan }
    if Self.compare(magnitude, one) == 0 { return isNegativeResult ? -one : one }
    let exact = exactPower(power.magnitude, isNegative: isNegativeResult)
    // The reciprocal of what is too large may still be a number.
    if let exact, !power.isNegative || exact.isFinite { return power.isNegative ? one / exact : exact }
    var logarithm = FixedPoint.logarithm(coefficient, exponent: exponent)
    let isDecreasing = logarithm.isNegative != power.isNegative
    // The place of the product's first digit, or one less; 2^-288 is below 10^-86.
    let place = (logarithm.magnitude.bitCount - FixedPoint.fractionBits) * 1233 / 4096 - 1
    let result = Self.exponential(adjustedExponent: place + power.adjustedExponent, isNegative: isDecreasing)
    {
      logarithm.magnitude = logarithm.magnitude * Magnitude(power.coefficient)
      logarithm.scale(byPowerOfTen: power.exponent)
      logarithm.isNegative = isDecreasing
      return logarithm
    }
    return isNegativeResult ? -result : result
  }

  // MARK: Parts

  /// The exponential of a number whose size is known before it is made.
  private static func exponential(
    adjustedExponent: Int, isNegative: Bool, _ value: () -> FixedPoint
  ) -> Decimal128 {
    let beyond =
      isNegative ? rounding(isNegative: false, coefficient: 0, exponent: minimumExponent) : .infinity
    // e^14150 is above the largest decimal, e^-14221 below half of the smallest one.
    guard adjustedExponent < 5 else { return beyond }
    let value = value()
    var whole = value.magnitude
    _ = whole.shiftRight(by: FixedPoint.fractionBits)
    guard let size = whole.small, size < 15_000 else { return beyond }
    let (magnitude, exponent) = value.exponential
    return FixedPoint(magnitude: magnitude).decimal(power: exponent)
  }

  /// The logarithm of what is no number above zero.
  private var specialLogarithm: Decimal128? {
    if isNaN { return .nan }
    if isZero { return .negativeInfinity }
    if isNegative { return .nan }
    return isInfinite ? .infinity : nil
  }

  /// The logarithm where number and base are powers of ten.
  private func wholeLogarithm(_ base: Decimal128) -> Decimal128? {
    let (digits, zeros) = Self.strippingTrailingZeros(coefficient)
    let (baseDigits, baseZeros) = Self.strippingTrailingZeros(base.coefficient)
    guard digits == 1, baseDigits == 1 else { return nil }
    let numerator = exponent + zeros
    let denominator = base.exponent + baseZeros
    guard numerator % denominator == 0 else { return nil }
    return Decimal128(Int64(numerator / denominator))
  }

  /// 0 for an even number, 1 for an odd one, nil for one that is not whole.
  private var parity: Int? {
    guard isFinite else { return 0 }
    let (digits, zeros) = Self.strippingTrailingZeros(coefficient)
    let exponent = exponent + zeros
    if digits == 0 || exponent > 0 { return 0 }
    return exponent < 0 ? nil : Int(truncatingIfNeeded: digits & 1)
  }

  private func infinitePower(_ power: Decimal128) -> Decimal128 {
    let order = Self.compare(magnitude, Decimal128(1))
    if order == 0 { return Decimal128(1) }
    return (order > 0) != power.isNegative ? .infinity : .zero
  }

  /// A whole power whose digits all fit; nil for others.
  private func exactPower(_ power: Decimal128, isNegative: Bool) -> Decimal128? {
    guard let count = power.int64Value, count <= 12_500 else { return nil }
    let (stripped, zeros) = Self.strippingTrailingZeros(coefficient)
    for (digits, exponent) in [(coefficient, exponent), (stripped, exponent + zeros)] {
      var result: UInt128 = 1
      for _ in 0..<count where digits != 1 {
        let (product, overflow) = result.multipliedReportingOverflow(by: digits)
        guard !overflow, product <= Self.maximumCoefficient else {
          result = 0
          break
        }
        result = product
      }
      if result != 0 {
        return Self.rounding(isNegative: isNegative, coefficient: result, exponent: exponent * Int(count))
      }
    }
    return nil
  }
}
