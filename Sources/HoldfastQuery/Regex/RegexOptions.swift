/// The options that are in force at a place of a pattern.
struct RegexOptions: Sendable, Hashable {
  /// i: case does not matter.
  var caseless = false
  /// m: `^` and `$` are also about lines.
  var multiline = false
  /// s: a dot takes a newline, too.
  var dotAll = false
  /// x: white space and comments are ignored.
  var extended = false
  /// xx: also spaces and tabs in classes.
  var extendedInClasses = false
  /// n: groups without a name are not counted.
  var countsNamedGroupsOnly = false
  /// J: several groups may have one name.
  var permitsDuplicateNames = false

  init() {}

  /// Takes the options of a query; a letter may be there more than once.
  init(letters: String, place: String) throws(QueryError) {
    for letter in letters.unicodeScalars {
      switch letter {
      case "i": caseless = true
      case "m": multiline = true
      case "s": dotAll = true
      case "x": extended = true
      case "u": break
      default:
        throw QueryError(
          .invalidRegex,
          "\(place): invalid flag in regex options: \(quoted(String(letter))); the flags are i, m, s, u and x",
          .invalidRegexOptions)
      }
    }
  }

  /// Sets what a letter of `(?…)` stands for. False when the letter stands for nothing.
  mutating func set(_ letter: Unicode.Scalar, to value: Bool) -> Bool {
    switch letter {
    case "i": caseless = value
    case "m": multiline = value
    case "s": dotAll = value
    case "n": countsNamedGroupsOnly = value
    case "J": permitsDuplicateNames = value
    case "U": break  // Which of several matches is found does not matter.
    case "x":
      extended = value
      extendedInClasses = false
    default: return false
    }
    return true
  }

  /// What `(?^)` does.
  mutating func unset() {
    caseless = false
    multiline = false
    dotAll = false
    extended = false
    extendedInClasses = false
    countsNamedGroupsOnly = false
  }
}
