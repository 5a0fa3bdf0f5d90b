/// Makes `Decodable` values of BSON.
///
/// Integers are made from numbers of any type that are whole and fit, floating-point numbers from any number;
/// null and undefined are nil. BSON's own types, and others that are ``BSONRepresentable``, are taken as they
/// are at any place.
public struct BSONDecoder: Sendable {
  /// Handed to the values that are decoded.
  public var userInfo: [CodingUserInfoKey: any Sendable] = [:]

  /// Makes a decoder.
  public init() {}

  /// Decodes a value from a document.
  /// - Throws: `DecodingError` with the coding path.
  public func decode<T: Decodable>(_ type: T.Type = T.self, from document: Document) throws -> T {
    try decode(type, from: .document(document))
  }

  /// Decodes a value from any BSON value.
  /// - Throws: `DecodingError` with the coding path.
  public func decode<T: Decodable>(_ type: T.Type = T.self, from value: BSONValue) throws -> T {
    try ValueDecoder(value: value, path: [], userInfo: userInfo, depth: 0).decode(type)
  }
}

/// The decoder that one value decodes itself from.
struct ValueDecoder: Decoder {
  let value: BSONValue
  let path: [any CodingKey]
  let sharedInfo: [CodingUserInfoKey: any Sendable]
  let depth: Int

  init(value: BSONValue, path: [any CodingKey], userInfo: [CodingUserInfoKey: any Sendable], depth: Int) {
    self.value = value
    self.path = path
    sharedInfo = userInfo
    self.depth = depth
  }

  var codingPath: [any CodingKey] { path }
  var userInfo: [CodingUserInfoKey: Any] { sharedInfo }

  func child(_ value: BSONValue, _ key: any CodingKey) -> ValueDecoder {
    ValueDecoder(value: value, path: path + [key], userInfo: sharedInfo, depth: depth + 1)
  }

  /// Decodes a value inside this one. The path to it is put together only where it is needed.
  @inline(__always)
  func decode<T: Decodable>(_ type: T.Type, _ value: BSONValue, _ key: @autoclosure () -> any CodingKey)
    throws -> T
  {
    if let primitive = type as? any BSONPrimitive.Type, let result = primitive.made(from: value) as? T {
      return result
    }
    return try child(value, key()).decode(type)
  }

  /// Decodes the value as a type.
  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    if let primitive = type as? any BSONPrimitive.Type {
      guard let result = try decodePrimitive(primitive) as? T else { throw mismatch(type) }
      return result
    }
    if let native = type as? any BSONRepresentable.Type {
      guard let result = native.init(bsonValue: value) as? T else { throw mismatch(type) }
      return result
    }
    guard depth <= BSONLimits.maximumDepth else {
      throw corrupted("The value nests deeper than \(BSONLimits.maximumDepth) levels.")
    }
    return try T(from: self)
  }

  private func decodePrimitive<T: BSONPrimitive>(_ type: T.Type) throws -> T {
    switch type.make(from: value) {
    case .value(let result): return result
    case .mismatch: throw mismatch(type)
    case .outOfRange: throw corrupted("The number does not fit \(type).")
    }
  }

  func mismatch(_ type: Any.Type) -> DecodingError {
    if value.isNull {
      return .valueNotFound(
        type, .init(codingPath: path, debugDescription: "Expected \(type), but found null."))
    }
    return .typeMismatch(
      type,
      .init(
        codingPath: path,
        debugDescription: "Expected \(type), but found a value of the type \(value.type.name)."))
  }

  func corrupted(_ message: String) -> DecodingError {
    .dataCorrupted(.init(codingPath: path, debugDescription: message))
  }

  func container<Key: CodingKey>(keyedBy type: Key.Type) throws -> KeyedDecodingContainer<Key> {
    guard case .document(let document) = value else { throw mismatch(Document.self) }
    return KeyedDecodingContainer(KeyedDecoding(document: document, decoder: self))
  }

  func unkeyedContainer() throws -> any UnkeyedDecodingContainer {
    guard case .array(let elements) = value else { throw mismatch([BSONValue].self) }
    return UnkeyedDecoding(elements: elements, decoder: self)
  }

  func singleValueContainer() throws -> any SingleValueDecodingContainer {
    SingleValueDecoding(decoder: self)
  }
}

private struct SingleValueDecoding: SingleValueDecodingContainer {
  let decoder: ValueDecoder

  var codingPath: [any CodingKey] { decoder.path }

  func decodeNil() -> Bool { decoder.value.isNull }

  func decode<T: Decodable>(_ type: T.Type) throws -> T {
    // A value that decodes as another adds no level of BSON, but must not go on for ever either.
    try ValueDecoder(
      value: decoder.value, path: decoder.path, userInfo: decoder.sharedInfo, depth: decoder.depth + 1
    ).decode(type)
  }
}
