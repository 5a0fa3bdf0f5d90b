extension Decimal128 {
  /// The number rounded to a number of decimal places, which may be negative: -2 rounds to hundreds. The
  /// exponent becomes `-places`, or the nearest to it that 34 digits allow; infinities and NaN stay.
  public func rounded(_ rule: FloatingPointRoundingRule, places: Int = 0) -> Decimal128 {
    guard isFinite else { return self }
    let target = min(max(-places, Self.minimumExponent), Self.maximumExponent)
    let coefficient = coefficient
    if exponent >= target {
      let zeros = min(exponent - target, Self.maximumDigits - Self.digitCount(coefficient))
      // Zeros behind a zero change nothing but its exponent.
      if coefficient == 0 {
        return Decimal128(isNegative: isNegative, coefficient: 0, exponent: target) ?? self
      }
      return Decimal128(
        isNegative: isNegative, coefficient: coefficient * Self.powersOfTen[zeros], exponent: exponent - zeros
      )
        ?? self
    }
    let (cut, tail) = Self.dropping(target - exponent, digitsOf: coefficient)
    let carry: UInt128 = Self.roundsUp(cut, tail, isNegative: isNegative, rule: rule) ? 1 : 0
    return Self.rounding(isNegative: isNegative, coefficient: cut + carry, exponent: target)
  }

  /// The whole number that the number is rounded to; nil when it does not fit 64 bits, and for infinities and
  /// NaN.
  public func int64Value(rounding rule: FloatingPointRoundingRule) -> Int64? {
    rounded(rule).int64Value
  }

  /// The decimal nearest to a double, of at most 34 digits: exact where they suffice.
  public init(nearest value: Double) {
    if let exact = Decimal128(exactly: value) {
      self = exact
      return
    }
    let (significand, power) = value.integerParts
    // floor(log10) of the value, or one less: 1233 / 4096 is just below log10(2), 1234 / 4096 just above it.
    let bits = 63 - significand.leadingZeroBitCount + power
    let place = bits >= 0 ? bits * 1233 / 4096 : -((-bits * 1234 + 4095) / 4096)
    // Scaled to at least 35 digits, of which the last are dropped again.
    let scale = 35 - place
    var number = Magnitude(UInt128(significand))
    var isInexact = false
    if scale > 0 { number.multiply(byPowerOfTen: scale) }
    if power > 0 { number.shiftLeft(by: power) } else { isInexact = number.shiftRight(by: -power) }
    for _ in 0..<max(0, -scale) where number.divide(by: 10) != 0 { isInexact = true }
    self = Self.rounding(
      isNegative: value < 0, coefficient: number.small ?? 0, exponent: -scale,
      tail: isInexact ? .belowHalf : .none)
  }

  /// The decimal that MongoDB takes for a double in arithmetic and conversions: rounded to 15 digits, which
  /// are what a double holds of any decimal number; always with all 15, as in `0.100000000000000`. Zero is
  /// plain 0.
  public init(rounding value: Double) {
    let nearest = Decimal128(nearest: value)
    let digits = Self.digitCount(nearest.coefficient)
    guard nearest.isFinite, !nearest.isZero else {
      self = nearest
      return
    }
    let places = 14 - nearest.adjustedExponent
    let rounded = nearest.rounded(.toNearestOrEven, places: places)
    // 9.99… became 10.0…, which has a digit too many.
    let carried = digits > 15 && Self.digitCount(rounded.coefficient) > 15
    self = carried ? rounded.rounded(.toNearestOrEven, places: places - 1) : rounded
  }
}
