/// An object ID: 12 bytes that are unique without coordination and grow with time.
///
/// The bytes are a big-endian count of seconds since 1970 (4 bytes), a random number of the process
/// (5 bytes) and a big-endian counter (3 bytes), as the MongoDB ObjectID specification has it.
public struct ObjectID: Sendable, Hashable {
  /// The first eight bytes as a big-endian number.
  let high: UInt64
  /// The last four bytes as a big-endian number.
  let low: UInt32

  init(high: UInt64, low: UInt32) {
    self.high = high
    self.low = low
  }

  /// Makes a new object ID from the current time, the process's random number and its counter.
  public init() {
    self = Generator.shared.next()
  }

  /// Makes an object ID from its parts.
  /// - Parameters:
  ///   - timestamp: seconds since 1970-01-01T00:00:00Z.
  ///   - random: the five bytes after the time.
  ///   - counter: the last three bytes; only the low 24 bits are used.
  public init(timestamp: UInt32, random: (UInt8, UInt8, UInt8, UInt8, UInt8), counter: UInt32) {
    high =
      UInt64(timestamp) << 32 | UInt64(random.0) << 24 | UInt64(random.1) << 16
      | UInt64(random.2) << 8 | UInt64(random.3)
    low = UInt32(random.4) << 24 | counter & 0xFF_FFFF
  }

  /// Takes 12 bytes; nil when there are more or fewer.
  public init?(bytes: some Sequence<UInt8>) {
    var high: UInt64 = 0
    var low: UInt32 = 0
    var count = 0
    for byte in bytes {
      guard count < 12 else { return nil }
      if count < 8 { high = high << 8 | UInt64(byte) } else { low = low << 8 | UInt32(byte) }
      count += 1
    }
    guard count == 12 else { return nil }
    self.init(high: high, low: low)
  }

  /// Reads 24 hexadecimal digits of either case; nil for any other text.
  public init?(_ hexadecimal: String) {
    let parsed = hexadecimal.withUTF8Bytes { ObjectID(hexadecimal: $0) }
    guard let parsed else { return nil }
    self = parsed
  }

  init?(hexadecimal text: UnsafeRawBufferPointer) {
    guard text.count == 24 else { return nil }
    var high: UInt64 = 0
    var low: UInt32 = 0
    for index in 0..<24 {
      guard let value = hexadecimalValue(text[index]) else { return nil }
      if index < 16 { high = high << 4 | UInt64(value) } else { low = low << 4 | UInt32(value) }
    }
    self.init(high: high, low: low)
  }

  /// Reads the 12 bytes at `offset`; the caller has checked that they are there.
  @inline(__always)
  init(unchecked buffer: UnsafeRawBufferPointer, at offset: Int) {
    high = UInt64(bigEndian: buffer.loadUnaligned(fromByteOffset: offset, as: UInt64.self))
    low = UInt32(bigEndian: buffer.loadUnaligned(fromByteOffset: offset + 8, as: UInt32.self))
  }

  /// When the ID was made, in seconds since 1970-01-01T00:00:00Z.
  public var timestamp: UInt32 { UInt32(truncatingIfNeeded: high >> 32) }

  /// The 12 bytes.
  public var bytes: [UInt8] {
    var result: [UInt8] = []
    result.reserveCapacity(12)
    append(to: &result)
    return result
  }

  /// The 24 hexadecimal digits, in lower case.
  public var hexString: String {
    var digits: [UInt8] = []
    digits.reserveCapacity(24)
    appendHexadecimal(to: &digits)
    return String(decoding: digits, as: UTF8.self)
  }

  @inline(__always)
  func append(to output: inout [UInt8]) {
    output.appendBigEndian(high)
    output.appendBigEndian(low)
  }

  func appendHexadecimal(to output: inout [UInt8]) {
    for shift in stride(from: 56, through: 0, by: -8) {
      output.appendHexadecimal(UInt8(truncatingIfNeeded: high >> UInt64(shift)))
    }
    for shift in stride(from: 24, through: 0, by: -8) {
      output.appendHexadecimal(UInt8(truncatingIfNeeded: low >> UInt32(shift)))
    }
  }
}

extension ObjectID: Comparable {
  /// The order of the bytes.
  public static func < (left: ObjectID, right: ObjectID) -> Bool {
    left.high == right.high ? left.low < right.low : left.high < right.high
  }
}

extension ObjectID: CustomStringConvertible {
  /// The 24 hexadecimal digits.
  public var description: String { hexString }
}
