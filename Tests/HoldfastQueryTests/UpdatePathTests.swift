import BSON
import Testing

@testable import HoldfastQuery

@Suite("Updates as a whole")
struct UpdatePathTests {
  @Test(
    "new fields come in the order of their names, numbers by their size, whatever the operators' order",
    arguments: [
      gives(
        "{'$set': {'z': 1, 'b': 1}, '$inc': {'a': 1, 'y': 1}}", "{'m': 1}",
        "{'m': 1, 'a': 1, 'b': 1, 'y': 1, 'z': 1}"),
      gives(
        "{'$set': {'a.10': 1, 'a.9': 1, 'a.x': 1, 'a.-': 1}}", "{'a': {}}",
        "{'a': {'-': 1, '9': 1, '10': 1, 'x': 1}}"),
      gives("{'$set': {'c': 1, 'a': 2}}", "{'c': 0, 'b': 0, 'a': 0}", "{'c': 1, 'b': 0, 'a': 2}"),
      gives(
        "{'$set': {'a.2': 1, 'a.10': 2}, '$bit': {'a.9': {'or': 4}}}", "{'a': []}",
        "{'a': [null, null, 1, null, null, null, null, null, null, 4, 2]}"),
      gives("{'$set': {'b.d': 1, 'b.c': 2}, '$unset': {'b.e': 1}}", "{}", "{'b': {'c': 2, 'd': 1}}"),
      gives(
        "{'$set': {'a': 1}, '$unset': {'b': 1}, '$rename': {'c': 'd'}}", "{'b': 1, 'c': 2}",
        "{'a': 1, 'd': 2}"),
      keeps("{'$set': {}}", "{'a': 1}"),
      keeps("{'$inc': {}, '$push': {}}", "{'a': 1}"),
    ])
  func order(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "two changes of one place, or of one inside the other, are refused",
    arguments: [
      refused("{'$set': {'a': 1}, '$inc': {'a': 1}}", .conflictingPaths),
      refused("{'$set': {'a.b': 1}, '$inc': {'a': 1}}", .conflictingPaths),
      refused("{'$set': {'a': 1, 'a.b.c': 1}}", .conflictingPaths),
      refused("{'$set': {'a': 1, 'a': 1}}", .conflictingPaths),
      refused("{'$push': {'a.b': 1}, '$pull': {'a.b': 1}}", .conflictingPaths),
      gives("{'$set': {'a.b': 1, 'a.bc': 1}}", "{}", "{'a': {'b': 1, 'bc': 1}}"),
    ])
  func conflicts(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "what is no update is refused",
    arguments: [
      refused("{}", .invalidArgument),
      refused("{'a': 1}", .unknownOperator),
      refused("{'$set': {'a': 1}, 'b': 1}", .unknownOperator),
      refused("{'$what': {'a': 1}}", .unknownOperator),
      refused("{'$set': 1}", .invalidArgument),
      refused("{'$set': [1]}", .invalidArgument),
      refused("{'$set': {'': 1}}", .invalidPath),
      refused("{'$set': {'a.': 1}}", .invalidPath),
      refused("{'$set': {'.a': 1}}", .invalidPath),
      refused("{'$set': {'a..b': 1}}", .invalidPath),
      refused("{'$unset': {'a..b': 1}}", .invalidPath),
      refused("{'$set': {'\(Array(repeating: "a", count: 101).joined(separator: "."))': 1}}", .limitExceeded),
    ])
  func invalid(_ test: UpdateCase) throws { try test.check() }

  @Test(
    "the _id stays, down to its bytes",
    arguments: [
      fails("{'$set': {'_id': 2}}", "{'_id': 1}", .immutableField),
      fails("{'$unset': {'_id': 1}}", "{'_id': 1}", .immutableField),
      fails("{'$inc': {'_id': 1}}", "{'_id': 1}", .immutableField),
      fails("{'$set': {'_id.x': 2}}", "{'_id': {'x': 1}}", .immutableField),
      fails("{'$set': {'_id.y': 2}}", "{'_id': {'x': 1}}", .immutableField),
      fails("{'$rename': {'_id': 'a'}}", "{'_id': 1}", .immutableField),
      fails("{'$rename': {'a': '_id'}}", "{'_id': 1, 'a': 2}", .immutableField),
      fails("{'$set': {'_id': 1}}", "{'a': 1}", .immutableField),
      fails("{'$set': {'_id': 2}}", "{'_id': 1}", .immutableField).inserting,
      keeps("{'$set': {'_id': 1}}", "{'_id': 1}"),
      keeps("{'$set': {'_id': 1.0}}", "{'_id': 1}"),
      gives("{'$set': {'_id': 1.0, 'a': 1}}", "{'_id': 1, 'b': 1}", "{'_id': 1, 'b': 1, 'a': 1}"),
      keeps("{'$set': {'_id.x': 1}}", "{'_id': {'x': 1}}"),
      keeps("{'$min': {'_id': 9}}", "{'_id': 1}"),
      keeps("{'$setOnInsert': {'_id': 9}}", "{'_id': 1}"),
      gives("{'$set': {'_id': 9}}", "{'a': 1, 'b': 2}", "{'_id': 9, 'a': 1, 'b': 2}").inserting,
    ])
  func identity(_ test: UpdateCase) throws { try test.check() }

  @Test("of fields with the same name the first is changed")
  func duplicateNames() throws {
    let document: Document = ["a": 1, "b": 2, "a": 3]
    let update = try Update(["$inc": ["a": 10], "$unset": ["b": ""]])
    #expect(try update.applied(to: document, position: nil, now: UpdateCase.now) == ["a": 11, "a": 3])
  }

  @Test("many fields are found as few are")
  func manyFields() throws {
    let names = (0..<60).map { "f\($0 * 7 % 60)" } + (0..<60).map { "\($0 * 7 % 60)" }
    let document = Document(names.map { ($0, .int32(1)) })
    let update = try Update(["$inc": .document(Document(names.reversed().map { ($0, .int32(1)) }))])
    let after = try update.applied(to: document, position: nil, now: UpdateCase.now)
    #expect(after == Document(names.map { ($0, .int32(2)) }))
  }

  @Test("an update says which fields it touches and whether it needs a position")
  func properties() throws {
    let update = try Update(
      ["$set": ["a.b": 1, "c": 1], "$rename": ["d.e": "f"], "$unset": ["g.$[].h": 1], "$push": ["i.$.j": 1]])
    #expect(update.touchedFields == ["a", "c", "d", "f", "g", "i"])
    #expect(update.usesPosition)
    #expect(try !Update(["$set": ["a.0": 1, "b.$[]": 2]]).usesPosition)
    let replacement = try Update(replacement: ["a": 1])
    #expect(replacement.touchedFields == nil)
    #expect(!replacement.usesPosition)
  }

  @Test(
    "a replacement keeps the _id, first, and refuses operators and another _id",
    arguments: [
      ("{'b': 2}", "{'_id': 1, 'a': 1}", "{'_id': 1, 'b': 2}"),
      ("{}", "{'_id': 1, 'a': 1}", "{'_id': 1}"),
      ("{'b': 2, '_id': 1}", "{'_id': 1, 'a': 1}", "{'_id': 1, 'b': 2}"),
      ("{'_id': 1.0, 'b': 2}", "{'_id': 1, 'a': 1}", "{'_id': 1, 'b': 2}"),
      (
        "{'b': {'$c': 2, 'd.e': 3}, 'f.g': 1}", "{'_id': 1}", "{'_id': 1, 'b': {'$c': 2, 'd.e': 3}, 'f.g': 1}"
      ),
      ("{'b': 2, '_id': 7}", "{}", "{'_id': 7, 'b': 2}"),
      ("{'b': 2}", "{}", "{'b': 2}"),
    ])
  func replacement(_ test: (String, String, String)) throws {
    let update = try Update(replacement: json(test.0))
    #expect(try update.applied(to: json(test.1), position: nil, now: UpdateCase.now) == json(test.2))
  }

  @Test("a replacement with another _id, or with names of operators, is an error")
  func badReplacements() throws {
    let other = try Update(replacement: ["_id": 2])
    let error = #expect(throws: QueryError.self) {
      try other.applied(to: ["_id": 1], position: nil, now: UpdateCase.now)
    }
    #expect(error?.code == .immutableField)
    for bad: Document in [["$set": ["a": 1]], ["a": 1, "$b": 2]] {
      let error = #expect(throws: QueryError.self) { try Update(replacement: bad) }
      #expect(error?.code == .unknownOperator)
    }
  }
}
