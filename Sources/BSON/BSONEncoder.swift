/// Makes BSON of `Encodable` values.
///
/// `Int8` to `Int32`, `UInt8` and `UInt16` become int32, wider integers int64 (whatever their value is, so
/// that a field keeps its type), `Float` and `Double` double. An unsigned integer above `Int64.max` is an
/// error. BSON's own types, and others that are ``BSONRepresentable``, keep their form at any place.
public struct BSONEncoder: Sendable {
  /// Handed to the values that are encoded.
  public var userInfo: [CodingUserInfoKey: any Sendable] = [:]

  /// Makes an encoder.
  public init() {}

  /// Encodes a value that becomes a document.
  /// - Throws: `EncodingError` with the coding path, also when the value becomes something else, or nests
  ///   deeper than ``BSONLimits/maximumDepth``.
  public func encode(_ value: some Encodable) throws -> Document {
    guard case .document(let document) = try encodeValue(value) else {
      throw EncodingError.invalidValue(
        value, .init(codingPath: [], debugDescription: "The value does not encode as a document."))
    }
    return document
  }

  /// Encodes a value that may become any BSON value.
  /// - Throws: `EncodingError` with the coding path.
  public func encodeValue(_ value: some Encodable) throws -> BSONValue {
    let state = EncodingState(userInfo: userInfo)
    let box = EncodingBox()
    // Depth 0: the value's own document or array is level 1.
    try box.store(value, Encoding(state: state, path: [], depth: 0))
    if state.isTooDeep { throw Encoding(state: state, path: [], depth: 0).tooDeep(value) }
    return box.finished()
  }
}

/// What one run of the encoder shares.
final class EncodingState {
  let userInfo: [CodingUserInfoKey: any Sendable]
  /// Set when nested containers were asked for beyond the depth limit, where no error can be thrown.
  var isTooDeep = false

  init(userInfo: [CodingUserInfoKey: any Sendable]) {
    self.userInfo = userInfo
  }
}

/// Where the encoder is.
struct Encoding {
  let state: EncodingState
  let path: [any CodingKey]
  /// How many documents and arrays are around.
  let depth: Int

  func adding(_ key: any CodingKey) -> Encoding {
    Encoding(state: state, path: path + [key], depth: depth + 1)
  }

  func tooDeep(_ value: Any) -> EncodingError {
    invalid(value, "The value nests deeper than \(BSONLimits.maximumDepth) levels.")
  }

  func invalid(_ value: Any, _ message: String) -> EncodingError {
    .invalidValue(value, .init(codingPath: path, debugDescription: message))
  }
}

/// A place for one encoded value. Containers fill it bit by bit, and in any order, so it is a class.
final class EncodingBox {
  /// A value that is there already, or a box that is still being filled.
  enum Item {
    case value(BSONValue)
    case box(EncodingBox)

    func finished() -> BSONValue {
      switch self {
      case .value(let value): value
      case .box(let box): box.finished()
      }
    }
  }

  private enum Content {
    case nothing
    case value(BSONValue)
    case keyed([(key: String, item: Item)])
    case unkeyed([Item])
  }

  private var content = Content.nothing
  /// Where each key is, once there are enough for looking one after the other to be slow.
  private var places: [String: Int] = [:]

  func store(_ value: BSONValue) {
    content = .value(value)
  }

  /// Encodes a value into the box.
  func store<T: Encodable>(_ value: T, _ encoding: Encoding) throws {
    switch try Self.item(value, encoding) {
    case .value(let value): content = .value(value)
    case .box(let box):
      content = box.content
      places = box.places
    }
  }

  /// Encodes a value. `encoding` is asked for only where it is needed, since it has to put together a path.
  @inline(__always)
  static func item<T: Encodable>(_ value: T, _ encoding: @autoclosure () -> Encoding) throws -> Item {
    if let primitive = value as? any BSONPrimitive {
      guard let result = primitive.primitiveValue else {
        throw encoding().invalid(value, "The integer does not fit 64 bits with a sign.")
      }
      return .value(result)
    }
    if let native = value as? any BSONRepresentable { return .value(native.bsonValue) }
    let encoding = encoding()
    guard encoding.depth < BSONLimits.maximumDepth else { throw encoding.tooDeep(value) }
    let box = EncodingBox()
    try value.encode(to: ValueEncoder(box: box, encoding: encoding))
    return .box(box)
  }

  func beginKeyed() {
    if case .keyed = content { return }
    content = .keyed([])
  }

  func beginUnkeyed() {
    if case .unkeyed = content { return }
    content = .unkeyed([])
  }

  /// Puts an item under a key, in place of the one there is when the key was used before.
  func set(_ key: String, _ item: Item) {
    var children: [(key: String, item: Item)] = []
    if case .keyed(let existing) = content { children = existing }
    // Kept out of the enum while it grows, or each growth would copy it.
    content = .nothing
    let place = children.count < 16 ? children.firstIndex { $0.key == key } : places[key]
    if let place {
      children[place].item = item
    } else {
      children.append((key, item))
      if children.count == 16 {
        for (index, child) in children.enumerated() { places[child.key] = index }
      } else if children.count > 16 {
        places[key] = children.count - 1
      }
    }
    content = .keyed(children)
  }

  /// The box under a key: the one there is, so that a container can be asked for twice, or a new one.
  func child(_ key: String) -> EncodingBox {
    if case .keyed(let children) = content {
      let place = children.count < 16 ? children.firstIndex { $0.key == key } : places[key]
      if let place, case .box(let box) = children[place].item { return box }
    }
    let box = EncodingBox()
    set(key, .box(box))
    return box
  }

  func append(_ item: Item) {
    var elements: [Item] = []
    if case .unkeyed(let existing) = content { elements = existing }
    content = .nothing
    elements.append(item)
    content = .unkeyed(elements)
  }

  func newElement() -> EncodingBox {
    let box = EncodingBox()
    append(.box(box))
    return box
  }

  var elementCount: Int {
    if case .unkeyed(let elements) = content { elements.count } else { 0 }
  }

  /// The value; what encoded nothing at all is an empty document.
  func finished() -> BSONValue {
    switch content {
    case .nothing: .document(Document())
    case .value(let value): value
    case .keyed(let children): .document(Document(children.lazy.map { ($0.key, $0.item.finished()) }))
    case .unkeyed(let elements): .array(elements.map { $0.finished() })
    }
  }
}
