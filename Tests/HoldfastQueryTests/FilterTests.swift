import BSON
import Testing

@testable import HoldfastQuery

@Suite("Filters, operator by operator")
struct FilterTests {
  @Test("no condition matches everything")
  func empty() {
    check("{}", matches: ["{}", "{\"a\": 1}"], not: [])
    check("{\"$comment\": \"why\"}", matches: ["{}"], not: [])
  }

  @Test("equality is by value across number types, and looks into arrays")
  func equality() {
    check(
      #"{"a": 1}"#,
      matches: [
        #"{"a": 1}"#, #"{"a": 1.0}"#, #"{"a": {"$numberLong": "1"}}"#, #"{"a": {"$numberDecimal": "1.00"}}"#,
        #"{"a": [0, 1]}"#,
      ],
      not: [
        #"{"a": "1"}"#, #"{"a": true}"#, #"{"a": [[1]]}"#, #"{"a": {"b": 1}}"#, "{}", #"{"a": null}"#,
        #"{"a": []}"#,
      ])
    check(
      #"{"a": "x"}"#, matches: [#"{"a": "x"}"#, #"{"a": {"$symbol": "x"}}"#],
      not: [#"{"a": "X"}"#, #"{"a": "xx"}"#])
    check(#"{"a": {"$eq": "x"}}"#, matches: [#"{"a": ["y", "x"]}"#], not: [#"{"a": ["y"]}"#])
    check(
      #"{"a": [1, 2]}"#, matches: [#"{"a": [1, 2]}"#, #"{"a": [[1, 2], 3]}"#, #"{"a": [1.0, 2]}"#],
      not: [#"{"a": [2, 1]}"#, #"{"a": [1, 2, 3]}"#, #"{"a": 1}"#])
    check(#"{"a": []}"#, matches: [#"{"a": []}"#, #"{"a": [[]]}"#], not: [#"{"a": [1]}"#, "{}"])
    check(
      #"{"a": {"b": 1, "c": 2}}"#, matches: [#"{"a": {"b": 1, "c": 2}}"#, #"{"a": [{"b": 1.0, "c": 2}]}"#],
      not: [#"{"a": {"c": 2, "b": 1}}"#, #"{"a": {"b": 1, "c": 2, "d": 3}}"#, #"{"a": {"b": 1}}"#])
    check(#"{"a": {}}"#, matches: [#"{"a": {}}"#], not: [#"{"a": {"b": 1}}"#, #"{"a": []}"#, "{}"])
    check(
      #"{"a": {"$date": "2020-01-01T00:00:00Z"}}"#, matches: [#"{"a": {"$date": "2020-01-01T00:00:00Z"}}"#],
      not: [#"{"a": {"$timestamp": {"t": 1577836800, "i": 0}}}"#, #"{"a": 1577836800000}"#])
    check(#"{"a": false}"#, matches: [#"{"a": false}"#], not: [#"{"a": 0}"#, #"{"a": null}"#, "{}"])
    check(
      #"{"a": {"$numberDouble": "NaN"}}"#,
      matches: [#"{"a": {"$numberDouble": "NaN"}}"#, #"{"a": {"$numberDecimal": "NaN"}}"#],
      not: [#"{"a": 0}"#])
  }

  @Test("null is equal to null, undefined and a missing field, but not to what an array lacks")
  func null() {
    check(
      #"{"a": null}"#,
      matches: ["{}", #"{"a": null}"#, #"{"a": {"$undefined": true}}"#, #"{"a": [1, null]}"#],
      not: [#"{"a": 0}"#, #"{"a": []}"#, #"{"a": [1]}"#, #"{"a": {}}"#, #"{"a": [[null]]}"#])
    check(
      #"{"a.b": null}"#,
      matches: [
        #"{"a": {}}"#, #"{"a": null}"#, #"{"a": 4}"#, "{}", #"{"a": {"b": null}}"#,
        #"{"a": [{"b": null}, {"b": 3}]}"#,
        #"{"a": [{"b": 3}, {}]}"#, #"{"a": {"$undefined": true}}"#,
      ],
      not: [
        #"{"a": {"b": "hi"}}"#, #"{"a": []}"#, #"{"a": [[]]}"#, #"{"a": [null, null]}"#,
        #"{"a": [1, "string", 4]}"#,
        #"{"a": [{"b": 1}, {"b": 3}]}"#,
      ])
    check(
      #"{"a": {"$ne": null}}"#, matches: [#"{"a": 0}"#, #"{"a": []}"#],
      not: ["{}", #"{"a": null}"#, #"{"a": [null]}"#])
    check(#"{"a": {"$gte": null}}"#, matches: ["{}", #"{"a": null}"#], not: [#"{"a": 1}"#])
    check(#"{"a": {"$gt": null}}"#, matches: [], not: ["{}", #"{"a": null}"#, #"{"a": 1}"#])
  }

  @Test("comparisons keep to the group of types of their argument")
  func ranges() {
    check(
      #"{"a": {"$gt": 5}}"#,
      matches: [#"{"a": 6}"#, #"{"a": 5.5}"#, #"{"a": [1, 9]}"#, #"{"a": {"$numberDouble": "Infinity"}}"#],
      not: [
        #"{"a": 5}"#, #"{"a": "6"}"#, #"{"a": null}"#, "{}", #"{"a": {"$numberDouble": "NaN"}}"#,
        #"{"a": [[9]]}"#, #"{"a": true}"#,
      ])
    check(
      #"{"a": {"$gte": 5, "$lt": 7}}"#, matches: [#"{"a": 5}"#, #"{"a": 6.9}"#, #"{"a": [1, 9]}"#],
      not: [#"{"a": 7}"#, #"{"a": [1, 4]}"#])
    check(
      #"{"a": {"$lt": "b"}}"#, matches: [#"{"a": "a"}"#, #"{"a": ""}"#], not: [#"{"a": "b"}"#, #"{"a": 1}"#])
    check(
      #"{"a": {"$lte": {"$numberDouble": "NaN"}}}"#, matches: [#"{"a": {"$numberDouble": "NaN"}}"#],
      not: [#"{"a": 1}"#])
    check(
      #"{"a": {"$lt": {"$numberDouble": "NaN"}}}"#, matches: [],
      not: [#"{"a": {"$numberDouble": "NaN"}}"#, #"{"a": 1}"#])
    check(
      #"{"a": {"$gt": [1, 2]}}"#, matches: [#"{"a": [1, 3]}"#, #"{"a": [2]}"#, #"{"a": [[3], 0]}"#],
      not: [#"{"a": [1]}"#, #"{"a": 9}"#])
    check(
      #"{"a": {"$gt": {"b": 1}}}"#, matches: [#"{"a": {"b": 2}}"#, #"{"a": {"c": 1}}"#],
      not: [#"{"a": {"b": 1}}"#, #"{"a": {"a": 1}}"#])
    check(#"{"a": {"$lt": true}}"#, matches: [#"{"a": false}"#], not: [#"{"a": true}"#, #"{"a": 0}"#])
    check(
      #"{"a": {"$gt": {"$minKey": 1}}}"#,
      matches: [#"{"a": 1}"#, "{}", #"{"a": null}"#, #"{"a": {"$maxKey": 1}}"#],
      not: [#"{"a": {"$minKey": 1}}"#])
    check(#"{"a": {"$lte": {"$maxKey": 1}}}"#, matches: [#"{"a": 1}"#, #"{"a": {"$maxKey": 1}}"#], not: [])
    check(#"{"a": {"$gt": {"$numberDecimal": "0.1"}}}"#, matches: [#"{"a": 0.1}"#], not: [#"{"a": 0.09}"#])
    check(
      #"{"a": {"$lt": 9007199254740993}}"#, matches: [#"{"a": 9007199254740992.0}"#],
      not: [#"{"a": 9007199254740994.0}"#])
  }

  @Test("$ne and $nin are the negations of equality, also for arrays and missing fields")
  func negations() {
    check(
      #"{"a": {"$ne": 1}}"#, matches: ["{}", #"{"a": 2}"#, #"{"a": [2, 3]}"#, #"{"a": "1"}"#],
      not: [#"{"a": 1}"#, #"{"a": [1, 2]}"#])
    check(#"{"a": {"$nin": [1, null]}}"#, matches: [#"{"a": 2}"#], not: [#"{"a": 1}"#, "{}", #"{"a": [1]}"#])
    check(#"{"a": {"$nin": []}}"#, matches: ["{}", #"{"a": 1}"#], not: [])
    check(
      #"{"a": {"$not": {"$gt": 5}}}"#, matches: ["{}", #"{"a": 5}"#, #"{"a": "x"}"#],
      not: [#"{"a": 6}"#, #"{"a": [1, 6]}"#])
    check(
      #"{"a": {"$not": {"$gt": 5, "$lt": 9}}}"#, matches: [#"{"a": 10}"#, #"{"a": 1}"#],
      not: [#"{"a": 7}"#, #"{"a": [1, 10]}"#])
    check(#"{"a": {"$not": {"$not": {"$eq": 1}}}}"#, matches: [#"{"a": 1}"#], not: [#"{"a": 2}"#])
  }

  @Test("$in takes values of all types, and null for a missing field")
  func inList() {
    check(
      #"{"a": {"$in": [1, "x", null, [7]]}}"#,
      matches: [
        #"{"a": 1.0}"#, #"{"a": "x"}"#, "{}", #"{"a": [5, 1]}"#, #"{"a": [7]}"#, #"{"a": [[7]]}"#,
        #"{"a": {"$undefined": true}}"#,
      ],
      not: [#"{"a": 2}"#, #"{"a": 7}"#, #"{"a": []}"#])
    check(#"{"a": {"$in": []}}"#, matches: [], not: ["{}", #"{"a": 1}"#])
    check(
      #"{"a": {"$in": [{"b": 1}, {}]}}"#, matches: [#"{"a": {"b": 1}}"#, #"{"a": {}}"#],
      not: [#"{"a": {"b": 2}}"#])
    check(
      #"{"a": {"$in": [1, 1.0, 2, 3, 5, 8]}}"#, matches: [#"{"a": 8}"#, #"{"a": 3}"#], not: [#"{"a": 4}"#])
  }

  @Test("$and, $or and $nor combine filters")
  func logic() {
    check(#"{"$and": [{"a": 1}, {"b": 2}]}"#, matches: [#"{"a": 1, "b": 2}"#], not: [#"{"a": 1}"#])
    check(
      #"{"$or": [{"a": 1}, {"b": 2}], "c": 3}"#, matches: [#"{"b": 2, "c": 3}"#],
      not: [#"{"b": 2}"#, #"{"c": 3}"#])
    check(
      #"{"$nor": [{"a": 1}, {"b": {"$exists": true}}]}"#, matches: ["{}", #"{"a": 2}"#],
      not: [#"{"a": 1}"#, #"{"b": null}"#])
    check(
      #"{"$and": [{"$or": [{"a": 1}, {"a": 2}]}, {"$nor": [{"b": 1}]}]}"#, matches: [#"{"a": 2}"#],
      not: [#"{"a": 2, "b": 1}"#])
  }

  @Test("$exists looks for the field, whatever its value")
  func exists() {
    check(
      #"{"a": {"$exists": true}}"#, matches: [#"{"a": null}"#, #"{"a": []}"#, #"{"a": 1}"#],
      not: ["{}", #"{"b": 1}"#])
    check(#"{"a": {"$exists": false}}"#, matches: ["{}"], not: [#"{"a": null}"#])
    check(#"{"a": {"$exists": 0}}"#, matches: ["{}"], not: [#"{"a": 1}"#])
    check(#"{"a": {"$exists": "yes"}}"#, matches: [#"{"a": 1}"#], not: ["{}"])
    check(
      #"{"a.b": {"$exists": true}}"#, matches: [#"{"a": [{"c": 1}, {"b": 1}]}"#, #"{"a": {"b": null}}"#],
      not: [#"{"a": [1]}"#, #"{"a": 1}"#, #"{"a": []}"#])
    check(
      #"{"a.1": {"$exists": true}}"#,
      matches: [#"{"a": [1, 2]}"#, #"{"a": {"1": 0}}"#, #"{"a": [{"1": 0}]}"#], not: [#"{"a": [1]}"#])
  }

  @Test("$type takes names and numbers, and looks at an array and its elements")
  func types() {
    check(
      #"{"a": {"$type": "string"}}"#, matches: [#"{"a": "x"}"#, #"{"a": [1, "x"]}"#],
      not: [#"{"a": 1}"#, "{}"])
    check(#"{"a": {"$type": "array"}}"#, matches: [#"{"a": []}"#, #"{"a": [1]}"#], not: [#"{"a": 1}"#])
    check(
      #"{"a": {"$type": "number"}}"#,
      matches: [#"{"a": 1}"#, #"{"a": 1.5}"#, #"{"a": {"$numberDecimal": "1"}}"#], not: [#"{"a": "1"}"#])
    check(#"{"a": {"$type": [2, 16.0]}}"#, matches: [#"{"a": "x"}"#, #"{"a": 1}"#], not: [#"{"a": 1.5}"#])
    check(#"{"a": {"$type": -1}}"#, matches: [#"{"a": {"$minKey": 1}}"#], not: [#"{"a": 1}"#])
    check(#"{"a": {"$type": "null"}}"#, matches: [#"{"a": null}"#], not: ["{}"])
    check(#"{"a": {"$type": "object"}}"#, matches: [#"{"a": {}}"#, #"{"a": [{}]}"#], not: [#"{"a": []}"#])
  }

  @Test("$all wants each of its values, in any order")
  func all() {
    check(
      #"{"a": {"$all": [1, 2]}}"#, matches: [#"{"a": [2, 3, 1]}"#], not: [#"{"a": [1]}"#, #"{"a": 1}"#, "{}"])
    check(#"{"a": {"$all": [1]}}"#, matches: [#"{"a": 1}"#, #"{"a": [1]}"#], not: [#"{"a": 2}"#])
    check(#"{"a": {"$all": []}}"#, matches: [], not: [#"{"a": []}"#, "{}"])
    check(
      #"{"a": {"$all": [[1, 2]]}}"#, matches: [#"{"a": [1, 2]}"#, #"{"a": [[1, 2]]}"#],
      not: [#"{"a": [2, 1]}"#])
    check(#"{"a": {"$all": [null]}}"#, matches: ["{}", #"{"a": null}"#], not: [#"{"a": 1}"#])
    check(
      #"{"a": {"$all": [{"$elemMatch": {"b": 1}}, {"$elemMatch": {"b": 2}}]}}"#,
      matches: [#"{"a": [{"b": 2}, {"b": 1}]}"#],
      not: [#"{"a": [{"b": 1}]}"#])
  }

  @Test("$elemMatch wants one element that fulfils everything")
  func elementMatch() {
    check(
      #"{"a": {"$elemMatch": {"$gt": 1, "$lt": 5}}}"#, matches: [#"{"a": [0, 3]}"#],
      not: [#"{"a": [0, 9]}"#, #"{"a": 3}"#, #"{"a": [[3]]}"#, #"{"a": []}"#])
    check(
      #"{"a": {"$elemMatch": {"b": 1, "c": 2}}}"#, matches: [#"{"a": [{"b": 0}, {"b": 1, "c": 2}]}"#],
      not: [#"{"a": [{"b": 1}, {"c": 2}]}"#, #"{"a": {"b": 1, "c": 2}}"#])
    check(
      #"{"a": {"$elemMatch": {"$or": [{"b": 1}, {"c": 2}]}}}"#, matches: [#"{"a": [{"c": 2}]}"#],
      not: [#"{"a": [{"c": 1}]}"#])
    check(#"{"a": {"$elemMatch": {"$nin": [1, 2]}}}"#, matches: [#"{"a": [1, 3]}"#], not: [#"{"a": [1, 2]}"#])
    check(
      #"{"a": {"$elemMatch": {"$elemMatch": {"$eq": 1}}}}"#, matches: [#"{"a": [[1]]}"#],
      not: [#"{"a": [1]}"#])
    check(#"{"a": {"$elemMatch": {"0": 1}}}"#, matches: [#"{"a": [[1]]}"#], not: [#"{"a": [1]}"#])
    check(
      #"{"a": {"$elemMatch": {}}}"#, matches: [#"{"a": [{}]}"#, #"{"a": [[]]}"#],
      not: [#"{"a": [1]}"#, #"{"a": []}"#])
    check(
      #"{"a.b": {"$elemMatch": {"$gt": 1}}}"#, matches: [#"{"a": [{"b": [2]}]}"#, #"{"a": {"b": [2]}}"#],
      not: [#"{"a": [{"b": 2}]}"#])
    check(
      #"{"a": {"$elemMatch": {"$not": {"$gt": 1}}}}"#, matches: [#"{"a": [5, 1]}"#], not: [#"{"a": [5]}"#])
  }

  @Test("$size counts the elements of an array")
  func size() {
    check(
      #"{"a": {"$size": 2}}"#, matches: [#"{"a": [1, 2]}"#, #"{"a": [[], []]}"#],
      not: [#"{"a": [1]}"#, #"{"a": [[1, 2]]}"#, #"{"a": 2}"#, "{}"])
    check(#"{"a": {"$size": 0.0}}"#, matches: [#"{"a": []}"#], not: [#"{"a": [1]}"#, "{}"])
    check(#"{"a.b": {"$size": 1}}"#, matches: [#"{"a": [{"b": [1]}]}"#], not: [#"{"a": [{"b": 1}]}"#])
  }

  @Test("$mod takes remainders of whole parts")
  func mod() {
    check(
      #"{"a": {"$mod": [4, 1]}}"#,
      matches: [#"{"a": 5}"#, #"{"a": 5.9}"#, #"{"a": {"$numberDecimal": "9.5"}}"#, #"{"a": [2, 5]}"#],
      not: [#"{"a": 4}"#, #"{"a": "5"}"#, #"{"a": {"$numberDouble": "NaN"}}"#])
    check(#"{"a": {"$mod": [4, -1]}}"#, matches: [#"{"a": -5}"#], not: [#"{"a": 5}"#])
    check(#"{"a": {"$mod": [4.7, 1.9]}}"#, matches: [#"{"a": 5}"#], not: [#"{"a": 4}"#])
    check(
      #"{"a": {"$mod": [-1, 0]}}"#, matches: [#"{"a": {"$numberLong": "-9223372036854775808"}}"#], not: [])
  }

  @Test("bits are tested in numbers with their sign, and in binary data")
  func bits() {
    check(
      #"{"a": {"$bitsAllSet": 5}}"#, matches: [#"{"a": 7}"#, #"{"a": 5.0}"#, #"{"a": [0, 5]}"#],
      not: [#"{"a": 4}"#, #"{"a": 5.5}"#, #"{"a": "5"}"#, #"{"a": {"$numberDecimal": "5"}}"#])
    check(#"{"a": {"$bitsAllSet": [0, 70]}}"#, matches: [#"{"a": -1}"#], not: [#"{"a": 1}"#])
    check(#"{"a": {"$bitsAllClear": [1]}}"#, matches: [#"{"a": 5}"#, #"{"a": 0}"#], not: [#"{"a": 2}"#])
    check(#"{"a": {"$bitsAnySet": 6}}"#, matches: [#"{"a": 2}"#], not: [#"{"a": 1}"#])
    check(#"{"a": {"$bitsAnyClear": 3}}"#, matches: [#"{"a": 2}"#], not: [#"{"a": 3}"#])
    check(
      #"{"a": {"$bitsAllSet": {"$binary": {"base64": "AQ==", "subType": "00"}}}}"#,
      matches: [#"{"a": 1}"#, #"{"a": {"$binary": {"base64": "Aw==", "subType": "00"}}}"#],
      not: [#"{"a": 2}"#])
    check(
      #"{"a": {"$bitsAllClear": [9]}}"#,
      matches: [#"{"a": {"$binary": {"base64": "Aw==", "subType": "00"}}}"#],
      not: [#"{"a": {"$binary": {"base64": "AAI=", "subType": "00"}}}"#])
  }

  @Test("paths go through documents, arrays and their places")
  func paths() {
    check(
      #"{"a.b": 1}"#,
      matches: [#"{"a": {"b": 1}}"#, #"{"a": [{"b": 0}, {"b": 1}]}"#, #"{"a": [{"b": [1]}]}"#],
      not: [#"{"a": [[{"b": 1}]]}"#, #"{"a.b": 1}"#])
    check(
      #"{"a.0": 1}"#, matches: [#"{"a": [1, 2]}"#, #"{"a": {"0": 1}}"#, #"{"a": [5, {"0": 1}]}"#],
      not: [#"{"a": [2, 1]}"#])
    check(
      #"{"a.1.b": 3}"#, matches: [#"{"a": [{"b": 1}, {"b": 3}]}"#, #"{"a": [{"1": {"b": 3}}]}"#],
      not: [#"{"a": [{"b": 3}]}"#])
    check(#"{"a.0.0": 1}"#, matches: [#"{"a": [[1]]}"#], not: [#"{"a": [1]}"#])
    check(#"{"a.0.0": 7}"#, matches: [#"{"a": [[7, 8]]}"#], not: [#"{"a": [[[7, 8]]]}"#])
    check(#"{"a.0.0": 2}"#, matches: [#"{"a": [[{"0": 2}]]}"#], not: [#"{"a": [{"1": 2}]}"#])
    check(
      #"{"a.0.b": 1}"#, matches: [#"{"a": [[{"b": 1}]]}"#, #"{"a": [[5, {"b": [1]}]]}"#],
      not: [#"{"a": [[[{"b": 1}]]]}"#])
    check(#"{"a.0.b": {"$ne": 1}}"#, matches: [#"{"a": [[{"b": 2}]]}"#], not: [#"{"a": [[{"b": 1}]]}"#])
    check(
      #"{"a.0.b": null}"#, matches: [#"{"a": [[{"c": 1}]]}"#],
      not: [#"{"a": [[{"b": 1}, 3]]}"#, #"{"a": [[]]}"#])
    check(
      #"{"a.0.b": {"$elemMatch": {"$and": [{"0": 10}]}}}"#, matches: [#"{"a": [[{"b": [[10], 11]}]]}"#],
      not: [])
    check(#"{"a.1": [2, 4]}"#, matches: [#"{"a": [5, [2, 4]]}"#], not: [#"{"a": [[2, 4]]}"#])
    check(#"{"a.0": 2}"#, matches: [], not: [#"{"a": [[2, 4]]}"#])
    check(
      #"{"a.b.c": 1}"#, matches: [#"{"a": [{"b": [{"c": 1}]}]}"#], not: [#"{"a": [{"b": [[{"c": 1}]]}]}"#])
    check(#"{"a.b": 1, "a.c": 2}"#, matches: [#"{"a": [{"b": 1}, {"c": 2}]}"#], not: [#"{"a": [{"b": 1}]}"#])
    check(#"{"": 1}"#, matches: [#"{"": 1}"#], not: ["{}"])
    check(#"{"a.": 1}"#, matches: [#"{"a": {"": 1}}"#], not: [#"{"a": 1}"#])
  }

  @Test("a document whose first name begins with a dollar sign is one of operators, unless it is a DBRef")
  func references() {
    let reference = #"{"$ref": "c", "$id": 1}"#
    check("{\"a\": \(reference)}", matches: ["{\"a\": \(reference)}"], not: [#"{"a": 1}"#])
    check(#"{"a": {"b": 1, "$gt": 2}}"#, matches: [#"{"a": {"b": 1, "$gt": 2}}"#], not: [#"{"a": 3}"#])
  }

  @Test("the place of the element that matched is that of the outermost array")
  func position() throws {
    let cases: [(String, String, Int?)] = [
      (#"{"a": 2}"#, #"{"a": [1, 2, 2]}"#, 1), (#"{"a": 2}"#, #"{"a": 2}"#, nil),
      (#"{"a.b": 2}"#, #"{"a": [{"b": 1}, {"b": [0, 0, 2]}]}"#, 1),
      (#"{"a.b": 2}"#, #"{"a": {"b": [0, 0, 2]}}"#, 2),
      (#"{"a": {"$elemMatch": {"b": 3}}}"#, #"{"a": [{"b": 1}, {"b": 3}]}"#, 1),
      (#"{"a": 1, "b": 5}"#, #"{"a": [1], "b": [3, 4, 5]}"#, 2),
      // A number in the path goes through no array.
      (#"{"a.1": 2}"#, #"{"a": [1, 2]}"#, nil), (#"{"a.0.b": 1}"#, #"{"a": [{"b": 1}]}"#, nil),
      (#"{"a.0.b": 1}"#, #"{"a": [{"b": [0, 1]}]}"#, 1),
      (#"{"a": 1, "b.0": 0}"#, #"{"a": [0, 1], "b": [0]}"#, 1),
      (#"{"a.0.b": 1}"#, #"{"a": [[{"b": 0}, {"b": 1}]]}"#, 1),
      // Alternatives tell a place when they are values of one field.
      (#"{"$or": [{"a": 9}, {"a": {"$gt": 1}}]}"#, #"{"a": [1, 2]}"#, nil),
      (#"{"$or": [{"a": 1}, {"b": 5}]}"#, #"{"a": [1, 2, 3], "b": [4, 5, 6]}"#, nil),
      (#"{"$or": [{"a": 3}, {"a": 2}]}"#, #"{"a": [1, 2, 3]}"#, 1),
      (#"{"$or": [{"a": 2}]}"#, #"{"a": [1, 2]}"#, 1),
      (
        #"{"$or": [{"a": 3}, {"a": {"$regularExpression": {"pattern": "^x", "options": ""}}}]}"#,
        #"{"a": [1, "x"]}"#, 1
      ),
      (#"{"a": {"$not": {"$gt": 5}}}"#, #"{"a": [1, 2]}"#, nil),
    ]
    for (text, document, expected) in cases {
      let filter = try Filter(parse(text))
      let result = try parse(document).withRawDocument { (raw) throws(QueryError) in try filter.match(raw) }
      #expect(result?.matches == true, "\(text)")
      #expect(result?.arrayIndex == expected, "\(text)")
    }
  }
}
