extension RegexProgram {
  /// The bytes that every text begins with that an anchored expression matches, and whether all texts match that
  /// begin so.
  var literalPrefix: (bytes: [UInt8], isWhole: Bool) {
    withSimulation { simulation in
      var bytes: [UInt8] = []
      if simulation.begin() { return (bytes, true) }
      while bytes.count < RegexLimits.prefixBytes, let way = onlyWay(of: &simulation) {
        bytes += Array(String(way.scalar).utf8)
        if way.end != .goesOn { return (bytes, way.end == .matches) }
        simulation.advance()
      }
      return (bytes, false)
    }
  }

  private enum PrefixEnd {
    case goesOn
    case matches
    /// After the newline it depends on whether it is the last character.
    case depends
  }

  /// The scalar that must be next, if there is only one, and what is behind it; the simulation has looked at it
  /// then. A text that could end here, too, has no such scalar.
  private func onlyWay(
    of simulation: inout RegexSimulation
  ) -> (scalar: Unicode.Scalar, end: PrefixEnd)? {
    let state = simulation.places.saved
    var ways: [(symbol: Int, matches: Bool)] = []
    func look(at symbol: Int, _ simulation: inout RegexSimulation) -> Bool {
      simulation.resume(at: state)
      return simulation.look(at: symbol)
    }
    for symbol in 0..<alphabet.symbolCount {
      let matches = look(at: symbol, &simulation)
      if !matches, simulation.nextPlaces.isEmpty || symbol == alphabet.end { continue }
      ways.append((symbol, matches))
      guard ways.count <= 2 else { return nil }
    }
    // A newline is two symbols: the last character is another one.
    let isNewline = ways.map(\.symbol) == [alphabet.newline, alphabet.finalNewline]
    guard let way = ways.first, ways.count == 1 || isNewline,
      let scalar = alphabet.onlyScalar(of: way.symbol).flatMap(Unicode.Scalar.init)
    else { return nil }
    if isNewline, way.matches != ways[1].matches { return (scalar, .depends) }
    return (scalar, look(at: way.symbol, &simulation) ? .matches : .goesOn)
  }
}
