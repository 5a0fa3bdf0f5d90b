import Foundation
import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Indexes: corners")
struct IndexCornerTests {
  let place: SimulatedPlace
  let database: Database
  let things: DocumentCollection

  init() throws {
    place = try SimulatedPlace()
    database = try place.open()
    things = database.collection("things")
  }

  private func ids(_ filter: Document, hint: IndexHint? = nil) throws -> [Int] {
    try things.find(filter, hint: hint).documents().compactMap { $0["_id"]?.intValue }.sorted()
  }

  @Test("values whose keys end in the highest byte are found in descending fields")
  func descendingPoints() throws {
    try things.createIndex(["a": -1, "b": 1])
    try things.createIndex(["c": -1], IndexOptions(isUnique: true))
    for (number, value) in ([-128, -256, -1.5, 127, 255.5] as [BSONValue]).enumerated() {
      try things.insert(["_id": .int32(Int32(number)), "a": value, "b": 1, "c": value])
      #expect(try ids(["a": value, "b": 1], hint: "a_-1_b_1") == [number])
      #expect(try ids(["c": value], hint: "c_-1") == [number])
    }
  }

  @Test("equal values in two forms find and change a document once")
  func equalValues() throws {
    try things.createIndex(["a": 1])
    try things.insert(["_id": 1, "a": 1])
    let filters: [Document] = [["$or": [["a": 1], ["a": 1.0]]], ["$or": [["_id": 1], ["_id": 1.0]]]]
    for filter in filters {
      #expect(try ids(filter) == [1])
      try things.updateMany(filter, ["$inc": ["n": 1]])
    }
    #expect(try things.fetch(id: 1)?["n"] == 2)
  }

  @Test("an $elemMatch in an $elemMatch, and behind a number in the path, finds what a scan finds")
  func nestedElementMatch() throws {
    for keys in [["a": 1], ["a.0": 1], ["a.0.b": 1]] as [Document] { try things.createIndex(keys) }
    try things.insertMany([
      ["_id": 1, "a": [[1, 5]]], ["_id": 2, "a": [[1, 2], 3]], ["_id": 3, "a": [[["b": 5]]]],
    ])
    let filters =
      [
        ["a": ["$elemMatch": ["$elemMatch": ["$gt": 3]]]], ["a.0": ["$elemMatch": ["$gt": 1]]],
        ["a.0": ["$elemMatch": ["b": 5]]], ["a": ["$elemMatch": ["0": 1]]],
      ] as [Document]
    for filter in filters {
      let expected = try ids(filter, hint: .natural())
      #expect(!expected.isEmpty)
      #expect(try ids(filter) == expected, "\(filter)")
      for hint in ["a_1", "a.0_1", "a.0.b_1"] {
        #expect(try ids(filter, hint: .name(hint)) == expected, "\(filter) \(hint)")
      }
    }
  }

  @Test("where a number in the path leads to an element, the index has that one only")
  func places() throws {
    for keys in [["a.0": 1], ["a.0.b": 1]] as [Document] {
      try things.createIndex(keys, IndexOptions(isUnique: true))
    }
    let documents: [Document] = [
      ["_id": 1, "a": [["b": 1], ["b": 7]]], ["_id": 2, "a": [["b": 2], ["b": 7]]],
      ["_id": 3, "a": [[["b": 3]], 9]],
      ["_id": 4, "a": [[["b": 4]], 9]],
    ]
    try things.insertMany(documents)
    #expect(code { try things.insert(["a": [["b": 2, "c": 0]]]) } == .duplicateKey)
    #expect(code { try things.insert(["a": [[["c": 0], ["b": 4]]]]) } == .duplicateKey)
    #expect(try things.indexes().map(\.entries) == [4, 4, 4])
    let filters: [Document] = [
      ["a.0.b": 3], ["a.0.b": nil], ["a.0.b": ["$in": [nil, 4]]], ["a.0.b": ["$lte": nil]],
      ["a.0": [["b": 4]]],
      ["$or": [["a.0.b": nil], ["a.0.b": 1]]], ["a": ["$elemMatch": ["0.b": 3]]], ["a.0.b": ["$ne": 1]],
      ["$or": [["a.0": ["$elemMatch": ["b": 3]]], ["a.0": ["b": 1]]]],
    ]
    for filter in filters {
      let expected = try ids(filter, hint: .natural())
      for hint in ["a.0_1", "a.0.b_1"] {
        #expect(try ids(filter, hint: .name(hint)) == expected, "\(filter) \(hint)")
      }
    }
    #expect(try ids(["a.0.b": nil]) == [1, 2])
  }

  @Test("a number that is a place and the name of a field as well is refused")
  func ambiguousPlaces() throws {
    try things.createIndex(["a.0.b": 1])
    try things.insertMany([["_id": 1, "a": ["0": ["b": 1]]], ["_id": 2, "a": [["b": 1]]]])
    do {
      try things.insert(["_id": 3, "a": [["0": ["b": 1]]]])
      Issue.record("inserted")
    } catch {
      #expect(error.code == .typeMismatch && error.mongoCode == 16746)
      #expect(error.message.contains("'0' of 'a.0.b'"))
    }
    #expect(code { try things.updateOne(["_id": 2], ["$set": ["a.0.0": 1]]) } == .typeMismatch)
    #expect(try ids([:]) == [1, 2])
  }

  @Test("the fields of a reference to another document can be in an index")
  func references() throws {
    #expect(try things.createIndex(["owner.$id": 1]) == "owner.$id_1")
    try things.insertMany(
      (0..<20).map { ["_id": .int32($0), "owner": ["$ref": "users", "$id": .int32($0 % 5)]] })
    #expect(try ids(["owner.$id": 3]) == [3, 8, 13, 18])
    #expect(try things.explain(["owner.$id": 3]).description.contains("IXSCAN owner.$id_1"))
    #expect(code { try things.createIndex(["$id": 1]) } == .invalidQuery)
    #expect(code { try things.createIndex(["a.$b": 1]) } == .invalidQuery)
  }

  @Test(
    "a partial index is used where each of several values implies its filter, or its filter is one of them")
  func partialLists() throws {
    try things.insertMany(
      (0..<40).map { ["_id": .int32($0), "a": .int32($0 % 4), "b": .int32($0 % 3), "x": .int32($0)] })
    let wide: Document = ["$or": [["a": 1], ["a": 2], ["b": 3]]]
    try things.createIndex(["x": 1], IndexOptions(name: "wide", partialFilter: .some(wide)))
    let list: Document = ["$or": [["a": nil], ["a": 1]]]
    try things.createIndex(["y": 1], IndexOptions(name: "list", partialFilter: .some(list)))
    let filters: [(Document, IndexHint)] = [
      (["$or": [["a": 1], ["a": 2]], "x": ["$gt": 3]], "wide"),
      (["a": ["$in": [2, 1]], "x": ["$gt": 3]], "wide"),
      (["a": 1, "y": nil], "list"), (["$or": [["a": 1], ["a": nil]], "y": nil], "list"),
    ]
    for (filter, hint) in filters {
      let expected = try ids(filter, hint: .natural())
      #expect(!expected.isEmpty)
      #expect(try ids(filter, hint: hint) == expected, "\(filter)")
    }
    #expect(code { _ = try ids(["a": ["$in": [1, 3]], "x": 5], hint: "wide") } == .invalidQuery)
  }

  @Test("another index with the same name is another conflict than one with the same fields")
  func conflicts() throws {
    try things.createIndex(["a": 1])
    func conflict(_ keys: Document, _ options: IndexOptions) -> Int32? {
      do throws(HoldfastError) { try things.createIndex(keys, options) } catch {
        #expect(error.code == .indexExists)
        return error.mongoCode
      }
      return nil
    }
    #expect(conflict(["b": 1], IndexOptions(name: "a_1")) == 86)
    #expect(conflict(["a": 1], IndexOptions(isUnique: true)) == 86)
    #expect(conflict(["a": 1], IndexOptions(name: "other")) == 85)
  }

  @Test("a duplicate says which index it is in, and which values")
  func duplicates() throws {
    try things.createIndex(["a.b": 1, "c": -1], IndexOptions(isUnique: true))
    try things.insertMany([["_id": 1, "a": ["b": 5]], ["_id": ["x": 1]]])
    func duplicate(_ body: () throws(HoldfastError) -> Void) -> HoldfastError? {
      do throws(HoldfastError) { try body() } catch { return error }
      return nil
    }
    let inserted = duplicate { () throws(HoldfastError) in try things.insert(["a": [["b": 4], ["b": 5.0]]]) }
    #expect(inserted?.keyPattern == ["a.b": 1, "c": -1] && inserted?.keyValue == ["a.b": 5.0, "c": nil])
    let updated = duplicate { () throws(HoldfastError) in
      try things.updateOne(["_id": ["x": 1]], ["$set": ["a.b": 5]])
    }
    #expect(updated?.code == .duplicateKey && updated?.keyValue == ["a.b": 5, "c": nil])
    let id = duplicate { () throws(HoldfastError) in try things.insert(["_id": ["x": 1.0]]) }
    #expect(id?.code == .duplicateID && id?.keyPattern == ["_id": 1] && id?.keyValue == ["_id": ["x": 1.0]])
  }

  @Test("entries of the greatest length are read ahead as short ones are", arguments: [false, true])
  func longEntries(_ isUnique: Bool) throws {
    try things.createIndex(["a": 1], IndexOptions(isUnique: isUnique))
    let end = String(repeating: "x", count: 980)
    func value(_ number: Int) -> BSONValue { .string("\(1000 + number)" + (number % 7 == 0 ? "" : end)) }
    try things.insertMany((0..<200).map { ["_id": .int32(Int32($0 * 17 % 200)), "a": value($0)] })
    for (lower, upper) in [(0, 200), (50, 130), (199, 200), (20, 21)] {
      let filter: Document = ["a": ["$gte": value(lower), "$lt": .string("\(1000 + upper)")]]
      let expected = (lower..<upper).map { BSONValue.int32(Int32($0 * 17 % 200)) }
      #expect(try things.find(filter, sort: ["a": 1]).documents().map { $0["_id"] } == expected)
      #expect(try things.find(filter, sort: ["a": -1]).documents().map { $0["_id"] } == expected.reversed())
      #expect(try things.explain(filter, sort: ["a": 1]).description.contains("IXSCAN a_1"))
    }
  }

  @Test("a sparse index has all elements of a document that it has")
  func sparseElements() throws {
    try things.createIndex(["a.b": 1], IndexOptions(isSparse: true))
    try things.insertMany([["_id": 1, "a": [["b": 1], [:]]], ["_id": 2, "a": [["c": 1]]], ["_id": 3]])
    #expect(try ids(["$and": [["a.b": ["$exists": true]], ["a.b": nil]]]) == [1])
    #expect(try things.indexes()[1].entries == 2)
  }

  @Test("repairing duplicates while a unique index is built takes no entry of another document")
  func repairDuringUniqueBuild() throws {
    try things.insertMany(
      (0..<9000).map { ["_id": .int32(Int32($0)), "a": .int32(Int32($0 == 8999 ? 5 : $0))] })
    var step = 0
    try things.createIndex(["a": 1], IndexOptions(isUnique: true)) { _ in
      step += 1
      if step == 1 { _ = try? things.delete(id: 8999) }
      return true
    }
    #expect(try ids(["a": 5], hint: "a_1") == [5])
    #expect(code { try things.insert(["a": 5]) } == .duplicateKey)
    #expect(try database.verify().isIntact)
  }

  @Test("documents expire through a partial index of any filter")
  func partialExpiry() throws {
    try things.createIndex(
      ["at": 1], IndexOptions(partialFilter: ["kind": ["$type": "string"]], expireAfterSeconds: 60))
    let old = BSONValue.dateTime(BSONDateTime(milliseconds: place.clock.now() - 100_000))
    try things.insertMany([["_id": 1, "at": old, "kind": "x"], ["_id": 2, "at": old]])
    #expect(try database.deleteExpired() == 1)
    #expect(try ids([:]) == [2])
  }

  @Test("a long list of ids is looked up, not searched for")
  func longLists() throws {
    try things.insertMany((0..<3000).map { ["_id": .int32(Int32($0)), "a": .int32(Int32($0))] })
    try things.createIndex(["a": 1])
    let list = BSONValue.array((0..<1500).map { .int32(Int32($0)) })
    for path in ["_id", "a"] {
      let condition: BSONValue = ["$in": list]
      let filter = Document([(path, condition)])
      #expect(try things.count(filter) == 1500)
      let text = try things.explain(filter, depth: .plan).description
      #expect(!text.contains("COLLSCAN"), "\(text)")
    }
    // Two long lists for one field meet without all pairs being made.
    let other = BSONValue.array((1000..<3000).map { .int32(Int32($0)) })
    #expect(try things.count(["$and": [["a": ["$in": list]], ["a": ["$in": other]]]]) == 500)
  }

  @Test("deleting documents while an iteration goes on in a transaction is no damage")
  func deletingWhileIterating() throws {
    try things.createIndex(["a": 1])
    try things.insertMany((0..<10).map { ["_id": .int32(Int32($0)), "a": 1] })
    let seen = try database.write { transaction in
      let things = transaction.collection("things")
      var seen = 0
      for result in things.find(["a": 1], hint: "a_1") {
        _ = try result.get()
        seen += 1
        if seen == 1 { try things.deleteMany(["_id": ["$gte": 5]]) }
      }
      return seen
    }
    #expect(seen == 5)
    #expect(try database.verify().isIntact)
  }

  @Test("a path of numbers that fits a document in very many ways is an error, and ends")
  func ambiguousPath() throws {
    var value: BSONValue = 1
    for _ in 0..<60 { value = .array([["0": value]]) }
    try things.insert(["_id": 1, "a": value])
    let path = "a" + String(repeating: ".0", count: 90)
    #expect(code { _ = try things.find(Document([(path, .int32(2))])).documents() } == .invalidQuery)
  }

  @Test("the name of the index of ids cannot be taken")
  func reservedName() throws {
    #expect(
      code { try things.createIndex(["a": 1], IndexOptions(name: "_id_", isUnique: true)) } == .indexExists)
  }

  @Test("$$NOW is the moment of the query, in filters and in projections")
  func now() throws {
    let now = BSONValue.dateTime(BSONDateTime(milliseconds: place.clock.now()))
    try things.insertMany([
      ["_id": 1, "at": .dateTime(BSONDateTime(milliseconds: 0))], ["_id": 2, "at": .maxKey],
    ])
    #expect(try ids(["$expr": ["$lte": ["$at", "$$NOW"]]]) == [1])
    #expect(try things.findOne(["_id": 1], projection: ["asked": "$$NOW"])?["asked"] == now)
    #expect(try things.updateMany(["$expr": ["$gt": ["$at", "$$NOW"]]], ["$set": ["at": now]]).modified == 1)
  }

  @Test("an open database deletes expired documents by itself")
  func expiryByItself() throws {
    let folder = try Folder()
    var options = DatabaseOptions()
    options.expiryInterval = .milliseconds(20)
    let database = try Database.open(at: folder.path("expiry.holdfast"), options)
    let things = database.collection("things")
    try things.createIndex(["at": 1], IndexOptions(expireAfterSeconds: 1))
    try things.insertMany([["_id": 1, "at": .dateTime(BSONDateTime(milliseconds: 0))], ["_id": 2]])
    // Much more time than it takes, for a machine with much else to do.
    var rounds = 0
    while try things.count() > 1, rounds < 3000 {
      usleep(10_000)
      rounds += 1
    }
    #expect(try things.find().documents().compactMap { $0["_id"]?.intValue } == [2])
    try database.close()
  }
}
