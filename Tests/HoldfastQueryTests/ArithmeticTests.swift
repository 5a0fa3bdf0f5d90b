import BSON
import Testing

@testable import HoldfastQuery

@Suite("Arithmetic of updates")
struct ArithmeticTests {
  private static func decimal(_ text: String) -> BSONValue { .decimal128(Decimal128(text)!) }

  private static let cases: [(BSONValue, BSONValue, sum: BSONValue?, product: BSONValue?)] = [
    (.int32(2), .int32(3), .int32(5), .int32(6)),
    (.int32(.max), .int32(1), .int64(2_147_483_648), .int32(.max)),
    (.int32(.min), .int32(-1), .int64(-2_147_483_649), .int64(2_147_483_648)),
    (.int32(65536), .int32(65536), .int32(131072), .int64(4_294_967_296)),
    (.int32(2), .int64(3), .int64(5), .int64(6)),
    (.int64(1), .int64(-1), .int64(0), .int64(-1)),
    (.int64(.max), .int32(1), nil, .int64(.max)),
    (.int64(.min), .int32(-1), nil, nil),
    (.int64(.max), .int64(2), nil, nil),
    (.int32(1), .double(0.5), .double(1.5), .double(0.5)),
    (.int64(.max), .double(1), .double(0x1p63), .double(0x1p63)),
    (
      .double(.greatestFiniteMagnitude), .double(.greatestFiniteMagnitude), .double(.infinity),
      .double(.infinity)
    ),
    (.int32(1), decimal("0.10"), decimal("1.10"), decimal("0.10")),
    (.int64(.max), decimal("1"), decimal("9223372036854775808"), decimal("9223372036854775807")),
    (.double(0.1), decimal("1"), decimal("1.100000000000000"), decimal("0.100000000000000")),
    (
      decimal("9E+6144"), decimal("10"), decimal("9.000000000000000000000000000000000E+6144"),
      decimal("Infinity")
    ),
    (.string("1"), .int32(1), nil, nil), (.double(1), .null, nil, nil), (decimal("1"), .bool(true), nil, nil),
  ]

  @Test("a result has the wider type, and int32 widens when it does not fit", arguments: cases.indices)
  func table(index: Int) {
    let (a, b, sum, product) = Self.cases[index]
    #expect(Arithmetic.sum(a, b) == sum)
    #expect(Arithmetic.sum(b, a) == sum)
    #expect(Arithmetic.product(a, b) == product)
    #expect(Arithmetic.product(b, a) == product)
  }
}
