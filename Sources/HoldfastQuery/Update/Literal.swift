import BSON

/// A value that an update puts into documents.
struct Literal: Sendable {
  let constant: Constant
  /// How many documents and arrays it has inside one another.
  let nesting: Int

  init(_ value: BSONValue) {
    constant = Constant(value)
    nesting = Nesting.levels(of: constant.raw)
  }

  var raw: RawValue { constant.raw }
}

/// Counting how deep values are nested.
enum Nesting {
  /// How many documents and arrays a value has inside one another, itself included; 0 for plain values.
  /// Counting stops one above the limit.
  static func levels(of value: RawValue, limit: Int = BSONLimits.maximumDepth) -> Int {
    switch value.type {
    case .document, .array:
      guard limit > 0, let inner = value.document else { return 1 }
      return 1 + deepest(inner, limit: limit - 1)
    case .codeWithScope:
      guard limit > 0, case .codeWithScope(let code)? = BSONValue(value) else { return 1 }
      return 1 + (code.scope.withRawDocument { deepest($0, limit: limit - 1) } ?? 0)
    default:
      return 0
    }
  }

  private static func deepest(_ document: RawDocument, limit: Int) -> Int {
    var result = 0
    for element in document {
      result = max(result, levels(of: element.value, limit: limit))
      if result > limit { break }
    }
    return result
  }
}

/// Values without order, equal ones once, that other values are looked up in.
struct LiteralSet: Sendable {
  /// The values in the order in which they were given, the first of equal ones.
  let values: [Literal]
  /// The places in `values`, in the order of the values there.
  private let order: [Int]

  init(_ values: [BSONValue]) {
    let all = values.map(Literal.init)
    let sorted = all.indices.sorted { a, b in
      let result = BSONOrdering.compare(all[a].raw, all[b].raw)
      return result == 0 ? a < b : result < 0
    }
    var isFirst = [Bool](repeating: true, count: all.count)
    for (place, next) in zip(sorted, sorted.dropFirst())
    where BSONOrdering.compare(all[place].raw, all[next].raw) == 0 {
      isFirst[next] = false
    }
    // The places move forward by as many as were left out before them.
    var place = 0
    let places = isFirst.map { isFirst -> Int in
      defer { place += isFirst ? 1 : 0 }
      return place
    }
    self.values = all.indices.filter { isFirst[$0] }.map { all[$0] }
    order = sorted.filter { isFirst[$0] }.map { places[$0] }
  }

  /// Where in `values` a value is that is equal in MongoDB's comparison, or nil.
  func place(of value: RawValue) -> Int? {
    var low = 0
    var high = order.count
    while low < high {
      let middle = (low + high) / 2
      let result = BSONOrdering.compare(values[order[middle]].raw, value)
      if result == 0 { return order[middle] }
      if result < 0 { low = middle + 1 } else { high = middle }
    }
    return nil
  }
}
