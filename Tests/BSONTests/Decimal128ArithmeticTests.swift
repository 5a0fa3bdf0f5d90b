import Testing

@testable import BSON

@Suite("Decimal arithmetic")
struct Decimal128ArithmeticTests {
  /// What an operation of the table gives.
  private func result(_ operation: Substring, _ a: Decimal128, _ b: Decimal128) -> Decimal128? {
    switch operation {
    case "+": a + b
    case "-": a - b
    case "*": a * b
    case "/": a / b
    case "%": a.truncatingRemainder(dividingBy: b)
    case "sqrt": a.squareRoot()
    default: nil
    }
  }

  @Test("every operation gives the digits and the exponent of another implementation of the standard")
  func table() throws {
    let words = decimalCases.split(whereSeparator: \.isWhitespace)
    #expect(words.count == 4 * 360)
    for start in stride(from: 0, to: words.count, by: 4) {
      let a = try Decimal128(parsing: String(words[start + 1]))
      let b = try Decimal128(parsing: String(words[start + 2]))
      let expected = try Decimal128(parsing: String(words[start + 3]))
      let found = result(words[start], a, b)
      #expect(found == expected, "\(words[start]) \(a) \(b): \(found?.description ?? "-"), not \(expected)")
    }
  }

  @Test(
    "special values follow the standard",
    arguments: [
      ("+", "0", "-0", "0"), ("+", "-0", "-0", "-0"), ("-", "1.5", "1.50", "0.00"), ("-", "-0", "0", "-0"),
      ("+", "Infinity", "-Infinity", "NaN"), ("-", "Infinity", "1", "Infinity"),
      ("*", "0", "-Infinity", "NaN"),
      ("*", "-2", "Infinity", "-Infinity"), ("/", "1", "0", "Infinity"), ("/", "-1", "0", "-Infinity"),
      ("/", "0", "0", "NaN"), ("/", "1", "-Infinity", "-0E-6176"), ("/", "Infinity", "Infinity", "NaN"),
      ("/", "1", "3", "0.3333333333333333333333333333333333"), ("/", "2.40", "2", "1.20"),
      ("/", "1000", "10", "100"), ("/", "1E+3", "1", "1E+3"),
      ("*", "9E+6144", "10", "Infinity"), ("*", "1E-6176", "0.5", "0E-6176"),
      ("*", "1E-6176", "-0.51", "-1E-6176"),
      ("*", "3E-6176", "0.5", "2E-6176"), ("%", "-7.5", "2", "-1.5"), ("%", "5", "Infinity", "5"),
      ("%", "1", "0", "NaN"),
      ("%", "1E+6111", "7", "6"), ("%", "7", "1E+6111", "7"), ("+", "NaN", "1", "NaN"),
      ("sqrt", "-0.0", "0", "-0.0"),
      ("sqrt", "-1", "0", "NaN"), ("sqrt", "100", "0", "10"),
      ("sqrt", "1E+3", "0", "31.62277660168379331998893544432719"),
      ("sqrt", "Infinity", "0", "Infinity"), ("sqrt", "2.25", "0", "1.5"),
    ])
  func special(operation: String, a: String, b: String, expected: String) throws {
    let found = result(operation[...], try Decimal128(parsing: a), try Decimal128(parsing: b))
    #expect(found?.description == expected)
  }

  @Test("identities hold for random numbers of every size")
  func identities() throws {
    try withSeeds("decimal identities", 1...8) { generator in
      for _ in 0..<300 {
        let a = random(&generator)
        let b = random(&generator)
        #expect(a + b == b + a)
        #expect(a * b == b * a)
        #expect(a - b == -(b - a) || (a - b).isZero)
        #expect(Decimal128.compare(a - a, .zero) == 0)
        #expect(a * Decimal128(1) == a)
        #expect(Decimal128.compare(a / Decimal128(1), a) == 0)
        #expect(a.isZero || Decimal128.compare(a / a, Decimal128(1)) == 0)
        guard !b.isZero else { continue }
        let remainder = a.truncatingRemainder(dividingBy: b)
        #expect(Decimal128.compare(remainder.magnitude, b.magnitude) < 0)
        #expect(remainder.isNegative == a.isNegative)
      }
    }
  }

  @Test("quotient times divisor plus remainder is the dividend, where the digits suffice")
  func remainders() throws {
    try withSeeds("decimal remainders", 1...4) { generator in
      for _ in 0..<300 {
        let shift = generator.below(6000)
        let numbers = (0..<2).map { _ in
          Decimal128(
            isNegative: generator.chance(50), coefficient: UInt128(generator.below(1_000_000_000) + 1),
            exponent: generator.below(7) - shift)!
        }
        let quotient = (numbers[0] / numbers[1]).rounded(.towardZero)
        let remainder = numbers[0].truncatingRemainder(dividingBy: numbers[1])
        #expect(Decimal128.compare(quotient * numbers[1] + remainder, numbers[0]) == 0)
      }
    }
  }

  /// A finite number; half of them have exponents around zero.
  private func random(_ generator: inout SeededGenerator) -> Decimal128 {
    let wide = (UInt128(generator.next()) << 64 | UInt128(generator.next())) >> UInt128(generator.below(128))
    let exponent = generator.chance(50) ? generator.below(60) - 30 : generator.below(12288) - 6176
    return Decimal128(
      isNegative: generator.chance(50), coefficient: wide % (Decimal128.maximumCoefficient + 1),
      exponent: exponent)!
  }

  @Test(
    "rounding to places follows the rule, and keeps 34 digits",
    arguments: [
      ("2.5", 0, FloatingPointRoundingRule.toNearestOrEven, "2"), ("3.5", 0, .toNearestOrEven, "4"),
      ("-2.5", 0, .toNearestOrEven, "-2"), ("2.5", 0, .toNearestOrAwayFromZero, "3"),
      ("2.9", 0, .towardZero, "2"),
      ("-2.1", 0, .down, "-3"), ("-2.9", 0, .up, "-2"), ("2.1", 0, .up, "3"), ("2.1", 0, .awayFromZero, "3"),
      ("1234.5678", 2, .toNearestOrEven, "1234.57"), ("1234.5678", -2, .toNearestOrEven, "1.2E+3"),
      ("1234", -5, .toNearestOrEven, "0E+5"), ("-0.4", 0, .toNearestOrEven, "-0"), ("1E+3", 0, .down, "1000"),
      ("1E+50", 0, .down, "1.000000000000000000000000000000000E+50"), ("1.5", 4, .down, "1.5000"),
      ("1.298912343250054252245154325", 100, .down, "1.298912343250054252245154325000000"),
      ("0E+3", 0, .down, "0"), ("9.99", 1, .up, "10.0"), ("Infinity", 0, .up, "Infinity"),
      ("NaN", 0, .up, "NaN"),
      ("1E-6176", 0, .up, "1"), ("5E-6176", 6175, .up, "1E-6175"),
    ])
  func places(text: String, places: Int, rule: FloatingPointRoundingRule, expected: String) throws {
    #expect(try Decimal128(parsing: text).rounded(rule, places: places).description == expected)
  }

  @Test("whole numbers come out by the rule, or not at all where 64 bits end")
  func integers() {
    #expect(Decimal128("2.7")?.int64Value(rounding: .towardZero) == 2)
    #expect(Decimal128("-2.7")?.int64Value(rounding: .down) == -3)
    #expect(Decimal128("9223372036854775807.9")?.int64Value(rounding: .towardZero) == .max)
    #expect(Decimal128("9223372036854775807.9")?.int64Value(rounding: .up) == nil)
    #expect(Decimal128("-9223372036854775808.9")?.int64Value(rounding: .towardZero) == .min)
    #expect(Decimal128("1E+40")?.int64Value(rounding: .towardZero) == nil)
    #expect(Decimal128.nan.int64Value(rounding: .towardZero) == nil)
    #expect(Decimal128.infinity.int64Value(rounding: .towardZero) == nil)
  }

  @Test(
    "a double becomes a decimal of 15 digits in arithmetic",
    arguments: [
      (0.1, "0.100000000000000"), (5.5, "5.50000000000000"), (1, "1.00000000000000"), (0, "0"), (-0.0, "-0"),
      (-1.5e300, "-1.50000000000000E+300"), (.infinity, "Infinity"), (-.infinity, "-Infinity"), (.nan, "NaN"),
      (0.1 + 0.2, "0.300000000000000"), (1e15, "1.00000000000000E+15"),
      (9.999999999999999, "10.0000000000000"), (99999999999999.99, "100000000000000"),
      (99999999999999.99, "100000000000000"), (123456789012345.6, "123456789012346"),
      (.leastNonzeroMagnitude, "4.94065645841247E-324"), (.greatestFiniteMagnitude, "1.79769313486232E+308"),
    ])
  func fifteenDigits(double: Double, expected: String) {
    #expect(Decimal128(rounding: double).description == expected)
  }

  @Test(
    "the nearest decimal of a double has 34 digits, or fewer when they are exact",
    arguments: [
      (0.1, "0.1000000000000000055511151231257827"), (0.5, "0.5"), (-3, "-3"),
      (.leastNonzeroMagnitude, "4.940656458412465441765687928682214E-324"),
      (.greatestFiniteMagnitude, "1.797693134862315708145274237317044E+308"),
      (1e23, "99999999999999991611392"), (1e22, "10000000000000000000000"),
      (0x1p-60, "8.673617379884035472059622406959534E-19"),
      (1.1e40, "1.099999999999999948791655753946361E+40"),
    ])
  func nearest(double: Double, expected: String) {
    #expect(Decimal128(nearest: double).description == expected)
  }

  @Test("the nearest decimal of any double is exact, or leads back to it")
  func nearestOfAny() throws {
    try withSeeds("nearest decimals", 1...5) { generator in
      for _ in 0..<200 {
        let double = Double(bitPattern: generator.next())
        guard double.isFinite else { continue }
        #expect(Decimal128(nearest: double).doubleValue == double)
        let rounded = Decimal128(rounding: double)
        #expect(double == 0 || Decimal128.digitCount(rounded.coefficient) == 15)
        #expect((rounded.doubleValue - double).magnitude <= double.magnitude * 1e-14 || !double.isNormal)
      }
    }
  }
}
