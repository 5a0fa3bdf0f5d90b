extension Document {
  /// The value of the first field with a name; nil when there is none. Setting replaces that value in its
  /// place or appends a field; setting nil removes the field.
  public subscript(_ key: String) -> BSONValue? {
    get {
      key.withUTF8Bytes { key in
        withRawDocument { raw in raw.value(forKey: key).flatMap { decode($0, in: raw) } } ?? nil
      }
    }
    set {
      guard let newValue else {
        removeValue(forKey: key)
        return
      }
      guard let range = elementRange(key) else {
        append(key, newValue)
        return
      }
      var bytes: [UInt8] = [newValue.type.rawValue]
      bytes.appendName(key)
      newValue.append(to: &bytes)
      replaceBytes(range, with: bytes)
    }
  }

  /// The value of the first field with a name, or another value when there is none.
  public subscript(_ key: String, default fallback: @autoclosure () -> BSONValue) -> BSONValue {
    self[key] ?? fallback()
  }

  /// Whether a field has the name.
  public func contains(_ key: String) -> Bool {
    withRawDocument { $0.value(forKey: key) != nil } ?? false
  }

  /// Appends a field without looking whether the name is there already. A zero character in the name becomes
  /// U+FFFD, since BSON cannot hold it.
  public mutating func append(_ key: String, _ value: BSONValue) {
    var bytes: [UInt8] = [value.type.rawValue]
    bytes.appendName(key)
    value.append(to: &bytes)
    bytes.append(0)
    // Bytes too short to be a document have no terminator to put the field in front of.
    if length < BSONLimits.minimumDocumentSize { self = Document() }
    replaceBytes(length - 1..<length, with: bytes)
  }

  /// Removes the first field with a name and gives its value; nil when there is none.
  @discardableResult
  public mutating func removeValue(forKey key: String) -> BSONValue? {
    guard let range = elementRange(key) else { return nil }
    let value = self[key]
    replaceBytes(range, with: EmptyCollection())
    return value
  }

  /// The value at the end of a path such as `a.b.0`: each part names a field of a document or, in decimal
  /// digits, an element of an array. Nil when there is none.
  public func value(atPath path: String) -> BSONValue? {
    withRawDocument { raw in raw.value(atPath: path).flatMap { decode($0, in: raw) } } ?? nil
  }

  /// The names of the fields in order.
  public var keys: [String] {
    withRawDocument { raw in raw.map(\.keyString) } ?? []
  }

  /// The values of the fields in order.
  public var values: [BSONValue] { map(\.value) }

  /// The number of fields; takes a walk through the document.
  public var count: Int {
    withRawDocument { raw in raw.reduce(0) { count, _ in count + 1 } } ?? 0
  }

  /// Whether there is no field.
  public var isEmpty: Bool { length <= BSONLimits.minimumDocumentSize }

  /// Decodes a value that lies in this document.
  func decode(_ value: RawValue, in raw: RawDocument) -> BSONValue? {
    switch value.type {
    case .document, .array, .codeWithScope:
      BSONValue(value, owner: raw.bytes.baseAddress.map { (self, $0) })
    default:
      // Nothing in these can share memory, and handing over the document has its price.
      BSONValue(value)
    }
  }

  /// Where the first element with a name is, from its type byte to its end.
  private func elementRange(_ key: String) -> Range<Int>? {
    key.withUTF8Bytes { key -> Range<Int>? in
      withRawDocument { raw -> Range<Int>? in
        guard let base = raw.bytes.baseAddress, let value = raw.value(forKey: key) else { return nil }
        guard let start = value.bytes.baseAddress.map({ $0 - base }) else { return nil }
        return start - key.count - 2..<start + value.bytes.count
      } ?? nil
    }
  }
}

extension Document: Sequence {
  /// A field of a document.
  public typealias Element = (key: String, value: BSONValue)

  /// Goes through the fields in order, decoding each as it comes.
  public struct Iterator: IteratorProtocol {
    private let document: Document
    private var offset = 4

    init(_ document: Document) {
      self.document = document
    }

    /// The next field; nil at the end, and where the bytes are malformed.
    public mutating func next() -> Element? {
      let start = offset
      let found = document.withRawDocument { raw -> (Element, Int)? in
        var iterator = raw.makeIterator(from: start)
        guard let element = iterator.next(), let value = document.decode(element.value, in: raw) else {
          return nil
        }
        return ((element.keyString, value), iterator.offset)
      }
      guard let (element, end) = found ?? nil else {
        offset = Int.max
        return nil
      }
      offset = end
      return element
    }
  }

  /// Goes through the fields in order.
  public func makeIterator() -> Iterator { Iterator(self) }

  /// The number of bytes is no estimate of the number of fields, so there is none.
  public var underestimatedCount: Int { 0 }
}
