extension ExtendedJSONParser {
  /// Reads the string whose opening quote is here and appends its UTF-8 bytes.
  mutating func string(allowsZero: Bool) throws(BSONError) {
    let opening = position
    position += 1
    while true {
      let start = position
      let highBits = skipPlain()
      if highBits & 0x80 != 0, !text.isUTF8(from: start, to: position) {
        throw fail(.invalidUTF8, "A string is not UTF-8.", at: start)
      }
      output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<position]))
      guard position < text.count else {
        throw fail(.invalidJSON, "A string does not end.", at: opening)
      }
      switch text[position] {
      case 0x22:
        position += 1
        return
      case 0x5C:
        try escape(allowsZero: allowsZero)
      default:
        throw fail(.invalidJSON, "A control character in a string is not escaped.", at: position)
      }
    }
  }

  /// Goes on to the next quote, backslash or control character, and gives all bytes passed combined with
  /// "or".
  @inline(__always)
  private mutating func skipPlain() -> UInt8 {
    var offset = position
    let count = text.count
    var high: UInt64 = 0
    // Eight bytes at a time: the top bit of a byte is set in `stop` when the byte is one to stop at (or,
    // which only costs time, when one before it was).
    while count - offset >= 8 {
      let word = text.loadUnaligned(fromByteOffset: offset, as: UInt64.self)
      let ones: UInt64 = 0x0101_0101_0101_0101
      let tops: UInt64 = 0x8080_8080_8080_8080
      let quote = word ^ (ones &* 0x22)
      let backslash = word ^ (ones &* 0x5C)
      let stop =
        ((quote &- ones) & ~quote | (backslash &- ones) & ~backslash | (word &- ones &* 0x20) & ~word) & tops
      if stop != 0 { break }
      high |= word
      offset += 8
    }
    var bits: UInt8 = high & 0x8080_8080_8080_8080 != 0 ? 0x80 : 0
    while offset < count {
      let byte = text[offset]
      if byte == 0x22 || byte == 0x5C || byte < 0x20 { break }
      bits |= byte
      offset += 1
    }
    position = offset
    return bits
  }

  /// Reads the escape that begins here and appends what it stands for.
  private mutating func escape(allowsZero: Bool) throws(BSONError) {
    let start = position
    guard text.count - position >= 2 else {
      throw fail(.invalidJSON, "A string does not end.", at: start)
    }
    let letter = text[position + 1]
    position += 2
    switch letter {
    case 0x22, 0x5C, 0x2F: output.append(letter)
    case 0x62: output.append(0x08)
    case 0x66: output.append(0x0C)
    case 0x6E: output.append(0x0A)
    case 0x72: output.append(0x0D)
    case 0x74: output.append(0x09)
    case 0x75:
      let scalar = try unicodeEscape(start)
      if scalar == "\0", !allowsZero {
        throw fail(.zeroCharacter, "A name contains a zero character.", at: start)
      }
      output.append(contentsOf: Array(String(scalar).utf8))
    default:
      throw fail(.invalidJSON, "There is no such escape in JSON.", at: start)
    }
  }

  /// The character of `\uXXXX`, of which the part before the digits has been read, or of a surrogate pair.
  private mutating func unicodeEscape(_ start: Int) throws(BSONError) -> Unicode.Scalar {
    guard let first = hexadecimalUnit() else {
      throw fail(.invalidJSON, "Four hexadecimal digits must follow \\u.", at: start)
    }
    if let scalar = Unicode.Scalar(first) { return scalar }
    // Not a character by itself: it has to be the first half of a surrogate pair.
    guard first < 0xDC00, text.count - position >= 6, text[position] == 0x5C, text[position + 1] == 0x75
    else {
      throw fail(.invalidJSON, "Half of a surrogate pair is missing.", at: start)
    }
    position += 2
    guard let second = hexadecimalUnit(), second >= 0xDC00, second <= 0xDFFF,
      let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
    else { throw fail(.invalidJSON, "Half of a surrogate pair is missing.", at: start) }
    return scalar
  }

  private mutating func hexadecimalUnit() -> UInt32? {
    guard text.count - position >= 4 else { return nil }
    var value: UInt32 = 0
    for index in position..<position + 4 {
      guard let digit = hexadecimalValue(text[index]) else { return nil }
      value = value << 4 | UInt32(digit)
    }
    position += 4
    return value
  }
}
