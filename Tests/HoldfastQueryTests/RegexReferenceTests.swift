import Testing

@testable import HoldfastQuery

/// An expression for the tests, with a matcher of its own: it tries one way after the other.
private indirect enum Reference {
  case scalar(Unicode.Scalar)
  case dot
  case oneOf([Unicode.Scalar], isNegated: Bool)
  case word(isNegated: Bool)
  case start
  case end
  case lineStart
  case lineEnd
  case boundary(isNegated: Bool)
  case sequence([Reference])
  case alternatives([Reference])
  case repeated(Reference, minimum: Int, maximum: Int?, sign: String)

  var pattern: String {
    switch self {
    case .scalar(let scalar): scalar == "\n" ? "\\n" : String(scalar)
    case .dot: "."
    case .oneOf(let scalars, let isNegated): "[\(isNegated ? "^" : "")\(scalars.map(String.init).joined())]"
    case .word(let isNegated): isNegated ? "\\W" : "\\w"
    case .start: "^"
    case .end: "$"
    case .lineStart: "(?m:^)"
    case .lineEnd: "(?m:$)"
    case .boundary(let isNegated): isNegated ? "\\B" : "\\b"
    case .sequence(let parts): parts.map(\.pattern).joined()
    case .alternatives(let parts): "(" + parts.map(\.pattern).joined(separator: "|") + ")"
    case .repeated(let part, _, _, let sign): "(?:\(part.pattern))\(sign)"
    }
  }

  /// Calls the closure for each place where a match from this place on ends, until it returns true.
  func match(_ text: [Unicode.Scalar], _ place: Int, _ then: (Int) -> Bool) -> Bool {
    func take(_ accepts: (Unicode.Scalar) -> Bool) -> Bool {
      place < text.count && accepts(text[place]) && then(place + 1)
    }
    let previous = place > 0 ? text[place - 1] : nil
    let next = place < text.count ? text[place] : nil
    switch self {
    case .scalar(let scalar): return take { $0 == scalar }
    case .dot: return take { $0 != "\n" }
    case .oneOf(let scalars, let isNegated): return take { scalars.contains($0) != isNegated }
    case .word(let isNegated): return take { Self.isWord($0) != isNegated }
    case .start: return place == 0 && then(place)
    case .end: return (next == nil || next == "\n" && place + 1 == text.count) && then(place)
    case .lineStart: return (previous == nil || previous == "\n" && next != nil) && then(place)
    case .lineEnd: return (next == nil || next == "\n") && then(place)
    case .boundary(let isNegated):
      return (Self.isWord(previous) != Self.isWord(next)) != isNegated && then(place)
    case .sequence(let parts):
      guard let first = parts.first else { return then(place) }
      return first.match(text, place) { Self.sequence(Array(parts.dropFirst())).match(text, $0, then) }
    case .alternatives(let parts): return parts.contains { $0.match(text, place, then) }
    case .repeated(let part, let minimum, let maximum, let sign):
      if minimum == 0, then(place) { return true }
      guard maximum != 0 else { return false }
      return part.match(text, place) { end in
        // An empty round more changes nothing, and without an end to it there would be none.
        if end == place, minimum == 0 { return false }
        return Self.repeated(part, minimum: max(minimum - 1, 0), maximum: maximum.map { $0 - 1 }, sign: sign)
          .match(text, end, then)
      }
    }
  }

  func matches(_ text: String) -> Bool {
    let scalars = Array(text.unicodeScalars)
    return (0...scalars.count).contains { match(scalars, $0) { _ in true } }
  }

  private static func isWord(_ scalar: Unicode.Scalar?) -> Bool {
    guard let scalar, scalar.isASCII else { return false }
    return scalar == "_" || scalar.properties.isAlphabetic || scalar.properties.numericType != nil
  }
}

/// Numbers from a seed.
private struct Dice {
  var state: UInt64

  mutating func roll(_ sides: Int) -> Int {
    state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
    return Int(truncatingIfNeeded: state >> 33) % sides
  }

  private static let scalars: [Unicode.Scalar] = ["a", "b", "_", " ", "\n", "é", "日", "😀"]

  mutating func scalar() -> Unicode.Scalar { Self.scalars[roll(Self.scalars.count)] }

  mutating func text() -> String {
    String(String.UnicodeScalarView((0..<roll(7)).map { _ in scalar() }))
  }

  mutating func expression(_ depth: Int) -> Reference {
    switch roll(depth > 0 ? 18 : 9) {
    case 0...4: return .scalar(scalar())
    case 5: return .dot
    case 6: return .oneOf((0...roll(3)).map { _ in scalar() }, isNegated: roll(2) == 0)
    case 7: return .word(isNegated: roll(2) == 0)
    case 8: return assertion()
    case 9...12: return .sequence((0...roll(3)).map { _ in expression(depth - 1) })
    case 13, 14: return .alternatives((0...roll(3)).map { _ in expression(depth - 1) })
    default: return repetition(of: expression(depth - 1))
    }
  }

  private mutating func assertion() -> Reference {
    switch roll(6) {
    case 0: .start
    case 1: .end
    case 2: .lineStart
    case 3: .lineEnd
    default: .boundary(isNegated: roll(2) == 0)
    }
  }

  private mutating func repetition(of part: Reference) -> Reference {
    let signs: [(String, Int, Int?)] = [
      ("*", 0, nil), ("+", 1, nil), ("?", 0, 1), ("{2}", 2, 2), ("{1,3}", 1, 3), ("{2,}", 2, nil),
      ("{0}", 0, 0), ("*?", 0, nil), ("+?", 1, nil), ("??", 0, 1), ("{0,2}?", 0, 2),
    ]
    let (sign, minimum, maximum) = signs[roll(signs.count)]
    return .repeated(part, minimum: minimum, maximum: maximum, sign: sign)
  }
}

@Suite("Regular expressions: against a reference")
struct RegexReferenceTests {
  @Test("random patterns match what a matcher matches that tries one way after the other", arguments: 1...8)
  func random(seed: Int) throws {
    var dice = Dice(state: UInt64(seed))
    var matched = 0
    for round in 0..<500 {
      let expression = dice.expression(3)
      let pattern = expression.pattern
      let matcher = try RegexMatcher(pattern: pattern, options: "", place: "")
      for _ in 0..<6 {
        let text = dice.text()
        let expected = expression.matches(text)
        if expected { matched += 1 }
        #expect(
          matcher.matches(text) == expected,
          "seed \(seed), round \(round): \(pattern.debugDescription) and \(text.debugDescription)")
      }
    }
    // The test would be worth little if one answer were always right.
    #expect(matched > 500 && matched < 2500, "seed \(seed): \(matched)")
  }

  @Test(
    "patterns of random pieces are compiled or refused with an error that names the place", arguments: 1...4)
  func garbage(seed: Int) throws {
    let pieces = [
      "a", "é", "(", ")", "[", "]", "{", "}", "*", "+", "?", "|", "^", "$", ".", "\\", "-", ":", "#", " ",
      "\n", ",", "1", "9", "<", ">", "=", "!", "P", "i", "x", "\\Q", "\\E", "(?", "(?:", "(?x)", "(?xx)",
      "(?#", "[^", "[[:", "alpha", ":]", "\\d", "\\x{", "\\o{", "\\c", "\\p{", "L", "\\N{", "U+", "\\R",
      "{2}", "{1,", "(?|", "(?<n>", "'", "(*", "(*UCP)", "\\b", "\\1", "\\07", "a-z", "\0", "\u{2028}",
    ]
    var dice = Dice(state: UInt64(seed))
    for _ in 0..<1000 {
      let pattern = (0...dice.roll(10)).map { _ in pieces[dice.roll(pieces.count)] }.joined()
      let options = ["", "i", "x", "ms"][dice.roll(4)]
      do {
        let matcher = try RegexMatcher(pattern: pattern, options: options, place: "$regex of 'a'")
        for _ in 0..<3 { _ = matcher.matches(dice.text()) }
      } catch {
        #expect(error.code == .invalidRegex, "\(pattern.debugDescription): \(error)")
        #expect(error.message.hasPrefix("$regex of 'a': the pattern has "), "\(error)")
      }
    }
  }
}
