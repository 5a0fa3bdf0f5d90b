extension ExtendedJSONParser {
  /// Reads a JSON number: an int32 or int64 when it is a whole number that fits, else a double.
  mutating func number() throws(BSONError) -> BSONType {
    let start = position
    var scanner = NumberScanner(text: text, position: position)
    guard scanner.scan() else {
      throw fail(.invalidNumber, "A number is malformed.", at: scanner.position)
    }
    position = scanner.position
    if let integer = scanner.integer {
      if let small = Int32(exactly: integer) {
        output.appendLittleEndian(small)
        return .int32
      }
      output.appendLittleEndian(integer)
      return .int64
    }
    guard let double = scanner.double(from: start), double.isFinite else {
      throw fail(.outOfRange, "A number is too large for a double.", at: start)
    }
    output.appendLittleEndian(double.bitPattern)
    return .double
  }
}

/// Reads a number by RFC 8259's grammar, and keeps what quick conversions need.
struct NumberScanner {
  let text: UnsafeRawBufferPointer
  private(set) var position: Int
  private var isNegative = false
  private var isWhole = true
  /// The digits as a number, as long as there are at most 19.
  private var digits: UInt64 = 0
  private var digitCount = 0
  /// The power of ten that belongs to `digits`.
  private var exponent = 0

  init(text: UnsafeRawBufferPointer, position: Int) {
    self.text = text
    self.position = position
  }

  private var current: UInt8 {
    @inline(__always) get { position < text.count ? text[position] : 0 }
  }

  /// Goes behind the number; false when it is malformed.
  mutating func scan() -> Bool {
    if current == 0x2D {
      isNegative = true
      position += 1
    }
    if current == 0x30 {
      position += 1
      if current >= 0x30, current <= 0x39 { return false }
    } else {
      guard takeDigits() > 0 else { return false }
    }
    if current == 0x2E {
      isWhole = false
      position += 1
      let count = takeDigits()
      guard count > 0 else { return false }
      exponent = -count
    }
    if current | 0x20 == 0x65 {
      isWhole = false
      position += 1
      let isMinus = current == 0x2D
      if isMinus || current == 0x2B { position += 1 }
      var value = 0
      let start = position
      while current >= 0x30, current <= 0x39 {
        value = min(value * 10 + Int(current - 0x30), 100_000)
        position += 1
      }
      guard position > start else { return false }
      exponent += isMinus ? -value : value
    }
    return true
  }

  private mutating func takeDigits() -> Int {
    let start = position
    while position < text.count {
      let digit = text[position] &- 0x30
      guard digit <= 9 else { break }
      if digitCount < 19 {
        digits = digits &* 10 &+ UInt64(digit)
        if digits != 0 { digitCount += 1 }
      } else {
        // More digits than fit: neither of the quick ways is open any more.
        digitCount = 20
      }
      position += 1
    }
    return position - start
  }

  /// The whole number, when it is one and fits 64 bits.
  var integer: Int64? {
    guard isWhole, digitCount <= 19 else { return nil }
    if isNegative {
      return digits <= 1 << 63 ? Int64(truncatingIfNeeded: 0 &- digits) : nil
    }
    return Int64(exactly: digits)
  }

  /// The nearest double.
  func double(from start: Int) -> Double? {
    // Below 2^53 and up to 10^22 both factors are doubles, so that one rounding gives the nearest.
    if digitCount <= 19, digits < 1 << 53, exponent >= -22, exponent <= 22 {
      let power = Decimal128.doublePowersOfTen[abs(exponent)]
      let value = exponent < 0 ? Double(digits) / power : Double(digits) * power
      return isNegative ? -value : value
    }
    return Double(UnsafeRawBufferPointer(rebasing: text[start..<position]).text)
  }
}
