/// A value inside the bytes of a document, not decoded yet.
///
/// It points into memory that belongs to somebody else and is valid only as long as that memory is, which is
/// as a rule the closure of ``Document/withRawDocument(_:)``. Every accessor checks lengths: over malformed
/// bytes it gives nil, and never reads outside.
public struct RawValue {
  /// The type of the value.
  public let type: BSONType
  /// The bytes of the value, without type byte and name.
  public let bytes: UnsafeRawBufferPointer

  /// Takes a type and the bytes of a value of that type.
  @inlinable @inline(__always)
  public init(type: BSONType, bytes: UnsafeRawBufferPointer) {
    self.type = type
    self.bytes = bytes
  }

  /// How many bytes a value of the type needs at `offset`, or -1 when they would go beyond `end` or the type
  /// is unknown. Only lengths are looked at.
  @inlinable @inline(__always)
  static func length(type: UInt8, in buffer: UnsafeRawBufferPointer, at offset: Int, end: Int) -> Int {
    let available = end - offset
    let length: Int
    switch type {
    case 0x10:
      length = 4
    case 0x01, 0x09, 0x11, 0x12:
      length = 8
    case 0x02, 0x0D, 0x0E:
      guard available >= 5 else { return -1 }
      let count = Int(buffer.uncheckedInt32(at: offset))
      guard count >= 1, count <= available - 4 else { return -1 }
      length = 4 + count
    case 0x03, 0x04, 0x0F:
      guard available >= 5 else { return -1 }
      length = Int(buffer.uncheckedInt32(at: offset))
      guard length >= 5 else { return -1 }
    case 0x05:
      guard available >= 5 else { return -1 }
      let count = Int(buffer.uncheckedInt32(at: offset))
      guard count >= 0, count <= available - 5 else { return -1 }
      length = 5 + count
    case 0x07:
      length = 12
    case 0x08:
      length = 1
    case 0x06, 0x0A, 0x7F, 0xFF:
      length = 0
    case 0x13:
      length = 16
    case 0x0B:
      let pattern = buffer.zeroByte(from: offset, to: end)
      guard pattern >= 0 else { return -1 }
      let options = buffer.zeroByte(from: pattern + 1, to: end)
      guard options >= 0 else { return -1 }
      length = options + 1 - offset
    case 0x0C:
      guard available >= 17 else { return -1 }
      let count = Int(buffer.uncheckedInt32(at: offset))
      guard count >= 1, count <= available - 16 else { return -1 }
      length = 16 + count
    default:
      return -1
    }
    return length <= available ? length : -1
  }

  /// The UTF-8 bytes of a string, symbol or code.
  public var stringBytes: UnsafeRawBufferPointer? {
    switch type {
    case .string, .symbol, .code:
      guard bytes.count >= 5 else { return nil }
      return bytes.bytes(4, bytes.count - 1)
    default:
      return nil
    }
  }

  /// The text of a string.
  public var string: String? { type == .string ? stringBytes?.text : nil }

  /// An int32.
  public var int32: Int32? { type == .int32 ? bytes.int32(at: 0) : nil }

  /// An int64.
  public var int64: Int64? { type == .int64 ? bytes.int64(at: 0) : nil }

  /// A double.
  public var double: Double? {
    guard type == .double, let bits = bytes.int64(at: 0) else { return nil }
    return Double(bitPattern: UInt64(bitPattern: bits))
  }

  /// A decimal number.
  public var decimal128: Decimal128? {
    type == .decimal128 && bytes.count >= 16 ? Decimal128(unchecked: bytes, at: 0) : nil
  }

  /// A boolean.
  public var bool: Bool? { type == .bool && bytes.count >= 1 ? bytes[0] != 0 : nil }

  /// An object ID.
  public var objectID: ObjectID? {
    type == .objectID && bytes.count >= 12 ? ObjectID(unchecked: bytes, at: 0) : nil
  }

  /// A date.
  public var dateTime: BSONDateTime? {
    guard type == .dateTime, let value = bytes.int64(at: 0) else { return nil }
    return BSONDateTime(milliseconds: value)
  }

  /// A timestamp.
  public var timestamp: BSONTimestamp? {
    guard type == .timestamp, let value = bytes.int64(at: 0) else { return nil }
    return BSONTimestamp(rawValue: UInt64(bitPattern: value))
  }

  /// A document or an array as a raw document.
  public var document: RawDocument? {
    type == .document || type == .array ? RawDocument(bytes) : nil
  }

  /// Binary data: the subtype and where the bytes are, for the old subtype 2 without the second length.
  public var binary: (subtype: BSONBinary.Subtype, bytes: UnsafeRawBufferPointer)? {
    guard type == .binary, bytes.count >= 5 else { return nil }
    let subtype = BSONBinary.Subtype(rawValue: bytes[4])
    let start = subtype == .oldBinary && bytes.count >= 9 ? 9 : 5
    guard let content = bytes.bytes(start, bytes.count) else { return nil }
    return (subtype, content)
  }

  /// The bytes of a regular expression's pattern and options.
  var regexParts: (pattern: UnsafeRawBufferPointer, options: UnsafeRawBufferPointer)? {
    guard type == .regex else { return nil }
    let end = bytes.zeroByte(from: 0, to: bytes.count)
    guard end >= 0, let pattern = bytes.bytes(0, end),
      let options = bytes.bytes(end + 1, bytes.count - 1)
    else { return nil }
    return (pattern, options)
  }

  /// The collection's name and the ID of a DBPointer.
  var dbPointerParts: (reference: UnsafeRawBufferPointer, id: ObjectID)? {
    guard type == .dbPointer, bytes.count >= 17, let reference = bytes.bytes(4, bytes.count - 13) else {
      return nil
    }
    return (reference, ObjectID(unchecked: bytes, at: bytes.count - 12))
  }

  /// The code and the scope of code with scope.
  var codeWithScopeParts: (code: UnsafeRawBufferPointer, scope: RawDocument)? {
    guard type == .codeWithScope, let count = bytes.int32(at: 4), count >= 1,
      Int(count) <= bytes.count - 8,
      let code = bytes.bytes(8, 8 + Int(count) - 1),
      let rest = bytes.bytes(8 + Int(count), bytes.count), let scope = RawDocument(rest)
    else { return nil }
    return (code, scope)
  }
}
