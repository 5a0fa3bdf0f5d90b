import BSON
import Testing

@testable import HoldfastQuery

@Suite("Sort orders")
struct SortOrderTests {
  private func key(_ order: SortOrder, _ text: String) throws -> [UInt8] {
    try #require(try Document(extendedJSON: text).withRawDocument { try order.key(of: $0) })
  }

  /// An order, and documents that it puts one after the other; those in one list are equal.
  static let cases: [(order: String, documents: [[String]])] = [
    (
      #"{"a":1}"#,
      [["{}", #"{"a":null}"#, #"{"b":1}"#], [#"{"a":1}"#, #"{"a":1.0}"#], [#"{"a":2}"#], [#"{"a":"x"}"#]]
    ),
    (
      #"{"a":-1}"#,
      [[#"{"a":"x"}"#], [#"{"a":2}"#], [#"{"a":{"$numberLong":"1"}}"#], ["{}", #"{"a":null}"#]]
    ),
    // The lowest element ascending, the highest descending; an empty array is lower than null.
    (
      #"{"a":1}"#,
      [
        [#"{"a":{"$minKey":1}}"#], [#"{"a":[]}"#], ["{}", #"{"a":[5,null]}"#],
        [#"{"a":[9,1]}"#, #"{"a":1}"#], [#"{"a":2}"#],
      ]
    ),
    (
      #"{"a":-1}"#,
      [[#"{"a":[1,9]}"#, #"{"a":9}"#], [#"{"a":[2,3]}"#], [#"{"a":2}"#], ["{}"], [#"{"a":[]}"#]]
    ),
    // An array in an array is one value.
    (
      #"{"a":1}"#,
      [[#"{"a":[[1],7]}"#, #"{"a":7}"#], [#"{"a":{"x":1}}"#, #"{"a":[{"x":1},[0]]}"#], [#"{"a":[[0]]}"#]]
    ),
    // Paths through documents and arrays of documents.
    (
      #"{"a.b":1}"#,
      [
        [#"{"a":{"b":[]}}"#],
        ["{}", #"{"a":5}"#, #"{"a":[]}"#, #"{"a":[5,{"b":1}]}"#, #"{"a":[{"c":1},{"b":1}]}"#],
        [#"{"a":{"b":1}}"#, #"{"a":[{"b":3},{"b":1}]}"#, #"{"a":[{"b":3},{"b":[2,1]}]}"#],
        [#"{"a":{"b":2}}"#],
      ]
    ),
    (#"{"a.b":-1}"#, [[#"{"a":[{"b":1},{"b":[2,3]}]}"#, #"{"a":{"b":3}}"#], [#"{"a":{"b":2}}"#]]),
    // Arrays in arrays are not gone through.
    (#"{"a.b":1}"#, [["{}", #"{"a":[[{"b":1}]]}"#], [#"{"a":{"b":1}}"#]]),
    // A number means the element, or the name where there is no such element.
    (
      #"{"a.1":1}"#,
      [
        ["{}", #"{"a":[0]}"#], [#"{"a":[9,1]}"#, #"{"a":{"1":1}}"#], [#"{"a":[0,2]}"#, #"{"a":[{"1":2}]}"#],
      ]
    ),
    (
      #"{"a.0.b":-1}"#,
      [[#"{"a":[[{"b":1},{"b":3}]]}"#, #"{"a":[{"b":3}]}"#], [#"{"a":[{"b":2},{"b":9}]}"#]]
    ),
    // At the end of the path the element is one value, but for an empty array.
    (
      #"{"a.0":1}"#,
      [
        [#"{"a":[[],1]}"#, #"{"a":{"0":[]}}"#], [#"{"a":[1]}"#], [#"{"a":[2,0]}"#], [#"{"a":[[1]]}"#],
        [#"{"a":[[2,1]]}"#],
      ]
    ),
    // Compound orders.
    (
      #"{"a":1,"b":-1}"#,
      [
        [#"{"b":1}"#], ["{}"], [#"{"a":1,"b":2}"#], [#"{"a":1,"b":1}"#], [#"{"a":1}"#],
        [#"{"a":[3,2],"b":7}"#], [#"{"a":2}"#],
      ]
    ),
    // Fields in the same array take their values from the same element.
    (
      #"{"a.x":1,"a.y":1}"#,
      [
        [#"{"a":{"x":1,"y":4}}"#], [#"{"a":[{"x":2,"y":0},{"x":1,"y":5}]}"#, #"{"a":{"x":1,"y":5}}"#],
        [#"{"a":{"x":2,"y":0}}"#],
      ]
    ),
    (
      #"{"a.x":1,"a.y":-1}"#,
      [[#"{"a":[{"x":1,"y":3},{"x":1,"y":5}]}"#, #"{"a":{"x":1,"y":5}}"#], [#"{"a":{"x":1,"y":4}}"#]]
    ),
    (#"{"a.0":1,"a.1":-1}"#, [[#"{"a":[1,5]}"#], [#"{"a":[1,4]}"#], [#"{"a":[2,9]}"#]]),
    ("{}", [[#"{"a":1}"#, "{}"]]),
    (#"{"a":{"$numberLong":"1"},"b":{"$numberDecimal":"-1.0"},"c":-1.0}"#, [[#"{"c":2}"#], [#"{"c":1}"#]]),
  ]

  @Test("keys are in the order that the documents are to have", arguments: cases.indices)
  func keys(_ index: Int) throws {
    let (text, groups) = Self.cases[index]
    let order = try SortOrder(Document(extendedJSON: text))
    var last: [UInt8]?
    for group in groups {
      let first = try key(order, group[0])
      for other in group { #expect(try key(order, other) == first, "\(text): \(other) and \(group[0])") }
      if let last { #expect(last.lexicographicallyPrecedes(first), "\(text): \(group[0])") }
      last = first
    }
  }

  @Test(
    "fields in different arrays have no order",
    arguments: [
      (#"{"a":1,"b":1}"#, #"{"a":[1],"b":[]}"#), (#"{"a":1,"b":1}"#, #"{"a":[1,2],"b":[3]}"#),
      (#"{"a.b":1,"a.c":1}"#, #"{"a":[{"b":[1],"c":[2]}]}"#),
      (#"{"a.b":1,"c.d":1}"#, #"{"a":[1],"c":{"d":[1]}}"#),
      (#"{"a.x":1,"b":1,"a.y":1}"#, #"{"a":[{"x":1}],"b":[1]}"#),
    ])
  func parallelArrays(_ text: String, _ document: String) throws {
    let order = try SortOrder(Document(extendedJSON: text))
    let error = #expect(throws: QueryError.self) { _ = try key(order, document) }
    #expect(error?.code == .parallelArrays)
  }

  @Test("fields and directions are kept in order")
  func fields() throws {
    let order = try SortOrder(["b.c": -1, "a": 1, "x.$id": 1])
    #expect(order.fields.map(\.path.text) == ["b.c", "a", "x.$id"])
    #expect(order.fields.map(\.isDescending) == [true, false, false])
  }

  @Test(
    "what is no order is refused",
    arguments: [
      (#"{"a":2}"#, .invalidArgument), (#"{"a":0}"#, .invalidArgument), (#"{"a":1.5}"#, .invalidArgument),
      (#"{"a":true}"#, .invalidArgument), (#"{"a":"asc"}"#, .invalidArgument),
      (#"{"a":null}"#, .invalidArgument),
      (#"{"a":{}}"#, .invalidArgument), (#"{"a":{"$meta":"textScore"}}"#, .invalidArgument),
      (#"{"a":{"$numberDecimal":"NaN"}}"#, .invalidArgument),
      (#"{"":1}"#, .invalidPath), (#"{"a.":1}"#, .invalidPath), (#"{"a..b":1}"#, .invalidPath),
      (#"{"$natural":1}"#, .invalidPath), (#"{"$id":1}"#, .invalidPath), (#"{"a.$b":1}"#, .invalidPath),
      (#"{"a":1,"a":-1}"#, .conflictingPaths),
    ] as [(String, QueryError.Code)])
  func refused(_ text: String, _ code: QueryError.Code) throws {
    let document = try Document(extendedJSON: text)
    let error = #expect(throws: QueryError.self) { _ = try SortOrder(document) }
    #expect(error?.code == code, "\(text): \(String(describing: error))")
  }

  @Test("fields and parts of a path are limited")
  func limits() throws {
    func wide(_ count: Int) -> Document { Document((0..<count).map { ("f\($0)", .int32(1)) }) }
    #expect(try SortOrder(wide(32)).fields.count == 32)
    let long = Array(repeating: "a", count: 101).joined(separator: ".")
    for document in [wide(33), [long: 1]] {
      let error = #expect(throws: QueryError.self) { _ = try SortOrder(document) }
      #expect(error?.code == .limitExceeded)
    }
  }

  @Test("without arrays, keys compare as the values do, field by field", arguments: 1...UInt64(10))
  func random(_ seed: UInt64) throws {
    var random = Draws(seed: seed)
    let values: [BSONValue] = [
      .minKey, .undefined, .null, .double(.nan), .int32(-3), .double(0.5), .int64(1 << 60),
      .decimal128(.infinity),
      "", "a", "a\u{0}b", "b", ["x": 1], ["x": 2], true, false, .dateTime(BSONDateTime(milliseconds: -5)),
      .regex(BSONRegex("a", options: "i")), .maxKey,
    ]
    let order = try SortOrder(["a": 1, "b.c": -1])
    for _ in 0..<200 {
      let pairs = try (0..<2).map { _ in
        let a = try #require(values.randomElement(using: &random))
        let b = try #require(values.randomElement(using: &random))
        let document: Document = ["b": ["c": b], "a": a]
        let key = try #require(try document.withRawDocument { try order.key(of: $0) })
        return (a, b, key)
      }
      let first = BSONOrdering.compare(pairs[0].0, pairs[1].0)
      let expected = first != 0 ? first : -BSONOrdering.compare(pairs[0].1, pairs[1].1)
      let left = pairs[0].2
      let right = pairs[1].2
      let found = left == right ? 0 : (left.lexicographicallyPrecedes(right) ? -1 : 1)
      #expect(found == expected, "\(pairs)")
    }
  }
}
