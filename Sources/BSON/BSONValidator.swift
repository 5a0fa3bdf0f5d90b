/// Checks bytes that may be anything for being one well-formed document, in one pass without allocating.
struct BSONValidator {
  private let buffer: UnsafeRawBufferPointer
  /// What was found wrong first.
  private(set) var failure: BSONError?
  /// Whether an array's names are not its indexes, or a regular expression's options are not sorted: other
  /// programs accept that, but it is not how a document is written.
  private(set) var isDegenerate = false

  init(_ buffer: UnsafeRawBufferPointer) {
    self.buffer = buffer
  }

  /// Whether the whole buffer is one document.
  mutating func validate() -> Bool {
    if buffer.count > BSONLimits.maximumDocumentSize {
      return fail(.sizeExceeded, "The document is larger than 16 MiB.", at: 0) >= 0
    }
    let end = document(at: 0, limit: buffer.count, depth: 1, isArray: false)
    guard end >= 0 else { return false }
    guard end == buffer.count else {
      return fail(.trailingBytes, "There are bytes after the end of the document.", at: end) >= 0
    }
    return true
  }

  /// Notes the error and gives -1.
  @inline(never)
  private mutating func fail(_ code: BSONError.Code, _ message: StaticString, at offset: Int) -> Int {
    if failure == nil {
      failure = BSONError(
        code, message.withUTF8Buffer { String(decoding: $0, as: UTF8.self) }, offset: offset)
    }
    return -1
  }

  /// Checks the document or array at `start` and gives its end, or -1.
  private mutating func document(at start: Int, limit: Int, depth: Int, isArray: Bool) -> Int {
    guard depth <= BSONLimits.maximumDepth else {
      return fail(.depthExceeded, "Documents are nested deeper than 200 levels.", at: start)
    }
    guard limit - start >= BSONLimits.minimumDocumentSize else {
      return fail(.truncated, "The bytes end before the document does.", at: start)
    }
    let length = Int(buffer.uncheckedInt32(at: start))
    guard length >= BSONLimits.minimumDocumentSize, length <= limit - start else {
      return fail(.invalidLength, "The document's length disagrees with its bytes.", at: start)
    }
    let end = start + length - 1
    guard buffer[end] == 0 else {
      return fail(.missingTerminator, "The document does not end with a zero byte.", at: end)
    }
    var offset = start + 4
    var index = 0
    while offset < end {
      let type = buffer[offset]
      let keyStart = offset + 1
      let keyEnd = name(at: keyStart, end: end)
      guard keyEnd >= 0 else { return -1 }
      if isArray {
        if !isIndex(index, at: keyStart, end: keyEnd) { isDegenerate = true }
        index += 1
      }
      offset = value(type, at: keyEnd + 1, end: end, depth: depth, typeOffset: keyStart - 1)
      guard offset >= 0 else { return -1 }
    }
    return end + 1
  }

  /// Checks the name (or the part of a regular expression) at `start` and gives the offset of its zero, or
  /// -1.
  @inline(__always)
  private mutating func name(at start: Int, end: Int) -> Int {
    // Most names are short and ASCII: then one word has all of it and its end.
    if end - start >= 8 {
      let word = UInt64(littleEndian: buffer.loadUnaligned(fromByteOffset: start, as: UInt64.self))
      let tops: UInt64 = 0x8080_8080_8080_8080
      let zeros = (word &- 0x0101_0101_0101_0101) & ~word & tops
      if zeros != 0 {
        let bits = UInt64(zeros.trailingZeroBitCount)
        if word & tops & ((1 << bits) - 1) == 0 { return start + Int(bits / 8) }
      }
    }
    let keyEnd = buffer.zeroByte(from: start, to: end)
    guard keyEnd >= 0 else {
      return fail(.missingTerminator, "A name does not end inside its document.", at: start)
    }
    guard buffer.isUTF8(from: start, to: keyEnd) else {
      return fail(.invalidUTF8, "A name is not UTF-8.", at: start)
    }
    return keyEnd
  }

  @inline(__always)
  private func isIndex(_ index: Int, at start: Int, end: Int) -> Bool {
    let count = end - start
    guard count >= 1, count <= 9, count == 1 || buffer[start] != 0x30 else { return false }
    var value = 0
    for offset in start..<end {
      let digit = buffer[offset] &- 0x30
      guard digit <= 9 else { return false }
      value = value &* 10 &+ Int(digit)
    }
    return value == index
  }

  /// Checks a value and gives its end, or -1.
  @inline(__always)
  private mutating func value(_ type: UInt8, at start: Int, end: Int, depth: Int, typeOffset: Int) -> Int {
    switch type {
    case 0x02, 0x0D, 0x0E: return string(at: start, end: end)
    case 0x10: return fixed(4, at: start, end: end)
    case 0x01, 0x09, 0x11, 0x12: return fixed(8, at: start, end: end)
    case 0x07: return fixed(12, at: start, end: end)
    case 0x13: return fixed(16, at: start, end: end)
    case 0x06, 0x0A, 0x7F, 0xFF: return start
    case 0x03: return document(at: start, limit: end, depth: depth + 1, isArray: false)
    case 0x04: return document(at: start, limit: end, depth: depth + 1, isArray: true)
    case 0x08:
      guard fixed(1, at: start, end: end) >= 0 else { return -1 }
      return buffer[start] <= 1
        ? start + 1 : fail(.invalidBoolean, "A boolean is neither 0 nor 1.", at: start)
    case 0x05: return binary(at: start, end: end)
    case 0x0B: return regex(at: start, end: end)
    case 0x0C:
      let id = string(at: start, end: end)
      return id < 0 ? -1 : fixed(12, at: id, end: end)
    case 0x0F: return codeWithScope(at: start, end: end, depth: depth)
    default: return fail(.unknownType, "There is no such type of value.", at: typeOffset)
    }
  }

  @inline(__always)
  private mutating func fixed(_ size: Int, at start: Int, end: Int) -> Int {
    end - start >= size
      ? start + size : fail(.truncated, "The document ends before a value does.", at: start)
  }

  @inline(__always)
  private mutating func string(at start: Int, end: Int) -> Int {
    guard end - start >= 5 else {
      return fail(.truncated, "The document ends before a string does.", at: start)
    }
    let length = Int(buffer.uncheckedInt32(at: start))
    guard length >= 1, length <= end - start - 4 else {
      return fail(.invalidLength, "A string's length disagrees with its bytes.", at: start)
    }
    let last = start + 4 + length - 1
    guard buffer[last] == 0 else {
      return fail(.missingTerminator, "A string does not end with a zero byte.", at: last)
    }
    guard buffer.isUTF8(from: start + 4, to: last) else {
      return fail(.invalidUTF8, "A string is not UTF-8.", at: start)
    }
    return last + 1
  }

  private mutating func binary(at start: Int, end: Int) -> Int {
    guard end - start >= 5 else {
      return fail(.truncated, "The document ends before binary data does.", at: start)
    }
    let length = Int(buffer.uncheckedInt32(at: start))
    guard length >= 0, length <= end - start - 5 else {
      return fail(.invalidLength, "The length of binary data disagrees with its bytes.", at: start)
    }
    if buffer[start + 4] == BSONBinary.Subtype.oldBinary.rawValue {
      guard length >= 4, Int(buffer.uncheckedInt32(at: start + 5)) == length - 4 else {
        return fail(
          .invalidLength, "The second length of old binary data disagrees with the first.", at: start + 5)
      }
    }
    return start + 5 + length
  }

  private mutating func regex(at start: Int, end: Int) -> Int {
    let pattern = name(at: start, end: end)
    guard pattern >= 0 else { return -1 }
    let options = name(at: pattern + 1, end: end)
    guard options >= 0 else { return -1 }
    var offset = pattern + 2
    while offset < options {
      if buffer[offset] < buffer[offset - 1] { isDegenerate = true }
      offset += 1
    }
    return options + 1
  }

  private mutating func codeWithScope(at start: Int, end: Int, depth: Int) -> Int {
    guard end - start >= 14 else {
      return fail(.truncated, "The document ends before code with scope does.", at: start)
    }
    let length = Int(buffer.uncheckedInt32(at: start))
    guard length >= 14, length <= end - start else {
      return fail(.invalidLength, "The length of code with scope disagrees with its bytes.", at: start)
    }
    let scope = string(at: start + 4, end: start + length)
    guard scope >= 0 else { return -1 }
    let last = document(at: scope, limit: start + length, depth: depth + 1, isArray: false)
    guard last >= 0 else { return -1 }
    return last == start + length
      ? last : fail(.invalidLength, "The length of code with scope disagrees with its parts.", at: start)
  }
}
