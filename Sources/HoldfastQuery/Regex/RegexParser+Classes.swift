/// Classes in brackets.
extension RegexParser {
  private enum ClassItem {
    case end
    case literal(Unicode.Scalar)
    /// A hyphen that was not quoted.
    case hyphen
    case set(ScalarSet)
  }

  /// Reads what follows an opening bracket.
  mutating func parseClass(from start: Int) throws(QueryError) {
    if continues(with: "[:<:]]") || continues(with: "[:>:]]") {
      let assertion: RegexAssertion = continues(with: "[:<:]]") ? .wordStart : .wordEnd
      position += 6
      return try append(assertion, at: start)
    }
    if isNamedClass { throw failure("a POSIX class outside of brackets", at: start) }
    let isNegated = parseClassStart()
    var isQuoting = false
    var ranges: [ClosedRange<UInt32>] = []
    var sets: [ScalarSet] = []
    // The character before, which could be a range's first.
    var lower: Unicode.Scalar?
    // A closing bracket that comes first means itself.
    if skip("]") {
      ranges.append(0x5D...0x5D)
      lower = "]"
    }
    reading: while true {
      switch try parseClassItem(&isQuoting, from: start) {
      case .end: break reading
      case .set(let set):
        sets.append(set)
        lower = nil
        if next == "-", !continues(with: "-]") {
          throw failure("a range that begins with a class", at: position)
        }
      case .literal(let scalar):
        ranges.append(scalar.value...scalar.value)
        lower = scalar
      case .hyphen:
        guard let first = lower, next != "]" else {
          ranges.append(0x2D...0x2D)
          lower = "-"
          continue
        }
        let place = position
        guard let last = try parseRangeEnd(&isQuoting, from: start) else {
          ranges.append(0x2D...0x2D)
          break reading
        }
        guard first <= last else { throw failure("a range in the wrong order", at: place) }
        ranges.append(first.value...last.value)
        lower = nil
      }
    }
    let characters = ScalarSet(ranges)
    let all = sets.reduce(options.caseless ? characters.withOtherCases : characters) { $0.union($1) }
    try append(isNegated ? all.inverted : all, at: start)
  }

  /// Goes behind the sign that negates a class and what means nothing before its first item; says whether the
  /// sign was there.
  private mutating func parseClassStart() -> Bool {
    var isNegated = false
    while true {
      if continues(with: "\\E") {
        position += 2
      } else if continues(with: "\\Q\\E") {
        position += 4
      } else if options.extendedInClasses, next == " " || next == "\t" {
        position += 1
      } else if !isNegated, skip("^") {
        isNegated = true
      } else {
        return isNegated
      }
    }
  }

  /// The last character of a range; `nil` when the class ends instead.
  private mutating func parseRangeEnd(
    _ isQuoting: inout Bool, from start: Int
  ) throws(QueryError) -> Unicode.Scalar? {
    let place = position
    switch try parseClassItem(&isQuoting, from: start) {
    case .end: return nil
    case .hyphen: return "-"
    case .literal(let scalar): return scalar
    case .set: throw failure("a range that ends with a class", at: place)
    }
  }

  private mutating func parseClassItem(
    _ isQuoting: inout Bool, from start: Int
  ) throws(QueryError) -> ClassItem {
    while let scalar = next {
      let place = position
      if continues(with: "\\E") {
        isQuoting = false
        position += 2
        continue
      }
      if !isQuoting, continues(with: "\\Q") {
        isQuoting = true
        position += 2
        continue
      }
      if !isQuoting, options.extendedInClasses, scalar == " " || scalar == "\t" {
        position += 1
        continue
      }
      if !isQuoting, scalar == "[", isNamedClass(at: position + 1) { return .set(try parseNamedClass()) }
      position += 1
      if isQuoting { return .literal(scalar) }
      switch scalar {
      case "]": return .end
      case "-": return .hyphen
      case "\\": return try parseClassEscape(from: place)
      default: return .literal(scalar)
      }
    }
    throw failure("a class in brackets that is not closed", at: start)
  }

  private mutating func parseClassEscape(from start: Int) throws(QueryError) -> ClassItem {
    guard let letter = next else { throw failure("a backslash at its end", at: start) }
    position += 1
    if letter == "b" { return .literal("\u{08}") }
    if letter == "g" { return .literal("g") }
    if letter == "N", !continues(with: "{U+") { throw failure("\\N in a class", at: start) }
    // No back references here.
    if letter >= "1", letter <= "7" { return .literal(try parseCharacter("0", from: start)) }
    if let set = try parseSet(letter, from: start) { return .set(set) }
    return .literal(try parseCharacter(letter, from: start))
  }

  // MARK: POSIX

  /// Whether what follows the bracket that was read is the rest of `[:name:]`, `[.name.]` or `[=name=]`.
  private var isNamedClass: Bool { isNamedClass(at: position) }

  private func isNamedClass(at start: Int) -> Bool {
    guard start < scalars.count, ":.=".unicodeScalars.contains(scalars[start]) else { return false }
    let sign = scalars[start]
    var place = start + 1
    while place + 1 < scalars.count {
      let scalar = scalars[place]
      let following = scalars[place + 1]
      if scalar == "\\", following == "]" || following == "\\" {
        place += 1
      } else if scalar == "]" || scalar == "[" && following == sign {
        return false
      } else if scalar == sign, following == "]" {
        return true
      }
      place += 1
    }
    return false
  }

  private mutating func parseNamedClass() throws(QueryError) -> ScalarSet {
    let start = position
    position += 1
    guard skip(":") else { throw failure("a POSIX collating element, of which there are none", at: start) }
    let isNegated = skip("^")
    var name = String.UnicodeScalarView()
    while let scalar = next, scalar != ":" {
      name.append(scalar)
      position += 1
    }
    // With option i the classes of one case are those of both; as categories of Unicode they stay what they are.
    let isCase = String(name) == "lower" || String(name) == "upper"
    let known =
      usesUnicode
      ? ScalarSet.unicodeNamed(String(name))
      : .named(options.caseless && isCase ? "alpha" : String(name))
    guard let set = known, continues(with: ":]") else {
      throw failure("an unknown POSIX class", at: start)
    }
    position += 2
    return isNegated ? set.inverted : set
  }
}

extension ScalarSet {
  /// The set of a POSIX class: ASCII only.
  fileprivate static func named(_ name: String) -> ScalarSet? {
    switch name {
    case "alpha": ScalarSet([0x41...0x5A, 0x61...0x7A])
    case "lower": ScalarSet([0x61...0x7A])
    case "upper": ScalarSet([0x41...0x5A])
    case "alnum": ScalarSet([0x30...0x39, 0x41...0x5A, 0x61...0x7A])
    case "ascii": ScalarSet([0x00...0x7F])
    case "blank": ScalarSet(scalars: [0x09, 0x20])
    case "cntrl": ScalarSet([0x00...0x1F, 0x7F...0x7F])
    case "digit": digit
    case "graph": ScalarSet([0x21...0x7E])
    case "print": ScalarSet([0x20...0x7E])
    case "punct": ScalarSet([0x21...0x2F, 0x3A...0x40, 0x5B...0x60, 0x7B...0x7E])
    case "space": space
    case "word": word
    case "xdigit": ScalarSet([0x30...0x39, 0x41...0x46, 0x61...0x66])
    default: nil
    }
  }

  /// The set of a POSIX class under `(*UCP)`.
  fileprivate static func unicodeNamed(_ name: String) -> ScalarSet? {
    switch name {
    case "alpha": categories(["Lu", "Ll", "Lt", "Lm", "Lo"])
    case "lower": categories(["Ll"])
    case "upper": categories(["Lu"])
    case "alnum": alphanumeric
    case "blank": horizontalSpace
    case "cntrl": categories(["Cc"])
    case "digit": unicodeDigit
    case "graph": visible
    case "print": visible.union(categories(["Zs"])).union(ScalarSet(scalars: [0x180E]))
    case "punct": categories(["Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"]).union(asciiSymbols)
    case "space": unicodeSpace
    case "word": unicodeWord
    default: named(name)
    }
  }

  private static let asciiSymbols = ScalarSet(scalars: [0x24, 0x2B, 0x3C, 0x3D, 0x3E, 0x5E, 0x60, 0x7C, 0x7E])

  /// What leaves a mark on paper: no spaces, no controls, and of the formats not those that only direct text.
  private static let visible = categories(["Zs", "Zl", "Zp", "Cc", "Cs", "Co", "Cn"])
    .union(ScalarSet([0x061C...0x061C, 0x180E...0x180E, 0x2066...0x2069])).inverted
}
