import Testing

@testable import BSON

@Suite("Functions of decimals")
struct Decimal128FunctionTests {
  private func result(_ function: Substring, _ a: Decimal128, _ b: Decimal128) -> Decimal128? {
    switch function {
    case "exp": a.exponential()
    case "ln": a.naturalLogarithm()
    case "log10": a.logarithm(base: Decimal128(10))
    case "log": a.logarithm(base: b)
    case "pow": a.power(b)
    default: nil
    }
  }

  @Test("values have all 34 digits right")
  func table() throws {
    let words = decimalFunctionCases.split(whereSeparator: \.isWhitespace)
    #expect(words.count == 4 * 72)
    for start in stride(from: 0, to: words.count, by: 4) {
      let a = try Decimal128(parsing: String(words[start + 1]))
      let b = try Decimal128(parsing: String(words[start + 2]))
      let expected = try Decimal128(parsing: String(words[start + 3]))
      let found = try #require(result(words[start], a, b))
      #expect(
        Decimal128.compare(found, expected) == 0, "\(words[start]) \(a) \(b): \(found), not \(expected)")
    }
  }

  @Test(
    "special values and exact results",
    arguments: [
      ("exp", "0", "0", "1"), ("exp", "-Infinity", "0", "0"), ("exp", "Infinity", "0", "Infinity"),
      ("exp", "NaN", "0", "NaN"), ("exp", "1E+9", "0", "Infinity"), ("exp", "-1E+9", "0", "0E-6176"),
      ("exp", "14149", "0", "6.801809260978894125530050851897730E+6144"), ("exp", "14150", "0", "Infinity"),
      ("exp", "-14221", "0", "1E-6176"), ("exp", "-14225", "0", "0E-6176"),
      ("exp", "-1E-20", "0", "0.9999999999999999999900000000000000"),
      ("exp", "1E-6176", "0", "1.000000000000000000000000000000000"),
      ("ln", "1", "0", "0"), ("ln", "0", "0", "-Infinity"), ("ln", "-1", "0", "NaN"),
      ("ln", "Infinity", "0", "Infinity"),
      ("ln", "NaN", "0", "NaN"),
      ("ln", "1.000000000000000000000000000000001", "0", "9.999999999999999999999999999999995E-34"),
      ("log10", "1000", "0", "3"), ("log10", "0.01", "0", "-2"), ("log10", "1E-6176", "0", "-6176"),
      ("log10", "1", "0", "0"),
      ("log", "100", "0.1", "-2"), ("log", "8", "1", "NaN"), ("log", "8", "0", "NaN"),
      ("log", "0", "0.5", "Infinity"),
      ("log", "5", "Infinity", "0"), ("log", "Infinity", "Infinity", "NaN"),
      ("pow", "2", "3", "8"), ("pow", "1.5", "2", "2.25"), ("pow", "10", "2", "100"),
      ("pow", "-2", "3", "-8"),
      ("pow", "-2", "0.5", "NaN"), ("pow", "NaN", "0", "1"), ("pow", "1", "NaN", "1"),
      ("pow", "0", "-1", "Infinity"),
      ("pow", "-0", "-3", "-Infinity"), ("pow", "0", "5", "0"), ("pow", "2", "-2", "0.25"),
      ("pow", "-1", "1E+30", "1"),
      ("pow", "-1", "1000000000000001", "-1"), ("pow", "0.5", "Infinity", "0"),
      ("pow", "0.5", "-Infinity", "Infinity"),
      ("pow", "-1", "Infinity", "1"), ("pow", "-Infinity", "3", "-Infinity"), ("pow", "Infinity", "-1", "0"),
      ("pow", "10", "6145", "Infinity"), ("pow", "10", "-6176", "1E-6176"), ("pow", "10", "-6180", "0E-6176"),
      ("pow", "1E+6000", "1E+6000", "Infinity"),
      ("pow", "1E+6000", "-1E+6000", "0E-6176"), ("pow", "9", "0.5", "3.000000000000000000000000000000000"),
    ])
  func special(function: String, a: String, b: String, expected: String) throws {
    let found = result(function[...], try Decimal128(parsing: a), try Decimal128(parsing: b))
    #expect(found?.description == expected)
  }

  @Test("any numbers have a value, and the logarithm undoes the exponential")
  func anyNumbers() throws {
    try withSeeds("decimal functions", 1...3) { generator in
      for _ in 0..<25 {
        let number = Decimal128(high: generator.next(), low: generator.next())
        let other = Decimal128(high: generator.next(), low: generator.next())
        _ = (
          number.exponential(), number.naturalLogarithm(), number.logarithm(base: other), number.power(other)
        )
        let small = Decimal128(
          isNegative: generator.chance(50), coefficient: UInt128(generator.next()),
          exponent: -generator.below(20) - 16)!
        let again = small.exponential().naturalLogarithm()
        #expect((again - small).magnitude.doubleValue <= 1e-33 * max(1, small.magnitude.doubleValue))
      }
    }
  }
}
