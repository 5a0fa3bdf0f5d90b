import BSON

extension ExpressionOperator {
  /// Arrays as sets: the order of the elements and how often they occur do not count.
  static let sets: [ExpressionOperator] = [
    ExpressionOperator("$setUnion", 0...Int.max, canGrow: true) { (arguments) throws(QueryError) in
      if arguments.hasNullish { return .null }
      var all: [BSONValue] = []
      for index in 0..<arguments.count { all.append(contentsOf: try arguments.array(index, "arrays")) }
      return .array(ExpressionSet(all).values)
    },
    ExpressionOperator("$setIntersection", 0...Int.max) { (arguments) throws(QueryError) in
      if arguments.hasNullish { return .null }
      var result: [BSONValue]?
      for index in 0..<arguments.count {
        let set = ExpressionSet(try arguments.array(index, "arrays"))
        result = result.map { $0.filter(set.contains) } ?? set.values
      }
      return .array(result ?? [])
    },
    ExpressionOperator("$setDifference", 2...2) { (arguments) throws(QueryError) in
      if arguments.hasNullish { return .null }
      let left = try arguments.array(0, "arrays")
      let right = ExpressionSet(try arguments.array(1, "arrays"))
      return .array(ExpressionSet.withoutRepetitions(left).filter { !right.contains($0) })
    },
    ExpressionOperator("$setEquals", 2...Int.max) { (arguments) throws(QueryError) in
      let first = ExpressionSet(try arguments.array(0, "arrays"))
      var areEqual = true
      for index in 1..<arguments.count {
        if !first.isEqual(to: ExpressionSet(try arguments.array(index, "arrays"))) { areEqual = false }
      }
      return .bool(areEqual)
    },
    ExpressionOperator("$setIsSubset", 2...2) { (arguments) throws(QueryError) in
      let left = try arguments.array(0, "arrays")
      let right = ExpressionSet(try arguments.array(1, "arrays"))
      return .bool(left.allSatisfy(right.contains))
    },
    ExpressionOperator("$allElementsTrue", 1...1) { (arguments) throws(QueryError) in
      .bool(try arguments.array(0).allSatisfy(\.countsAsTrue))
    },
    ExpressionOperator("$anyElementTrue", 1...1) { (arguments) throws(QueryError) in
      .bool(try arguments.array(0).contains { $0.countsAsTrue })
    },
  ]
}

/// Values in MongoDB's order without repetitions; 1 and 1.0 are the same.
struct ExpressionSet {
  let values: [BSONValue]

  init(_ values: [BSONValue]) {
    var result: [BSONValue] = []
    for value in values.sorted(by: { BSONOrdering.compare($0, $1) < 0 }) {
      if let last = result.last, BSONOrdering.compare(last, value) == 0 { continue }
      result.append(value)
    }
    self.values = result
  }

  func contains(_ value: BSONValue) -> Bool {
    let place = lowerBound(of: value)
    return place < values.count && BSONOrdering.compare(values[place], value) == 0
  }

  func isEqual(to other: ExpressionSet) -> Bool {
    values.count == other.values.count
      && Swift.zip(values, other.values).allSatisfy { BSONOrdering.compare($0, $1) == 0 }
  }

  /// The values in the order in which each occurs first.
  static func withoutRepetitions(_ values: [BSONValue]) -> [BSONValue] {
    let set = ExpressionSet(values)
    var seen = [Bool](repeating: false, count: set.values.count)
    return values.filter { value in
      let place = set.lowerBound(of: value)
      guard place < seen.count, !seen[place] else { return false }
      seen[place] = true
      return true
    }
  }

  /// The place of the first value that is not below another one.
  private func lowerBound(of value: BSONValue) -> Int {
    var low = 0
    var high = values.count
    while low < high {
      let middle = (low + high) / 2
      if BSONOrdering.compare(values[middle], value) < 0 { low = middle + 1 } else { high = middle }
    }
    return low
  }
}
