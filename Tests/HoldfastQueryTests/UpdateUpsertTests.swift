import BSON
import Testing

@testable import HoldfastQuery

@Suite("What an upsert begins with")
struct UpdateUpsertTests {
  @Test(
    "the fields that the filter says are equal to something, dotted paths expanded, the _id first",
    arguments: [
      ("{}", "{}"),
      ("{'x': 1}", "{'x': 1}"),
      ("{'x': {'$eq': 1}}", "{'x': 1}"),
      ("{'x': {'$eq': 1, '$gt': 0}}", "{'x': 1}"),
      ("{'x': {'$in': [1]}}", "{'x': 1}"),
      ("{'x': {'$in': [1, 1.0]}}", "{'x': 1}"),
      ("{'x': {'$all': [1]}}", "{'x': 1}"),
      ("{'x': [1, 2]}", "{'x': [1, 2]}"),
      ("{'x': {'x.x': 1}}", "{'x': {'x.x': 1}}"),
      ("{'x': {}}", "{'x': {}}"),
      ("{'x': null}", "{'x': null}"),
      ("{'$and': [{'x': 1}, {'$and': [{'y': 2}]}]}", "{'x': 1, 'y': 2}"),
      ("{'$or': [{'x': 1}]}", "{'x': 1}"),
      ("{'$or': [{'x': 1}, {'x': 1}]}", "{'x': 1}"),
      ("{'$or': [{'x': 1, 'y': 2}]}", "{'x': 1, 'y': 2}"),
      ("{'$and': [{'$or': [{'x': {'$eq': 1}}]}]}", "{'x': 1}"),
      ("{'x.x': 1}", "{'x': {'x': 1}}"),
      ("{'x.y': 1, 'x.z.0': 2}", "{'x': {'y': 1, 'z': {'0': 2}}}"),
      ("{'x.$id': 1}", "{'x': {'$id': 1}}"),
      ("{'x': {'$ref': 'c', '$id': 1}}", "{'x': {'$ref': 'c', '$id': 1}}"),
      ("{'b': 1, 'a': 2, '_id': 3}", "{'_id': 3, 'a': 2, 'b': 1}"),
      ("{'_id.x': 1, '_id.y': 2}", "{'_id': {'x': 1, 'y': 2}}"),
      (
        "{'x': {'$eq': {'$regularExpression': {'pattern': 'a', 'options': ''}}}}",
        "{'x': {'$regularExpression': {'pattern': 'a', 'options': ''}}}"
      ),
      ("{'x': {'$regularExpression': {'pattern': 'a', 'options': ''}}}", "{}"),
      ("{'x': {'$in': [{'$regularExpression': {'pattern': 'a', 'options': ''}}]}}", "{}"),
      ("{'x': {'$gt': 1}}", "{}"),
      ("{'x': {'$ne': 1}}", "{}"),
      ("{'x': {'$in': [1, 2]}}", "{}"),
      ("{'x': {'$in': []}}", "{}"),
      ("{'x': {'$all': []}}", "{}"),
      ("{'x': {'$elemMatch': {'$eq': 1}}}", "{}"),
      ("{'x': {'$all': [{'$elemMatch': {'y': 1}}]}}", "{}"),
      ("{'x': {'$exists': true}}", "{}"),
      ("{'x': {'$not': {'$eq': 1}}}", "{}"),
      ("{'$or': [{'x': 1}, {'x': 2}]}", "{}"),
      ("{'$nor': [{'x': 1}]}", "{}"),
      ("{'$expr': {'$eq': ['$x', 1]}, '$comment': 'c'}", "{}"),
    ])
  func base(_ test: (filter: String, base: String)) throws {
    #expect(try Update.upsertBase(json(test.filter)) == json(test.base))
  }

  @Test(
    "a path named twice, or one inside another, is an error",
    arguments: [
      "{'$and': [{'x': 1}, {'x': 2}]}",
      "{'x': {'$all': [1, 2]}}",
      "{'x': 1, 'x.x': 1}",
      "{'x': {'x': 1}, 'x.y': 1}",
      "{'_id': {'x': 1}, '_id.x': 1}",
    ])
  func conflicts(_ filter: String) throws {
    let error = #expect(throws: QueryError.self) { try Update.upsertBase(json(filter)) }
    #expect(error?.code == .conflictingPaths)
  }

  @Test("for a replacement only the _id counts, which must be named as a whole")
  func replacement() throws {
    let base = try Update.upsertBase(json("{'_id': 1, 'x': [1, {'x': 1}], 'x.x': 1}"), forReplacement: true)
    #expect(base == ["_id": 1])
    let update = try Update(replacement: ["a": 1])
    let now = UpdateCase.now
    #expect(try update.applied(to: base, position: nil, isInsert: true, now: now) == ["_id": 1, "a": 1])
    let error = #expect(throws: QueryError.self) {
      try Update.upsertBase(["_id.x": 1], forReplacement: true)
    }
    #expect(error?.code == .invalidArgument)
  }

  @Test("an update goes on from the base")
  func together() throws {
    let base = try Update.upsertBase(json("{'a.b': 1, 'n': {'$gt': 5}, 'k': 'v'}"))
    let update = try Update(
      json("{'$set': {'a.c': 2}, '$inc': {'n': 1}, '$setOnInsert': {'k2': 3, '_id': 8}}"))
    let now = UpdateCase.now
    #expect(
      try update.applied(to: base, position: nil, isInsert: true, now: now)
        == json("{'_id': 8, 'a': {'b': 1, 'c': 2}, 'k': 'v', 'k2': 3, 'n': 1}"))
  }

  @Test("a deep filter and empty parts of paths are errors, not traps")
  func limits() throws {
    var deep: Document = ["x": 1]
    for _ in 0..<150 { deep = ["$and": [.document(deep)]] }
    #expect(throws: QueryError.self) { try Update.upsertBase(deep) }
    #expect(throws: QueryError.self) { try Update.upsertBase(["a..b": 1]) }
    #expect(throws: QueryError.self) {
      try Update.upsertBase([Array(repeating: "a", count: 300).joined(separator: "."): 1])
    }
  }
}
