// Reading little-endian numbers from memory that may be shorter than they are, and appending them.

extension UnsafeRawBufferPointer {
  /// The 32-bit number at `offset`; the caller has checked that `offset + 4` bytes are there.
  @inlinable @inline(__always)
  func uncheckedInt32(at offset: Int) -> Int32 {
    Int32(littleEndian: loadUnaligned(fromByteOffset: offset, as: Int32.self))
  }

  /// The 64-bit number at `offset`; the caller has checked that `offset + 8` bytes are there.
  @inline(__always)
  func uncheckedInt64(at offset: Int) -> Int64 {
    Int64(littleEndian: loadUnaligned(fromByteOffset: offset, as: Int64.self))
  }

  /// The 32-bit number at `offset`, or nil when it does not fit.
  @inline(__always)
  func int32(at offset: Int) -> Int32? {
    offset >= 0 && count >= 4 && offset <= count - 4 ? uncheckedInt32(at: offset) : nil
  }

  /// The 64-bit number at `offset`, or nil when it does not fit.
  @inline(__always)
  func int64(at offset: Int) -> Int64? {
    offset >= 0 && count >= 8 && offset <= count - 8 ? uncheckedInt64(at: offset) : nil
  }

  /// The bytes of a range, or nil when it is not inside the buffer.
  @inline(__always)
  func bytes(_ start: Int, _ end: Int) -> UnsafeRawBufferPointer? {
    guard start >= 0, start <= end, end <= count else { return nil }
    return UnsafeRawBufferPointer(rebasing: self[start..<end])
  }

  /// The offset of the first zero byte in `start..<end`, or -1. `end` must not be beyond the buffer.
  @inlinable @inline(__always)
  func zeroByte(from start: Int, to end: Int) -> Int {
    var position = start
    while end - position >= 8 {
      let word = UInt64(littleEndian: loadUnaligned(fromByteOffset: position, as: UInt64.self))
      let zeros = (word &- 0x0101_0101_0101_0101) & ~word & 0x8080_8080_8080_8080
      if zeros != 0 { return position + zeros.trailingZeroBitCount / 8 }
      position += 8
    }
    while position < end {
      if self[position] == 0 { return position }
      position += 1
    }
    return -1
  }

  /// Whether `other` is what begins at an offset, from which on there are as many bytes.
  @inline(__always)
  func hasBytes(_ other: UnsafeRawBufferPointer, at offset: Int) -> Bool {
    guard let memory = baseAddress, let base = other.baseAddress else { return true }
    let own = memory + offset
    // Names are short: no call for them.
    guard other.count <= 16 else {
      return equalBytes(other, UnsafeRawBufferPointer(start: own, count: other.count))
    }
    for place in 0..<other.count
    where own.load(fromByteOffset: place, as: UInt8.self) != base.load(fromByteOffset: place, as: UInt8.self)
    {
      return false
    }
    return true
  }

  /// The text of the bytes; anything that is not UTF-8 becomes U+FFFD.
  @inline(__always)
  var text: String { String(decoding: self, as: UTF8.self) }
}

extension [UInt8] {
  @inline(__always)
  mutating func appendLittleEndian<T: FixedWidthInteger>(_ value: T) {
    Swift.withUnsafeBytes(of: value.littleEndian) { append(contentsOf: $0) }
  }

  @inline(__always)
  mutating func appendBigEndian<T: FixedWidthInteger>(_ value: T) {
    Swift.withUnsafeBytes(of: value.bigEndian) { append(contentsOf: $0) }
  }

  /// Writes a 32-bit length over the four bytes at `offset`. A length that does not fit is cut off: no
  /// reader accepts the document then, which is better than to trap.
  mutating func patchLength(_ length: Int, at offset: Int) {
    guard offset >= 0, offset <= count - 4 else { return }
    let value = UInt32(truncatingIfNeeded: length)
    self[offset] = UInt8(truncatingIfNeeded: value)
    self[offset + 1] = UInt8(truncatingIfNeeded: value >> 8)
    self[offset + 2] = UInt8(truncatingIfNeeded: value >> 16)
    self[offset + 3] = UInt8(truncatingIfNeeded: value >> 24)
  }

  /// Appends a name with its terminating zero. A zero inside cannot be written and becomes U+FFFD, so that
  /// the name does not turn into another, shorter one.
  @inline(__always)
  mutating func appendName(_ name: String) {
    name.withUTF8Bytes { appendName($0) }
  }

  mutating func appendName(_ name: UnsafeRawBufferPointer) {
    if name.zeroByte(from: 0, to: name.count) < 0 {
      append(contentsOf: name)
    } else {
      for byte in name {
        if byte == 0 { append(contentsOf: [0xEF, 0xBF, 0xBD]) } else { append(byte) }
      }
    }
    append(0)
  }

  /// Appends a string value: its length, its bytes and a zero.
  @inline(__always)
  mutating func appendStringValue(_ string: String) {
    string.withUTF8Bytes { bytes in
      appendLittleEndian(Int32(truncatingIfNeeded: bytes.count &+ 1))
      append(contentsOf: bytes)
    }
    append(0)
  }
}
