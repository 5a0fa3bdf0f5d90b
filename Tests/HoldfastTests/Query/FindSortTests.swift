import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Queries that sort")
struct FindSortTests {
  private let count = 300

  /// Documents of which a few each have the same value to sort by.
  private func documents() -> [Document] {
    (0..<count).map { number in
      [
        "_id": .int32(Int32(number)), "a": .int32(Int32(number * 7 % 40)),
        "list": [-1, .int32(Int32(number))],
      ]
    }
  }

  /// The order of ids that sorting by `a` downwards gives.
  private func expected() -> [BSONValue] {
    (0..<count).sorted { left, right in
      let keys = (left * 7 % 40, right * 7 % 40)
      return keys.0 != keys.1 ? keys.0 > keys.1 : left < right
    }.map { .int32(Int32($0)) }
  }

  @Test("an update and a replacement of one document take the first in an order; an update of all takes none")
  func firstToUpdate() throws {
    let users = try SimulatedPlace().open().collection("users")
    try users.insertMany(documents())
    let order = expected()
    #expect(try users.updateOne([:], ["$set": ["x": 1]], sort: ["a": -1]).modified == 1)
    #expect(try users.replaceOne(["x": ["$exists": false]], with: ["x": 2], sort: ["a": -1]).modified == 1)
    #expect(try users.find(["x": 1]).documents().map { $0["_id"] } == [order[0]])
    #expect(try users.find(["x": 2]).documents().map { $0["_id"] } == [order[1]])
    let all = UpdateOptions(sort: ["a": 1])
    #expect(code { try users.updateMany([:], ["$set": ["x": 3]], all) } == .invalidQuery)
    #expect(code { try users.updateOne([:], ["$set": ["x": 3]], sort: ["a": 5]) } == .invalidQuery)
    #expect(try users.count(["x": 3]) == 0)
  }

  @Test("$natural is the order of ids, and no other hint or order can be with it")
  func natural() throws {
    let users = try SimulatedPlace().open().collection("users")
    try users.insertMany(documents())
    try users.createIndex(["a": 1])
    let ids = (0..<Int32(count)).map { BSONValue.int32($0) }
    func found(_ options: FindOptions) throws -> [BSONValue] {
      try users.find(["a": ["$gte": 0]], options).documents().compactMap { $0["_id"] }
    }
    #expect(try found(FindOptions(sort: ["$natural": 1])) == ids)
    #expect(
      try found(FindOptions(sort: ["$natural": -1], hint: .natural(descending: true))) == ids.reversed())
    #expect(try users.explain(["a": 3], sort: ["$natural": -1]).description.contains("COLLSCAN"))
    #expect(try users.updateOne([:], ["$set": ["x": 1]], sort: ["$natural": -1]).modified == 1)
    #expect(try users.fetch(id: ids.last!)?["x"] == 1)
    for options in [
      FindOptions(sort: ["$natural": 1, "a": 1]), FindOptions(sort: ["$natural": 2]),
      FindOptions(sort: ["$natural": 1], hint: "a_1"),
      FindOptions(sort: ["$natural": 1], hint: .natural(descending: true)),
    ] {
      #expect(code { _ = try found(options) } == .invalidQuery)
    }
  }

  @Test("the document of an upsert gets the given id, unless filter or update say one")
  func newIDs() throws {
    let users = try SimulatedPlace().open().collection("users")
    let options = UpdateOptions(upsert: true, newID: "given")
    #expect(try users.updateOne(["a": 1], ["$set": ["b": 1]], options).upsertedID == "given")
    #expect(try users.updateOne(["a": 1], ["$set": ["b": 2]], options).upsertedID == nil)
    #expect(try users.updateMany(["_id": "own"], ["$set": ["b": 1]], options).upsertedID == "own")
    #expect(try users.replaceOne(["a": 2], with: ["_id": "new", "a": 2], options).upsertedID == "new")
    #expect(code { try users.replaceOne(["a": 3], with: ["a": 3], options) } == .duplicateID)
    var modify = FindAndModifyOptions(returned: .after, upsert: true, newID: 7)
    #expect(try users.findOneAndUpdate(["a": 4], ["$set": ["b": 1]], modify) == ["_id": 7, "a": 4, "b": 1])
    modify.newID = nil
    #expect(try users.findOneAndUpdate(["a": 5], ["$set": ["b": 1]], modify)?["_id"]?.type == .objectID)
    #expect(try users.count() == 5)
  }

  @Test("what a filter cannot tell, an upsert and a positional projection of the result do not guess")
  func refusedWrites() throws {
    let users = try SimulatedPlace().open().collection("users")
    try users.insert(["_id": 1, "list": [1, 2, 3]])
    let expression: Document = ["$expr": ["$eq": ["$_id", 1]]]
    #expect(try users.updateOne(expression, ["$set": ["x": 1]]).modified == 1)
    #expect(code { try users.updateOne(expression, ["$set": ["x": 2]], upsert: true) } == .invalidQuery)
    #expect(
      code { try users.replaceOne(["$or": [.document(expression), ["y": 1]]], with: [:], upsert: true) }
        == .invalidQuery
    )
    var options = FindAndModifyOptions(projection: ["list.$": 1])
    #expect(
      try users.findOneAndUpdate(["list": 2], ["$set": ["list.$": 5]], options) == ["_id": 1, "list": [2]])
    options.returned = .after
    #expect(
      code { try users.findOneAndUpdate(["list": 5], ["$set": ["list.$": 6]], options) } == .invalidQuery)
    #expect(code { try users.insert(["_id": ["$a": 1]]) } == .invalidID)
    #expect(code { try users.replace(id: ["$a": 1], with: [:], upsert: true) } == .invalidID)
    try users.insert(["_id": ["$ref": "c", "$id": 1, "x": ["$deep": 1]]])
    #expect(try users.fetch(id: 1) == ["_id": 1, "list": [1, 5, 3], "x": 1])
    #expect(try users.count() == 2)
  }

  @Test(
    "a query sorts as much as there is, also where the database is open for reading only",
    arguments: [false, true])
  func memory(_ isReadOnly: Bool) throws {
    let place = try SimulatedPlace()
    let first = try place.open()
    try first.collection("users").insertMany(documents())
    try first.close()
    var options = place.options()
    options.isReadOnly = isReadOnly
    let database = try place.open(options)
    let users = database.collection("users")
    let open = place.disk.openFiles
    for memory in [2000, 1 << 20] {
      var options = FindOptions(sort: ["a": -1])
      options.sortMemoryBytes = memory
      do {
        var iterator = users.find([:], options).makeIterator()
        #expect(try iterator.nextDocument()?["_id"] == expected()[0])
        #expect((place.disk.openFiles > open) == (memory == 2000))
      }
      #expect(place.disk.openFiles == open, "a query that is given up leaves nothing open")
      #expect(try users.find([:], options).documents().compactMap { $0["_id"] } == expected())
      let explanation = try users.explain([:], options, depth: .counts).description
      #expect(explanation.contains("spilledRuns") == (memory == 2000), "\(explanation)")
      options.skip = 5
      options.limit = 10
      #expect(try users.find([:], options).documents().compactMap { $0["_id"] } == Array(expected()[5..<15]))
    }
    try database.close()
    #expect(!place.disk.paths.contains { $0.contains("-temp") })
  }

  @Test("the element that the filter found goes through a sort with its document")
  func position() throws {
    let place = try SimulatedPlace()
    let database = try place.open()
    let users = database.collection("users")
    try users.insertMany(documents())
    for memory in [2000, 1 << 20] {
      var options = FindOptions(sort: ["a": -1], projection: ["list.$": 1])
      options.sortMemoryBytes = memory
      let found = try users.find(["list": ["$gte": 0]], options).documents()
      #expect(found.map { $0["_id"] ?? nil } == expected())
      #expect(found.allSatisfy { $0["list"] == .array([$0["_id"] ?? nil]) })
    }
    try database.close()
  }
}
