import BSON

@testable import HoldfastQuery

/// A document taken apart, for an interpreter that is slow and plain.
indirect enum Tree {
  case fields([(name: String, value: Tree)])
  case elements([Tree])
  case value(BSONValue)

  init(_ value: BSONValue) {
    switch value {
    case .document(let document): self = .fields(document.map { ($0.key, Tree($0.value)) })
    case .array(let values): self = .elements(values.map(Tree.init))
    default: self = .value(value)
    }
  }

  var bson: BSONValue {
    switch self {
    case .fields(let fields): .document(Document(fields.map { ($0.name, $0.value.bson) }))
    case .elements(let elements): .array(elements.map(\.bson))
    case .value(let value): value
    }
  }
}

/// One change of an update, for the interpreter.
struct Change {
  var name: String
  var path: [String]
  let argument: BSONValue
}

/// Does what updates do one change after the other, each along its path alone.
struct UpdateInterpreter {
  struct Failure: Error {}

  /// Array filters: the elements that are at least so large, or have such a field `a`.
  var filters: [String: (field: String?, minimum: Int32)] = [:]
  var position: Int?
  var isInsert = false

  func apply(_ changes: [Change], to document: Document) throws -> Document {
    var changes = changes
    for change in changes where change.path.contains("$") {
      guard position != nil, change.path.count(where: { $0 == "$" }) == 1 else { throw Failure() }
    }
    try checkConflicts(changes)
    for index in changes.indices {
      changes[index].path = changes[index].path.map { $0 == "$" ? "\(position ?? 0)" : $0 }
    }
    try checkConflicts(changes)
    let original = Tree(.document(document))
    while changes.contains(where: { $0.path.contains { $0.hasPrefix("$[") } }) {
      changes = try changes.flatMap { try expand($0, in: original) }
      try checkConflicts(changes)
    }
    var tree: Tree? = original
    for change in changes.sorted(by: { precedes($0.path, $1.path) }) where change.name != "source" {
      if change.name == "$rename" { try rename(change, original, &tree) } else { try run(change, &tree) }
    }
    return tree?.bson.documentValue ?? [:]
  }

  // MARK: Paths

  private func checkConflicts(_ changes: [Change]) throws {
    for (index, change) in changes.enumerated() {
      for other in changes[..<index] where conflict(change.path, other.path) { throw Failure() }
    }
  }

  private func conflict(_ left: [String], _ right: [String]) -> Bool {
    for (a, b) in zip(left, right) where a != b {
      return a.hasPrefix("$[") != b.hasPrefix("$[")
    }
    return true
  }

  private func precedes(_ left: [String], _ right: [String]) -> Bool {
    for (a, b) in zip(left, right) where a != b {
      if let x = Int(a), let y = Int(b) { return x < y }
      return a < b
    }
    return left.count < right.count
  }

  /// The change for each element that its first `$[…]` stands for.
  private func expand(_ change: Change, in tree: Tree) throws -> [Change] {
    guard let place = change.path.firstIndex(where: { $0.hasPrefix("$[") }) else { return [change] }
    guard case .elements(let elements)? = find(change.path[..<place], in: tree) else { throw Failure() }
    let name = String(change.path[place].dropFirst(2).dropLast())
    return elements.indices.filter { accepts(name, elements[$0]) }.map { index in
      var result = change
      result.path[place] = "\(index)"
      return result
    }
  }

  private func accepts(_ name: String, _ element: Tree) -> Bool {
    guard let filter = filters[name] else { return true }
    var values: [Tree] = [element]
    if let field = filter.field {
      // A path of a filter also looks into the elements of an array that are documents.
      if case .elements(let inner) = element { values = inner }
      values = values.compactMap { find([field], in: $0, throughArrays: false) }
    }
    return values.contains { isAtLeast(filter.minimum, $0) }
  }

  private func isAtLeast(_ minimum: Int32, _ value: Tree) -> Bool {
    switch value {
    case .elements(let elements):
      return elements.contains {
        if case .value(let value) = $0 { isNumber(value, atLeast: minimum) } else { false }
      }
    case .value(let value): return isNumber(value, atLeast: minimum)
    case .fields: return false
    }
  }

  private func isNumber(_ value: BSONValue, atLeast minimum: Int32) -> Bool {
    value.isNumber && (value.doubleValue ?? 0) >= Double(minimum)
  }

  private func find(_ path: ArraySlice<String>, in tree: Tree, throughArrays: Bool = true) -> Tree? {
    guard let name = path.first else { return tree }
    switch tree {
    case .fields(let fields):
      return fields.first { $0.name == name }.flatMap { find(path.dropFirst(), in: $0.value) }
    case .elements(let elements):
      guard throughArrays, let index = Int(name), elements.indices.contains(index) else { return nil }
      return find(path.dropFirst(), in: elements[index])
    case .value:
      return nil
    }
  }

  // MARK: Changes

  private func rename(_ change: Change, _ root: Tree, _ tree: inout Tree?) throws {
    guard let source = change.argument.stringValue else { return }
    let path = source.split(separator: ".").map(String.init)
    var isInArray = false
    for length in 0..<path.count {
      guard let container = find(path[..<length], in: root) else { return }
      switch container {
      case .value: throw Failure()
      case .elements:
        guard Int(path[length]) != nil else { throw Failure() }
        isInArray = true
      case .fields: break
      }
    }
    guard let moved = find(path[...], in: root) else { return }
    if isInArray { throw Failure() }
    for length in 0..<change.path.count {
      if case .elements? = find(change.path[..<length], in: root) { throw Failure() }
    }
    try run(Change(name: "$set", path: change.path, argument: moved.bson), &tree)
    try run(Change(name: "$unset", path: path, argument: .null), &tree)
  }

  private func run(_ change: Change, _ tree: inout Tree?) throws {
    if change.name == "$setOnInsert", !isInsert { return }
    tree = try run(change, change.path[...], tree, isElement: false)
  }

  private func creates(_ name: String) -> Bool { !["$unset", "$pop", "$pull", "$pullAll"].contains(name) }

  private func run(
    _ change: Change, _ path: ArraySlice<String>, _ tree: Tree?, isElement: Bool
  ) throws -> Tree? {
    guard let name = path.first else { return try end(change, tree, isElement: isElement) }
    let rest = path.dropFirst()
    switch tree {
    case nil:
      guard creates(change.name) else { return nil }
      return try .fields([(name, run(change, rest, nil, isElement: false) ?? .value(.null))])
    case .fields(var fields):
      let place = fields.firstIndex { $0.name == name }
      let value = try run(change, rest, place.map { fields[$0].value }, isElement: false)
      switch (place, value) {
      case (let place?, let value?): fields[place].value = value
      case (let place?, nil): fields.remove(at: place)
      case (nil, let value?): fields.append((name, value))
      case (nil, nil): break
      }
      return .fields(fields)
    case .elements(var elements):
      guard let index = Int(name) else {
        if creates(change.name) || change.name != "$unset" { throw Failure() }
        return tree
      }
      if index >= elements.count {
        guard creates(change.name) else { return tree }
        while elements.count <= index { elements.append(.value(.null)) }
        elements[index] = try run(change, rest, nil, isElement: true) ?? .value(.null)
      } else {
        elements[index] = try run(change, rest, elements[index], isElement: true) ?? .value(.null)
      }
      return .elements(elements)
    case .value:
      if creates(change.name) || change.name != "$unset" { throw Failure() }
      return tree
    }
  }

  /// The value at the end of the path after the change; nil for none.
  private func end(_ change: Change, _ tree: Tree?, isElement: Bool) throws -> Tree? {
    let argument = change.argument
    switch change.name {
    case "$set", "$setOnInsert": return Tree(argument)
    case "$unset": return nil
    case "$min", "$max":
      guard let tree else { return Tree(argument) }
      let order = BSONOrdering.compare(argument, tree.bson)
      return (change.name == "$min" ? order < 0 : order > 0) ? Tree(argument) : tree
    case "$inc", "$mul": return try .value(arithmetic(change.name, argument, tree?.bson))
    case "$bit": return try .value(bit(argument, tree?.bson))
    case "$currentDate": return .value(.dateTime(UpdateCase.now))
    default:
      guard let tree else {
        return creates(change.name) ? .elements(try array(change, [])) : nil
      }
      guard case .elements(let elements) = tree else { throw Failure() }
      return .elements(try array(change, elements))
    }
  }

  private func arithmetic(_ name: String, _ argument: BSONValue, _ value: BSONValue?) throws -> BSONValue {
    // The tests draw small ints and doubles only.
    let old = value ?? .int32(0)
    switch (old, argument) {
    case (.int32(let a), .int32(let b)): return .int32(name == "$inc" ? a + b : a * b)
    case (.int32, .double), (.double, .int32), (.double, .double):
      if value == nil, name == "$inc" { return argument }
      guard let a = old.doubleValue, let b = argument.doubleValue else { throw Failure() }
      return .double(name == "$inc" ? a + b : a * b)
    default: throw Failure()
    }
  }

  private func bit(_ argument: BSONValue, _ value: BSONValue?) throws -> BSONValue {
    guard case .int32(var number) = value ?? .int32(0) else { throw Failure() }
    for case (let name, .int32(let operand)) in argument.documentValue ?? [:] {
      switch name {
      case "and": number &= operand
      case "or": number |= operand
      default: number ^= operand
      }
    }
    return .int32(number)
  }

  private func array(_ change: Change, _ elements: [Tree]) throws -> [Tree] {
    let argument = change.argument
    switch change.name {
    case "$push":
      guard let each = argument.documentValue?["$each"]?.arrayValue else {
        return elements + [Tree(argument)]
      }
      return push(each, argument.documentValue ?? [:], elements)
    case "$addToSet":
      var result = elements
      for value in argument.documentValue?["$each"]?.arrayValue ?? [argument]
      where !result.contains(where: { BSONOrdering.compare($0.bson, value) == 0 }) {
        result.append(Tree(value))
      }
      return result
    case "$pop":
      return Array(argument == .int32(1) ? elements.dropLast() : elements.dropFirst())
    case "$pullAll":
      return elements.filter { element in
        !(argument.arrayValue ?? []).contains { BSONOrdering.compare($0, element.bson) == 0 }
      }
    case "$pull":
      if case .int32(let minimum)? = argument.documentValue?["$gte"] {
        return elements.filter { !isAtLeast(minimum, $0) }
      }
      return elements.filter { BSONOrdering.compare($0.bson, argument) != 0 }
    default:
      throw Failure()
    }
  }

  private func push(_ each: [BSONValue], _ options: Document, _ elements: [Tree]) -> [Tree] {
    var result = elements
    var place = options["$position"]?.intValue ?? result.count
    if place < 0 { place = max(result.count + place, 0) }
    for value in each.reversed() { result.insert(Tree(value), at: min(place, elements.count)) }
    if let direction = options["$sort"]?.intValue {
      // By insertion, which keeps equal elements in their order.
      var sorted: [Tree] = []
      for element in result {
        let place = sorted.firstIndex { BSONOrdering.compare($0.bson, element.bson) * direction > 0 }
        sorted.insert(element, at: place ?? sorted.count)
      }
      result = sorted
    }
    guard let slice = options["$slice"]?.intValue else { return result }
    return Array(slice < 0 ? result.suffix(-slice) : result.prefix(slice))
  }
}
