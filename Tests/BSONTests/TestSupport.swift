import BSON

/// A small generator whose numbers depend on the seed alone (SplitMix64).
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) {
    state = seed
  }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }

  mutating func below(_ bound: Int) -> Int { Int.random(in: 0..<bound, using: &self) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  mutating func pick<T>(_ values: [T]) -> T { values[below(values.count)] }
}

/// Runs a random test with several seeds, and says which, so that a failure can be seen again.
func withSeeds(_ name: String, _ seeds: ClosedRange<UInt64>, _ body: (inout SeededGenerator) throws -> Void)
  throws
{
  print("\(name): seeds \(seeds.lowerBound) to \(seeds.upperBound)")
  for seed in seeds {
    var generator = SeededGenerator(seed: seed)
    try body(&generator)
  }
}

/// Bytes from hexadecimal digits; spaces are ignored.
func bytes(_ hexadecimal: String) -> [UInt8] {
  let digits = hexadecimal.filter { $0 != " " }.map { UInt8($0.hexDigitValue!) }
  return stride(from: 0, to: digits.count, by: 2).map { digits[$0] << 4 | digits[$0 + 1] }
}

/// The error that `body` throws, or nil.
func bsonError<T>(_ body: () throws(BSONError) -> T) -> BSONError? {
  do throws(BSONError) {
    _ = try body()
    return nil
  } catch {
    return error
  }
}

/// A document with one value of each type.
let everyType: Document = [
  "double": 1.5, "string": "a\0é", "document": ["x": 1], "array": [1, "two", [3]],
  "binary": .binary(BSONBinary([1, 2, 3], subtype: .userDefined)),
  "old": .binary(BSONBinary([9, 8], subtype: .oldBinary)), "undefined": .undefined,
  "id": .objectID(ObjectID("56e1fc72e0c917e9c4714161")!), "yes": true, "no": false,
  "date": .dateTime(BSONDateTime(milliseconds: -1)), "null": nil,
  "regex": .regex(BSONRegex("^a/b", options: "xmi")),
  "pointer": .dbPointer(BSONDBPointer("c", id: ObjectID("56e1fc72e0c917e9c4714161")!)),
  "code": .code("f()"), "symbol": .symbol("s"),
  "scope": .codeWithScope(BSONCodeWithScope("g()", scope: ["v": 2])), "int": 7,
  "timestamp": .timestamp(BSONTimestamp(seconds: .max, increment: 1)), "long": .int64(-5),
  "decimal": .decimal128(Decimal128("1.50")!), "min": .minKey, "max": .maxKey,
]

/// Numbers at which something changes.
let nastyNumbers: [BSONValue] = {
  var values: [BSONValue] = []
  for value in [Int32.min, -1000, -128, -127, -1, 0, 1, 63, 64, 127, 128, 255, 256, .max] {
    values.append(.int32(value))
  }
  let longs: [Int64] = [
    .min, .min + 1, -(1 << 53) - 1, -(1 << 53), -1, 0, 1, 10, 1 << 31, (1 << 53) - 1, 1 << 53, (1 << 53) + 1,
    (1 << 62) - 1, 1 << 62, .max - 1, .max,
  ]
  values += longs.map(BSONValue.int64)
  let doubles: [Double] = [
    0, -0.0, 1, -1, 0.1, -0.1, 0.5, 1.5, -1.5, 1e-300, .leastNonzeroMagnitude, -.leastNonzeroMagnitude,
    .leastNormalMagnitude, 1e300,
    .greatestFiniteMagnitude, -.greatestFiniteMagnitude, .infinity, -.infinity, .nan, 0x1p53, 0x1p53 + 2,
    0x1p62,
    0x1p63, -0x1p63, 0x1p63.nextDown, 0x1p63.nextUp, 0x1p64, 1.0.nextUp, 1.0.nextDown, 0.1.nextUp, 1e22, 1e23,
    123456789.123,
  ]
  values += doubles.map(BSONValue.double)
  let decimals = [
    "0", "-0", "0E+6111", "0E-6176", "-0.00", "1", "1.0", "1.00", "-1", "0.1", "-0.1", "0.10", "0.5", "1.5",
    "1.50",
    "0.1000000000000000055511151231257827", "0.1000000000000000055511151231257828", "9007199254740993",
    "9007199254740992.5", "9223372036854775807", "9223372036854775808", "9223372036854775808.0",
    "9223372036854775807.5", "-9223372036854775808", "-9223372036854775808.5", "18446744073709551616",
    "1E-6176",
    "-1E-6176", "4.9E-324", "4.94065645841246544176568792868E-324", "1.7976931348623157E+308",
    "1.797693134862315708145274237317044E+308", "1E+309", "9.999999999999999999999999999999999E+6144",
    "-9.999999999999999999999999999999999E+6144", "1E+6144", "Infinity", "-Infinity", "NaN", "1E+22", "1E+23",
    "123456789.123", "3.14", "-3.14", "0.9999999999999999999999999999999999",
    "1.000000000000000000000000000000001",
    "1E-7", "1000", "1E+3", "127.5", "100",
  ]
  values += decimals.map { .decimal128(Decimal128($0)!) }
  return values
}()

/// Makes random values, with those often that are near each other.
struct ValueMaker {
  var generator: SeededGenerator

  mutating func text() -> String {
    let pieces = [
      "", "a", "b", "ab", "\0", "\u{1}", "\u{2}", "é", "e\u{301}", "☆", "😀", "\u{FFFF}", "zz", "\n\"\\",
    ]
    return (0..<generator.below(4)).map { _ in generator.pick(pieces) }.joined()
  }

  mutating func name() -> String {
    generator.pick(["a", "b", "c", "", "a.b", "$x", "é", "\u{1}", "key", "a long name with spaces"])
  }

  mutating func randomBytes() -> [UInt8] {
    (0..<generator.below(6)).map { _ in generator.pick([0, 1, 2, 0x80, 0xFF]) }
  }

  mutating func number() -> BSONValue {
    if generator.chance(50) { return generator.pick(nastyNumbers) }
    switch generator.below(6) {
    case 0: return .int32(Int32.random(in: -300...300, using: &generator))
    case 1: return .int64(Int64(truncatingIfNeeded: generator.next() >> UInt64(generator.below(64))))
    case 2: return .double(Double.random(in: -10...10, using: &generator))
    case 3: return .double(Double(bitPattern: generator.next()).canonicalNaN)
    case 4:
      let coefficient =
        (UInt128(generator.next()) << UInt128(generator.below(48))) >> UInt128(generator.below(100))
      return .decimal128(
        Decimal128(
          isNegative: generator.chance(50),
          coefficient: min(coefficient, 9_999_999_999_999_999_999_999_999_999_999_999),
          exponent: generator.chance(70) ? generator.below(60) - 40 : generator.below(12000) - 6000)!)
    default: return .decimal128(Decimal128(exactly: Double(Int.random(in: -99...99, using: &generator)) / 4)!)
    }
  }

  mutating func objectID() -> ObjectID {
    ObjectID(
      timestamp: UInt32(generator.below(3)), random: (0, 0, 0, 0, 255), counter: UInt32(generator.below(3)))
  }

  mutating func value(depth: Int = 0) -> BSONValue {
    switch generator.below(depth < 4 ? 22 : 17) {
    case 0...4: return number()
    case 5: return .string(text())
    case 6: return .symbol(text())
    case 7: return .objectID(objectID())
    case 8: return .bool(generator.chance(50))
    case 9:
      return .dateTime(BSONDateTime(milliseconds: generator.pick([.min, -1, 0, 1, 1_356_351_330_501, .max])))
    case 10: return generator.pick([.null, .undefined, .minKey, .maxKey])
    case 11: return .timestamp(BSONTimestamp(rawValue: generator.next() >> UInt64(generator.below(64))))
    case 12:
      return .regex(BSONRegex(text().replacingZero, options: generator.pick(["", "i", "im", "x"])))
    case 13:
      return .binary(BSONBinary(randomBytes(), subtype: .init(rawValue: generator.pick([0, 2, 4, 128]))))
    case 14: return .code(text())
    case 15: return .dbPointer(BSONDBPointer(text(), id: objectID()))
    case 16: return .string(text())
    case 17: return .codeWithScope(BSONCodeWithScope(text(), scope: document(depth: depth + 1)))
    case 18, 19: return .array((0..<generator.below(4)).map { _ in value(depth: depth + 1) })
    default: return .document(document(depth: depth + 1))
    }
  }

  mutating func document(depth: Int = 0) -> Document {
    Document((0..<generator.below(5)).map { _ in (name(), value(depth: depth)) })
  }
}

extension Double {
  /// The number, or the one NaN whose bits every form keeps.
  var canonicalNaN: Double { isNaN ? .nan : self }
}

extension String {
  var replacingZero: String { String(map { $0 == "\0" ? "0" : $0 }) }
}
