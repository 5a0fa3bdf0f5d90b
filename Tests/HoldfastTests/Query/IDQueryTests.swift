import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Queries for one id")
struct IDQueryTests {
  @Test("a query for an id finds what a query that looks at all documents finds, whatever the types")
  func sameAsScan() throws {
    let database = try SimulatedPlace().open()
    let things = database.collection("things")
    let ids: [BSONValue] = [
      1, 2.5, .int64(3), "a", "", .objectID(ObjectID()), true, ["x": 1], .null,
      .dateTime(.init(milliseconds: 5)),
      .binary(BSONBinary([1, 2], subtype: .generic)), .decimal128(Decimal128(7)), .double(.nan),
      .double(-0.0),
    ]
    try things.insertMany(ids.map { ["_id": $0] })
    let asked: [BSONValue] =
      ids + [
        1.0, .int64(1), 2, .decimal128(Decimal128(nearest: 2.5)), 3.0, 7, "b", false, .int32(0), ["x": 1.0],
        [1],
        .regex(.init("a")),
        .minKey, .binary(BSONBinary([1, 2], subtype: .uuid)),
        .string(String(repeating: "x", count: 5000)),
      ]
    for id in asked {
      let scanned = try things.find(["_id": id], hint: .natural()).documents()
      #expect(try things.find(["_id": id]).documents() == scanned, "\(id)")
      #expect(try things.findOne(["_id": id]) == scanned.first, "\(id)")
      let found = try database.write { try $0.collection("things").findOne(["_id": id]) }
      #expect(found == scanned.first, "\(id)")
    }
  }

  @Test("a query for an id sees what its transaction wrote, and its options hold")
  func options() throws {
    let database = try SimulatedPlace().open()
    try database.write { transaction in
      let things = transaction.collection("things")
      #expect(try things.findOne(["_id": 1]) == nil)
      try things.insert(["_id": 1, "a": 1, "b": 2])
      #expect(try things.findOne(["_id": 1]) == ["_id": 1, "a": 1, "b": 2])
      #expect(try things.findOne(["_id": 1], projection: ["b": 1]) == ["_id": 1, "b": 2])
      #expect(try things.findOne(["_id": 1], skip: 1) == nil)
      #expect(try things.findOne(["_id": 1, "a": 2]) == nil)
    }
    let things = database.collection("things")
    #expect(code { _ = try things.find(["_id": 1], limit: -1).documents() } == .invalidQuery)
    #expect(code { _ = try things.findOne(["_id": 1], hint: "none") } != nil)
    #expect(code { _ = try database.collection("$x").findOne(["_id": 1]) } == .invalidName)
  }
}
