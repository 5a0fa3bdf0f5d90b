/// A BSON document: its bytes, and a view of them that decodes only what is asked for.
///
/// Fields keep their order, and names may occur more than once; looking up a name finds the first field of
/// that name. Equality and hashing look at the bytes.
///
/// A document from ``init(validating:)`` is well-formed. One from ``init(trusted:)`` may be anything: where
/// its bytes are malformed it seems to end, and nothing traps.
public struct Document: Sendable {
  /// The memory that the document is in; a sub-document may share that of the document around it.
  @usableFromInline private(set) var storage: [UInt8]
  @usableFromInline private(set) var offset: Int
  @usableFromInline private(set) var length: Int

  private static let emptyBytes: [UInt8] = [5, 0, 0, 0, 0]

  /// An empty document.
  public init() {
    self.init(trusted: Self.emptyBytes)
  }

  /// Takes bytes that have been validated before, without looking at them.
  public init(trusted bytes: [UInt8]) {
    storage = bytes
    offset = 0
    length = bytes.count
  }

  /// Copies the bytes of a raw document, without looking at them.
  public init(_ raw: RawDocument) {
    self.init(trusted: [UInt8](raw.bytes))
  }

  private init(storage: [UInt8], offset: Int, length: Int) {
    self.storage = storage
    self.offset = offset
    self.length = length
  }

  /// Takes fields in order. A zero character in a name becomes U+FFFD, since BSON cannot hold it.
  public init(_ fields: some Sequence<(String, BSONValue)>) {
    var bytes: [UInt8] = [0, 0, 0, 0]
    for (key, value) in fields {
      bytes.append(value.type.rawValue)
      bytes.appendName(key)
      value.append(to: &bytes)
    }
    bytes.append(0)
    bytes.patchLength(bytes.count, at: 0)
    self.init(trusted: bytes)
  }

  /// The bytes of the document.
  public var bytes: [UInt8] {
    offset == 0 && length == storage.count ? storage : Array(storage[offset..<offset + length])
  }

  /// The size of the document in bytes.
  public var byteCount: Int { length }

  /// Runs `body` over the bytes of the document, which are valid only there.
  @inlinable @inline(__always)
  public func withUnsafeBytes<R, E: Error>(
    _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try storage.withUnsafeBufferPointer { (buffer) throws(E) -> R in
      try body(
        UnsafeRawBufferPointer(
          rebasing: UnsafeRawBufferPointer(buffer)[offset..<offset + length]))
    }
  }

  /// Runs `body` over the raw form of the document, which is valid only there; nil for malformed bytes.
  @inlinable @inline(__always)
  public func withRawDocument<R, E: Error>(_ body: (RawDocument) throws(E) -> R) throws(E) -> R? {
    try withUnsafeBytes { (buffer) throws(E) -> R? in
      guard let raw = RawDocument(buffer) else { return nil }
      return try body(raw)
    }
  }

  /// A document inside this one: shared memory when it is a good part of it or all is small, else a copy, so
  /// that a small piece does not keep a large document alive.
  func part(at start: Int, count: Int) -> Document {
    guard start >= 0, count >= 0, start <= length, count <= length - start else { return Document() }
    if storage.count <= 4096 || count >= storage.count / 4 {
      return Document(storage: storage, offset: offset + start, length: count)
    }
    return Document(trusted: Array(storage[offset + start..<offset + start + count]))
  }

  /// Replaces the bytes in `range` (counted in the document) and corrects the document's length.
  mutating func replaceBytes(_ range: Range<Int>, with bytes: some Collection<UInt8>) {
    if offset != 0 || length != storage.count {
      storage = Array(storage[offset..<offset + length])
      offset = 0
    }
    storage.replaceSubrange(range, with: bytes)
    storage.patchLength(storage.count, at: 0)
    length = storage.count
  }
}

extension Document: Hashable {
  /// Whether two documents have the same bytes.
  public static func == (left: Document, right: Document) -> Bool {
    left.withUnsafeBytes { a in right.withUnsafeBytes { b in equalBytes(a, b) } }
  }

  /// Hashes the bytes.
  public func hash(into hasher: inout Hasher) {
    withUnsafeBytes { hasher.combine(bytes: $0) }
  }
}

extension Document: ExpressibleByDictionaryLiteral {
  /// A document with the fields in the order written.
  public init(dictionaryLiteral elements: (String, BSONValue)...) { self.init(elements) }
}

extension Document: CustomStringConvertible {
  /// The document as relaxed Extended JSON.
  public var description: String { extendedJSON(.relaxed) }
}
