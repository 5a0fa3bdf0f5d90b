import BSON
import Testing

@testable import HoldfastQuery

@Suite("Expressions made at random")
struct ExpressionRandomTests {
  private static let constants: [BSONValue] = [
    0, 1, -1, 2, 5, 100, -20, .int32(.min), .int32(.max), .int64(.min), .int64(.max), .int64(0),
    .int64(1 << 53),
    0.5, -0.0, 2.5, 1e300, -1e19, .double(.nan), .double(.infinity), .double(-.infinity),
    .double(.leastNonzeroMagnitude),
    .decimal128(Decimal128("0.10")!), .decimal128(Decimal128("-9E+6144")!),
    .decimal128(Decimal128("1E-6176")!),
    .decimal128(.nan), .decimal128(.infinity), "", "abc", "é€😀", "12", "day", "2020-02-30", "+14:00", nil,
    true, false,
    .undefined, .minKey, .maxKey, .dateTime(BSONDateTime(milliseconds: .min)),
    .dateTime(BSONDateTime(milliseconds: .max)), .dateTime(BSONDateTime(milliseconds: 1_600_000_000_000)),
    .objectID(ObjectID("5ab9c3da31c2ab715d421285")!), .timestamp(BSONTimestamp(seconds: .max, increment: 1)),
    .regex(BSONRegex("a.c", options: "i")), [], [1, "a", nil, [2]], [[1, 2], [3, 4]], [["k": "a", "v": 1]],
    .binary(BSONBinary([1, 2, 3])), .symbol("s"), .code("f()"),
  ]
  private static let paths: [BSONValue] = [
    "$a", "$a.b", "$l", "$l.x", "$none", "$$ROOT", "$n", "$d", "$$CURRENT.s",
  ]
  private static let lists = [
    "$eq", "$lt", "$cmp", "$in", "$and", "$or", "$not", "$ifNull", "$cond", "$toInt",
    "$toLong", "$toDouble", "$toDecimal", "$toString", "$toBool", "$toDate", "$toObjectId",
  ]
  private static let named: [String: [String]] = [
    "$map": ["input", "in"], "$filter": ["input", "cond", "limit"],
    "$reduce": ["input", "initialValue", "in"],
    "$convert": ["input", "to", "onError"], "$switch": ["branches", "default"],
    "$regexMatch": ["input", "regex"],
  ]

  private static let shapes = named.sorted { $0.key < $1.key }
  private static let functions = ExpressionOperator.byName.values.sorted { $0.name < $1.name }

  private func pick<T>(_ values: [T], _ draws: inout Draws) -> T {
    values[Int.random(in: 0..<values.count, using: &draws)]
  }

  private func expression(depth: Int, _ draws: inout Draws) -> BSONValue {
    let choice = Int.random(in: 0..<10, using: &draws)
    if depth == 0 || choice < 2 { return pick(Self.constants, &draws) }
    if choice < 5 { return pick(Self.paths, &draws) }
    if choice == 5 {
      let names = pick(Self.shapes, &draws)
      return call(names.key, names: names.value, depth, &draws)
    }
    if choice == 6 {
      return call(pick(Self.lists, &draws), Int.random(in: 1...3, using: &draws), depth, &draws)
    }
    let function = pick(Self.functions, &draws)
    switch function.parameters {
    case .list(let counts):
      let most = counts.upperBound == Int.max ? counts.lowerBound + 3 : counts.upperBound
      return call(function.name, Int.random(in: counts.lowerBound...most, using: &draws), depth, &draws)
    case .named(let names, _), .namedOrSingle(let names):
      return call(function.name, names: names, depth, &draws)
    }
  }

  private func call(_ name: String, _ count: Int, _ depth: Int, _ draws: inout Draws) -> BSONValue {
    .document([name: .array((0..<count).map { _ in expression(depth: depth - 1, &draws) })])
  }

  private func call(_ name: String, names: [String], _ depth: Int, _ draws: inout Draws) -> BSONValue {
    var fields = Document()
    for name in names where Int.random(in: 0..<5, using: &draws) > 0 {
      fields.append(name, expression(depth: depth - 1, &draws))
    }
    return .document([name: .document(fields)])
  }

  private static let document: Document = [
    "a": ["b": 3, "c": [1, 2]], "l": [["x": 1], ["x": [2, 3]], 4], "n": nil, "s": "text",
    "d": .dateTime(BSONDateTime(milliseconds: 1_500_000_000_000)),
  ]

  @Test("they have a value or an error, and never trap", arguments: 1...4)
  func anything(seed: UInt64) throws {
    var draws = Draws(seed: seed)
    var errors = 0
    for _ in 0..<1500 {
      let expression = expression(depth: 3, &draws)
      let result = ExpressionTable.result(of: expression, over: Self.document)
      if QueryError.Code(rawValue: result) != nil { errors += 1 }
      // Truth is that of the value.
      guard let parsed = try? Expression(expression, at: "$expr") else { continue }
      let pair = Self.document.withRawDocument { raw in
        (try? parsed.evaluate(raw), try? parsed.isTrue(raw))
      }
      guard let (value, isTrue) = pair, let isTrue else { continue }
      #expect(isTrue == (value?.countsAsTrue ?? false), "\(expression)")
    }
    #expect(errors > 100 && errors < 1400)
  }

  @Test("over damaged documents they never trap either", arguments: 1...2)
  func damaged(seed: UInt64) {
    var draws = Draws(seed: seed)
    let bytes = Self.document.bytes
    for _ in 0..<1500 {
      var damaged = bytes
      for _ in 0..<3 {
        damaged[Int.random(in: 4..<damaged.count - 1, using: &draws)] = UInt8.random(
          in: 0...255, using: &draws)
      }
      _ = ExpressionTable.result(of: expression(depth: 2, &draws), over: Document(trusted: damaged))
    }
  }
}
