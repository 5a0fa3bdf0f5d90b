/// The bytes of a document in memory that belongs to somebody else, read without decoding or copying.
///
/// It is what the hot paths work with: finding a field and going through the elements allocate nothing. It
/// works over any bytes; where they are malformed, iteration stops and fields are not found.
public struct RawDocument {
  /// Exactly the bytes of the document.
  public let bytes: UnsafeRawBufferPointer

  /// Takes the document that begins at the buffer's first byte; nil when the length in front is below 5 or
  /// beyond the buffer's end, or no zero byte is at the document's end.
  @inlinable @inline(__always)
  public init?(_ buffer: UnsafeRawBufferPointer) {
    guard buffer.count >= 5 else { return nil }
    let length = Int(buffer.uncheckedInt32(at: 0))
    guard length >= 5, length <= buffer.count, buffer[length - 1] == 0 else {
      return nil
    }
    bytes = length == buffer.count ? buffer : UnsafeRawBufferPointer(rebasing: buffer[0..<length])
  }

  /// Whether there is no element.
  public var isEmpty: Bool { bytes.count == BSONLimits.minimumDocumentSize }

  /// The first value with a name, given as UTF-8 bytes, or nil.
  public func value(forKey key: UnsafeRawBufferPointer) -> RawValue? {
    let end = bytes.count &- 1
    var offset = 4
    while offset < end {
      let type = bytes[offset]
      let keyStart = offset &+ 1
      let keyEnd = bytes.zeroByte(from: keyStart, to: end)
      guard keyEnd >= 0 else { return nil }
      let valueStart = keyEnd &+ 1
      let length = RawValue.length(type: type, in: bytes, at: valueStart, end: end)
      guard length >= 0 else { return nil }
      if keyEnd &- keyStart == key.count, bytes.hasBytes(key, at: keyStart) {
        guard let type = BSONType(rawValue: type) else { return nil }
        return RawValue(
          type: type, bytes: UnsafeRawBufferPointer(rebasing: bytes[valueStart..<valueStart + length]))
      }
      offset = valueStart &+ length
    }
    return nil
  }

  /// The first value with a name, or nil.
  public func value(forKey key: String) -> RawValue? {
    key.withUTF8Bytes { value(forKey: $0) }
  }

  /// The value of the element at an index, counted from 0, whatever the elements' names are, or nil.
  public func value(at index: Int) -> RawValue? {
    var remaining = index
    for element in self {
      if remaining == 0 { return element.value }
      remaining -= 1
    }
    return nil
  }

  /// The value at the end of a path whose parts are separated by dots; a part names a field of a document or
  /// an index of an array.
  public func value(atPath path: String) -> RawValue? {
    path.withUTF8Bytes { value(atPath: $0) }
  }

  /// Like ``value(atPath:)-(String)``, for a path given as UTF-8 bytes.
  public func value(atPath path: UnsafeRawBufferPointer) -> RawValue? {
    var current = self
    var isArray = false
    var start = 0
    while true {
      var end = start
      while end < path.count, path[end] != 0x2E { end += 1 }
      let part = UnsafeRawBufferPointer(rebasing: path[start..<end])
      let found = isArray ? Self.index(part).flatMap { current.value(at: $0) } : current.value(forKey: part)
      guard let found else { return nil }
      if end == path.count { return found }
      guard let next = found.document else { return nil }
      current = next
      isArray = found.type == .array
      start = end + 1
    }
  }

  /// A decimal index without leading zeros, or nil.
  private static func index(_ part: UnsafeRawBufferPointer) -> Int? {
    guard !part.isEmpty, part.count <= 9, part.count == 1 || part[0] != 0x30 else { return nil }
    var value = 0
    for byte in part {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    return value
  }
}

/// An element inside the bytes of a document: a name and a value. Valid as long as a ``RawValue`` is.
public struct RawElement {
  /// The UTF-8 bytes of the name, without the zero behind it.
  public let key: UnsafeRawBufferPointer
  /// The value.
  public let value: RawValue

  @inlinable @inline(__always)
  init(key: UnsafeRawBufferPointer, value: RawValue) {
    self.key = key
    self.value = value
  }

  /// The name as text.
  public var keyString: String { key.text }
}

extension RawDocument: Sequence {
  /// Goes through the elements in order.
  public struct Iterator: IteratorProtocol {
    @usableFromInline let bytes: UnsafeRawBufferPointer
    /// Where the next element begins, counted in the document.
    @usableFromInline var offset: Int
    @usableFromInline var hasBrokenOff = false

    /// Whether the iteration ended because the bytes are malformed.
    public var isMalformed: Bool { hasBrokenOff }

    @inlinable @inline(__always)
    init(_ document: RawDocument, from offset: Int) {
      bytes = document.bytes
      self.offset = offset
    }

    /// The next element; nil at the end, and where the bytes are malformed.
    @inlinable @inline(__always)
    public mutating func next() -> RawElement? {
      let end = bytes.count - 1
      guard offset < end else { return nil }
      let keyStart = offset + 1
      let keyEnd = bytes.zeroByte(from: keyStart, to: end)
      if keyEnd >= 0, let type = BSONType(rawValue: bytes[offset]) {
        let start = keyEnd + 1
        let length = RawValue.length(type: type.rawValue, in: bytes, at: start, end: end)
        if length >= 0 {
          offset = start + length
          return RawElement(
            key: UnsafeRawBufferPointer(rebasing: bytes[keyStart..<keyEnd]),
            value: RawValue(type: type, bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<offset])))
        }
      }
      hasBrokenOff = true
      offset = end
      return nil
    }
  }

  /// Goes through the elements in order.
  @inlinable @inline(__always)
  public func makeIterator() -> Iterator { Iterator(self, from: 4) }

  /// Goes on from an element's beginning that an iterator gave before.
  @inline(__always)
  func makeIterator(from offset: Int) -> Iterator { Iterator(self, from: offset) }
}
