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

  /// Ranges of scalars of one category, ascending; together they are all scalars. The category is its place in
  /// ``names``.
  ///
  /// Made at the first use, by a walk through all scalars: that takes some milliseconds.
  static let runs: [(range: ClosedRange<UInt32>, category: Int)] = {
    var runs: [(range: ClosedRange<UInt32>, category: Int)] = []
    var first: UInt32 = 0
    var category = place(0)
    for value in 1...ScalarSet.highest {
      let next = place(value)
      if next != category {
        runs.append((first...value - 1, category))
        first = value
        category = next
      }
    }
    runs.append((first...ScalarSet.highest, category))
    return runs
  }()

  private static func place(_ value: UInt32) -> Int {
    guard let scalar = Unicode.Scalar(value) else { return 27 }
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
    case .surrogate: 27
    case .privateUse: 28
    case .unassigned: 29
    @unknown default: 29
    }
  }
}
