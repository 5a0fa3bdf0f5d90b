extension Decimal128 {
  /// The decimal with exactly the integer's value and the exponent 0.
  public init(_ value: Int64) {
    high = (value < 0 ? 1 << 63 : 0) | 0x3040_0000_0000_0000
    low = value.magnitude
  }

  /// The decimal with exactly the double's value; nil when that has more than 34 digits. NaN and the
  /// infinities are converted too.
  public init?(exactly value: Double) {
    if value.isNaN {
      self = .nan
      return
    }
    if value.isInfinite {
      self = value < 0 ? .negativeInfinity : .infinity
      return
    }
    let (significand, power) = value.integerParts
    guard let (coefficient, exponent) = Self.exactParts(significand, power: power),
      let number = Decimal128(isNegative: value.sign == .minus, coefficient: coefficient, exponent: exponent)
    else { return nil }
    self = number
  }

  /// `significand × 2^power` as a coefficient of at most 34 digits and a power of ten.
  static func exactParts(_ significand: UInt64, power: Int) -> (coefficient: UInt128, exponent: Int)? {
    guard significand != 0 else { return (0, 0) }
    let zeros = significand.trailingZeroBitCount
    var coefficient = UInt128(significand >> UInt64(zeros))
    let power = power + zeros
    if power < 0 {
      // a / 2^k = a × 5^k / 10^k, and 5^49 alone has more than 34 digits.
      guard power >= -48 else { return nil }
      for _ in 0..<(-power) {
        coefficient *= 5
        // Below 10^34 the next product is far from 128 bits.
        if coefficient > maximumCoefficient { return nil }
      }
      return (coefficient, power)
    }
    var value = Magnitude(coefficient)
    value.shiftLeft(by: power)
    var exponent = 0
    while true {
      if let small = value.small, small <= maximumCoefficient { return (small, exponent) }
      guard value.divide(by: 10) == 0 else { return nil }
      exponent += 1
    }
  }

  /// The nearest double; infinite when the number is too large for one.
  public var doubleValue: Double {
    if isNaN { return .nan }
    if isInfinite { return isNegative ? -.infinity : .infinity }
    let coefficient = coefficient
    if coefficient == 0 { return isNegative ? -0.0 : 0.0 }
    let exponent = exponent
    // Below 2^53 and up to 10^22 both factors are doubles, so that one rounding gives the nearest.
    if coefficient < 1 << 53, exponent >= -22, exponent <= 22 {
      let significand = Double(UInt64(coefficient))
      let power = Self.doublePowersOfTen[abs(exponent)]
      let value = exponent < 0 ? significand / power : significand * power
      return isNegative ? -value : value
    }
    return Double(description) ?? .nan
  }

  static let doublePowersOfTen: [Double] = [
    1e0, 1e1, 1e2, 1e3, 1e4, 1e5, 1e6, 1e7, 1e8, 1e9, 1e10, 1e11, 1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18,
    1e19, 1e20, 1e21, 1e22,
  ]

  /// The integer with exactly the number's value, or nil.
  public var int64Value: Int64? {
    guard isFinite else { return nil }
    let (stripped, zeros) = Self.strippingTrailingZeros(coefficient)
    if stripped == 0 { return 0 }
    let exponent = exponent + zeros
    guard exponent >= 0, exponent <= 18, stripped <= UInt128(UInt64.max) else { return nil }
    let magnitude = stripped * Self.powersOfTen[exponent]
    if isNegative {
      return magnitude <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- magnitude) : nil
    }
    return magnitude < 1 << 63 ? Int64(magnitude) : nil
  }

  /// Reads the 16 little-endian bytes at `offset`; the caller has checked that they are there.
  @inline(__always)
  init(unchecked buffer: UnsafeRawBufferPointer, at offset: Int) {
    low = UInt64(bitPattern: buffer.uncheckedInt64(at: offset))
    high = UInt64(bitPattern: buffer.uncheckedInt64(at: offset + 8))
  }
}
