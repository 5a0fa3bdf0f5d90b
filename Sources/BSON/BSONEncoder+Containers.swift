/// The encoder that one value encodes itself to.
struct ValueEncoder: Encoder {
  let box: EncodingBox
  let encoding: Encoding

  var codingPath: [any CodingKey] { encoding.path }
  var userInfo: [CodingUserInfoKey: Any] { encoding.state.userInfo }

  func container<Key: CodingKey>(keyedBy type: Key.Type) -> KeyedEncodingContainer<Key> {
    box.beginKeyed()
    return KeyedEncodingContainer(KeyedEncoding(box: box, encoding: encoding))
  }

  func unkeyedContainer() -> any UnkeyedEncodingContainer {
    box.beginUnkeyed()
    return UnkeyedEncoding(box: box, encoding: encoding)
  }

  func singleValueContainer() -> any SingleValueEncodingContainer {
    SingleValueEncoding(box: box, encoding: encoding)
  }
}

extension Encoding {
  /// The place of a container inside another. Beyond the depth limit it is a box that nobody keeps, and the
  /// encoding as a whole fails: a chain of boxes as long as the data wants would exhaust the stack.
  func nested(_ box: EncodingBox, _ key: any CodingKey) -> (EncodingBox, Encoding) {
    if depth + 1 >= BSONLimits.maximumDepth {
      state.isTooDeep = true
      return (EncodingBox(), self)
    }
    return (box, adding(key))
  }
}

/// A key where the standard library has none to offer.
struct BSONCodingKey: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(stringValue: String) {
    self.stringValue = stringValue
    intValue = nil
  }

  init(intValue: Int) {
    stringValue = String(intValue)
    self.intValue = intValue
  }

  static let superKey = BSONCodingKey(stringValue: "super")
}

private struct KeyedEncoding<Key: CodingKey>: KeyedEncodingContainerProtocol {
  let box: EncodingBox
  let encoding: Encoding

  var codingPath: [any CodingKey] { encoding.path }

  private func name(_ key: Key) throws -> String {
    let name = key.stringValue
    guard !name.utf8.contains(0) else {
      throw encoding.adding(key).invalid(name, "The key contains a zero character.")
    }
    return name
  }

  func encodeNil(forKey key: Key) throws { box.set(try name(key), .value(.null)) }

  func encode<T: Encodable>(_ value: T, forKey key: Key) throws {
    let item = try EncodingBox.item(value, encoding.adding(key))
    box.set(try name(key), item)
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type, forKey key: Key
  ) -> KeyedEncodingContainer<NestedKey> {
    nestedEncoder(key).container(keyedBy: keyType)
  }

  func nestedUnkeyedContainer(forKey key: Key) -> any UnkeyedEncodingContainer {
    nestedEncoder(key).unkeyedContainer()
  }

  func superEncoder() -> any Encoder { nestedEncoder(BSONCodingKey.superKey) }

  func superEncoder(forKey key: Key) -> any Encoder { nestedEncoder(key) }

  private func nestedEncoder(_ key: any CodingKey) -> ValueEncoder {
    // No error can be thrown here; a zero in the name becomes U+FFFD when the document is written.
    let (box, encoding) = encoding.nested(box.child(key.stringValue), key)
    return ValueEncoder(box: box, encoding: encoding)
  }
}

private struct UnkeyedEncoding: UnkeyedEncodingContainer {
  let box: EncodingBox
  let encoding: Encoding

  var codingPath: [any CodingKey] { encoding.path }
  var count: Int { box.elementCount }

  private var nextKey: BSONCodingKey { BSONCodingKey(intValue: count) }

  func encodeNil() throws { box.append(.value(.null)) }

  func encode<T: Encodable>(_ value: T) throws {
    box.append(try EncodingBox.item(value, encoding.adding(nextKey)))
  }

  func nestedContainer<NestedKey: CodingKey>(
    keyedBy keyType: NestedKey.Type
  ) -> KeyedEncodingContainer<NestedKey> {
    nestedEncoder().container(keyedBy: keyType)
  }

  func nestedUnkeyedContainer() -> any UnkeyedEncodingContainer { nestedEncoder().unkeyedContainer() }

  func superEncoder() -> any Encoder { nestedEncoder() }

  private func nestedEncoder() -> ValueEncoder {
    let key = nextKey
    let (box, encoding) = encoding.nested(box.newElement(), key)
    return ValueEncoder(box: box, encoding: encoding)
  }
}

private struct SingleValueEncoding: SingleValueEncodingContainer {
  let box: EncodingBox
  let encoding: Encoding

  var codingPath: [any CodingKey] { encoding.path }

  func encodeNil() throws { box.store(.null) }

  func encode<T: Encodable>(_ value: T) throws {
    // A value that encodes as another adds no level of BSON, but must not go on for ever either.
    let inner = Encoding(state: encoding.state, path: encoding.path, depth: encoding.depth + 1)
    try box.store(value, inner)
  }
}
