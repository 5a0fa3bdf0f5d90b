import BSON
import Testing

@testable import HoldfastQuery

@Suite("Filters that are wrong")
struct FilterErrorTests {
  @Test("an unknown operator is named with its place")
  func unknown() {
    expectError(.unknownOperator, #"{"$foo": 1}"#, naming: "$foo")
    expectError(.unknownOperator, #"{"a": {"$foo": 1}}"#, naming: "$foo")
    expectError(.unknownOperator, #"{"a.b": {"$gt": 1, "c": 1}}"#, naming: "a.b")
    expectError(.unknownOperator, #"{"$not": {"a": 1}}"#)
    expectError(.unknownOperator, #"{"a": {"$and": [{"b": 1}]}}"#, naming: "$and")
    expectError(.unknownOperator, #"{"$where": "1"}"#, naming: "$where")
    expectError(.unknownOperator, #"{"a": {"$elemMatch": {"$expr": {}}}}"#, naming: "$expr")
    expectError(.unknownOperator, #"{"a": {"$GT": 1}}"#)
  }

  @Test("an argument of the wrong type or shape is named with its operator")
  func arguments() {
    let cases: [(String, String)] = [
      (#"{"$and": []}"#, "$and"), (#"{"$or": {}}"#, "$or"), (#"{"$nor": [1]}"#, "$nor"),
      (#"{"a": {"$in": 1}}"#, "$in"), (#"{"a": {"$nin": "x"}}"#, "$nin"),
      (#"{"a": {"$in": [{"$gt": 1}]}}"#, "$in"),
      (#"{"a": {"$not": 1}}"#, "$not"), (#"{"a": {"$not": {}}}"#, "$not"),
      (#"{"a": {"$not": {"b": 1}}}"#, "$not"),
      (#"{"a": {"$all": 1}}"#, "$all"), (#"{"a": {"$all": [{"$gt": 1}]}}"#, "$all"),
      (#"{"a": {"$all": [{"$elemMatch": {"b": 1}}, 1]}}"#, "$all"),
      (#"{"a": {"$all": [1, {"$elemMatch": {"b": 1}}]}}"#, "$all"),
      (#"{"a": {"$elemMatch": 1}}"#, "$elemMatch"), (#"{"a": {"$size": -1}}"#, "$size"),
      (#"{"a": {"$size": 1.5}}"#, "$size"),
      (#"{"a": {"$size": "1"}}"#, "$size"), (#"{"a": {"$type": "text"}}"#, "$type"),
      (#"{"a": {"$type": 0}}"#, "$type"),
      (#"{"a": {"$type": []}}"#, "$type"), (#"{"a": {"$type": 2.5}}"#, "$type"),
      (#"{"a": {"$type": null}}"#, "$type"),
      (#"{"a": {"$mod": [4]}}"#, "$mod"), (#"{"a": {"$mod": [4, 1, 0]}}"#, "$mod"),
      (#"{"a": {"$mod": [0, 1]}}"#, "$mod"),
      (#"{"a": {"$mod": [0.5, 1]}}"#, "$mod"), (#"{"a": {"$mod": ["4", 1]}}"#, "$mod"),
      (#"{"a": {"$mod": 4}}"#, "$mod"),
      (#"{"a": {"$mod": [{"$numberDouble": "NaN"}, 1]}}"#, "$mod"),
      (#"{"a": {"$bitsAllSet": -1}}"#, "$bitsAllSet"), (#"{"a": {"$bitsAnySet": [-1]}}"#, "$bitsAnySet"),
      (#"{"a": {"$bitsAnyClear": "x"}}"#, "$bitsAnyClear"),
      (#"{"a": {"$bitsAllClear": 1.5}}"#, "$bitsAllClear"),
      (#"{"a": {"$regex": 1}}"#, "$regex"), (#"{"a": {"$options": "i"}}"#, "$options"),
      (#"{"a": {"$regex": "x", "$options": 1}}"#, "$options"),
      (#"{"a": {"$gt": {"$regularExpression": {"pattern": "x", "options": ""}}}}"#, "$gt"),
      (#"{"a": {"$ne": {"$regularExpression": {"pattern": "x", "options": ""}}}}"#, "$ne"),
      (#"{"a": {"$undefined": true}}"#, "undefined"),
      (#"{"a": {"$in": [{"$undefined": true}]}}"#, "undefined"),
      (#"{"$jsonSchema": 1}"#, "$jsonSchema"),
    ]
    for (filter, word) in cases { expectError(.invalidArgument, filter, naming: word) }
  }

  @Test("a filter that nests too deep is refused, and does not end the process")
  func depth() {
    var document: Document = ["a": 1]
    for _ in 0..<150 { document = ["$and": .array([.document(document)])] }
    #expect(throws: QueryError.self) { try Filter(document) }
    var inner: BSONValue = ["$gt": 1]
    for _ in 0..<150 { inner = ["$not": inner] }
    #expect(throws: QueryError.self) { try Filter(["a": inner]) }
    var elements: BSONValue = ["$gt": 1]
    for _ in 0..<150 { elements = ["$elemMatch": elements] }
    #expect(throws: QueryError.self) { try Filter(["a": elements]) }
  }

  @Test("an error names no value of the filter")
  func secrecy() {
    for text in [
      #"{"a": {"$in": "hunter2"}}"#, #"{"a": {"$size": "hunter2"}}"#, #"{"a": {"$mod": ["hunter2"]}}"#,
    ] {
      do {
        _ = try Filter(parse(text))
        Issue.record("accepted")
      } catch {
        #expect(!error.message.contains("hunter2"))
      }
    }
  }
}
