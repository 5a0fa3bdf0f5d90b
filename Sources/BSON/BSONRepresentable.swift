/// A type that knows its own BSON form.
///
/// ``BSONEncoder`` and ``BSONDecoder`` use that form instead of what the type does as `Codable`. Conform a
/// type of another module, such as Foundation's `Date`, `Data` and `UUID`, to give it a fitting BSON type.
public protocol BSONRepresentable {
  /// The value as BSON.
  var bsonValue: BSONValue { get }

  /// Makes the value from BSON; nil when the BSON value is of the wrong type or out of range.
  init?(bsonValue: BSONValue)
}

extension BSONValue: BSONRepresentable {
  /// The value itself.
  public var bsonValue: BSONValue { self }
  /// Takes the value as it is.
  public init?(bsonValue: BSONValue) { self = bsonValue }
}

extension Document: BSONRepresentable {
  /// The document as a value.
  public var bsonValue: BSONValue { .document(self) }
  /// Takes a document.
  public init?(bsonValue: BSONValue) {
    guard case .document(let value) = bsonValue else { return nil }
    self = value
  }
}

extension ObjectID: BSONRepresentable {
  /// The object ID as a value.
  public var bsonValue: BSONValue { .objectID(self) }
  /// Takes an object ID.
  public init?(bsonValue: BSONValue) {
    guard case .objectID(let value) = bsonValue else { return nil }
    self = value
  }
}

extension Decimal128: BSONRepresentable {
  /// The number as a value.
  public var bsonValue: BSONValue { .decimal128(self) }
  /// Takes a number of any type that has at most 34 digits.
  public init?(bsonValue: BSONValue) {
    guard let value = bsonValue.decimal128Value else { return nil }
    self = value
  }
}

extension BSONDateTime: BSONRepresentable {
  /// The date as a value.
  public var bsonValue: BSONValue { .dateTime(self) }
  /// Takes a date.
  public init?(bsonValue: BSONValue) {
    guard case .dateTime(let value) = bsonValue else { return nil }
    self = value
  }
}

extension BSONTimestamp: BSONRepresentable {
  /// The timestamp as a value.
  public var bsonValue: BSONValue { .timestamp(self) }
  /// Takes a timestamp.
  public init?(bsonValue: BSONValue) {
    guard case .timestamp(let value) = bsonValue else { return nil }
    self = value
  }
}

extension BSONBinary: BSONRepresentable {
  /// The binary data as a value.
  public var bsonValue: BSONValue { .binary(self) }
  /// Takes binary data.
  public init?(bsonValue: BSONValue) {
    guard case .binary(let value) = bsonValue else { return nil }
    self = value
  }
}

extension BSONRegex: BSONRepresentable {
  /// The regular expression as a value.
  public var bsonValue: BSONValue { .regex(self) }
  /// Takes a regular expression.
  public init?(bsonValue: BSONValue) {
    guard case .regex(let value) = bsonValue else { return nil }
    self = value
  }
}

extension BSONCodeWithScope: BSONRepresentable {
  /// The code as a value.
  public var bsonValue: BSONValue { .codeWithScope(self) }
  /// Takes code with scope.
  public init?(bsonValue: BSONValue) {
    guard case .codeWithScope(let value) = bsonValue else { return nil }
    self = value
  }
}

extension BSONDBPointer: BSONRepresentable {
  /// The DBPointer as a value.
  public var bsonValue: BSONValue { .dbPointer(self) }
  /// Takes a DBPointer.
  public init?(bsonValue: BSONValue) {
    guard case .dbPointer(let value) = bsonValue else { return nil }
    self = value
  }
}
