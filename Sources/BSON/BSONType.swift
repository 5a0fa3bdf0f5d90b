/// The types of BSON values with the bytes that stand for them (bsonspec.org, version 1.1).
@frozen
public enum BSONType: UInt8, Sendable, Hashable, CaseIterable {
  /// A floating-point number of 64 bits.
  case double = 0x01
  /// A text.
  case string = 0x02
  /// A document.
  case document = 0x03
  /// An array; in bytes a document whose names are the indexes.
  case array = 0x04
  /// Bytes with a subtype.
  case binary = 0x05
  /// Undefined (deprecated).
  case undefined = 0x06
  /// An object ID.
  case objectID = 0x07
  /// True or false.
  case bool = 0x08
  /// A moment, in milliseconds.
  case dateTime = 0x09
  /// Null.
  case null = 0x0A
  /// A regular expression.
  case regex = 0x0B
  /// A reference to a document (deprecated).
  case dbPointer = 0x0C
  /// JavaScript code.
  case code = 0x0D
  /// A symbol, compared like a string (deprecated).
  case symbol = 0x0E
  /// JavaScript code with variables (deprecated).
  case codeWithScope = 0x0F
  /// An integer of 32 bits.
  case int32 = 0x10
  /// A timestamp of seconds and a counter.
  case timestamp = 0x11
  /// An integer of 64 bits.
  case int64 = 0x12
  /// A decimal number of 34 digits.
  case decimal128 = 0x13
  /// The value above all others.
  case maxKey = 0x7F
  /// The value below all others.
  case minKey = 0xFF

  /// The name MongoDB's `$type` operator uses for the type.
  public var name: String {
    switch self {
    case .double: "double"
    case .string: "string"
    case .document: "object"
    case .array: "array"
    case .binary: "binData"
    case .undefined: "undefined"
    case .objectID: "objectId"
    case .bool: "bool"
    case .dateTime: "date"
    case .null: "null"
    case .regex: "regex"
    case .dbPointer: "dbPointer"
    case .code: "javascript"
    case .symbol: "symbol"
    case .codeWithScope: "javascriptWithScope"
    case .int32: "int"
    case .timestamp: "timestamp"
    case .int64: "long"
    case .decimal128: "decimal"
    case .maxKey: "maxKey"
    case .minKey: "minKey"
    }
  }

  /// The number MongoDB's `$type` operator uses for the type: the type byte, with -1 for `minKey`.
  public var number: Int { self == .minKey ? -1 : Int(rawValue) }

  /// Whether values of the type are numbers.
  public var isNumber: Bool {
    self == .double || self == .int32 || self == .int64 || self == .decimal128
  }
}
