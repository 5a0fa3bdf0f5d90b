import BSON
import Testing

@testable import HoldfastQuery

/// A document from Extended JSON.
private func document(_ text: String) throws -> Document { try Document(extendedJSON: text) }

/// What a projection makes of a document, as Extended JSON.
private func project(_ projection: String, _ text: String, position: Int? = nil) throws -> String {
  let projection = try Projection(try document(projection))
  return try #require(
    try document(text).withRawDocument { try projection.applied(to: $0, position: position) }
  ).extendedJSON()
}

/// A case: a projection, a document, and what is returned.
struct ProjectionCase: Sendable, CustomTestStringConvertible {
  let projection: String
  let document: String
  let result: String
  var position: Int?

  init(_ projection: String, _ document: String, _ result: String, position: Int? = nil) {
    self.projection = projection
    self.document = document
    self.result = result
    self.position = position
  }

  var testDescription: String { "\(projection) of \(document)" }

  func check() throws {
    let expected = try HoldfastQueryTests.document(result).extendedJSON()
    #expect(try project(projection, document, position: position) == expected, "\(projection) of \(document)")
  }
}

@Suite("Projections")
struct ProjectionTests {
  @Test(
    "an inclusion returns the fields named, and the _id unless it is excluded, in the order of the document",
    arguments: [
      ProjectionCase("{}", #"{"_id":1,"a":2}"#, #"{"_id":1,"a":2}"#),
      ProjectionCase(#"{"a":1}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"_id":1,"a":2}"#),
      ProjectionCase(#"{"b":1,"a":1}"#, #"{"a":2,"_id":1,"b":3}"#, #"{"a":2,"_id":1,"b":3}"#),
      ProjectionCase(#"{"_id":0,"a":true}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"a":2}"#),
      ProjectionCase(#"{"a":1,"_id":false}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"a":2}"#),
      ProjectionCase(#"{"_id":1}"#, #"{"_id":1,"a":2}"#, #"{"_id":1}"#),
      ProjectionCase(#"{"a":-2.5}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"_id":1,"a":2}"#),
      ProjectionCase(#"{"a":{"$numberDecimal":"1E-6000"}}"#, #"{"a":2,"b":3}"#, #"{"a":2}"#),
      ProjectionCase(#"{"a":{"$numberLong":"7"}}"#, #"{"a":null,"b":3}"#, #"{"a":null}"#),
      ProjectionCase(#"{"x":1}"#, #"{"_id":1,"a":2}"#, #"{"_id":1}"#),
      ProjectionCase(#"{"x":1}"#, #"{"a":2}"#, #"{}"#),
      ProjectionCase(#"{"a":1}"#, #"{"a":[1,{"b":[2]}],"b":1}"#, #"{"a":[1,{"b":[2]}]}"#),
    ])
  func inclusion(_ example: ProjectionCase) throws { try example.check() }

  @Test(
    "an exclusion returns everything but the fields named",
    arguments: [
      ProjectionCase(#"{"a":0}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"_id":1,"b":3}"#),
      ProjectionCase(#"{"a":false,"b":0.0}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"_id":1}"#),
      ProjectionCase(#"{"a":{"$numberDecimal":"0E+3"}}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"_id":1,"b":3}"#),
      ProjectionCase(#"{"_id":0}"#, #"{"_id":1,"a":2}"#, #"{"a":2}"#),
      ProjectionCase(#"{"_id":0,"a":0}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"b":3}"#),
      ProjectionCase(#"{"_id":1,"a":0}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"_id":1,"b":3}"#),
      ProjectionCase(#"{"a":0,"_id":1}"#, #"{"_id":1,"a":2,"b":3}"#, #"{"_id":1,"b":3}"#),
      ProjectionCase(#"{"x":0}"#, #"{"_id":1,"a":2}"#, #"{"_id":1,"a":2}"#),
    ])
  func exclusion(_ example: ProjectionCase) throws { try example.check() }

  @Test(
    "a path goes through documents and arrays, also arrays in arrays, and a number in it is a name",
    arguments: [
      ProjectionCase(#"{"a.b":1}"#, #"{"_id":1,"a":{"b":2,"c":3},"b":4}"#, #"{"_id":1,"a":{"b":2}}"#),
      ProjectionCase(#"{"a":{"b":1}}"#, #"{"_id":1,"a":{"b":2,"c":3}}"#, #"{"_id":1,"a":{"b":2}}"#),
      ProjectionCase(#"{"a":{"b.c":1}}"#, #"{"a":{"b":{"c":1,"d":1}}}"#, #"{"a":{"b":{"c":1}}}"#),
      ProjectionCase(#"{"a.b":1,"a":{"c":1}}"#, #"{"a":{"b":1,"c":2,"d":3}}"#, #"{"a":{"b":1,"c":2}}"#),
      ProjectionCase(#"{"a.c":1,"a.b":1}"#, #"{"a":{"b":1,"c":2,"d":3}}"#, #"{"a":{"b":1,"c":2}}"#),
      ProjectionCase(#"{"a.b":1}"#, #"{"a":{"c":3}}"#, #"{"a":{}}"#),
      ProjectionCase(#"{"a.b":1}"#, #"{"a":5}"#, #"{}"#),
      ProjectionCase(#"{"a.b":1}"#, #"{"a":null}"#, #"{}"#),
      ProjectionCase(#"{"a.b":1}"#, #"{"a":[]}"#, #"{"a":[]}"#),
      ProjectionCase(#"{"a.b":1}"#, #"{"a":[1,{"b":2,"c":3},{"c":3},null]}"#, #"{"a":[{"b":2},{}]}"#),
      ProjectionCase(#"{"a.b":1}"#, #"{"a":[[{"b":2,"c":3},4],5]}"#, #"{"a":[[{"b":2}]]}"#),
      ProjectionCase(
        #"{"a.b.c":1}"#, #"{"a":[{"b":[{"c":1,"d":2},3]},{"b":4}]}"#, #"{"a":[{"b":[{"c":1}]},{}]}"#),
      ProjectionCase(#"{"a.0":1}"#, #"{"a":[{"0":1,"1":2},3]}"#, #"{"a":[{"0":1}]}"#),
      ProjectionCase(#"{"a.b":0}"#, #"{"_id":1,"a":{"b":2,"c":3}}"#, #"{"_id":1,"a":{"c":3}}"#),
      ProjectionCase(#"{"a.b":0}"#, #"{"a":5,"b":6}"#, #"{"a":5,"b":6}"#),
      ProjectionCase(#"{"a.b":0}"#, #"{"a":[1,{"b":2,"c":3},[{"b":4},5]]}"#, #"{"a":[1,{"c":3},[{},5]]}"#),
      ProjectionCase(#"{"a":{"b":0,"c":0}}"#, #"{"a":{"b":2,"c":3,"d":4}}"#, #"{"a":{"d":4}}"#),
      ProjectionCase(#"{"a.0":0}"#, #"{"a":[1,2]}"#, #"{"a":[1,2]}"#),
      ProjectionCase(#"{"_id.x":1}"#, #"{"_id":{"x":1,"y":2},"a":3}"#, #"{"_id":{"x":1}}"#),
      ProjectionCase(#"{"_id.x":1,"a":1}"#, #"{"_id":{"x":1,"y":2},"a":3}"#, #"{"_id":{"x":1},"a":3}"#),
      ProjectionCase(#"{"_id.x":0}"#, #"{"_id":{"x":1,"y":2},"a":3}"#, #"{"_id":{"y":2},"a":3}"#),
      ProjectionCase(#"{"a._id":0}"#, #"{"_id":1,"a":{"_id":2,"b":3}}"#, #"{"_id":1,"a":{"b":3}}"#),
      ProjectionCase(#"{"a.$id":1}"#, #"{"a":{"$ref":"x","$id":7}}"#, #"{"a":{"$id":7}}"#),
    ])
  func paths(_ example: ProjectionCase) throws { try example.check() }

  @Test(
    "$slice returns a part of an array, excludes by itself, and is pruned like the rest in an inclusion",
    arguments: [
      ProjectionCase(#"{"a":{"$slice":2}}"#, #"{"_id":1,"a":[1,2,3],"b":4}"#, #"{"_id":1,"a":[1,2],"b":4}"#),
      ProjectionCase(#"{"a":{"$slice":-2}}"#, #"{"a":[1,2,3]}"#, #"{"a":[2,3]}"#),
      ProjectionCase(#"{"a":{"$slice":0}}"#, #"{"a":[1,2,3]}"#, #"{"a":[]}"#),
      ProjectionCase(#"{"a":{"$slice":9}}"#, #"{"a":[1,2,3]}"#, #"{"a":[1,2,3]}"#),
      ProjectionCase(#"{"a":{"$slice":-9}}"#, #"{"a":[1,2,3]}"#, #"{"a":[1,2,3]}"#),
      ProjectionCase(#"{"a":{"$slice":1.9}}"#, #"{"a":[1,2,3]}"#, #"{"a":[1]}"#),
      ProjectionCase(#"{"a":{"$slice":1e300}}"#, #"{"a":[1,2,3]}"#, #"{"a":[1,2,3]}"#),
      ProjectionCase(
        #"{"a":{"$slice":{"$numberLong":"-9223372036854775808"}}}"#, #"{"a":[1,2,3]}"#, #"{"a":[1,2,3]}"#),
      ProjectionCase(#"{"a":{"$slice":[1,1]}}"#, #"{"a":[1,2,3]}"#, #"{"a":[2]}"#),
      ProjectionCase(#"{"a":{"$slice":[1,9]}}"#, #"{"a":[1,2,3]}"#, #"{"a":[2,3]}"#),
      ProjectionCase(#"{"a":{"$slice":[5,1]}}"#, #"{"a":[1,2,3]}"#, #"{"a":[]}"#),
      ProjectionCase(#"{"a":{"$slice":[-2,1]}}"#, #"{"a":[1,2,3]}"#, #"{"a":[2]}"#),
      ProjectionCase(#"{"a":{"$slice":[-5,2]}}"#, #"{"a":[1,2,3]}"#, #"{"a":[1,2]}"#),
      ProjectionCase(#"{"a":{"$slice":1}}"#, #"{"a":5,"b":{"a":[1,2]}}"#, #"{"a":5,"b":{"a":[1,2]}}"#),
      ProjectionCase(#"{"a":{"$slice":1}}"#, #"{"a":[[1,2],3]}"#, #"{"a":[[1,2]]}"#),
      ProjectionCase(
        #"{"a":{"$slice":1},"b":1}"#, #"{"_id":1,"a":[1,2],"b":3,"c":4}"#, #"{"_id":1,"a":[1],"b":3}"#),
      ProjectionCase(
        #"{"b":0,"a":{"$slice":1}}"#, #"{"_id":1,"a":[1,2],"b":3,"c":4}"#, #"{"_id":1,"a":[1],"c":4}"#),
      ProjectionCase(#"{"_id":0,"a":{"$slice":1}}"#, #"{"_id":1,"a":[1,2],"b":3}"#, #"{"a":[1],"b":3}"#),
      ProjectionCase(#"{"_id":1,"a":{"$slice":1}}"#, #"{"_id":1,"a":[1,2],"b":3}"#, #"{"_id":1,"a":[1]}"#),
      ProjectionCase(
        #"{"q":1,"d.c":{"$slice":1}}"#, #"{"_id":1,"q":2,"d":{"c":["b","r"],"s":["S"]},"e":1}"#,
        #"{"_id":1,"q":2,"d":{"c":["b"]}}"#),
      ProjectionCase(
        #"{"_id":0,"d.c":{"$slice":1}}"#, #"{"_id":1,"d":{"c":["b","r"],"s":["S"]}}"#,
        #"{"d":{"c":["b"],"s":["S"]}}"#),
      ProjectionCase(
        #"{"a":{"b":{"$slice":1}}}"#, #"{"a":[{"b":[1,2]},{"b":[3,4]},5]}"#, #"{"a":[{"b":[1]},{"b":[3]},5]}"#
      ),
    ])
  func slice(_ example: ProjectionCase) throws { try example.check() }

  @Test(
    "$elemMatch returns the first element that it matches, after the other fields, and includes by itself",
    arguments: [
      ProjectionCase(
        #"{"a":{"$elemMatch":{"$gt":1}}}"#, #"{"_id":1,"a":[1,2,3],"b":4}"#, #"{"_id":1,"a":[2]}"#),
      ProjectionCase(
        #"{"a":{"$elemMatch":{"x":2}}}"#, #"{"_id":1,"a":[{"x":1},{"x":2,"y":1},{"x":2}],"b":4}"#,
        #"{"_id":1,"a":[{"x":2,"y":1}]}"#),
      ProjectionCase(#"{"a":{"$elemMatch":{"$gt":9}}}"#, #"{"_id":1,"a":[1,2,3]}"#, #"{"_id":1}"#),
      ProjectionCase(#"{"a":{"$elemMatch":{"$gt":1}}}"#, #"{"_id":1,"a":5}"#, #"{"_id":1}"#),
      ProjectionCase(#"{"a":{"$elemMatch":{"$gt":1}}}"#, #"{"_id":1,"b":5}"#, #"{"_id":1}"#),
      ProjectionCase(#"{"_id":0,"a":{"$elemMatch":{"$gt":1}}}"#, #"{"_id":1,"a":[2],"b":5}"#, #"{"a":[2]}"#),
      ProjectionCase(
        #"{"a":{"$elemMatch":{"$gt":1}},"b":1,"c":1}"#, #"{"_id":1,"a":[1,2],"b":4,"c":5,"d":6}"#,
        #"{"_id":1,"b":4,"c":5,"a":[2]}"#),
      ProjectionCase(
        #"{"b":{"$elemMatch":{"$gt":1}},"a":{"$elemMatch":{"$lt":2}}}"#, #"{"a":[1,2],"b":[1,2]}"#,
        #"{"b":[2],"a":[1]}"#),
      ProjectionCase(
        #"{"b":0,"a":{"$elemMatch":{"$gt":1}}}"#, #"{"_id":1,"a":[1,2],"b":4,"c":5}"#,
        #"{"_id":1,"a":[2],"c":5}"#),
    ])
  func elementMatch(_ example: ProjectionCase) throws { try example.check() }

  @Test(
    "the positional operator returns the element that the filter found, of the first array in its path",
    arguments: [
      ProjectionCase(#"{"a.$":1}"#, #"{"_id":1,"a":[5,6,7],"b":8}"#, #"{"_id":1,"a":[6]}"#, position: 1),
      ProjectionCase(
        #"{"a.$":true,"b":1}"#, #"{"a":[5,6,7],"b":[8,9]}"#, #"{"a":[7],"b":[8,9]}"#, position: 2),
      ProjectionCase(
        #"{"_id":0,"a.$":1}"#, #"{"_id":1,"a":[{"x":1,"y":2}]}"#, #"{"a":[{"x":1,"y":2}]}"#, position: 0),
      ProjectionCase(#"{"a.b.$":1}"#, #"{"a":{"b":[5,6],"c":7}}"#, #"{"a":{"b":[6]}}"#, position: 1),
      ProjectionCase(#"{"a":{"b.$":1}}"#, #"{"a":{"b":[5,6],"c":7}}"#, #"{"a":{"b":[6]}}"#, position: 1),
      ProjectionCase(
        #"{"a.b.$":1}"#, #"{"a":[{"b":[1]},{"b":[5,6],"c":7}]}"#, #"{"a":[{"b":[5,6]}]}"#, position: 1),
      ProjectionCase(#"{"a.$":1}"#, #"{"a":5}"#, #"{"a":5}"#, position: 0),
      ProjectionCase(#"{"a.$":1}"#, #"{"b":5}"#, #"{}"#),
      ProjectionCase(
        #"{"a.$":1,"b":{"$slice":1}}"#, #"{"a":[1,2],"b":[3,4]}"#, #"{"a":[2],"b":[3]}"#, position: 1),
    ])
  func position(_ example: ProjectionCase) throws { try example.check() }

  @Test(
    "any other value is an expression; what is computed includes, and comes after the rest",
    arguments: [
      ProjectionCase(#"{"a":"$b"}"#, #"{"_id":1,"b":2,"c":3}"#, #"{"_id":1,"a":2}"#),
      ProjectionCase(#"{"_id":0,"a":"$b","b":1}"#, #"{"_id":1,"b":2,"c":3}"#, #"{"b":2,"a":2}"#),
      ProjectionCase(#"{"a":"text"}"#, #"{"a":1}"#, #"{"a":"text"}"#),
      ProjectionCase(#"{"a":null}"#, #"{"a":1}"#, #"{"a":null}"#),
      ProjectionCase(#"{"a":{"$literal":1}}"#, #"{"a":2}"#, #"{"a":1}"#),
      ProjectionCase(#"{"a":[1,"$b"]}"#, #"{"b":2}"#, #"{"a":[1,2]}"#),
      ProjectionCase(#"{"a":"$x"}"#, #"{"_id":1,"a":2}"#, #"{"_id":1}"#),
      ProjectionCase(#"{"t":{"$add":["$a","$b"]},"a":1}"#, #"{"b":2,"a":1}"#, #"{"a":1,"t":3}"#),
      ProjectionCase(#"{"b":"$a","a":1,"c":1}"#, #"{"a":1,"b":2,"c":3}"#, #"{"a":1,"c":3,"b":1}"#),
      ProjectionCase(
        #"{"z":"$a","y":{"$elemMatch":{"$gt":1}},"x":"$a"}"#, #"{"a":1,"y":[1,2]}"#, #"{"z":1,"y":[2],"x":1}"#
      ),
      ProjectionCase(#"{"_id":"$a"}"#, #"{"_id":1,"a":2}"#, #"{"_id":2}"#),
      // Inside of documents and arrays.
      ProjectionCase(#"{"a.b":"$c","c":1}"#, #"{"a":{"b":1,"d":2},"c":3}"#, #"{"a":{"b":3},"c":3}"#),
      ProjectionCase(#"{"a":{"b":"$c","d":1}}"#, #"{"a":{"b":1,"d":2},"c":3}"#, #"{"a":{"d":2,"b":3}}"#),
      ProjectionCase(#"{"a.b":"$c","c":1}"#, #"{"c":3}"#, #"{"c":3,"a":{"b":3}}"#),
      ProjectionCase(#"{"a.b":"$c","c":1}"#, #"{"a":5,"c":3}"#, #"{"c":3,"a":{"b":3}}"#),
      ProjectionCase(#"{"a.b.d":"$c"}"#, #"{"a":{"b":1},"c":3}"#, #"{"a":{"b":{"d":3}}}"#),
      ProjectionCase(#"{"a.b":"$x"}"#, #"{"c":3}"#, #"{"a":{}}"#),
      ProjectionCase(
        #"{"a.b":"$c"}"#, #"{"a":[{"b":1,"d":2},5,[6]],"c":3}"#, #"{"a":[{"b":3},{"b":3},[{"b":3}]]}"#),
      ProjectionCase(#"{"a.b":"$c"}"#, #"{"a":[],"c":3}"#, #"{"a":[]}"#),
      // The other $slice takes the array.
      ProjectionCase(#"{"a":{"$slice":["$b",1]}}"#, #"{"a":0,"b":[1,2]}"#, #"{"a":[1]}"#),
      ProjectionCase(#"{"a":{"$slice":["$b",1,1]}}"#, #"{"b":[1,2]}"#, #"{"a":[2]}"#),
    ])
  func computed(_ example: ProjectionCase) throws { try example.check() }

  @Test("the moment that $$NOW stands for can be given")
  func now() throws {
    let now = BSONDateTime(milliseconds: 5)
    let projection = try Projection(["a": "$$NOW"], now: now)
    let empty = Document()
    #expect(
      try empty.withRawDocument { try projection.applied(to: $0, position: nil) } == ["a": .dateTime(now)])
  }

  @Test("the positional operator needs an element that the filter found in that array")
  func positionErrors() throws {
    for position in [nil, 2] {
      #expect(throws: QueryError.self) { try project(#"{"a.$":1}"#, #"{"a":[1,2]}"#, position: position) }
    }
  }

  @Test("whether the position is needed is said")
  func usesPosition() throws {
    #expect(try Projection(["a.$": 1]).usesPosition)
    #expect(!(try Projection(["a": 1]).usesPosition))
  }

  @Test("the paths of a pure inclusion are said, with the _id unless it is excluded")
  func coveredPaths() throws {
    let cases: [(String, [String]?)] = [
      (#"{"a":1}"#, ["a", "_id"]), (#"{"_id":0,"a":1}"#, ["a"]), (#"{"_id":1}"#, ["_id"]),
      (#"{"a.b":1,"c":{"d":1,"e":1},"_id":0}"#, ["a.b", "c.d", "c.e"]), (#"{"_id.x":1}"#, ["_id.x"]),
      ("{}", nil), (#"{"a":0}"#, nil), (#"{"_id":0}"#, nil), (#"{"a":1,"b":{"$slice":1}}"#, nil),
      (#"{"a.$":1}"#, nil), (#"{"a":1,"b":"$a"}"#, nil),
      (#"{"a":1,"b":{"$elemMatch":{"c":1}}}"#, nil),
    ]
    for (text, paths) in cases {
      #expect(try Projection(document(text)).coveredPaths?.map(\.text) == paths, "\(text)")
    }
  }
}
