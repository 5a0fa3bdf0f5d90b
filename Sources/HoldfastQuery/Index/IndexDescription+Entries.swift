import BSON

extension IndexDescription {
  /// The entries that a document has in an index, and where it has arrays.
  public struct Entries: Sendable {
    /// The entries in ascending order of their keys, each once.
    public var entries: [IndexEntry] = []
    /// For each field on which parts of its path the document has an array; see ``Field/arrays``. Empty when
    /// there is none on any.
    public var arrays: [UInt64] = []
  }

  /// The most entries that one document may have in one index.
  public static let maximumEntries = 1_000_000

  /// The entries of a document: none when the index leaves it out, one as a rule, and one for each element where
  /// a field is an array.
  ///
  /// Whatever value a filter's test of the field sees is in one of the entries, as ``FieldTest`` goes through
  /// documents, except by `$elemMatch`, which looks into arrays inside of arrays: fields that are missing count as
  /// null, an empty array as undefined, and an array's elements are entered, not the array as a whole. Where a number
  /// in the path leads to an element of an array, that element alone is entered; that the other elements lack the
  /// field is not.
  /// - Parameters:
  ///   - document: the document with its `_id`.
  ///   - id: the key that it is stored under.
  /// - Throws: ``QueryError/Code/parallelArrays``, ``QueryError/Code/keyTooLarge``,
  ///   ``QueryError/Code/tooManyEntries``; ``QueryError/Code/typeMismatch`` when a number in a path is both the place
  ///   of an element and the name of a field in one.
  public func entries(of document: RawDocument, id: UnsafeRawBufferPointer) throws(QueryError) -> Entries {
    var result = Entries()
    if let partialFilter {
      guard try partialFilter.matches(document) else { return result }
    }
    if let plain = try plainEntry(of: document, id: id) {
      if plain.hasValue || !isSparse { result.entries = [plain.entry] }
      return result
    }
    let none = [UInt64](repeating: 0, count: fields.count)
    var maker = EntryMaker(index: self, document: document, id: id, arrays: none)
    try maker.add(fields.map { _ in .inside(document, 0) })
    result.arrays = maker.arrays
    result.entries = isSparse && !maker.hasValue ? [] : maker.entries
    if result.entries.count > 1 { result.entries = Self.sortedAndUnique(result.entries) }
    return result
  }

  /// The only entry of a document without arrays on the way to the fields; `nil` when there are some.
  private func plainEntry(
    of document: RawDocument, id: UnsafeRawBufferPointer
  ) throws(QueryError) -> (entry: IndexEntry, hasValue: Bool)? {
    var encoder = EntryEncoder(idSize: id.count)
    for field in fields {
      switch field.path.follow(document, from: 0) {
      case .array: return nil
      case .found(let value): try encoder.add(value, field, of: self)
      }
    }
    return (try encoder.entry(of: document, id, in: self), encoder.hasValue)
  }

  private static func sortedAndUnique(_ entries: [IndexEntry]) -> [IndexEntry] {
    var result: [IndexEntry] = []
    for entry in entries.sorted(by: { $0.key.lexicographicallyPrecedes($1.key) })
    where entry.key != result.last?.key {
      result.append(entry)
    }
    return result
  }
}

/// Goes through a document along all fields of an index at once.
private struct EntryMaker {
  /// How far one field's path has been followed.
  enum State {
    /// To its end: the value, or `nil` where it is missing.
    case found(RawValue?)
    /// Into a document (or an array that is taken for one); this part of the path comes next.
    case inside(RawDocument, Int)
    /// To an array; this part of the path comes next, or none.
    case atArray(RawDocument, Int)
  }

  let index: IndexDescription
  let document: RawDocument
  let id: UnsafeRawBufferPointer
  var arrays: [UInt64]
  var entries: [IndexEntry] = []
  /// Whether some entry has something other than missing fields.
  var hasValue = false

  mutating func add(_ states: [State]) throws(QueryError) {
    var states = states
    var array: RawDocument?
    for field in states.indices {
      states[field] = try followed(states[field], field)
      guard case .atArray(let found, _) = states[field] else { continue }
      if let array, array.bytes.baseAddress != found.bytes.baseAddress {
        throw QueryError(
          .parallelArrays,
          "a document has arrays in two fields of \(index.place), which cannot be combined: index one of them only"
        )
      }
      array = found
    }
    guard let array else { return try emit(states) }
    var isEmpty = true
    for element in array {
      isEmpty = false
      try add(states.indices.map { entered(states[$0], $0, element.value) })
    }
    if isEmpty { try add(states.indices.map { entered(states[$0], $0, nil) }) }
  }

  /// Follows a field's path to its end, or to an array all of whose elements are to be entered.
  private mutating func followed(_ state: State, _ field: Int) throws(QueryError) -> State {
    let path = index.fields[field].path
    var state = state
    while true {
      if case .inside(let document, let part) = state {
        switch path.follow(document, from: part) {
        case .found(let value): return .found(value)
        case .array(let array, let part): state = .atArray(array, part)
        }
      }
      guard case .atArray(let array, let part) = state else { return state }
      arrays[field] |= 1 << UInt64(part - 1)
      guard part < path.parts.count, let place = path.parts[part].index, let element = array.value(at: place)
      else { return state }
      try checkNames(array, path.parts[part], path)
      if part + 1 == path.parts.count { return .found(element) }
      guard let inner = element.document else { return .found(nil) }
      state = element.type == .array ? .atArray(inner, part + 1) : .inside(inner, part + 1)
    }
  }

  /// Checks that a number is not the name of a field as well as a place, which would make two values of one.
  private func checkNames(
    _ array: RawDocument, _ part: FieldPath.Part, _ path: FieldPath
  ) throws(QueryError) {
    for element in array where element.value.type == .document {
      guard let document = element.value.document,
        part.name.withUnsafeBytes({ document.value(forKey: $0) }) != nil
      else { continue }
      throw QueryError(
        .typeMismatch,
        "in \(index.place), '\(part.text)' of \(quoted(path.text)) is the place of an element in a document's array "
          + "and the name of a field in one of the elements: rename the field, or index another path",
        .ambiguousFieldName)
    }
  }

  /// How far a field is followed with one element of the array that it is at; `nil` stands for an empty array.
  private func entered(_ state: State, _ field: Int, _ element: RawValue?) -> State {
    guard case .atArray(_, let part) = state else { return state }
    guard part < index.fields[field].path.parts.count else { return .found(element ?? Self.undefined) }
    guard let element, element.type == .document, let document = element.document else { return .found(nil) }
    return .inside(document, part)
  }

  private static var undefined: RawValue {
    RawValue(type: .undefined, bytes: UnsafeRawBufferPointer(start: nil, count: 0))
  }

  private func checkCount(_ count: Int) throws(QueryError) {
    guard count <= IndexDescription.maximumEntries else {
      throw QueryError(
        .tooManyEntries,
        "a document would have more than \(IndexDescription.maximumEntries) entries in \(index.place)")
    }
  }

  /// Makes the entry of values that have been found for all fields.
  private mutating func emit(_ states: [State]) throws(QueryError) {
    var encoder = EntryEncoder(idSize: id.count)
    for (state, field) in zip(states, index.fields) {
      guard case .found(let value) = state else { continue }
      try encoder.add(value, field, of: index)
    }
    if encoder.hasValue { hasValue = true }
    try checkCount(entries.count + 1)
    entries.append(try encoder.entry(of: document, id, in: index))
  }
}

extension FieldPath {
  /// How far a path leads without going into an array.
  fileprivate enum End {
    /// To its end: the value, or `nil` where it is missing.
    case found(RawValue?)
    /// To an array; this part of the path comes next, or none.
    case array(RawDocument, Int)
  }

  /// Follows the path through documents to its end, or to an array.
  fileprivate func follow(_ document: RawDocument, from part: Int) -> End {
    var current = document
    var part = part
    while true {
      guard let found = parts[part].name.withUnsafeBytes({ current.value(forKey: $0) }) else {
        return .found(nil)
      }
      part += 1
      if found.type == .array, let array = found.document { return .array(array, part) }
      if part == parts.count { return .found(found) }
      guard let next = found.document else { return .found(nil) }
      current = next
    }
  }
}

/// Puts one entry together.
private struct EntryEncoder {
  private var key: [UInt8] = []
  private var typeBits: [UInt8] = []
  /// Whether some field is there.
  private(set) var hasValue = false

  init(idSize: Int) { key.reserveCapacity(32 + idSize) }

  private static var null: RawValue {
    RawValue(type: .null, bytes: UnsafeRawBufferPointer(start: nil, count: 0))
  }

  /// Adds a field's value; `nil` for a missing one, which counts as null.
  mutating func add(
    _ value: RawValue?, _ field: IndexDescription.Field, of index: IndexDescription
  ) throws(QueryError) {
    if value != nil { hasValue = true }
    do throws(BSONError) {
      try BSONKey.encode(
        value ?? Self.null, descending: field.isDescending, into: &key, typeBits: &typeBits)
    } catch {
      throw Self.tooDeep(index)
    }
  }

  /// The entry, when all fields have been added.
  mutating func entry(
    of document: RawDocument, _ id: UnsafeRawBufferPointer, in index: IndexDescription
  ) throws(QueryError) -> IndexEntry {
    // The id's type bits are kept, too, so that a query can be answered from the index alone.
    if let id = document.value(forKey: "_id"), BSONKey.hasTypeBits(id.type) {
      var ignored: [UInt8] = []
      do throws(BSONError) {
        try BSONKey.encode(id, into: &ignored, typeBits: &typeBits)
      } catch {
        throw Self.tooDeep(index)
      }
    }
    let length = key.count + id.count
    guard length <= BSONLimits.maximumKeyBytes else {
      throw QueryError(
        .keyTooLarge,
        "a document makes a key of \(length) bytes in \(index.place), values and id together, which is over the "
          + "limit of \(BSONLimits.maximumKeyBytes): shorten the value, or leave such documents out with a "
          + "partial filter")
    }
    return IndexEntryFormat.entry(values: key, id: id, typeBits: typeBits, isUnique: index.isUnique)
  }

  private static func tooDeep(_ index: IndexDescription) -> QueryError {
    QueryError(.keyTooLarge, "a value nests too deep for \(index.place)")
  }
}
