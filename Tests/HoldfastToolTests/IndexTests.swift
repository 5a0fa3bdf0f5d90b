import BSON
import Foundation
import HoldfastTestSupport
import Testing

@Suite("Indexes at the terminal")
struct IndexTests {
  let folder: Folder
  let database: String

  init() throws {
    folder = try Folder()
    database = folder.path("a.holdfast")
    let lines = "{\"_id\":1,\"a\":1,\"l\":[1,2]}\n{\"_id\":2,\"a\":1}\n{\"_id\":3,\"a\":2,\"b\":1}\n"
    let run = try Tool.run("import", database, "n", "-", input: lines)
    try #require(run.status == 0)
  }

  @discardableResult
  private func index(_ command: String, _ arguments: String...) throws -> ToolRun {
    try Tool.run(["index", command, database, "n"] + arguments, input: Data())
  }

  @Test("an index is made, listed, used, checked and dropped")
  func life() throws {
    let made = try index("create", "{\"a\":1,\"l\":-1}")
    #expect(made.status == 0 && made.output.hasPrefix("created a_1_l_-1 over 3 documents in "), "\(made)")
    #expect(try index("create", "{\"a\":1,\"l\":-1}").output == "a_1_l_-1 is there already\n")
    #expect(
      try index("list").output == """
        _id_      {"_id":1}       3 entries  unique
        a_1_l_-1  {"a":1,"l":-1}  4 entries  over arrays

        """)
    #expect(
      try Tool.run("explain", database, "n", "{\"a\":1}", "--hint", "a_1_l_-1").output.contains("IXSCAN"))
    #expect(
      try Tool.run("verify", database).output.hasSuffix("collections 1, documents 3, indexes 1\n"))
    let verified = try Document(extendedJSON: try Tool.run("verify", database, "--json").output)
    #expect(verified["indexes"] == 1 && verified["intact"] == true)
    #expect(try index("drop", "a_1_l_-1").output == "dropped a_1_l_-1\n")
    #expect(try index("drop", "a_1_l_-1").status == 3)
    #expect(try index("drop", "_id_").status == 1)
    #expect(try index("list").lines.count == 1)
  }

  @Test("every option is kept and listed, with --json for programs")
  func options() throws {
    let partial = try index(
      "create", "{\"a\":1}", "--name", "mine", "--partial", "{\"b\":{\"$gt\":0}}", "--unique", "--json")
    let result = try Document(extendedJSON: partial.output)
    #expect(result["collection"] == "n" && result["index"] == "mine" && result["created"] == true)
    #expect(result["documents"] == 3 && result["seconds"]?.doubleValue != nil)
    #expect(try index("create", "{\"when\":1}", "--expire-after", "3600").status == 0)
    #expect(try index("create", "{\"b\":-1}", "--sparse").status == 0)
    let list = try Document(extendedJSON: try index("list", "--json").output)["indexes"]?.arrayValue
    #expect(
      list == [
        [
          "name": "_id_", "keys": ["_id": 1], "unique": true, "sparse": false, "multikey": false,
          "ready": true,
          "entries": 3,
        ],
        [
          "name": "mine", "keys": ["a": 1], "unique": true, "sparse": false,
          "partialFilter": ["b": ["$gt": 0]],
          "multikey": false, "ready": true, "entries": 1,
        ],
        [
          "name": "when_1", "keys": ["when": 1], "unique": false, "sparse": false, "expireAfterSeconds": 3600,
          "multikey": false, "ready": true, "entries": 3,
        ],
        [
          "name": "b_-1", "keys": ["b": -1], "unique": false, "sparse": true, "multikey": false,
          "ready": true,
          "entries": 1,
        ],
      ])
    let text = try index("list").output
    #expect(text.contains("unique, only {\"b\":{\"$gt\":0}}") && text.contains("expires after 3 600 s"))
    #expect(text.contains("1 entry ") && text.contains("sparse"))
  }

  @Test("info and collections tell of indexes")
  func info() throws {
    try index("create", "{\"a\":1}")
    #expect(try Tool.run("collections", database, "--json").output.contains("\"indexes\":2"))
    #expect(try Tool.run("collections", database).output == "n  3  safe  2 indexes\n")
    let info = try Document(extendedJSON: try Tool.run("info", database, "--json").output)
    #expect(info["collections"] == 1)
    let indexes = info["indexes"]?.arrayValue?.compactMap(\.documentValue) ?? []
    #expect(indexes.map { $0["name"] } == ["_id_", "a_1"] && indexes.allSatisfy { $0["collection"] == "n" })
    let text = try Tool.run("info", database).output
    #expect(
      text.contains(
        "indexes of n\n    _id_  {\"_id\":1}  3 entries  unique\n    a_1   {\"a\":1}    3 entries\n"))
  }

  @Test("a unique index refuses documents with the same values, when it is made and ever after")
  func unique() throws {
    let refused = try index("create", "{\"a\":1}", "--unique", "--json")
    #expect(refused.status == 7)
    #expect(try Document(extendedJSON: refused.errors)["error"]?.documentValue?["code"] == "duplicateKey")
    #expect(try index("list").lines.count == 1)
    #expect(try Tool.run("delete", database, "n", "{\"_id\":2}").status == 0)
    #expect(try index("create", "{\"a\":1}", "--unique").status == 0)
    #expect(try Tool.run("import", database, "n", "-", input: "{\"_id\":8,\"a\":2}").status == 7)
    #expect(try Tool.run("update", database, "n", "{\"_id\":1}", "{\"$set\":{\"a\":2}}").status == 7)
    let some = try Tool.run(
      "import", database, "n", "-", "--skip-invalid", "--json",
      input: "{\"_id\":7,\"a\":7}\n{\"_id\":8,\"a\":2}\n{\"_id\":9,\"a\":9}\n")
    let result = try Document(extendedJSON: some.output)
    #expect(result["imported"] == 2 && result["skipped"] == 1)
    #expect(try Tool.run("verify", database).status == 0)
  }

  @Test(
    "what is wrong with an index has an exit code",
    arguments: [
      (["create", "{\"a\":"], Int32(7), "KEYS is malformed"), (["create", "{}"], 7, "index"),
      (["create", "{\"a\":\"text\"}"], 7, "'a'"),
      (["create", "{\"a\":1}", "--partial", "{"], 7, "--partial"),
      (["create", "{\"a\":1}", "--partial", "{\"$x\":1}"], 7, "$x"), (["create"], 2, "keys"),
      (["create", "{\"a\":1}", "--expire-after", "soon"], 2, "expire-after"),
      (["create", "{\"b\":1}", "--sparse"], 1, "b_1"), (["drop", "no"], 3, "index list"),
    ])
  func wrong(arguments: [String], status: Int32, message: String) throws {
    try index("create", "{\"b\":1}")
    let run = try Tool.run(["index", arguments[0], database, "n"] + arguments.dropFirst(), input: Data())
    #expect(run.status == status && run.errors.contains(message), "\(run)")
    #expect(try index("list").lines.count == 2)
  }

  @Test("an index can be made before its collection, but not before its database")
  func missing() throws {
    #expect(try Tool.run("index", "create", database, "new", "{\"a\":1}", "--unique").status == 0)
    #expect(try Tool.run("import", database, "new", "-", input: "{\"a\":1}\n{\"a\":1}").status == 7)
    #expect(try Tool.run("index", "create", folder.path("none"), "n", "{\"a\":1}").status == 3)
    #expect(try Tool.run("index", "drop", database, "none", "a_1").status == 3)
    #expect(try Tool.run("index").output.contains("create"))
  }

  @Test("an interrupted build leaves nothing of the index and closes the database")
  func interrupted() throws {
    let lines = (0..<60_000).map { "{\"_id\":\($0),\"a\":\"some words of \($0 % 977)\"}" }
    try Tool.run("import", database, "many", "-", input: lines.joined(separator: "\n"))
    var status: Int32 = 0
    // A machine that is fast, or that stops the test for a while, may be done before the signal comes.
    for _ in 0..<10 where status == 0 {
      try Tool.run("index", "drop", database, "many", "a_1")
      let nothing = try Tool.open("/dev/null", forWriting: true)
      let process = try Tool.start(
        ["index", "create", database, "many", "{\"a\":1}"], input: nothing, output: nothing, errors: nothing)
      close(nothing)
      for _ in 0..<10_000 where !FileManager.default.fileExists(atPath: database + "-log/OWNER") {
        Thread.sleep(forTimeInterval: 0.001)
      }
      process.signal(SIGINT)
      status = process.wait()
    }
    #expect(status == 130)
    #expect(try Tool.run("index", "list", database, "many").lines.count == 1)
    #expect(try Tool.run("info", database).output.contains("none was needed"))
    #expect(try Tool.run("verify", database).status == 0)
  }
}
