import BSON
import Testing

@Suite("Order of values")
struct OrderingTests {
  static let id = ObjectID("56e1fc72e0c917e9c4714161")!

  /// Values in strictly ascending order.
  static let ascending: [BSONValue] = [
    .minKey, .undefined, .null,
    .double(.nan), .double(-.infinity), .decimal128(Decimal128("-1E+6000")!), .double(-1e300), .int64(.min),
    .double(-1.5), .int32(-1),
    .double(-.leastNonzeroMagnitude), .decimal128(Decimal128("-1E-6176")!), .int32(0),
    .decimal128(Decimal128("1E-400")!), .double(.leastNonzeroMagnitude),
    .decimal128(Decimal128("0.1")!), .double(0.1),
    .decimal128(Decimal128("0.1000000000000000055511151231257828")!), .double(0.5), 1,
    .decimal128(Decimal128("1.000000000000000000000000000000001")!), .double(1.0.nextUp), 2, .double(0x1p53),
    .int64(1 << 53 + 1), .double(0x1p53 + 2), .int64(.max - 1), .int64(.max), .double(0x1p63),
    .decimal128(Decimal128("9223372036854775808.5")!),
    .double(1e300), .double(.greatestFiniteMagnitude), .decimal128(Decimal128("1E+309")!), .double(.infinity),
    "", "a", "a\0", "a\u{1}", "aa", .symbol("ab"), "b", "é", "😀",
    .document([:]), .document(["a": nil]), .document(["b": .null]), .document(["a": 1]),
    .document(["a": 1, "b": nil]),
    .document(["a": 2]), .document(["b": 1]), .document(["a": "x"]),
    .array([]), .array([nil]), .array([1]), .array([1, 1]), .array([2]), .array(["a"]),
    .binary(BSONBinary([])), .binary(BSONBinary([9])), .binary(BSONBinary([1], subtype: .userDefined)),
    .binary(BSONBinary([0, 0])),
    .binary(BSONBinary([1], subtype: .oldBinary)),
    .objectID(ObjectID("000000000000000000000000")!), .objectID(id), false, true,
    .dateTime(BSONDateTime(milliseconds: .min)), .dateTime(BSONDateTime(milliseconds: -1)),
    .dateTime(BSONDateTime(milliseconds: 0)),
    .timestamp(BSONTimestamp(seconds: 0, increment: 0)),
    .timestamp(BSONTimestamp(seconds: 0, increment: .max)),
    .timestamp(BSONTimestamp(seconds: .max, increment: 0)),
    .regex(BSONRegex("a")), .regex(BSONRegex("a", options: "i")), .regex(BSONRegex("b")),
    .dbPointer(BSONDBPointer("b", id: id)), .dbPointer(BSONDBPointer("aa", id: id)),
    .code("a"), .code("b"), .codeWithScope(BSONCodeWithScope("a", scope: [:])),
    .codeWithScope(BSONCodeWithScope("a", scope: ["x": 1])),
    .maxKey,
  ]

  @Test("The documented order holds between all pairs, decoded and raw")
  func order() throws {
    for (i, a) in Self.ascending.enumerated() {
      for (j, b) in Self.ascending.enumerated() {
        let expected = (i - j).signum()
        #expect(BSONOrdering.compare(a, b) == expected, "\(a) \(b)")
        #expect(BSONOrdering.compare(["v": a] as Document, ["v": b]) == expected, "\(a) \(b)")
      }
    }
  }

  @Test("The keys of the documented order are in the same order")
  func keyOrder() throws {
    let keys = try Self.ascending.map { try BSONKey.bytes($0) }
    for (a, b) in zip(keys, keys.dropFirst()) { #expect(a.lexicographicallyPrecedes(b)) }
  }

  @Test(
    "Equal numbers of different types are the same",
    arguments: [
      [.int32(1), .int64(1), .double(1), .decimal128(Decimal128("1.00")!), .decimal128(Decimal128("1")!)],
      [.int32(0), .double(-0.0), .decimal128(Decimal128("-0E+10")!), .int64(0)],
      [.double(.nan), .decimal128(.nan)], [.double(.infinity), .decimal128(.infinity)],
      [.int64(1 << 60), .double(0x1p60), .decimal128(Decimal128("1152921504606846976.000")!)],
      [.int64(.min), .double(-0x1p63), .decimal128(Decimal128("-9223372036854775808")!)],
      [.double(0.5), .decimal128(Decimal128("0.500")!)], [.double(1e22), .decimal128(Decimal128("1E+22")!)],
      [.double(-2.75), .decimal128(Decimal128("-2.75")!)],
      [.string("x"), .symbol("x")],
    ] as [[BSONValue]])
  func equalNumbers(values: [BSONValue]) throws {
    for a in values {
      for b in values {
        #expect(BSONOrdering.compare(a, b) == 0)
        #expect(try BSONKey.bytes(a) == BSONKey.bytes(b))
      }
    }
  }

  @Test("The order of random values is total: opposite both ways round, and transitive")
  func totalOrder() throws {
    try withSeeds("total order", 1...10) { generator in
      var maker = ValueMaker(generator: generator)
      let values = (0..<40).map { _ in maker.value() }
      for a in values {
        for b in values {
          let order = BSONOrdering.compare(a, b)
          #expect(order == -BSONOrdering.compare(b, a))
          for c in values where order <= 0 && BSONOrdering.compare(b, c) <= 0 {
            if BSONOrdering.compare(a, c) > 0 { Issue.record("\(a) \(b) \(c)") }
          }
        }
      }
    }
  }
}
