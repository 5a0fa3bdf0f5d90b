import BSON
import Foundation
import HoldfastTestSupport
import Testing

@Suite("Commands")
struct CommandTests {
  let folder: Folder
  let database: String

  init() throws {
    folder = try Folder()
    database = folder.path("a.holdfast")
  }

  @Test("documents go in and come out, one a line, in the order of ids")
  func importAndFind() throws {
    let run = try Tool.run(
      "import", database, "n", "-", input: "{\"_id\":2,\"a\":1.5}\n{\"_id\":1,\"d\":{\"$date\":0}}\n")
    #expect(run.status == 0)
    #expect(
      try Tool.run("find", database, "n").lines == [
        "{\"_id\":1,\"d\":{\"$date\":\"1970-01-01T00:00:00Z\"}}", "{\"_id\":2,\"a\":1.5}",
      ])
    #expect(
      try Tool.run("find", database, "n", "--format", "canonical", "--limit", "1").output
        == "{\"_id\":{\"$numberInt\":\"1\"},\"d\":{\"$date\":{\"$numberLong\":\"0\"}}}\n")
    #expect(
      try Tool.run("find", database, "n", "--descending", "--limit", "1").lines.first?.hasPrefix("{\"_id\":2")
        == true)
    #expect(try Tool.run("find", database, "n", "--from", "2", "--through", "9").lines.count == 1)
    #expect(try Tool.run("count", database, "n").output == "2\n")
    #expect(try Tool.run("count", database, "n", "--json").output == "{\"collection\":\"n\",\"count\":2}\n")
    #expect(try Tool.run("collections", database, "--json").output.contains("\"name\":\"n\",\"count\":2"))
    #expect(try Tool.run("verify", database).status == 0)
    let info = try Document(extendedJSON: try Tool.run("info", database, "--json").output)
    #expect(info["lsn"] == 1 && info["encrypted"] == false && info["collections"] == 1)
    #expect(try Tool.run("info", database).output.contains("last checkpoint"))
  }

  @Test(
    "arrays, lines and documents over several lines are told apart",
    arguments: [
      "[{\"_id\":1},\n {\"_id\":2}]", "{\"_id\":1}\n{\"_id\":2}", "{\n \"_id\": 1\n}\n{\n \"_id\": 2\n}\n",
      "\u{FEFF}{\"_id\":1}\r\n\r\n{\"_id\":2}\r\n",
    ])
  func layouts(text: String) throws {
    let run = try Tool.run("import", database, "n", try folder.write(text, to: "in.json"), "--json")
    #expect(run.status == 0)
    #expect(try Document(extendedJSON: run.output)["imported"] == 2)
    #expect(try Tool.run("count", database, "n").output == "2\n")
  }

  @Test("a bad line stops the import with its number; what is before it stays")
  func badLine() throws {
    let text = "{\"_id\":1}\n{\"_id\":2}\n{\"_id\":\n{\"_id\":4}\n"
    let run = try Tool.run("import", database, "n", "-", input: text)
    #expect(run.status == 7)
    #expect(run.errors.contains("line 3"))
    #expect(try Tool.run("count", database, "n").output == "2\n")
    let duplicate = try Tool.run(
      "import", database, "n", "-", "--json", input: "{\"_id\":9}\n\n{\"_id\":1}\n{\"_id\":8}\n")
    #expect(duplicate.status == 7)
    let error = try Document(extendedJSON: duplicate.errors)["error"]?.documentValue
    #expect(error?["line"] == 3 && error?["code"] == "duplicateID" && error?["exitCode"] == 7)
    #expect(try Tool.run("count", database, "n").output == "3\n")
  }

  @Test("--skip-invalid counts what is bad and goes on")
  func skipInvalid() throws {
    let text = "nonsense\n{\"_id\":1}\n{\"_id\":[1]}\n{\"_id\":1}\n{\"_id\":2}\n{\"a\":"
    let run = try Tool.run("import", database, "n", "-", "--skip-invalid", "--json", input: text)
    #expect(run.status == 0)
    let result = try Document(extendedJSON: run.output)
    #expect(result["imported"] == 2 && result["skipped"] == 4)
    let told = try Tool.run("import", database, "m", "-", "--skip-invalid", input: text)
    for line in [1, 3, 4, 6] { #expect(told.errors.contains("line \(line):")) }
  }

  @Test("get finds ids of every kind")
  func get() throws {
    try Tool.run(
      "import", database, "n", "-",
      input: """
        {"_id":{"$oid":"55f14312c7447c3da7051b26"},"k":"oid"}
        {"_id":"55f14312c7447c3da7051b27","k":"hex"}
        {"_id":"ada","k":"text"}
        {"_id":5,"k":"number"}
        {"_id":"6","k":"digits"}
        {"_id":{"a":1},"k":"document"}
        """)
    let ids = [
      "55f14312c7447c3da7051b26": "oid", "{\"$oid\":\"55f14312c7447c3da7051b26\"}": "oid",
      "55f14312c7447c3da7051b27": "hex", "ada": "text", "\"ada\"": "text", "5": "number", "6": "digits",
      "{\"a\":1}": "document",
    ]
    for (id, kind) in ids {
      let run = try Tool.run("get", database, "n", id)
      #expect(run.status == 0 && run.output.contains("\"k\":\"\(kind)\""))
    }
    #expect(try Tool.run("get", database, "n", "nobody").status == 3)
    #expect(try Tool.run("get", database, "nothing", "5").status == 3)
    #expect(try Tool.run("count", database, "nothing").status == 3)
    #expect(try Tool.run("find", database, "nothing").status == 3)
  }

  @Test("create makes a database, with a password an encrypted one, and never over another file")
  func create() throws {
    #expect(try Tool.run("create", database).status == 0)
    #expect(try Tool.run("create", database).status == 1)
    let secret = folder.path("b.holdfast")
    let run = try Tool.run(
      "create", secret, "--json", "--page-size", "4096", "--durability", "batch:10:20", password: "p")
    #expect(run.output.contains("\"encrypted\":true") && run.output.contains("4096"))
    #expect(try Tool.run("info", secret, password: "p").output.contains("batch(10 operations, 20 ms)"))
    #expect(try Tool.run("create", folder.path("c.holdfast"), "--page-size", "5").status == 2)
  }

  @Test("passwords come from the environment or a file, and a wrong one is told apart")
  func passwords() throws {
    let file = try folder.write("right\nnot this\n", to: "password")
    #expect(try Tool.run("import", database, "n", "-", input: "{\"_id\":1}", password: "right").status == 0)
    #expect(try Tool.run("count", database, "n", "--password-file", file).output == "1\n")
    #expect(try Tool.run("count", database, "n", password: "wrong").status == 5)
    #expect(try Tool.run("count", database, "n", "--password-file", folder.path("none")).status == 3)
    let empty = try folder.write("\n", to: "empty")
    #expect(try Tool.run("count", database, "n", "--password-file", empty).status == 5)
  }

  @Test("files that are no database have exit codes of their own and stay as they were")
  func badFiles() throws {
    #expect(try Tool.run("info", folder.path("none")).status == 3)
    #expect(try Tool.run("info", folder.url.path).status == 10)
    let text = try folder.write("this is no database", to: "text")
    let run = try Tool.run("import", text, "n", "-", "--json", input: "{}")
    #expect(run.status == 10)
    #expect(try Document(extendedJSON: run.errors)["error"]?.documentValue?["code"] == "notADatabase")
    #expect(try folder.bytes("text") == Data("this is no database".utf8))
    try Tool.run("import", database, "n", "-", input: "{\"_id\":1}")
    let whole = try folder.bytes("a.holdfast")
    try whole.prefix(whole.count / 2).write(to: URL(fileURLWithPath: database))
    #expect(try Tool.run("verify", database).status == 6)
    #expect(try Tool.run("import", folder.path("new"), "n", folder.path("no-input")).status == 3)
    #expect(!FileManager.default.fileExists(atPath: folder.path("new")))
  }

  @Test("collection names that cannot be are refused")
  func names() throws {
    #expect(try Tool.run("import", database, "", "-", input: "{}").status == 7)
    #expect(try Tool.run("import", database, "$x", "-", input: "{}").status == 7)
  }

  @Test("a command line that makes no sense has exit code 2, and help has 0")
  func usage() throws {
    #expect(try Tool.run("frobnicate").status == 2)
    #expect(try Tool.run("find").status == 2)
    #expect(try Tool.run("find", database, "n", "--limit", "-1").status == 2)
    #expect(try Tool.run("demo", "--rounds", "0").status == 2)
    let help = try Tool.run("--help")
    #expect(help.status == 0 && help.output.contains("another process has the database open"))
    #expect(try Tool.run("--version").output.hasPrefix("holdfast "))
    #expect(try Tool.run().status == 0)
  }

  @Test("whoever reads only the beginning of the output gets no complaint")
  func closedPipe() throws {
    let lines = (0..<20_000).map { "{\"_id\":\($0),\"text\":\"some words to make it longer\"}" }
    try Tool.run("import", database, "n", "-", input: lines.joined(separator: "\n"))
    let output = try PipeEnds()
    let errors = try Tool.open(folder.path("errors"), forWriting: true)
    let input = try Tool.open("/dev/null")
    let process = try Tool.start(
      ["find", database, "n"], input: input, output: output.writing, errors: errors)
    close(output.writing)
    var buffer = [UInt8](repeating: 0, count: 100)
    #expect(read(output.reading, &buffer, 100) == 100)
    close(output.reading)
    #expect(process.wait() == 0)
    close(input)
    close(errors)
    #expect(try folder.bytes("errors").isEmpty)
  }

  @Test(
    "bson converts both ways, exactly",
    arguments: [
      ("json", "bson", "{\"a\":1.0}", "10000000016100000000000000f03f00\n"),
      ("bson", "canonical", "10000000016100000000000000f03f00", "{\"a\":{\"$numberDouble\":\"1.0\"}}\n"),
      ("bson", "relaxed", "1000 0000 0161 0000 0000 0000 00F0 3F00", "{\"a\":1.0}\n"),
      ("bson", "bson", "0500000000", "0500000000\n"),
      ("json", "canonical", " {\"$numberLong\":1} ", ""),
    ])
  func bson(from: String, to: String, input: String, output: String) throws {
    let run = try Tool.run("bson", "--from", from, "--to", to, "--hex", input: input)
    #expect(run.output == output)
    #expect(run.status == (output.isEmpty ? 7 : 0))
  }

  @Test(
    "malformed input of bson has exit code 7 and a sentence",
    arguments: [
      ("bson", "0500000001"), ("bson", "050000000000"), ("bson", "05000000"), ("bson", ""), ("bson", "0x05"),
      ("bson", "050"), ("json", "{\"a\":1} {}"), ("json", "[1]"), ("json", "{"), ("json", ""),
      ("json", "{\"a\":{\"$oid\":\"x\"}}"),
    ])
  func badBSON(from: String, input: String) throws {
    let run = try Tool.run("bson", "--from", from, "--to", "canonical", "--hex", input: input)
    #expect(run.status == 7)
    #expect(run.output.isEmpty && run.errors.hasPrefix("holdfast: "))
  }

  @Test("raw BSON goes through unchanged")
  func rawBSON() throws {
    let document: Document = ["a": 1, "b": .binary(BSONBinary([0, 10, 13, 255]))]
    let there = try Tool.run(["bson", "--from", "bson", "--to", "canonical"], input: Data(document.bytes))
    #expect(try Document(extendedJSON: there.output) == document)
  }
}
