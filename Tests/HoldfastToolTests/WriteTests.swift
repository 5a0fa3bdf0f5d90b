import BSON
import Foundation
import HoldfastTestSupport
import Testing

@Suite("Updates and deletes at the terminal")
struct WriteTests {
  let folder: Folder
  let database: String

  init() throws {
    folder = try Folder()
    database = folder.path("a.holdfast")
    let lines = "{\"_id\":1,\"a\":1}\n{\"_id\":2,\"a\":1}\n{\"_id\":3,\"a\":2,\"l\":[1,5,9]}\n"
    let run = try Tool.run("import", database, "n", "-", input: lines)
    try #require(run.status == 0)
  }

  private var all: [Substring] { get throws { try Tool.run("find", database, "n").lines } }

  private func run(_ command: String, _ arguments: String...) throws -> ToolRun {
    try Tool.run([command, database, "n"] + arguments, input: Data())
  }

  @Test("update changes the first document, or all of them with --many")
  func update() throws {
    let one = try run("update", "{\"a\":1}", "{\"$set\":{\"b\":true}}")
    #expect(one.status == 0 && one.output == "matched 1, modified 1\n")
    #expect(try all.filter { $0.contains("\"b\":true") } == ["{\"_id\":1,\"a\":1,\"b\":true}"])
    let many = try run("update", "{\"a\":1}", "{\"$set\":{\"b\":true}}", "--many", "--json")
    #expect(many.output == "{\"collection\":\"n\",\"matched\":2,\"modified\":1}\n")
    #expect(try run("update", "{\"a\":7}", "{\"$set\":{\"b\":true}}").output == "matched 0, modified 0\n")
    let piped = try Tool.run("update", database, "n", "{\"_id\":2}", "-", input: "{\"$inc\":\n{\"a\":4}}")
    #expect(piped.status == 0)
    #expect(try all[1] == "{\"_id\":2,\"a\":5,\"b\":true}")
  }

  @Test("--array-filters choose elements")
  func arrayFilters() throws {
    let arguments = ["{\"_id\":3}", "{\"$set\":{\"l.$[big]\":0}}", "--array-filters"]
    let set = try Tool.run(
      ["update", database, "n"] + arguments + ["[{\"big\":{\"$gte\":5}}]", "--hint", "_id_"], input: Data())
    #expect(set.status == 0, "\(set.errors)")
    #expect(try all[2] == "{\"_id\":3,\"a\":2,\"l\":[1,0,0]}")
    for bad in ["{\"big\":1}", "[5]", "[", "[{\"small\":1}]"] {
      #expect(try Tool.run(["update", database, "n"] + arguments + [bad], input: Data()).status == 7)
    }
  }

  @Test("--replace takes the place of a document, and its id stays")
  func replace() throws {
    #expect(try run("update", "{\"_id\":1}", "{\"new\":1}", "--replace").output == "matched 1, modified 1\n")
    #expect(try all[0] == "{\"_id\":1,\"new\":1}")
    #expect(try run("update", "{\"_id\":1}", "{\"_id\":5}", "--replace").status == 7)
    #expect(try run("update", "{\"_id\":1}", "{\"new\":2}").status == 7)
    #expect(try run("update", "{\"_id\":1}", "{\"$set\":{\"a\":1}}", "--replace").status == 7)
    #expect(try all[0] == "{\"_id\":1,\"new\":1}")
  }

  @Test("--upsert inserts what does not match, also into a collection that is not there")
  func upsert() throws {
    let made = try run("update", "{\"_id\":7}", "{\"$set\":{\"a\":3}}", "--upsert")
    #expect(made.output == "inserted 7\n")
    let json = try run("update", "{\"_id\":8}", "{\"a\":3}", "--upsert", "--replace", "--json")
    #expect(json.output == "{\"collection\":\"n\",\"matched\":0,\"modified\":0,\"upsertedID\":8}\n")
    #expect(try all.suffix(2) == ["{\"_id\":7,\"a\":3}", "{\"_id\":8,\"a\":3}"])
    #expect(try Tool.run("update", database, "new", "{}", "{\"$set\":{\"a\":1}}").status == 3)
    #expect(try Tool.run("update", database, "new", "{}", "{\"$set\":{\"a\":1}}", "--upsert").status == 0)
    #expect(try Tool.run("count", database, "new").output == "1\n")
  }

  @Test("--dry-run counts and changes nothing")
  func dryRun() throws {
    let before = try folder.bytes("a.holdfast")
    let set = "{\"$set\":{\"a\":9}}"
    #expect(try run("update", "{\"a\":1}", set, "--dry-run").output == "1 document would be updated\n")
    #expect(
      try run("update", "{\"a\":1}", set, "--dry-run", "--many").output == "2 documents would be updated\n")
    #expect(
      try run("update", "{\"a\":7}", set, "--dry-run", "--upsert", "--json").output
        == "{\"collection\":\"n\",\"dryRun\":true,\"matched\":0,\"wouldInsert\":true}\n")
    #expect(try run("delete", "{\"a\":1}", "--dry-run", "--many").output == "2 documents would be deleted\n")
    #expect(
      try run("delete", "{}", "--dry-run", "--many", "--json").output
        == "{\"collection\":\"n\",\"dryRun\":true,\"matched\":3}\n")
    #expect(try run("delete", "{\"$x\":1}", "--dry-run").status == 7)
    #expect(try folder.bytes("a.holdfast") == before)
  }

  @Test("delete takes the first document, all that match, or with --many and an empty filter all")
  func delete() throws {
    #expect(try run("delete", "{\"a\":1}").output == "deleted 1 document\n")
    #expect(try run("delete", "{\"a\":7}").output == "deleted 0 documents\n")
    #expect(try all.count == 2)
    let refused = try run("delete", "{}", "--json")
    #expect(refused.status == 2)
    #expect(try Document(extendedJSON: refused.errors)["error"]?.documentValue?["code"] == "emptyFilter")
    #expect(try all.count == 2)
    let hinted = try run("delete", "{\"a\":2}", "--many", "--hint", "_id_", "--json")
    #expect(hinted.output == "{\"collection\":\"n\",\"deleted\":1}\n")
    #expect(try run("delete", "{}", "--many").output == "deleted 1 document\n")
    #expect(try Tool.run("count", database, "n").output == "0\n")
  }

  @Test(
    "what cannot be done is refused as a whole, with exit code 7 and the name of what is wrong",
    arguments: [
      (["update", "{}", "{\"$incc\":{\"a\":1}}"], "$incc"), (["update", "{}", "{"], "UPDATE is malformed"),
      (["update", "{}", "[]"], "UPDATE"), (["update", "{a:1}", "{}"], "FILTER is malformed"),
      (["update", "{}", "{\"$set\":{\"_id\":9}}", "--many"], "_id"),
      (["update", "{}", "{\"$push\":{\"a\":9}}", "--many"], "$push"),
      (["update", "{}", "{\"$set\":{\"a\":9}}", "--hint", "no_1"], "hint"),
      (["delete", "{\"a\":{\"$gtx\":9}}"], "$gtx"), (["delete", "a"], "FILTER is malformed"),
    ])
  func refused(arguments: [String], message: String) throws {
    let before = try all
    let run = try Tool.run([arguments[0], database, "n"] + arguments.dropFirst(), input: Data())
    #expect(run.status == 7 && run.output.isEmpty)
    #expect(run.errors.contains(message), "\(run.errors)")
    #expect(try all == before)
  }

  @Test(
    "a command line that makes no sense has exit code 2",
    arguments: [
      ["update", "{}"], ["update", "-", "-"], ["update", "{}", "{}", "--replace", "--many"],
      ["update", "{}", "{}", "--replace", "--array-filters", "[]"], ["delete"],
    ])
  func usage(arguments: [String]) throws {
    #expect(try Tool.run([arguments[0], database, "n"] + arguments.dropFirst(), input: Data()).status == 2)
  }
}
