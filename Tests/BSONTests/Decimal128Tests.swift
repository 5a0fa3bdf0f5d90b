import BSON
import Testing

@Suite("Decimal numbers")
struct Decimal128Tests {
  @Test(
    "A number is printed in its one canonical form",
    arguments: [
      ("1", "1"), ("+12.76", "12.76"), (".5", "0.5"), ("-.0", "-0.0"), ("00.00005", "0.00005"),
      ("0.000005", "0.000005"),
      ("0.0000005", "5E-7"), ("1e3", "1E+3"), ("10E2", "1.0E+3"), ("-0", "-0"), ("0e5", "0E+5"),
      ("12345e-10", "0.0000012345"),
      ("1.", "1"), ("inf", "Infinity"), ("-INFINITY", "-Infinity"), ("nan", "NaN"), ("-NaN", "NaN"),
    ])
  func canonicalForm(text: String, printed: String) throws {
    #expect(try Decimal128(parsing: text).description == printed)
  }

  @Test(
    "What is not a number is refused",
    arguments: [
      "", " 1", "1 ", ".", "+", "-", "e5", "1e", "1e+", "1.2.3", "--1", "1-", "0x10", "Infi", "NaNs", "1e5.5",
      "１", "1_0",
    ])
  func malformed(text: String) {
    #expect(bsonError { () throws(BSONError) in try Decimal128(parsing: text) }?.code == .invalidNumber)
  }

  @Test("Digits beyond 34 are left out when they are zeros, and an error otherwise")
  func rounding() {
    let digits = String(repeating: "1", count: 34)
    #expect(Decimal128(digits + "0")?.description == "1." + digits.dropFirst() + "E+34")
    #expect(Decimal128("0." + digits + "000")?.description == "0." + digits)
    #expect(bsonError { () throws(BSONError) in try Decimal128(parsing: digits + "1") }?.code == .inexact)
    #expect(
      Decimal128("1" + String(repeating: "0", count: 60))?.description == "1."
        + String(repeating: "0", count: 33) + "E+60")
  }

  @Test("Exponents are moved into range where zeros allow it")
  func clamping() {
    #expect(Decimal128("1E+6144")?.description == "1." + String(repeating: "0", count: 33) + "E+6144")
    #expect(Decimal128("10E-6177")?.description == "1E-6176")
    #expect(Decimal128("0E+99999999999999999999")?.description == "0E+6111")
    #expect(Decimal128("-0E-99999999999999999999")?.description == "-0E-6176")
    #expect(bsonError { () throws(BSONError) in try Decimal128(parsing: "1E+6145") }?.code == .outOfRange)
    #expect(bsonError { () throws(BSONError) in try Decimal128(parsing: "1E-6177") }?.code == .inexact)
    #expect(
      bsonError { () throws(BSONError) in try Decimal128(parsing: "1e999999999999999") }?.code == .outOfRange)
  }

  @Test("Bits whose coefficient is too large count as zero")
  func nonCanonicalBits() {
    let form = Decimal128(high: 0x6C10_0000_0000_0000, low: 0)
    #expect(form.isZero && form.description == "0")
    let large = Decimal128(high: 0x3041_FFFF_FFFF_FFFF, low: .max)
    #expect(large.isZero && large.description == "0")
    #expect(Decimal128(high: 0x7E00_0000_0000_0000, low: 18).description == "NaN")
  }

  @Test("Any 128 bits can be printed, and what was printed read again")
  func anyBits() throws {
    try withSeeds("decimal bits", 1...20) { generator in
      for _ in 0..<200 {
        let number = Decimal128(high: generator.next(), low: generator.next() >> UInt64(generator.below(64)))
        let again = try Decimal128(parsing: number.description)
        #expect(Decimal128.compare(number, again) == 0)
        #expect(again.description == number.description)
      }
    }
  }

  @Test("Any double converts exactly or not at all, and compares with decimals")
  func anyDouble() throws {
    try withSeeds("doubles", 1...10) { generator in
      for _ in 0..<300 {
        let double =
          generator.chance(50)
          ? Double(bitPattern: generator.next())
          : Double(Int64.random(in: -1 << 53...1 << 53, using: &generator)) * 0x1p-60
            * Double(1 << generator.below(62))
        guard let decimal = Decimal128(exactly: double) else { continue }
        #expect(decimal.doubleValue == double || double.isNaN)
        #expect(BSONOrdering.compare(.double(double), .decimal128(decimal)) == 0)
      }
    }
  }

  @Test("Comparison goes by value")
  func comparison() {
    let ordered = [
      "NaN", "-Infinity", "-1E+6144", "-2", "-1.5", "-1E-6176", "0", "1E-6176", "0.1", "0.11", "1",
      "1.000000001", "9", "10",
      "1E+20", "9.99E+6144", "Infinity",
    ].map { Decimal128($0)! }
    for (i, a) in ordered.enumerated() {
      for (j, b) in ordered.enumerated() { #expect(Decimal128.compare(a, b) == (i - j).signum()) }
    }
    #expect(Decimal128.compare(Decimal128("1.00")!, Decimal128("1")!) == 0)
    #expect(Decimal128.compare(Decimal128("-0E+5")!, Decimal128("0")!) == 0)
    #expect(Decimal128("1.00") != Decimal128("1"))
  }

  @Test("Integers and doubles convert exactly or not at all")
  func conversion() {
    #expect(Decimal128(Int64.min).description == "-9223372036854775808")
    #expect(Decimal128(exactly: 0.5)?.description == "0.5")
    #expect(Decimal128(exactly: 0.1) == nil)
    #expect(Decimal128(exactly: 1e22)?.description == "10000000000000000000000")
    #expect(Decimal128(exactly: 0x1p200) == nil)
    #expect(Decimal128(exactly: 32.0.nextDown) == nil)
    #expect(Decimal128(exactly: 0x1p-48)?.doubleValue == 0x1p-48)
    #expect(Decimal128(exactly: .leastNonzeroMagnitude) == nil)
    #expect(Decimal128(exactly: -0.0)?.description == "-0")
    #expect(Decimal128(exactly: .infinity) == .infinity)
    #expect(Decimal128("9223372036854775807")?.int64Value == .max)
    #expect(Decimal128("-9223372036854775808")?.int64Value == .min)
    #expect(Decimal128("9223372036854775808")?.int64Value == nil)
    #expect(Decimal128("1.5")?.int64Value == nil)
    #expect(Decimal128("1.50E+3")?.int64Value == 1500)
    #expect(Decimal128("1E+400")?.doubleValue == .infinity)
    #expect(Decimal128("0.1")?.doubleValue == 0.1)
    #expect(Decimal128("-1E-400")?.doubleValue == -0.0)
    #expect(Decimal128("123456789012345678901234567890")?.doubleValue == 0x1.8ee90ff6c373ep+96)
  }
}
