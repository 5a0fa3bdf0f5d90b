import Foundation
import Holdfast
import Testing

/// The README's snippet, word for word: `ReadmeTests` compares.
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

    try database.write { transaction in  // all of it, or nothing
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
}
