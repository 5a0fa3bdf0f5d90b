import BSON
import Testing

@testable import HoldfastQuery

@Suite("Distinct values")
struct DistinctTests {
  @Test(
    "arrays are unwound one level, and paths go through arrays of documents",
    arguments: [
      ("a", #"{"a":1}"#, "[1]"), ("a", #"{"b":1}"#, "[]"), ("a", #"{"a":null}"#, "[null]"),
      ("a", #"{"a":[1,2,1]}"#, "[1,2,1]"), ("a", #"{"a":[]}"#, "[]"), ("a", #"{"a":[[1],2]}"#, "[[1],2]"),
      ("a", #"{"a":{"b":1}}"#, #"[{"b":1}]"#), ("a", #"{"a":[{"b":1}]}"#, #"[{"b":1}]"#),
      ("a.b", #"{"a":{"b":1}}"#, "[1]"), ("a.b", #"{"a":5}"#, "[]"),
      ("a.b", #"{"a":{"b":[1,[2]]}}"#, "[1,[2]]"),
      ("a.b", #"{"a":[{"b":1},{"b":[2,3]},{"c":4},5,null]}"#, "[1,2,3]"),
      ("a.b", #"{"a":[[{"b":1}]]}"#, "[]"), ("a.b.c", #"{"a":[{"b":[{"c":1},{"c":[2]}]}]}"#, "[1,2]"),
      ("a.0", #"{"a":[7,8]}"#, "[7]"), ("a.1", #"{"a":[7,[8,9]]}"#, "[8,9]"), ("a.2", #"{"a":[7,8]}"#, "[]"),
      ("a.0.b", #"{"a":[{"b":1},{"b":2}]}"#, "[1]"), ("a.0.b", #"{"a":[[{"b":1},{"b":2}]]}"#, "[1,2]"),
      ("a.0", #"{"a":{"0":1}}"#, "[1]"), ("a.00", #"{"a":[1]}"#, "[]"), ("", #"{"":1}"#, "[1]"),
      ("a.", #"{"a":[{"":1}]}"#, "[1]"),
    ])
  func values(_ path: String, _ text: String, _ expected: String) throws {
    let document = try Document(extendedJSON: text)
    let values = document.withRawDocument { Distinct.values(at: FieldPath(path), in: $0) }
    #expect(values == (try BSONValue(extendedJSON: expected)).arrayValue, "\(path) of \(text)")
  }
}
