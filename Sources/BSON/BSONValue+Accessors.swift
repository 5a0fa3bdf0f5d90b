extension BSONValue {
  /// The text of a string or a symbol.
  public var stringValue: String? {
    switch self {
    case .string(let value), .symbol(let value): value
    default: nil
    }
  }

  /// A number of any type as an integer, when it is one and fits 64 bits.
  public var int64Value: Int64? {
    switch self {
    case .int32(let value): Int64(value)
    case .int64(let value): value
    case .double(let value): Int64(exactly: value)
    case .decimal128(let value): value.int64Value
    default: nil
    }
  }

  /// A number of any type as an `Int`, when it is a whole number that fits.
  public var intValue: Int? { int64Value.flatMap { Int(exactly: $0) } }

  /// A number of any type as the nearest double.
  public var doubleValue: Double? {
    switch self {
    case .double(let value): value
    case .int32(let value): Double(value)
    case .int64(let value): Double(value)
    case .decimal128(let value): value.doubleValue
    default: nil
    }
  }

  /// A number of any type as a decimal, when it has at most 34 digits.
  public var decimal128Value: Decimal128? {
    switch self {
    case .decimal128(let value): value
    case .int32(let value): Decimal128(Int64(value))
    case .int64(let value): Decimal128(value)
    case .double(let value): Decimal128(exactly: value)
    default: nil
    }
  }

  /// A boolean.
  public var boolValue: Bool? { if case .bool(let value) = self { value } else { nil } }

  /// A document.
  public var documentValue: Document? { if case .document(let value) = self { value } else { nil } }

  /// The elements of an array.
  public var arrayValue: [BSONValue]? { if case .array(let value) = self { value } else { nil } }

  /// Binary data.
  public var binaryValue: BSONBinary? { if case .binary(let value) = self { value } else { nil } }

  /// An object ID.
  public var objectIDValue: ObjectID? { if case .objectID(let value) = self { value } else { nil } }

  /// A date.
  public var dateTimeValue: BSONDateTime? { if case .dateTime(let value) = self { value } else { nil } }

  /// A timestamp.
  public var timestampValue: BSONTimestamp? { if case .timestamp(let value) = self { value } else { nil } }

  /// A regular expression.
  public var regexValue: BSONRegex? { if case .regex(let value) = self { value } else { nil } }

  /// Whether the value is null or undefined.
  public var isNull: Bool {
    switch self {
    case .null, .undefined: true
    default: false
    }
  }

  /// Whether the value is a number of any of the four types.
  public var isNumber: Bool { type.isNumber }
}
