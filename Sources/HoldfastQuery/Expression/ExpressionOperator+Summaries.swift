import BSON

extension ExpressionOperator {
  /// Sums, averages and extremes of many values. A single argument that is an array stands for its elements.
  static let summaries: [ExpressionOperator] = [
    ExpressionOperator("$sum", 0...Int.max) { (arguments) throws(QueryError) in sum(arguments).sum },
    ExpressionOperator("$avg", 0...Int.max) { (arguments) throws(QueryError) in sum(arguments).average },
    ExpressionOperator("$max", 0...Int.max) { (arguments) throws(QueryError) in extreme(arguments, 1) },
    ExpressionOperator("$min", 0...Int.max) { (arguments) throws(QueryError) in extreme(arguments, -1) },
    ExpressionOperator("$stdDevPop", 0...Int.max) { (arguments) throws(QueryError) in
      deviation(arguments, less: 0)
    },
    ExpressionOperator("$stdDevSamp", 0...Int.max) { (arguments) throws(QueryError) in
      deviation(arguments, less: 1)
    },
  ]

  private static func items(_ arguments: ExpressionArguments) -> [BSONValue?] {
    if arguments.count == 1, case .array(let values)? = arguments[0] { return values }
    return arguments.values
  }

  /// Adds up the numbers; what is no number does not count.
  private static func sum(_ arguments: ExpressionArguments) -> ExpressionSum {
    var sum = ExpressionSum()
    for item in items(arguments) {
      if let number = item.flatMap(ExpressionNumber.init) { sum.add(number) }
    }
    return sum
  }

  /// The highest or lowest value in MongoDB's order; null when all are null or missing.
  private static func extreme(_ arguments: ExpressionArguments, _ sign: Int) -> BSONValue {
    var best: BSONValue?
    for case let item? in items(arguments) where !item.isNull {
      if let current = best, BSONOrdering.compare(item, current) * sign <= 0 { continue }
      best = item
    }
    return best ?? .null
  }

  private static func deviation(_ arguments: ExpressionArguments, less: Int) -> BSONValue {
    let numbers = items(arguments).compactMap { $0.flatMap(ExpressionNumber.init)?.doubleValue }
    guard numbers.count > less else { return .null }
    // Welford's method: one pass, without the difference of large squares.
    var mean = 0.0
    var squares = 0.0
    for (index, number) in numbers.enumerated() {
      let distance = number - mean
      mean += distance / Double(index + 1)
      squares += distance * (number - mean)
    }
    return .double((squares / Double(numbers.count - less)).squareRoot())
  }
}

/// A sum of numbers of any types. Integers are added exactly, and doubles with the error of each addition.
struct ExpressionSum {
  /// 128 bits hold more longs than there is memory for.
  private var integers: Int128 = 0
  /// The sum of the doubles and what it lacks.
  private var doubles = (sum: 0.0, rest: 0.0)
  private var decimals: Decimal128?
  private var hasLong = false
  private var hasDouble = false
  private var count = 0

  mutating func add(_ number: ExpressionNumber) {
    count += 1
    switch number {
    case .int(let value): integers += Int128(value)
    case .long(let value):
      hasLong = true
      integers += Int128(value)
    case .double(let value):
      hasDouble = true
      add(value)
    case .decimal(let value): decimals = (decimals ?? .zero) + value
    }
  }

  private mutating func add(_ value: Double) {
    let sum = doubles.sum + value
    // Knuth's exact error of an addition.
    let part = sum - doubles.sum
    let rest = (doubles.sum - (sum - part)) + (value - part)
    doubles = (sum, sum.isFinite ? doubles.rest + rest : 0)
  }

  private var doubleTotal: Double {
    var total = self
    let high = Double(integers)
    total.add(high)
    total.add(Double(integers - Int128(high)))
    return total.doubles.sum + total.doubles.rest
  }

  private var decimalTotal: Decimal128 {
    let whole = Decimal128(isNegative: integers < 0, coefficient: integers.magnitude, exponent: 0) ?? .nan
    let exact = (decimals ?? .zero) + whole
    return hasDouble ? exact + Decimal128(nearest: doubles.sum) + Decimal128(nearest: doubles.rest) : exact
  }

  /// The sum, of the widest type; 0 of nothing, and a double when longs do not fit a long.
  var sum: BSONValue {
    if decimals != nil { return .decimal128(decimalTotal) }
    guard !hasDouble, let whole = Int64(exactly: integers) else { return .double(doubleTotal) }
    return hasLong ? .int64(whole) : ExpressionNumber.int(whole).value
  }

  /// The average, a double or a decimal; null of nothing.
  var average: BSONValue {
    if count == 0 { return .null }
    if decimals != nil { return .decimal128(decimalTotal / Decimal128(Int64(count))) }
    return .double(doubleTotal / Double(count))
  }
}
