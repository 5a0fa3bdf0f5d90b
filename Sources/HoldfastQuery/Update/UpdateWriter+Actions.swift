import BSON

// What the operators do with a value that is there, and how they make one that is not.

extension UpdateWriter {
  /// Writes a value after one change, or nothing when the change removes it.
  mutating func change(_ value: RawValue, _ key: String, _ leaf: UpdateLeaf) throws(QueryError) {
    switch leaf.action {
    case .set(let literal):
      try write(literal, key, leaf)
    case .setOnInsert(let literal):
      if context.isInsert { try write(literal, key, leaf) } else { builder.append(key, raw: value) }
    case .unset:
      // An array keeps the places of its elements.
      if isInArray { builder.append(key, .null) }
    case .renameSource:
      // It is written where it moves to, which is never into or out of an array.
      break
    case .add(let operand), .multiply(let operand):
      builder.append(key, try Self.compute(value, operand, leaf))
    case .minimum(let literal):
      if BSONOrdering.compare(literal.raw, value) < 0 {
        try write(literal, key, leaf)
      } else {
        builder.append(key, raw: value)
      }
    case .maximum(let literal):
      if BSONOrdering.compare(literal.raw, value) > 0 {
        try write(literal, key, leaf)
      } else {
        builder.append(key, raw: value)
      }
    case .currentDate:
      builder.append(key, .dateTime(context.now))
    case .currentTimestamp:
      builder.append(key, .timestamp(context.timestamp))
    case .bit(let operations):
      guard value.type == .int32 || value.type == .int64, let number = BSONValue(value) else {
        throw Self.mismatch(leaf, needs: "an int or a long", value)
      }
      builder.append(key, operations.reduce(number) { $1.applied(to: $0) })
    case .renameTarget(let number):
      try rename(number, key, leaf, over: value)
    case .push, .addToSet, .pull, .pullAll, .pop:
      try changeArray(value, key, leaf)
    }
  }

  /// Writes the field that one change makes.
  mutating func create(_ key: String, _ leaf: UpdateLeaf) throws(QueryError) {
    switch leaf.action {
    case .set(let literal), .minimum(let literal), .maximum(let literal):
      try write(literal, key, leaf)
    case .setOnInsert(let literal):
      if context.isInsert { try write(literal, key, leaf) }
    case .add(let operand):
      builder.append(key, operand)
    case .multiply(let operand):
      // Zero, in the type of the operand.
      builder.append(key, try Self.product(of: .int32(0), operand, leaf))
    case .currentDate:
      builder.append(key, .dateTime(context.now))
    case .currentTimestamp:
      builder.append(key, .timestamp(context.timestamp))
    case .bit(let operations):
      builder.append(key, operations.reduce(.int32(0)) { $1.applied(to: $0) })
    case .renameTarget(let number):
      try rename(number, key, leaf, over: nil)
    case .push(let push):
      try write(push.applied(to: []), key, leaf, adding: push.values)
    case .addToSet(let set):
      try write(set.values.map(\.raw), key, leaf, adding: set.values)
    case .unset, .renameSource, .pull, .pullAll, .pop:
      break
    }
  }

  // MARK: Values

  private mutating func write(_ literal: Literal, _ key: String, _ leaf: UpdateLeaf) throws(QueryError) {
    try checkNesting(literal.nesting, leaf)
    builder.append(key, raw: literal.raw)
  }

  private mutating func rename(
    _ number: Int, _ key: String, _ leaf: UpdateLeaf, over value: RawValue?
  ) throws(QueryError) {
    guard let moved = context.renamed[number] else {
      if let value { builder.append(key, raw: value) }
      return
    }
    guard !isInsideArray else {
      throw QueryError(.typeMismatch, "\(leaf.place): a field cannot be moved into an array.")
    }
    builder.append(key, raw: moved)
  }

  private static func compute(
    _ value: RawValue, _ operand: BSONValue, _ leaf: UpdateLeaf
  ) throws(QueryError) -> BSONValue {
    guard value.type.isNumber, let number = BSONValue(value) else {
      throw mismatch(leaf, needs: "a number", value)
    }
    if case .multiply = leaf.action { return try product(of: number, operand, leaf) }
    guard let sum = Arithmetic.sum(number, operand) else { throw overflow(leaf) }
    return sum
  }

  private static func product(
    of number: BSONValue, _ operand: BSONValue, _ leaf: UpdateLeaf
  ) throws(QueryError) -> BSONValue {
    guard let product = Arithmetic.product(number, operand) else { throw overflow(leaf) }
    return product
  }

  private static func overflow(_ leaf: UpdateLeaf) -> QueryError {
    QueryError(
      .overflow, "\(leaf.place): the result does not fit 64 bits; use a double or a decimal for such numbers."
    )
  }

  private static func mismatch(_ leaf: UpdateLeaf, needs: String, _ value: RawValue) -> QueryError {
    QueryError(.typeMismatch, "\(leaf.place): the field must be \(needs), but is of type \(value.type.name).")
  }

  // MARK: Arrays

  private mutating func changeArray(_ value: RawValue, _ key: String, _ leaf: UpdateLeaf) throws(QueryError) {
    guard value.type == .array, let array = value.document else {
      throw Self.mismatch(leaf, needs: "an array", value)
    }
    var elements: [RawValue] = []
    var iterator = array.makeIterator()
    while let element = iterator.next() { elements.append(element.value) }
    if iterator.isMalformed { throw Self.malformed }
    var added: [Literal] = []
    switch leaf.action {
    case .push(let push):
      elements = push.applied(to: elements)
      added = push.values
    case .addToSet(let set):
      var isThere = [Bool](repeating: false, count: set.values.count)
      for element in elements {
        if let place = set.place(of: element) { isThere[place] = true }
      }
      added = set.values.indices.filter { !isThere[$0] }.map { set.values[$0] }
      elements += added.map(\.raw)
    case .pull(let condition):
      var kept: [RawValue] = []
      for element in elements where try !condition.accepts(element) { kept.append(element) }
      elements = kept
    case .pullAll(let set):
      elements.removeAll { set.place(of: $0) != nil }
    case .pop(let first):
      if !elements.isEmpty { elements.remove(at: first ? 0 : elements.count - 1) }
    default:
      break
    }
    try write(elements, key, leaf, adding: added)
  }

  private mutating func write(
    _ elements: [RawValue], _ key: String, _ leaf: UpdateLeaf, adding added: [Literal]
  ) throws(QueryError) {
    try checkNesting(1 + (added.lazy.map(\.nesting).max() ?? 0), leaf)
    builder.beginArray(key)
    for element in elements { builder.append("", raw: element) }
    builder.end()
  }
}
