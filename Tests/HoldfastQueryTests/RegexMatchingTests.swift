import Testing

@testable import HoldfastQuery

@Suite("Regular expressions: what matches")
struct RegexMatchingTests {
  @Test(
    "literals, dots and alternatives match anywhere in the text",
    arguments: [
      RegexCase("", [""], not: []),
      RegexCase("an", ["an", "Daniel", "pan"], not: ["", "a", "na", "AN"]),
      RegexCase("a.c", ["abc", "xaécx", "a😀c", "a\rc"], not: ["ac", "a\nc", "abbc"]),
      RegexCase("a.c", "s", ["a\nc", "abc"], not: ["ac"]),
      RegexCase("^.$", ["é", "😀", "a\n"], not: ["", "ab", "\n"]),
      RegexCase("\\N", "s", ["a"], not: ["", "\n"]),
      RegexCase("cat|dog|", ["", "cat", "bird"], not: []),
      RegexCase("^(?:cat|dog)$", ["cat", "dog"], not: ["", "cats", "catdog", "ca"]),
      RegexCase("^cat|dog$", ["catx", "xdog"], not: ["xcat", "dogx"]),
      RegexCase("\\Qa.b\\E.", ["a.bc"], not: ["axbc", "a.b"]),
      RegexCase("\\Qa\\\\E", ["a\\"], not: ["a"]),
      RegexCase("a\\Eb\\Q", ["ab"], not: ["a"]),
      RegexCase("a]b}{c", ["a]b}{c"], not: ["abc"]),
      RegexCase("naïve", ["naïve"], not: ["naive", "nai\u{308}ve"]),
    ])
  func literals(_ example: RegexCase) throws { try example.check() }

  @Test(
    "anchors are about the text, and with option m about its lines",
    arguments: [
      RegexCase("^a$", ["a", "a\n"], not: ["a\n\n", "\na", "ab", "a\nb"]),
      RegexCase("^a$", "m", ["a", "a\n\n", "\na", "x\na\ny"], not: ["xa", "ax"]),
      RegexCase("\\Aa\\Z", "m", ["a", "a\n"], not: ["x\na", "a\nb", "a\n\n"]),
      RegexCase("a\\z", "m", ["a", "\na"], not: ["a\n", "ab"]),
      RegexCase("a$\\n", ["a\n"], not: ["a", "a\nb"]),
      RegexCase("a$\\nb", "m", ["a\nb"], not: ["ab"]),
      RegexCase("\\n^", "m", ["\na"], not: ["\n", "a\n"]),
      RegexCase("^$", ["", "\n"], not: ["\n\n", "a"]),
      RegexCase("^$", "m", ["", "\n", "a\n\nb"], not: ["a", "a\nb"]),
      RegexCase("$^", ["", "\n"], not: ["a", "\n\n"]),
      RegexCase("a^b", "m", [], not: ["ab", "a\nb"]),
      RegexCase("(^|x)a", ["a", "bxa"], not: ["ba"]),
      RegexCase("\u{2028}^a|^b", "m", ["b"], not: ["\u{2028}a", "\u{2028}b", "\rb"]),
    ])
  func anchors(_ example: RegexCase) throws { try example.check() }

  @Test(
    "word boundaries know the letters of ASCII, and of all scripts when the pattern says so",
    arguments: [
      RegexCase("\\bster", ["ster", "a ster", "Öster"], not: ["yster", "_ster"]),
      RegexCase("(*UCP)\\bster", ["ster", "a ster"], not: ["Öster", "yster"]),
      RegexCase("^\\B", ["", "é", " a"], not: ["a"]),
      RegexCase("a\\B", ["ab", "a1"], not: ["a", "a b", "aé"]),
      RegexCase("\\b\\B", [], not: ["", "a", " ", "a b"]),
      RegexCase("[[:<:]]b", ["a b", "b"], not: ["ab"]),
      RegexCase("b[[:>:]]", ["b a", "b"], not: ["ba"]),
      RegexCase("\\Bé\\B", ["é", "éé", " é "], not: ["aé"]),
    ])
  func words(_ example: RegexCase) throws { try example.check() }

  @Test(
    "escapes stand for sets and characters",
    arguments: [
      RegexCase("^\\d\\D$", ["1a", "1٣"], not: ["٣a", "11"]),
      RegexCase("(*UCP)^\\d$", ["1", "٣"], not: ["a"]),
      RegexCase("^\\w+$", ["aZ_09"], not: ["é", "-", ""]),
      RegexCase("(*UCP)^\\w+$", ["aZ_09é日"], not: ["-", " "]),
      RegexCase("^\\W$", ["é", "-", " "], not: ["a", "_"]),
      RegexCase("^\\s+$", [" \t\n\u{B}\u{C}\r"], not: ["\u{A0}", "\u{85}", "a"]),
      RegexCase("(*UCP)^\\s$", ["\u{A0}", "\u{85}", " "], not: ["a"]),
      RegexCase("^\\S$", ["\u{A0}", "a"], not: [" ", "\n"]),
      RegexCase("^\\h+$", [" \t\u{A0}\u{1680}\u{180E}\u{2003}\u{202F}\u{205F}\u{3000}"], not: ["\n", "a"]),
      RegexCase("^\\H\\V$", ["\na"], not: [" a", "a\n"]),
      RegexCase("^\\v+$", ["\u{A}\u{B}\u{C}\u{D}\u{85}\u{2028}\u{2029}"], not: [" ", "a"]),
      RegexCase("^\\R\\z", ["\r\n", "\r", "\n", "\u{B}", "\u{85}", "\u{2029}"], not: ["", "\n\r", " "]),
      RegexCase("^\\R\\n", ["\r\n\n", "\n\n"], not: ["\r\n", "\n"]),
      RegexCase("^\\R{2}\\z", ["\r\n\r\n", "\r\r", "\n\r\n", "\n\n"], not: ["\r\n"]),
      RegexCase("^\\t\\n\\r\\f\\a\\e\\cA\\c?$", ["\t\n\r\u{C}\u{7}\u{1B}\u{1}\u{7F}"], not: [""]),
      RegexCase("^\\x41\\x{1F600}\\o{102}\\103\\N{U+44}$", ["A😀BCD"], not: ["ABCD"]),
      RegexCase("^\\0\\x\\011\\18$", ["\0\0\t\u{1}8"], not: ["0"]),
      RegexCase("(a)(b)(c)(d)(e)(f)(g)(h)(i)\\10", ["abcdefghi\u{8}"], not: ["abcdefghia"]),
      RegexCase("^\\.\\-\\_\\é\\ $", [".-_é "], not: ["a-_é "]),
    ])
  func escapes(_ example: RegexCase) throws { try example.check() }

  @Test(
    "general categories are those of Unicode",
    arguments: [
      RegexCase("^\\p{Lu}\\p{Ll}\\pL\\p{L&}$", ["ÄäаЖ"], not: ["ääаЖ", "ÄÄаЖ"]),
      RegexCase("^\\p{Lt}\\p{Nd}\\p{Sc}\\p{Zs}$", ["ǅ٣€\u{A0}"], not: ["D3€ "]),
      RegexCase("^\\P{L}\\p{^L}\\P{^L}$", ["1-a", "--é"], not: ["a1a", "111"]),
      RegexCase("^[\\p{Lu}\\P{L}]$", ["É", "1"], not: ["é"]),
      RegexCase("^\\p{ l_u }$", ["A"], not: ["a"]),
      RegexCase("^\\p{Lu}$", "i", ["A"], not: ["a"]),
      RegexCase("^\\p{Any}\\p{Xan}\\p{Xwd}\\p{Xsp}\\p{Xps}$", ["😀é_\u{85}\u{B}"], not: ["😀-_  "]),
      RegexCase("^\\p{Cn}$", ["\u{378}"], not: ["a"]),
      RegexCase("^\\p{Co}\\p{Cf}\\p{Cc}\\p{Me}\\p{So}$", ["\u{E000}\u{AD}\u{7}\u{488}☃"], not: ["aaaaa"]),
    ])
  func categories(_ example: RegexCase) throws { try example.check() }

  @Test(
    "quantifiers repeat, and whether they are greedy makes no difference",
    arguments: [
      RegexCase("^a*$", ["", "a", "aaaa"], not: ["b", "aab"]),
      RegexCase("^a+?$", ["a", "aaaa"], not: ["", "ab"]),
      RegexCase("^a??b$", ["b", "ab"], not: ["aab"]),
      RegexCase("^a{2}$", ["aa"], not: ["a", "aaa"]),
      RegexCase("^a{2,}?$", ["aa", "aaaaa"], not: ["", "a"]),
      RegexCase("^a{0,2}$", ["", "a", "aa"], not: ["aaa"]),
      RegexCase("^(?:ab){1,2}$", ["ab", "abab"], not: ["", "aba", "ababab"]),
      RegexCase("^a{0}b$", ["b"], not: ["ab"]),
      RegexCase("^(?:a{2}){3}$", ["aaaaaa"], not: ["aaaaa", "aaaaaaa"]),
      RegexCase("^(?:a|b)*c$", ["c", "abbac"], not: ["abdc"]),
      RegexCase("^(?:a*)*(?:b*)+$", ["", "aab", "b"], not: ["ba"]),
      RegexCase("^(?:|a)+$", ["", "aa"], not: ["b"]),
      RegexCase("^(?:\\b|a){3}$", ["a", "aaa"], not: ["aaaa", "b"]),
      RegexCase("^a{,2}$", ["a{,2}"], not: ["a", "aa"]),
      RegexCase("^a{1,2$", ["a{1,2"], not: ["a"]),
      RegexCase("^a{ 1}{x}{$", ["a{ 1}{x}{"], not: ["a"]),
      RegexCase("^\\N{2}$", ["ab"], not: ["a"]),
      RegexCase("^\\Qab\\E+$", ["ab", "abb"], not: ["abab"]),
      RegexCase("^a(?#comment)+$", ["aa"], not: [""]),
      RegexCase("^.{3,40}$", ["abc", "ééé"], not: ["ab", String(repeating: "a", count: 41)]),
      RegexCase("^a{65535}$", [String(repeating: "a", count: 65_535)], not: ["a"]),
    ])
  func quantifiers(_ example: RegexCase) throws { try example.check() }

  @Test(
    "classes have ranges, sets and names, and can be negated",
    arguments: [
      RegexCase("^[abc]$", ["a", "c"], not: ["d", "", "ab"]),
      RegexCase("^[^abc]$", ["d", "é", "\n"], not: ["a"]),
      RegexCase("^[a-c-e]$", ["b", "-", "e"], not: ["d"]),
      RegexCase("^[]a]$", ["]", "a"], not: ["b"]),
      RegexCase("^[^]a]$", ["b"], not: ["]", "a"]),
      RegexCase("^[a\\]-]$", ["a", "]", "-"], not: ["b"]),
      RegexCase("^[--/]$", ["-", ".", "/"], not: ["0"]),
      RegexCase("^[\\d\\s_-]$", ["1", " ", "_", "-"], not: ["a"]),
      RegexCase("^[^\\W\\d]$", ["a", "_"], not: ["1", "é"]),
      RegexCase(
        "^[\\b\\n\\x{e9}\\101\\e\\g\\8]$", ["\u{8}", "\n", "é", "A", "\u{1B}", "g", "8"], not: ["b"]),
      RegexCase("^[α-ω]$", ["β"], not: ["a", "Β"]),
      RegexCase("^[\\Q^]-\\E]$", ["^", "]", "-"], not: ["\\", "Q"]),
      RegexCase("^[a-\\Qc\\E]$", ["b"], not: ["-"]),
      RegexCase("^[\\E^\\Ea]$", ["b"], not: ["a"]),
      RegexCase("^[[:alpha:]]$", ["a", "Z"], not: ["1", "é"]),
      RegexCase("^[[:^alpha:]]$", ["1", "é"], not: ["a"]),
      RegexCase("^[[:upper:][:digit:].]$", ["A", "1", "."], not: ["a"]),
      RegexCase("^[[:lower:]]$", "i", ["A", "a"], not: ["1", "é"]),
      RegexCase("^[[:alnum:]]+[[:blank:]][[:space:]]$", ["a1 \n"], not: ["a1\n "]),
      RegexCase("^[[:punct:]][[:xdigit:]][[:word:]]$", ["$f_"], not: ["af_", "$g_"]),
      RegexCase("^[[:cntrl:]][[:graph:]][[:print:]][[:ascii:]]$", ["\u{1}! ~"], not: ["\u{1}! é", "a! a"]),
      RegexCase("(*UCP)^[[:alpha:]][[:upper:]][[:lower:]][[:digit:]]$", ["éÉé٣"], not: ["1Éé٣", "ééé٣"]),
      RegexCase(
        "(*UCP)^[[:alnum:]][[:space:]][[:word:]][[:cntrl:]]$", ["日\u{A0}é\u{85}"], not: ["- é\u{85}"]),
      RegexCase(
        "(*UCP)^[[:punct:]][[:graph:]][[:print:]][[:blank:]]$", ["¿é\u{A0}\t", "$日 \t"],
        not: ["é¿ \t", "€é \t"]),
      RegexCase("^[[:alpha]$", [":", "[", "a"], not: ["]", "b"]),
      RegexCase("^[a:]$", [":", "a"], not: ["["]),
      RegexCase("(?xx)^[a b\t]$", ["a", "b"], not: [" ", "\t"]),
    ])
  func classes(_ example: RegexCase) throws { try example.check() }

  @Test(
    "without case, letters of all scripts match by simple folding",
    arguments: [
      RegexCase("daniel", "i", ["DANIEL", "dAnIeL"], not: ["dane"]),
      RegexCase("^größe$", "i", ["GRÖßE", "GRÖẞE"], not: ["GRÖSSE"]),
      RegexCase("^k$", "i", ["K", "\u{212A}"], not: ["s"]),
      RegexCase("^S$", "i", ["s", "ſ"], not: ["ß"]),
      RegexCase("^σ$", "i", ["Σ", "ς", "σ"], not: ["s"]),
      RegexCase("^ǆ$", "i", ["Ǆ", "ǅ", "ǆ"], not: ["dž"]),
      RegexCase("^[à-ý]$", "i", ["É", "é"], not: ["e"]),
      RegexCase("^[^é]$", "i", ["e"], not: ["É", "é"]),
      RegexCase("^[^a-z]$", "i", ["1", "é"], not: ["A", "\u{212A}"]),
      RegexCase("^ı$", "i", ["ı"], not: ["i", "I"]),
      RegexCase("^i$", "i", ["I"], not: ["ı", "İ"]),
      RegexCase("^\\x41\\Qb\\E$", "i", ["aB"], not: ["ac"]),
      RegexCase("^жЯ$", "i", ["ЖЯ", "жя"], not: ["ж"]),
      RegexCase("^1$", "i", ["1"], not: ["2"]),
    ])
  func cases(_ example: RegexCase) throws { try example.check() }

  @Test(
    "groups scope their options",
    arguments: [
      RegexCase("^(?<first>a)(?P<second>b)(?'third'c)$", ["abc"], not: ["ab"]),
      RegexCase("^a(?i)b$", ["ab", "aB"], not: ["AB"]),
      RegexCase("^(?i:a)b$", ["ab", "Ab"], not: ["AB"]),
      RegexCase("^(a(?i)b|c)d$", ["aBd", "Cd", "cd"], not: ["Abd", "cD"]),
      RegexCase("^(?-i:a)b$", "i", ["ab", "aB"], not: ["Ab"]),
      RegexCase("^(?^:a)b$", "i", ["aB"], not: ["Ab"]),
      RegexCase("(?s).(?-s).", ["\na"], not: ["a\n"]),
      RegexCase("(?m)^a", ["b\na"], not: ["ba"]),
      RegexCase("^(?|(a)|(b)(c))(d)$", ["ad", "bcd"], not: ["bd"]),
      RegexCase("^(?J)(?<n>a)(?<n>b)$", ["ab"], not: ["a"]),
      RegexCase("^(?n)(a)(?<n>b)(?U)a+$", ["aba"], not: ["ab"]),
      RegexCase("^()(?:)(a|)$", ["", "a"], not: ["b"]),
      RegexCase("(?imsx-imsx:a b)", ["a b"], not: ["ab", "A B"]),
    ])
  func groups(_ example: RegexCase) throws { try example.check() }

  @Test(
    "with option x white space and comments mean nothing",
    arguments: [
      RegexCase("^ a b # a comment\n c $", "x", ["abc"], not: ["a b c"]),
      RegexCase("^a\\ b[ ]c$", "x", ["a b c"], not: ["abc"]),
      RegexCase("a + # more\n ?b", "x", ["aab"], not: ["b"]),
      RegexCase("a#", "x", ["a"], not: ["#"]),
      RegexCase("^a\u{85}\u{200E}\u{2028}b$", "x", ["ab"], not: []),
      RegexCase("^a\u{A0}b$", "x", ["a\u{A0}b"], not: ["ab"]),
      RegexCase("^(?x: a b )c d$", ["abc d"], not: ["a bc d"]),
      RegexCase("^a{1, 2}\\Q b\\E$", "x", ["a{1,2} b"], not: ["a b"]),
      RegexCase("^a(?#b#c)d$", ["ad"], not: ["ab"]),
    ])
  func extended(_ example: RegexCase) throws { try example.check() }

  @Test(
    "what people look for in databases is found",
    arguments: [
      RegexCase("789$", ["xyz789", "xyz789\n"], not: ["789x"]),
      RegexCase("^ABC", "i", ["abc123", "ABC456"], not: ["xabc"]),
      RegexCase("^S", "m", ["Single line description.", "First line\nSecond line"], not: ["Many spaces"]),
      RegexCase(
        "m.*line", "si", ["Many spaces before     line", "Multiple\nline description"], not: ["line m"]),
      RegexCase("abc #category code\n123 #item number", "x", ["abc123"], not: ["abc 123"]),
      RegexCase("(?i)a(?-i)cme", ["acme", "Acme"], not: ["aCME", "ACME"]),
      RegexCase("^[^@ ]+@[^@ ]+\\.[a-z]{2,}$", "i", ["a.b@c.De"], not: ["a@b", "a b@c.de", "a@b@c.de"]),
      RegexCase("^\\+?[0-9 ()-]{7,}$", ["+49 (30) 1234"], not: ["12345", "+49x1234567"]),
      RegexCase("^(?:[01]\\d|2[0-3]):[0-5]\\d$", ["00:00", "23:59"], not: ["24:00", "1:00", "12:60"]),
      RegexCase(
        "^/api/v[0-9]+/users(?:/|$)", ["/api/v12/users/7", "/api/v1/users"], not: ["/api/v1/usersx"]),
      RegexCase(
        "\\b(?:error|fail(?:ed|ure)?)\\b", "i", ["An ERROR.", "it failed"], not: ["failing", "terror"]),
    ])
  func everyday(_ example: RegexCase) throws { try example.check() }

  @Test("each scalar is in the category that the standard library says, and in its major one")
  func everyCategory() {
    var sets: [String: ScalarSet] = [:]
    for name in CategoryTable.names { sets[name] = ScalarSet.property(name) }
    for major in ["L", "M", "N", "P", "S", "Z", "C"] { sets[major] = ScalarSet.property(major) }
    #expect(sets.count == 37)
    let edges: [UInt32] = [
      0x3FFFF, 0x40000, 0xDFFFF, 0xE0001, 0xEFFFF, 0xF0000, 0xFFFFD, 0xFFFFE, 0x100000, 0x10FFFF,
    ]
    for value in Array(stride(from: 0, to: 0x110000, by: 89)) + edges {
      guard let scalar = Unicode.Scalar(value) else { continue }
      let found = sets.filter { $0.value.contains(value) }.keys.sorted()
      #expect(found.count == 2 && found[1].hasPrefix(found[0]), "\(value): \(found)")
      let category = scalar.properties.generalCategory
      #expect((category == .unassigned) == (found.last == "Cn"), "\(value)")
      #expect((category == .privateUse) == (found.last == "Co"), "\(value)")
      #expect((category == .otherLetter) == (found.last == "Lo"), "\(value)")
      #expect((category == .uppercaseLetter) == (found.last == "Lu"), "\(value)")
    }
  }

  @Test("options may be in any order and repeated, and u changes nothing")
  func options() throws {
    try RegexCase("^A.b c$", "xsimuxsimu", ["x\na\nbc"], not: ["a\nb c"]).check()
    try RegexCase("^\\w$", "u", ["a"], not: ["é"]).check()
    try RegexCase("(*UTF)(*UCP)(*UTF8)é\\w", "", ["éé"], not: ["é"]).check()
  }

  @Test("bytes that are not UTF-8 match nothing, and what is around them matches")
  func malformed() throws {
    let broken: [[UInt8]] = [
      [0x80], [0xC3], [0xC0, 0x80], [0xC3, 0x41], [0xE2, 0x82], [0xE0, 0x80, 0x80], [0xED, 0xA0, 0x80],
      [0xF0, 0x9F, 0x98], [0xF0, 0x80, 0x80, 0x80], [0xF4, 0x90, 0x80, 0x80], [0xF5, 0x80, 0x80, 0x80],
      [0xFF], [0xF8, 0x88, 0x80, 0x80, 0x80],
    ]
    for pattern in [".", "[^a]", "\\W", "\\P{L}", "[\\x{d7ff}-\\x{e000}]"] {
      let matcher = try RegexMatcher(pattern: pattern, options: "s", place: "")
      for bytes in broken where !bytes.contains(0x41) {
        #expect(!matcher.matches(bytes: bytes), "\(pattern) and \(bytes)")
      }
    }
    let anything = try RegexMatcher(pattern: "^.*$", options: "s", place: "")
    let word = try RegexMatcher(pattern: "\\bword\\b$", options: "i", place: "")
    for bytes in broken {
      #expect(!anything.matches(bytes: bytes))
      #expect(!anything.matches(bytes: Array("é".utf8) + bytes + Array("é\n".utf8)))
      guard !bytes.contains(0x41) else { continue }
      #expect(word.matches(bytes: bytes + Array("Word".utf8)))
      #expect(!word.matches(bytes: Array("word".utf8) + bytes))
    }
  }

  @Test("every single scalar is what it is, at the edges of the lengths in UTF-8")
  func scalars() throws {
    for value: UInt32 in [0x01, 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFD, 0xFFFF, 0x10000, 0x10FFFF] {
      let scalar = try #require(Unicode.Scalar(value))
      let pattern = "^\\x{\(String(value, radix: 16))}$"
      let matcher = try RegexMatcher(pattern: pattern, options: "", place: "")
      #expect(matcher.matches(String(scalar)), "\(pattern)")
      #expect(!matcher.matches(String(scalar) + String(scalar)), "\(pattern)")
      let negated = try RegexMatcher(pattern: "[^\\x{\(String(value, radix: 16))}]", options: "", place: "")
      #expect(!negated.matches(String(scalar)), "\(pattern)")
      for other in [value - 1, value + 1] {
        guard let neighbor = Unicode.Scalar(other) else { continue }
        #expect(!matcher.matches(String(neighbor)), "\(pattern) and \(other)")
        #expect(negated.matches(String(neighbor)), "\(pattern) and \(other)")
      }
    }
  }
}
