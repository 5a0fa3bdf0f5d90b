import BSON
import Testing

@testable import HoldfastQuery

@Suite("MongoDB's numbers for errors")
struct MongoCodeTests {
  private func code(_ body: () throws(QueryError) -> Void) -> MongoCode? {
    do throws(QueryError) { try body() } catch { return error.mongoCode }
    return nil
  }

  /// What the update operators' errors are called; the document is one that the error comes up with.
  static let updates: [(update: String, document: String, MongoCode)] = [
    ("{'$nonsense': {'a': 1}}", "{}", .failedToParse), ("{'$set': 5}", "{}", .failedToParse),
    ("{'$set': {'a': 1}, 'b': 1}", "{}", .failedToParse), ("{'$pop': {'a': 2}}", "{}", .failedToParse),
    ("{'$inc': {'a': 'x'}}", "{}", .typeMismatch), ("{'$mul': {'a': 'x'}}", "{}", .typeMismatch),
    ("{'$addToSet': {'a': {'$each': 5}}}", "{}", .typeMismatch),
    ("{'$inc': {'a': 1}}", "{'a': 'x'}", .typeMismatch),
    ("{'$pop': {'a': 1}}", "{'a': 5}", .typeMismatch),
    ("{'$set': {'a': 1, 'a.b': 1}}", "{}", .conflictingUpdateOperators),
    ("{'$set': {'a': 1}, '$inc': {'a': 1}}", "{}", .conflictingUpdateOperators),
    ("{'$set': {'a.b': 1}}", "{'a': 5}", .pathNotViable),
    ("{'$inc': {'a.b': 1}}", "{'a': [1]}", .pathNotViable),
    ("{'$rename': {'a.b': 'c'}}", "{'a': 5}", .pathNotViable),
    ("{'$pull': {'a.b': 1}}", "{'a': 5}", .pathNotViable),
    ("{'$push': {'a': 1}}", "{'a': 5}", .badValue), ("{'$addToSet': {'a': 1}}", "{'a': 5}", .badValue),
    ("{'$pull': {'a': 1}}", "{'a': 5}", .badValue), ("{'$pullAll': {'a': [1]}}", "{'a': 5}", .badValue),
    ("{'$bit': {'a': {'and': 1}}}", "{'a': 'x'}", .badValue), ("{'$set': {'a.$[]': 1}}", "{}", .badValue),
    ("{'$set': {'a.$[]': 1}}", "{'a': 5}", .badValue), ("{'$rename': {'a.0': 'b'}}", "{'a': [1]}", .badValue),
    ("{'$rename': {'b': 'a.0'}}", "{'a': [1], 'b': 1}", .badValue),
    ("{'$set': {'a..b': 1}}", "{}", .emptyFieldName),
    ("{'$set': {'': 1}}", "{}", .emptyFieldName), ("{'$set': {'$a': 1}}", "{}", .dollarPrefixedFieldName),
    ("{'$set': {'_id': 2}}", "{'_id': 1}", .immutableField),
    ("{'$inc': {'a': 1}}", "{'a': {'$numberLong': '9223372036854775807'}}", .badValue),
    ("{'$set': {'a.$[x]': 1}}", "{'a': [1]}", .badValue),
  ]

  @Test("of updates", arguments: updates.indices)
  func update(_ index: Int) throws {
    let (update, document, expected) = Self.updates[index]
    let found = code { () throws(QueryError) in
      let update = try Update(try! json(update))
      _ = try update.applied(to: try! json(document), position: nil, now: BSONDateTime(milliseconds: 0))
    }
    #expect(found == expected, "\(update)")
  }

  @Test(
    "of array filters",
    arguments: [
      (["{'y': 1}", "{'x': 1}"], MongoCode.failedToParse), (["{'y': 1}", "{'y': 2}"], .failedToParse),
      (["{}"], .failedToParse),
      (["{'y': 1, 'z': 1}"], .failedToParse), (["{'Y': 1}"], .badValue),
    ])
  func arrayFilters(_ filters: [String], _ expected: MongoCode) throws {
    let filters = try filters.map(json)
    #expect(
      code { () throws(QueryError) in _ = try Update(["$set": ["a.$[y]": 1]], arrayFilters: filters) }
        == expected)
  }

  @Test(
    "of upserts",
    arguments: [
      ("{'x': {'$all': [1, 2]}}", false, MongoCode.notSingleValueField),
      ("{'x': {'y': 1}, 'x.y': 1}", false, .notSingleValueField),
      ("{'_id.x': 1}", true, .notExactValueField),
    ])
  func upserts(_ filter: String, _ isReplacement: Bool, _ expected: MongoCode) throws {
    let filter = try json(filter)
    #expect(
      code { () throws(QueryError) in _ = try Update.upsertBase(filter, forReplacement: isReplacement) }
        == expected)
  }

  @Test(
    "of projections",
    arguments: [
      ("{'a': 1, 'b': 0}", MongoCode.exclusionInInclusion), ("{'a': 0, 'b': 1}", .inclusionInExclusion),
      ("{'a': 1, 'a.b': 1}", .pathCollision), ("{'a.$': 1, 'b.$': 1}", .severalPositional),
      ("{'a.$': 0}", .positionalExclusion),
      ("{'a.$.b': 1}", .positionalInsidePath),
      ("{'a.b': {'$elemMatch': {'c': 1}}}", .elementMatchOnNestedField),
      ("{'a': {'$elemMatch': 5}}", .elementMatchWithoutDocument),
      ("{'a.$': 1, 'b': {'$elemMatch': {'c': 1}}}", .positionalWithElementMatch),
      ("{'a': {}}", .emptySubprojection),
      ("{'a': {'$nonsense': 1}}", .invalidPipelineOperator),
    ])
  func projections(_ projection: String, _ expected: MongoCode) throws {
    let projection = try json(projection)
    #expect(code { () throws(QueryError) in _ = try Projection(projection, now: nil) } == expected)
  }

  @Test(
    "of filters",
    arguments: [
      ("{'a': {'$nonsense': 1}}", MongoCode.badValue), ("{'$nonsense': 1}", .badValue),
      ("{'a': {'$in': 5}}", .badValue),
      ("{'a': {'$regex': '('}}", .invalidRegex),
      ("{'a': {'$regex': 'a', '$options': 'q'}}", .invalidRegexOptions),
      ("{'$expr': {'$nonsense': 1}}", .invalidPipelineOperator),
      ("{'$jsonSchema': {'nonsense': 1}}", .failedToParse),
      ("{'$jsonSchema': {'required': 5}}", .typeMismatch), ("{'$alwaysTrue': 2}", .badValue),
      ("{'$alwaysFalse': 'x'}", .badValue),
    ])
  func filters(_ filter: String, _ expected: MongoCode) throws {
    let filter = try json(filter)
    #expect(code { () throws(QueryError) in _ = try Filter(filter) } == expected)
  }

  @Test(
    "of indexes",
    arguments: ["{}", "{'a': 0}", "{'a': 'text'}", "{'a..b': 1}", "{'$a': 1}"])
  func indexes(_ keys: String) throws {
    let keys = try json(keys)
    #expect(code { () throws(QueryError) in _ = try IndexDescription(keys: keys) } == .cannotCreateIndex)
  }

  @Test("of orders, and of places that a filter did not find")
  func others() throws {
    #expect(code { () throws(QueryError) in _ = try SortOrder(["a": 2]) } == .sortDirection)
    #expect(
      code { () throws(QueryError) in _ = try SortOrder.naturalOrder(["$natural": 1, "a": 1]) } == .badValue)
    let projection = try Projection(["a.$": 1], now: nil)
    let document: Document = ["a": [1, 2]]
    #expect(
      code { () throws(QueryError) in
        _ = try document.withRawDocument { (raw) throws(QueryError) in
          try projection.applied(to: raw, position: nil)
        }
      } == .positionalMismatch)
  }
}
