// IEEE 754-2008 arithmetic: every result is the exact one rounded once, half to even, to 34 digits or to the
// smallest exponent. An exact result has the standard's preferred exponent where the digits allow it. Nothing
// traps: what is too large is infinite, and what has no value is NaN.

extension Decimal128 {
  /// The sum. Its preferred exponent is the smaller one. Infinity less infinity is NaN.
  public static func + (left: Decimal128, right: Decimal128) -> Decimal128 {
    if left.isNaN || right.isNaN { return .nan }
    if left.isInfinite { return right.isInfinite && left.isNegative != right.isNegative ? .nan : left }
    if right.isInfinite { return right }
    return left.exponent >= right.exponent ? sum(left, right) : sum(right, left)
  }

  /// The difference; see ``+(_:_:)``.
  public static func - (left: Decimal128, right: Decimal128) -> Decimal128 { left + -right }

  /// The number with the other sign; a NaN stays the NaN it is.
  public static prefix func - (value: Decimal128) -> Decimal128 {
    value.isNaN ? value : Decimal128(high: value.high ^ 1 << 63, low: value.low)
  }

  /// The product. Its preferred exponent is the sum of the exponents. Zero times infinity is NaN.
  public static func * (left: Decimal128, right: Decimal128) -> Decimal128 {
    if left.isNaN || right.isNaN { return .nan }
    let isNegative = left.isNegative != right.isNegative
    if left.isInfinite || right.isInfinite {
      return left.isZero || right.isZero ? .nan : infinity(isNegative: isNegative)
    }
    let a = left.coefficient
    let b = right.coefficient
    let exponent = left.exponent + right.exponent
    let product = a.multipliedFullWidth(by: b)
    // A product has as many digits as both factors together, or one less.
    let surplus = digitCount(a) + digitCount(b) - maximumDigits - 1
    guard surplus > 0 else {
      return rounding(isNegative: isNegative, coefficient: product.low, exponent: exponent)
    }
    let divisor = powersOfTen[surplus]
    let (quotient, remainder) = divisor.dividingFullWidth((product.high, product.low))
    return rounding(
      isNegative: isNegative, coefficient: quotient, exponent: exponent + surplus,
      tail: Tail(remainder, of: divisor))
  }

  /// The number without its sign; a NaN stays the NaN it is.
  public var magnitude: Decimal128 { isNegative ? -self : self }

  static func infinity(isNegative: Bool) -> Decimal128 { isNegative ? .negativeInfinity : .infinity }

  /// The sum of finite numbers of which the first has the larger exponent, or the same.
  private static func sum(_ left: Decimal128, _ right: Decimal128) -> Decimal128 {
    let a = left.coefficient
    let b = right.coefficient
    if a == 0 {
      // Of zeros only the sum of two negative ones is negative.
      let isNegative = right.isNegative && (b != 0 || left.isNegative)
      return rounding(isNegative: isNegative, coefficient: b, exponent: right.exponent)
    }
    // The left number gets zeros for the distance of the exponents, as far as 37 digits hold them; what then
    // remains of the distance is cut off the right one, far below the 34 digits of the result.
    let distance = left.exponent - right.exponent
    let zeros = min(distance, 37 - digitCount(a))
    let wide = a * powersOfTen[zeros]
    var (narrow, tail) = dropping(distance - zeros, digitsOf: b)
    let exponent = left.exponent - zeros
    if left.isNegative == right.isNegative {
      return rounding(
        isNegative: left.isNegative, coefficient: wide + narrow, exponent: exponent, tail: tail)
    }
    if tail != .none {
      narrow += 1
      tail = tail.complement
    }
    if wide >= narrow {
      let isNegative = wide == narrow && tail == .none ? false : left.isNegative
      return rounding(
        isNegative: isNegative, coefficient: wide - narrow, exponent: exponent, tail: tail)
    }
    return rounding(isNegative: right.isNegative, coefficient: narrow - wide, exponent: exponent)
  }

  /// What was cut off behind a coefficient, in relation to one unit of its last digit.
  enum Tail {
    case none, belowHalf, half, aboveHalf

    /// The part `remainder / divisor`, which is less than one.
    init(_ remainder: UInt128, of divisor: UInt128) {
      let rest = divisor - remainder
      self =
        remainder == 0 ? .none : (remainder == rest ? .half : (remainder < rest ? .belowHalf : .aboveHalf))
    }

    /// One less the part.
    var complement: Tail {
      switch self {
      case .none, .half: self
      case .belowHalf: .aboveHalf
      case .aboveHalf: .belowHalf
      }
    }
  }

  /// Cuts digits off the end of a coefficient that itself has a tail already.
  static func dropping(
    _ count: Int, digitsOf coefficient: UInt128, tail: Tail = .none
  ) -> (coefficient: UInt128, tail: Tail) {
    if count <= 0 { return (coefficient, tail) }
    // 39 digits may be above the half of 10^39; more are needed than a coefficient has.
    guard count < powersOfTen.count else {
      return (0, coefficient == 0 && tail == .none ? .none : .belowHalf)
    }
    let (quotient, remainder) = coefficient.quotientAndRemainder(dividingBy: powersOfTen[count])
    let cut = Tail(remainder, of: powersOfTen[count])
    if tail == .none { return (quotient, cut) }
    return (quotient, cut == .none ? .belowHalf : (cut == .half ? .aboveHalf : cut))
  }

  /// The number nearest to `coefficient × 10^exponent`, of which the coefficient is not the whole: a tail may
  /// follow it. With a tail the coefficient has at least 34 digits, so that there is nothing to fill up.
  static func rounding(
    isNegative: Bool, coefficient: UInt128, exponent: Int, tail: Tail = .none,
    rule: FloatingPointRoundingRule = .toNearestOrEven
  ) -> Decimal128 {
    let surplus = max(digitCount(coefficient) - maximumDigits, minimumExponent - exponent, 0)
    let (cut, rest) = dropping(surplus, digitsOf: coefficient, tail: tail)
    var value = cut + (roundsUp(cut, rest, isNegative: isNegative, rule: rule) ? 1 : 0)
    var exponent = exponent + surplus
    if value > maximumCoefficient {
      value /= 10
      exponent += 1
    }
    if value == 0 {
      exponent = min(exponent, maximumExponent)
    } else if exponent > maximumExponent {
      // Zeros at the end of the coefficient take the place of a too large exponent.
      let zeros = exponent - maximumExponent
      guard zeros + digitCount(value) <= maximumDigits else { return infinity(isNegative: isNegative) }
      value *= powersOfTen[zeros]
      exponent = maximumExponent
    }
    return Decimal128(isNegative: isNegative, coefficient: value, exponent: exponent) ?? .nan
  }

  /// Whether a coefficient with a tail becomes one larger when it is rounded.
  static func roundsUp(
    _ coefficient: UInt128, _ tail: Tail, isNegative: Bool, rule: FloatingPointRoundingRule
  ) -> Bool {
    switch rule {
    case .towardZero: false
    case .awayFromZero: tail != .none
    case .up: tail != .none && !isNegative
    case .down: tail != .none && isNegative
    case .toNearestOrAwayFromZero: tail == .half || tail == .aboveHalf
    case .toNearestOrEven: tail == .aboveHalf || tail == .half && coefficient & 1 == 1
    @unknown default: tail == .aboveHalf || tail == .half && coefficient & 1 == 1
    }
  }
}
