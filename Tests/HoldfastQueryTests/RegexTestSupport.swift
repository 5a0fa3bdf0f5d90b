import Testing

@testable import HoldfastQuery

/// A pattern with its options, texts that it matches, and texts that it does not.
struct RegexCase: Sendable {
  let pattern: String
  let options: String
  let matching: [String]
  let others: [String]

  init(_ pattern: String, _ options: String, _ matching: [String], not others: [String]) {
    self.pattern = pattern
    self.options = options
    self.matching = matching
    self.others = others
  }

  init(_ pattern: String, _ matching: [String], not others: [String]) {
    self.init(pattern, "", matching, not: others)
  }

  /// Compiles the pattern and tries it on the texts.
  func check(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let matcher = try RegexMatcher(pattern: pattern, options: options, place: "$regex of 'a'")
    for text in matching {
      #expect(
        matcher.matches(text), "\(self.name) and \(text.debugDescription)", sourceLocation: sourceLocation)
    }
    for text in others {
      #expect(
        !matcher.matches(text), "\(self.name) and \(text.debugDescription)", sourceLocation: sourceLocation)
    }
  }

  private var name: String { "/\(pattern.debugDescription)/\(options)" }
}

extension RegexMatcher {
  func matches(_ text: String) -> Bool { matches(bytes: Array(text.utf8)) }

  /// Whether it matches; the automaton and the simulation have to agree, and the prefix with both.
  func matches(bytes: [UInt8]) -> Bool {
    let result = bytes.withUnsafeBytes { matches($0) }
    let simulated = bytes.withUnsafeBytes { program.simulate($0).matches }
    #expect(result == simulated, "the automaton and the simulation differ about \(bytes)")
    if let prefix = literalPrefix {
      let hasPrefix = bytes.starts(with: prefix.bytes)
      if result { #expect(hasPrefix, "a match without the prefix \(prefix.bytes): \(bytes)") }
      if hasPrefix, prefix.isWhole { #expect(result, "no match with the whole prefix: \(bytes)") }
    }
    return result
  }
}

/// The error that a pattern is refused with.
func regexError(_ pattern: String, _ options: String = "") -> QueryError? {
  do {
    _ = try RegexMatcher(pattern: pattern, options: options, place: "$regex of 'a'")
    return nil
  } catch {
    return error
  }
}
