/// Quantifiers, which are written out: `a{2,3}` is `aa(?:a)?`.
extension RegexParser {
  /// Reads `n}`, `n,}` or `n,m}`. Anything else is no quantifier: the brace before it means itself.
  mutating func parseCounts(from start: Int) throws(QueryError) -> (minimum: Int, maximum: Int?)? {
    let begin = position
    guard let minimum = parseCount() else {
      position = begin
      return nil
    }
    var maximum: Int? = minimum
    if skip(",") { maximum = parseCount() }
    guard skip("}") else {
      position = begin
      return nil
    }
    guard max(minimum, maximum ?? 0) <= RegexLimits.repetitions else {
      throw failure("a count above \(RegexLimits.repetitions) in braces", at: start)
    }
    if let maximum, maximum < minimum {
      throw failure("a quantifier whose second count is lower than its first", at: start)
    }
    return (minimum, maximum)
  }

  /// Reads digits. What is too large stays too large.
  private mutating func parseCount() -> Int? {
    var count: Int?
    while let digit = next, digit >= "0", digit <= "9" {
      position += 1
      count = min((count ?? 0) * 10 + Int(digit.value - 0x30), RegexLimits.repetitions + 1)
    }
    return count
  }

  /// Repeats the last item. Whether as often or as rarely as possible is the same for whoever only asks if
  /// there is a match.
  mutating func parseQuantifier(_ minimum: Int, _ maximum: Int?, from start: Int) throws(QueryError) {
    guard let item = groups[groups.count - 1].item else {
      throw failure("a quantifier with nothing before it to repeat", at: start)
    }
    try skipEmpty()
    if next == "+" { throw refusal("a possessive quantifier", at: start) }
    _ = skip("?")

    let code = Array(groups[groups.count - 1].code[item...])
    let copies = maximum ?? max(minimum, 1)
    let extra = code.isEmpty ? 0 : maximum.map { $0 - minimum } ?? (minimum == 0 ? 2 : 1)
    try grow(by: code.count * copies + extra - code.count, at: start)
    groups[groups.count - 1].replaceItem(by: Self.repeated(code, minimum, maximum))
  }

  /// Goes behind what may stand between a quantifier and its second sign.
  private mutating func skipEmpty() throws(QueryError) {
    while true {
      let start = position
      if skipIgnored() { continue }
      if continues(with: "\\E") {
        position += 2
      } else if continues(with: "\\Q\\E") {
        position += 4
      } else if continues(with: "(?#") {
        position += 2
        try skipComment(from: start)
      } else {
        return
      }
    }
  }

  private static func repeated(
    _ code: [RegexInstruction], _ minimum: Int, _ maximum: Int?
  ) -> [RegexInstruction] {
    guard !code.isEmpty else { return [] }
    let length = Int32(code.count)
    if minimum == 0, maximum == nil {
      return [.split(length + 2)] + code + [.jump(-length - 1)]
    }
    var all: [RegexInstruction] = []
    for _ in 0..<minimum { all += code }
    guard let maximum else { return all + [.split(-length)] }
    // Each of the others may be the first that is missing, and then all behind it are.
    for rest in (0..<maximum - minimum).reversed() {
      all.append(.split(Int32(rest + 1) * (length + 1)))
      all += code
    }
    return all
  }
}
