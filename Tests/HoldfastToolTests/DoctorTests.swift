import BSON
import Foundation
import Holdfast
import HoldfastTestSupport
import Testing

/// `holdfast doctor`, `recover` and `find --skip-damaged` on databases that something happened to.
@Suite("Doctor")
struct DoctorTests {
  private let folder: Folder
  private let database: String

  init() throws {
    folder = try Folder()
    database = folder.path("a.holdfast")
    let lines = (0..<400).map { "{\"_id\":\($0),\"name\":\"user number \($0) of many\"}\n" }.joined()
    _ = try Tool.run("import", database, "users", "-", input: lines)
  }

  /// Every byte of every file of the folder.
  private func everything() throws -> [String: Data] {
    var result: [String: Data] = [:]
    let files = try #require(FileManager.default.enumerator(atPath: folder.path("")))
    for case let name as String in files {
      result[name] = FileManager.default.contents(atPath: folder.path(name)) ?? Data()
    }
    return result
  }

  /// Runs doctor both ways; nothing may change.
  private func examine(_ password: String? = nil) throws -> (status: Int32, json: Document, text: String) {
    let before = try everything()
    let run = try Tool.run("doctor", database, "--json", password: password)
    let text = try Tool.run("doctor", database, password: password)
    #expect(run.status == text.status)
    #expect(try everything() == before)
    return (run.status, try Document(extendedJSON: run.output), text.output)
  }

  private func damage(at offset: Int, _ file: String? = nil, count: Int = 1) throws {
    let url = URL(fileURLWithPath: file ?? database)
    var data = try Data(contentsOf: url)
    for index in offset..<offset + count { data[index] ^= 1 }
    try data.write(to: url)
  }

  private func offset(of text: String) throws -> Int {
    try #require(try Data(contentsOf: URL(fileURLWithPath: database)).range(of: Data(text.utf8))).lowerBound
  }

  @Test("one that is open elsewhere says where; one that was not closed says what recovery will do")
  func openAndKilled() throws {
    let writer = try Database.open(at: database)
    try writer.collection("users").replace(id: 200, with: ["name": "changed"])
    for id in 1001..<1100 as Range<Int32> { try writer.collection("users").insert(["_id": .int32(id)]) }
    var (status, json, text) = try examine()
    #expect(status == 4 && json["locked"] == true && json["wasClosed"] == false && json["metaSlots"] == 2)
    guard case .string(let owner) = json["owner"] else {
      Issue.record("no owner in \(json)")
      return
    }
    #expect(owner.contains("\(getpid())"))
    // What a process that is killed now leaves behind.
    let copy = try Folder()
    for name in ["a.holdfast", "a.holdfast-log"] {
      try FileManager.default.copyItem(atPath: folder.path(name), toPath: copy.path(name))
    }
    try writer.close()
    for name in ["a.holdfast", "a.holdfast-log"] {
      try? FileManager.default.removeItem(atPath: folder.path(name))
      try FileManager.default.copyItem(atPath: copy.path(name), toPath: folder.path(name))
    }
    // Also where recovery would set something aside.
    let place = try offset(of: "user number 200 of many")
    try damage(at: place)
    (status, json, text) = try examine()
    #expect(status == 1 && text.contains("changes belong into damaged pages") == true)
    try damage(at: place)
    (status, json, text) = try examine()
    #expect(status == 1 && json["status"] == "degraded" && json["locked"] == false)
    guard case .document(let recovery) = json["recovery"] else {
      Issue.record("no recovery in \(json)")
      return
    }
    #expect(recovery["commitsReplayed"] == 100)
    #expect(text.hasSuffix("next: holdfast recover \(database)\n"))
    try FileManager.default.moveItem(atPath: database + "-log", toPath: folder.path("elsewhere"))
    (status, json, text) = try examine()
    #expect(status == 6 && json["status"] == "failed" && text.contains("next: mv "))
    try FileManager.default.moveItem(atPath: folder.path("elsewhere"), toPath: database + "-log")
    #expect(try Tool.run("recover", database).output.hasPrefix("100 commits replayed"))
    #expect(try examine().status == 0)
    #expect(try Tool.run("count", database, "users").output == "499\n")
    #expect(try Tool.run("recover", database).output == "nothing to recover: it had been closed\n")
  }

  @Test("a closed database is well, and nothing needs to be done")
  func healthy() throws {
    let (status, json, text) = try examine()
    #expect(status == 0 && json["status"] == "ok" && json["wasClosed"] == true && json["next"] == nil)
    #expect(json["keyBlocks"] == 3 && json["metaSlots"] == 2)
    #expect(text.contains("nothing needs to be done"))
  }

  @Test("damaged documents are named with the ids around them; find goes on behind them when asked to")
  func damagedPage() throws {
    try damage(at: try offset(of: "user number 200 of many"))
    // Reading no documents, it does not know yet; reading them does, and opening for writing remembers.
    #expect(try examine().status == 0)
    #expect(try Tool.run("verify", database).status == 6)
    let stopped = try Tool.run("find", database, "users")
    #expect(stopped.status == 6)
    let writer = try Database.open(at: database)
    #expect(throws: HoldfastError.self) { try writer.collection("users").fetch(id: 200) }
    try writer.close()

    let (status, json, text) = try examine()
    #expect(status == 1 && json["status"] == "degraded")
    #expect(text.hasSuffix("next: holdfast verify \(database)\n"))
    guard case .array(let damage) = json["damage"], case .document(let page) = damage.first else {
      Issue.record("no damage in \(json)")
      return
    }
    let (after, before) = (try #require(page["after"]?.int64Value), try #require(page["before"]?.int64Value))
    #expect(after < 200 && 200 < before && page["collection"] == "users")
    for arguments in [[], ["--descending"], ["--limit", "350"]] {
      let skipped = try Tool.run(
        ["find", database, "users", "--skip-damaged"] + arguments, input: Data())
      let readable = 400 - Int(before - after) + 1
      #expect(skipped.status == 0 && skipped.errors.contains("left out: page"))
      #expect(skipped.lines.count == (arguments.first == "--limit" ? min(350, readable) : readable))
      #expect(Set(skipped.lines).count == skipped.lines.count)
    }
  }

  @Test("header damage that the copies make up for is told")
  func header() throws {
    try damage(at: 100)
    try damage(at: 4096 + 200)
    let (status, json, text) = try examine()
    #expect(status == 1 && json["status"] == "degraded" && json["keyBlocks"] == 2 && json["metaSlots"] == 1)
    #expect(text.hasSuffix("next: holdfast recover \(database)\n"))
    #expect(try Tool.run("recover", database).status == 0)
    #expect(try examine().json["metaSlots"] == 2)
  }

  @Test("what does not open is told why, with the exit code of the reason and what helps")
  func failures() throws {
    try damage(at: 4096 + 200)
    try damage(at: 8192 + 200)
    var (status, json, text) = try examine()
    #expect(status == 6 && json["status"] == "failed" && json["metaSlots"] == 0)
    #expect(text.contains("next: mkdir "))
    for offset in [0, 12288, 262_144] { try damage(at: offset + 20) }
    (status, json, text) = try examine()
    #expect(status == 6 && json["keyBlocks"] == 0 && json["databaseID"] == nil)
    try Data("something else".utf8).write(to: URL(fileURLWithPath: database))
    #expect(try examine().status == 10)
    try FileManager.default.removeItem(atPath: database)
    (status, json, text) = try examine()
    #expect(status == 3 && json["fileBytes"] == nil)
    try FileManager.default.createDirectory(atPath: database, withIntermediateDirectories: false)
    #expect(try examine().status == 10)
  }

  @Test("an encrypted database says what can be said without its password, and the rest with it")
  func encrypted() throws {
    try FileManager.default.removeItem(atPath: database)
    #expect(try Tool.run("create", database, "--encrypt", password: "secret").status == 0)
    var (status, json, text) = try examine()
    #expect(status == 5 && json["encrypted"] == true && json["metaSlots"] == 2 && json["recovery"] == nil)
    #expect(text.contains("HOLDFAST_PASSWORD"))
    (status, json, text) = try examine("secret")
    #expect(status == 0 && json["status"] == "ok" && json["recovery"] != nil)
  }
}
