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
