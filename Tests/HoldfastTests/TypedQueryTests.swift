import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Queries and changes by typed filters")
struct TypedQueryTests {
  struct User: Codable, Sendable, Equatable {
    var id: String
    var name: String
    var age: Int
    var city: String
    var address: Address
    var tags: [String]
    var nickname: String?
    struct Address: Codable, Sendable, Equatable { var city: String }
    enum CodingKeys: String, CodingKey {
      case id = "_id"
      case name, age, city, address, tags, nickname
    }
    var upper: String { name.uppercased() }
  }

  let database: Database
  let users: TypedCollection<User>

  init() throws {
    database = try SimulatedPlace().open()
    users = database.collection("users", of: User.self)
    func user(_ id: String, _ name: String, _ age: Int, _ city: String, _ tags: [String]) -> User {
      User(id: id, name: name, age: age, city: city, address: .init(city: city), tags: tags)
    }
    var grace = user("grace", "Grace", 40, "Bergen", ["navy", "admin"])
    grace.nickname = "Amazing"
    try users.insertMany([
      user("ada", "Ada", 36, "Oslo", ["math"]), grace, user("alan", "Alan", 17, "Oslo", []),
      user("barbara", "Barbara", 36, "Oslo", ["clu", "admin"]),
    ])
  }

  @Test("finding, in an order, a part of it")
  func find() throws {
    #expect(
      try users.find(where: \.age >= 18 && \.city == "Oslo", sort: \.name).map(\.id) == ["ada", "barbara"])
    #expect(
      try users.find(
        where: \.address.city == "Bergen" || .field(\.tags).contains("admin"), sort: .descending(\.age),
        .ascending(\.name), limit: 10
      ).map(\.id) == ["grace", "barbara"])
    #expect(
      try users.find(sort: .ascending(\.age), .descending(\.name), skip: 1, limit: 2).map(\.id)
        == ["barbara", "ada"])
    #expect(try users.find().count == 4)
    #expect(try users.find(where: \.nickname == nil).count == 3)
    #expect(try users.find(where: .field(\.name).hasPrefix("A")).count == 2)
    #expect(try users.find(where: !(\.city == "Oslo")).map(\.id) == ["grace"])
    #expect(try users.first(where: \.id == "ada")?.name == "Ada")
    #expect(try users.first(where: \.age > 99) == nil)
    #expect(try users.first(sort: \.age)?.id == "alan")
    #expect(try users.scan(where: \.age > 20, limit: 2).map { try $0.get().age }.count == 2)
  }

  @Test("counting, and asking whether there is one")
  func count() throws {
    #expect(try users.count(where: \.age > 30) == 3)
    #expect(try users.exists(where: .field(\.tags).contains(allOf: ["clu", "admin"])))
    #expect(try users.exists(where: \.age == 3) == false)
    #expect(try users.explain(where: \.age == 3, sort: .ascending(\.name)).description.isEmpty == false)
  }

  @Test("an index on key paths is an index on their fields")
  func index() throws {
    #expect(try users.createIndex(.ascending(\.address.city), .descending(\.age)) == "address.city_1_age_-1")
    #expect(code { try users.createIndex(.ascending(\.upper)) } == .invalidUse)
    #expect(try users.find(where: \.address.city == "Oslo", hint: "address.city_1_age_-1").count == 3)
  }

  @Test("changing and deleting")
  func change() throws {
    #expect(try users.update(where: \.name == "Ada", set: \.age, to: 37).modified == 1)
    #expect(try users.fetch(id: "ada")?.age == 37)
    let result = try users.update(
      where: \.city == "Oslo", .set(\.address.city, to: "Kristiania"), .increment(\.age, by: 1),
      .push(\.tags, "x"))
    #expect(result.matched == 3)
    let ada = try users.fetch(id: "ada")
    #expect(ada?.address.city == "Kristiania" && ada?.age == 38 && ada?.tags == ["math", "x"])
    try users.update(where: \.id == "grace", .unset(\.nickname), .pull(\.tags, "navy"))
    #expect(try database.collection("users").fetch(id: "grace")?.contains("nickname") == false)
    #expect(try users.updateFirst(where: \.city == "Oslo", .set(\.city, to: "x")).modified == 1)
    #expect(try users.deleteFirst(where: \.city == "Oslo"))
    #expect(try users.deleteAll(where: \.city == "Oslo" || \.city == "x") == 2)
    #expect(try users.count() == 1)
  }

  @Test("a key path that is no field fails before anything is read or changed")
  func computed() throws {
    #expect(code { _ = try users.find(where: \.upper == "ADA") } == .invalidUse)
    #expect(code { _ = try users.find(sort: \.upper) } == .invalidUse)
    #expect(code { try users.deleteAll(where: \.upper == "ADA") } == .invalidUse)
    #expect(code { try users.update(where: .all, .set(\.age, to: 1), .set(\.upper, to: "")) } == .invalidUse)
    var results = users.scan(where: \.upper == "ADA").makeIterator()
    #expect(throws: HoldfastError.self) { try results.next()?.get() }
    #expect(try users.count(where: \.age == 1) == 0)
  }

  @Test("in transactions, snapshots and async code")
  func everywhere() async throws {
    try await database.write { transaction in
      let users = transaction.collection("users", of: User.self)
      try users.update(where: \.age < 18, set: \.age, to: 18)
      #expect(try users.count(where: \.age == 18) == 1)
    }
    let adults = try await database.read {
      try $0.collection("users", of: User.self).count(where: \.age == 18)
    }
    #expect(adults == 1)
    let older = try await users.find(where: \.age > 30, sort: \.name)
    #expect(older.map(\.id) == ["ada", "barbara", "grace"])
    let first = try await users.first(where: \.age > 30, sort: .descending(\.name))
    #expect(first?.id == "grace")
    var streamed: [String] = []
    for try await user in users.stream(where: \.age > 30, sort: .ascending(\.name), limit: 2) {
      streamed.append(user.id)
    }
    #expect(streamed == ["ada", "barbara"])
    let index = try await users.createIndex(.ascending(\.name))
    #expect(index == "name_1")
    let update = try await users.update(where: \.age > 30, .increment(\.age, by: 1))
    #expect(update.modified == 3)
    let set = try await users.update(where: \.id == "ada", set: \.name, to: "A")
    #expect(set.modified == 1)
    let exists = try await users.exists(where: \.name == "A")
    #expect(exists)
    let deleted = try await users.deleteAll(where: \.age > 30)
    let left = try await users.count(where: .all)
    #expect(deleted == 3 && left == 1)
  }
}
