import BSON
import Testing

@testable import HoldfastQuery

@Suite("Expressions: arrays, sets and documents")
struct ExpressionArrayTests {
  private let table = ExpressionTable(
    document: #"""
      {"a": [1, 2, 3, 4], "e": [], "n": null, "s": "x", "o": {"b": 1, "c": "d"},
       "docs": [{"k": 2, "v": "b"}, {"k": 1, "v": "a"}, {"v": "z"}], "mixed": [3, "b", null, 1.5, {"x": 1}, [0]]}
      """#)

  @Test("elements, lengths and slices")
  func parts() throws {
    try table.check([
      (#"{"$size": "$a"}"#, "4"), (#"{"$size": "$none"}"#, "typeMismatch"),
      (#"{"$size": "$n"}"#, "typeMismatch"), (#"{"$size": [["x"]]}"#, "1"),
      (#"{"$isArray": "$a"}"#, "true"), (#"{"$isArray": ["$s"]}"#, "false"),
      (#"{"$isArray": "$none"}"#, "false"), (#"{"$isArray": [[1, 2]]}"#, "true"),
      (#"{"$isArray": [1, 2]}"#, "invalidArgument"),
      (#"{"$arrayElemAt": ["$a", 0]}"#, "1"), (#"{"$arrayElemAt": ["$a", -1]}"#, "4"),
      (#"{"$arrayElemAt": ["$a", 4]}"#, "missing"), (#"{"$arrayElemAt": ["$a", -5]}"#, "missing"),
      (#"{"$arrayElemAt": ["$a", 1.0]}"#, "2"), (#"{"$arrayElemAt": ["$a", 1.5]}"#, "invalidArgument"),
      (#"{"$arrayElemAt": ["$a", "0"]}"#, "typeMismatch"), (#"{"$arrayElemAt": ["$s", 0]}"#, "typeMismatch"),
      (#"{"$arrayElemAt": ["$n", 0]}"#, "null"), (#"{"$arrayElemAt": ["$a", "$none"]}"#, "null"),
      (#"{"$arrayElemAt": ["$a", {"$numberLong": "4294967296"}]}"#, "invalidArgument"),
      (#"{"$first": "$a"}"#, "1"), (#"{"$last": "$a"}"#, "4"), (#"{"$first": "$e"}"#, "missing"),
      (#"{"$last": "$n"}"#, "null"), (#"{"$first": "$s"}"#, "typeMismatch"),
      (#"{"$first": "$docs.v"}"#, #""b""#),
      (#"{"$firstN": {"input": "$a", "n": 2}}"#, "[1, 2]"),
      (#"{"$lastN": {"input": "$a", "n": 9}}"#, "[1, 2, 3, 4]"),
      (#"{"$firstN": {"input": "$a", "n": 0}}"#, "invalidArgument"),
      (#"{"$firstN": {"input": "$n", "n": 1}}"#, "typeMismatch"),
      (#"{"$maxN": {"input": "$mixed", "n": 2}}"#, #"[[0], {"x": 1}]"#),
      (#"{"$minN": {"input": "$mixed", "n": 2}}"#, "[1.5, 3]"), (#"{"$minN": {"n": 2}}"#, "invalidArgument"),
      (#"{"$slice": ["$a", 2]}"#, "[1, 2]"), (#"{"$slice": ["$a", -3]}"#, "[2, 3, 4]"),
      (#"{"$slice": ["$a", 0]}"#, "[]"), (#"{"$slice": ["$a", -9]}"#, "[1, 2, 3, 4]"),
      (#"{"$slice": ["$a", 1, 2]}"#, "[2, 3]"),
      (#"{"$slice": ["$a", -2, 1]}"#, "[3]"), (#"{"$slice": ["$a", -9, 2]}"#, "[1, 2]"),
      (#"{"$slice": ["$a", 9, 2]}"#, "[]"), (#"{"$slice": ["$a", 1, 0]}"#, "invalidArgument"),
      (#"{"$slice": ["$a", 1, -1]}"#, "invalidArgument"),
      (#"{"$slice": ["$n", 1]}"#, "null"), (#"{"$slice": ["$a", "$none"]}"#, "null"),
      (#"{"$slice": ["$s", 1]}"#, "typeMismatch"), (#"{"$slice": ["$a"]}"#, "invalidArgument"),
      (#"{"$slice": ["$a", 1.5]}"#, "invalidArgument"),
      (#"{"$indexOfArray": ["$a", 3]}"#, "2"), (#"{"$indexOfArray": ["$a", 3.0, 1, 3]}"#, "2"),
      (#"{"$indexOfArray": ["$a", 3, 0, 2]}"#, "-1"), (#"{"$indexOfArray": ["$a", 9]}"#, "-1"),
      (#"{"$indexOfArray": ["$n", 1]}"#, "null"),
      (#"{"$indexOfArray": ["$s", 1]}"#, "typeMismatch"),
      (#"{"$indexOfArray": ["$a", 1, -1]}"#, "invalidArgument"), (#"{"$indexOfArray": ["$a", 1, 9]}"#, "-1"),
      (#"{"$indexOfArray": ["$mixed", null]}"#, "2"),
    ])
  }

  @Test("making arrays")
  func making() throws {
    try table.check([
      (#"{"$concatArrays": ["$a", [5], "$e"]}"#, "[1, 2, 3, 4, 5]"),
      (#"{"$concatArrays": ["$a", "$none"]}"#, "null"), (#"{"$concatArrays": ["$a", 1]}"#, "typeMismatch"),
      (#"{"$concatArrays": []}"#, "[]"), (#"{"$concatArrays": "$a"}"#, "[1, 2, 3, 4]"),
      (#"{"$reverseArray": "$a"}"#, "[4, 3, 2, 1]"), (#"{"$reverseArray": "$n"}"#, "null"),
      (#"{"$reverseArray": "$s"}"#, "typeMismatch"),
      (#"{"$range": [0, 3]}"#, "[0, 1, 2]"), (#"{"$range": [0, 10, 4]}"#, "[0, 4, 8]"),
      (#"{"$range": [3, 0, -2]}"#, "[3, 1]"), (#"{"$range": [3, 0]}"#, "[]"),
      (#"{"$range": [0, 3, 0]}"#, "invalidArgument"), (#"{"$range": [0, 1.5]}"#, "invalidArgument"),
      (#"{"$range": [0, "3"]}"#, "typeMismatch"),
      (#"{"$range": [-2147483648, 2147483647]}"#, "limitExceeded"), (#"{"$range": [0]}"#, "invalidArgument"),
      (#"{"$zip": {"inputs": ["$a", ["x", "y"]]}}"#, #"[[1, "x"], [2, "y"]]"#),
      (#"{"$zip": {"inputs": [[1], [2, 3]], "useLongestLength": true}}"#, "[[1, 2], [null, 3]]"),
      (
        #"{"$zip": {"inputs": [[1], [2, 3]], "useLongestLength": true, "defaults": ["a", "b"]}}"#,
        #"[[1, 2], ["a", 3]]"#
      ), (#"{"$zip": {"inputs": [[1], [2, 3]], "defaults": ["a", "b"]}}"#, "invalidArgument"),
      (#"{"$zip": {"inputs": ["$n", [1]]}}"#, "null"), (#"{"$zip": {"inputs": []}}"#, "invalidArgument"),
      (#"{"$zip": {"inputs": ["$s"]}}"#, "typeMismatch"),
      (#"{"$zip": {"inputs": [[1]], "useLongestLength": 1}}"#, "typeMismatch"),
      (#"{"$sortArray": {"input": "$mixed", "sortBy": 1}}"#, #"[null, 1.5, 3, "b", {"x": 1}, [0]]"#),
      (
        #"{"$sortArray": {"input": "$docs", "sortBy": {"k": 1}}}"#,
        #"[{"v": "z"}, {"k": 1, "v": "a"}, {"k": 2, "v": "b"}]"#
      ),
      (
        #"{"$sortArray": {"input": "$docs", "sortBy": {"v": -1}}}"#,
        #"[{"v": "z"}, {"k": 2, "v": "b"}, {"k": 1, "v": "a"}]"#
      ), (#"{"$sortArray": {"input": "$n", "sortBy": 1}}"#, "null"),
      (#"{"$sortArray": {"input": "$a", "sortBy": 2}}"#, "invalidArgument"),
      (#"{"$sortArray": {"input": "$s", "sortBy": 1}}"#, "typeMismatch"),
      (#"{"$sortArray": {"input": "$a"}}"#, "invalidArgument"),
      (#"{"$sortArray": {"input": "$a", "sortBy": {}}}"#, "invalidArgument"),
    ])
  }

  @Test("$map, $filter and $reduce")
  func loops() throws {
    try table.check([
      (#"{"$map": {"input": "$a", "as": "x", "in": {"$multiply": ["$$x", 2]}}}"#, "[2, 4, 6, 8]"),
      (#"{"$map": {"input": "$docs", "in": "$$this.k"}}"#, "[2, 1, null]"),
      (#"{"$map": {"input": "$n", "in": 1}}"#, "null"),
      (#"{"$map": {"input": "$s", "in": 1}}"#, "typeMismatch"),
      (#"{"$map": {"input": "$a", "as": "x"}}"#, "invalidArgument"),
      (#"{"$map": {"input": "$a", "as": "X", "in": 1}}"#, "invalidArgument"),
      (#"{"$map": {"input": "$a", "in": "$$x"}}"#, "invalidArgument"),
      (
        #"{"$map": {"input": [[1, 2], [3]], "as": "r", "in": {"$map": {"input": "$$r", "as": "x", "in": ["$$x", {"$size": "$$r"}]}}}}"#,
        "[[[1, 2], [2, 2]], [[3, 1]]]"
      ), (#"{"$map": {"input": "$a", "in": {"$add": ["$$this", "$o.b"]}}}"#, "[2, 3, 4, 5]"),
      (#"{"$filter": {"input": "$a", "as": "x", "cond": {"$gt": ["$$x", 2]}}}"#, "[3, 4]"),
      (#"{"$filter": {"input": "$mixed", "cond": "$$this"}}"#, #"[3, "b", 1.5, {"x": 1}, [0]]"#),
      (#"{"$filter": {"input": "$a", "cond": true, "limit": 2}}"#, "[1, 2]"),
      (#"{"$filter": {"input": "$a", "cond": true, "limit": 0}}"#, "invalidArgument"),
      (#"{"$filter": {"input": "$a", "cond": true, "limit": null}}"#, "[1, 2, 3, 4]"),
      (#"{"$filter": {"input": "$none", "cond": true}}"#, "null"),
      (#"{"$filter": {"input": 1, "cond": true}}"#, "typeMismatch"),
      (#"{"$filter": {"input": "$a"}}"#, "invalidArgument"),
      (#"{"$filter": {"input": "$a", "cond": 1, "x": 1}}"#, "invalidArgument"),
      (#"{"$filter": {"input": "$a", "as": 5, "cond": 1}}"#, "invalidArgument"),
      (#"{"$reduce": {"input": "$a", "initialValue": 0, "in": {"$add": ["$$value", "$$this"]}}}"#, "10"),
      (#"{"$reduce": {"input": "$e", "initialValue": "i", "in": 1}}"#, #""i""#),
      (#"{"$reduce": {"input": "$n", "initialValue": 0, "in": 1}}"#, "null"),
      (#"{"$reduce": {"input": "$s", "initialValue": 0, "in": 1}}"#, "typeMismatch"),
      (#"{"$reduce": {"input": "$a", "in": 1}}"#, "invalidArgument"),
      (
        #"{"$reduce": {"input": [[1], [2, 3]], "initialValue": [], "in": {"$concatArrays": ["$$value", "$$this"]}}}"#,
        "[1, 2, 3]"
      ),
      (
        #"{"$reduce": {"input": "$a", "initialValue": {"sum": 0, "n": 0}, "in": {"sum": {"$add": ["$$value.sum", "$$this"]}, "n": {"$add": ["$$value.n", 1]}}}}"#,
        #"{"sum": 10, "n": 4}"#
      ),
      (#"{"$in": [2.0, "$a"]}"#, "true"), (#"{"$in": ["$none", [null]]}"#, "false"),
      (#"{"$in": [5, "$s"]}"#, "typeMismatch"), (#"{"$in": [5, "$none"]}"#, "typeMismatch"),
      (#"{"$in": ["b", {"$concatArrays": ["$mixed", []]}]}"#, "true"),
      (#"{"$in": ["$o.b", ["$a", 1]]}"#, "true"), (#"{"$in": [1]}"#, "invalidArgument"),
      (#"{"$in": [{"x": 1}, "$mixed"]}"#, "true"),
    ])
  }

  @Test("sets count neither order nor repetitions")
  func sets() throws {
    try table.check([
      (#"{"$setUnion": [[3, 1, 2, 1], [2.0, 4]]}"#, "[1, 2, 3, 4]"),
      (#"{"$setUnion": ["$a", "$n"]}"#, "null"), (#"{"$setUnion": []}"#, "[]"),
      (#"{"$setUnion": [[1], "$s"]}"#, "typeMismatch"),
      (#"{"$setIntersection": [[3, 1, 2, 1], [1, 3, 9]]}"#, "[1, 3]"),
      (#"{"$setIntersection": [[1], "$none"]}"#, "null"), (#"{"$setIntersection": []}"#, "[]"),
      (#"{"$setIntersection": [[1], 5]}"#, "typeMismatch"),
      (#"{"$setDifference": [[3, 1, 3, 2], [2]]}"#, "[3, 1]"), (#"{"$setDifference": ["$n", [2]]}"#, "null"),
      (#"{"$setDifference": [1, [2]]}"#, "typeMismatch"),
      (#"{"$setEquals": [[1, 2, 2], [2, 1], [2.0, 1]]}"#, "true"), (#"{"$setEquals": [[1], [2]]}"#, "false"),
      (#"{"$setEquals": [[1], "$n"]}"#, "typeMismatch"), (#"{"$setEquals": [[1]]}"#, "invalidArgument"),
      (#"{"$setEquals": [[1], [1, 2]]}"#, "false"),
      (#"{"$setIsSubset": [[1, 1], [2, 1]]}"#, "true"), (#"{"$setIsSubset": [[1, 5], [2, 1]]}"#, "false"),
      (#"{"$setIsSubset": [[], "$a"]}"#, "true"), (#"{"$setIsSubset": ["$n", "$a"]}"#, "typeMismatch"),
      (#"{"$allElementsTrue": [[1, "a", true]]}"#, "true"), (#"{"$allElementsTrue": [[1, null]]}"#, "false"),
      (#"{"$allElementsTrue": ["$e"]}"#, "true"), (#"{"$allElementsTrue": "$a"}"#, "true"),
      (#"{"$allElementsTrue": ["$n"]}"#, "typeMismatch"),
      (#"{"$anyElementTrue": [[0, null, false]]}"#, "false"), (#"{"$anyElementTrue": ["$mixed"]}"#, "true"),
      (#"{"$anyElementTrue": ["$e"]}"#, "false"), (#"{"$anyElementTrue": [1]}"#, "typeMismatch"),
    ])
  }

  @Test("documents are merged, taken apart and put together")
  func documents() throws {
    try table.check([
      (#"{"$mergeObjects": ["$o", {"c": 2, "e": 3}, null, "$none"]}"#, #"{"b": 1, "c": 2, "e": 3}"#),
      (#"{"$mergeObjects": []}"#, "{}"), (#"{"$mergeObjects": "$o"}"#, #"{"b": 1, "c": "d"}"#),
      (#"{"$mergeObjects": ["$a"]}"#, "typeMismatch"), (#"{"$mergeObjects": ["$s", {}]}"#, "typeMismatch"),
      (#"{"$mergeObjects": "$docs"}"#, #"{"k": 1, "v": "z"}"#), (#"{"$mergeObjects": "$n"}"#, "{}"),
      (#"{"$objectToArray": "$o"}"#, #"[{"k": "b", "v": 1}, {"k": "c", "v": "d"}]"#),
      (#"{"$objectToArray": "$n"}"#, "null"), (#"{"$objectToArray": "$a"}"#, "typeMismatch"),
      (
        #"{"$arrayToObject": [[{"k": "a", "v": 1}, {"k": "b", "v": 2}, {"k": "a", "v": 3}]]}"#,
        #"{"a": 3, "b": 2}"#
      ), (#"{"$arrayToObject": {"$literal": [["a", 1], ["b", 2]]}}"#, #"{"a": 1, "b": 2}"#),
      (#"{"$arrayToObject": [[["a", 1], {"k": "b", "v": 1}]]}"#, "invalidArgument"),
      (#"{"$arrayToObject": [[[1, 1]]]}"#, "invalidArgument"), (#"{"$arrayToObject": "$none"}"#, "null"),
      (#"{"$arrayToObject": "$s"}"#, "typeMismatch"), (#"{"$arrayToObject": "$e"}"#, "{}"),
      (#"{"$arrayToObject": [[{"k": "a"}]]}"#, "invalidArgument"),
      (#"{"$getField": "s"}"#, #""x""#), (#"{"$getField": {"field": "b", "input": "$o"}}"#, "1"),
      (#"{"$getField": {"field": "z", "input": "$o"}}"#, "missing"),
      (#"{"$getField": {"field": "z", "input": "$s"}}"#, "missing"),
      (#"{"$getField": {"field": "z", "input": null}}"#, "null"),
      (#"{"$getField": {"field": {"$literal": "$x"}, "input": {"$literal": {"$x": 5}}}}"#, "5"),
      (#"{"$getField": {"field": {"$concat": ["a.", "b"]}, "input": {"$literal": {"a.b": 6}}}}"#, "6"),
      (#"{"$getField": {"$concat": ["s"]}}"#, #""x""#), (#"{"$getField": 5}"#, "typeMismatch"),
      (#"{"$getField": {"input": "$o"}}"#, "invalidArgument"), (#"{"$getField": {"field": "s"}}"#, #""x""#),
      (#"{"$getField": {"field": "a", "input": "$none"}}"#, "missing"),
      (#"{"$setField": {"field": "b", "input": "$o", "value": 9}}"#, #"{"b": 9, "c": "d"}"#),
      (
        #"{"$setField": {"field": "z.y", "input": "$o", "value": "$a"}}"#,
        #"{"b": 1, "c": "d", "z.y": [1, 2, 3, 4]}"#
      ), (#"{"$setField": {"field": "b", "input": "$o", "value": "$$REMOVE"}}"#, #"{"c": "d"}"#),
      (#"{"$setField": {"field": "b", "input": "$n", "value": 1}}"#, "null"),
      (#"{"$setField": {"field": "b", "input": "$s", "value": 1}}"#, "typeMismatch"),
      (#"{"$unsetField": {"field": "b", "input": "$o"}}"#, #"{"c": "d"}"#),
      (#"{"$unsetField": {"field": 1, "input": "$o"}}"#, "typeMismatch"),
      (#"{"$bsonSize": "$o"}"#, "21"), (#"{"$bsonSize": "$n"}"#, "null"),
      (#"{"$bsonSize": 1}"#, "typeMismatch"), (#"{"$binarySize": "é"}"#, "2"),
      (#"{"$binarySize": {"$binary": {"base64": "AQID", "subType": "00"}}}"#, "3"),
      (#"{"$binarySize": "$a"}"#, "typeMismatch"), (#"{"$binarySize": null}"#, "null"),
    ])
  }
}
