/// A group of a pattern that is open: what it has so far.
struct RegexGroup {
  /// Where it was opened.
  let start: Int
  /// The options that hold again behind it.
  let outerOptions: RegexOptions
  /// When each of its alternatives counts groups from the same number on: this number.
  var countsFrom: Int?
  /// Where in the alternative the item begins that a quantifier would repeat.
  var item: Int?
  private(set) var code: [RegexInstruction] = []
  private var alternatives: [[RegexInstruction]] = []
  private var highestCount = 0

  init(start: Int, outerOptions: RegexOptions) {
    self.start = start
    self.outerOptions = outerOptions
  }

  mutating func append(item new: [RegexInstruction]) {
    item = code.count
    code += new
  }

  /// The instructions of alternatives that a further one adds: a split ahead, and a jump to the end.
  static let alternativeCost = 2

  mutating func beginAlternative(_ names: inout RegexGroupNames) {
    alternatives.append(code)
    code = []
    item = nil
    if let countsFrom {
      highestCount = max(highestCount, names.count)
      names.count = countsFrom
    }
  }

  /// The number of groups counted up to this one's end.
  func count(_ names: RegexGroupNames) -> Int { max(highestCount, names.count) }

  /// The instructions of the whole group.
  func closed() -> [RegexInstruction] {
    var all: [RegexInstruction] = []
    let length = alternatives.reduce(code.count) { $0 + $1.count + Self.alternativeCost }
    all.reserveCapacity(length)
    for alternative in alternatives {
      all.append(.split(Int32(alternative.count + Self.alternativeCost)))
      all += alternative
      all.append(.jump(Int32(length - all.count)))
    }
    return all + code
  }

  /// Replaces the item by its repetition.
  mutating func replaceItem(by new: [RegexInstruction]) {
    guard let item else { return }
    code.removeSubrange(item...)
    code += new
    self.item = nil
  }
}

/// The groups of a pattern by name and number.
struct RegexGroupNames {
  /// How many groups were counted.
  var count = 0
  private var numbers: [String: Int] = [:]
  private var names: [Int: String] = [:]

  /// Why a name may not be that of the group counted last; `nil` when it may, and then it is.
  mutating func take(_ name: String, permitsDuplicates: Bool) -> String? {
    if let other = names[count], other != name { return "groups of the same number with different names" }
    if let number = numbers[name], number != count, !permitsDuplicates {
      return "two groups of the same name"
    }
    names[count] = name
    numbers[name] = count
    return nil
  }
}
