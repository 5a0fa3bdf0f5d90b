import BSON

extension ExpressionOperator {
  /// Elements of arrays and parts of them.
  static let arrayParts: [ExpressionOperator] = [
    ExpressionOperator("$arrayElemAt", 2...2, element),
    ExpressionOperator("$first", 1...1) { (arguments) throws(QueryError) in
      arguments.isNullish(0) ? .null : try arguments.array(0).first
    },
    ExpressionOperator("$last", 1...1) { (arguments) throws(QueryError) in
      arguments.isNullish(0) ? .null : try arguments.array(0).last
    },
    ExpressionOperator("$firstN", named: ["input", "n"], required: 2) { (arguments) throws(QueryError) in
      let (values, count) = try several(arguments)
      return .array(Array(values.prefix(count)))
    },
    ExpressionOperator("$lastN", named: ["input", "n"], required: 2) { (arguments) throws(QueryError) in
      let (values, count) = try several(arguments)
      return .array(Array(values.suffix(count)))
    },
    ExpressionOperator("$maxN", named: ["input", "n"], required: 2) { (arguments) throws(QueryError) in
      try extremes(arguments, -1)
    },
    ExpressionOperator("$minN", named: ["input", "n"], required: 2) { (arguments) throws(QueryError) in
      try extremes(arguments, 1)
    },
    ExpressionOperator("$slice", 2...3, slice),
    ExpressionOperator("$indexOfArray", 2...4, position),
  ]

  @Sendable private static func element(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    if arguments.isNullish(0) || arguments.isNullish(1) { return .null }
    let values = try arguments.array(0, "an array as its first argument")
    let index = try arguments.int32(1, "the index")
    let place = index < 0 ? values.count + index : index
    // No conditional expression: in one, nil would be the value null.
    guard values.indices.contains(place) else { return nil }
    return values[place]
  }

  private static func several(
    _ arguments: ExpressionArguments
  ) throws(QueryError) -> (values: [BSONValue], count: Int) {
    guard let count = arguments[1]?.intValue, count >= 1 else {
      throw arguments.invalid("takes as 'n' a whole number that is at least 1.")
    }
    return (try arguments.array(0, "an array as 'input'"), count)
  }

  private static func extremes(
    _ arguments: ExpressionArguments, _ sign: Int
  ) throws(QueryError) -> BSONValue? {
    let (values, count) = try several(arguments)
    let present = values.filter { !$0.isNull }
    return .array(Array(present.sorted { BSONOrdering.compare($0, $1) * sign < 0 }.prefix(count)))
  }

  @Sendable private static func slice(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    if arguments.hasNullish { return .null }
    let values = try arguments.array(0, "an array as its first argument")
    let first = try arguments.int32(1, arguments.count == 2 ? "the number of elements" : "the position")
    if arguments.count == 2 {
      return .array(Array(first < 0 ? values.suffix(-first) : values.prefix(first)))
    }
    let count = try arguments.int32(2, "the number of elements")
    guard count > 0 else { throw arguments.invalid("takes a number of elements that is at least 1.") }
    let start = min(first < 0 ? max(values.count + first, 0) : first, values.count)
    return .array(Array(values[start...].prefix(count)))
  }

  @Sendable private static func position(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    if arguments.isNullish(0) { return .null }
    let values = try arguments.array(0, "an array as its first argument")
    let (start, end) = try searchRange(arguments, count: values.count)
    guard start < end else { return .int32(-1) }
    let wanted = arguments[1] ?? .undefined
    let index = values[start..<end].firstIndex { BSONOrdering.compare($0, wanted) == 0 }
    return .int32(Int32(truncatingIfNeeded: index ?? -1))
  }

  /// The start and the end that follow what is searched and what for; both are cut to the length.
  static func searchRange(
    _ arguments: ExpressionArguments, count: Int
  ) throws(QueryError) -> (start: Int, end: Int) {
    var bounds = (start: 0, end: count)
    if arguments.count > 2 { bounds.start = try arguments.int32(2, "the start") }
    if arguments.count > 3 { bounds.end = min(try arguments.int32(3, "the end"), count) }
    guard bounds.start >= 0, bounds.end >= 0 else {
      throw arguments.invalid("takes a start and an end that are not below zero.")
    }
    return bounds
  }
}
