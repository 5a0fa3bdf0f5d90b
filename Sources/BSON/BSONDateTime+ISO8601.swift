extension BSONDateTime {
  /// The last millisecond of the year 9999.
  private static let endOfYear9999: Int64 = 253_402_300_799_999

  /// The moment as `2012-12-24T12:15:30.501Z`, without the fraction when it is zero; nil before 1970 and
  /// after 9999, which Extended JSON writes as a number.
  public var iso8601: String? {
    var text: [UInt8] = []
    return appendISO8601(to: &text) ? String(decoding: text, as: UTF8.self) : nil
  }

  /// Appends the text of ``iso8601`` and gives true, or appends nothing.
  func appendISO8601(to output: inout [UInt8]) -> Bool {
    guard milliseconds >= 0, milliseconds <= Self.endOfYear9999 else { return false }
    func append(_ value: Int64, digits: Int) {
      var divisor: Int64 = 1
      for _ in 1..<digits { divisor *= 10 }
      while divisor > 0 {
        output.append(0x30 + UInt8(truncatingIfNeeded: value / divisor % 10))
        divisor /= 10
      }
    }
    let date = CivilDate(daysSince1970: milliseconds / 86_400_000)
    let time = milliseconds % 86_400_000
    append(date.year, digits: 4)
    output.append(0x2D)
    append(date.month, digits: 2)
    output.append(0x2D)
    append(date.day, digits: 2)
    output.append(0x54)
    append(time / 3_600_000, digits: 2)
    output.append(0x3A)
    append(time / 60_000 % 60, digits: 2)
    output.append(0x3A)
    append(time / 1000 % 60, digits: 2)
    if time % 1000 != 0 {
      output.append(0x2E)
      append(time % 1000, digits: 3)
    }
    output.append(0x5A)
    return true
  }

  /// Reads `YYYY-MM-DDThh:mm:ss`, an optional fraction of one to nine digits (cut off after milliseconds),
  /// and `Z`, `±hh`, `±hhmm` or `±hh:mm`; nil for any other text and for dates that do not exist.
  public init?(iso8601 text: String) {
    guard let value = text.withUTF8Bytes({ BSONDateTime(iso8601: $0) }) else { return nil }
    self = value
  }

  init?(iso8601 text: UnsafeRawBufferPointer) {
    var scanner = DateScanner(text: text)
    guard let year = scanner.number(digits: 4), scanner.take(0x2D),
      let month = scanner.number(digits: 2), scanner.take(0x2D),
      let day = scanner.number(digits: 2), scanner.take(0x54) || scanner.take(0x74),
      let hour = scanner.number(digits: 2), hour < 24, scanner.take(0x3A),
      let minute = scanner.number(digits: 2), minute < 60, scanner.take(0x3A),
      let second = scanner.number(digits: 2), second < 60,
      let date = CivilDate(year: year, month: month, day: day),
      let fraction = scanner.fraction(),
      let offset = scanner.offsetMinutes(),
      scanner.isAtEnd
    else { return nil }
    // Years of four digits keep every product far below the limits of 64 bits.
    let minutes = (date.daysSince1970 * 24 + hour) * 60 + minute - offset
    milliseconds = (minutes * 60 + second) * 1000 + fraction
  }
}

/// Takes the parts of an ISO 8601 date off the front of a text.
private struct DateScanner {
  let text: UnsafeRawBufferPointer
  private var position = 0

  init(text: UnsafeRawBufferPointer) {
    self.text = text
  }

  var isAtEnd: Bool { position == text.count }

  mutating func take(_ byte: UInt8) -> Bool {
    guard position < text.count, text[position] == byte else { return false }
    position += 1
    return true
  }

  private mutating func digit() -> Int64? {
    guard position < text.count, text[position] >= 0x30, text[position] <= 0x39 else { return nil }
    position += 1
    return Int64(text[position - 1] - 0x30)
  }

  mutating func number(digits: Int) -> Int64? {
    var value: Int64 = 0
    for _ in 0..<digits {
      guard let digit = digit() else { return nil }
      value = value * 10 + digit
    }
    return value
  }

  /// Milliseconds from an optional fraction; nil when it is malformed.
  mutating func fraction() -> Int64? {
    guard take(0x2E) else { return 0 }
    var value: Int64 = 0
    var count = 0
    while let digit = digit() {
      count += 1
      if count <= 3 { value = value * 10 + digit }
    }
    guard count >= 1, count <= 9 else { return nil }
    for _ in 0..<max(0, 3 - count) { value *= 10 }
    return value
  }

  /// Minutes east of UTC; nil when the zone is missing or malformed.
  mutating func offsetMinutes() -> Int64? {
    if take(0x5A) || take(0x7A) { return 0 }
    let isEast = take(0x2B)
    guard isEast || take(0x2D), let hours = number(digits: 2), hours < 24 else { return nil }
    var minutes: Int64 = 0
    if take(0x3A) || !isAtEnd {
      guard let value = number(digits: 2), value < 60 else { return nil }
      minutes = value
    }
    return isEast ? hours * 60 + minutes : -(hours * 60 + minutes)
  }
}
