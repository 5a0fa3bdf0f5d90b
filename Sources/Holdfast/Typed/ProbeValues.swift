/// A type of which there are many values that a made-up document can have.
///
/// There are two values of every form, one after the other. They differ from those of other leaves as far as
/// the type allows, and later leaves have higher ones, so that a type that wants one value below another gets
/// that. The first form is the likeliest to be accepted where anything is; the others are for types that want
/// a date, an address or a small number.
protocol ProbeValue {
  /// How many values there are; an even number.
  static var probeCount: Int { get }

  /// A value for the leaf with a number, counted from 1.
  /// - Parameter choice: below ``probeCount``.
  static func probe(_ choice: Int, leaf: Int) -> Self
}

extension String: ProbeValue {
  static var probeCount: Int { 28 }

  static func probe(_ choice: Int, leaf: Int) -> String {
    let isFirst = choice % 2 == 0
    let leaf = leaf % 100_000
    let number = leaf * 2 + choice % 2
    switch choice / 2 {
    // Mixed case, for what changes the case of letters to show.
    case 0: return "Probe" + digits(leaf, 5) + (isFirst ? "a" : "aZ")
    case 1: return String(10_000 + number)
    case 2: return "00000000-0000-4000-8000-" + digits(number, 12)
    case 3: return digits(2000 + leaf % 1000, 4) + (isFirst ? "-01-01T00:00:00Z" : "-01-02T00:00:00Z")
    case 4: return digits(2000 + leaf % 1000, 4) + (isFirst ? "-01-01" : "-01-02")
    case 5: return "https://probe\(number).example/a"
    case 6: return "probe\(number)@example.com"
    case 7: return digits(number, 24)
    case 8: return "1.\(number).0"
    case 9: return isFirst ? "A" : "B"
    case 10: return isFirst ? "NO" : "SE"
    case 11: return isFirst ? "#0A0B0C" : "#0D0E0F"
    case 12: return isFirst ? "GMT" : "Europe/Oslo"
    default: return isFirst ? "" : "  two Words "
    }
  }

  /// A number in decimal digits, with zeros in front.
  private static func digits(_ value: Int, _ count: Int) -> String {
    let text = String(value)
    return String(repeating: "0", count: Swift.max(count - text.utf8.count, 0)) + text
  }
}

extension ProbeValue where Self: FixedWidthInteger {
  static var probeCount: Int { 12 }

  static func probe(_ choice: Int, leaf: Int) -> Self {
    let others = [1, 2, 10, 11, 2000, 2001, 0, 3, 100, -100]
    if choice >= 2, let value = Self(exactly: others[(choice - 2) % others.count]) { return value }
    // Low, since a type may put a number into a narrower one without asking whether it fits.
    let number = leaf * 2 + choice % 2
    return Self(exactly: number) ?? Self(truncatingIfNeeded: number % 120)
  }
}

extension Int: ProbeValue {}
extension Int8: ProbeValue {}
extension Int16: ProbeValue {}
extension Int32: ProbeValue {}
extension Int64: ProbeValue {}
extension UInt: ProbeValue {}
extension UInt8: ProbeValue {}
extension UInt16: ProbeValue {}
extension UInt32: ProbeValue {}
extension UInt64: ProbeValue {}

extension ProbeValue where Self: BinaryFloatingPoint {
  static var probeCount: Int { 12 }

  static func probe(_ choice: Int, leaf: Int) -> Self {
    let others: [Self] = [0.25, 0.75, 1, 2, 10, 11, 0, -1.5, 100, -100]
    if choice >= 2 { return others[(choice - 2) % others.count] }
    // With a fraction, for what rounds to show.
    return Self(leaf * 2 + choice) + 0.5
  }
}

extension Double: ProbeValue {}
extension Float: ProbeValue {}

extension BSONValue: ProbeValue {
  static var probeCount: Int { String.probeCount + 28 }

  static func probe(_ choice: Int, leaf: Int) -> BSONValue {
    if choice < String.probeCount { return .string(String.probe(choice, leaf: leaf)) }
    let number = leaf * 2 + choice % 2
    switch (choice - String.probeCount) / 2 {
    case 0: return .dateTime(BSONDateTime(milliseconds: Int64(number) * 86_400_000))
    case 1: return .binary(BSONBinary(bytes(number, 16), subtype: .uuid))
    case 2: return .binary(BSONBinary(bytes(number, 16)))
    case 3: return ObjectID(bytes: bytes(number, 12)).map(BSONValue.objectID) ?? .null
    case 4: return .int64(Int64.probe(choice % 2, leaf: leaf))
    case 5: return .double(Double.probe(choice % 2, leaf: leaf))
    case 6: return .decimal128(Decimal128(Int64(number)))
    case 7: return .bool(choice % 2 == 0)
    case 8: return .document(["probe": .int64(Int64(number))])
    case 9: return .array([.int64(Int64(number))])
    case 10: return .timestamp(BSONTimestamp(seconds: UInt32(truncatingIfNeeded: number), increment: 1))
    case 11: return .regex(BSONRegex("probe\(number)"))
    case 12: return .codeWithScope(BSONCodeWithScope("probe\(number)", scope: [:]))
    default:
      let id = ObjectID(bytes: bytes(number, 12)) ?? ObjectID()
      return .dbPointer(BSONDBPointer("probe", id: id))
    }
  }

  private static func bytes(_ value: Int, _ count: Int) -> [UInt8] {
    [UInt8](repeating: 0, count: count - 4)
      + (0..<4).map { UInt8(truncatingIfNeeded: value >> (24 - 8 * $0)) }
  }
}
