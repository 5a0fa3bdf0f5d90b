import BSON
import Testing

@testable import HoldfastQuery

@Suite("Schemas")
struct SchemaTests {
  /// Checks a schema against documents that fulfil it and others.
  private func check(
    _ schema: String, holds: [String], not others: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) throws {
    let schema = try Schema(try Document(extendedJSON: schema), at: "$jsonSchema")
    for (documents, expected) in [(holds, true), (others, false)] {
      for text in documents {
        let found = try Document(extendedJSON: text).withRawDocument { schema.matches($0) }
        #expect(found == expected, "\(text)", sourceLocation: sourceLocation)
      }
    }
  }

  @Test("types are those of JSON or of BSON")
  func types() throws {
    try check(
      #"{"properties": {"a": {"type": "number"}}}"#,
      holds: [
        "{}", #"{"a": 1}"#, #"{"a": 1.5}"#, #"{"a": {"$numberLong": "1"}}"#,
        #"{"a": {"$numberDecimal": "1"}}"#,
      ],
      not: [#"{"a": "1"}"#, #"{"a": null}"#, #"{"a": [1]}"#])
    try check(
      #"{"properties": {"a": {"type": ["string", "null", "boolean"]}}}"#,
      holds: [#"{"a": ""}"#, #"{"a": null}"#, #"{"a": false}"#],
      not: [#"{"a": 1}"#, #"{"a": {}}"#, #"{"a": []}"#, #"{"a": {"$symbol": "s"}}"#])
    try check(
      #"{"properties": {"a": {"type": "object"}, "b": {"type": "array"}}}"#, holds: [#"{"a": {}, "b": []}"#],
      not: [#"{"a": []}"#, #"{"b": {}}"#])
    try check(
      #"{"properties": {"a": {"bsonType": ["int", "objectId", "date"]}}}"#,
      holds: [
        #"{"a": 1}"#, #"{"a": {"$oid": "56e1fc72e0c917e9c4714161"}}"#,
        #"{"a": {"$date": "2020-01-01T00:00:00Z"}}"#,
      ],
      not: [#"{"a": 1.0}"#, #"{"a": {"$numberLong": "1"}}"#, #"{"a": true}"#])
    try check(
      #"{"properties": {"a": {"bsonType": "number"}}}"#, holds: [#"{"a": 1}"#, #"{"a": 1.5}"#],
      not: [#"{"a": "x"}"#])
    try check(#"{"type": "object"}"#, holds: ["{}", #"{"a": 1}"#], not: [])
    try check(#"{"bsonType": "array"}"#, holds: [], not: ["{}", #"{"a": 1}"#])
    try check("{}", holds: ["{}", #"{"a": 1}"#], not: [])
    try check(#"{"title": "t", "description": "d"}"#, holds: ["{}"], not: [])
  }

  @Test("numbers have bounds and divisors; values of other types do not count")
  func numbers() throws {
    try check(
      #"{"properties": {"a": {"minimum": 2, "maximum": 5}}}"#,
      holds: [
        #"{"a": 2}"#, #"{"a": 5.0}"#, #"{"a": {"$numberDecimal": "2.00"}}"#, #"{"a": "x"}"#, #"{"a": [1]}"#,
        "{}",
      ],
      not: [
        #"{"a": 1.99}"#, #"{"a": {"$numberLong": "6"}}"#, #"{"a": {"$numberDouble": "NaN"}}"#,
        #"{"a": {"$numberDouble": "Infinity"}}"#,
      ])
    try check(
      #"{"properties": {"a": {"minimum": 2, "exclusiveMinimum": true, "maximum": 5, "exclusiveMaximum": true}}}"#,
      holds: [#"{"a": 3}"#, #"{"a": 2.0001}"#], not: [#"{"a": 2}"#, #"{"a": 5}"#])
    try check(
      #"{"properties": {"a": {"minimum": 2, "exclusiveMinimum": false}}}"#, holds: [#"{"a": 2}"#],
      not: [#"{"a": 1}"#])
    try check(
      #"{"properties": {"a": {"minimum": {"$numberDouble": "NaN"}}}}"#,
      holds: [#"{"a": {"$numberDecimal": "NaN"}}"#], not: [#"{"a": 1}"#])
    try check(
      #"{"properties": {"a": {"multipleOf": 0.1}}}"#,
      holds: [
        #"{"a": 0.3}"#, #"{"a": 5}"#, #"{"a": 0}"#, #"{"a": {"$numberDecimal": "1.7"}}"#, #"{"a": "x"}"#,
      ],
      not: [#"{"a": 0.35}"#, #"{"a": {"$numberDouble": "NaN"}}"#, #"{"a": {"$numberDouble": "Infinity"}}"#])
    try check(
      #"{"properties": {"a": {"multipleOf": 3}}}"#,
      holds: [#"{"a": 9}"#, #"{"a": -6.0}"#, #"{"a": {"$numberLong": "9000000000000000000"}}"#],
      not: [#"{"a": 10}"#, #"{"a": 3.5}"#])
  }

  @Test("strings have lengths in code points and patterns that match anywhere")
  func strings() throws {
    try check(
      #"{"properties": {"a": {"minLength": 2, "maxLength": 3}}}"#,
      holds: [#"{"a": "ab"}"#, #"{"a": "a😀é"}"#, #"{"a": 1}"#, "{}"],
      not: [#"{"a": "a"}"#, #"{"a": "abcd"}"#, #"{"a": ""}"#])
    try check(
      #"{"properties": {"a": {"minLength": 3, "maxLength": 2}}}"#, holds: [#"{"a": 1}"#],
      not: [#"{"a": "ab"}"#, #"{"a": "abc"}"#])
    try check(
      #"{"properties": {"a": {"pattern": "b+c"}}}"#,
      holds: [#"{"a": "abbcd"}"#, #"{"a": 5}"#, #"{"a": ["x"]}"#], not: [#"{"a": "ab"}"#, #"{"a": ""}"#])
  }

  @Test("arrays have lengths, unique elements, and schemas for all or the first elements")
  func arrays() throws {
    try check(
      #"{"properties": {"a": {"minItems": 1, "maxItems": 2}}}"#,
      holds: [#"{"a": [1]}"#, #"{"a": [1, 2]}"#, #"{"a": 5}"#], not: [#"{"a": []}"#, #"{"a": [1, 2, 3]}"#])
    try check(
      #"{"properties": {"a": {"uniqueItems": true}}}"#,
      holds: [#"{"a": []}"#, #"{"a": [1, 2, "1", [1], {"b": 1}]}"#, #"{"a": "aa"}"#],
      not: [
        #"{"a": [1, 2, 1.0]}"#, #"{"a": [{"x": 1, "y": 2}, 5, {"y": 2, "x": 1}]}"#,
        #"{"a": [[1, {"p": 1, "q": 2}], [1, {"q": 2, "p": 1}]]}"#, #"{"a": [null, null]}"#,
      ])
    try check(#"{"properties": {"a": {"uniqueItems": false}}}"#, holds: [#"{"a": [1, 1]}"#], not: [])
    try check(
      #"{"properties": {"a": {"items": {"type": "number"}}}}"#,
      holds: [#"{"a": [1, 2.5]}"#, #"{"a": []}"#, #"{"a": "x"}"#], not: [#"{"a": [1, "x"]}"#])
    try check(
      #"{"properties": {"a": {"items": {"type": "number"}, "additionalItems": false}}}"#,
      holds: [#"{"a": [1, 2, 3]}"#], not: [#"{"a": ["x"]}"#])
    try check(
      #"{"properties": {"a": {"items": [{"type": "number"}, {"type": "string"}]}}}"#,
      holds: [#"{"a": [1, "x", null]}"#, #"{"a": [1]}"#, #"{"a": []}"#],
      not: [#"{"a": ["x"]}"#, #"{"a": [1, 1]}"#])
    try check(
      #"{"properties": {"a": {"items": [{"type": "number"}], "additionalItems": false}}}"#,
      holds: [#"{"a": [1]}"#, #"{"a": []}"#], not: [#"{"a": [1, 2]}"#])
    try check(
      #"{"properties": {"a": {"items": [{"type": "number"}], "additionalItems": {"type": "string"}}}}"#,
      holds: [#"{"a": [1, "x", "y"]}"#], not: [#"{"a": [1, "x", 2]}"#])
    try check(#"{"properties": {"a": {"additionalItems": false}}}"#, holds: [#"{"a": [1]}"#], not: [])
    try check(
      #"{"items": {"type": "string"}, "minItems": 5, "uniqueItems": true}"#, holds: [#"{"a": 1}"#], not: [])
  }

  @Test("documents have fields, numbers of fields, and dependencies between them")
  func documents() throws {
    try check(#"{"required": ["a", "b"]}"#, holds: [#"{"a": null, "b": 1}"#], not: [#"{"a": 1}"#, "{}"])
    try check(
      #"{"properties": {"o": {"required": ["a"]}}}"#,
      holds: [#"{"o": {"a": 1}}"#, #"{"o": 5}"#, "{}", #"{"o": [{}]}"#],
      not: [#"{"o": {}}"#, #"{"o": {"b": 1}}"#])
    try check(
      #"{"minProperties": 1, "maxProperties": 2}"#, holds: [#"{"a": 1}"#, #"{"a": 1, "b": 1}"#],
      not: ["{}", #"{"a": 1, "b": 1, "c": 1}"#])
    try check(
      #"{"properties": {"a": {}}, "additionalProperties": false}"#, holds: ["{}", #"{"a": 1}"#],
      not: [#"{"b": 1}"#, #"{"a": 1, "b": 2}"#])
    try check(
      #"{"properties": {"a": {}}, "additionalProperties": {"type": "string"}}"#,
      holds: [#"{"a": 1, "b": "x"}"#], not: [#"{"b": 1}"#])
    try check(#"{"additionalProperties": false}"#, holds: ["{}"], not: [#"{"a": 1}"#])
    try check(
      #"{"patternProperties": {"^n": {"type": "number"}, "s$": {"type": "string"}}, "additionalProperties": false}"#,
      holds: [#"{"n1": 1, "xs": "x"}"#, "{}"], not: [#"{"n1": "x"}"#, #"{"ns": 1}"#, #"{"other": 1}"#])
    try check(
      #"{"properties": {"na": {"minimum": 5}}, "patternProperties": {"^n": {"type": "number"}}}"#,
      holds: [#"{"na": 5, "nb": 1}"#, #"{"x": "y"}"#], not: [#"{"na": 4}"#, #"{"na": "x"}"#])
    try check(
      #"{"dependencies": {"a": ["b", "c"]}}"#, holds: [#"{"a": 1, "b": 1, "c": 1}"#, #"{"b": 1}"#, "{}"],
      not: [#"{"a": 1, "b": 1}"#])
    try check(
      #"{"dependencies": {"a": {"properties": {"b": {"type": "string"}}, "required": ["b"]}}}"#,
      holds: [#"{"a": 1, "b": "x"}"#, #"{"b": 1}"#], not: [#"{"a": 1}"#, #"{"a": 1, "b": 1}"#])
    try check(
      #"{"properties": {"a.b": {"type": "string"}, "é": {"type": "null"}}}"#,
      holds: [#"{"a": {"b": 1}}"#, #"{"a.b": "x", "é": null}"#], not: [#"{"a.b": 1}"#, #"{"é": 1}"#])
    try check(
      #"{"properties": {"a": {"properties": {"b": {"properties": {"c": {"type": "null"}}}}}}}"#,
      holds: [#"{"a": {"b": {"c": null}}}"#, #"{"a": {"b": [{"c": 1}]}}"#], not: [#"{"a": {"b": {"c": 1}}}"#])
  }

  @Test("a value is one of several, and schemas are combined")
  func combinations() throws {
    try check(
      #"{"properties": {"a": {"enum": [1, "x", null, [1, 2], {"p": 1, "q": {"r": 1, "s": 2}}]}}}"#,
      holds: [
        #"{"a": 1.0}"#, #"{"a": "x"}"#, #"{"a": null}"#, #"{"a": [1, 2]}"#,
        #"{"a": {"q": {"s": 2, "r": 1}, "p": 1}}"#, "{}",
      ],
      not: [
        #"{"a": 2}"#, #"{"a": [1]}"#, #"{"a": [2, 1]}"#, #"{"a": {"p": 1}}"#,
        #"{"a": {"p": 1, "q": {"r": 1, "s": 3}}}"#, #"{"a": {"$undefined": true}}"#,
      ])
    try check(#"{"enum": [{"a": 1, "b": 2}, 5]}"#, holds: [#"{"b": 2, "a": 1}"#], not: ["{}", #"{"a": 1}"#])
    try check(
      #"{"properties": {"a": {"allOf": [{"minimum": 1}, {"maximum": 3}]}}}"#, holds: [#"{"a": 2}"#, "{}"],
      not: [#"{"a": 0}"#, #"{"a": 4}"#])
    try check(
      #"{"anyOf": [{"required": ["a"]}, {"required": ["b"]}]}"#, holds: [#"{"a": 1}"#, #"{"a": 1, "b": 1}"#],
      not: ["{}"])
    try check(
      #"{"oneOf": [{"required": ["a"]}, {"required": ["b"]}, {"required": ["c"]}]}"#,
      holds: [#"{"a": 1}"#, #"{"c": 1}"#], not: ["{}", #"{"a": 1, "b": 1}"#, #"{"a": 1, "b": 1, "c": 1}"#])
    try check(
      #"{"properties": {"a": {"not": {"type": "number"}}}}"#, holds: [#"{"a": "x"}"#, "{}"],
      not: [#"{"a": 1}"#])
    try check(#"{"not": {"required": ["a"]}}"#, holds: ["{}"], not: [#"{"a": 1}"#])
  }

  @Test(
    "what is no schema is refused",
    arguments: [
      #"{"$ref": "x"}"#, #"{"$schema": "x"}"#, #"{"default": 1}"#, #"{"definitions": {}}"#,
      #"{"format": "email"}"#, #"{"id": "x"}"#,
      #"{"foo": 1}"#, #"{"Type": "object"}"#, #"{"type": "integer"}"#, #"{"type": "int"}"#, #"{"type": 5}"#,
      #"{"type": []}"#,
      #"{"type": ["string", "string"]}"#, #"{"type": "object", "bsonType": "object"}"#,
      #"{"bsonType": "integer"}"#, #"{"bsonType": 16}"#, #"{"bsonType": [2]}"#,
      #"{"bsonType": "missing"}"#, #"{"type": "object", "type": "object"}"#, #"{"properties": 1}"#,
      #"{"properties": {"a": 1}}"#, #"{"properties": {"a": {"foo": 1}}}"#,
      #"{"required": []}"#, #"{"required": "a"}"#, #"{"required": ["a", "a"]}"#, #"{"required": [1]}"#,
      #"{"minimum": "1"}"#, #"{"exclusiveMinimum": true}"#,
      #"{"minimum": 1, "exclusiveMinimum": 1}"#, #"{"maximum": null}"#, #"{"exclusiveMaximum": false}"#,
      #"{"multipleOf": 0}"#, #"{"multipleOf": -1}"#, #"{"multipleOf": "x"}"#,
      #"{"multipleOf": {"$numberDouble": "NaN"}}"#, #"{"minLength": -1}"#, #"{"minLength": 1.5}"#,
      #"{"maxLength": "1"}"#, #"{"pattern": 1}"#, #"{"minItems": {}}"#, #"{"maxItems": -1}"#,
      #"{"uniqueItems": 1}"#, #"{"items": 1}"#, #"{"items": [1]}"#, #"{"additionalItems": 1}"#,
      #"{"minProperties": "1"}"#, #"{"maxProperties": -1}"#,
      #"{"additionalProperties": "no"}"#, #"{"patternProperties": []}"#, #"{"patternProperties": {"a": 1}}"#,
      #"{"dependencies": []}"#, #"{"dependencies": {"a": []}}"#, #"{"dependencies": {"a": "b"}}"#,
      #"{"dependencies": {"a": [1]}}"#, #"{"enum": []}"#, #"{"enum": 1}"#, #"{"enum": [1, 1.0]}"#,
      #"{"enum": [{"a": 1, "b": 2}, {"b": 2, "a": 1}]}"#, #"{"allOf": []}"#, #"{"anyOf": {}}"#,
      #"{"oneOf": [1]}"#,
      #"{"not": []}"#, #"{"title": 1}"#, #"{"description": null}"#,
      #"{"not": {"allOf": [{"not": {"x": 1}}]}}"#,
    ])
  func errors(schema: String) throws {
    let document = try Document(extendedJSON: schema)
    do throws(QueryError) {
      _ = try Schema(document, at: "$jsonSchema")
      Issue.record("\(schema) was accepted")
    } catch {
      #expect(error.code == .invalidArgument)
      #expect(error.message.hasPrefix("$jsonSchema: "))
    }
  }

  @Test("a pattern that is none is an error of its own kind, and names the place")
  func patterns() throws {
    for schema: Document in [
      ["properties": ["a": ["pattern": "("]]], ["properties": ["a": ["patternProperties": ["(": [:]]]]],
    ] {
      do throws(QueryError) {
        _ = try Schema(schema, at: "$jsonSchema")
        Issue.record("\(schema) was accepted")
      } catch {
        #expect(error.code == .invalidRegex)
        #expect(error.message.contains("properties.a"))
      }
    }
  }

  @Test("nesting beyond the limit is refused")
  func depth() throws {
    func nested(_ levels: Int) -> Document {
      var schema: Document = ["type": "null"]
      for _ in 0..<levels { schema = ["not": .document(schema)] }
      return schema
    }
    let schema = try Schema(nested(99), at: "$jsonSchema")
    #expect(Document().withRawDocument { schema.matches($0) } == true)
    for levels in [100, 1000] {
      do throws(QueryError) {
        _ = try Schema(nested(levels), at: "$jsonSchema")
        Issue.record("\(levels) levels were accepted")
      } catch {
        #expect(error.code == .limitExceeded)
      }
    }
  }

  @Test("malformed documents never trap")
  func malformed() throws {
    let schema = try Schema(
      try Document(
        extendedJSON: #"""
          {"properties": {"a": {"items": {"minimum": 1}, "uniqueItems": true, "enum": [[1, 2], {"x": 1}]}, "b": {"minLength": 2}},
           "additionalProperties": {"multipleOf": 2}, "dependencies": {"a": ["b"]}, "minProperties": 1}
          """#), at: "$jsonSchema")
    let bytes = try Document(
      extendedJSON: #"{"a": [1, {"x": 1, "y": [2, 3]}, 2.5], "b": "text", "c": {"$numberDecimal": "4"}}"#
    ).bytes
    var generator = Draws(seed: 5)
    for _ in 0..<5000 {
      var damaged = bytes
      for _ in 0..<Int.random(in: 1...4, using: &generator) {
        damaged[Int.random(in: 4..<damaged.count - 1, using: &generator)] = UInt8.random(
          in: 0...255, using: &generator)
      }
      _ = Document(trusted: damaged).withRawDocument { schema.matches($0) }
    }
  }
}
