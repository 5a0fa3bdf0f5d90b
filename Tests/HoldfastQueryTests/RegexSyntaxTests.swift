import Testing

@testable import HoldfastQuery

@Suite("Regular expressions: what is refused")
struct RegexSyntaxTests {
  @Test(
    "a feature that needs backtracking is refused by name and place",
    arguments: [
      ("ab(?=c)", "look-ahead", 2), ("(?!c)", "look-ahead", 0), ("é(?<=c)", "look-behind", 2),
      ("(?<!c)", "look-behind", 0), ("(?*a)", "look-ahead", 0), ("(?<*a)", "look-behind", 0),
      ("(a)\\1", "back reference", 3), ("\\9", "back reference", 0), ("\\81", "back reference", 0),
      ("\\99999999999999999999", "back reference", 0), ("\\11111111111111", "back reference", 0),
      ("(a)(a)(a)(a)(a)(a)(a)(a)(a)(a)\\10", "back reference", 30), ("(?<n>a)\\k<n>", "back reference", 7),
      ("(?<n>a)\\k{n}", "back reference", 7), ("(a)\\g1", "back reference", 3),
      ("\\g{-1}", "back reference", 0), ("(?<n>a)(?P=n)", "back reference", 7), ("(?P>n)", "recursion", 0),
      ("(?&n)", "recursion", 0), ("(?R)", "recursion", 0), ("(?0)", "recursion", 0), ("(?1)", "recursion", 0),
      ("(?+1)", "recursion", 0), ("(?-1)", "recursion", 0), ("\\g<1>", "subroutine", 0),
      ("(?(1)a|b)", "conditional", 0), ("(?(DEFINE)a)", "conditional", 0), ("(?>a)", "atomic", 0),
      ("a++", "possessive", 1), ("a*+", "possessive", 1), ("a?+", "possessive", 1),
      ("a{2}+", "possessive", 1), ("(?C)a", "callout", 0), ("(?C1)a", "callout", 0), ("a\\Kb", "\\K", 1),
      ("\\Xa", "\\X", 0), ("\\C", "\\C", 0), ("\\Ga", "\\G", 0), ("(*ACCEPT)", "verb", 0),
      ("(*COMMIT)a", "verb", 0), ("a(*UCP)", "verb", 1), ("(*LIMIT_MATCH=1)a", "verb", 0),
      ("(*CRLF)a", "verb", 0), ("(*atomic:a)", "verb", 0), ("(*pla:a)", "verb", 0), ("(*:mark)", "verb", 0),
      ("\\p{Greek}", "general category", 0), ("\\P{Foo}", "general category", 0),
      ("\\p{}", "general category", 0), ("\\p{Letter}", "general category", 0),
      ("\\pQ", "general category", 0), ("[\\p{Han}]", "general category", 1),
    ])
  func features(pattern: String, feature: String, offset: Int) throws {
    let error = try #require(regexError(pattern), "\(pattern) was taken")
    #expect(error.code == .invalidRegex)
    #expect(error.message.hasPrefix("$regex of 'a': "), "\(error)")
    #expect(error.message.contains(feature), "\(error)")
    #expect(error.message.contains("at byte \(offset) of the pattern"), "\(pattern): \(error)")
    #expect(error.message.contains("not supported"), "\(error)")
  }

  @Test(
    "what is no pattern is an error that says what and where",
    arguments: [
      ("(", "not closed", 0), ("a(b", "not closed", 1), ("(?", "not closed", 0), ("(?:a", "not closed", 0),
      ("(?i", "not closed", 0), ("a)", "without an opening", 1), (")", "without an opening", 0),
      ("*", "nothing before", 0), ("a|+", "nothing before", 2), ("(?)", "", -1), ("(*)", "nothing before", 1),
      ("(+)", "nothing before", 1), ("a**", "nothing before", 2), ("a{2}{3}", "nothing before", 4),
      ("a???", "nothing before", 3), ("^*", "nothing before", 1), ("\\b+", "nothing before", 2),
      ("$?", "nothing before", 1), ("{2}", "nothing before", 0), ("(?i)+", "nothing before", 4),
      ("a(?i)+", "nothing before", 5), ("\\Q\\E+", "nothing before", 4), ("(?#x)+", "nothing before", 5),
      ("a{2,1}", "lower than", 1), ("a{65536}", "above 65535", 1), ("a{1,65536}", "above 65535", 1),
      ("a{99999999999999999999999}", "above 65535", 1), ("[", "not closed", 0), ("x[a", "not closed", 1),
      ("[]", "not closed", 0), ("[^]", "not closed", 0), ("[a-", "not closed", 0), ("[\\E]", "not closed", 0),
      ("[[:alpha:", "not closed", 0), ("[z-a]", "wrong order", 3), ("[a-\\d]", "ends with a class", 3),
      ("[\\d-z]", "begins with a class", 3), ("[a-[:digit:]]", "ends with a class", 3),
      ("[[:digit:]-z]", "begins with a class", 10), ("[[:foo:]]", "unknown POSIX", 1),
      ("[[:^:]]", "unknown POSIX", 1), ("[[.a.]]", "collating", 1), ("[[=a=]]", "collating", 1),
      ("[:alpha:]", "outside of brackets", 0), ("[.a.]", "outside of brackets", 0),
      ("[\\N]", "\\N in a class", 1), ("[\\B]", "no meaning", 1), ("[\\R]", "no meaning", 1),
      ("[\\A]", "no meaning", 1), ("a\\", "backslash", 1), ("[\\", "backslash", 1), ("\\i", "no meaning", 0),
      ("\\L", "no meaning", 0), ("\\u0041", "no meaning", 0), ("\\Y", "no meaning", 0),
      ("\\N{LATIN}", "takes a number", 0), ("\\c", "\\c without", 0), ("\\cé", "\\c without", 0),
      ("\\x{", "braces", 0), ("\\x{}", "braces", 0), ("\\x{g}", "braces", 0),
      ("\\x{110000}", "no Unicode scalar", 0), ("\\x{d800}", "no Unicode scalar", 0),
      ("\\x{fffffffffffffffffffff}", "no Unicode scalar", 0), ("\\o", "\\o without", 0),
      ("\\o{8}", "braces", 0), ("\\p", "malformed", 0), ("\\p{L", "malformed", 0), ("\\p1", "malformed", 0),
      ("\\p^L", "malformed", 0), ("(?z)", "unknown letter", 2), ("(?P!a)", "unknown letter", 0),
      ("(?P", "not closed", 0), ("(?i-m-s)", "hyphen", 5), ("(?^-i)", "hyphen", 3), ("(?#a", "comment", 0),
      ("a+(?#", "comment", 2), ("(?<>a)", "without a name", 0), ("(?<1a>b)", "begins with a digit", 0),
      ("(?<a b>c)", "not closed", 0), ("(?'a", "not closed", 0), ("(?<a>x)(?<a>y)", "same name", 7),
      ("(?|(?<a>x)|(?<b>y))", "different names", 11),
      ("(?<aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa>b)", "longer than 32 bytes", 0), ("a\0b", "zero byte", 1),
    ])
  func errors(pattern: String, problem: String, offset: Int) throws {
    guard offset >= 0 else {
      #expect(regexError(pattern) == nil)
      return
    }
    let error = try #require(regexError(pattern), "\(pattern.debugDescription) was taken")
    #expect(error.code == .invalidRegex)
    #expect(error.message.hasPrefix("$regex of 'a': "), "\(error)")
    #expect(error.message.contains(problem), "\(error)")
    #expect(error.message.hasSuffix("at byte \(offset) of the pattern"), "\(pattern): \(error)")
  }

  @Test("options other than i, m, s, u and x are errors")
  func options() {
    for options in ["g", "ig", "I", " ", "l", "\0", "é", "i m"] {
      #expect(regexError("a", options)?.code == .invalidRegex, "\(options)")
      #expect(regexError("a", options)?.message.contains("invalid flag in regex options") == true)
    }
    #expect(regexError("a", "imsxu") == nil)
  }

  @Test("patterns have a longest length, groups a deepest nesting, and programs a size")
  func limits() throws {
    #expect(regexError(String(repeating: "a", count: RegexLimits.patternBytes)) == nil)
    #expect(regexError(String(repeating: "é", count: RegexLimits.patternBytes / 2)) == nil)
    #expect(regexError(String(repeating: "a", count: RegexLimits.patternBytes + 1))?.code == .limitExceeded)
    #expect(
      regexError(String(repeating: "é", count: RegexLimits.patternBytes / 2 + 1))?.code == .limitExceeded)

    func nested(_ depth: Int, _ opening: String = "(") -> String {
      String(repeating: opening, count: depth) + "a" + String(repeating: ")", count: depth)
    }
    #expect(regexError(nested(250)) == nil)
    #expect(regexError(nested(251))?.code == .invalidRegex)
    #expect(regexError(nested(251, "(?i:"))?.message.contains("deeper than 250") == true)

    for pattern in [
      "((a{1000}){1000})", "(?:a{1000}){1000}", "((((a{100}){100}){100}){100}){100}", "a{0,65535}b{0,65535}",
      "(?:[a-z][0-9][a-z]){60000}", "(((a{65535}){65535}){65535}){65535}", "(?:a?){65535}b{65535}",
    ] {
      #expect(regexError(pattern)?.code == .limitExceeded, "\(pattern)")
      #expect(regexError(pattern)?.message.contains("150000") == true, "\(pattern)")
    }
    // A pattern that was refused in one of its groups must not have been built in the others.
    let groups = String(repeating: "(a{65535}", count: 200) + String(repeating: ")", count: 200)
    #expect(regexError(groups)?.code == .limitExceeded)
  }

  @Test("long patterns of every sort are compiled, or refused because of their size")
  func longPatterns() throws {
    func check(_ piece: String, bytes: Int) throws {
      let pattern = String(repeating: piece, count: bytes / piece.utf8.count)
      let error = regexError(pattern)
      #expect(error == nil || error?.code == .limitExceeded, "\(piece): \(String(describing: error))")
      guard error == nil else { return }
      let matcher = try RegexMatcher(pattern: pattern, options: "", place: "")
      _ = matcher.matches("a日")
    }
    for piece in [
      "a|", "(a)", "(?:a|b)*", "[a-c]", "[^a]", "\\p{L}", "a{2}", "a?", "^", "$", "\\b", "(?i)é", "()*",
      "\\Qa\\E", "(?#a)", "[[:alpha:]]", "a+?", "(?i)", "(?x)", "\\x{10FFFF}", ".", "日", "[^日]", "\\R",
      "a{0,99}", "]",
    ] {
      try check(piece, bytes: RegexLimits.patternBytes / 16)
    }
    for piece in ["a|", "(?i)", "\\b"] { try check(piece, bytes: RegexLimits.patternBytes) }
  }

  @Test("a pattern may tell apart thousands of characters, and not too many in too many ways")
  func largeAlphabets() throws {
    let scalars = (0x4E00..<0x4E00 + 2000).compactMap(Unicode.Scalar.init)
    let literal = scalars.map(String.init).joined()
    let matcher = try RegexMatcher(pattern: literal, options: "", place: "")
    #expect(matcher.matches("x" + literal))
    #expect(!matcher.matches(String(literal.dropLast())))
    let classes = scalars.map { "[^\($0)]" }.joined()
    #expect(regexError(String(classes.prefix(1200))) == nil)
    let error = try #require(regexError(classes))
    #expect(error.code == .limitExceeded)
    #expect(error.message.contains("tells apart"))
  }

  @Test("an error has no control characters and nothing of the pattern")
  func messages() throws {
    let error = try #require(regexError("secret\u{1B}(?=x)"))
    #expect(!error.message.contains("secret"))
    #expect(!error.message.unicodeScalars.contains { $0.value < 0x20 })
  }
}
