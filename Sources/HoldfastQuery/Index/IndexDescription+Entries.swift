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
  /// documents, except by `$elemMatch`, which looks into arrays inside of arrays: fields that are missing count as null, an empty array as undefined, and an array's elements
  /// are entered, not the array as a whole.
  /// - Parameters:
  ///   - document: the document with its `_id`.
  ///   - id: the key that it is stored under.
  /// - Throws: ``QueryError/Code/parallelArrays``, ``QueryError/Code/keyTooLarge``,
  ///   ``QueryError/Code/limitExceeded``.
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
      if case .inside(let document, let part) = states[field] {
        switch index.fields[field].path.follow(document, from: part) {
        case .found(let value): states[field] = .found(value)
        case .array(let array, let part): states[field] = .atArray(array, part)
        }
      }
      guard case .atArray(let found, let part) = states[field] else { continue }
      arrays[field] |= 1 << UInt64(part - 1)
      if let array, array.bytes.baseAddress != found.bytes.baseAddress {
        throw QueryError(
          .parallelArrays,
          "a document has arrays in two fields of \(index.place), which cannot be combined: index one of them only"
        )
      }
      array = found
    }
    guard let array else { return try emit(states) }
    var place = 0
    for element in array {
      try addElement(element.value, place, states)
      place += 1
    }
    if place == 0 { try addElement(nil, 0, states) }
  }

  /// Goes on with one element of the array that some of the fields are at; `nil` stands for an empty array.
  private mutating func addElement(
    _ element: RawValue?, _ place: Int, _ states: [State]
  ) throws(QueryError) {
    var combinations: [[State]] = [[]]
    for field in states.indices {
      let choices = choices(field, states[field], element, place)
      // Only a number in a path that is a field's name as well gives two choices.
      combinations = combinations.flatMap { head in choices.map { head + [$0] } }
      try checkCount(combinations.count)
    }
    for states in combinations { try add(states) }
  }

  private func choices(_ field: Int, _ state: State, _ element: RawValue?, _ place: Int) -> [State] {
    guard case .atArray(_, let part) = state else { return [state] }
    let parts = index.fields[field].path.parts
    guard part < parts.count else { return [.found(element ?? Self.undefined)] }
    guard let element else { return [.found(nil)] }
    var choices: [State] = []
    if element.type == .document, let document = element.document { choices.append(.inside(document, part)) }
    if parts[part].index == place {
      if part + 1 == parts.count {
        choices.append(.found(element))
      } else if let document = element.document {
        choices.append(.inside(document, part + 1))
      }
    }
    return choices.isEmpty ? [.found(nil)] : choices
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
