extension Decimal128 {
  /// Reads a decimal number by the rules of the BSON decimal128 specification.
  ///
  /// Accepted are `[+-]digits[.digits][E[+-]digits]` with at least one digit, and `Infinity`, `Inf` and `NaN`
  /// in any case with an optional sign. Zeros that do not fit are left out or added, so that the value stays
  /// exactly the same; the exponent of a zero is moved into the range there is.
  /// - Throws: ``BSONError/Code/invalidNumber`` for other text, ``BSONError/Code/inexact`` when digits would
  ///   have to be rounded away, ``BSONError/Code/outOfRange`` when the number is too large.
  public init(parsing text: String) throws(BSONError) {
    let result = text.withUTF8Bytes { Self.parse($0) }
    self = try result.get()
  }

  /// Like ``init(parsing:)``, but nil for text that is not an exactly representable number.
  public init?(_ text: String) {
    guard case .success(let value) = text.withUTF8Bytes({ Self.parse($0) }) else { return nil }
    self = value
  }

  static func parse(_ text: UnsafeRawBufferPointer) -> Result<Decimal128, BSONError> {
    var position = 0
    var isNegative = false
    if let first = text.first, first == 0x2B || first == 0x2D {
      isNegative = first == 0x2D
      position = 1
    }
    if let special = parseSpecial(text, from: position, isNegative: isNegative) { return .success(special) }
    var digits = DigitCollector()
    var hasDigits = false
    var hasPoint = false
    while position < text.count {
      let byte = text[position]
      if byte >= 0x30 && byte <= 0x39 {
        hasDigits = true
        digits.append(byte - 0x30, isFraction: hasPoint)
      } else if byte == 0x2E && !hasPoint {
        hasPoint = true
      } else {
        break
      }
      position += 1
    }
    guard hasDigits else { return malformed }
    var exponent = 0
    if position < text.count, text[position] | 0x20 == 0x65 {
      guard let value = parseExponent(text, from: position + 1) else { return malformed }
      exponent = value
      position = text.count
    }
    guard position == text.count else { return malformed }
    return digits.number(isNegative: isNegative, exponent: exponent)
  }

  private static var malformed: Result<Decimal128, BSONError> {
    .failure(BSONError(.invalidNumber, "The text is not a decimal number."))
  }

  private static func parseSpecial(
    _ text: UnsafeRawBufferPointer, from start: Int, isNegative: Bool
  ) -> Decimal128? {
    func matches(_ word: StaticString) -> Bool {
      guard text.count - start == word.utf8CodeUnitCount else { return false }
      for index in 0..<word.utf8CodeUnitCount where text[start + index] | 0x20 != word.utf8Start[index] {
        return false
      }
      return true
    }
    if matches("inf") || matches("infinity") { return isNegative ? negativeInfinity : infinity }
    // The specification's canonical NaN has no sign.
    if matches("nan") { return nan }
    return nil
  }

  /// The exponent after `E`, limited to ±1,000,000,000, or nil when it is malformed.
  private static func parseExponent(_ text: UnsafeRawBufferPointer, from start: Int) -> Int? {
    var position = start
    var isNegative = false
    if position < text.count, text[position] == 0x2B || text[position] == 0x2D {
      isNegative = text[position] == 0x2D
      position += 1
    }
    guard position < text.count else { return nil }
    var value = 0
    while position < text.count {
      let byte = text[position]
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = min(value * 10 + Int(byte - 0x30), 1_000_000_000)
      position += 1
    }
    return isNegative ? -value : value
  }
}

/// Takes the digits of a number one by one and keeps the first 34 that count.
private struct DigitCollector {
  private var coefficient: UInt128 = 0
  private var count = 0
  /// What the exponent has to grow by for the digits after the point (less) and those left out (more).
  private var shift = 0
  private var lostNonZero = false

  mutating func append(_ digit: UInt8, isFraction: Bool) {
    if count < Decimal128.maximumDigits {
      coefficient = coefficient &* 10 &+ UInt128(digit)
      if coefficient != 0 { count += 1 }
      if isFraction { shift -= 1 }
    } else {
      if digit != 0 { lostNonZero = true }
      if !isFraction { shift += 1 }
    }
  }

  func number(isNegative: Bool, exponent written: Int) -> Result<Decimal128, BSONError> {
    let inexact = BSONError(.inexact, "The decimal number has more than 34 digits that count.")
    if lostNonZero { return .failure(inexact) }
    var exponent = written + shift
    var value = coefficient
    if value == 0 {
      exponent = min(max(exponent, Decimal128.minimumExponent), Decimal128.maximumExponent)
    }
    if exponent > Decimal128.maximumExponent {
      // Folding down: zeros at the end of the coefficient take the place of a too large exponent.
      let surplus = exponent - Decimal128.maximumExponent
      guard surplus + count <= Decimal128.maximumDigits else {
        return .failure(BSONError(.outOfRange, "The decimal number is too large."))
      }
      value *= Decimal128.powersOfTen[surplus]
      exponent = Decimal128.maximumExponent
    } else if exponent < Decimal128.minimumExponent {
      let deficit = Decimal128.minimumExponent - exponent
      guard deficit < Decimal128.maximumDigits,
        value % Decimal128.powersOfTen[deficit] == 0
      else {
        return .failure(BSONError(.inexact, "The decimal number is too close to zero to be kept exactly."))
      }
      value /= Decimal128.powersOfTen[deficit]
      exponent = Decimal128.minimumExponent
    }
    guard let number = Decimal128(isNegative: isNegative, coefficient: value, exponent: exponent) else {
      return .failure(inexact)
    }
    return .success(number)
  }
}
