/// A text as the symbols of an alphabet.
struct RegexReader {
  private let text: UnsafeRawBufferPointer
  private var position = 0

  init(_ text: UnsafeRawBufferPointer) { self.text = text }

  /// The next symbol; at last, and from then on, the text's end.
  mutating func next(_ alphabet: RegexAlphabet) -> Int {
    guard position < text.count else { return alphabet.end }
    let byte = text[position]
    if byte < 0x80 {
      position += 1
      return byte == 0x0A && position == text.count ? alphabet.finalNewline : Int(alphabet.ascii[Int(byte)])
    }
    guard let (scalar, length) = text.scalar(at: position) else {
      position += 1
      return alphabet.malformed
    }
    position += length
    return alphabet.symbol(of: scalar)
  }
}

extension UnsafeRawBufferPointer {
  /// The scalar of two to four bytes at a place, and its length; `nil` when the bytes are not UTF-8 in the
  /// strict sense: no overlong forms, no surrogates, nothing above U+10FFFF.
  @inline(__always)
  func scalar(at position: Int) -> (scalar: UInt32, length: Int)? {
    func continuation(_ offset: Int) -> UInt32? {
      guard position + offset < count else { return nil }
      let byte = self[position + offset]
      return byte & 0xC0 == 0x80 ? UInt32(byte & 0x3F) : nil
    }
    let first = UInt32(self[position])
    guard first >= 0xC2, first <= 0xF4, let second = continuation(1) else { return nil }
    if first < 0xE0 { return ((first & 0x1F) << 6 | second, 2) }
    guard let third = continuation(2) else { return nil }
    if first < 0xF0 {
      let scalar = (first & 0x0F) << 12 | second << 6 | third
      return scalar < 0x800 || scalar & 0xF800 == 0xD800 ? nil : (scalar, 3)
    }
    guard let fourth = continuation(3) else { return nil }
    let scalar = (first & 0x07) << 18 | second << 12 | third << 6 | fourth
    return scalar < 0x10000 || scalar > ScalarSet.highest ? nil : (scalar, 4)
  }
}
