import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Secrecy")
struct SecrecyTests {
  private static let words = [
    "Horatia Kelpwright", "kelp-7-secret-key", "fieldname_of_mine", "collection_of_mine",
  ]

  private func fill(_ database: Database) throws {
    let collection = database.collection("collection_of_mine")
    try collection.insert(["_id": "kelp-7-secret-key", "fieldname_of_mine": "Horatia Kelpwright"])
    for number in 0..<300 {
      try collection.insert([
        "_id": .string("kelp-7-secret-key \(number)"),
        "fieldname_of_mine": .string(
          String(repeating: "Horatia Kelpwright ", count: number % 50 == 0 ? 2000 : 5)),
      ])
    }
  }

  @Test(
    "no file of an encrypted database contains a word of a document, an id or a name; open, killed or closed")
  func encrypted() throws {
    let folder = try Folder()
    let database = try Database.open(at: folder.path("a.holdfast"), withPassword("p"))
    try fill(database)
    try database.checkpoint()
    try fill2(database)
    for (name, bytes) in try folder.contents() {
      for word in SecrecyTests.words { #expect(!contains(bytes, word), "\(name) contains \(word)") }
    }
    try database.close()
    for (name, bytes) in try folder.contents() {
      for word in SecrecyTests.words { #expect(!contains(bytes, word), "\(name) contains \(word)") }
    }
  }

  private func fill2(_ database: Database) throws {
    try database.collection("collection_of_mine").insert([
      "_id": "kelp-7-secret-key again", "x": "Horatia Kelpwright",
    ])
  }

  @Test("without encryption the same words are found, so the search can be trusted")
  func control() throws {
    let folder = try Folder()
    let database = try Database.open(at: folder.path("a.holdfast"))
    try fill(database)
    try database.close()
    let bytes = try #require(try folder.contents()["a.holdfast"])
    for word in SecrecyTests.words { #expect(contains(bytes, word)) }
  }

  @Test("the database's file is for its owner only")
  func permissions() throws {
    let folder = try Folder()
    try Database.open(at: folder.path("a.holdfast")).close()
    #expect(try mode(folder.path("a.holdfast")) == 0o600)
  }
}
