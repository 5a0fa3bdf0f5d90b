import BSON
import Testing

@Suite("Keys")
struct KeyTests {
  private func encode(_ value: BSONValue, descending: Bool = false) throws -> (
    bytes: [UInt8], typeBits: [UInt8]
  ) {
    var key: [UInt8] = []
    var typeBits: [UInt8] = []
    try BSONKey.encode(value, descending: descending, into: &key, typeBits: &typeBits)
    return (key, typeBits)
  }

  @Test("The bytes are those of the format's description")
  func knownBytes() throws {
    let id = "56e1fc72e0c917e9c4714161"
    let cases: [(BSONValue, String)] = [
      (.minKey, "0a"), (.undefined, "0c"), (nil, "0e"), (.maxKey, "f0"), (0, "1c"), (1, "1e02"), (-1, "1afd"),
      (127, "1efe"),
      (128, "1f0100"), (.int64(.max), "25fffffffffffffffe"), (.int64(.min), "12 783fffffffffffff"),
      (1.5, "1e03 8000000000000000"), (0.5, "1d 7fc0000000000000"), (.double(0x1p63), "26 87c0000000000000"),
      (.double(.infinity), "27"), (.double(-.infinity), "11"), (.double(.nan), "10"), ("ab", "30616200"),
      ("\0\u{1}", "300101010200"),
      (.objectID(ObjectID(id)!), "50" + id), (false, "58"), (true, "59"), ([1, 2], "40 1e02 1e04 00"),
      (["a": 1], "38 10 6100 1e02 00"),
      (.dateTime(BSONDateTime(milliseconds: 0)), "60 8000000000000000"),
      (.binary(BSONBinary([7], subtype: .md5)), "48 00000001 05 07"),
      (.timestamp(BSONTimestamp(seconds: 1, increment: 2)), "68 00000001 00000002"),
      (.regex(BSONRegex("a", options: "i")), "70 6100 6900"),
      (.code("a"), "80 6100"), (.decimal128(Decimal128("0.1")!), "1d 7f73333333333333 3fff 0b 00"),
    ]
    for (value, expected) in cases {
      #expect(try encode(value).bytes == bytes(expected), "\(value)")
      #expect(try encode(value, descending: true).bytes == bytes(expected).map { ~$0 })
    }
  }

  @Test("Common values need no type bits, and short keys")
  func compactness() throws {
    for value: BSONValue in ["text", 5, .objectID(ObjectID()), true, nil, .dateTime(.now)] {
      var (key, typeBits) = try encode(value)
      BSONKey.trimTypeBits(&typeBits)
      #expect(typeBits.isEmpty)
      #expect(key.count <= 13)
      #expect(try BSONKey.decode(key, typeBits: []) == [value])
    }
  }

  @Test("Nasty numbers come back exactly, ascending and descending")
  func nasty() throws {
    for value in nastyNumbers {
      for descending in [false, true] {
        let (key, typeBits) = try encode(value, descending: descending)
        #expect(try BSONKey.decode(key, typeBits: typeBits, descending: [descending]) == [value], "\(value)")
      }
    }
  }

  @Test("Keys of all pairs of nasty numbers compare as the numbers do")
  func nastyPairs() throws {
    let keys = try nastyNumbers.map { try encode($0).bytes }
    for (a, x) in zip(nastyNumbers, keys) {
      for (b, y) in zip(nastyNumbers, keys) {
        let order = BSONOrdering.compare(a, b)
        let isRight = order == 0 ? x == y : (order < 0) == x.lexicographicallyPrecedes(y)
        if !isRight { Issue.record("\(a) \(b) \(order) \(x) \(y)") }
      }
    }
  }

  @Test("Keys of random values compare as the values do, compound, ascending and descending")
  func randomPairs() throws {
    try withSeeds("key pairs", 1...15) { generator in
      var maker = ValueMaker(generator: generator)
      var rows: [(values: [BSONValue], key: [UInt8])] = []
      let directions = (0..<3).map { _ in generator.chance(50) }
      for _ in 0..<60 {
        let values = (0..<3).map { _ in maker.generator.chance(60) ? maker.number() : maker.value(depth: 2) }
        var key: [UInt8] = []
        var typeBits: [UInt8] = []
        for (value, descending) in zip(values, directions) {
          try BSONKey.encode(value, descending: descending, into: &key, typeBits: &typeBits)
        }
        #expect(try BSONKey.decode(key, typeBits: typeBits, descending: directions) == values)
        rows.append((values, key))
      }
      for a in rows {
        for b in rows {
          var order = 0
          for (index, descending) in directions.enumerated() where order == 0 {
            order = BSONOrdering.compare(a.values[index], b.values[index]) * (descending ? -1 : 1)
          }
          let isRight = order == 0 ? a.key == b.key : (order < 0) == a.key.lexicographicallyPrecedes(b.key)
          if !isRight { Issue.record("\(a.values) \(b.values) \(order)") }
        }
      }
    }
  }

  @Test("What follows a value in a key never changes its place")
  func selfDelimiting() throws {
    let values: [BSONValue] = [
      "", "a", "a\0", "a\u{1}", "ab", [], ["a"], ["a", "b"], [:], ["a": 1], 1, 1.5, 2,
    ]
    for a in values {
      for b in values where BSONOrdering.compare(a, b) < 0 {
        for tail in [[], [0], [0xFF], [0xFF, 0xFF]] as [[UInt8]] {
          #expect((try encode(a).bytes + tail).lexicographicallyPrecedes(try encode(b).bytes))
          #expect(
            try encode(b, descending: true).bytes.lexicographicallyPrecedes(
              encode(a, descending: true).bytes + tail))
        }
      }
    }
  }

  @Test("Raw and decoded values have the same keys")
  func rawKeys() throws {
    try withSeeds("raw keys", 1...5) { generator in
      var maker = ValueMaker(generator: generator)
      for _ in 0..<100 {
        let value = maker.value()
        let expected = try encode(value)
        let document: Document = ["v": value]
        let result = try document.withRawDocument { raw in
          var key: [UInt8] = []
          var typeBits: [UInt8] = []
          try BSONKey.encode(#require(raw.value(forKey: "v")), into: &key, typeBits: &typeBits)
          return (key, typeBits)
        }
        #expect(result?.0 == expected.bytes && result?.1 == expected.typeBits)
      }
    }
  }

  @Test("Bytes that are no key give errors and never trap")
  func garbage() throws {
    try withSeeds("key garbage", 1...20) { generator in
      var maker = ValueMaker(generator: generator)
      for _ in 0..<100 {
        var (key, typeBits) = try encode(maker.value())
        switch generator.below(4) {
        case 0: key = (0..<generator.below(40)).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        case 1: key.removeLast(generator.below(key.count + 1))
        default: key[generator.below(key.count)] = UInt8(truncatingIfNeeded: generator.next())
        }
        if generator.chance(50) {
          typeBits = (0..<4).map { _ in UInt8(truncatingIfNeeded: generator.next()) }
        }
        let values = try? BSONKey.decode(key, typeBits: typeBits, descending: [generator.chance(20)])
        for value in values ?? [] { _ = value.extendedJSON() }
      }
    }
    let deep = [UInt8](repeating: 0x40, count: 100_000)
    #expect(
      bsonError { () throws(BSONError) in try BSONKey.decode(deep, typeBits: []) }?.code == .depthExceeded)
    #expect(
      bsonError { () throws(BSONError) in try BSONKey.decode([0x30, 0x61], typeBits: []) }?.code
        == .invalidKey)
  }

  @Test("Values that nest too deeply have no key")
  func depth() throws {
    var value: BSONValue = []
    for _ in 1..<200 { value = [value] }
    #expect(throws: Never.self) { try BSONKey.bytes(value) }
    let deeper: BSONValue = [value]
    #expect(bsonError { () throws(BSONError) in try BSONKey.bytes(deeper) }?.code == .depthExceeded)
  }
}
