import BSON

/// What operators of strings share: texts of values, and searching in bytes.
enum ExpressionText {
  /// The characters that are trimmed when none are given.
  static let whitespace: Set<Unicode.Scalar> = Set(
    ([0x00, 0x20, 0xA0, 0x1680] + Array(0x09...0x0D) + Array(0x2000...0x200A)).compactMap {
      Unicode.Scalar(UInt32($0))
    })

  /// The text of a number, a boolean, a date, an object ID or a string; nil for other types, and for dates
  /// outside the years 0 to 9999.
  static func text(of value: BSONValue) -> String? {
    switch value {
    case .string(let text): text
    case .bool(let value): value ? "true" : "false"
    case .int32(let number): String(number)
    case .int64(let number): String(number)
    case .double(let number): text(of: number)
    case .decimal128(let number): number.description
    case .objectID(let id): id.description
    case .dateTime(let date): ExpressionDate(date)?.iso8601
    default: nil
    }
  }

  /// A double with up to 16 digits, in the shorter one of plain and scientific notation: C's `%.16g`.
  static func text(of number: Double) -> String {
    if number.isNaN { return "NaN" }
    if number.isInfinite { return number < 0 ? "-Infinity" : "Infinity" }
    let sign = number.sign == .minus ? "-" : ""
    if number == 0 { return sign + "0" }
    // The digits come from a decimal in scientific notation, whose coefficient has them all.
    let nearest = Decimal128(nearest: number.magnitude)
    var places = nearest.places(ofDigits: 16)
    var decimal = nearest.rounded(.toNearestOrEven, places: places)
    if decimal.places(ofDigits: 16) != places {
      // Rounding carried into another digit.
      places -= 1
      decimal = nearest.rounded(.toNearestOrEven, places: places)
    }
    var digits = Array(String(decimal.coefficient).utf8)
    let exponent = decimal.exponent + digits.count - 1
    while digits.count > 1, digits.last == 0x30 { digits.removeLast() }
    return sign + layOut(digits, exponent: exponent)
  }

  private static func layOut(_ digits: [UInt8], exponent: Int) -> String {
    let text = { (part: ArraySlice<UInt8>) in String(decoding: part, as: UTF8.self) }
    if exponent < -4 || exponent >= 16 {
      let fraction = digits.count > 1 ? "." + text(digits[1...]) : ""
      let power = String(abs(exponent))
      return text(digits[..<1]) + fraction + (exponent < 0 ? "e-" : "e+") + (power.count < 2 ? "0" : "")
        + power
    }
    if exponent < 0 { return "0." + String(repeating: "0", count: -exponent - 1) + text(digits[...]) }
    let whole = digits.prefix(exponent + 1)
    let zeros = String(repeating: "0", count: exponent + 1 - whole.count)
    return text(whole) + zeros + (digits.count > exponent + 1 ? "." + text(digits[(exponent + 1)...]) : "")
  }

  /// The first place at or after `start` where the bytes are and end at or before `end`.
  static func firstIndex(of wanted: [UInt8], in text: [UInt8], from start: Int, to end: Int) -> Int? {
    guard start >= 0, end <= text.count, end - start >= wanted.count else { return nil }
    guard let first = wanted.first else { return start }
    return text.withUnsafeBufferPointer { text in
      wanted.withUnsafeBufferPointer { wanted in
        var place = start
        while place <= end - wanted.count {
          if text[place] == first {
            var length = 1
            while length < wanted.count, text[place + length] == wanted[length] { length += 1 }
            if length == wanted.count { return place }
          }
          place += 1
        }
        return nil
      }
    }
  }

  /// Where the character ends that begins at a place.
  static func characterEnd(in text: [UInt8], at start: Int) -> Int {
    var end = start + 1
    while end < text.count, text[end] & 0xC0 == 0x80 { end += 1 }
    return end
  }
}

extension Decimal128 {
  /// How many places behind the point a number other than zero has when it is written with so many digits.
  fileprivate func places(ofDigits count: Int) -> Int { count - String(coefficient).utf8.count - exponent }
}
