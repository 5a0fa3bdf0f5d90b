/// One instruction of a compiled expression. After all but ``jump(_:)`` and ``match`` comes the one behind it.
enum RegexInstruction: Sendable, Hashable {
  /// Takes one scalar, if it is in the set of this number. In a program: the set whose row of bits
  /// begins at this place.
  case set(Int32)
  /// Takes one symbol of the alphabet. Stands for a set of one symbol after the program was linked.
  case symbol(UInt16)
  /// Goes on behind it and also at this distance.
  case split(Int32)
  /// Goes on at this distance.
  case jump(Int32)
  /// Goes on if something is true of the place in the text.
  case assertion(RegexAssertion)
  /// The text matches.
  case match
}

/// What can be demanded of a place in a text.
enum RegexAssertion: UInt8, Sendable, Hashable {
  /// `\A`, and `^` without option m.
  case textStart
  /// `^` with option m: the start, or behind a newline that is not the last character.
  case lineStart
  /// `\z`.
  case textEnd
  /// `\Z`, and `$` without option m: the end, or before a newline that is the last character.
  case end
  /// `$` with option m: the end, or before a newline.
  case lineEnd
  /// `\b`.
  case wordBoundary
  /// `\B`.
  case noWordBoundary
  /// `[[:<:]]`.
  case wordStart
  /// `[[:>:]]`.
  case wordEnd
  /// What a carriage return has to be followed by to be a whole `\R`.
  case notBeforeNewline

  /// Whether it is about words, so that the scalar before the place matters when the one behind is known.
  var isAboutWords: Bool {
    switch self {
    case .wordBoundary, .noWordBoundary, .wordStart, .wordEnd: true
    default: false
    }
  }
}

/// What a parser makes of a pattern: instructions, and the sets that they name by number.
struct RegexCode: Sendable {
  var instructions: [RegexInstruction]
  var sets: [ScalarSet]
  /// What counts as a word, for the assertions about words.
  var word: ScalarSet
}

/// A compiled expression: instructions over the symbols of an alphabet made for them.
///
/// It is run as a set of places that advance together, so a text takes at most as many steps as its length
/// times the number of instructions.
struct RegexProgram: Sendable {
  let instructions: [RegexInstruction]
  let alphabet: RegexAlphabet
  /// For each set a row of bits, one for each symbol.
  let members: [UInt64]
  /// For each symbol whether it is a word's.
  let isWord: [Bool]
  /// Whether a match can begin at the text's start only.
  private(set) var isAnchored = false

  /// `nil` when the sets are too many and too different: ``RegexLimits/alphabetWork``.
  init?(_ code: RegexCode) {
    // The newline and the words are told apart whether or not the pattern names them: assertions ask.
    let asksForWords = code.instructions.contains {
      if case .assertion(let assertion) = $0 { assertion.isAboutWords } else { false }
    }
    let extra = asksForWords ? [.newline, code.word] : [ScalarSet.newline]
    guard let (alphabet, symbols) = RegexAlphabet.make(code.sets + extra) else { return nil }
    self.alphabet = alphabet
    let rowLength = (alphabet.symbolCount + 63) / 64

    var members: [UInt64] = []
    var consumers: [RegexInstruction] = []
    for symbols in symbols.prefix(code.sets.count) {
      // A newline is two symbols, so it stays a set.
      if symbols.count == 1 {
        consumers.append(.symbol(UInt16(symbols[0])))
        continue
      }
      consumers.append(.set(Int32(members.count)))
      guard members.count * 64 <= RegexLimits.alphabetWork else { return nil }
      var row = [UInt64](repeating: 0, count: rowLength)
      for symbol in symbols { row[symbol / 64] |= 1 << UInt64(symbol % 64) }
      members += row
    }
    self.members = members
    instructions = code.instructions.map {
      if case .set(let number) = $0 { consumers[Int(number)] } else { $0 }
    }
    var isWord = [Bool](repeating: false, count: alphabet.symbolCount)
    if asksForWords {
      for symbol in symbols[symbols.count - 1] { isWord[symbol] = true }
    }
    self.isWord = isWord
    isAnchored = withSimulation { $0.beginsAtStartOnly() }
  }
}
