import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Documents of a collection")
struct CollectionTests {
  let database: Database
  let users: DocumentCollection

  init() throws {
    database = try SimulatedPlace().open()
    users = database.collection("users")
  }

  @Test("a document comes back as it was, byte for byte")
  func roundTrip() throws {
    let document: Document = [
      "_id": "ada", "name": "Ada", "born": 1815, "big": .int64(1 << 40), "pi": 3.25, "yes": true, "none": nil,
      "list": [1, "two", ["three": 3]], "when": .dateTime(BSONDateTime(milliseconds: 12)),
      "bytes": .binary(BSONBinary([0, 1, 2])), "price": .decimal128(try Decimal128(parsing: "1.10")),
    ]
    #expect(try users.insert(document) == "ada")
    #expect(try users.fetch(id: "ada") == document)
    #expect(try users.exists(id: "ada"))
    #expect(try users.count() == 1)
  }

  @Test("a document without an id gets an ObjectID in front, each its own")
  func generatedID() throws {
    let first = try users.insert(["name": "Ada"])
    let second = try users.insert(["name": "Ada"])
    #expect(first.objectIDValue != nil && first != second)
    #expect(try users.fetch(id: first)?.keys == ["_id", "name"])
  }

  @Test("an id further back is moved to the front, and the other fields keep their order")
  func idInFront() throws {
    try users.insert(["b": 2, "_id": 7, "a": 1])
    #expect(try users.fetch(id: 7) == ["_id": 7, "b": 2, "a": 1])
  }

  @Test(
    "ids of every type but arrays can be used",
    arguments: [
      1, 1.5, "s", nil, true, ["a": 1], .objectID(ObjectID()), .binary(BSONBinary([1])), .minKey, .maxKey,
      .dateTime(BSONDateTime(milliseconds: 0)), .timestamp(BSONTimestamp(seconds: 1, increment: 2)),
      .decimal128(.zero), .int64(5), .symbol("y"), .code("c"), .undefined, .regex(BSONRegex("a")),
    ] as [BSONValue])
  func idTypes(id: BSONValue) throws {
    try users.insert(["_id": id, "x": 1])
    #expect(try users.fetch(id: id)?["_id"] == id)
    #expect(try users.delete(id: id))
    #expect(try !users.exists(id: id))
  }

  @Test("an array is refused as an id with `invalidID`")
  func refusedIDs() throws {
    let id: BSONValue = [1, 2]
    #expect(code { try users.insert(["_id": id]) } == .invalidID)
    #expect(code { _ = try users.fetch(id: id) } == .invalidID)
    #expect(try database.collections().isEmpty)
  }

  @Test("numbers that are equal are one id, and keep their type")
  func numbersAreOneID() throws {
    try users.insert(["_id": .int32(1)])
    #expect(code { try users.insert(["_id": .double(1)]) } == .duplicateID)
    #expect(code { try users.insert(["_id": .int64(1)]) } == .duplicateID)
    #expect(try users.fetch(id: .double(1))?["_id"] == .int32(1))
    #expect(try users.replace(id: .double(1), with: ["x": 1]))
    #expect(try users.fetch(id: 1) == ["_id": .int32(1), "x": 1])
  }

  @Test("a duplicate id is refused, names the collection and not the id, and changes nothing")
  func duplicates() throws {
    try users.insert(["_id": "ada@example.org", "v": 1])
    let error = #expect(throws: HoldfastError.self) { try users.insert(["_id": "ada@example.org", "v": 2]) }
    #expect(error?.code == .duplicateID)
    #expect(error?.collection == "users")
    #expect(error?.message.contains("users") == true && error?.message.contains("ada@") == false)
    #expect(try users.fetch(id: "ada@example.org")?["v"] == 1)
  }

  @Test("insertMany adds all or none, in one commit")
  func insertMany() throws {
    let before = try database.statistics().lastLSN
    let ids = try users.insertMany((0..<100).map { ["_id": .int32($0)] })
    #expect(ids == (0..<100).map { .int32($0) })
    #expect(try database.statistics().lastLSN == before + 1)
    #expect(code { try users.insertMany([["_id": 100], ["_id": 5], ["_id": 101]]) } == .duplicateID)
    #expect(code { try users.insertMany([["_id": 200], ["_id": 200]]) } == .duplicateID)
    #expect(try users.count() == 100)
    #expect(try users.insertMany([]).isEmpty)
  }

  @Test("replace changes what is there, and adds only when asked to")
  func replace() throws {
    #expect(try !users.replace(id: 1, with: ["v": 1]))
    #expect(try users.count() == 0)
    #expect(try database.collections().isEmpty)
    #expect(try !users.replace(id: 1, with: ["v": 1], upsert: true))
    #expect(try users.replace(id: 1, with: ["v": 2]))
    #expect(try users.fetch(id: 1) == ["_id": 1, "v": 2])
    #expect(code { try users.replace(id: 1, with: ["_id": 2]) } == .invalidID)
    #expect(try users.fetch(id: 1) == ["_id": 1, "v": 2])
  }

  @Test("delete says whether there was something")
  func delete() throws {
    try users.insert(["_id": 1])
    #expect(try users.delete(id: 1))
    #expect(try !users.delete(id: 1))
    #expect(try !database.collection("none").delete(id: 1))
  }

  @Test("deleteAll empties a collection, which stays")
  func deleteAll() throws {
    try users.insertMany((0..<1000).map { ["_id": .int32($0)] })
    #expect(try users.deleteAll() == 1000)
    #expect(try users.count() == 0)
    #expect(try users.scan().documents().isEmpty)
    #expect(try database.collections() == ["users"])
    #expect(try users.deleteAll() == 0)
    try users.insert(["_id": 5])
    #expect(try users.count() == 1)
  }

  @Test("a collection that does not exist reads as empty")
  func missing() throws {
    #expect(try users.fetch(id: 1) == nil)
    #expect(try users.count() == 0)
    #expect(try users.scan().documents().isEmpty)
    #expect(try users.scan(descending: true).documents().isEmpty)
    #expect(try users.deleteAll() == 0)
    #expect(try !database.dropCollection("users"))
  }

  @Test("documents up to 16 MiB are kept, and one byte more is refused")
  func sizes() throws {
    // Length, type, name, length of the string, its zero byte, the end's zero byte; and the same for the id.
    let frame = 4 + 1 + 2 + 4 + 1 + 1 + 1 + 4 + 4
    let limit = DatabaseLimits.maximumDocumentBytes
    let text = String(repeating: "x", count: limit - frame)
    let largest: Document = ["_id": .int32(1), "a": .string(text)]
    #expect(largest.byteCount == limit)
    try users.insert(largest)
    #expect(try users.fetch(id: 1) == largest)
    #expect(code { try users.insert(["_id": .int32(2), "a": .string(text + "x")]) } == .documentTooLarge)
    // Small enough without its id, but not with it.
    #expect(code { try users.insert(["a": .string(text + "xxxxxxxxx")]) } == .documentTooLarge)
    #expect(try users.count() == 1)
  }

  @Test("an id whose key is over the limit is refused, never shortened")
  func longIDs() throws {
    let long = String(repeating: "k", count: DatabaseLimits.maximumIDBytes - 8)
    try users.insert(["_id": .string(long)])
    #expect(try users.exists(id: .string(long)))
    let tooLong = String(repeating: "k", count: DatabaseLimits.maximumIDBytes)
    #expect(code { try users.insert(["_id": .string(tooLong)]) } == .keyTooLarge)
    #expect(code { _ = try users.fetch(id: .string(tooLong)) } == .keyTooLarge)
    #expect(try users.count() == 1)
  }

  @Test("nesting over the limit, and bytes that are no document, are refused")
  func malformed() throws {
    var deep: Document = ["x": 1]
    for _ in 0..<DatabaseLimits.maximumDepth - 1 { deep = ["d": .document(deep)] }
    try users.insert(deep)
    #expect(code { try users.insert(["d": .document(deep)]) } == .invalidDocument)
    #expect(
      code { try users.insert(Document(trusted: [12, 0, 0, 0, 16, 97, 0, 1, 0, 0, 0])) } == .invalidDocument)
    #expect(code { try users.insert(Document(trusted: [])) } == .invalidDocument)
    #expect(try users.count() == 1)
  }

  @Test(
    "names that no collection can have are refused, each with a sentence",
    arguments: ["", "a\0b", "$cmd", String(repeating: "n", count: 256)])
  func names(name: String) throws {
    let bad = database.collection(name)
    #expect(code { try bad.insert(["_id": 1]) } == .invalidName)
    #expect(code { _ = try bad.fetch(id: 1) } == .invalidName)
    #expect(code { _ = try bad.count() } == .invalidName)
    #expect(code { _ = try bad.scan().documents() } == .invalidName)
    #expect(code { try database.createCollection(name) } == .invalidName)
    #expect(code { try database.dropCollection(name) } == .invalidName)
    #expect(try database.collections().isEmpty)
  }

  @Test("names are told apart by their bytes, and listed in their order")
  func nameBytes() throws {
    let names = ["é", "e\u{301}", "Z", "a", String(repeating: "n", count: 255)]
    for name in names { try database.collection(name).insert(["_id": .string(name)]) }
    #expect(try database.collections().count == 5)
    let sorted = names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    #expect(try database.collections().map { Array($0.utf8) } == sorted.map { Array($0.utf8) })
    #expect(try database.collection("é").count() == 1)
  }
}
