/// Makes the table of an automaton, row by row.
struct RegexAutomatonBuilder {
  private let program: RegexProgram
  private(set) var table: [UInt16]
  /// The rows by what they stand for, and what they stand for in their order.
  private var rows: [RegexState: UInt16] = [:]
  private var states: [RegexState] = []
  /// What was looked up last: most symbols lead to the same.
  private var last: (state: RegexState, row: UInt16)?

  init(_ program: RegexProgram) {
    self.program = program
    // Two entries ahead, so that no row's name is that of failure or success.
    table = [RegexAutomaton.failure, RegexAutomaton.success]
  }

  /// Makes all rows and returns the first; `nil` when that goes beyond a limit.
  mutating func build(_ simulation: inout RegexSimulation) -> UInt16? {
    if simulation.begin() { return RegexAutomaton.success }
    guard let start = row(of: simulation.places) else { return nil }
    var row = Int(start)
    var number = 0
    while number < states.count {
      let state = states[number]
      simulation.resume(at: state)
      for symbol in 0..<program.alphabet.symbolCount {
        // Looking at a symbol changes the places only when one of them waits for it.
        if simulation.places.isWaiting { simulation.resume(at: state) }
        guard let next = next(symbol, &simulation) else { return nil }
        table[row + symbol] = next
      }
      guard simulation.steps <= RegexLimits.automatonWork else { return nil }
      number += 1
      row += program.alphabet.symbolCount
    }
    return start
  }

  private mutating func next(_ symbol: Int, _ simulation: inout RegexSimulation) -> UInt16? {
    if simulation.look(at: symbol) { return RegexAutomaton.success }
    if symbol == program.alphabet.end { return RegexAutomaton.failure }
    return row(of: simulation.nextPlaces)
  }

  /// The row of a set of places, which is added if there is none.
  private mutating func row(of places: RegexPlaces) -> UInt16? {
    if places.isEmpty, program.isAnchored { return RegexAutomaton.failure }
    if let last, places.isSaved(in: last.state) { return last.row }
    let state = places.saved
    let row = rows[state] ?? UInt16(table.count)
    last = (state, row)
    if Int(row) < table.count { return row }
    guard table.count + program.alphabet.symbolCount <= RegexLimits.automatonEntries else { return nil }
    table += [UInt16](repeating: RegexAutomaton.failure, count: program.alphabet.symbolCount)
    rows[state] = row
    states.append(state)
    return row
  }
}
