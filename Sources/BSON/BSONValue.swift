/// A BSON value of any type.
///
/// `==` and hashing are exact: values are equal when they have the same type and the same bits. So 1 as an
/// int32 is not 1 as a double, 0.0 is not -0.0, a NaN equals a NaN of the same bits, and strings are equal
/// when their UTF-8 bytes are, not when they look the same. MongoDB's comparison, where 1 equals 1.0, is
/// ``BSONOrdering``.
public enum BSONValue: Sendable {
  /// A floating-point number of 64 bits.
  case double(Double)
  /// A text.
  case string(String)
  /// A document.
  case document(Document)
  /// An array; in bytes a document whose names are the indexes.
  case array([BSONValue])
  /// Bytes with a subtype.
  case binary(BSONBinary)
  /// Undefined (deprecated).
  case undefined
  /// An object ID.
  case objectID(ObjectID)
  /// True or false.
  case bool(Bool)
  /// A moment, in milliseconds.
  case dateTime(BSONDateTime)
  /// Null.
  case null
  /// A regular expression.
  indirect case regex(BSONRegex)
  /// A reference to a document (deprecated).
  indirect case dbPointer(BSONDBPointer)
  /// JavaScript code.
  case code(String)
  /// A symbol, compared like a string (deprecated).
  case symbol(String)
  /// JavaScript code with variables (deprecated).
  indirect case codeWithScope(BSONCodeWithScope)
  /// An integer of 32 bits.
  case int32(Int32)
  /// A timestamp of seconds and a counter.
  case timestamp(BSONTimestamp)
  /// An integer of 64 bits.
  case int64(Int64)
  /// A decimal number of 34 digits.
  case decimal128(Decimal128)
  /// The value below all others.
  case minKey
  /// The value above all others.
  case maxKey

  /// The type of the value.
  public var type: BSONType {
    switch self {
    case .double: .double
    case .string: .string
    case .document: .document
    case .array: .array
    case .binary: .binary
    case .undefined: .undefined
    case .objectID: .objectID
    case .bool: .bool
    case .dateTime: .dateTime
    case .null: .null
    case .regex: .regex
    case .dbPointer: .dbPointer
    case .code: .code
    case .symbol: .symbol
    case .codeWithScope: .codeWithScope
    case .int32: .int32
    case .timestamp: .timestamp
    case .int64: .int64
    case .decimal128: .decimal128
    case .minKey: .minKey
    case .maxKey: .maxKey
    }
  }
}

extension BSONValue: Hashable {
  /// Whether two values have the same type and the same bits.
  public static func == (left: BSONValue, right: BSONValue) -> Bool {
    switch (left, right) {
    case (.double(let a), .double(let b)): a.bitPattern == b.bitPattern
    case (.string(let a), .string(let b)): a.equalsUTF8(b)
    case (.document(let a), .document(let b)): a == b
    case (.array(let a), .array(let b)): a == b
    case (.binary(let a), .binary(let b)): a == b
    case (.objectID(let a), .objectID(let b)): a == b
    case (.bool(let a), .bool(let b)): a == b
    case (.dateTime(let a), .dateTime(let b)): a == b
    case (.regex(let a), .regex(let b)): a == b
    case (.dbPointer(let a), .dbPointer(let b)): a == b
    case (.code(let a), .code(let b)): a.equalsUTF8(b)
    case (.symbol(let a), .symbol(let b)): a.equalsUTF8(b)
    case (.codeWithScope(let a), .codeWithScope(let b)): a == b
    case (.int32(let a), .int32(let b)): a == b
    case (.timestamp(let a), .timestamp(let b)): a == b
    case (.int64(let a), .int64(let b)): a == b
    case (.decimal128(let a), .decimal128(let b)): a == b
    default: left.type == right.type
    }
  }

  /// Hashes the type and the bits.
  public func hash(into hasher: inout Hasher) {
    hasher.combine(type)
    switch self {
    case .double(let value): hasher.combine(value.bitPattern)
    case .string(let value), .code(let value), .symbol(let value): hasher.combineUTF8(value)
    case .document(let value): hasher.combine(value)
    case .array(let value): hasher.combine(value)
    case .binary(let value): hasher.combine(value)
    case .objectID(let value): hasher.combine(value)
    case .bool(let value): hasher.combine(value)
    case .dateTime(let value): hasher.combine(value)
    case .regex(let value): hasher.combine(value)
    case .dbPointer(let value): hasher.combine(value)
    case .codeWithScope(let value): hasher.combine(value)
    case .int32(let value): hasher.combine(value)
    case .timestamp(let value): hasher.combine(value)
    case .int64(let value): hasher.combine(value)
    case .decimal128(let value): hasher.combine(value)
    case .undefined, .null, .minKey, .maxKey: break
    }
  }
}

extension BSONValue: CustomStringConvertible {
  /// The value as relaxed Extended JSON.
  public var description: String { extendedJSON(.relaxed) }
}
