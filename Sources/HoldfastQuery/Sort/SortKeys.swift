import BSON

/// Finds the lowest of all the keys that a document has under an order: where a path leads into an array,
/// every element makes a key, and fields that lead into the same array take their values from the same element.
struct SortKeys {
  private let fields: [(path: FieldPath, isDescending: Bool)]
  /// The lowest key so far.
  private(set) var lowest: [UInt8] = []
  private var isEmpty = true

  init(_ fields: [(path: FieldPath, isDescending: Bool)]) {
    self.fields = fields
  }

  /// How far the value of one field has been found.
  private enum Place {
    /// A document, and the index of the path's part that is to be looked up in it.
    case inside(RawDocument, part: Int)
    /// An array whose elements are to be looked at, and the index of the path's part that is to be looked up
    /// in each; the number of parts when the elements themselves are meant.
    case array(RawDocument, part: Int)
    case value(RawValue)
    case missing
    case emptyArray
  }

  /// Looks at all keys of a document.
  mutating func collect(from document: RawDocument) throws(QueryError) {
    try collect(fields.map { _ in .inside(document, part: 0) })
  }

  private mutating func collect(_ places: [Place]) throws(QueryError) {
    var places = places
    var shared: (array: RawDocument, field: Int)?
    for index in places.indices {
      guard case .inside(let document, let part) = places[index] else { continue }
      places[index] = Self.place(fields[index].path.parts, from: part, in: document)
      guard case .array(let array, _) = places[index] else { continue }
      if let shared, shared.array.bytes.baseAddress != array.bytes.baseAddress {
        throw QueryError(
          .parallelArrays,
          "sort by \(quoted(fields[shared.field].path.text)) and \(quoted(fields[index].path.text)): both lead "
            + "into arrays, and not into the same; sort by one of them.", .badValue)
      }
      shared = (array, index)
    }
    guard let shared else { return try add(places) }
    var hasElement = false
    for element in shared.array {
      hasElement = true
      try collect(places.enumerated().map { index, place in entered(place, index, element.value) })
    }
    if !hasElement { try collect(places.enumerated().map { index, place in entered(place, index, nil) }) }
  }

  /// The place of a field after its array was replaced by one of the elements, or, when there is none, by
  /// nothing.
  private func entered(_ place: Place, _ field: Int, _ element: RawValue?) -> Place {
    guard case .array(_, let part) = place else { return place }
    let isAtEnd = part == fields[field].path.parts.count
    guard let element else { return isAtEnd ? .emptyArray : .missing }
    if isAtEnd { return .value(element) }
    // An array directly inside an array is not gone through.
    guard element.type == .document, let document = element.document else { return .missing }
    return .inside(document, part: part)
  }

  /// Follows a path from one of its parts to its end, or into the first array.
  private static func place(
    _ parts: [FieldPath.Part], from start: Int, in document: RawDocument
  ) -> Place {
    var document = document
    var part = start
    while part < parts.count {
      guard var value = parts[part].name.withUnsafeBytes({ document.value(forKey: $0) }) else {
        return .missing
      }
      part += 1
      while value.type == .array {
        guard let array = value.document else { return .missing }
        guard part < parts.count, let index = parts[part].index, let element = array.value(at: index) else {
          return .array(array, part: part)
        }
        value = element
        part += 1
        // An element that a number leads to is sorted by as it is, unless it is an empty array.
        if part == parts.count {
          let isEmptyArray = value.type == .array && value.document?.value(at: 0) == nil
          return isEmptyArray ? .emptyArray : .value(value)
        }
      }
      if part == parts.count { return .value(value) }
      guard value.type == .document, let inner = value.document else { return .missing }
      document = inner
    }
    return .missing
  }

  /// Takes a key whose values have all been found.
  private mutating func add(_ places: [Place]) throws(QueryError) {
    var key: [UInt8] = []
    var typeBits: [UInt8] = []
    do throws(BSONError) {
      for (field, place) in zip(fields, places) {
        switch place {
        case .value(let value):
          try BSONKey.encode(value, descending: field.isDescending, into: &key, typeBits: &typeBits)
        case .emptyArray:
          try BSONKey.encode(
            BSONValue.undefined, descending: field.isDescending, into: &key, typeBits: &typeBits)
        case .missing, .inside, .array:
          try BSONKey.encode(BSONValue.null, descending: field.isDescending, into: &key, typeBits: &typeBits)
        }
      }
    } catch {
      throw QueryError(
        .limitExceeded, "sort: a value nests deeper than \(BSONLimits.maximumDepth) levels.")
    }
    guard isEmpty || key.lexicographicallyPrecedes(lowest) else { return }
    lowest = key
    isEmpty = false
  }
}
