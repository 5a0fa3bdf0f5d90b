/// What a backslash begins, outside of classes and in them.
extension RegexParser {
  /// Reads an escape outside of a class.
  mutating func parseEscape(from start: Int) throws(QueryError) {
    guard let letter = next else { throw failure("a backslash at its end", at: start) }
    position += 1
    switch letter {
    case "E": break
    case "Q": try parseQuotation()
    case "A": try append(.textStart, at: start)
    case "Z": try append(.end, at: start)
    case "z": try append(.textEnd, at: start)
    case "b": try append(.wordBoundary, at: start)
    case "B": try append(.noWordBoundary, at: start)
    case "R": try append(anyLineEnd(), at: start)
    case "N" where !continues(with: "{U+"):
      let brace = position
      if skip("{"), try parseCounts(from: brace) == nil {
        throw failure("\\N{, which takes a number as in \\N{U+20AC} and no name", at: start)
      }
      position = brace
      try append(.notNewline, at: start)
    case "1"..."9":
      position -= 1
      try appendLiteral(try parseNumber(from: start), at: start)
    default:
      if let feature = refusedEscape(letter) { throw refusal(feature, at: start) }
      if let set = try parseSet(letter, from: start) {
        try append(set, at: start)
      } else {
        try appendLiteral(try parseCharacter(letter, from: start), at: start)
      }
    }
  }

  private func refusedEscape(_ letter: Unicode.Scalar) -> String? {
    switch letter {
    case "C": "\\C (a single byte)"
    case "G": "\\G (where the search began)"
    case "K": "\\K (another start of the match)"
    case "X": "\\X (a grapheme cluster)"
    case "g", "k": "a back reference or subroutine call"
    default: nil
    }
  }

  /// Reads up to `\E`, or to the end. Each character means itself.
  private mutating func parseQuotation() throws(QueryError) {
    while let scalar = next {
      let start = position
      if continues(with: "\\E") {
        position += 2
        return
      }
      position += 1
      try appendLiteral(scalar, at: start)
    }
  }

  /// `\R`: a carriage return takes the newline behind it, if there is one, and never gives it back.
  private mutating func anyLineEnd() -> [RegexInstruction] {
    let carriageReturn = number(of: ScalarSet(scalars: [0x0D]))
    let newline = number(of: .newline)
    let others = number(of: ScalarSet([0x0A...0x0C, 0x85...0x85, 0x2028...0x2029]))
    return [
      .split(4), .set(carriageReturn), .set(newline), .jump(6),
      .split(3), .set(others), .jump(3),
      .set(carriageReturn), .assertion(.notBeforeNewline),
    ]
  }

  /// Reads digits behind a backslash: a back reference, which is refused, or else an octal number.
  private mutating func parseNumber(from start: Int) throws(QueryError) -> Unicode.Scalar {
    let digits = scalars[position...].prefix { $0 >= "0" && $0 <= "9" }
    let number = digits.reduce(0) { min($0 * 10 + Int($1.value - 0x30), 1_000_000) }
    guard number >= 10, number > names.count, number < 1_000_000, let first = digits.first, first < "8" else {
      throw refusal("a back reference", at: start)
    }
    return try scalar(parseOctal(atMost: 3), from: start)
  }

  /// Reads octal digits, at most so many.
  private mutating func parseOctal(atMost limit: Int) -> UInt32 {
    var value: UInt32 = 0
    let end = position + limit
    while position < end, let digit = next, digit >= "0", digit <= "7" {
      value = value * 8 + (digit.value - 0x30)
      position += 1
    }
    return value
  }

  /// The set that a letter behind a backslash stands for, in classes as well.
  mutating func parseSet(_ letter: Unicode.Scalar, from start: Int) throws(QueryError) -> ScalarSet? {
    switch letter {
    case "d", "D": return (usesUnicode ? .unicodeDigit : ScalarSet.digit).inverted(letter == "D")
    case "s", "S": return (usesUnicode ? .unicodeSpace : ScalarSet.space).inverted(letter == "S")
    case "w", "W": return (usesUnicode ? .unicodeWord : ScalarSet.word).inverted(letter == "W")
    case "h", "H": return ScalarSet.horizontalSpace.inverted(letter == "H")
    case "v", "V": return ScalarSet.verticalSpace.inverted(letter == "V")
    case "p", "P": return try parseProperty(isNegated: letter == "P", from: start)
    default: return nil
    }
  }

  /// Reads `L`, `{Lu}` or `{^Lu}`.
  private mutating func parseProperty(isNegated: Bool, from start: Int) throws(QueryError) -> ScalarSet {
    let malformed = "a malformed \\p or \\P"
    guard let first = next else { throw failure(malformed, at: start) }
    position += 1
    var isInverted = isNegated
    var name = String.UnicodeScalarView()
    if first == "{" {
      if skip("^") { isInverted.toggle() }
      while let scalar = next, scalar != "}" {
        name.append(scalar)
        position += 1
      }
      guard skip("}") else { throw failure(malformed, at: start) }
    } else {
      guard first.isASCII, first.properties.isAlphabetic else { throw failure(malformed, at: start) }
      name.append(first)
    }
    guard let set = properties[String(name)] ?? ScalarSet.property(String(name)) else {
      throw refusal("\\p or \\P with a property that is no general category", at: start)
    }
    properties[String(name)] = set
    return set.inverted(isInverted)
  }

  /// Reads an escape that means one character, in classes as well.
  mutating func parseCharacter(_ letter: Unicode.Scalar, from start: Int) throws(QueryError) -> Unicode.Scalar
  {
    switch letter {
    case "a": return "\u{07}"
    case "e": return "\u{1B}"
    case "f": return "\u{0C}"
    case "n": return "\n"
    case "r": return "\r"
    case "t": return "\t"
    case "0":
      position -= 1
      return try scalar(parseOctal(atMost: 3), from: start)
    case "c": return try parseControl(from: start)
    case "o":
      guard skip("{") else { throw failure("\\o without a brace", at: start) }
      return try parseBraced(radix: 8, from: start)
    case "x":
      if skip("{") { return try parseBraced(radix: 16, from: start) }
      return try scalar(parseHexadecimal(), from: start)
    case "N" where continues(with: "{U+"):
      position += 3
      return try parseBraced(radix: 16, from: start)
    case "a"..."z", "A"..."Z":
      throw failure("a backslash before a letter that has no meaning there", at: start)
    default: return letter
    }
  }

  /// Reads at most two digits; without one the number is 0.
  private mutating func parseHexadecimal() -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<2 {
      guard let digit = next?.hexadecimalValue else { break }
      value = value * 16 + digit
      position += 1
    }
    return value
  }

  /// Reads a number up to a closing brace.
  private mutating func parseBraced(radix: UInt32, from start: Int) throws(QueryError) -> Unicode.Scalar {
    var value: UInt32?
    while let digit = next?.hexadecimalValue, digit < radix {
      value = min((value ?? 0) * radix + digit, ScalarSet.highest + 1)
      position += 1
    }
    guard skip("}"), let value else { throw failure("braces without a number", at: start) }
    return try scalar(value, from: start)
  }

  private mutating func parseControl(from start: Int) throws(QueryError) -> Unicode.Scalar {
    guard let letter = next, letter >= " ", letter <= "~" else {
      throw failure("\\c without a printable ASCII character", at: start)
    }
    position += 1
    let upper = letter >= "a" && letter <= "z" ? letter.value - 0x20 : letter.value
    return try scalar(upper ^ 0x40, from: start)
  }

  private func scalar(_ value: UInt32, from start: Int) throws(QueryError) -> Unicode.Scalar {
    guard let scalar = Unicode.Scalar(value) else {
      throw failure("a number that is no Unicode scalar's", at: start)
    }
    return scalar
  }
}

extension ScalarSet {
  fileprivate func inverted(_ isInverted: Bool) -> ScalarSet { isInverted ? inverted : self }
}

extension Unicode.Scalar {
  fileprivate var hexadecimalValue: UInt32? {
    switch self {
    case "0"..."9": value - 0x30
    case "A"..."F": value - 0x37
    case "a"..."f": value - 0x57
    default: nil
    }
  }
}
