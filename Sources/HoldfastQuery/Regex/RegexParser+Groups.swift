/// Groups and options.
extension RegexParser {
  /// Reads what follows an opening parenthesis.
  mutating func parseGroup(from start: Int) throws(QueryError) {
    if next == "*", !continues(with: "*)") {
      throw refusal("a control verb or a named assertion", at: start)
    }
    guard skip("?") else {
      if !options.countsNamedGroupsOnly { names.count += 1 }
      return try openGroup(at: start)
    }
    guard let kind = next else { throw failure("a parenthesis that is not closed", at: start) }
    switch kind {
    case ":":
      position += 1
      try openGroup(at: start)
    case "|":
      position += 1
      try openGroup(at: start)
      groups[groups.count - 1].countsFrom = names.count
    case "#": try skipComment(from: start)
    case "<", "'", "P": try parseNamedGroup(from: start)
    default:
      if let feature = refusedGroup { throw refusal(feature, at: start) }
      try parseOptions(from: start)
    }
  }

  /// The name of the feature that `(?` begins here, if it is one that is refused.
  private var refusedGroup: String? {
    guard let kind = next else { return nil }
    let following = position + 1 < scalars.count ? scalars[position + 1] : nil
    switch kind {
    case "=", "!", "*": return "a look-ahead assertion"
    case ">": return "an atomic group"
    case "(": return "a conditional group"
    case "C": return "a callout"
    case "R", "&", "0"..."9": return "a recursion or subroutine call"
    case "+", "-":
      guard let following, following.properties.numericType == .decimal else { return nil }
      return "a recursion or subroutine call"
    default: return nil
    }
  }

  private mutating func openGroup(at start: Int, outerOptions: RegexOptions? = nil) throws(QueryError) {
    guard groups.count <= RegexLimits.groupDepth else {
      throw failure("groups nested deeper than \(RegexLimits.groupDepth)", at: start)
    }
    groups.append(RegexGroup(start: start, outerOptions: outerOptions ?? options))
  }

  /// Adds the group that a closing parenthesis ends to the one around it.
  mutating func closeGroup(at start: Int) throws(QueryError) {
    guard groups.count > 1, let group = groups.popLast() else {
      throw failure("a closing parenthesis without an opening one", at: start)
    }
    options = group.outerOptions
    names.count = group.count(names)
    // Its instructions are counted already.
    groups[groups.count - 1].append(item: group.closed())
  }

  /// Goes behind `#…)`.
  mutating func skipComment(from start: Int) throws(QueryError) {
    while let scalar = next {
      position += 1
      if scalar == ")" { return }
    }
    throw failure("a comment that is not closed", at: start)
  }

  /// Reads `<name>`, `'name'` or `P<name>`.
  private mutating func parseNamedGroup(from start: Int) throws(QueryError) {
    if skip("P") {
      switch next {
      case "<": break
      case "=": throw refusal("a back reference", at: start)
      case ">": throw refusal("a recursion or subroutine call", at: start)
      case nil: throw failure("a parenthesis that is not closed", at: start)
      default: throw failure("an unknown letter behind (?P", at: start)
      }
    }
    let terminator: Unicode.Scalar = next == "<" ? ">" : "'"
    position += 1
    if terminator == ">", let next, "=!*".unicodeScalars.contains(next) {
      throw refusal("a look-behind assertion", at: start)
    }
    let name = try parseName(to: terminator, from: start)
    names.count += 1
    if let problem = names.take(name, permitsDuplicates: options.permitsDuplicateNames) {
      throw failure(problem, at: start)
    }
    try openGroup(at: start)
  }

  private mutating func parseName(
    to terminator: Unicode.Scalar, from start: Int
  ) throws(QueryError) -> String {
    var name = String.UnicodeScalarView()
    while let scalar = next, ScalarSet.unicodeWord.contains(scalar.value) {
      name.append(scalar)
      position += 1
    }
    guard let first = name.first else { throw failure("a group without a name", at: start) }
    if first.properties.generalCategory == .decimalNumber {
      throw failure("a group whose name begins with a digit", at: start)
    }
    guard skip(terminator) else { throw failure("a name of a group that is not closed", at: start) }
    guard String(name).utf8.count <= RegexLimits.nameBytes else {
      throw failure("a group whose name is longer than \(RegexLimits.nameBytes) bytes", at: start)
    }
    return String(name)
  }

  /// Reads the letters of `(?i-m)`, which change the options to the end of the group around them, or of
  /// `(?i-m:`, which open a group.
  private mutating func parseOptions(from start: Int) throws(QueryError) {
    var changed = options
    var value = true
    var mayUnset = true
    if skip("^") {
      changed.unset()
      mayUnset = false
    }
    while let letter = next {
      let place = position
      position += 1
      switch letter {
      case ")":
        options = changed
        groups[groups.count - 1].item = nil
        return
      case ":":
        let outer = options
        options = changed
        return try openGroup(at: start, outerOptions: outer)
      case "-":
        guard mayUnset else { throw failure("a hyphen among options where none may be", at: place) }
        mayUnset = false
        value = false
      case "x" where skip("x"):
        changed.extended = value
        changed.extendedInClasses = value
      default:
        guard changed.set(letter, to: value) else {
          throw failure("an unknown letter behind (?", at: place)
        }
      }
    }
    throw failure("a parenthesis that is not closed", at: start)
  }
}
