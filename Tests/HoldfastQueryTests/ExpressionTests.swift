import BSON
import Testing

@testable import HoldfastQuery

@Suite("Expressions")
struct ExpressionTests {
  private let table = ExpressionTable(
    document: #"""
      {"a": 1, "b": {"c": 2, "0": "zero"}, "n": null, "s": "text", "e": [], "u": {"$undefined": true},
       "l": [{"x": 1, "y": [1, 2]}, {"x": {"$numberLong": "2"}}, 7, [{"x": 9}], {"y": [3]}],
       "deep": [{"p": [{"q": 1}, {"q": 2}]}, {"p": [{"q": 3}]}, {"p": {"q": 4}}]}
      """#)

  @Test("a path leads to a field, and through an array to that field of all its documents")
  func paths() throws {
    try table.check([
      (#""$a""#, "1"), (#""$b.c""#, "2"), (#""$b""#, #"{"c": 2, "0": "zero"}"#), (#""$n""#, "null"),
      (#""$none""#, "missing"), (#""$a.b""#, "missing"), (#""$n.b""#, "missing"), (#""$b.0""#, #""zero""#),
      (#""$l.x""#, #"[1, {"$numberLong": "2"}]"#), (#""$l.y""#, "[[1, 2], [3]]"), (#""$l.0""#, "[]"),
      (#""$l.none""#, "[]"), (#""$e.x""#, "[]"), (#""$deep.p.q""#, "[[1, 2], [3], 4]"),
      (#""text""#, #""text""#),
    ])
  }

  @Test("variables stand for the document, for nothing, and for what $let says")
  func variables() throws {
    try table.check([
      (#""$$ROOT.a""#, "1"), (#""$$CURRENT.b.c""#, "2"), (#""$$REMOVE""#, "missing"),
      (#""$$REMOVE.a""#, "missing"),
      (#"{"$type": "$$ROOT"}"#, #""object""#), (#"{"$eq": ["$$ROOT", "$$CURRENT"]}"#, "true"),
      (#""$$NOW""#, #"{"$date": {"$numberLong": "1000"}}"#),
      (#"{"$let": {"vars": {"x": "$a", "y": 5}, "in": {"$add": ["$$x", "$$y"]}}}"#, "6"),
      (#"{"$let": {"vars": {"x": "$b"}, "in": "$$x.c"}}"#, "2"),
      (#"{"$let": {"vars": {"x": "$l"}, "in": "$$x.x"}}"#, #"[1, {"$numberLong": "2"}]"#),
      (#"{"$let": {"vars": {"x": "$none"}, "in": "$$x"}}"#, "missing"),
      (#"{"$let": {"vars": {"x": "$s"}, "in": "$$x.y"}}"#, "missing"),
      (#"{"$let": {"vars": {"CURRENT": "$b"}, "in": "$c"}}"#, "2"),
      (
        #"{"$let": {"vars": {"x": 1}, "in": {"$let": {"vars": {"x": 2, "y": "$$x"}, "in": ["$$x", "$$y"]}}}}"#,
        "[2, 1]"
      ),
      (#"{"$let": {"vars": {}, "in": 3}}"#, "3"),
      (#"{"$let": {"vars": {"X": 1}, "in": 1}}"#, "invalidArgument"),
      (#"{"$let": {"vars": {"a-b": 1}, "in": 1}}"#, "invalidArgument"),
      (#"{"$let": {"vars": {"é_1": 1}, "in": "$$é_1"}}"#, "1"),
      (#"{"$let": {"vars": 1, "in": 1}}"#, "invalidArgument"), (#"{"$let": {"in": 1}}"#, "invalidArgument"),
      (#"{"$let": {"vars": {}, "in": 1, "more": 1}}"#, "invalidArgument"), (#""$$none""#, "invalidArgument"),
      (#""$$""#, "invalidArgument"), (#""$$ROOT.""#, "invalidPath"), (#""$""#, "invalidPath"),
      (#""$a.""#, "invalidPath"),
      (#""$a..b""#, "invalidPath"), (#""$a.$b""#, "invalidPath"), (#""$a.$id""#, "missing"),
      (#""$.a""#, "invalidPath"),
      (
        #"{"$let": {"vars": {"x": 1}, "in": {"$add": ["$$x", {"$let": {"vars": {"y": 2}, "in": "$$x"}}, "$$x"]}}}"#,
        "3"
      ),
    ])
  }

  @Test("documents and arrays build documents and arrays")
  func building() throws {
    try table.check([
      (
        #"{"x": "$a", "y": {"z": "$b.c"}, "gone": "$none", "w": {"v": "$none"}}"#,
        #"{"x": 1, "y": {"z": 2}, "w": {}}"#
      ),
      (#"["$a", "$none", {"$add": [1, 1]}, "k"]"#, #"[1, null, 2, "k"]"#), ("{}", "{}"), ("[]", "[]"),
      (#"{"x": "$$REMOVE"}"#, "{}"),
      (
        #"{"x": ["$l"]}"#,
        #"{"x": [[{"x": 1, "y": [1, 2]}, {"x": {"$numberLong": "2"}}, 7, [{"x": 9}], {"y": [3]}]]}"#
      ),
      (#"{"$literal": "$a"}"#, #""$a""#), (#"{"$literal": {"$add": [1, "$b"]}}"#, #"{"$add": [1, "$b"]}"#),
      (#"{"x": 1, "$add": [1]}"#, "invalidPath"), (#"{"$add": [1], "x": 1}"#, "invalidArgument"),
      (#"{"x.y": 1}"#, "invalidPath"), (#"{"": 1}"#, "invalidPath"),
      (#"{"x": 1, "x": 2}"#, "invalidArgument"),
      (#"{"$foo": 1}"#, "unknownOperator"), (#"{"x": {"$foo": 1}}"#, "unknownOperator"),
      (#"{"$gtx": [1, 2]}"#, "unknownOperator"),
    ])
  }

  @Test("comparison goes across types, and a missing value is below null")
  func comparison() throws {
    try table.check([
      (#"{"$eq": ["$a", 1.0]}"#, "true"), (#"{"$eq": ["$a", "$b.c"]}"#, "false"),
      (#"{"$ne": ["$a", 1]}"#, "false"),
      (#"{"$gt": ["$b.c", "$a"]}"#, "true"), (#"{"$gte": ["$a", {"$numberDecimal": "1.00"}]}"#, "true"),
      (#"{"$lt": ["$a", "text"]}"#, "true"), (#"{"$lte": ["$s", "$a"]}"#, "false"),
      (#"{"$lt": ["$none", "$n"]}"#, "true"),
      (#"{"$eq": ["$none", null]}"#, "false"), (#"{"$eq": ["$none", "$other"]}"#, "true"),
      (#"{"$eq": ["$none", "$u"]}"#, "true"),
      (#"{"$gt": ["$none", {"$minKey": 1}]}"#, "true"), (#"{"$lt": ["$none", 0]}"#, "true"),
      (#"{"$cmp": ["$a", 5]}"#, "-1"),
      (#"{"$cmp": ["$a", 1.0]}"#, "0"), (#"{"$cmp": ["$s", 5]}"#, "1"), (#"{"$eq": ["$e", []]}"#, "true"),
      (#"{"$gt": ["$e", {"z": 1}]}"#, "true"), (#"{"$gt": [[1, 3], [1, 2, 9]]}"#, "true"),
      (#"{"$eq": [{"x": "$a"}, {"x": 1.0}]}"#, "true"),
      (#"{"$gt": ["$l.x", [1, 1]]}"#, "true"),
      (#"{"$gt": [true, {"$oid": "56e1fc72e0c917e9c4714161"}]}"#, "true"),
      (#"{"$eq": [1]}"#, "invalidArgument"), (#"{"$eq": [1, 2, 3]}"#, "invalidArgument"),
      (#"{"$eq": "$a"}"#, "invalidArgument"),
      (#"{"$lt": ["$b", {"c": 3}]}"#, "true"), (#"{"$eq": ["$e", null]}"#, "false"),
    ])
  }

  @Test("truth: false are false, null, undefined, missing values and zeros")
  func truth() throws {
    try table.check([
      (#"{"$and": []}"#, "true"), (#"{"$or": []}"#, "false"), (#"{"$and": ["$a", true]}"#, "true"),
      (#"{"$and": ["$a", "$none"]}"#, "false"),
      (
        #"{"$or": [null, 0, 0.0, {"$numberLong": "0"}, {"$numberDecimal": "-0.0"}, "$u", false, "$none"]}"#,
        "false"
      ),
      (#"{"$or": ["", 0]}"#, "true"),
      (#"{"$and": ["$e", {}, "", {"$numberDouble": "NaN"}, {"$minKey": 1}]}"#, "true"),
      (#"{"$not": ["$a"]}"#, "false"), (#"{"$not": "$n"}"#, "true"), (#"{"$not": [[false]]}"#, "false"),
      (#"{"$not": []}"#, "invalidArgument"),
      (#"{"$not": [1, 2]}"#, "invalidArgument"), (#"{"$and": "$a"}"#, "true"),
      (#"{"$or": {"$eq": ["$a", 2]}}"#, "false"),
      (#"{"$and": [false, {"$divide": [1, 0]}]}"#, "false"), (#"{"$or": [1, {"$divide": [1, 0]}]}"#, "true"),
      (#"{"$and": [true, {"$divide": [1, 0]}]}"#, "overflow"),
      (#"{"$or": [{"$numberDecimal": "0.1"}]}"#, "true"),
    ])
  }

  @Test("choices evaluate only what they choose")
  func choices() throws {
    try table.check([
      (#"{"$cond": [true, 1, 2]}"#, "1"),
      (#"{"$cond": {"if": "$none", "then": 1, "else": "$none"}}"#, "missing"),
      (#"{"$cond": {"then": "T", "else": "E", "if": {"$gt": ["$b.c", 1]}}}"#, #""T""#),
      (#"{"$cond": [1, 2]}"#, "invalidArgument"),
      (#"{"$cond": {"if": 1, "then": 2}}"#, "invalidArgument"),
      (#"{"$cond": {"if": 1, "then": 2, "else": 3, "x": 4}}"#, "invalidArgument"),
      (#"{"$cond": [true, 1, {"$divide": [1, 0]}]}"#, "1"),
      (#"{"$ifNull": ["$none", "$n", "$u", 5, {"$divide": [1, 0]}]}"#, "5"),
      (#"{"$ifNull": ["$none", "$n"]}"#, "null"), (#"{"$ifNull": ["$n", "$none"]}"#, "missing"),
      (#"{"$ifNull": ["$a"]}"#, "invalidArgument"),
      (#"{"$ifNull": ["$a", 2]}"#, "1"),
      (
        #"{"$switch": {"branches": [{"case": false, "then": 1}, {"case": 1, "then": 2}, {"case": {"$divide": [1, 0]}, "then": 3}]}}"#,
        "2"
      ),
      (#"{"$switch": {"branches": [{"case": "$none", "then": 1}], "default": "d"}}"#, #""d""#),
      (#"{"$switch": {"branches": [{"case": false, "then": 1}]}}"#, "invalidArgument"),
      (#"{"$switch": {"branches": []}}"#, "invalidArgument"),
      (#"{"$switch": {"branches": [{"case": 1}]}}"#, "invalidArgument"),
      (#"{"$switch": {"branches": [{"case": 1, "then": 1, "x": 1}]}}"#, "invalidArgument"),
      (#"{"$switch": {"branches": {"case": 1, "then": 1}}}"#, "invalidArgument"),
      (#"{"$switch": {"default": 1}}"#, "invalidArgument"),
      (#"{"$switch": 1}"#, "invalidArgument"),
    ])
  }

  @Test("nesting beyond the limit is refused, and up to it works")
  func depth() throws {
    func nested(_ levels: Int) -> BSONValue {
      var value: BSONValue = true
      for _ in 0..<levels { value = .document(["$not": .array([value])]) }
      return value
    }
    #expect(ExpressionTable.result(of: nested(98), over: [:]) == "true")
    #expect(ExpressionTable.result(of: nested(100), over: [:]) == "limitExceeded")
    #expect(ExpressionTable.result(of: nested(5000), over: [:]) == "limitExceeded")
  }

  @Test("what an expression builds is limited in size and nesting")
  func growth() throws {
    var doubling: BSONValue = "$s"
    for _ in 0..<40 { doubling = ["$let": ["vars": ["x": doubling], "in": ["$concat": ["$$x", "$$x"]]]] }
    #expect(ExpressionTable.result(of: doubling, over: ["s": "ab"]) == "limitExceeded")
    var pairs: BSONValue = "$s"
    for _ in 0..<40 { pairs = ["$let": ["vars": ["x": pairs], "in": ["$$x", "$$x"]]] }
    #expect(ExpressionTable.result(of: pairs, over: ["s": "ab"]) == "limitExceeded")
    let nesting: BSONValue = [
      "$reduce": ["input": ["$range": [0, 100_000]], "initialValue": 1, "in": ["$$value"]]
    ]
    #expect(ExpressionTable.result(of: nesting, over: [:]) == "limitExceeded")
    let rows: BSONValue = ["$map": ["input": ["$range": [0, 100_000]], "in": ["$range": [0, 1000]]]]
    #expect(ExpressionTable.result(of: rows, over: [:]) == "limitExceeded")
  }

  @Test("truth and evaluation agree, and an error names the place and the operator")
  func agreement() throws {
    let document: Document = ["a": 0, "b": [1]]
    for (text, expected) in [("$a", false), ("$b", true), ("$none", false)] {
      let expression = try Expression(.string(text), at: "$expr")
      let isTrue = try document.withRawDocument { (raw) throws(QueryError) in try expression.isTrue(raw) }
      #expect(isTrue == expected)
    }
    let division = try Expression(["$divide": ["$b", 1]], at: "$expr")
    #expect {
      _ = try document.withRawDocument { (raw) throws(QueryError) in try division.evaluate(raw) }
    } throws: { error in
      let message = (error as? QueryError)?.message ?? ""
      return message.hasPrefix("$expr: $divide") && message.contains("array")
    }
    #expect(throws: QueryError.self) { _ = try Expression("$$NOW", at: "$expr") }
  }
}
