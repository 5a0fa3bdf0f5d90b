import Holdfast
import HoldfastTestSupport

/// Draws documents, filters, sort orders and indexes over a few fields, so that conditions often hold of some
/// documents and arrays, nulls and mixed types are frequent.
struct RandomQueries {
  var random: SeededRandom

  init(seed: UInt64) { random = SeededRandom(seed: seed) }

  func below(_ limit: Int) -> Int { Int(random.next() % UInt64(max(1, limit))) }
  func pick<T>(_ values: [T]) -> T { values[below(values.count)] }

  // MARK: Documents

  func scalar() -> BSONValue {
    switch below(12) {
    case 0: .null
    case 1: .bool(below(2) == 0)
    case 2: pick([.double(Double(below(6)) + 0.5), .double(Double(below(6))), -1.5, -128, -256])
    case 3: .int64(Int64(below(6)))
    case 4, 5: .string(pick(["", "a", "ab", "abc", "b", "ba"]))
    case 6: .dateTime(BSONDateTime(milliseconds: pick([0, 1, 2, 255, -1])))
    default: .int32(Int32(below(6)))
    }
  }

  func value(_ depth: Int = 0) -> BSONValue {
    switch below(depth > 1 ? 7 : 12) {
    case 7, 8: .array((0..<below(4)).map { _ in value(depth + 1) })
    // A number that is a place and a name as well cannot be in an index.
    case 9, 10: .document(fields(depth == 0 ? ["d", "e", "0"] : ["d", "e"], depth + 1))
    case 11: .array((0..<below(3)).map { _ in .document(fields(["d", "e"], depth + 1)) })
    default: scalar()
    }
  }

  private func fields(_ names: [String], _ depth: Int) -> Document {
    var document = Document()
    for name in names where below(3) > 0 { document[name] = value(depth) }
    return document
  }

  func document() -> Document {
    var document = Document()
    for name in ["a", "b", "c"] where below(5) > 0 {
      // Often a plain value, so that not every index is one of arrays.
      document[name] = name == "b" ? scalar() : below(2) == 0 ? scalar() : value()
    }
    return document
  }

  // MARK: Filters

  static let paths = ["a", "b", "c", "a.d", "c.d", "c.e", "a.0", "a.0.d", "a.0.0", "c.0.d", "_id"]

  func filter(_ depth: Int = 0) -> Document {
    var filter = Document()
    for _ in 0..<(1 + below(2)) {
      let path = pick(Self.paths)
      filter[path] = condition(path, depth)
    }
    if depth < 2, below(4) == 0 {
      let name = pick(["$or", "$or", "$and", "$nor"])
      filter[name] = .array((0..<(1 + below(3))).map { _ in .document(self.filter(depth + 1)) })
      // The same value in two forms.
      if below(4) == 0 { filter["$or"] = [["b": 1], ["b": 1.0], ["b": .int64(2)]] }
    }
    return filter
  }

  private func operand(_ path: String) -> BSONValue {
    path == "_id" ? .int32(Int32(below(60))) : below(6) == 0 ? value(1) : scalar()
  }

  private func condition(_ path: String, _ depth: Int) -> BSONValue {
    switch below(14) {
    case 0...2: return operand(path).isOperatorLike ? 1 : operand(path)
    case 3: return ["$in": .array((0..<below(4)).map { _ in operand(path) })]
    case 4: return ["$ne": operand(path)]
    case 5: return ["$exists": .bool(below(2) == 0)]
    case 6: return ["$nin": .array((0..<below(3)).map { _ in operand(path) })]
    case 7 where below(4) == 0: return ["$elemMatch": ["$elemMatch": ["$gte": operand(path)]]]
    case 7:
      return below(2) == 0
        ? ["$elemMatch": ["$gte": operand(path), "$lt": operand(path)]]
        : ["$elemMatch": .document(["d": condition("d", depth + 1)])]
    case 8: return ["$regex": .string(pick(["^a", "b", "^ab", "^a.*c$"]))]
    case 9: return ["$not": ["$gt": operand(path)]]
    case 10: return ["$gt": operand(path), "$lte": operand(path)]
    case 11: return ["$type": .string(pick(["int", "string", "array", "number"]))]
    default: return .document([pick(["$gt", "$gte", "$lt", "$lte", "$eq"]): operand(path)])
    }
  }

  // MARK: Orders and indexes

  func order() -> Document? {
    guard below(3) > 0 else { return nil }
    var order = Document()
    for _ in 0..<(1 + below(2)) { order[pick(["a", "b", "c", "c.d", "_id"])] = below(2) == 0 ? 1 : -1 }
    return order
  }

  func index() -> (keys: Document, options: IndexOptions) {
    var keys = Document()
    for _ in 0..<(1 + below(3)) {
      keys[pick(["a", "b", "c", "a.d", "c.d", "c.e", "a.0", "a.0.d", "c.0.d"])] = below(2) == 0 ? 1 : -1
    }
    var options = IndexOptions()
    switch below(5) {
    case 0: options.isSparse = true
    case 1:
      options.partialFilter = .some(
        pick([["b": ["$gt": 2]], ["b": ["$exists": true]], ["a": ["$gte": 1, "$lt": 4]], ["b": "a"]]))
    default: break
    }
    return (keys, options)
  }

  func update() -> Document {
    let path = pick(["a", "b", "c", "c.d", "new"])
    return switch below(6) {
    case 0: ["$unset": .document([path: 1])]
    case 1: ["$set": .document([path: value()])]
    case 2: ["$set": .document([path: scalar()]), "$unset": ["other": 1]]
    case 3: ["$min": .document([path: scalar()])]
    case 4: ["$set": ["b": scalar(), "other": scalar()]]
    default: ["$max": .document([path: scalar()])]
    }
  }
}

extension BSONValue {
  /// Whether the value would be read as operators behind a field's name.
  fileprivate var isOperatorLike: Bool { if case .undefined = self { true } else { false } }
}
