import BSON

extension ExpressionOperator {
  /// What arrays consist of and are made of.
  static let arrays: [ExpressionOperator] = [
    ExpressionOperator("$size", 1...1) { (arguments) throws(QueryError) in
      .int32(Int32(truncatingIfNeeded: try arguments.array(0).count))
    },
    ExpressionOperator("$isArray", 1...1) { (arguments) throws(QueryError) in
      .bool(arguments[0]?.type == .array)
    },
    ExpressionOperator("$concatArrays", 0...Int.max, canGrow: true) { (arguments) throws(QueryError) in
      var result: [BSONValue] = []
      for index in 0..<arguments.count {
        if arguments.isNullish(index) { return .null }
        result.append(contentsOf: try arguments.array(index, "arrays"))
      }
      return .array(result)
    },
    ExpressionOperator("$reverseArray", 1...1) { (arguments) throws(QueryError) in
      arguments.isNullish(0) ? .null : .array(try arguments.array(0).reversed())
    },
    ExpressionOperator("$range", 2...3, range),
    ExpressionOperator(
      "$zip", named: ["inputs", "useLongestLength", "defaults"], required: 1, canGrow: true, zip),
    ExpressionOperator("$sortArray", named: ["input", "sortBy"], required: 2, sort),
  ]

  @Sendable private static func range(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    let start = try arguments.int32(0, "the start")
    let end = try arguments.int32(1, "the end")
    let step = arguments.count > 2 ? try arguments.int32(2, "the step") : 1
    guard step != 0 else { throw arguments.invalid("takes a step other than zero.") }
    let length = step > 0 ? (end - start + step - 1) / step : (start - end - step - 1) / -step
    // An int takes at least seven bytes in an array.
    guard length <= BSONLimits.maximumDocumentSize / 7 else {
      throw QueryError(.limitExceeded, "$range would give \(length) numbers; take a shorter range.")
    }
    return .array(stride(from: start, to: end, by: step).map { .int32(Int32(truncatingIfNeeded: $0)) })
  }

  @Sendable private static func zip(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    if arguments.isNullish(0) { return .null }
    var inputs: [[BSONValue]] = []
    for input in try arguments.array(0, "an array of arrays as 'inputs'") {
      if input.isNull { return .null }
      guard case .array(let values) = input else {
        throw QueryError(.typeMismatch, "$zip takes arrays as its 'inputs', not \(input.type.name).")
      }
      inputs.append(values)
    }
    guard !inputs.isEmpty else { throw arguments.invalid("needs at least one array in 'inputs'.") }
    let usesLongest = try zipsLongest(arguments)
    let defaults = try zipDefaults(arguments, inputs.count, usesLongest)
    let counts = inputs.map(\.count)
    let length = (usesLongest ? counts.max() : counts.min()) ?? 0
    guard length <= BSONLimits.maximumDocumentSize / inputs.count else {
      throw QueryError(.limitExceeded, "$zip would give too many values; take shorter arrays.")
    }
    return .array(
      (0..<length).map { row in
        .array(inputs.indices.map { row < inputs[$0].count ? inputs[$0][row] : defaults[$0] })
      })
  }

  private static func zipsLongest(_ arguments: ExpressionArguments) throws(QueryError) -> Bool {
    guard arguments.isGiven(1) else { return false }
    guard case .bool(let value)? = arguments[1] else {
      throw arguments.mismatch(1, "true or false as 'useLongestLength'")
    }
    return value
  }

  private static func zipDefaults(
    _ arguments: ExpressionArguments, _ count: Int, _ usesLongest: Bool
  ) throws(QueryError) -> [BSONValue] {
    guard arguments.isGiven(2) else { return [BSONValue](repeating: .null, count: count) }
    let defaults = try arguments.array(2, "an array as 'defaults'")
    guard usesLongest, defaults.count == count else {
      throw arguments.invalid("takes as many 'defaults' as 'inputs', and only with 'useLongestLength'.")
    }
    return defaults
  }

  @Sendable private static func sort(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    let keys = try sortKeys(arguments)
    if arguments.isNullish(0) { return .null }
    let values = try arguments.array(0, "an array as 'input'")
    // Sorting is stable, as equal values may still differ in what the keys do not look at.
    return .array(
      values.enumerated().sorted { left, right in
        for (path, sign) in keys {
          let a = path.map { $0.value(in: left.element) } ?? left.element
          let b = path.map { $0.value(in: right.element) } ?? right.element
          let order = BSONOrdering.compare(a ?? .null, b ?? .null) * sign
          if order != 0 { return order < 0 }
        }
        return left.offset < right.offset
      }.map(\.element))
  }

  /// What `sortBy` says: paths with 1 or -1, or one of these alone for the whole elements.
  private static func sortKeys(
    _ arguments: ExpressionArguments
  ) throws(QueryError) -> [(FieldPath?, Int)] {
    let message = "takes as 'sortBy' 1, -1, or a document of paths with 1 or -1."
    if let sign = arguments[1]?.intValue {
      guard sign == 1 || sign == -1 else { throw arguments.invalid(message) }
      return [(nil, sign)]
    }
    guard case .document(let document)? = arguments[1], !document.isEmpty else {
      throw arguments.invalid(message)
    }
    var keys: [(FieldPath?, Int)] = []
    for (name, value) in document {
      guard let sign = value.intValue, sign == 1 || sign == -1 else { throw arguments.invalid(message) }
      keys.append((try ExpressionParser.path(name), sign))
    }
    return keys
  }
}
