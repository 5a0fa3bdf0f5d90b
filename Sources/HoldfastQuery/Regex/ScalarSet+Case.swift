extension ScalarSet {
  /// This set and every scalar that differs from one of its own in case alone (simple case folding).
  var withOtherCases: ScalarSet {
    var added: [ClosedRange<UInt32>] = []
    for letter in UInt32(0x61)...0x7A where contains(letter) || contains(letter - 0x20) {
      added += SimpleCase.variants(ofASCII: letter).map { $0...$0 }
    }
    if let last = ranges.last, last.upperBound >= 0x80 {
      for group in SimpleCase.groups where group.contains(where: contains) {
        added += group.map { $0...$0 }
      }
    }
    return added.isEmpty ? self : ScalarSet(ranges + added)
  }

  /// A scalar and those that differ from it in case alone.
  static func caseless(_ scalar: UInt32) -> ScalarSet {
    if scalar < 0x80 {
      let lower = scalar | 0x20
      let isLetter = lower >= 0x61 && lower <= 0x7A
      return ScalarSet(scalars: isLetter ? SimpleCase.variants(ofASCII: lower) : [scalar])
    }
    return ScalarSet(scalars: SimpleCase.variants(of: scalar))
  }
}

/// Which scalars are the same but for their case: by Unicode's simple case folding, so one for one, and
/// without the rules for Turkish.
enum SimpleCase {
  /// The scalars that have other cases, in groups of those that are the same.
  ///
  /// Made at the first use, from the properties that the standard library has of each scalar: that takes some
  /// milliseconds, which patterns in ASCII never need.
  static let groups: [[UInt32]] = makeGroups()

  private static let groupNumbers: [UInt32: Int] = {
    var numbers: [UInt32: Int] = [:]
    for (number, group) in groups.enumerated() {
      for scalar in group { numbers[scalar] = number }
    }
    return numbers
  }()

  /// The scalar and its other cases.
  static func variants(of scalar: UInt32) -> [UInt32] {
    guard let number = groupNumbers[scalar] else { return [scalar] }
    return groups[number]
  }

  /// The cases of a small letter of ASCII. Two have a third outside of ASCII: the sign for kelvin and the
  /// long s.
  static func variants(ofASCII letter: UInt32) -> [UInt32] {
    switch letter {
    case 0x6B: [0x4B, 0x6B, 0x212A]
    case 0x73: [0x53, 0x73, 0x017F]
    default: [letter - 0x20, letter]
    }
  }

  /// No scalar above has cases: what follows are ideographs, tags and private use.
  private static let lastCased: UInt32 = 0x1FFFF
  /// The dotted capital and the dotless small i: partners of i and I in Turkish only.
  private static let turkish: Set<UInt32> = [0x130, 0x131]

  private static func makeGroups() -> [[UInt32]] {
    var groups: [[UInt32]] = []
    var numbers: [UInt32: Int] = [:]
    func join(_ left: UInt32, _ right: UInt32) {
      switch (numbers[left], numbers[right]) {
      case (nil, nil):
        numbers[left] = groups.count
        numbers[right] = groups.count
        groups.append([left, right])
      case (let number?, nil):
        numbers[right] = number
        groups[number].append(right)
      case (nil, let number?):
        numbers[left] = number
        groups[number].append(left)
      case (let kept?, let given?) where kept != given:
        for scalar in groups[given] { numbers[scalar] = kept }
        groups[kept] += groups[given]
        groups[given] = []
      default: break
      }
    }
    for value in 0...lastCased where !turkish.contains(value) {
      guard let scalar = Unicode.Scalar(value), scalar.properties.changesWhenCaseMapped else { continue }
      let properties = scalar.properties
      for mapping in [properties.lowercaseMapping, properties.uppercaseMapping, properties.titlecaseMapping] {
        // A mapping to several scalars is no simple one.
        let mapped = mapping.unicodeScalars
        guard let only = mapped.first, mapped.count == 1, only != scalar else { continue }
        join(value, only.value)
      }
    }
    return groups.filter { !$0.isEmpty }.map { $0.sorted() }
  }
}
