import BSON
import Foundation
import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Several processes", .serialized)
struct ProcessTests {
  let folder: Folder
  let database: String

  init() throws {
    folder = try Folder()
    database = folder.path("a.holdfast")
  }

  /// An import that has been given some text and waits for more.
  private func slowImport(_ text: String) throws -> (process: Program, input: Int32) {
    let pipe = try PipeEnds()
    let nothing = try Tool.open("/dev/null", forWriting: true)
    defer { close(nothing) }
    let process = try Tool.start(
      ["import", database, "n", "-"], input: pipe.reading, output: nothing, errors: nothing)
    close(pipe.reading)
    try #require(write(pipe.writing, text, text.utf8.count) == text.utf8.count)
    return (process, pipe.writing)
  }

  /// How often something is looked for before a test gives up.
  private static let patience = 400

  @Test("one process writes; others are refused, told who it is, and come in when it is done")
  func lock() throws {
    let (writer, input) = try slowImport("{\"_id\":1}\n")
    var run = ToolRun(status: 0, output: "", errors: "")
    for _ in 0..<ProcessTests.patience {
      run = try Tool.run("count", database, "n")
      // The lock is taken a moment before its owner leaves a note.
      if run.status == 4, run.errors.contains("\(writer.id)") { break }
      Thread.sleep(forTimeInterval: 0.01)
    }
    #expect(run.status == 4)
    #expect(run.errors.contains("\(writer.id)"))
    #expect(try Tool.run("import", database, "n", "-", input: "{\"_id\":2}").status == 4)
    close(input)
    #expect(writer.wait() == 0)
    #expect(try Tool.run("count", database, "n").output == "1\n")
  }

  @Test(
    "a slow pipe's documents are durable within about a second, and a killed process's lock is no obstacle")
  func slowPipe() throws {
    let (writer, input) = try slowImport("{\"_id\":1}\n{\"_id\":2}\n")
    Thread.sleep(forTimeInterval: 2.5)
    writer.signal(SIGKILL)
    #expect(writer.wait() == -SIGKILL)
    close(input)
    #expect(try Tool.run("count", database, "n").output == "2\n")
    #expect(try Tool.run("info", database).output.contains("not closed"))
    #expect(try Tool.run("import", database, "n", "-", input: "{\"_id\":3}").status == 0)
    #expect(try Tool.run("info", database).output.contains("none was needed"))
    #expect(try Tool.run("count", database, "n").output == "3\n")
  }

  @Test("an import that is interrupted keeps what it read, closes, and says so")
  func interrupted() throws {
    let (writer, input) = try slowImport("{\"_id\":1}\n")
    Thread.sleep(forTimeInterval: 1)
    writer.signal(SIGINT)
    #expect(writer.wait() == 130)
    close(input)
    #expect(try Tool.run("count", database, "n").output == "1\n")
    #expect(try Tool.run("info", database).output.contains("none was needed"))
  }

  @Test("a process that is killed 50 times loses nothing that it acknowledged")
  func killedFiftyTimes() throws {
    let run = try Tool.run("demo", "--rounds", "50", "--life", "400", "--json", "--seed", "7")
    #expect(run.status == 0, "\(run.errors)")
    let result = try Document(extendedJSON: run.output)
    #expect(result["kept"] == true && result["kills"] == 50)
    #expect((result["acknowledged"]?.intValue ?? 0) > 50)
  }

  @Test("the demo says in words what it saw, and leaves nothing behind")
  func demo() throws {
    let run = try Tool.run("demo", "--rounds", "2", "--life", "500")
    #expect(run.status == 0)
    #expect(run.output.contains("Killed 2 times"))
    let again = try Tool.run("demo", "--rounds", "1", "--keep", "--life", "300")
    #expect(again.status == 0)
    let path = again.output.firstMatch(of: /The database is (\S+)\/demo\.holdfast/).map { String($0.1) }
    let kept = try #require(path)
    #expect(
      try Tool.run("count", kept + "/demo.holdfast", "accounts", "--password-file", kept + "/password").output
        == "100\n")
    try FileManager.default.removeItem(atPath: kept)
  }

  @Test("a limit of file sizes is an error of the tool, and not its death")
  func fileSizeLimit() throws {
    let input = folder.path("in.json")
    let padding = String(repeating: "x", count: 1000)
    let lines = (0..<4000).map { "{\"_id\":\($0),\"text\":\"\(padding)\"}" }
    try Data(lines.joined(separator: "\n").utf8).write(to: URL(fileURLWithPath: input))
    // In units of 1 KiB: room for a log segment, not for all of the documents.
    func limited(_ kibibytes: Int, _ command: String) throws -> (status: Int32, output: String) {
      try Program.run("bash", ["-c", "ulimit -f \(kibibytes); exec \(command)"])
    }
    let tool = Tool.url.path
    let refused = try limited(1500, "'\(tool)' import '\(database)' n '\(input)'")
    #expect(refused.status == 8 && refused.output.contains("File too large"), "\(refused)")
    // What was acknowledged before is there, and the import can be done again.
    let count = try Tool.run("count", database, "n")
    #expect(count.status == 0 || count.status == 3)
    #expect(try Tool.run("import", database, "m", input).status == 0)
    // Output that goes to a file.
    let output = folder.path("out")
    let written = try limited(100, "'\(tool)' find '\(database)' m > '\(output)'")
    #expect(written.status == 1 && written.output.contains("File too large"), "\(written)")
  }
}
