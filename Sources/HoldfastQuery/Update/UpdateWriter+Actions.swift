import BSON

// What the operators do with a value that is there, and how they make one that is not.

extension UpdateWriter {
  /// Writes a value after one change, or nothing when the change removes it.
  mutating func change(_ value: RawValue, _ key: String, _ leaf: UpdateLeaf) throws(QueryError) {
    if let change = try leaf.change(value, context) {
      try write(change, over: value, key, leaf)
      return
    }
    switch leaf.action {
    case .unset:
      // An array keeps the places of its elements.
      if isInArray { builder.append(key, .null) }
    case .renameSource:
      // It is written where it moves to, which is never into or out of an array.
      break
    case .renameTarget(let number):
      try rename(number, key, leaf, over: value)
    default:
      try changeArray(value, key, leaf)
    }
  }

  /// Writes the field that one change makes.
  mutating func create(_ key: String, _ leaf: UpdateLeaf) throws(QueryError) {
    if let change = try leaf.created(context) {
      try write(change, over: nil, key, leaf)
      return
    }
    switch leaf.action {
    case .renameTarget(let number):
      try rename(number, key, leaf, over: nil)
    case .push(let push):
      try write(push.applied(to: []), key, leaf, adding: push.values)
    case .addToSet(let set):
      try write(set.values.map(\.raw), key, leaf, adding: set.values)
    default:
      break
    }
  }

  // MARK: Values

  private mutating func write(
    _ change: ValueChange, over value: RawValue?, _ key: String, _ leaf: UpdateLeaf
  ) throws(QueryError) {
    switch change {
    case .unchanged:
      if let value { builder.append(key, raw: value) }
    case .literal(let literal):
      try checkNesting(literal.nesting, leaf)
      builder.append(key, raw: literal.raw)
    case .computed(let computed):
      builder.append(key, computed)
    }
  }

  private mutating func rename(
    _ number: Int, _ key: String, _ leaf: UpdateLeaf, over value: RawValue?
  ) throws(QueryError) {
    guard let moved = context.renamed[number] else {
      if let value { builder.append(key, raw: value) }
      return
    }
    guard !isInsideArray else {
      throw QueryError(.typeMismatch, "\(leaf.place): a field cannot be moved into an array.", .badValue)
    }
    builder.append(key, raw: moved)
  }

  // MARK: Arrays

  private mutating func changeArray(_ value: RawValue, _ key: String, _ leaf: UpdateLeaf) throws(QueryError) {
    guard value.type == .array, let array = value.document else {
      var isPop = false
      if case .pop = leaf.action { isPop = true }
      throw leaf.mismatch(needs: "an array", value, isPop ? .typeMismatch : .badValue)
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
