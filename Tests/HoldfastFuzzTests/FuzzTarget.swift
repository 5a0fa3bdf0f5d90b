/// Something that takes bytes which may be anything, and what must hold of it.
///
/// The same targets run in two ways: as tests, with inputs from ``Mutator`` by seed, and under libFuzzer
/// (`Fuzzing/run`), which looks for inputs that reach new code. A trap, a hang or a large allocation is found
/// by whoever runs them; what is merely wrong is thrown as a ``Violation``.
struct FuzzTarget: Sendable {
  let name: String
  /// Inputs to begin with. They are computed, so that no binary files have to be kept.
  let seeds: @Sendable () throws -> [[UInt8]]
  /// Takes one input. Throws ``Violation`` when something does not hold, and nothing else.
  let run: @Sendable ([UInt8]) throws -> Void
  /// How many inputs a test tries for a seed: fewer where one takes longer.
  var rounds = 400

  static let all: [FuzzTarget] = [
    .bson, .json, .jsonStream, .keys, .page, .freeList, .log, .operations, .header, .file,
  ]

  static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// What an input proved wrong.
struct Violation: Error, CustomStringConvertible {
  let description: String
}

func require(_ condition: Bool, _ message: @autoclosure () -> String) throws {
  if !condition { throw Violation(description: message()) }
}

/// Takes an input apart. Where it ends, everything is zero or empty, so that every input means something.
struct InputReader {
  private let bytes: [UInt8]
  private var position = 0

  init(_ bytes: [UInt8]) { self.bytes = bytes }

  var isAtEnd: Bool { position >= bytes.count }

  mutating func byte() -> UInt8 {
    guard position < bytes.count else { return 0 }
    defer { position += 1 }
    return bytes[position]
  }

  /// A little-endian number.
  mutating func number<T: FixedWidthInteger>(_ type: T.Type) -> T {
    var value: T = 0
    for index in 0..<T.bitWidth / 8 { value |= T(truncatingIfNeeded: byte()) << T(index * 8) }
    return value
  }

  /// The next bytes: `count` of them, or as many as there are.
  mutating func take(_ count: Int) -> [UInt8] {
    let end = min(bytes.count, position + max(0, count))
    defer { position = end }
    return Array(bytes[position..<end])
  }

  mutating func rest() -> [UInt8] { take(bytes.count - position) }
}

extension [UInt8] {
  /// These bytes, cut or filled with zeros to a length.
  func padded(to count: Int) -> [UInt8] {
    Array(prefix(count)) + [UInt8](repeating: 0, count: Swift.max(0, count - self.count))
  }

  /// Two bytes of length and the bytes, as ``InputReader`` takes pieces.
  var asPiece: [UInt8] { [UInt8(truncatingIfNeeded: count), UInt8(truncatingIfNeeded: count >> 8)] + self }

  mutating func storeLittleEndian<T: FixedWidthInteger>(_ value: T, at offset: Int) {
    guard offset >= 0, offset + T.bitWidth / 8 <= count else { return }
    for index in 0..<T.bitWidth / 8 {
      self[offset + index] = UInt8(truncatingIfNeeded: value >> T(index * 8))
    }
  }

  /// The number at an offset, or 0 where it does not fit.
  func littleEndian<T: FixedWidthInteger>(_ type: T.Type, at offset: Int) -> T {
    guard offset >= 0, offset + T.bitWidth / 8 <= count else { return 0 }
    var value: T = 0
    for index in 0..<T.bitWidth / 8 { value |= T(truncatingIfNeeded: self[offset + index]) << T(index * 8) }
    return value
  }
}
