/// A decimal floating-point number of 34 digits: IEEE 754-2008 decimal128 in its binary integer encoding.
///
/// The value of a finite number is `coefficient × 10^exponent`; numbers of the same value with different
/// exponents (1 and 1.00) are kept apart. Equality and hashing look at the 128 bits. For the order of values
/// see ``compare(_:_:)``.
public struct Decimal128: Sendable, Hashable {
  /// The bits 127 to 64: sign, exponent and the top of the coefficient.
  public var high: UInt64
  /// The bits 63 to 0.
  public var low: UInt64

  /// Takes the 128 bits as they are.
  public init(high: UInt64, low: UInt64) {
    self.high = high
    self.low = low
  }

  /// The most digits a coefficient has.
  static let maximumDigits = 34
  /// 10^34 - 1.
  static let maximumCoefficient: UInt128 = powersOfTen[34] - 1
  static let minimumExponent = -6176
  static let maximumExponent = 6111
  private static let bias = 6176

  /// 10^0 to 10^38, which all fit 128 bits.
  static let powersOfTen: [UInt128] = {
    var powers: [UInt128] = [1]
    while powers.count < 39, let last = powers.last { powers.append(last &* 10) }
    return powers
  }()

  /// Positive infinity.
  public static let infinity = Decimal128(high: 0x7800_0000_0000_0000, low: 0)
  /// Negative infinity.
  public static let negativeInfinity = Decimal128(high: 0xF800_0000_0000_0000, low: 0)
  /// The canonical quiet NaN.
  public static let nan = Decimal128(high: 0x7C00_0000_0000_0000, low: 0)
  /// Zero, with the exponent 0.
  public static let zero = Decimal128(high: 0x3040_0000_0000_0000, low: 0)

  /// Puts together a finite number; nil when the coefficient has more than 34 digits or the exponent is not
  /// in -6176...6111.
  public init?(isNegative: Bool, coefficient: UInt128, exponent: Int) {
    guard coefficient <= Self.maximumCoefficient, exponent >= Self.minimumExponent,
      exponent <= Self.maximumExponent
    else { return nil }
    let biased = UInt64(exponent + Self.bias)
    high =
      (isNegative ? 1 << 63 : 0) | biased << 49 | UInt64(truncatingIfNeeded: coefficient >> 64)
    low = UInt64(truncatingIfNeeded: coefficient)
  }

  /// Whether the sign bit is set.
  public var isNegative: Bool { high >> 63 == 1 }
  /// Whether the number is a NaN of any kind.
  public var isNaN: Bool { high >> 58 & 0x1F == 0x1F }
  /// Whether the number is positive or negative infinity.
  public var isInfinite: Bool { high >> 58 & 0x1F == 0x1E }
  /// Whether the number is neither infinite nor a NaN.
  public var isFinite: Bool { high >> 59 & 0xF != 0xF }
  /// Whether the number is zero, of either sign and any exponent.
  public var isZero: Bool { isFinite && coefficient == 0 }

  /// The exponent of a finite number, 0 for others.
  public var exponent: Int {
    guard isFinite else { return 0 }
    // With both top bits set the exponent sits two bits lower, to make room for a longer coefficient.
    let biased = high >> 61 & 3 == 3 ? high >> 47 & 0x3FFF : high >> 49 & 0x3FFF
    return Int(biased) - Self.bias
  }

  /// The coefficient of a finite number, 0 for others. A coefficient above 10^34 - 1 counts as zero, as
  /// IEEE 754 says of such bits.
  public var coefficient: UInt128 {
    guard isFinite, high >> 61 & 3 != 3 else { return 0 }
    let value = UInt128(high & 0x1_FFFF_FFFF_FFFF) << 64 | UInt128(low)
    return value > Self.maximumCoefficient ? 0 : value
  }

  /// The number of decimal digits of a coefficient; 1 for zero.
  static func digitCount(_ coefficient: UInt128) -> Int {
    // 1233 / 4096 is just below log10(2): the estimate is right or one too small.
    let bits = 128 - coefficient.leadingZeroBitCount
    let estimate = (bits * 1233) >> 12
    return max(1, estimate < 39 && coefficient >= powersOfTen[estimate] ? estimate + 1 : estimate)
  }

  /// Takes away the zeros at the end of a coefficient: the shorter coefficient and how many there were.
  static func strippingTrailingZeros(_ coefficient: UInt128) -> (coefficient: UInt128, zeros: Int) {
    guard coefficient != 0 else { return (0, 0) }
    var value = coefficient
    var zeros = 0
    for step in [16, 8, 4, 2, 1] {
      while true {
        let (quotient, remainder) = value.quotientAndRemainder(dividingBy: powersOfTen[step])
        guard remainder == 0 else { break }
        value = quotient
        zeros += step
      }
    }
    return (value, zeros)
  }
}
