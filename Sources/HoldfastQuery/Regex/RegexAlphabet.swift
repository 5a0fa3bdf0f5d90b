/// The symbols that an expression tells apart: scalars that are in the same of its sets are one symbol.
///
/// Behind those there are three symbols that are no scalar's: a newline that is the text's last character, a
/// byte that is not UTF-8, and the text's end. With them, one symbol ahead is all that an assertion looks at.
struct RegexAlphabet: Sendable {
  /// The symbols of ASCII.
  let ascii: [UInt8]
  /// Where the ranges of scalars above ASCII begin; the first one is 0x80.
  let starts: [UInt32]
  /// The symbols of these ranges.
  let symbols: [UInt16]
  /// The number of symbols that are scalars'.
  let scalarSymbolCount: Int

  /// The symbol of a newline.
  var newline: Int { Int(ascii[0x0A]) }
  /// The symbol of a newline that is the text's last character.
  var finalNewline: Int { scalarSymbolCount }
  /// The symbol of a byte that is not UTF-8. No set contains it.
  var malformed: Int { scalarSymbolCount + 1 }
  /// The symbol of the text's end. No set contains it.
  var end: Int { scalarSymbolCount + 2 }
  /// The number of all symbols.
  var symbolCount: Int { scalarSymbolCount + 3 }

  /// The symbol of a scalar.
  func symbol(of scalar: UInt32) -> Int {
    if scalar < 0x80 { return Int(ascii[Int(scalar)]) }
    if starts.count == 1 { return Int(symbols[0]) }
    return Int(symbols[starts.place(of: scalar)])
  }

  /// The only scalar that has a symbol; `nil` if there are several.
  func onlyScalar(of symbol: Int) -> UInt32? {
    let inASCII = ascii.indices.filter { ascii[$0] == symbol }
    let above = symbols.indices.filter { symbols[$0] == symbol }
    if inASCII.count == 1, above.isEmpty { return UInt32(inASCII[0]) }
    guard inASCII.isEmpty, above.count == 1 else { return nil }
    let next = above[0] + 1 < starts.count ? starts[above[0] + 1] : ScalarSet.highest + 1
    return next - starts[above[0]] == 1 ? starts[above[0]] : nil
  }
}

extension RegexAlphabet {
  /// The alphabet for sets, of which one must be the newline alone, and the symbols of each set, ascending.
  /// `nil` when finding it takes more than ``RegexLimits/alphabetWork`` steps.
  static func make(_ sets: [ScalarSet]) -> (alphabet: RegexAlphabet, symbols: [[Int]])? {
    let starts = starts(of: sets)
    guard let classes = classes(from: starts, sets) else { return nil }
    let count = (classes.max() ?? 0) + 1
    guard count + 3 <= Int(UInt16.max) else { return nil }

    var ascii: [UInt8] = []
    var aboveStarts: [UInt32] = []
    var above: [UInt16] = []
    for (place, start) in starts.enumerated() {
      if start < 0x80 {
        // Symbols are counted from the lowest scalar on, so those of ASCII are below 128.
        let next = place + 1 < starts.count ? starts[place + 1] : 0x80
        ascii += [UInt8](repeating: UInt8(classes[place]), count: Int(next - start))
      } else if above.last.map(Int.init) != classes[place] {
        aboveStarts.append(start)
        above.append(UInt16(classes[place]))
      }
    }
    let alphabet = RegexAlphabet(
      ascii: ascii, starts: aboveStarts, symbols: above, scalarSymbolCount: count)
    return (alphabet, sets.map { alphabet.symbols(of: $0, from: starts, classes) })
  }

  /// Where a set begins or ends, and the first scalars of all and above ASCII; ascending.
  private static func starts(of sets: [ScalarSet]) -> [UInt32] {
    var bounds: [UInt32] = [0, 0x80]
    for set in sets {
      for range in set.ranges {
        bounds.append(range.lowerBound)
        if range.upperBound < ScalarSet.highest { bounds.append(range.upperBound + 1) }
      }
    }
    bounds.sort()
    var starts: [UInt32] = []
    for bound in bounds where bound != starts.last { starts.append(bound) }
    return starts
  }

  /// The symbols of a set. What takes a newline takes the last one, too.
  private func symbols(of set: ScalarSet, from starts: [UInt32], _ classes: [Int]) -> [Int] {
    var isFound = [Bool](repeating: false, count: scalarSymbolCount)
    for range in set.ranges {
      for place in starts.places(of: range) { isFound[classes[place]] = true }
    }
    return isFound.indices.filter { isFound[$0] } + (isFound[newline] ? [finalNewline] : [])
  }

  /// For each range the number of its symbol. It begins with one symbol for all, and splits it for each set
  /// into what is inside and what is not.
  private static func classes(from starts: [UInt32], _ sets: [ScalarSet]) -> [Int]? {
    var classes = [Int](repeating: 0, count: starts.count)
    // For each class the last set that split it, and the class of the part inside.
    var splits: [(set: Int, inside: Int)] = [(-1, 0)]
    var work = 0
    for (number, set) in sets.enumerated() {
      for range in set.ranges {
        let places = starts.places(of: range)
        work += places.count
        for place in places {
          let old = classes[place]
          if splits[old].set != number {
            splits[old] = (number, splits.count)
            splits.append((-1, 0))
          }
          classes[place] = splits[old].inside
        }
      }
      guard work <= RegexLimits.alphabetWork else { return nil }
    }
    // Splitting leaves numbers without a range.
    var numbers = [Int](repeating: -1, count: splits.count)
    var count = 0
    return classes.map {
      if numbers[$0] < 0 {
        numbers[$0] = count
        count += 1
      }
      return numbers[$0]
    }
  }
}

extension [UInt32] {
  /// The place of the last element that is not greater. The first element must not be.
  func place(of scalar: UInt32) -> Int {
    var low = 0
    var high = count
    while high - low > 1 {
      let middle = (low + high) / 2
      if self[middle] <= scalar { low = middle } else { high = middle }
    }
    return low
  }

  /// The places of the ranges beginning here that are in another one, which has to begin and end where some do.
  fileprivate func places(of range: ClosedRange<UInt32>) -> ClosedRange<Int> {
    place(of: range.lowerBound)...place(of: range.upperBound)
  }
}
