import BSON
import Foundation
import HoldfastTestSupport
import Testing

@Suite("Queries at the terminal")
struct FindTests {
  let folder: Folder
  let database: String

  private static let people = """
    {"_id":1,"name":"Ada","born":1815,"tags":["x","y"],"home":{"city":"London"}}
    {"_id":2,"name":"Grace, \\"Amazing\\"","born":{"$numberLong":"1906"},"seen":{"$date":"2020-01-01T00:00:00Z"}}
    {"_id":3,"name":"a\\nb","born":1.5,"nothing":null}
    {"_id":{"$oid":"55f14312c7447c3da7051b26"},"name":"日本","born":1990,"tags":["y","z"]}
    """

  init() throws {
    folder = try Folder()
    database = folder.path("a.holdfast")
    let run = try Tool.run("import", database, "p", "-", input: FindTests.people)
    try #require(run.status == 0)
  }

  private func find(_ arguments: String...) throws -> String {
    let run = try Tool.run(["find", database, "p"] + arguments, input: Data())
    #expect(run.status == 0, "\(run.errors)")
    return run.output
  }

  @Test(
    "a filter, an order, a projection, a beginning and an end choose what is printed",
    arguments: [
      (
        ["{\"born\":{\"$gte\":1906}}", "--sort", "{\"born\":-1}", "--project", "{\"born\":1,\"_id\":0}"],
        "{\"born\":1990}\n{\"born\":1906}\n"
      ),
      (
        ["--sort", "{\"born\":1}", "--skip", "1", "--limit", "2", "--project", "{\"_id\":1}"],
        "{\"_id\":1}\n{\"_id\":2}\n"
      ),
      (
        ["{\"name\":{\"$regex\":\"^ad\",\"$options\":\"i\"}}", "--project", "{\"name\":1}"],
        "{\"_id\":1,\"name\":\"Ada\"}\n"
      ),
      (
        ["{\"_id\":{\"$oid\":\"55f14312c7447c3da7051b26\"}}", "--project", "{\"name\":1,\"_id\":0}"],
        "{\"name\":\"日本\"}\n"
      ),
      (
        ["{\"_id\":2}", "--project", "{\"born\":1}", "--canonical"],
        "{\"_id\":{\"$numberInt\":\"2\"},\"born\":{\"$numberLong\":\"1906\"}}\n"
      ),
      (
        ["{\"_id\":2}", "--project", "{\"born\":1}", "--format", "canonical"],
        "{\"_id\":{\"$numberInt\":\"2\"},\"born\":{\"$numberLong\":\"1906\"}}\n"
      ),
      (
        ["{\"_id\":2}", "--project", "{\"born\":1}", "--format", "relaxed", "--hint", "_id_"],
        "{\"_id\":2,\"born\":1906}\n"
      ),
      (["{}", "--hint", "{\"$natural\":-1}", "--skip", "3", "--project", "{\"_id\":1}"], "{\"_id\":1}\n"),
      (["{\"name\":\"nobody\"}"], ""),
      (["{}", "--limit", "0"], ""),
      (["--limit", "0"], ""),
      (
        ["{\"born\":{\"$lt\":1900}}", "--skip-damaged", "--project", "{\"_id\":1}"],
        "{\"_id\":1}\n{\"_id\":3}\n"
      ),
    ])
  func queries(arguments: [String], output: String) throws {
    let run = try Tool.run(["find", database, "p"] + arguments, input: Data())
    #expect(run.status == 0 && run.output == output, "\(run)")
  }

  @Test("a filter comes from standard input, too")
  func standardInput() throws {
    let filter = "{\n  \"born\": {\"$lt\": 1900},\n  \"tags\": \"x\"\n}\n"
    #expect(try Tool.run("count", database, "p", "-", input: filter).output == "1\n")
    #expect(try Tool.run("find", database, "p", "-", input: filter).lines.count == 1)
    let bad = try Tool.run("find", database, "p", "-", "--json", input: "{\n  \"born\": }\n")
    #expect(bad.status == 7)
    let error = try Document(extendedJSON: bad.errors)["error"]?.documentValue
    #expect(error?["line"] == 2 && error?["code"] == "invalidJSON")
    #expect(error?["message"]?.stringValue?.contains("FILTER on standard input") == true)
    #expect(try Tool.run("find", database, "p", "-").status == 7)
  }

  @Test("json is one array")
  func json() throws {
    let values = try BSONValue(extendedJSON: try find("{\"born\":{\"$lt\":1950}}", "--format", "json"))
    #expect(values.arrayValue?.map { $0.documentValue?["_id"] } == [1, 2, 3])
    #expect(try find("{\"_id\":9}", "--format", "json") == "[]\n")
    #expect(
      try find("{\"_id\":1}", "--project", "{\"_id\":1}", "--format", "json", "--canonical")
        == "[\n{\"_id\":{\"$numberInt\":\"1\"}}\n]\n")
  }

  @Test(
    "csv has the columns of --fields, of --project or of the first documents, and is quoted where RFC 4180 asks",
    arguments: [
      (
        [],
        """
        _id,name,born,tags,home,seen,nothing
        1,Ada,1815,"[""x"",""y""]","{""city"":""London""}",,
        2,"Grace, ""Amazing""\",1906,,,2020-01-01T00:00:00Z,
        3,"a\nb",1.5,,,,
        55f14312c7447c3da7051b26,日本,1990,"[""y"",""z""]",,,

        """
      ),
      (["{\"_id\":1}", "--fields", "home.city,tags.1,name,no"], "home.city,tags.1,name,no\nLondon,y,Ada,\n"),
      (["{\"_id\":1}", "--project", "{\"home.city\":1,\"no\":1}"], "_id,home.city,no\n1,London,\n"),
      (["{\"_id\":1}", "--project", "{\"name\":1,\"_id\":0}"], "name\nAda\n"),
      (["{\"_id\":1}", "--project", "{\"tags\":0,\"home\":0}"], "_id,name,born\n1,Ada,1815\n"),
      (["{\"_id\":1}", "--project", "{\"_id\":0,\"who\":\"$name\"}"], "who\nAda\n"),
      (["{\"_id\":3}", "--fields", "no"], "no\n\"\"\n"),
      (["{\"_id\":9}", "--fields", "a,b"], "a,b\n"),
      (["{\"_id\":9}"], ""),
      (
        ["{\"_id\":2}", "--fields", "_id,born,name", "--canonical"],
        """
        _id,born,name
        "{""$numberInt"":""2""}","{""$numberLong"":""1906""}\","\""Grace, \\""Amazing\\""\""\"

        """
      ),
    ])
  func csv(arguments: [String], output: String) throws {
    let run = try Tool.run(["find", database, "p", "--format", "csv"] + arguments, input: Data())
    #expect(run.status == 0 && run.errors.isEmpty, "\(run.errors)")
    // A line feed inside of a cell stays as it is; lines end with CR LF.
    let expected = output.replacingOccurrences(of: "\n", with: "\r\n")
      .replacingOccurrences(of: "a\r\nb", with: "a\nb")
    #expect(run.output == expected)
  }

  @Test("a table has a column for each field, with numbers to the right and long cells cut")
  func table() throws {
    #expect(
      try find(
        "{}", "--format", "table", "--sort", "{\"born\":1}", "--fields", "name,born,tags,nothing,home.city")
          == """
          name              born  tags       nothing  home.city
          ----------------  ----  ---------  -------  ---------
          a b                1.5             null
          Ada               1815  ["x","y"]           London
          Grace, "Amazing"  1906
          日本              1990  ["y","z"]
          (4 documents)

          """)
    #expect(try find("{\"_id\":9}", "--format", "table") == "(0 documents)\n")
    let long = String(repeating: "x", count: 100)
    try Tool.run(
      "import", database, "long", "-", input: "{\"_id\":1,\"t\":\"\(long)\",\"u\":\"\(long.prefix(40))\"}")
    let lines = try Tool.run("find", database, "long", "--format", "table").lines
    #expect(lines.last == "(1 document)")
    #expect(lines[2] == "  1  \(long.prefix(39))…  \(long.prefix(40))")
  }

  @Test("what later documents have beside the first ones has no column, and that is said")
  func laterFields() throws {
    var lines = (0..<250).map { "{\"_id\":\($0),\"a\":\($0)}" }
    lines[230] = "{\"_id\":230,\"a\":123456789,\"late\":1,\"\\u001b[1mlater\":2}"
    try Tool.run("import", database, "n", "-", input: lines.joined(separator: "\n"))
    let csv = try Tool.run("find", database, "n", "--format", "csv")
    #expect(csv.output.hasPrefix("_id,a\r\n0,0\r\n") && csv.output.contains("230,123456789\r\n"))
    #expect(csv.output.components(separatedBy: "\r\n").count == 252)
    #expect(csv.errors.contains("late, \u{FFFD}[1mlater (") && csv.errors.contains("--fields"))
    let chosen = try Tool.run("find", database, "n", "--format", "csv", "--fields", "_id,late")
    #expect(chosen.errors.isEmpty && chosen.output.contains("230,1\r\n"))
    // A table is printed in portions: a column that becomes wider does so from there on.
    let table = try Tool.run("find", database, "n", "--format", "table").lines
    #expect(table[2] == "  0   0" && table[202] == "200        200" && table.last == "(250 documents)")
  }

  @Test("count and distinct take filters and hints")
  func countAndDistinct() throws {
    #expect(try Tool.run("count", database, "p", "{\"tags\":\"y\"}").output == "2\n")
    #expect(
      try Tool.run("count", database, "p", "{\"tags\":\"y\"}", "--hint", "_id_", "--json").output
        == "{\"collection\":\"p\",\"count\":2}\n")
    #expect(try Tool.run("distinct", database, "p", "tags").output == "\"x\"\n\"y\"\n\"z\"\n")
    #expect(
      try Tool.run("distinct", database, "p", "born", "{\"born\":{\"$gt\":1900}}", "--format", "canonical")
        .output
        == "{\"$numberLong\":\"1906\"}\n{\"$numberInt\":\"1990\"}\n")
    #expect(
      try Tool.run("distinct", database, "p", "home.city", "--json").output
        == "{\"collection\":\"p\",\"path\":\"home.city\",\"values\":[\"London\"]}\n")
    #expect(try Tool.run("distinct", database, "p", "a..b").status == 7)
  }

  @Test("explain shows the stages, the index and what was looked at, for people and for programs")
  func explain() throws {
    try Tool.run("index", "create", database, "p", "{\"born\":1}")
    let filter = "{\"born\":{\"$gte\":1900}}"
    let text = try Tool.run("explain", database, "p", filter)
    #expect(text.status == 0 && text.output.contains("IXSCAN born_1") && text.output.contains("keys 2"))
    let counts = try Document(extendedJSON: try Tool.run("explain", database, "p", filter, "--json").output)
    #expect(counts["collection"] == "p" && counts["depth"] == "counts")
    #expect(counts["plan"]?.documentValue?["indexName"] == "born_1")
    #expect(counts["execution"]?.documentValue?["returned"] == 2)
    #expect(counts["execution"]?.documentValue?["microseconds"] == nil)
    let timing = try Document(
      extendedJSON: try Tool.run(
        "explain", database, "p", filter, "--json", "--depth", "timing", "--limit", "1", "--sort",
        "{\"name\":1}",
        "--skip", "1", "--hint", "{\"$natural\":1}"
      ).output)
    #expect(timing["execution"]?.documentValue?["microseconds"] != nil)
    #expect(timing["execution"]?.documentValue?["returned"] == 1)
    let plan = try Document(
      extendedJSON: try Tool.run("explain", database, "p", "--json", "--depth", "plan").output)
    #expect(plan["plan"]?.documentValue?["stage"] == "COLLSCAN" && plan["execution"] == nil)
    #expect(try Tool.run("explain", database, "p", "--depth", "all").status == 2)
  }

  @Test(
    "what is malformed is named with its place and has exit code 7",
    arguments: [
      (["find", "{\"a\": }"], "FILTER is malformed"), (["find", "{a: 1}"], "column 2"),
      (["find", "5"], "FILTER"),
      (["find", "{}", "--sort", "{\"a\":"], "--sort is malformed"),
      (["find", "{}", "--sort", "{\"a\":3}"], "'a'"),
      (["find", "{}", "--project", "name"], "--project is malformed"),
      (["find", "{}", "--project", "{\"a\":1,\"b\":0}"], "b"),
      (["find", "{}", "--hint", "{"], "--hint is malformed"), (["find", "{}", "--hint", "no_1"], "hint"),
      (["find", "{\"a\":{\"$gtx\":1}}"], "$gtx"), (["find", "{\"a\":{\"$gtx\":1}}", "--limit", "0"], "$gtx"),
      (["count", "{\"$nor\":5}"], "$nor"), (["count", "{\"a\":{\"$oid\":\"x\"}}"], "FILTER"),
      (["explain", "{\"a\":{\"$gtx\":1}}"], "$gtx"), (["distinct", "a", "["], "FILTER is malformed"),
    ])
  func malformed(arguments: [String], message: String) throws {
    let arguments = [arguments[0], database, "p"] + arguments.dropFirst()
    let run = try Tool.run(arguments, input: Data())
    #expect(run.status == 7 && run.output.isEmpty)
    #expect(run.errors.hasPrefix("holdfast: ") && run.errors.contains(message), "\(run.errors)")
    let json = try Tool.run(arguments + ["--json"], input: Data())
    #expect(try Document(extendedJSON: json.errors)["error"]?.documentValue?["exitCode"] == 7)
  }

  @Test(
    "options that do not go together have exit code 2",
    arguments: [
      ["find", "{}", "--from", "1"], ["find", "--descending", "--sort", "{\"a\":1}"],
      ["find", "--through", "1", "--skip", "1"], ["find", "--skip", "-1"], ["find", "--fields", "a"],
      ["find", "--format", "csv", "--fields", "a,,b"], ["find", "--format", "xml"],
      ["find", "--skip-damaged", "--hint", "_id_"], ["find", "--format", "relaxed", "--canonical"],
      ["distinct"],
    ])
  func usage(arguments: [String]) throws {
    #expect(try Tool.run([arguments[0], database, "p"] + arguments.dropFirst(), input: Data()).status == 2)
  }

  @Test("reading changes no byte, and a collection that is not there is said")
  func readOnly() throws {
    let before = try folder.bytes("a.holdfast")
    let commands = [
      ["find", "{}"], ["find", "--format", "table"], ["count", "{}"], ["distinct", "name"], ["explain"],
      ["update", "{}", "{\"$set\":{\"a\":1}}", "--many", "--dry-run"],
      ["delete", "{}", "--many", "--dry-run"],
    ]
    for command in commands {
      let rest = command.dropFirst()
      #expect(try Tool.run([command[0], database, "p"] + rest, input: Data()).status == 0)
      #expect(try Tool.run([command[0], database, "none"] + rest, input: Data()).status == 3)
    }
    #expect(try Tool.run("index", "list", database, "p").status == 0)
    #expect(try Tool.run("index", "list", database, "none").status == 3)
    #expect(try folder.bytes("a.holdfast") == before)
  }
}
