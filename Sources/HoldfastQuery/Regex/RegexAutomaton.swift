/// A table with a row for each set of places that a simulation can be in, and in it for each symbol the row
/// that follows: one look-up for each character of a text.
struct RegexAutomaton: Sendable {
  /// The row from which no text matches.
  static let failure: UInt16 = 0
  /// The row of those that have matched.
  static let success: UInt16 = 1

  /// Rows are named by their place in the table, so that a look-up is an addition; these two are not in it.
  private let table: [UInt16]
  private let start: UInt16
  private let alphabet: RegexAlphabet
  /// For each byte whether it leads from the first row back to it: looking for where a match may begin skips it.
  private let isSkipped: [Bool]

  /// `nil` when the table would be larger than ``RegexLimits/automatonEntries`` or take more steps than
  /// ``RegexLimits/automatonWork``.
  init?(_ program: RegexProgram) {
    var builder = RegexAutomatonBuilder(program)
    guard let start = program.withSimulation({ builder.build(&$0) }) else { return nil }
    self.start = start
    table = builder.table
    alphabet = program.alphabet
    isSkipped = Self.skippedBytes(alphabet, start, builder.table)
  }

  private static func skippedBytes(
    _ alphabet: RegexAlphabet, _ start: UInt16, _ table: [UInt16]
  ) -> [Bool] {
    guard start > success else { return [Bool](repeating: false, count: 256) }
    func isSkipped(_ symbol: Int) -> Bool { table[Int(start) + symbol] == start }
    // A byte above ASCII is a part of a character, so it is skipped when each character there is.
    let skipsOthers = isSkipped(alphabet.malformed) && alphabet.symbols.allSatisfy { isSkipped(Int($0)) }
    return alphabet.ascii.map { isSkipped(Int($0)) } + [Bool](repeating: skipsOthers, count: 128)
  }

  /// Whether the expression matches anywhere in the text.
  func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    guard start > Self.success else { return start == Self.success }
    return table.withUnsafeBufferPointer { table in
      alphabet.ascii.withUnsafeBufferPointer { ascii in
        isSkipped.withUnsafeBufferPointer { isSkipped in
          run(through: text, table, ascii, isSkipped)
        }
      }
    }
  }

  private func run(
    through text: UnsafeRawBufferPointer, _ table: UnsafeBufferPointer<UInt16>,
    _ ascii: UnsafeBufferPointer<UInt8>, _ isSkipped: UnsafeBufferPointer<Bool>
  ) -> Bool {
    // The last character is apart when it is a newline.
    let end = text.last == 0x0A ? text.count - 1 : text.count
    var row = start
    var position = 0
    while position < end {
      let byte = text[position]
      if row == start, isSkipped[Int(byte)] {
        position += 1
        continue
      }
      let symbol: Int
      if byte < 0x80 {
        symbol = Int(ascii[Int(byte)])
        position += 1
      } else if let (scalar, length) = text.scalar(at: position) {
        symbol = alphabet.symbol(of: scalar)
        position += length
      } else {
        symbol = alphabet.malformed
        position += 1
      }
      row = table[Int(row) + symbol]
      if row <= Self.success { return row == Self.success }
    }
    if end < text.count {
      row = table[Int(row) + alphabet.finalNewline]
      if row <= Self.success { return row == Self.success }
    }
    return table[Int(row) + alphabet.end] == Self.success
  }
}
