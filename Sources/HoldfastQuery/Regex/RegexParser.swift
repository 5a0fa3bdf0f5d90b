/// Makes instructions of a pattern in PCRE's syntax, in one pass.
///
/// What needs backtracking is refused by name: look-around, back references, recursion, conditions, atomic
/// groups and possessive quantifiers, control verbs; and so is what makes no sense without a match's bounds.
/// Captures are not kept: nobody asks for them.
struct RegexParser {
  let scalars: [Unicode.Scalar]
  private let errorPlace: String
  var position = 0
  var options: RegexOptions
  /// Whether the pattern begins with `(*UCP)`: letters, digits and spaces of all scripts are such.
  var usesUnicode = false
  /// The groups that are open; the first is the whole pattern.
  var groups: [RegexGroup]
  var names = RegexGroupNames()
  /// The sets of general categories that were looked up.
  var properties: [String: ScalarSet] = [:]
  private var sets: [ScalarSet] = []
  private var setNumbers: [ScalarSet: Int32] = [:]
  /// The instructions in all open groups.
  private var size = 0

  init(pattern: String, options: String, place: String) throws(QueryError) {
    errorPlace = place
    self.options = try RegexOptions(letters: options, place: place)
    guard pattern.utf8.count <= RegexLimits.patternBytes else {
      throw QueryError(
        .limitExceeded,
        "\(place): the pattern is longer than \(RegexLimits.patternBytes) bytes; use a shorter one")
    }
    scalars = Array(pattern.unicodeScalars)
    groups = [RegexGroup(start: 0, outerOptions: self.options)]
    if let zero = scalars.firstIndex(of: "\0") {
      throw failure("a zero byte, which no pattern may contain", at: zero)
    }
  }

  mutating func parse() throws(QueryError) -> RegexCode {
    parseLeadingVerbs()
    while position < scalars.count { try parseItem() }
    guard groups.count == 1 else {
      throw failure("a parenthesis that is not closed", at: groups[groups.count - 1].start)
    }
    var code = groups[0].closed()
    code.append(.match)
    return RegexCode(instructions: code, sets: sets, word: usesUnicode ? .unicodeWord : .word)
  }

  /// The next scalar, if there is one.
  var next: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

  /// Whether the pattern goes on with a text.
  func continues(with text: String, at start: Int? = nil) -> Bool {
    scalars[(start ?? position)...].starts(with: text.unicodeScalars)
  }

  /// Goes behind a scalar if it is next.
  mutating func skip(_ scalar: Unicode.Scalar) -> Bool {
    guard next == scalar else { return false }
    position += 1
    return true
  }

  /// The first item: `(*UTF)` changes nothing, `(*UCP)` makes escapes mean all scripts.
  private mutating func parseLeadingVerbs() {
    while true {
      if continues(with: "(*UCP)") {
        usesUnicode = true
        position += 6
      } else if continues(with: "(*UTF)") {
        position += 6
      } else if continues(with: "(*UTF8)") {
        position += 7
      } else {
        return
      }
    }
  }

  private mutating func parseItem() throws(QueryError) {
    let start = position
    if skipIgnored() { return }
    let scalar = scalars[position]
    position += 1
    switch scalar {
    case "\\": try parseEscape(from: start)
    case "[": try parseClass(from: start)
    case "(": try parseGroup(from: start)
    case ")": try closeGroup(at: start)
    case "|":
      try grow(by: RegexGroup.alternativeCost, at: start)
      groups[groups.count - 1].beginAlternative(&names)
    case ".": try append(options.dotAll ? .all : .notNewline, at: start)
    case "^": try append(options.multiline ? .lineStart : .textStart, at: start)
    case "$": try append(options.multiline ? .lineEnd : .end, at: start)
    case "*": try parseQuantifier(0, nil, from: start)
    case "+": try parseQuantifier(1, nil, from: start)
    case "?": try parseQuantifier(0, 1, from: start)
    case "{":
      if let counts = try parseCounts(from: start) {
        try parseQuantifier(counts.minimum, counts.maximum, from: start)
      } else {
        try appendLiteral(scalar, at: start)
      }
    default: try appendLiteral(scalar, at: start)
    }
  }

  /// Goes behind white space and a comment that option x permits, and says whether there was some.
  mutating func skipIgnored() -> Bool {
    guard options.extended, let scalar = next else { return false }
    if scalar == "#" {
      while let scalar = next, scalar != "\n" { position += 1 }
      _ = skip("\n")
      return true
    }
    guard scalar.properties.isPatternWhitespace else { return false }
    position += 1
    return true
  }
}

/// Adding instructions.
extension RegexParser {
  /// Adds what takes one scalar, in the case that the options ask for.
  mutating func appendLiteral(_ scalar: Unicode.Scalar, at start: Int) throws(QueryError) {
    try append(
      options.caseless ? .caseless(scalar.value) : ScalarSet(scalars: [scalar.value]), at: start)
  }

  /// Adds what takes one scalar of a set.
  mutating func append(_ set: ScalarSet, at start: Int) throws(QueryError) {
    try append([.set(number(of: set))], at: start)
  }

  /// Adds an item that a quantifier may follow.
  mutating func append(_ code: [RegexInstruction], at start: Int) throws(QueryError) {
    try grow(by: code.count, at: start)
    groups[groups.count - 1].append(item: code)
  }

  /// Adds an assertion. No quantifier may follow one.
  mutating func append(_ assertion: RegexAssertion, at start: Int) throws(QueryError) {
    try append([.assertion(assertion)], at: start)
    groups[groups.count - 1].item = nil
  }

  mutating func number(of set: ScalarSet) -> Int32 {
    if let number = setNumbers[set] { return number }
    let number = Int32(sets.count)
    sets.append(set)
    setNumbers[set] = number
    return number
  }

  /// Counts instructions before they are made.
  mutating func grow(by count: Int, at start: Int) throws(QueryError) {
    size += count
    guard size <= RegexLimits.instructions else {
      throw QueryError(
        .limitExceeded,
        "\(errorPlace): with its repetitions written out, the pattern has more than "
          + "\(RegexLimits.instructions) parts at \(offset(of: start)); use lower counts in braces")
    }
  }
}

/// Errors.
extension RegexParser {
  /// The error for what is no pattern: what is there, and where.
  func failure(_ problem: String, at start: Int) -> QueryError {
    QueryError(.invalidRegex, "\(errorPlace): the pattern has \(problem), at \(offset(of: start))")
  }

  /// The error for what PCRE has and this engine does not.
  func refusal(_ feature: String, at start: Int) -> QueryError {
    QueryError(
      .invalidRegex,
      "\(errorPlace): the pattern has \(feature), at \(offset(of: start)), which is not supported; "
        + "write it without, or as several conditions")
  }

  /// A place in words: bytes, counted from 0.
  private func offset(of start: Int) -> String {
    "byte \(scalars[..<start].reduce(0) { $0 + UTF8.width($1) }) of the pattern"
  }
}
