import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Transactions")
struct TransactionTests {
  struct Refusal: Error, Equatable {}
  let database: Database

  init() throws { database = try SimulatedPlace().open() }

  @Test("all that a transaction writes, over several collections, becomes visible at once and in one commit")
  func atomic() throws {
    let before = try database.statistics()
    let result = try database.write { transaction in
      try transaction.collection("a").insert(["_id": 1])
      try transaction.collection("b").insert(["_id": 2])
      #expect(try database.collection("a").count() == 0)
      #expect(try transaction.collection("a").count() == 1)
      #expect(try transaction.collections() == ["a", "b"])
      return "done"
    }
    #expect(result == "done")
    #expect(try database.collections() == ["a", "b"])
    let after = try database.statistics()
    #expect(after.commits == before.commits + 1 && after.logSyncs == before.logSyncs + 1)
  }

  @Test("a thrown error undoes everything and is passed on")
  func rollback() throws {
    try database.collection("a").insert(["_id": 1, "v": 1])
    #expect(throws: Refusal.self) {
      try database.write { transaction in
        try transaction.collection("a").replace(id: 1, with: ["v": 2])
        try transaction.collection("a").insert(["_id": 2])
        try transaction.collection("new").insert(["_id": 1])
        try transaction.setDurability(.unsafe, of: "a")
        throw Refusal()
      }
    }
    #expect(try database.collections() == ["a"])
    #expect(try database.collection("a").scan().documents() == [["_id": 1, "v": 1]])
    #expect(try database.durability(of: "a") == .safe)
  }

  @Test("a transaction reads its own writes, in point reads and in scans")
  func ownWrites() throws {
    try database.collection("a").insertMany((0..<10).map { ["_id": .int32($0)] })
    try database.write { transaction in
      let a = transaction.collection("a")
      try a.delete(id: 3)
      try a.insert(["_id": 10])
      try a.replace(id: 4, with: ["v": 1])
      #expect(try a.fetch(id: 3) == nil)
      #expect(try a.fetch(id: 4) == ["_id": 4, "v": 1])
      #expect(try a.scan().documents().compactMap { $0["_id"]?.intValue } == [0, 1, 2, 4, 5, 6, 7, 8, 9, 10])
      #expect(
        try a.scan(descending: true, limit: 2).documents().compactMap { $0["_id"]?.intValue } == [10, 9])
      #expect(try a.count() == 10)
      #expect(try a.deleteAll() == 10)
      #expect(try a.count() == 0)
      try a.insert(["_id": 99])
    }
    #expect(try database.collection("a").scan().documents() == [["_id": 99]])
  }

  @Test("a refused insert leaves the transaction usable")
  func goesOn() throws {
    try database.write { transaction in
      let a = transaction.collection("a")
      try a.insert(["_id": 1])
      #expect(code { try a.insert(["_id": 1]) } == .duplicateID)
      try a.insert(["_id": 2])
    }
    #expect(try database.collection("a").count() == 2)
  }

  @Test("a write, a close or a checkpoint inside a write is refused, and the write goes on")
  func nested() throws {
    try database.write { transaction in
      #expect(code { try database.collection("a").insert(["_id": 1]) } == .invalidUse)
      #expect(code { try database.write { _ in } } == .invalidUse)
      #expect(code { try database.close() } == .invalidUse)
      #expect(code { try database.checkpoint() } == .invalidUse)
      #expect(code { try database.persist() } == .invalidUse)
      try transaction.collection("a").insert(["_id": 2])
    }
    #expect(try database.collection("a").count() == 1)
  }

  @Test("a transaction is of no use after its end")
  func afterEnd() throws {
    var kept: TransactionCollection?
    try database.write { kept = $0.collection("a") }
    #expect(code { try kept?.insert(["_id": 1]) } == .invalidUse)
    #expect(try database.collections().isEmpty)
  }

  @Test("a snapshot keeps its state over all collections, checkpoints included")
  func snapshot() throws {
    try database.collection("a").insert(["_id": 1])
    let snapshot = try database.snapshot()
    try database.write { transaction in
      try transaction.dropCollection("a")
      try transaction.collection("b").insert(["_id": 1])
    }
    try database.checkpoint()
    #expect(try snapshot.collections() == ["a"])
    #expect(try snapshot.collection("a").fetch(id: 1) == ["_id": 1])
    #expect(try snapshot.collection("b").count() == 0)
    #expect(try database.read { try $0.collections() } == ["b"])
  }

  @Test("functions over `some WritableCollection` work inside and outside of transactions")
  func generic() throws {
    func add(_ name: String, to collection: some WritableCollection) throws -> Int {
      try collection.insert(["name": .string(name)])
      return try collection.count()
    }
    #expect(try add("x", to: database.collection("a")) == 1)
    #expect(try database.write { try add("y", to: $0.collection("a")) } == 2)
  }

  @Test("a transaction over the limit is refused and changes nothing")
  func tooLarge() throws {
    let big = BSONValue.binary(BSONBinary([UInt8](repeating: 7, count: 15 << 20)))
    #expect(
      code {
        try database.write { transaction in
          for number in 0..<20 {
            try transaction.collection("a").insert(["_id": .int32(Int32(number)), "b": big])
          }
        }
      } == .transactionTooLarge)
    #expect(try database.collections().isEmpty)
  }
}
