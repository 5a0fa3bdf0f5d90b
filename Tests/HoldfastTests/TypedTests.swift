import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Documents as values of a type")
struct TypedTests {
  struct User: Codable, Sendable, Equatable {
    var _id: ObjectID?
    var name: String
    var tags: [String] = []
    var address: Address?
    struct Address: Codable, Sendable, Equatable { var city: String }
  }

  struct Named: Codable, Sendable, Equatable {
    var id: String
    var score: Double
    enum CodingKeys: String, CodingKey {
      case id = "_id"
      case score
    }
  }

  let database: Database

  init() throws { database = try SimulatedPlace().open() }

  @Test("values come back as they were, with ids that were made for them")
  func roundTrip() throws {
    let users = database.collection("users", of: User.self)
    let ada = User(name: "Ada", tags: ["x", "y"], address: .init(city: "London"))
    let id = try users.insert(ada)
    var expected = ada
    expected._id = id.objectIDValue
    #expect(try users.fetch(id: id) == expected)
    #expect(try users.exists(id: id))
    expected.name = "Ada Lovelace"
    #expect(try users.replace(id: id, with: expected))
    #expect(try users.fetch(id: id)?.name == "Ada Lovelace")
    #expect(try users.delete(id: id))
    #expect(try users.count() == 0)
  }

  @Test("an id of the type's own is used, and scans are typed")
  func ownIDs() throws {
    let named = database.collection("named", of: Named.self)
    let ids = try named.insertMany((0..<10).map { Named(id: "n\($0)", score: Double($0)) })
    #expect(ids.first == "n0")
    #expect(code { try named.insert(Named(id: "n3", score: 0)) } == .duplicateID)
    #expect(
      try named.scan(from: "n8").map { try $0.get() } == [
        Named(id: "n8", score: 8), Named(id: "n9", score: 9),
      ])
    var total = 0.0
    try named.forEach { total += $0.score }
    #expect(total == 45)
    #expect(try named.deleteAll() == 10)
  }

  @Test("types work in transactions and snapshots, too")
  func everywhere() throws {
    try database.write { transaction in
      let named = transaction.collection("named", of: Named.self)
      try named.insert(Named(id: "a", score: 1))
      #expect(try named.fetch(id: "a")?.score == 1)
    }
    #expect(
      try database.read { try $0.collection("named", of: Named.self).fetch(id: "a") }
        == Named(id: "a", score: 1))
  }

  @Test("a document that does not fit is an error that names no value")
  func misfit() throws {
    try database.collection("named").insert(["_id": "secret-id", "score": "secret-score"])
    let error = #expect(throws: HoldfastError.self) {
      try database.collection("named", of: Named.self).fetch(id: "secret-id")
    }
    #expect(error?.code == .invalidDocument)
    #expect(error?.underlying is DecodingError)
    #expect(error?.message.contains("secret") == false)
  }

  @Test("what does not encode as a document is refused")
  func notADocument() throws {
    #expect(code { try database.collection("n", of: [Int].self).insert([1, 2]) } == .invalidDocument)
    #expect(try database.collections().isEmpty)
  }
}
