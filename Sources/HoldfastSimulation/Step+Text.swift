import HoldfastEngine

// Steps as people read them and as `simulate --steps` takes them: words, with `+` between the changes of a
// transaction and `;` between steps. `safe create 1 + put 1 0..<40 60 3; checkpoint; unsafe delete 1 3..<9`

/// Text that means no step, plan or setup.
public struct UnreadableText: Error, CustomStringConvertible {
  public let description: String
}

extension Step: CustomStringConvertible {
  public var description: String {
    switch self {
    case .commit(let changes, let durability): "\(Step.text(durability)) \(Step.text(changes))"
    case .abort(let changes): "abort \(Step.text(changes))"
    case .clock(let milliseconds): "clock \(milliseconds)"
    case .persist: "persist"
    case .checkpoint: "checkpoint"
    case .spill: "spill"
    case .reopen: "reopen"
    case .kill: "kill"
    case .power: "power"
    case .pin: "pin"
    case .compare: "compare"
    case .release: "release"
    }
  }

  private static let plain: [Step] = [
    .persist, .checkpoint, .spill, .reopen, .kill, .power, .pin, .compare, .release,
  ]

  /// The step that a text describes.
  public init(_ text: some StringProtocol) throws(UnreadableText) {
    let words = text.split { $0.isWhitespace }
    let rest = words.dropFirst().joined(separator: " ")
    if let step = Step.plain.first(where: { $0.description == words.joined(separator: " ") }) {
      self = step
    } else if words.first == "clock", let milliseconds = Int64(rest) {
      self = .clock(milliseconds: milliseconds)
    } else if words.first == "abort" {
      self = .abort(try Step.changes(rest))
    } else if let durability = words.first.flatMap({ Step.durability($0) }) {
      self = .commit(try Step.changes(rest), durability)
    } else {
      throw UnreadableText(description: "\"\(text)\" is no step")
    }
  }

  /// All steps of a text.
  public static func steps(_ text: String) throws(UnreadableText) -> [Step] {
    var steps: [Step] = []
    for part in text.split(separator: ";") where part.contains(where: { !$0.isWhitespace }) {
      steps.append(try Step(part))
    }
    return steps
  }

  private static func changes(_ text: String) throws(UnreadableText) -> [Change] {
    var changes: [Change] = []
    for part in text.split(separator: "+") { changes.append(try Change(part)) }
    return changes
  }

  private static func text(_ changes: [Change]) -> String {
    changes.map(\.description).joined(separator: " + ")
  }

  private static func text(_ durability: Durability) -> String {
    switch durability {
    case .safe: "safe"
    case .unsafe: "unsafe"
    case .batch(let operations, let milliseconds): "batch:\(operations):\(milliseconds)"
    }
  }

  private static func durability(_ word: some StringProtocol) -> Durability? {
    if word == "safe" { return .safe }
    if word == "unsafe" { return .unsafe }
    let fields = word.split(separator: ":")
    guard fields.count == 3, fields[0] == "batch", let operations = Int(fields[1]),
      let milliseconds = Int(fields[2])
    else { return nil }
    return .batch(operations: operations, milliseconds: milliseconds)
  }
}

extension Change: CustomStringConvertible {
  public var description: String {
    switch self {
    case .put(let tree, let keys, let size, let mark):
      "put \(tree) \(keys.lowerBound)..<\(keys.upperBound) \(size) \(mark)"
    case .delete(let tree, let keys): "delete \(tree) \(keys.lowerBound)..<\(keys.upperBound)"
    case .create(let tree): "create \(tree)"
    case .clear(let tree): "clear \(tree)"
    case .drop(let tree): "drop \(tree)"
    }
  }

  init(_ text: Substring) throws(UnreadableText) {
    let fail = UnreadableText(description: "\"\(text)\" is no change")
    let words = text.split { $0.isWhitespace }
    var numbers: [Int] = []
    for word in words.dropFirst() {
      for part in word.split(separator: "..<") {
        guard let number = Int(part), number >= 0 else { throw fail }
        numbers.append(number)
      }
    }
    switch (words.first, numbers.count) {
    case ("put", 5) where numbers[1] <= numbers[2]:
      self = .put(tree: numbers[0], keys: numbers[1]..<numbers[2], size: numbers[3], mark: numbers[4])
    case ("delete", 3) where numbers[1] <= numbers[2]:
      self = .delete(tree: numbers[0], keys: numbers[1]..<numbers[2])
    case ("create", 1): self = .create(tree: numbers[0])
    case ("clear", 1): self = .clear(tree: numbers[0])
    case ("drop", 1): self = .drop(tree: numbers[0])
    default: throw fail
    }
  }
}

extension Setup: CustomStringConvertible {
  /// `plain,4096,262144,1048576,16384,65536`: encryption, then bytes of a page, the cache, the log budget,
  /// the smallest and the largest segment.
  public var description: String {
    let numbers = [pageSize, cacheBytes, logBudget, segmentBytes.lowerBound, segmentBytes.upperBound]
    return ([isEncrypted ? "encrypted" : "plain"] + numbers.map(String.init)).joined(separator: ",")
  }

  public init(_ text: String) throws(UnreadableText) {
    let fields = text.split(separator: ",")
    let numbers = fields.dropFirst().compactMap { Int($0) }
    guard fields.count == 6, numbers.count == 5, numbers[3] <= numbers[4],
      fields[0] == "plain" || fields[0] == "encrypted"
    else { throw UnreadableText(description: "\"\(text)\" is no setup") }
    self.init(
      isEncrypted: fields[0] == "encrypted", pageSize: numbers[0], cacheBytes: numbers[1],
      logBudget: numbers[2], segmentBytes: numbers[3]...numbers[4])
  }
}
