import BSON
import Foundation
import HoldfastTestSupport
import Testing

@Suite("Real data")
struct RealDataTests {
  /// Where the collections of other projects' documents are, when they are at hand.
  static let data: URL = {
    if let path = ProcessInfo.processInfo.environment["HOLDFAST_TEST_DATA"] {
      return URL(fileURLWithPath: path)
    }
    // Tests/HoldfastToolTests/RealDataTests.swift → the package → beside the package.
    var package = URL(fileURLWithPath: #filePath)
    for _ in 0..<3 { package.deleteLastPathComponent() }
    return package.deletingLastPathComponent().appendingPathComponent("shared/data")
  }()

  static func isThere(_ name: String) -> Bool {
    FileManager.default.fileExists(atPath: data.appendingPathComponent(name).path)
  }

  /// The id in front, as it is stored.
  static func withIDInFront(_ document: Document) -> Document {
    guard let id = document["_id"], document.keys.first != "_id" else { return document }
    var rest = document
    rest.removeValue(forKey: "_id")
    return Document([("_id", id)] + rest.map { ($0.key, $0.value) })
  }

  static func read(_ text: Data) throws -> [Document] {
    var reader = ExtendedJSONReader(layout: .lines, options: .legacyDates)
    reader.feed(text)
    reader.finish()
    var documents: [Document] = []
    while let item = try reader.next() { documents.append(item.document) }
    return documents
  }

  @Test(
    "documents are imported and exported identically, encrypted and killed in between or not",
    .enabled(if: isThere("restaurant.json"), "the data folder is not beside the package"),
    arguments: ["restaurant.json", "books.json", "students.json"])
  func identical(name: String) throws {
    let folder = try Folder()
    let database = folder.path("a.holdfast")
    let file = RealDataTests.data.appendingPathComponent(name)
    let source = try RealDataTests.read(try Data(contentsOf: file)).map { RealDataTests.withIDInFront($0) }
    let run = try Tool.run("import", database, "data", file.path, "--json", password: "p")
    #expect(run.status == 0, "\(run.errors)")
    #expect(try Document(extendedJSON: run.output)["imported"]?.intValue == source.count)

    let exported = try Tool.run("find", database, "data", "--format", "canonical", password: "p")
    let documents = try RealDataTests.read(Data(exported.output.utf8))
    let expected = source.sorted { BSONOrdering.compare($0["_id"] ?? .null, $1["_id"] ?? .null) < 0 }
    #expect(documents.count == expected.count)
    #expect(zip(documents, expected).allSatisfy { $0 == $1 })

    // And once more from what was exported, through the relaxed form where that keeps everything.
    let again = folder.path("b.holdfast")
    #expect(try Tool.run("import", again, "data", "-", input: exported.output).status == 0)
    #expect(try Tool.run("find", again, "data", "--format", "canonical").output == exported.output)
    #expect(try Tool.run("verify", again).status == 0)
  }
}
