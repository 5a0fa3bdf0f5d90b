extension ScalarSet {
  /// The set that a name between the braces of `\p{…}` means: a general category of one or two letters, or one
  /// of PCRE's own. `nil` when the name is unknown. Case, spaces, hyphens and underscores do not matter.
  static func property(_ name: String) -> ScalarSet? {
    let key = name.lowercased().filter { !" -_\t".contains($0) }
    switch key {
    case "any": return .all
    case "l&", "lc": return categories(["Lu", "Ll", "Lt"])
    case "xan": return alphanumeric
    case "xsp", "xps": return unicodeSpace
    case "xwd": return unicodeWord
    default: break
    }
    let matching = CategoryTable.names.filter { $0.lowercased().hasPrefix(key) }
    guard (1...2).contains(key.utf8.count), !matching.isEmpty else { return nil }
    return categories(matching)
  }

  /// The scalars whose general category is one of these names of two letters.
  static func categories(_ names: [String]) -> ScalarSet {
    let wanted = CategoryTable.names.map(names.contains)
    return ScalarSet(CategoryTable.runs.compactMap { wanted[$0.category] ? $0.range : nil })
  }

  /// Letters and numbers of all scripts.
  static let alphanumeric = categories(["Lu", "Ll", "Lt", "Lm", "Lo", "Nd", "Nl", "No"])
  /// What `\d` is under `(*UCP)`.
  static let unicodeDigit = categories(["Nd"])
  /// What `\w` is under `(*UCP)`.
  static let unicodeWord = alphanumeric.union(ScalarSet(scalars: [0x5F]))
  /// What `\s` is under `(*UCP)`.
  static let unicodeSpace = categories(["Zs", "Zl", "Zp"])
    .union(ScalarSet([0x09...0x0D, 0x85...0x85, 0x180E...0x180E]))
}

/// The general category of every scalar.
enum CategoryTable {
  static let names = [
    "Lu", "Ll", "Lt", "Lm", "Lo", "Mn", "Mc", "Me", "Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf",
    "Po", "Sm", "Sc", "Sk", "So", "Zs", "Zl", "Zp", "Cc", "Cf", "Cs", "Co", "Cn",
  ]

  /// A range of scalars of one category, which is named by its place in ``names``.
  typealias Run = (range: ClosedRange<UInt32>, category: Int)

  /// The categories of all scalars, ascending and without a gap.
  ///
  /// Made at the first use, by a look at each scalar of the planes that Unicode uses: that takes some
  /// milliseconds. Of the other planes ten are not assigned, and the last two are private.
  static let runs: [Run] =
    runs(0...0x3FFFF) + [(0x40000...0xDFFFF, unassigned)] + runs(0xE0000...0xEFFFF)
    + [
      (0xF0000...0xFFFFD, privateUse), (0xFFFFE...0xFFFFF, unassigned),
      (0x100000...0x10FFFD, privateUse), (0x10FFFE...0x10FFFF, unassigned),
    ]

  private static let surrogate = 27
  private static let privateUse = 28
  private static let unassigned = 29

  private static func runs(_ range: ClosedRange<UInt32>) -> [Run] {
    var runs: [Run] = []
    var first = range.lowerBound
    var category = place(first)
    for value in range.dropFirst() {
      let next = place(value)
      if next != category {
        runs.append((first...value - 1, category))
        first = value
        category = next
      }
    }
    return runs + [(first...range.upperBound, category)]
  }

  private static func place(_ value: UInt32) -> Int {
    guard let scalar = Unicode.Scalar(value) else { return surrogate }
    return switch scalar.properties.generalCategory {
    case .uppercaseLetter: 0
    case .lowercaseLetter: 1
    case .titlecaseLetter: 2
    case .modifierLetter: 3
    case .otherLetter: 4
    case .nonspacingMark: 5
    case .spacingMark: 6
    case .enclosingMark: 7
    case .decimalNumber: 8
    case .letterNumber: 9
    case .otherNumber: 10
    case .connectorPunctuation: 11
    case .dashPunctuation: 12
    case .openPunctuation: 13
    case .closePunctuation: 14
    case .initialPunctuation: 15
    case .finalPunctuation: 16
    case .otherPunctuation: 17
    case .mathSymbol: 18
    case .currencySymbol: 19
    case .modifierSymbol: 20
    case .otherSymbol: 21
    case .spaceSeparator: 22
    case .lineSeparator: 23
    case .paragraphSeparator: 24
    case .control: 25
    case .format: 26
    case .surrogate: surrogate
    case .privateUse: privateUse
    case .unassigned: unassigned
    @unknown default: unassigned
    }
  }
}
