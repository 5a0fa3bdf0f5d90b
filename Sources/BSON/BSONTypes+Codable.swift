// The BSON types as `Codable`. BSONEncoder and BSONDecoder never come here, since the types are
// BSONRepresentable; these are the forms that other coders write and read.

extension ObjectID: Codable {
  /// Writes the 24 hexadecimal digits.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(hexString)
  }

  /// Reads 24 hexadecimal digits.
  public init(from decoder: any Decoder) throws {
    self = try decoder.parse("an object ID") { ObjectID($0) }
  }
}

extension Decimal128: Codable {
  /// Writes the number's text.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }

  /// Reads the number's text.
  public init(from decoder: any Decoder) throws {
    self = try decoder.parse("a decimal number") { Decimal128($0) }
  }
}

extension BSONDateTime: Codable {
  /// Writes the milliseconds.
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(milliseconds)
  }

  /// Reads the milliseconds.
  public init(from decoder: any Decoder) throws {
    self.init(milliseconds: try decoder.singleValueContainer().decode(Int64.self))
  }
}

extension BSONValue: Codable {
  /// Writes the value as a string of canonical Extended JSON.
  public func encode(to encoder: any Encoder) throws { try encodeExtendedJSON(to: encoder) }

  /// Reads a string of Extended JSON.
  public init(from decoder: any Decoder) throws {
    self = try decoder.parse("Extended JSON") { try? BSONValue(extendedJSON: $0) }
  }
}

extension Document: Codable {
  /// Writes the document as a string of canonical Extended JSON.
  public func encode(to encoder: any Encoder) throws { try bsonValue.encodeExtendedJSON(to: encoder) }
  /// Reads a string of Extended JSON.
  public init(from decoder: any Decoder) throws { self = try decoder.parseExtendedJSON() }
}

extension BSONTimestamp: Codable {
  /// Writes the timestamp as a string of canonical Extended JSON.
  public func encode(to encoder: any Encoder) throws { try bsonValue.encodeExtendedJSON(to: encoder) }
  /// Reads a string of Extended JSON.
  public init(from decoder: any Decoder) throws { self = try decoder.parseExtendedJSON() }
}

extension BSONBinary: Codable {
  /// Writes the binary data as a string of canonical Extended JSON.
  public func encode(to encoder: any Encoder) throws { try bsonValue.encodeExtendedJSON(to: encoder) }
  /// Reads a string of Extended JSON.
  public init(from decoder: any Decoder) throws { self = try decoder.parseExtendedJSON() }
}

extension BSONRegex: Codable {
  /// Writes the regular expression as a string of canonical Extended JSON.
  public func encode(to encoder: any Encoder) throws { try bsonValue.encodeExtendedJSON(to: encoder) }
  /// Reads a string of Extended JSON.
  public init(from decoder: any Decoder) throws { self = try decoder.parseExtendedJSON() }
}

extension BSONCodeWithScope: Codable {
  /// Writes the code as a string of canonical Extended JSON.
  public func encode(to encoder: any Encoder) throws { try bsonValue.encodeExtendedJSON(to: encoder) }
  /// Reads a string of Extended JSON.
  public init(from decoder: any Decoder) throws { self = try decoder.parseExtendedJSON() }
}

extension BSONDBPointer: Codable {
  /// Writes the DBPointer as a string of canonical Extended JSON.
  public func encode(to encoder: any Encoder) throws { try bsonValue.encodeExtendedJSON(to: encoder) }
  /// Reads a string of Extended JSON.
  public init(from decoder: any Decoder) throws { self = try decoder.parseExtendedJSON() }
}

extension BSONValue {
  fileprivate func encodeExtendedJSON(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(extendedJSON(.canonical))
  }
}

extension Decoder {
  /// Reads a string and makes something of it.
  fileprivate func parse<T>(_ what: String, _ make: (String) -> T?) throws -> T {
    let container = try singleValueContainer()
    guard let value = make(try container.decode(String.self)) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "The string is not \(what).")
    }
    return value
  }

  /// Reads a string of Extended JSON for a value of one type.
  fileprivate func parseExtendedJSON<T: BSONRepresentable>() throws -> T {
    try parse("Extended JSON of the right type") { text in
      (try? BSONValue(extendedJSON: text)).flatMap { T(bsonValue: $0) }
    }
  }
}
