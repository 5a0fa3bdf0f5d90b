/// Makes values again from key bytes and type bits, one after the other.
///
/// Bytes that are no key give an error, and never trap.
public struct BSONKeyDecoder: Sendable {
  private let bytes: [UInt8]
  private let typeBits: [UInt8]
  /// Where the next value begins in the key bytes.
  public private(set) var offset = 0
  private var typeOffset = 0
  /// 255 while a descending value is read.
  private var mask: UInt8 = 0

  /// Takes the key bytes of any number of values and their type bits, which may be trimmed.
  public init(_ bytes: [UInt8], typeBits: [UInt8]) {
    self.bytes = bytes
    self.typeBits = typeBits
  }

  /// Whether all key bytes have been read.
  public var isAtEnd: Bool { offset >= bytes.count }

  /// The next value.
  /// - Parameter descending: whether the value was written descending.
  /// - Throws: ``BSONError/Code/invalidKey`` where the bytes are no key, and
  ///   ``BSONError/Code/depthExceeded``. The decoder is of no use afterwards.
  public mutating func next(descending: Bool = false) throws(BSONError) -> BSONValue {
    mask = descending ? 0xFF : 0
    let (type, content) = try value(depth: 1)
    let decoded = content.withUnsafeBytes { BSONValue(RawValue(type: type, bytes: $0)) }
    guard let decoded else { throw malformed() }
    return decoded
  }

  func malformed() -> BSONError {
    BSONError(.invalidKey, "The bytes of the key are malformed.", offset: offset)
  }

  /// Reads one value as a type and the bytes BSON has for it.
  private mutating func value(depth: Int) throws(BSONError) -> (BSONType, [UInt8]) {
    var output: [UInt8] = []
    let type = try value(depth: depth, into: &output)
    return (type, output)
  }

  mutating func byte() throws(BSONError) -> UInt8 {
    guard offset < bytes.count else { throw malformed() }
    offset += 1
    return bytes[offset - 1] ^ mask
  }

  mutating func word() throws(BSONError) -> UInt64 {
    var value: UInt64 = 0
    for _ in 0..<8 { value = value << 8 | UInt64(try byte()) }
    return value
  }

  /// The next type bits; zero where they were trimmed.
  mutating func nextTypeBits() -> UInt8 {
    typeOffset += 1
    return typeOffset <= typeBits.count ? typeBits[typeOffset - 1] : 0
  }

  private mutating func value(depth: Int, into output: inout [UInt8]) throws(BSONError) -> BSONType {
    let tag = try byte()
    switch tag {
    case KeyTag.minKey: return .minKey
    case KeyTag.undefined: return .undefined
    case KeyTag.null: return .null
    case KeyTag.maxKey: return .maxKey
    case KeyTag.nan...KeyTag.infinity:
      let value = try number(tag)
      value.append(to: &output)
      return value.type
    case KeyTag.string:
      try string(into: &output)
      return nextTypeBits() == KeyTypeBits.symbol ? .symbol : .string
    case KeyTag.code:
      try string(into: &output)
      return .code
    case KeyTag.document, KeyTag.array:
      try elements(isArray: tag == KeyTag.array, depth: depth, into: &output)
      return tag == KeyTag.array ? .array : .document
    case KeyTag.binary:
      try binary(into: &output)
      return .binary
    case KeyTag.objectID:
      try copy(12, into: &output)
      return .objectID
    case KeyTag.false, KeyTag.true:
      output.append(tag == KeyTag.true ? 1 : 0)
      return .bool
    case KeyTag.dateTime:
      output.appendLittleEndian(try word() ^ 1 << 63)
      return .dateTime
    case KeyTag.timestamp:
      output.appendLittleEndian(try word())
      return .timestamp
    case KeyTag.regex:
      try name(into: &output)
      try name(into: &output)
      return .regex
    case KeyTag.dbPointer:
      let count = Int(try word32())
      output.appendLittleEndian(Int32(truncatingIfNeeded: count &+ 1))
      try copy(count, into: &output)
      output.append(0)
      try copy(12, into: &output)
      return .dbPointer
    case KeyTag.codeWithScope:
      let start = output.count
      output.appendLittleEndian(Int32(0))
      try string(into: &output)
      try elements(isArray: false, depth: depth, into: &output)
      output.patchLength(output.count - start, at: start)
      return .codeWithScope
    default:
      throw malformed()
    }
  }

  private mutating func word32() throws(BSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 { value = value << 8 | UInt32(try byte()) }
    return value
  }

  private mutating func copy(_ count: Int, into output: inout [UInt8]) throws(BSONError) {
    guard count >= 0, count <= bytes.count - offset else { throw malformed() }
    for index in offset..<offset + count { output.append(bytes[index] ^ mask) }
    offset += count
  }

  /// Reads escaped bytes up to their end.
  private mutating func escaped(into output: inout [UInt8]) throws(BSONError) {
    while true {
      let next = try byte()
      if next == 0 { return }
      if next != 1 {
        output.append(next)
        continue
      }
      let original = try byte()
      guard original == 1 || original == 2 else { throw malformed() }
      output.append(original - 1)
    }
  }

  private mutating func string(into output: inout [UInt8]) throws(BSONError) {
    let start = output.count
    output.appendLittleEndian(Int32(0))
    try escaped(into: &output)
    output.append(0)
    output.patchLength(output.count - start - 4, at: start)
  }

  /// Reads a name or a part of a regular expression, which cannot contain a zero.
  private mutating func name(into output: inout [UInt8]) throws(BSONError) {
    let start = output.count
    try escaped(into: &output)
    guard !output[start...].contains(0) else { throw malformed() }
    output.append(0)
  }

  private mutating func binary(into output: inout [UInt8]) throws(BSONError) {
    let count = Int(try word32())
    let subtype = try byte()
    output.appendLittleEndian(Int32(truncatingIfNeeded: count))
    output.append(subtype)
    if subtype == BSONBinary.Subtype.oldBinary.rawValue {
      guard count >= 4 else { throw malformed() }
      output.appendLittleEndian(Int32(truncatingIfNeeded: count - 4))
      try copy(count - 4, into: &output)
    } else {
      try copy(count, into: &output)
    }
  }

  private mutating func elements(isArray: Bool, depth: Int, into output: inout [UInt8]) throws(BSONError) {
    guard depth <= BSONLimits.maximumDepth else {
      throw BSONError(.depthExceeded, "The key is nested deeper than 200 levels.", offset: offset)
    }
    let start = output.count
    output.appendLittleEndian(Int32(0))
    var index = 0
    while true {
      guard offset < bytes.count else { throw malformed() }
      if bytes[offset] ^ mask == KeyTag.end { break }
      let typeOffset = output.count
      output.append(0)
      var group: UInt8?
      if isArray {
        output.appendIndex(index)
        index += 1
      } else {
        group = try byte()
        try name(into: &output)
      }
      let type = try value(depth: depth + 1, into: &output)
      if let group, group != type.keyGroup { throw malformed() }
      output[typeOffset] = type.rawValue
    }
    offset += 1
    output.append(0)
    output.patchLength(output.count - start, at: start)
  }
}
