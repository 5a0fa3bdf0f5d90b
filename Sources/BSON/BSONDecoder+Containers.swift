struct KeyedDecoding<Key: CodingKey>: KeyedDecodingContainerProtocol {
  let document: Document
  let decoder: ValueDecoder

  var codingPath: [any CodingKey] { decoder.path }
  var allKeys: [Key] { document.keys.compactMap { Key(stringValue: $0) } }

  func contains(_ key: Key) -> Bool { document.contains(key.stringValue) }

  /// The decoder for a field, which must exist.
  private func child(_ key: any CodingKey) throws -> ValueDecoder {
    decoder.child(try value(key), key)
  }

  /// The value of a field, which must exist.
  private func value(_ key: any CodingKey) throws -> BSONValue {
    guard let value = document[key.stringValue] else {
      throw DecodingError.keyNotFound(
        key,
        .init(codingPath: decoder.path, debugDescription: "The document has no field \(key.stringValue)."))
    }
    return value
  }

  func decodeNil(forKey key: Key) throws -> Bool { try value(key).isNull }

  func decode<T: Decodable>(_ type: T.Type, forKey key: Key) throws -> T {
    try decoder.decode(type, try value(key), key)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type, forKey key: Key
  ) throws -> KeyedDecodingContainer<NestedKey> {
    try child(key).container(keyedBy: type)
  }

  func nestedUnkeyedContainer(forKey key: Key) throws -> any UnkeyedDecodingContainer {
    try child(key).unkeyedContainer()
  }

  func superDecoder() throws -> any Decoder { superDecoder(named: BSONCodingKey.superKey) }

  func superDecoder(forKey key: Key) throws -> any Decoder { superDecoder(named: key) }

  /// A super class without anything to decode may have no field of its own.
  private func superDecoder(named key: any CodingKey) -> any Decoder {
    decoder.child(document[key.stringValue] ?? .null, key)
  }
}

struct UnkeyedDecoding: UnkeyedDecodingContainer {
  let elements: [BSONValue]
  let decoder: ValueDecoder
  private(set) var currentIndex = 0

  init(elements: [BSONValue], decoder: ValueDecoder) {
    self.elements = elements
    self.decoder = decoder
  }

  var codingPath: [any CodingKey] { decoder.path }
  var count: Int? { elements.count }
  var isAtEnd: Bool { currentIndex >= elements.count }

  /// The decoder for the next element, which stays the next until it has been decoded.
  private func child(_ type: Any.Type) throws -> ValueDecoder {
    let key = BSONCodingKey(intValue: currentIndex)
    guard currentIndex < elements.count else {
      throw DecodingError.valueNotFound(
        type, .init(codingPath: decoder.path + [key], debugDescription: "The array has no more elements."))
    }
    return decoder.child(elements[currentIndex], key)
  }

  mutating func decodeNil() throws -> Bool {
    guard try child(Never.self).value.isNull else { return false }
    currentIndex += 1
    return true
  }

  mutating func decode<T: Decodable>(_ type: T.Type) throws -> T {
    guard currentIndex < elements.count else { return try child(type).decode(type) }
    let result = try decoder.decode(type, elements[currentIndex], BSONCodingKey(intValue: currentIndex))
    currentIndex += 1
    return result
  }

  mutating func nestedContainer<NestedKey: CodingKey>(
    keyedBy type: NestedKey.Type
  ) throws -> KeyedDecodingContainer<NestedKey> {
    let container = try child(Document.self).container(keyedBy: type)
    currentIndex += 1
    return container
  }

  mutating func nestedUnkeyedContainer() throws -> any UnkeyedDecodingContainer {
    let container = try child([BSONValue].self).unkeyedContainer()
    currentIndex += 1
    return container
  }

  mutating func superDecoder() throws -> any Decoder {
    let decoder = try child(BSONValue.self)
    currentIndex += 1
    return decoder
  }
}
