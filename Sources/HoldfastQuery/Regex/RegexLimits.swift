/// The limits of regular expressions. What goes beyond one is refused.
enum RegexLimits {
  /// The longest pattern, in bytes of UTF-8.
  static let patternBytes = 32_764
  /// The deepest nesting of groups.
  static let groupDepth = 250
  /// The highest count in a quantifier.
  static let repetitions = 65_535
  /// The longest name of a group, in bytes of UTF-8.
  static let nameBytes = 32
  /// The most instructions of a program. The time for one character of a text is at most proportional to it.
  static let instructions = 150_000
  /// The most steps for telling apart the scalars that a pattern tells apart, and the most bits for remembering
  /// it.
  static let alphabetWork = 500_000
  /// The longest prefix that is looked for, in bytes.
  static let prefixBytes = 1024
  /// The largest table of an automaton, in entries. What needs a larger one is simulated.
  static let automatonEntries = 8192
  /// The most steps for making an automaton.
  static let automatonWork = 100_000
}
