extension Decimal128: CustomStringConvertible {
  /// The number as the BSON decimal128 specification prints it: plain while the exponent is at most 0 and the
  /// first digit is not further than six places behind the point, else with an `E`.
  public var description: String {
    var text: [UInt8] = []
    appendDescription(to: &text)
    return String(decoding: text, as: UTF8.self)
  }

  func appendDescription(to output: inout [UInt8]) {
    if isNaN {
      output.append(contentsOf: "NaN".utf8)
      return
    }
    if isNegative { output.append(0x2D) }
    if isInfinite {
      output.append(contentsOf: "Infinity".utf8)
      return
    }
    let digits = Self.digits(coefficient)
    let exponent = exponent
    let adjusted = exponent + digits.count - 1
    if exponent > 0 || adjusted < -6 {
      output.append(digits[0])
      if digits.count > 1 {
        output.append(0x2E)
        output.append(contentsOf: digits[1...])
      }
      output.append(0x45)
      if adjusted >= 0 { output.append(0x2B) }
      output.append(contentsOf: String(adjusted).utf8)
    } else if exponent == 0 {
      output.append(contentsOf: digits)
    } else if adjusted >= 0 {
      let whole = digits.count + exponent
      output.append(contentsOf: digits[..<whole])
      output.append(0x2E)
      output.append(contentsOf: digits[whole...])
    } else {
      output.append(contentsOf: [0x30, 0x2E])
      output.append(contentsOf: repeatElement(0x30, count: -adjusted - 1))
      output.append(contentsOf: digits)
    }
  }

  /// The decimal digits of a coefficient as characters; `0` for zero.
  private static func digits(_ coefficient: UInt128) -> [UInt8] {
    var digits: [UInt8] = []
    var rest = coefficient
    repeat {
      let (quotient, remainder) = rest.quotientAndRemainder(dividingBy: 10)
      digits.append(0x30 + UInt8(truncatingIfNeeded: remainder))
      rest = quotient
    } while rest != 0
    digits.reverse()
    return digits
  }
}
