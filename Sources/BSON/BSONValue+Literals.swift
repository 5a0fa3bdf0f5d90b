extension BSONValue: ExpressibleByStringLiteral {
  /// A string.
  public init(stringLiteral value: String) { self = .string(value) }
}

extension BSONValue: ExpressibleByIntegerLiteral {
  /// An int32 where the number fits, else an int64.
  public init(integerLiteral value: Int64) {
    self = Int32(exactly: value).map(BSONValue.int32) ?? .int64(value)
  }
}

extension BSONValue: ExpressibleByFloatLiteral {
  /// A double.
  public init(floatLiteral value: Double) { self = .double(value) }
}

extension BSONValue: ExpressibleByBooleanLiteral {
  /// A boolean.
  public init(booleanLiteral value: Bool) { self = .bool(value) }
}

extension BSONValue: ExpressibleByNilLiteral {
  /// Null.
  public init(nilLiteral: ()) { self = .null }
}

extension BSONValue: ExpressibleByArrayLiteral {
  /// An array.
  public init(arrayLiteral elements: BSONValue...) { self = .array(elements) }
}

extension BSONValue: ExpressibleByDictionaryLiteral {
  /// A document with the fields in the order written.
  public init(dictionaryLiteral elements: (String, BSONValue)...) { self = .document(Document(elements)) }
}
