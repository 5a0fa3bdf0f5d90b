/// Writes a document's bytes field by field, faster than ``Document/append(_:_:)``.
///
/// A zero character in a name becomes U+FFFD, since BSON cannot hold it. Documents and arrays that were begun
/// and not ended are ended by ``finish()``. The sizes and the nesting are not limited;
/// ``Document/validate()`` says whether the result is acceptable.
public struct DocumentBuilder: Sendable {
  private var bytes: [UInt8]
  /// Where the documents and arrays that are open begin; and the index of the next element for arrays, -1 for
  /// documents.
  private var open: [(start: Int, index: Int)]

  /// Makes an empty builder.
  /// - Parameter capacity: how many bytes to reserve.
  public init(reservingCapacity capacity: Int = 0) {
    bytes = []
    bytes.reserveCapacity(capacity)
    bytes.append(contentsOf: [0, 0, 0, 0])
    open = []
  }

  /// How many bytes have been written so far.
  public var byteCount: Int { bytes.count }

  /// Whether an array is open, so that the names given are ignored and indexes written instead.
  private var isInArray: Bool { (open.last?.index ?? -1) >= 0 }

  @inline(__always)
  private mutating func begin(_ type: BSONType, _ key: String) {
    bytes.append(type.rawValue)
    if isInArray { appendNextIndex() } else { bytes.appendName(key) }
  }

  private mutating func appendNextIndex() {
    bytes.appendIndex(open[open.count - 1].index)
    open[open.count - 1].index += 1
  }

  /// Appends a field. In an array the name is ignored, and the next index is used.
  public mutating func append(_ key: String, _ value: BSONValue) {
    begin(value.type, key)
    value.append(to: &bytes)
  }

  /// Appends an element of an array; in a document it is a field with an empty name.
  public mutating func append(_ value: BSONValue) { append("", value) }

  /// Appends a string.
  public mutating func append(_ key: String, string value: String) {
    begin(.string, key)
    bytes.appendStringValue(value)
  }

  /// Appends an int32.
  public mutating func append(_ key: String, int32 value: Int32) {
    begin(.int32, key)
    bytes.appendLittleEndian(value)
  }

  /// Appends an int64.
  public mutating func append(_ key: String, int64 value: Int64) {
    begin(.int64, key)
    bytes.appendLittleEndian(value)
  }

  /// Appends a double.
  public mutating func append(_ key: String, double value: Double) {
    begin(.double, key)
    bytes.appendLittleEndian(value.bitPattern)
  }

  /// Appends a boolean.
  public mutating func append(_ key: String, bool value: Bool) {
    begin(.bool, key)
    bytes.append(value ? 1 : 0)
  }

  /// Appends an object ID.
  public mutating func append(_ key: String, objectID value: ObjectID) {
    begin(.objectID, key)
    value.append(to: &bytes)
  }

  /// Appends a document.
  public mutating func append(_ key: String, document value: Document) {
    begin(.document, key)
    value.withUnsafeBytes { bytes.append(contentsOf: $0) }
  }

  /// Appends a value whose bytes are taken over as they are.
  public mutating func append(_ key: String, raw value: RawValue) {
    begin(value.type, key)
    bytes.append(contentsOf: value.bytes)
  }

  /// Appends an element of another document as it is, name and value. In an array the name is ignored.
  public mutating func append(_ element: RawElement) {
    bytes.append(element.value.type.rawValue)
    if isInArray { appendNextIndex() } else { bytes.appendName(element.key) }
    bytes.append(contentsOf: element.value.bytes)
  }

  /// Appends all elements of a valid document as they are. Not for arrays.
  package mutating func append(elementsOf document: Document) {
    document.withUnsafeBytes { source in
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: source[4..<source.count - 1]))
    }
  }

  /// Begins a document; what is appended next goes into it, until ``end()``.
  public mutating func beginDocument(_ key: String = "") {
    begin(.document, key)
    open.append((bytes.count, -1))
    bytes.append(contentsOf: [0, 0, 0, 0])
  }

  /// Begins an array; what is appended next goes into it, until ``end()``.
  public mutating func beginArray(_ key: String = "") {
    begin(.array, key)
    open.append((bytes.count, 0))
    bytes.append(contentsOf: [0, 0, 0, 0])
  }

  /// Ends the document or array begun last; without one, nothing happens.
  public mutating func end() {
    guard let last = open.popLast() else { return }
    bytes.append(0)
    bytes.patchLength(bytes.count - last.start, at: last.start)
  }

  /// Ends everything that is open and gives the document. The builder is empty afterwards.
  public mutating func finish() -> Document {
    while !open.isEmpty { end() }
    bytes.append(0)
    bytes.patchLength(bytes.count, at: 0)
    let document = Document(trusted: bytes)
    self = DocumentBuilder()
    return document
  }
}
