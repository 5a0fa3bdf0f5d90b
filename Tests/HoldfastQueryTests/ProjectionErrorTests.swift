import BSON
import Testing

@testable import HoldfastQuery

@Suite("Projections that are refused")
struct ProjectionErrorTests {
  static let cases: [(text: String, code: QueryError.Code)] = [
    (#"{"a":1,"b":0}"#, .invalidArgument), (#"{"b":0,"a":1}"#, .invalidArgument),
    (#"{"a.b":1,"a.c":0}"#, .invalidArgument), (#"{"_id.x":0,"a":1}"#, .invalidArgument),
    (#"{"a":1,"a.b":1}"#, .conflictingPaths), (#"{"a.b":1,"a":1}"#, .conflictingPaths),
    (#"{"a":1,"a":1}"#, .conflictingPaths), (#"{"a.b.c":0,"a.b":0}"#, .conflictingPaths),
    (#"{"a.b":1,"a":{"b":1}}"#, .conflictingPaths), (#"{"_id":1,"_id.x":1}"#, .conflictingPaths),
    (#"{"_id":0,"_id.x":1}"#, .conflictingPaths),
    (#"{"a":{"$slice":1},"a":1}"#, .conflictingPaths), (#"{"a":{"$slice":1},"a.b":1}"#, .conflictingPaths),
    (#"{"a.$":1,"a":1}"#, .conflictingPaths), (#"{"a.$":1,"a.b":1}"#, .conflictingPaths),
    (#"{"":1}"#, .invalidPath), (#"{"a.":1}"#, .invalidPath), (#"{".a":1}"#, .invalidPath),
    (#"{"a..b":1}"#, .invalidPath), (#"{"a":{"":1}}"#, .invalidPath),
    (#"{"$a":1}"#, .invalidPath), (#"{"$":1}"#, .invalidPath), (#"{"$id":1}"#, .invalidPath),
    (#"{"a.$b":1}"#, .invalidPath), (#"{"a.$.b":1}"#, .invalidPath), (#"{"a.$.$":1}"#, .invalidPath),
    (#"{"a":{"b":1,"$slice":1}}"#, .invalidPath),
    (#"{"a":{}}"#, .invalidArgument), (#"{"a":{"b":{}}}"#, .invalidArgument),
    (#"{"a.$":0}"#, .invalidArgument), (#"{"a.$":false}"#, .invalidArgument),
    (#"{"a.$":1,"b.$":1}"#, .invalidArgument), (#"{"a.$":1,"b":0}"#, .invalidArgument),
    (#"{"a.$":{"$slice":1}}"#, .invalidArgument), (#"{"a.$":{"b":1}}"#, .invalidArgument),
    (#"{"a.$":{"$elemMatch":{"b":1}}}"#, .invalidArgument),
    (#"{"a.$":1,"b":{"$elemMatch":{"c":1}}}"#, .invalidArgument),
    (#"{"b":{"$elemMatch":{"c":1}},"a.$":1}"#, .invalidArgument),
    (#"{"a.b":{"$elemMatch":{"c":1}}}"#, .invalidArgument),
    (#"{"a":{"b":{"$elemMatch":{"c":1}}}}"#, .invalidArgument),
    (#"{"a":{"$elemMatch":1}}"#, .invalidArgument), (#"{"a":{"$elemMatch":[]}}"#, .invalidArgument),
    (#"{"a":{"$slice":1,"b":1}}"#, .invalidArgument),
    (#"{"a":{"$slice":1,"$elemMatch":{"b":1}}}"#, .invalidArgument),
    (#"{"a":{"$slice":[1,0]}}"#, .invalidArgument), (#"{"a":{"$slice":[1,-1]}}"#, .invalidArgument),
    (#"{"a":{"$slice":"x"}}"#, .invalidArgument), (#"{"a":{"$slice":[1]}}"#, .invalidArgument),
    (#"{"a":{"$slice":[1,2,3]}}"#, .invalidArgument),
    (#"{"a":{"$slice":null}}"#, .invalidArgument),
    (#"{"a":"$b","c":0}"#, .invalidArgument), (#"{"c":0,"a":"$b"}"#, .invalidArgument),
    (#"{"a":{"$foo":1}}"#, .unknownOperator), (#"{"a.$":"$b"}"#, .invalidArgument),
    (#"{"a.$":{"$add":[1,2]}}"#, .invalidArgument),
    (#"{"a":"$b","a.c":1}"#, .conflictingPaths), (#"{"a.c":1,"a":"$b"}"#, .conflictingPaths),
    (#"{"a":{"$meta":"textScore"}}"#, .unknownOperator),
  ]

  @Test("what contradicts itself, collides or makes no sense is an error", arguments: cases)
  func refused(_ text: String, _ code: QueryError.Code) throws {
    let document = try Document(extendedJSON: text)
    let error = #expect(throws: QueryError.self) { _ = try Projection(document) }
    #expect(error?.code == code, "\(text): \(String(describing: error))")
  }

  @Test("paths and nesting are limited")
  func limits() throws {
    func nested(_ levels: Int) -> Document {
      (0..<levels).reduce(["a": 1]) { inner, _ in ["a": .document(inner)] }
    }
    func long(_ parts: Int) -> Document { [Array(repeating: "a", count: parts).joined(separator: "."): 1] }
    for document in [nested(99), long(100)] {
      let projection = try Projection(document)
      #expect(projection.coveredPaths?.first?.parts.count == 100)
    }
    for document in [nested(100), nested(150), long(101), long(10_000)] {
      let error = #expect(throws: QueryError.self) { _ = try Projection(document) }
      #expect(error?.code == .limitExceeded)
    }
  }

  @Test("a document that nests beyond the limit is an error, not a crash")
  func deepDocument() throws {
    var value: [UInt8] = [5, 0, 0, 0, 0]
    for _ in 0..<50_000 {
      let length = UInt32(value.count + 8)
      value =
        (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + [4, 0x30, 0] + value + [0]
      if value.count > 40_000 { break }
    }
    let length = UInt32(value.count + 8)
    let bytes = (0..<4).map { UInt8(truncatingIfNeeded: length >> (8 * $0)) } + [4, 0x61, 0] + value + [0]
    let deep = Document(trusted: bytes)
    for projection in [["a.b": 1], ["a.b": 0]] as [Document] {
      let projection = try Projection(projection)
      let error = #expect(throws: QueryError.self) {
        _ = try deep.withRawDocument { try projection.applied(to: $0, position: nil) }
      }
      #expect(error?.code == .limitExceeded)
    }
  }
}
