extension UnsafeRawBufferPointer {
  /// Whether the bytes in `start..<end` are UTF-8 in the strict sense of RFC 3629: no overlong forms, no
  /// surrogates, nothing above U+10FFFF. The range must be inside the buffer.
  func isUTF8(from start: Int, to end: Int) -> Bool {
    var position = start
    while position < end {
      // Text is mostly ASCII: eight bytes at a time as long as no top bit is set.
      while end - position >= 8,
        loadUnaligned(fromByteOffset: position, as: UInt64.self) & 0x8080_8080_8080_8080 == 0
      {
        position += 8
      }
      guard position < end else { return true }
      // The last few bytes together, where the buffer has eight and those beyond the end can be masked out.
      let rest = end - position
      if rest < 8, count - position >= 8 {
        let word = UInt64(littleEndian: loadUnaligned(fromByteOffset: position, as: UInt64.self))
        if word << UInt64(64 - 8 * rest) & 0x8080_8080_8080_8080 == 0 { return true }
      }
      let first = self[position]
      if first < 0x80 {
        position += 1
        continue
      }
      let length = multibyteLength(first, at: position, end: end)
      guard length > 0 else { return false }
      position += length
    }
    return true
  }

  /// The length of the character of two to four bytes at `position`, or 0 when it is malformed.
  @inline(__always)
  private func multibyteLength(_ first: UInt8, at position: Int, end: Int) -> Int {
    func isContinuation(_ offset: Int) -> Bool { self[position + offset] & 0xC0 == 0x80 }
    let available = end - position
    switch first {
    case 0xC2...0xDF:
      return available >= 2 && isContinuation(1) ? 2 : 0
    case 0xE0...0xEF:
      guard available >= 3, isContinuation(1), isContinuation(2) else { return 0 }
      let second = self[position + 1]
      if first == 0xE0 && second < 0xA0 { return 0 }
      if first == 0xED && second > 0x9F { return 0 }
      return 3
    case 0xF0...0xF4:
      guard available >= 4, isContinuation(1), isContinuation(2), isContinuation(3) else { return 0 }
      let second = self[position + 1]
      if first == 0xF0 && second < 0x90 { return 0 }
      if first == 0xF4 && second > 0x8F { return 0 }
      return 4
    default:
      return 0
    }
  }
}
