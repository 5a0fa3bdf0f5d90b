/// A number with 288 bits behind the point, some 86 decimal digits: what the functions of decimals are computed
/// with, so that the one rounding to 34 digits at the end is nearly always that of the exact result.
struct FixedPoint {
  static let fractionBits = 288

  var isNegative: Bool
  /// The absolute value times 2^288.
  var magnitude: Magnitude

  init(isNegative: Bool = false, magnitude: Magnitude) {
    self.isNegative = isNegative
    self.magnitude = magnitude
  }

  /// `coefficient × 10^exponent`, rounded towards zero. The caller keeps the number below some 10^300.
  init(isNegative: Bool, coefficient: UInt128, exponent: Int) {
    self.init(isNegative: isNegative, magnitude: Magnitude(coefficient))
    magnitude.shiftLeft(by: Self.fractionBits)
    scale(byPowerOfTen: exponent)
  }

  static let one: Magnitude = {
    var one = Magnitude(1)
    one.shiftLeft(by: fractionBits)
    return one
  }()

  /// ln 2 and ln 10 by the formulas of Machin's kind.
  static let ln2 = sum([(18, 26, false), (2, 4801, true), (8, 8749, false)])
  static let ln10 = sum([(46, 31, false), (34, 49, false), (20, 161, false)])

  private static func sum(_ terms: [(factor: UInt32, inverse: UInt32, isNegative: Bool)]) -> FixedPoint {
    var result = FixedPoint(magnitude: Magnitude(0))
    for term in terms {
      var value = artanh(inverse: term.inverse)
      value.multiply(by: term.factor)
      result.add(FixedPoint(isNegative: term.isNegative, magnitude: value))
    }
    return result
  }

  /// artanh(1 / n) = 1/n + 1/3n³ + 1/5n⁵ + …
  private static func artanh(inverse: UInt32) -> Magnitude {
    var power = one
    _ = power.divide(by: inverse)
    var result = Magnitude(0)
    var divisor: UInt32 = 1
    while !power.isZero {
      var term = power
      _ = term.divide(by: divisor)
      result.add(term)
      _ = power.divide(by: inverse * inverse)
      divisor += 2
    }
    return result
  }

  /// The same series for a fraction.
  private static func artanh(_ fraction: Magnitude) -> Magnitude {
    let square = product(fraction, fraction)
    var power = fraction
    var result = Magnitude(0)
    var divisor: UInt32 = 1
    while !power.isZero {
      var term = power
      _ = term.divide(by: divisor)
      result.add(term)
      power = product(power, square)
      divisor += 2
    }
    return result
  }

  /// The product of two numbers in this form.
  static func product(_ left: Magnitude, _ right: Magnitude) -> Magnitude {
    var product = left * right
    _ = product.shiftRight(by: fractionBits)
    return product
  }

  mutating func add(_ other: FixedPoint) {
    if isNegative == other.isNegative {
      magnitude.add(other.magnitude)
    } else if Magnitude.compare(magnitude, other.magnitude) >= 0 {
      magnitude.subtract(other.magnitude)
    } else {
      var difference = other.magnitude
      difference.subtract(magnitude)
      self = FixedPoint(isNegative: other.isNegative, magnitude: difference)
    }
  }

  mutating func multiply(by factor: Int) {
    if factor < 0 { isNegative.toggle() }
    magnitude.multiply(by: UInt32(truncatingIfNeeded: factor.magnitude))
  }

  mutating func scale(byPowerOfTen power: Int) {
    if power >= 0 {
      magnitude.multiply(byPowerOfTen: power)
      return
    }
    var rest = -power
    while rest > 0, !magnitude.isZero {
      let digits = min(rest, 9)
      _ = magnitude.divide(by: UInt32(truncatingIfNeeded: Decimal128.powersOfTen[digits]))
      rest -= digits
    }
  }

  /// The natural logarithm of `coefficient × 10^exponent`; the coefficient is not zero.
  static func logarithm(_ coefficient: UInt128, exponent: Int) -> FixedPoint {
    // coefficient = 2^b × m with m near 1, and ln m = 2 artanh((m - 1) / (m + 1)).
    let bits = 127 - coefficient.leadingZeroBitCount
    let half = UInt128(1) << UInt128(bits)
    let power = coefficient - half >= half >> 1 ? bits + 1 : bits
    let near = UInt128(1) << UInt128(power)
    let isBelow = coefficient < near
    var difference = Magnitude(isBelow ? near - coefficient : coefficient - near)
    difference.shiftLeft(by: fractionBits)
    var series = artanh(difference / Magnitude(near + coefficient))
    series.multiply(by: 2)
    var result = FixedPoint(isNegative: isBelow, magnitude: series)
    var twos = ln2
    twos.multiply(by: power)
    result.add(twos)
    var tens = ln10
    tens.multiply(by: exponent)
    result.add(tens)
    return result
  }

  /// The exponential as `magnitude × 10^exponent`, with a magnitude in 1..<10. The caller keeps the absolute
  /// value below 20000.
  var exponential: (magnitude: Magnitude, exponent: Int) {
    // floor(x / ln 10), first by doubles, then exactly.
    var top = magnitude
    _ = top.shiftRight(by: Self.fractionBits - 32)
    let estimate = Double(top.small ?? 0) * 0x1p-32 / 2.302585092994046
    var exponent = Int((isNegative ? -estimate : estimate).rounded(.down))
    func rest(_ exponent: Int) -> FixedPoint {
      var rest = self
      var tens = Self.ln10
      tens.multiply(by: -exponent)
      rest.add(tens)
      return rest
    }
    var remainder = rest(exponent)
    if remainder.isNegative, !remainder.magnitude.isZero {
      exponent -= 1
      remainder = rest(exponent)
    } else if Magnitude.compare(remainder.magnitude, Self.ln10.magnitude) >= 0 {
      exponent += 1
      remainder = rest(exponent)
    }
    // e^r = (e^(r / 256))^256, and the series of the small power is short.
    _ = remainder.magnitude.shiftRight(by: 8)
    var term = Self.one
    var result = Self.one
    var divisor: UInt32 = 1
    while !term.isZero {
      term = Self.product(term, remainder.magnitude)
      _ = term.divide(by: divisor)
      result.add(term)
      divisor += 1
    }
    for _ in 0..<8 { result = Self.product(result, result) }
    return (result, exponent)
  }

  /// The number times 10^power as a decimal.
  func decimal(power: Int = 0) -> Decimal128 {
    if magnitude.isZero { return .zero }
    // floor(log10) of the value, or one less; see the conversion of doubles.
    let bits = magnitude.bitCount - 1 - Self.fractionBits
    let place = bits >= 0 ? bits * 1233 / 4096 : -((-bits * 1234 + 4095) / 4096)
    var scaled = self
    scaled.scale(byPowerOfTen: 35 - place)
    _ = scaled.magnitude.shiftRight(by: Self.fractionBits)
    // No result is exact here, so there is always something behind the last digit.
    return Decimal128.rounding(
      isNegative: isNegative, coefficient: scaled.magnitude.small ?? 0, exponent: place - 35 + power,
      tail: .belowHalf)
  }
}
