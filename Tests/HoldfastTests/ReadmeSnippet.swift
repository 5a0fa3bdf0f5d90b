import Foundation
import Holdfast
import Testing

/// The README's snippets, word for word: `ReadmeTests` compares.
@Suite struct ReadmeSnippet {
  @Test("the README's Swift snippet runs")
  func run() throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("readme-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let path = folder.appendingPathComponent("app.holdfast").path
    // README begins
    var options = DatabaseOptions()
    options.credential = .password("correct horse battery staple")
    let database = try Database.open(at: path, options)

    let users = database.collection("users")
    let id = try users.insert(["name": "Ada", "born": 1815])  // on the disk when this returns
    if let ada = try users.fetch(id: id) { print(ada.extendedJSON()) }

    try database.transaction { transaction in  // all of it, or nothing
      let accounts = transaction.collection("accounts")
      try accounts.insert(["_id": "ada", "balance": 90])
      try accounts.insert(["_id": "grace", "balance": 110])
    }

    struct User: Codable, Sendable {
      var name: String
      var born: Int
    }
    for result in database.collection("users", of: User.self).scan(limit: 10) {
      print(try result.get().name)
    }

    try database.close()
    // README ends
    #expect(try Database.open(at: path, options).collection("accounts").count() == 2)
  }

  @Test("the README's queries run")
  func queries() throws {
    let database = try SimulatedPlace().open()
    // README begins
    let people = database.collection("people")
    try people.insertMany([
      ["name": "Ada", "born": 1815, "fields": ["mathematics", "poetry"]],
      ["name": "Grace", "born": 1906, "fields": ["mathematics", "compilers"]],
    ])
    try people.createIndex(["fields": 1, "born": -1])  // others read and write meanwhile
    for result in people.find(["fields": "mathematics", "born": ["$lt": 1900]], sort: ["born": -1]) {
      print(try result.get())
    }
    try people.updateMany(["born": ["$lt": 1900]], ["$set": ["city": "London"], "$inc": ["visits": 1]])
    print(try people.explain(["fields": "poetry"]))  // the plan, its bounds, what it looked at

    struct Person: Codable, Sendable {
      var name: String
      var born: Int
      var fields: [String]
    }
    let typed = database.collection("people", of: Person.self)  // the compiler checks names and types
    let modern = try typed.find(where: \.born > 1900 && \.name != "Alan", sort: \.name, limit: 10)
    try typed.update(where: \.name == "Ada", .push(\.fields, "engines"))
    // README ends
    #expect(modern.map(\.name) == ["Grace"])
    #expect(try people.count(["city": "London", "fields": "engines", "visits": 1]) == 1)
    try database.close()
  }
}
