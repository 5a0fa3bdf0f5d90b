import Testing

@testable import HoldfastQuery

@Suite("Regular expressions: time and prefixes")
struct RegexStepsTests {
  /// Patterns that make a backtracking engine take time that grows exponentially, or by a power, with the text.
  static let catastrophic: [(pattern: String, text: String, suffix: String)] = [
    ("^(a+)+$", "a", "b"), ("(a*)*b", "a", "c"), ("(a|a)*b", "a", "c"), ("(a|aa)+$", "a", "b"),
    ("^(a?){50}a{50}$", "a", "b"), ("(.*)(.*)(.*)(.*)(.*)x", "a", ""), ("(x+x+)+y", "x", ""),
    ("^(([a-z])+.)+[A-Z]([a-z])+$", "a", ""), ("(?:(?:(?:a*)*)*)*b", "a", ""),
    ("a*a*a*a*a*a*a*a*a*b", "a", ""), ("(a|b|ab)*c", "ab", ""), ("([^a]|a)*[^a]b", "a", ""),
    ("(a|b)*a(a|b){40}c", "ab", ""), ("(\\w+\\s*)+:", "word ", ""), ("^(.*?,){20}P", "1,", ""),
    ("(?i)(é|É|.)*x", "é", ""), ("(\\b|a)*b", "a", "c"), ("((a{0,20}){0,20}){0,20}b", "a", ""),
  ]

  @Test("steps are at most the text's length times the program's, whatever the pattern")
  func steps() throws {
    for (pattern, piece, suffix) in Self.catastrophic {
      let matcher = try RegexMatcher(pattern: pattern, options: "", place: "")
      let size = matcher.program.instructions.count
      for count in [20, 40, 80, 400] {
        let text = Array((String(repeating: piece, count: count) + suffix).utf8)
        let (matches, steps) = text.withUnsafeBytes { matcher.program.simulate($0) }
        #expect(!matches || pattern.hasSuffix("$"), "\(pattern)")
        // An instruction is looked at when it is reached, when it takes a symbol and when it waits for one.
        #expect(steps <= 3 * size * (text.count + 2), "\(pattern): \(steps) steps, \(size) instructions")
        let result = text.withUnsafeBytes { matcher.matches($0) }
        #expect(result == matches, "\(pattern)")
      }
    }
  }

  @Test("making an automaton has limits, and what goes beyond them still matches")
  func automata() throws {
    let small = try RegexMatcher(pattern: "^Da.*n$", options: "", place: "")
    #expect(small.automaton != nil)
    let large = try RegexMatcher(pattern: "(a|b)*a(a|b){40}c", options: "", place: "")
    #expect(large.automaton == nil)
    let text = "b" + String(repeating: "a", count: 41)
    #expect(large.matches(text + "c"))
    #expect(!large.matches(text + "b"))
  }

  @Test("a matcher serves several threads")
  func threads() async throws {
    for pattern in ["^(a|b)*c$", "(a|b)*a(a|b){41}c"] {
      let matcher = try RegexMatcher(pattern: pattern, options: "", place: "")
      let good = Array((String(repeating: "ab", count: 50) + "c").utf8)
      let bad = Array((String(repeating: "ab", count: 50) + "d").utf8)
      await withTaskGroup(of: Bool.self) { group in
        for _ in 0..<4 {
          group.addTask {
            (0..<200).allSatisfy { _ in
              good.withUnsafeBytes { matcher.matches($0) } && !bad.withUnsafeBytes { matcher.matches($0) }
            }
          }
        }
        for await isRight in group { #expect(isRight) }
      }
    }
  }

  @Test(
    "what every match begins with is known when it must be at the text's start",
    arguments: [
      ("^Da", "", "Da", true), ("^Da.*", "", "Da", true), ("^Da.*n$", "", "Da", false),
      ("\\ADa", "m", "Da", true), ("^Da", "m", nil, false), ("^Da", "i", nil, false),
      ("^12", "i", "12", true), ("Da", "", nil, false), ("^", "", nil, false), ("", "", nil, false),
      ("^a|b", "", nil, false), ("^(?:abc|abd)", "", "ab", false), ("^(abc)", "", "abc", true),
      ("^abc+", "", "abc", true), ("^abc*", "", "ab", true), ("^abc?d", "", "ab", false),
      ("^ab$", "", "ab", false), ("^ab\\z", "", "ab", false), ("^ab\\b", "", "ab", false),
      ("^é日", "", "é日", true), ("^a\\.b", "", "a.b", true), ("^\\Qa.b\\E", "", "a.b", true),
      ("^[a]b", "", "ab", true), ("^[ab]c", "", nil, false), ("^a{3}", "", "aaa", true),
      ("^a{3,5}b", "", "aaa", false), ("^a\\n", "", "a\n", true), ("^a\\n$", "", "a\n", false),
      ("^a\\nb", "", "a\nb", true), ("^a$\\n", "", "a", false), ("^a b", "x", "ab", true),
      ("^a(?i)b", "", "a", false), ("^(?i)1(?-i)b", "", "1b", true), ("^x(y|)z*", "", "x", true),
      ("^\\t\\x41", "", "\tA", true), ("(^a)", "", "a", true), ("(?:^a|^a)b", "", "ab", true),
      ("^^a", "", "a", true), ("^a.", "", "a", false), ("^a\\Bb", "", "ab", true), ("^\\b1", "", "1", true),
      ("^ab(a|b)*a(a|b){40}c", "", "ab", false),
    ])
  func prefixes(pattern: String, options: String, bytes: String?, isWhole: Bool) throws {
    let matcher = try RegexMatcher(pattern: pattern, options: options, place: "")
    let prefix = matcher.literalPrefix
    #expect(prefix?.bytes == bytes.map { Array($0.utf8) }, "\(pattern)")
    #expect((prefix?.isWhole ?? false) == isWhole, "\(pattern)")
    for text in [
      "", "D", "Da", "Dan", "ab", "abc", "aaa", "12", "a\n", "a.b", "é日", "x", "1b", "1", "b", "a", "a\nb",
    ] {
      _ = matcher.matches(text)
    }
  }

  @Test("a prefix has a greatest length")
  func longPrefix() throws {
    let letters = String(repeating: "ab", count: 2000)
    let prefix = try #require(RegexMatcher(pattern: "^" + letters, options: "", place: "").literalPrefix)
    #expect(prefix.bytes == Array(letters.utf8.prefix(RegexLimits.prefixBytes)))
    #expect(!prefix.isWhole)
  }
}
