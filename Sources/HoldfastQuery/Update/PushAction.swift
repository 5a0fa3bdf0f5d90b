import BSON

/// The argument of `$push`.
struct PushAction: Sendable {
  let values: [Literal]
  let position: Int64?
  let sort: ElementOrder?
  let slice: Int64?

  /// Reads a value to append, or `{$each: […], $position: …, $sort: …, $slice: …}`.
  init(_ value: BSONValue, at place: String) throws(QueryError) {
    guard case .document(let document) = value, document.contains("$each") else {
      values = [Literal(value)]
      position = nil
      sort = nil
      slice = nil
      return
    }
    var values: [BSONValue]?
    var position: Int64?
    var sort: ElementOrder?
    var slice: Int64?
    for (key, value) in document {
      let isRepeated: Bool
      switch key {
      case "$each":
        guard case .array(let elements) = value else {
          throw QueryError(
            .invalidArgument, "\(place): the values of $each must be an array, not \(value.type.name).")
        }
        isRepeated = values != nil
        values = elements
      case "$position":
        isRepeated = position != nil
        position = try Self.integer(value, "$position", at: place)
      case "$slice":
        isRepeated = slice != nil
        slice = try Self.integer(value, "$slice", at: place)
      case "$sort":
        isRepeated = sort != nil
        sort = try ElementOrder(value, at: place)
      default:
        throw QueryError(
          .invalidArgument,
          "\(place): \(quoted(key)) is none of $each, $position, $slice, $sort.")
      }
      if isRepeated { throw QueryError(.invalidArgument, "\(place): \(key) may stand there once.") }
    }
    self.values = (values ?? []).map(Literal.init)
    self.position = position
    self.sort = sort
    self.slice = slice
  }

  private static func integer(
    _ value: BSONValue, _ name: String, at place: String
  ) throws(QueryError) -> Int64 {
    guard let integer = value.int64Value else {
      throw QueryError(.invalidArgument, "\(place): \(name) must be a whole number.")
    }
    return integer
  }

  /// The elements of an array after the push.
  func applied(to elements: [RawValue]) -> [RawValue] {
    var result = elements
    result.insert(contentsOf: values.map(\.raw), at: insertionPlace(elements.count))
    if let sort { sort.sort(&result) }
    if let slice {
      let count = Int(clamping: slice.magnitude)
      if result.count > count {
        if slice < 0 {
          result.removeFirst(result.count - count)
        } else {
          result.removeLast(result.count - count)
        }
      }
    }
    return result
  }

  private func insertionPlace(_ count: Int) -> Int {
    guard let position else { return count }
    if position >= 0 { return min(Int(clamping: position), count) }
    return count - min(Int(clamping: position.magnitude), count)
  }
}

/// The argument of `$sort` in `$push`: an order of elements.
struct ElementOrder: Sendable {
  /// The paths inside of elements and whether their order is turned around; empty for whole elements.
  private let keys: [(path: [UInt8], isDescending: Bool)]
  private let isDescending: Bool

  /// Reads 1, -1, or a document of paths with 1 or -1.
  init(_ value: BSONValue, at place: String) throws(QueryError) {
    let help = "$sort needs 1, -1, or a document of fields with 1 or -1"
    guard case .document(let document) = value else {
      guard let direction = value.int64Value, direction == 1 || direction == -1 else {
        throw QueryError(.invalidArgument, "\(place): \(help).")
      }
      keys = []
      isDescending = direction == -1
      return
    }
    var keys: [(path: [UInt8], isDescending: Bool)] = []
    for (key, value) in document {
      guard let direction = value.int64Value, direction == 1 || direction == -1 else {
        throw QueryError(.invalidArgument, "\(place): \(help).")
      }
      let path = FieldPath(key)
      if path.hasEmptyPart {
        throw QueryError(.invalidPath, "\(place): every part of a path in $sort must have a name.")
      }
      if path.parts.count > QueryLimits.maximumPathParts {
        throw QueryError(
          .limitExceeded, "\(place): a path has at most \(QueryLimits.maximumPathParts) parts.")
      }
      keys.append((Array(key.utf8), direction == -1))
    }
    if keys.isEmpty { throw QueryError(.invalidArgument, "\(place): \(help).") }
    self.keys = keys
    isDescending = false
  }

  /// Sorts elements; equal ones keep their order.
  func sort(_ elements: inout [RawValue]) {
    let sortKeys = elements.map { element in
      keys.isEmpty ? [element] : keys.map { Self.value(at: $0.path, in: element) }
    }
    let order = elements.indices.sorted { a, b in
      let result = compare(sortKeys[a], sortKeys[b])
      return result == 0 ? a < b : result < 0
    }
    elements = order.map { elements[$0] }
  }

  private func compare(_ left: [RawValue], _ right: [RawValue]) -> Int {
    for (index, pair) in zip(left, right).enumerated() {
      let result = BSONOrdering.compare(pair.0, pair.1)
      if result == 0 { continue }
      return (keys.isEmpty ? isDescending : keys[index].isDescending) ? -result : result
    }
    return 0
  }

  /// What an element is sorted by: a field inside it, or null when there is none.
  private static func value(at path: [UInt8], in element: RawValue) -> RawValue {
    let missing = RawValue(type: .null, bytes: UnsafeRawBufferPointer(start: nil, count: 0))
    guard element.type == .document, let document = element.document else { return missing }
    return path.withUnsafeBytes { value(at: $0, in: document) } ?? missing
  }

  /// A field whose name is the whole path comes before those that the path's parts lead to.
  private static func value(at path: UnsafeRawBufferPointer, in document: RawDocument) -> RawValue? {
    if let value = document.value(forKey: path) { return value }
    guard let dot = path.firstIndex(of: UInt8(ascii: ".")),
      let inner = document.value(forKey: UnsafeRawBufferPointer(rebasing: path[..<dot]))?.document
    else { return nil }
    return value(at: UnsafeRawBufferPointer(rebasing: path[(dot + 1)...]), in: inner)
  }
}
