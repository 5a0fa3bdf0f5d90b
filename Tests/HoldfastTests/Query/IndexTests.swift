import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Indexes")
struct IndexTests {
  let place: SimulatedPlace
  let database: Database
  let users: DocumentCollection

  init() throws {
    place = try SimulatedPlace()
    database = try place.open()
    users = database.collection("users")
  }

  private func fill(_ count: Int = 100) throws {
    try users.insertMany(
      (0..<count).map {
        ["_id": .int32(Int32($0)), "age": .int32(Int32($0 % 10)), "name": .string("n\($0)")]
      })
  }

  private func stage(
    _ filter: Document, sort: Document? = nil, projection: Document? = nil, limit: Int? = nil
  ) throws -> String {
    try users.explain(
      filter, FindOptions(sort: sort, projection: projection, limit: limit), depth: .counts
    ).description
  }

  private func intact() throws {
    let report = try database.verify()
    #expect(report.isIntact, "\(report.problems)")
  }

  @Test("an index is listed, used, kept up to date, and dropped")
  func life() throws {
    try fill()
    #expect(try users.createIndex(["age": 1]) == "age_1")
    #expect(try users.indexes().map(\.name) == ["_id_", "age_1"])
    #expect(try users.indexes().map(\.entries) == [100, 100])
    #expect(try stage(["age": 3]).contains("IXSCAN age_1"))
    #expect(try users.count(["age": 3]) == 10)
    try users.updateMany(["age": 3], ["$set": ["age": 33]])
    try users.deleteMany(["age": 4])
    try users.insert(["_id": 1000, "age": 33])
    #expect(
      try users.count(["age": 3]) == 0 && users.count(["age": 33]) == 11 && users.count(["age": 4]) == 0)
    try intact()
    #expect(try users.dropIndex("age_1"))
    #expect(try !users.dropIndex("age_1"))
    #expect(try stage(["age": 33]).contains("COLLSCAN"))
    #expect(code { try users.dropIndex("_id_") } == .invalidUse)
    try intact()
  }

  @Test("indexes are there after closing and opening, also after a crash")
  func reopening() throws {
    try fill()
    try users.createIndex(["age": 1, "name": -1])
    try database.close()
    let again = try place.open()
    #expect(try again.collection("users").indexes().map(\.name) == ["_id_", "age_1_name_-1"])
    try again.collection("users").insert(["_id": 500, "age": 5])
    place.disk.crash()
    let recovered = try place.open()
    #expect(try recovered.collection("users").count(["age": 5]) == 11)
    #expect(try recovered.verify().isIntact)
  }

  @Test("making the same index again does nothing; another one with its name or fields is refused")
  func again() throws {
    try users.createIndex(["age": 1])
    #expect(try users.createIndex(["age": 1]) == "age_1")
    #expect(code { try users.createIndex(["age": 1], IndexOptions(isUnique: true)) } == .indexExists)
    #expect(code { try users.createIndex(["name": 1], IndexOptions(name: "age_1")) } == .indexExists)
    #expect(try users.createIndex(["_id": 1]) == "_id_")
    #expect(try users.indexes().count == 2)
  }

  @Test("a unique index refuses a second document with the same values, and says which index it is")
  func unique() throws {
    try users.createIndex(["email": 1], IndexOptions(isUnique: true))
    try users.insert(["_id": 1, "email": "a"])
    try users.insert(["_id": 2, "email": "b"])
    do {
      try users.insert(["_id": 3, "email": "a"])
      Issue.record("accepted")
    } catch {
      #expect(error.code == .duplicateKey)
      #expect(error.message.contains("email_1") && error.message.contains("{\"email\":1}"), "\(error)")
      #expect(!error.message.contains("\"a\""))
    }
    #expect(try !users.exists(id: 3))
    #expect(code { try users.replace(id: 2, with: ["email": "a"]) } == .duplicateKey)
    #expect(code { try users.updateOne(["_id": 2], ["$set": ["email": "a"]]) } == .duplicateKey)
    #expect(try users.fetch(id: 2)?["email"] == "b")
    // The same document may keep its value, and a value that is free again may be taken.
    try users.updateOne(["_id": 2], ["$set": ["x": 1, "email": "b"]])
    try users.delete(id: 1)
    try users.insert(["_id": 3, "email": "a"])
    // A missing field is null, once.
    try users.insert(["_id": 4])
    #expect(code { try users.insert(["_id": 5]) } == .duplicateKey)
    #expect(code { try users.insert(["_id": 5, "email": nil]) } == .duplicateKey)
    #expect(code { try users.insert(["_id": 6, "email": ["x", "b"]]) } == .duplicateKey)
    try users.insert(["_id": 6, "email": ["x", "x", "y"]])
    try intact()
  }

  @Test("a unique index over documents that are alike is not made, and leaves nothing behind")
  func uniqueRefused() throws {
    try fill()
    #expect(code { try users.createIndex(["age": 1], IndexOptions(isUnique: true)) } == .duplicateKey)
    #expect(try users.indexes().count == 1)
    try users.createIndex(["age": 1])
    try intact()
  }

  @Test("updating all or none: a unique violation in the middle changes nothing")
  func updateManyIsAtomic() throws {
    try users.createIndex(["x": 1], IndexOptions(isUnique: true))
    try users.insertMany([["_id": 1, "x": 1], ["_id": 2, "x": 2], ["_id": 3, "x": 3]])
    let before = try users.find().documents()
    #expect(code { try users.updateMany([:], ["$set": ["x": 9]]) } == .duplicateKey)
    #expect(try users.find().documents() == before)
    // Also when the caller of a transaction goes on.
    #expect(
      code {
        try database.write { transaction in
          _ = try? transaction.collection("users").updateMany([:], ["$set": ["x": 9]])
        }
      } == .duplicateKey)
    #expect(try users.find().documents() == before)
    try intact()
  }

  @Test("a sparse index lacks documents without the field, and is used only where that does not matter")
  func sparse() throws {
    try users.createIndex(["x": 1], IndexOptions(isSparse: true))
    try users.insertMany([["_id": 1, "x": 1], ["_id": 2], ["_id": 3, "x": nil]])
    #expect(try users.indexes()[1].entries == 2)
    #expect(try stage(["x": 1]).contains("x_1"))
    #expect(try !stage(["x": nil]).contains("x_1"))
    #expect(try users.find(["x": nil], sort: ["x": 1]).documents().count == 2)
    #expect(try users.find([:], sort: ["x": 1]).documents().count == 3)
    try users.createIndex(["y": 1], IndexOptions(isUnique: true, isSparse: true))
    try users.insertMany([["_id": 4], ["_id": 5]])
    try intact()
  }

  @Test("a partial index has the documents of its filter, and serves queries that ask for at least as much")
  func partial() throws {
    try users.createIndex(["x": 1], IndexOptions(partialFilter: ["age": ["$gte": 18]]))
    try users.insertMany([
      ["_id": 1, "x": 1, "age": 20], ["_id": 2, "x": 1, "age": 10], ["_id": 3, "x": 1],
    ])
    #expect(try users.indexes()[1].entries == 1)
    #expect(try stage(["x": 1, "age": ["$gt": 18]]).contains("x_1"))
    #expect(try stage(["x": 1, "age": 30]).contains("x_1"))
    #expect(try !stage(["x": 1]).contains("x_1"))
    #expect(try !stage(["x": 1, "age": ["$gt": 17]]).contains("x_1"))
    #expect(code { _ = try users.find(["x": 1], hint: "x_1").documents() } == .invalidQuery)
    try users.updateOne(["_id": 2], ["$set": ["age": 18]])
    try users.updateOne(["_id": 1], ["$set": ["age": 1]])
    #expect(try users.indexes()[1].entries == 1)
    try intact()
  }

  @Test("arrays have an entry for each element, and two side by side are refused")
  func multikey() throws {
    try users.createIndex(["tags": 1, "age": 1])
    try users.insert(["_id": 1, "tags": ["a", "b", "a"], "age": 1])
    #expect(try users.indexes()[1].isMultikey && users.indexes()[1].entries == 2)
    #expect(try users.find(["tags": "b"]).documents().count == 1)
    #expect(try users.find(["tags": ["$gte": "a"]]).documents().count == 1)
    #expect(code { try users.insert(["_id": 2, "tags": ["a"], "age": [1]]) } == .parallelArrays)
    #expect(try users.count() == 1)
    try intact()
  }

  @Test("a value too long for an index is refused with the name of the index, and nothing is changed")
  func longValue() throws {
    try users.createIndex(["x": 1])
    #expect(
      code { try users.insert(["_id": 1, "x": .string(String(repeating: "x", count: 2000))]) } == .keyTooLarge
    )
    #expect(try users.count() == 0)
    try users.insert(["_id": 1, "x": .string(String(repeating: "x", count: 900))])
    try intact()
  }

  @Test("index descriptions that make no sense are refused")
  func badDescriptions() throws {
    let cases: [(Document, IndexOptions)] = [
      ([:], IndexOptions()), (["a": 0], IndexOptions()), (["a": "text"], IndexOptions()),
      (["a..b": 1], IndexOptions()),
      (["$a": 1], IndexOptions()), (["": 1], IndexOptions()), (["a": 1], IndexOptions(name: "")),
      (["a": 1, "b": 1], IndexOptions(expireAfterSeconds: 5)),
      (["a": 1], IndexOptions(expireAfterSeconds: -1)),
      (["a": 1], IndexOptions(isSparse: true, partialFilter: ["b": 1])),
      (["a": 1], IndexOptions(partialFilter: ["b": ["$foo": 1]])),
      (["a": 1], IndexOptions(partialFilter: ["$expr": ["$eq": ["$a", 1]]])),
      (Document((0..<40).map { ("f\($0)", .int32(1)) }), IndexOptions()),
    ]
    for (keys, options) in cases {
      #expect(code { try users.createIndex(keys, options) } == .invalidQuery, "\(keys)")
    }
    #expect(try database.collections().isEmpty)
  }

  @Test("an order of an index spares the sorting, forwards and backwards, also behind a fixed field")
  func sorting() throws {
    try fill()
    try users.createIndex(["age": 1, "name": -1])
    for (filter, sort, sorts) in [
      ([:], ["age": 1, "name": -1], false), ([:], ["age": -1, "name": 1], false),
      ([:], ["age": 1, "name": 1], true),
      (["age": 3], ["name": 1], false), (["age": 3], ["name": -1], false),
      (["age": ["$gt": 3]], ["name": 1], true),
      (["age": ["$gt": 3]], ["age": 1], false), (["age": 3], ["age": 1, "name": 1], false),
    ] as [(Document, Document, Bool)] {
      let text = try stage(filter, sort: sort, limit: 5)
      #expect(text.contains("SORT") == sorts, "\(filter) by \(sort): \(text)")
    }
    #expect(try !stage([:], sort: ["_id": -1]).contains("SORT"))
  }

  @Test("an $or over indexed fields reads each index, and gives no document twice")
  func alternatives() throws {
    try fill()
    try users.createIndex(["age": 1])
    try users.createIndex(["name": 1])
    let filter: Document = ["$or": [["age": 3], ["name": "n13"], ["name": "n7"]]]
    #expect(try stage(filter).contains("OR"))
    #expect(try users.find(filter).documents().count == 11)
  }

  @Test("cancelling and progress")
  func cancelling() throws {
    try fill(9000)
    var seen: [IndexProgress] = []
    #expect(
      code {
        try users.createIndex(["age": 1]) { progress in
          seen.append(progress)
          return seen.count < 2
        }
      } == .cancelled)
    #expect(try users.indexes().count == 1)
    try intact()
    seen = []
    try users.createIndex(["age": 1]) { progress in
      seen.append(progress)
      return true
    }
    #expect(seen.count >= 2 && seen.last?.documents == 9000 && seen.last?.total == 9000)
    try intact()
  }

  @Test("others write while an index is built, and all of it is in the index")
  func writersDuringBuild() throws {
    try fill(9000)
    var step = 0
    try users.createIndex(["age": 1]) { _ in
      step += 1
      // Before and behind the place that the building has come to, in the middle of it.
      _ = try? users.insert(["_id": .int32(Int32(-step)), "age": 77])
      _ = try? users.insert(["_id": .int32(Int32(100_000 + step)), "age": 77])
      _ = try? users.updateOne(["_id": 5], ["$inc": ["age": 1]])
      _ = try? users.updateOne(["_id": 8900], ["$inc": ["age": 1]])
      _ = try? users.delete(id: 17)
      _ = try? users.delete(id: 8901)
      return true
    }
    #expect(step >= 2)
    #expect(try users.count(["age": 77]) == 2 * step)
    try intact()
  }

  @Test("a building that was broken off goes on with the next call")
  func resuming() throws {
    try fill(9000)
    var steps = 0
    _ = try? users.createIndex(["age": 1]) { _ in
      steps += 1
      // The disk is gone in the middle, so that the index cannot be removed either.
      if steps == 1 { place.disk.crash() }
      return true
    }
    let again = try place.open()
    let users = again.collection("users")
    #expect(try users.indexes().count == 2 && users.indexes()[1].isReady == false)
    #expect(try users.explain(["age": 1]).description.contains("COLLSCAN"))
    try users.insert(["_id": -1, "age": 3])
    try users.createIndex(["age": 1])
    #expect(try users.indexes()[1].isReady)
    #expect(try users.count(["age": 3]) == 901)
    #expect(try again.verify().isIntact)
  }

  @Test("a collection is dropped with its indexes, and emptied with them")
  func dropping() throws {
    try fill()
    try users.createIndex(["age": 1])
    try users.deleteAll()
    #expect(try users.indexes()[1].entries == 0)
    try fill()
    try intact()
    try database.dropCollection("users")
    #expect(try users.indexes().isEmpty)
    try fill()
    #expect(try users.indexes().count == 1)
  }

  @Test("documents expire, others stay")
  func expiry() throws {
    try users.createIndex(["at": 1], IndexOptions(expireAfterSeconds: 60))
    let now = place.clock.now()
    func date(_ seconds: Int64) -> BSONValue { .dateTime(BSONDateTime(milliseconds: now + seconds * 1000)) }
    try users.insertMany([
      ["_id": 1, "at": date(-61)], ["_id": 2, "at": date(-59)], ["_id": 3, "at": "never"], ["_id": 4],
      ["_id": 5, "at": [date(100), date(-100)]], ["_id": 6, "at": .int64(now - 100_000)],
    ])
    #expect(try database.deleteExpired() == 2)
    #expect(try users.find().documents().compactMap { $0["_id"]?.intValue } == [2, 3, 4, 6])
    #expect(try database.deleteExpired() == 0)
    try intact()
  }

  @Test("a transaction sees its own changes through an index, and they go with it")
  func transactions() throws {
    try fill()
    try users.createIndex(["age": 1])
    struct Undo: Error {}
    #expect(throws: Undo.self) {
      try database.write { transaction in
        let users = transaction.collection("users")
        try users.updateMany(["age": 3], ["$set": ["age": 50]])
        try users.insert(["_id": 200, "age": 50])
        #expect(try users.count(["age": 50]) == 11)
        #expect(try users.find(["age": 50], sort: ["age": -1]).documents().count == 11)
        #expect(try users.count(["age": 3]) == 0)
        try users.createIndex(["name": 1])
        #expect(try users.find(["name": "n7"], hint: "name_1").documents().count == 1)
        throw Undo()
      }
    }
    #expect(try users.count(["age": 3]) == 10 && users.indexes().count == 2)
    try intact()
  }

  @Test("a plan is remembered for queries of its shape, and forgotten when the indexes change")
  func planCache() throws {
    try fill(500)
    try users.createIndex(["age": 1])
    try users.createIndex(["name": 1])
    for number in 0..<20 {
      #expect(
        try users.find(["age": .int32(Int32(number % 10)), "name": .string("n\(number)")]).documents().count
          == 1)
    }
    try users.dropIndex("name_1")
    #expect(try users.find(["age": 3, "name": "n13"]).documents().count == 1)
    try users.dropIndex("age_1")
    #expect(try users.find(["age": 3, "name": "n13"]).documents().count == 1)
  }
}
