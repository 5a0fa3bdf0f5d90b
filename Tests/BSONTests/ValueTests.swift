import BSON
import Testing

@Suite("Values")
struct ValueTests {
  @Test("Literals become the types one expects")
  func literals() {
    let values: [(BSONValue, BSONType)] = [
      (1, .int32), (2_147_483_648, .int64), (-2_147_483_648, .int32), (1.0, .double), (true, .bool),
      (nil, .null),
      ("a", .string), ([1], .array), (["a": 1], .document),
    ]
    for (value, type) in values { #expect(value.type == type) }
  }

  @Test("Equality and hashing look at types and bits")
  func equality() {
    #expect(BSONValue.int32(1) != .int64(1))
    #expect(BSONValue.double(0.0) != .double(-0.0))
    #expect(BSONValue.double(.nan) == .double(.nan))
    #expect(BSONValue.string("é") != .string("e\u{301}"))
    #expect(BSONValue.string("a") != .symbol("a"))
    #expect(BSONRegex("a", options: "mi") == BSONRegex("a", options: "im"))
    #expect(Set([BSONValue.double(.nan), .double(.nan), .string("é"), .string("e\u{301}")]).count == 3)
    for (_, value) in everyType { #expect(value == value && value.hashValue == value.hashValue) }
  }

  @Test("Numbers of every type give integers when they are whole and fit")
  func integers() {
    #expect(BSONValue.int32(5).intValue == 5)
    #expect(BSONValue.double(5).intValue == 5)
    #expect(BSONValue.double(5.5).intValue == nil)
    #expect(BSONValue.double(1e300).intValue == nil)
    #expect(BSONValue.double(.nan).intValue == nil)
    #expect(BSONValue.decimal128(Decimal128("5.00")!).intValue == 5)
    #expect(BSONValue.string("5").intValue == nil)
  }

  @Test("Zero characters in names, patterns and options become U+FFFD")
  func zeroCharacters() {
    let document: Document = ["a\0b": 1]
    #expect(document.keys == ["a\u{FFFD}b"])
    #expect(BSONRegex("a\0", options: "\0").pattern == "a\u{FFFD}")
    #expect(throws: Never.self) { try document.validate() }
  }

  @Test("Dates print and parse as ISO 8601")
  func dates() {
    let cases: [(Int64, String)] = [
      (0, "1970-01-01T00:00:00Z"), (1_356_351_330_501, "2012-12-24T12:15:30.501Z"),
      (951_782_400_000, "2000-02-29T00:00:00Z"),
      (253_402_300_799_999, "9999-12-31T23:59:59.999Z"), (1, "1970-01-01T00:00:00.001Z"),
    ]
    for (milliseconds, text) in cases {
      #expect(BSONDateTime(milliseconds: milliseconds).iso8601 == text)
      #expect(BSONDateTime(iso8601: text)?.milliseconds == milliseconds)
    }
    #expect(BSONDateTime(milliseconds: -1).iso8601 == nil)
    #expect(BSONDateTime(milliseconds: .max).iso8601 == nil)
    #expect(BSONDateTime(milliseconds: 253_402_300_800_000).iso8601 == nil)
  }

  @Test("Zones and fractions of dates are understood")
  func dateForms() {
    let moment = BSONDateTime(milliseconds: 1_356_351_330_500)
    for text in [
      "2012-12-24T12:15:30.5Z", "2012-12-24T12:15:30.500000000Z", "2012-12-24T12:15:30.500999z",
      "2012-12-24T13:15:30.5+01:00",
      "2012-12-24T05:15:30.5-0700", "2012-12-24t05:15:30.5-07", "2012-12-25T00:00:30.50+11:45",
    ] { #expect(BSONDateTime(iso8601: text) == moment, "\(text)") }
    #expect(BSONDateTime(iso8601: "0000-01-01T00:00:00Z")?.milliseconds == -62_167_219_200_000)
    #expect(BSONDateTime(iso8601: "1969-12-31T23:59:59.999Z")?.milliseconds == -1)
    for text in [
      "", "2012-12-24", "2012-12-24T12:15:30", "2012-02-30T00:00:00Z", "1900-02-29T00:00:00Z",
      "2012-13-01T00:00:00Z",
      "2012-12-24T24:00:00Z", "2012-12-24T12:60:00Z", "2012-12-24T12:15:60Z", "2012-12-24T12:15:30.Z",
      "2012-12-24T12:15:30.1234567890Z", "2012-12-24T12:15:30+1", "2012-12-24T12:15:30Zx",
      "12012-12-24T12:15:30Z",
      "2012-12-24T12:15:30+24:00",
    ] { #expect(BSONDateTime(iso8601: text) == nil, "\(text)") }
  }

  @Test("Every day from 1970 to 9999 survives text")
  func everyDay() {
    for day in stride(from: Int64(0), to: 2_932_897, by: 37) {
      let date = BSONDateTime(milliseconds: day * 86_400_000 + 1)
      #expect(date.iso8601.flatMap { BSONDateTime(iso8601: $0) } == date)
    }
  }
}
