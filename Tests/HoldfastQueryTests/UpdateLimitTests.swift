import BSON
import Testing

@testable import HoldfastQuery

@Suite("Limits of updates")
struct UpdateLimitTests {
  private static func nested(_ levels: Int) -> BSONValue {
    (0..<levels).reduce(BSONValue.int32(1)) { value, _ in ["a": value] }
  }

  private static func apply(
    _ update: Document, to document: Document, _ filters: [Document] = []
  ) throws -> Document {
    try Update(update, arrayFilters: filters).applied(to: document, position: 0, now: UpdateCase.now)
  }

  private static func code(_ update: Document, on document: Document) -> QueryError.Code? {
    do {
      _ = try apply(update, to: document)
      return nil
    } catch {
      return (error as? QueryError)?.code
    }
  }

  @Test("a result may be nested as deep as documents may be, and no deeper")
  func depth() throws {
    let path = Array(repeating: "p", count: 50).joined(separator: ".")
    let fits = try Self.apply(["$set": [path: Self.nested(150)]], to: [:])
    try fits.validate()
    #expect(Self.code(["$set": [path: Self.nested(151)]], on: [:]) == .limitExceeded)
    #expect(Self.code(["$push": [path: Self.nested(150)]], on: [:]) == .limitExceeded)
    #expect(Self.code(["$addToSet": [path: Self.nested(150)]], on: [:]) == .limitExceeded)
    try Self.apply(["$push": [path: Self.nested(149)]], to: [:]).validate()
    let deep: Document = ["v": Self.nested(199)]
    try deep.validate()
    #expect(Self.code(["$rename": ["v": "p.v"]], on: deep) == .limitExceeded)
    #expect(try Self.apply(["$rename": ["v": "w"]], to: deep) == ["w": Self.nested(199)])
    #expect(try Self.apply(["$rename": ["v.a": "w"]], to: deep) == ["v": [:], "w": Self.nested(198)])
    #expect(try Self.apply(["$unset": ["v.a.a": 1]], to: deep) == ["v": ["a": [:]]])
    let code: BSONValue = .codeWithScope(BSONCodeWithScope("f", scope: ["a": Self.nested(149)]))
    try Self.apply(["$set": [path: code]], to: [:]).validate()
    let deeper: BSONValue = .codeWithScope(BSONCodeWithScope("f", scope: ["a": Self.nested(150)]))
    #expect(Self.code(["$set": [path: deeper]], on: [:]) == .limitExceeded)
  }

  @Test("an update deeper than documents may be is refused")
  func deepUpdates() {
    #expect(Self.code(["$set": ["a": Self.nested(250)]], on: [:]) == .invalidArgument)
    #expect(throws: QueryError.self) { try Update(replacement: ["a": Self.nested(250)]) }
    var filter: Document = ["e": 1]
    for _ in 0..<150 { filter = ["$and": [.document(filter)]] }
    #expect(throws: QueryError.self) { try Update(["$set": ["a.$[e]": 1]], arrayFilters: [filter]) }
  }

  @Test("an update that would blow a document up stops before the memory is full")
  func size() {
    let text = BSONValue.string(String(repeating: "x", count: 1 << 20))
    let list: Document = ["a": .array(Array(repeating: ["b": 1], count: 1000))]
    #expect(Self.code(["$set": ["a.$[].c": text]], on: list) == .limitExceeded)
    #expect(Self.code(["$push": ["a.$[].c": text]], on: list) == .limitExceeded)
    let names = (0..<4).map { "f\($0).1500000" }
    let padding: Document = ["$set": .document(Document(names.map { ($0, .int32(1)) }))]
    let arrays = Document((0..<4).map { ("f\($0)", [0]) })
    #expect(Self.code(padding, on: arrays) == .limitExceeded)
  }

  @Test("an array is filled up with at most so many nulls")
  func padding() throws {
    let last = UpdateWriter.maximumPadding
    let filled = try Self.apply(["$set": ["a.\(last)": true]], to: ["a": []])
    #expect(filled.value(atPath: "a.\(last)") == true)
    #expect(Self.code(["$set": ["a.\(last + 1)": true]], on: ["a": []]) == .limitExceeded)
    #expect(Self.code(["$set": ["a.99999999999999999999": true]], on: ["a": []]) == .typeMismatch)
    #expect(Self.code(["$unset": ["a.999999999": true]], on: ["a": []]) == nil)
  }

  @Test("an update may name very many fields", .timeLimit(.minutes(2)))
  func manyFields() throws {
    let names = (0..<20_000).map { "f\($0 * 7919 % 20_000)" }
    let document = Document(names.map { ($0, .int32(1)) })
    let update = try Update(["$inc": .document(Document(names.reversed().map { ($0, .int32(1)) }))])
    let after = try update.applied(to: document, position: nil, now: UpdateCase.now)
    #expect(after["f7"] == .int32(2))
    #expect(after.byteCount == document.byteCount)
    let set = Document(names.map { ($0 + ".a.$[].b", .int32(1)) })
    #expect(try Update(["$set": .document(set)]).touchedFields?.count == names.count)
  }

  @Test("bytes that are no document are refused or passed on, and never trap")
  func malformed() throws {
    let document = try json(
      "{'_id': 1, 'a': [1, {'b': [1, 2]}, 'x'], 'b': {'c': {'d': 1}}, 'n': 5, 's': 'text'}")
    let updates: [Document] = try [
      "{'$inc': {'n': 1}}", "{'$set': {'b.c.d': 2, 'a.7': 1}, '$unset': {'s': 1}}",
      "{'$push': {'a': {'$each': [3], '$sort': {'b': 1}, '$slice': -2}}}", "{'$pull': {'a': {'b': 1}}}",
      "{'$rename': {'b.c': 'x.y'}, '$max': {'s': 'z'}}", "{'$addToSet': {'a.$[e].b': 7}}",
      "{'$set': {'_id': 1, 'a.$.b': 1}}",
    ].map(json)
    var random = Draws(seed: 11)
    for round in 0..<2000 {
      var bytes = document.bytes
      for _ in 0...Int.random(in: 0...2, using: &random) {
        bytes[Int.random(in: 0..<bytes.count, using: &random)] = UInt8.random(in: 0...255, using: &random)
      }
      if round % 10 == 0 { bytes.removeLast(Int.random(in: 1..<bytes.count, using: &random)) }
      let update = updates[round % updates.count]
      let filters: [Document] = update.description.contains("$[e]") ? [["e.b": 1]] : []
      _ = try? Self.apply(update, to: Document(trusted: bytes), filters)
      var updateBytes = update.bytes
      updateBytes[Int.random(in: 0..<updateBytes.count, using: &random)] = UInt8.random(
        in: 0...255, using: &random)
      _ = try? Self.apply(Document(trusted: updateBytes), to: document, filters)
      _ = try? Update.upsertBase(Document(trusted: updateBytes))
    }
  }

  @Test("a document that breaks off is not written back without its end")
  func brokenOff() throws {
    var bytes = (["n": 1, "s": "text", "z": 1] as Document).bytes
    // An unknown type in front of the last field.
    bytes[bytes.count - 8] = 0x55
    let document = Document(trusted: bytes)
    #expect(Self.code(["$set": ["new": 1]], on: document) == .invalidArgument)
    #expect(Self.code(["$push": ["l": 1]], on: document) == .invalidArgument)
    #expect(try Self.apply(["$inc": ["n": 1]], to: document).byteCount == document.byteCount)
    #expect(Self.code(["$inc": ["n": 1]], on: Document(trusted: [5, 0])) == .invalidArgument)
  }
}
