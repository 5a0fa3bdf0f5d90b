import BSON
import Testing

@testable import HoldfastQuery

@Suite("Random updates")
struct UpdateRandomTests {
  private static let names = ["a", "b", "c", "0", "1", "2", "10"]
  private static let operators = [
    "$set", "$setOnInsert", "$unset", "$inc", "$mul", "$min", "$max", "$bit", "$currentDate", "$rename",
    "$push", "$addToSet", "$pop", "$pull", "$pullAll",
  ]

  // MARK: Drawing

  private static func value(_ random: inout Draws, depth: Int) -> BSONValue {
    switch Int.random(in: 0..<(depth > 3 ? 5 : 10), using: &random) {
    case 0, 1, 2: return .int32(Int32.random(in: 0...6, using: &random))
    case 3: return .double(Double(Int.random(in: 0...6, using: &random)))
    case 4: return Bool.random(using: &random) ? .null : .string("s")
    case 5, 6: return .document(document(&random, depth: depth + 1))
    default:
      return .array((0..<Int.random(in: 0...4, using: &random)).map { _ in value(&random, depth: depth + 1) })
    }
  }

  private static func document(_ random: inout Draws, depth: Int) -> Document {
    let names = names.shuffled(using: &random).prefix(Int.random(in: 0...4, using: &random))
    return Document(names.map { ($0, value(&random, depth: depth)) })
  }

  /// A path that has good chances to lead somewhere in a document.
  private static func path(_ random: inout Draws, in document: Document) -> [String] {
    var path: [String] = []
    var container: BSONValue? = .document(document)
    repeat {
      var choices = names
      switch container {
      case .document(let document):
        choices = document.keys.filter { $0 != "_id" }
        if choices.isEmpty || Int.random(in: 0..<5, using: &random) == 0 { choices = names }
      case .array(let elements):
        choices = ["$", "$[]", "$[x]", "$[y]", "0", "1", "5", "a"]
        if elements.isEmpty { choices += ["0", "2"] }
      default:
        if !path.isEmpty, Int.random(in: 0..<10, using: &random) == 0 { choices += ["$[]", "$"] }
      }
      let name = choices.randomElement(using: &random) ?? "a"
      path.append(name)
      switch container {
      case .document(let document): container = document[name]
      case .array(let elements):
        container = elements.isEmpty ? nil : elements[(Int(name) ?? 0) % elements.count]
      default: container = nil
      }
    } while path.count < 5
      && (path.count < 2 ? Int.random(in: 0..<3, using: &random) > 0 : Bool.random(using: &random))
    return path
  }

  private static func argument(_ name: String, _ random: inout Draws) -> BSONValue {
    let small = BSONValue.int32(Int32.random(in: 0...6, using: &random))
    switch name {
    case "$inc", "$mul":
      return Bool.random(using: &random) ? small : .double(Double(Int.random(in: 0...4, using: &random)))
    case "$bit":
      return [["and": small], ["or": small], ["xor": small, "or": 1]].randomElement(using: &random) ?? small
    case "$currentDate": return true
    case "$pop": return Bool.random(using: &random) ? 1 : -1
    case "$pullAll": return .array((0..<3).map { _ in value(&random, depth: 3) })
    case "$pull": return Bool.random(using: &random) ? ["$gte": small] : .int32(3)
    case "$push": return push(&random)
    case "$addToSet":
      return Bool.random(using: &random)
        ? ["$each": .array((0..<3).map { _ in value(&random, depth: 4) })] : value(&random, depth: 4)
    default: return value(&random, depth: 3)
    }
  }

  private static func push(_ random: inout Draws) -> BSONValue {
    if Int.random(in: 0..<3, using: &random) == 0 { return value(&random, depth: 3) }
    let count = Int.random(in: 0...3, using: &random)
    var options: Document = ["$each": .array((0..<count).map { _ in value(&random, depth: 4) })]
    let number = Int32.random(in: -4...4, using: &random)
    if Bool.random(using: &random) { options["$slice"] = .int32(number) }
    if Bool.random(using: &random) { options["$position"] = .int32(Int32.random(in: -4...4, using: &random)) }
    if Bool.random(using: &random) { options["$sort"] = number > 0 ? 1 : -1 }
    return .document(options)
  }

  /// Changes for the interpreter, with the end of a rename beside its beginning.
  private static func changes(_ random: inout Draws, in document: Document) -> [Change] {
    var changes: [Change] = []
    for _ in 0..<Int.random(in: 1...4, using: &random) {
      let name = operators.randomElement(using: &random) ?? "$set"
      let path = path(&random, in: document)
      guard name == "$rename" else {
        changes.append(Change(name: name, path: path, argument: argument(name, &random)))
        continue
      }
      let target = Self.path(&random, in: document)
      if (path + target).contains(where: { $0.hasPrefix("$") }) { continue }
      changes.append(Change(name: "$rename", path: target, argument: .string(path.joined(separator: "."))))
      changes.append(Change(name: "source", path: path, argument: .null))
    }
    return changes
  }

  private static func update(_ changes: [Change]) -> Document {
    var update: Document = [:]
    for change in changes where change.name != "source" {
      var fields = update[change.name]?.documentValue ?? [:]
      let path = change.path.joined(separator: ".")
      if change.name == "$rename", let source = change.argument.stringValue {
        fields.append(source, .string(path))
      } else {
        fields.append(path, change.argument)
      }
      update[change.name] = .document(fields)
    }
    return update
  }

  // MARK: Checking

  private struct Round {
    var succeeded = 0
    var changed = 0
    var failed = 0
  }

  private static func check(_ random: inout Draws, _ seed: UInt64, _ round: inout Round) throws {
    var document = document(&random, depth: 1)
    document = Document([("_id", .int32(7))] + document.map { ($0.key, $0.value) })
    let changes = changes(&random, in: document)
    if changes.isEmpty { return }
    var interpreter = UpdateInterpreter()
    interpreter.filters = ["x": (nil, 3), "y": ("a", 2)]
    interpreter.position = Int.random(in: -1...2, using: &random)
    if interpreter.position == -1 { interpreter.position = nil }
    interpreter.isInsert = Int.random(in: 0..<4, using: &random) == 0
    let used = changes.flatMap(\.path)
    var filters: [Document] = []
    if used.contains("$[x]") { filters.append(["x": ["$gte": 3]]) }
    if used.contains("$[y]") { filters.append(["y.a": ["$gte": 2]]) }
    let update = update(changes)
    let expected = try? interpreter.apply(changes, to: document)
    let result = Result {
      try Update(update, arrayFilters: filters).applied(
        to: document, position: interpreter.position, isInsert: interpreter.isInsert, now: UpdateCase.now)
    }
    let situation = "seed \(seed): \(update) on \(document), position \(interpreter.position ?? -1)"
    switch (result, expected) {
    case (.success(let after), let expected?):
      #expect(after == expected, "\(situation)")
      #expect(throws: Never.self, "\(situation)") { try after.validate() }
      round.succeeded += 1
      if after != document { round.changed += 1 }
    case (.failure, nil):
      round.failed += 1
    case (.success(let after), nil):
      Issue.record("\(situation): \(after), but an error is right")
    case (.failure(let error), let expected?):
      Issue.record("\(situation): \(error), but \(expected) is right")
    }
  }

  @Test(
    "a plain interpreter comes to the same documents, and fails for the same",
    arguments: 1...4 as ClosedRange<UInt64>)
  func interpreter(_ seed: UInt64) throws {
    var random = Draws(seed: seed)
    var round = Round()
    for _ in 0..<2000 { try Self.check(&random, seed, &round) }
    #expect(round.changed > 300 && round.succeeded > round.changed && round.failed > 200, "\(round)")
  }
}
