/// A compiled regular expression in PCRE's syntax, which is asked whether it matches.
///
/// The time for that is at most proportional to the text's length times the expression's: no expression and no
/// text make it explode. That is why what can only be had by backtracking is refused: see
/// ``RegexParser``.
struct RegexMatcher: Sendable {
  /// The program; what does not fit an automaton is simulated.
  let program: RegexProgram
  let automaton: RegexAutomaton?

  /// Compiles a pattern.
  ///
  /// - Parameters:
  ///   - options: the letters i, m, s, u and x, in any order and any number.
  ///   - place: where the expression stands, for errors: `$regex of 'name'`.
  init(pattern: String, options: String, place: String) throws(QueryError) {
    var parser = try RegexParser(pattern: pattern, options: options, place: place)
    let code = try parser.parse()
    guard let program = RegexProgram(code) else {
      throw QueryError(
        .limitExceeded,
        "\(place): the pattern tells apart too many characters in too many ways; use fewer character classes")
    }
    self.program = program
    automaton = RegexAutomaton(program)
  }

  /// Whether the expression matches anywhere in the text. The text should be UTF-8; bytes that are not match
  /// nothing, not even a dot.
  func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    if let automaton { return automaton.matches(text) }
    return program.simulate(text).matches
  }

  /// When every match begins at the text's start with the same bytes: these bytes, as many as there are, and
  /// whether every text that begins with them matches. Else `nil`.
  var literalPrefix: (bytes: [UInt8], isWhole: Bool)? {
    guard program.isAnchored else { return nil }
    let prefix = program.literalPrefix
    return prefix.bytes.isEmpty ? nil : prefix
  }
}
