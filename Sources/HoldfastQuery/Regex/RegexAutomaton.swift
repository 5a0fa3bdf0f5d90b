/// A table with a row for each set of places that a simulation can be in, and in it for each symbol the row
/// that follows: one look-up for each character of a text.
struct RegexAutomaton: Sendable {
  /// From here no text matches.
  private static let failure: UInt16 = 0
  /// The expression has matched.
  private static let success: UInt16 = 1
  /// Rows are named by their place in the table, so that a look-up is an addition; the first two are not in it.
  private let table: [UInt16]
  private let start: UInt16
  private let alphabet: RegexAlphabet

  /// `nil` when the table would be larger than ``RegexLimits/automatonEntries`` or take more steps than
  /// ``RegexLimits/automatonWork``.
  init?(_ program: RegexProgram) {
    var builder = Builder(program)
    guard let start = program.withSimulation({ builder.build(&$0) }) else { return nil }
    self.start = start
    table = builder.table
    alphabet = program.alphabet
  }

  /// Whether the expression matches anywhere in the text.
  func matches(_ text: UnsafeRawBufferPointer) -> Bool {
    guard start > Self.success else { return start == Self.success }
    // The last character is apart when it is a newline.
    let end = text.last == 0x0A ? text.count - 1 : text.count
    return table.withUnsafeBufferPointer { table in
      alphabet.ascii.withUnsafeBufferPointer { ascii in
        var row = start
        var position = 0
        while position < end {
          let byte = text[position]
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
  }

  /// Makes the table, row by row.
  private struct Builder {
    let program: RegexProgram
    private(set) var table: [UInt16]
    private var rows: [RegexState: UInt16] = [:]
    private var states: [RegexState] = []

    init(_ program: RegexProgram) {
      self.program = program
      // Two entries ahead, so that no row's name is that of failure or success.
      table = [RegexAutomaton.failure, RegexAutomaton.success]
    }

    /// The first row.
    mutating func build(_ simulation: inout RegexSimulation) -> UInt16? {
      if simulation.begin() { return RegexAutomaton.success }
      guard let start = row(simulation.places) else { return nil }
      var number = 0
      while number < states.count {
        let state = states[number]
        number += 1
        guard let name = rows[state] else { return nil }
        simulation.resume(at: state)
        for symbol in 0..<program.alphabet.symbolCount {
          // Looking at a symbol changes the places only when one of them waits for it.
          if simulation.places.isWaiting { simulation.resume(at: state) }
          guard let next = next(symbol, &simulation) else { return nil }
          table[Int(name) + symbol] = next
        }
        guard simulation.steps <= RegexLimits.automatonWork else { return nil }
      }
      return start
    }

    private mutating func next(_ symbol: Int, _ simulation: inout RegexSimulation) -> UInt16? {
      if simulation.look(at: symbol) { return RegexAutomaton.success }
      if symbol == program.alphabet.end { return RegexAutomaton.failure }
      return row(simulation.nextPlaces)
    }

    /// The row of a set of places, which is made if there is none.
    private mutating func row(_ places: RegexPlaces) -> UInt16? {
      if places.isEmpty, program.isAnchored { return RegexAutomaton.failure }
      let state = places.saved
      if let row = rows[state] { return row }
      let row = table.count
      guard row + program.alphabet.symbolCount <= RegexLimits.automatonEntries else { return nil }
      table += [UInt16](repeating: RegexAutomaton.failure, count: program.alphabet.symbolCount)
      rows[state] = UInt16(row)
      states.append(state)
      return UInt16(row)
    }
  }
}
