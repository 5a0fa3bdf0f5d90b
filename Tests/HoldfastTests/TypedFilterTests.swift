import Foundation
import Holdfast
import Testing

@Suite("Typed filters, sorts and updates as MongoDB writes them")
struct TypedFilterTests {
  private typealias User = Shapes.User

  private func expect<Element: Codable & Sendable>(
    _ filter: TypedFilter<Element>, _ document: Document, _ location: SourceLocation = #_sourceLocation
  ) throws {
    let made = try filter.document()
    #expect(made == document, sourceLocation: location)
  }

  private func expect(
    _ updates: TypedUpdate<Shapes.User>..., is document: Document,
    _ location: SourceLocation = #_sourceLocation
  ) throws {
    let made = try TypedUpdate(updates).document()
    #expect(made == document, sourceLocation: location)
  }

  private func user(
    _ filter: TypedFilter<Shapes.User>, _ document: Document, _ location: SourceLocation = #_sourceLocation
  ) throws {
    try expect(filter, document, location)
  }

  @Test("comparisons")
  func comparisons() throws {
    try user(\.age == 18, ["age": ["$eq": .int64(18)]])
    try user(\.age != 18, ["age": ["$ne": .int64(18)]])
    try user(\.age < 18, ["age": ["$lt": .int64(18)]])
    try user(\.age <= 18, ["age": ["$lte": .int64(18)]])
    try user(\.age > 18, ["age": ["$gt": .int64(18)]])
    try user(\.age >= 18, ["age": ["$gte": .int64(18)]])
    try user(\.score > 1, ["score": ["$gt": 1.0]])
    try user(\.verified == true, ["is_verified": ["$eq": true]])
    try user(\.address.city == "Oslo", ["addr.city": ["$eq": "Oslo"]])
    try user(\.home?.city == "Oslo", ["home.city": ["$eq": "Oslo"]])
    let city = "Bergen", age: Int64 = 4
    try user(\.home?.city != city, ["home.city": ["$ne": "Bergen"]])
    try expect(\Shapes.Values.int64 >= age, ["int64": ["$gte": .int64(4)]])
    try expect(\Shapes.Values.int16 < 4, ["int16": ["$lt": .int32(4)]])
  }

  @Test("nil is null, which a missing field equals, too")
  func null() throws {
    try user(\.nickname == nil, ["nickname": ["$eq": nil]])
    try user(\.nickname != nil, ["nickname": ["$ne": nil]])
    try user(\.nickname == "x", ["nickname": ["$eq": "x"]])
    try user(\.lucky > 3, ["lucky": ["$gt": .int64(3)]])
    try user(\.home?.zip == nil, ["home.zip": ["$eq": nil]])
    try user(.field(\.nickname).exists(), ["nickname": ["$exists": true]])
    try user(.field(\.nickname).exists(false), ["nickname": ["$exists": false]])
  }

  @Test("and, or, not; chains do not nest")
  func logic() throws {
    try user(
      \.age >= 18 && \.city == "Oslo",
      ["$and": [["age": ["$gte": .int64(18)]], ["city": ["$eq": "Oslo"]]]])
    try user(
      \.age > 1 && \.age < 9 && \.city == "a" && \.name == "b",
      [
        "$and": [
          ["age": ["$gt": .int64(1)]], ["age": ["$lt": .int64(9)]], ["city": ["$eq": "a"]],
          ["name": ["$eq": "b"]],
        ]
      ])
    try user(
      \.age > 1 && (\.city == "a" || \.city == "b"),
      ["$and": [["age": ["$gt": .int64(1)]], ["$or": [["city": ["$eq": "a"]], ["city": ["$eq": "b"]]]]]])
    try user(!(\.age > 1), ["$nor": [["age": ["$gt": .int64(1)]]]])
    try user(
      !(\.age > 1 || \.age < 0),
      ["$nor": [["$or": [["age": ["$gt": .int64(1)]], ["age": ["$lt": .int64(0)]]]]]])
    try user(.all, [:])
  }

  @Test("values are encoded as they are stored")
  func values() throws {
    try user(\.role == .member, ["role": ["$eq": "m"]])
    try user(\.level == .high, ["level": ["$eq": .int64(20)]])
    try user(\.former == nil, ["former": ["$eq": nil]])
    try user(\.address == Shapes.Address(city: "x", zip: nil), ["addr": ["$eq": ["city": "x"]]])
    try user(\.tags == ["a", "b"], ["tags": ["$eq": ["a", "b"]]])
    let id = UUID()
    try expect(\Shapes.Outside.uuid == id, ["uuid": ["$eq": .string(id.uuidString)]])
    let date = Date(timeIntervalSinceReferenceDate: 1.5)
    try expect(\Shapes.Outside.date < date, ["date": ["$lt": 1.5]])
    try expect(\Shapes.Values.any == 1.5, ["any": ["$eq": 1.5]])
    let object = ObjectID()
    try expect(\Shapes.Values.maybe == object, ["maybe": ["$eq": .objectID(object)]])
    #expect(throws: HoldfastError.self) { try (\Shapes.Values.uint64 == .max).document() }
  }

  @Test("lists, ranges, texts and arrays")
  func methods() throws {
    try user(.field(\.city).in(["a", "b"]), ["city": ["$in": ["a", "b"]]])
    try user(.field(\.nickname).in(["a", nil]), ["nickname": ["$in": ["a", nil]]])
    try user(.field(\.age).in([1, 2]), ["age": ["$in": [.int64(1), .int64(2)]]])
    try user(.field(\.age).in(1...3), ["age": ["$gte": .int64(1), "$lte": .int64(3)]])
    try user(.field(\.score).in(1..<3.5), ["score": ["$gte": 1.0, "$lt": 3.5]])
    try user(.field(\.name).hasPrefix("A.b"), ["name": ["$regex": "^A\\.b"]])
    try user(.field(\.nickname).hasPrefix("(é 1_"), ["nickname": ["$regex": "^\\(é 1\\_"]])
    try user(.field(\.name).matches("^a+$"), ["name": ["$regex": "^a+$"]])
    try user(.field(\.name).matches("a", options: "i"), ["name": ["$regex": "a", "$options": "i"]])
    try user(.field(\.tags).contains("a"), ["tags": ["$eq": "a"]])
    try user(.field(\.other).contains("a"), ["other": ["$eq": "a"]])
    try user(.field(\.tags).contains(anyOf: ["a", "b"]), ["tags": ["$in": ["a", "b"]]])
    try user(.field(\.tags).contains(allOf: ["a", "b"]), ["tags": ["$all": ["a", "b"]]])
    try user(.field(\.tags).hasCount(2), ["tags": ["$size": .int64(2)]])
    try user(
      .field(\.addresses).contains(where: \.city == "a" && \.zip == nil),
      ["addresses": ["$elemMatch": ["$and": [["city": ["$eq": "a"]], ["zip": ["$eq": nil]]]]]])
    try expect(
      .field(\Shapes.Outside.matrix).contains([1]), ["matrix": ["$elemMatch": ["$eq": [1.0]]]])
    try expect(
      .field(\Shapes.Outside.matrix).contains(anyOf: [[1], []]),
      ["$or": [["matrix": ["$elemMatch": ["$eq": [1.0]]]], ["matrix": ["$elemMatch": ["$eq": []]]]]])
    try expect(
      .field(\Shapes.Outside.matrix).contains(allOf: [[1]]),
      ["matrix": ["$all": [["$elemMatch": ["$eq": [1.0]]]]]])
    try expect(.field(\Shapes.Outside.set).contains(3), ["set": ["$eq": .int64(3)]])
    #expect(throws: HoldfastError.self) {
      try TypedField(\Shapes.Values.regex).in([BSONRegex("a")]).document()
    }
  }

  @Test("sets and dictionaries, stored in any order, are not compared as a whole")
  func unordered() throws {
    try expect(\Shapes.Outside.set == [3], ["set": ["$eq": [.int64(3)]]])
    #expect(throws: HoldfastError.self) { try (\Shapes.Outside.set == [3, 4]).document() }
    #expect(throws: HoldfastError.self) { try (\User.scores != ["a": 1, "b": 2]).document() }
  }

  @Test("what has no typed form is named or written out")
  func hatches() throws {
    try user(.document(["age": ["$mod": [4, 0]]]), ["age": ["$mod": [4, 0]]])
    try user(.field("scores.math", of: Int.self) > 3, ["scores.math": ["$gt": .int64(3)]])
    try user(.field("tags.0", of: String.self).hasPrefix("a"), ["tags.0": ["$regex": "^a"]])
    try user(
      .field("a.b", of: String?.self) == nil && \.age > 3 || .document(["x": 1]),
      ["$or": [["$and": [["a.b": ["$eq": nil]], ["age": ["$gt": .int64(3)]]]], ["x": 1]]])
  }

  @Test("what a filter fails for is thrown where it is used, from any depth")
  func errors() throws {
    let wrong: TypedFilter<User> = \.age > 1 && !(\.city == "x" || \.upper == "A")
    let error = #expect(throws: HoldfastError.self) { try wrong.document() }
    #expect(error?.code == .invalidUse)
    #expect(throws: HoldfastError.self) { try TypedSort.ascending(\User.upper).document() }
    #expect(throws: HoldfastError.self) { try TypedUpdate.set(\User.upper, to: "x").document() }
    #expect(throws: HoldfastError.self) { try TypedUpdate<User>([]).document() }
    #expect(throws: HoldfastError.self) { try TypedUpdate<User>.document(["age": 1]).document() }
    #expect(throws: HoldfastError.self) { try TypedUpdate<User>.document(["$set": 1]).document() }
  }

  @Test("sorts keep their order; a field decides once")
  func sorts() throws {
    let sort = TypedSort<User>([
      .descending(\.age), .ascending(\.address.city), .descending("x.y"), .ascending(\.age),
    ])
    #expect(try sort.document() == ["age": -1, "addr.city": 1, "x.y": -1])
    #expect(try TypedSort<User>([]).document() == [:])
  }

  @Test("updates are gathered by operator")
  func updates() throws {
    try expect(
      .set(\.age, to: 37), .increment(\.lucky, by: 1), .set(\.role, to: .guest), .unset(\.nickname),
      is: [
        "$set": ["age": .int64(37), "role": "guest"], "$inc": ["lucky": .int64(1)],
        "$unset": ["nickname": ""],
      ])
    try expect(.set(\.nickname, to: nil), is: ["$set": ["nickname": nil]])
    try expect(.set(\.home?.city, to: "x"), is: ["$set": ["home.city": "x"]])
    try expect(.setOnInsert(\.city, to: "x"), is: ["$setOnInsert": ["city": "x"]])
    try expect(.multiply(\.score, by: 2), is: ["$mul": ["score": 2.0]])
    try expect(
      .lower(\.age, to: 3), .raise(\.score, to: 3), is: ["$min": ["age": .int64(3)], "$max": ["score": 3.0]])
    try expect(.push(\.tags, "x"), is: ["$push": ["tags": "x"]])
    try expect(.push(\.other, contentsOf: ["x", "y"]), is: ["$push": ["other": ["$each": ["x", "y"]]]])
    try expect(
      .push(\.addresses, Shapes.Address(city: "x")), is: ["$push": ["addresses": ["$each": [["city": "x"]]]]])
    try expect(.addToSet(\.tags, "x"), is: ["$addToSet": ["tags": "x"]])
    try expect(.addToSet(\.tags, contentsOf: ["x"]), is: ["$addToSet": ["tags": ["$each": ["x"]]]])
    try expect(.pull(\.tags, "x"), is: ["$pullAll": ["tags": ["x"]]])
    try expect(
      .pull(\.addresses, where: \.zip > 3), is: ["$pull": ["addresses": ["zip": ["$gt": .int64(3)]]]])
    try expect(.removeFirst(\.tags), is: ["$pop": ["tags": -1]])
    try expect(.removeLast(\.other), is: ["$pop": ["other": 1]])
    try expect(
      .document(["$currentDate": ["x": true], "$set": ["a": 1]]), .set(\.age, to: 1),
      is: ["$currentDate": ["x": true], "$set": ["a": 1, "age": .int64(1)]])
  }

  @Test("comparing key paths with each other, and ordinary comparisons, are what they were")
  func ordinary() {
    let same = \User.age == \User.age
    #expect(same as Any is Bool)
    let none: AnyKeyPath? = nil
    let (one, two) = (1, 2)
    #expect(none == nil && \User.age != \User.lucky && !(one > two || one == two))
  }
}
