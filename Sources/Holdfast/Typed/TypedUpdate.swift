/// Changes of the documents of a ``TypedDocuments``, written with key paths and checked by the compiler.
///
///     .set(\.age, to: 37)
///     .increment(\.visits, by: 1)
///     .push(\.tags, "admin")
///
/// They become an update of MongoDB's language, see ``document()``.
public struct TypedUpdate<Element: Codable & Sendable>: Sendable {
  private struct Change {
    let name: String
    let path: String
    let value: BSONValue
  }

  private let changes: [Result<Change, HoldfastError>]

  private init(changes: [Result<Change, HoldfastError>]) { self.changes = changes }

  /// Several changes at once. No two may be of one field, or of a field and another one inside it.
  public init(_ parts: [TypedUpdate]) { changes = parts.flatMap(\.changes) }

  /// An update as MongoDB writes it, made of operators, for what has no typed form.
  public static func document(_ document: Document) -> TypedUpdate {
    var changes: [Result<Change, HoldfastError>] = []
    for (name, value) in document {
      guard name.hasPrefix("$"), case .document(let fields) = value else {
        let message = "an update consists of operators with documents, such as {\"$set\": {…}}"
        return TypedUpdate(changes: [.failure(HoldfastError(.invalidUse, message))])
      }
      for (path, value) in fields { changes.append(.success(Change(name: name, path: path, value: value))) }
    }
    return TypedUpdate(changes: changes)
  }

  /// The update in MongoDB's language, such as `{"$set": {"age": 37}}`.
  /// - Throws: ``HoldfastError/Code/invalidUse`` when a key path names no stored field, a value does not encode,
  ///   or there are no changes.
  public func document() throws(HoldfastError) -> Document {
    guard !changes.isEmpty else { throw HoldfastError(.invalidUse, "an update needs at least one change") }
    var names: [String] = []
    var fields: [String: Document] = [:]
    for change in changes {
      let change = try change.get()
      if fields[change.name] == nil { names.append(change.name) }
      // A path that comes twice stays twice: that is a conflict, which the update is refused for.
      fields[change.name, default: Document()].append(change.path, change.value)
    }
    return Document(names.map { ($0, .document(fields[$0] ?? Document())) })
  }

  private static func change<Value: Encodable>(
    _ name: String, _ field: KeyPath<Element, Value>, _ value: () throws(HoldfastError) -> BSONValue
  ) -> TypedUpdate {
    let change = Result { () throws(HoldfastError) in
      Change(name: name, path: try FieldNames.path(of: field).get(), value: try value())
    }
    return TypedUpdate(changes: [change])
  }

  private static func change<Value: Encodable>(
    _ name: String, _ field: KeyPath<Element, Value>, with value: some Encodable
  ) -> TypedUpdate {
    change(name, field) { () throws(HoldfastError) in try FieldValue.encoded(value) }
  }
}

extension TypedUpdate {
  /// Gives a field a value; `nil` is stored as null (see ``unset(_:)``).
  public static func set<Value: Encodable>(_ field: KeyPath<Element, Value>, to value: Value) -> TypedUpdate {
    change("$set", field, with: value)
  }

  /// Gives a field a value in documents that an upsert inserts, and only there.
  public static func setOnInsert<Value: Encodable>(
    _ field: KeyPath<Element, Value>, to value: Value
  ) -> TypedUpdate { change("$setOnInsert", field, with: value) }

  /// Removes a field.
  public static func unset<Value: Encodable>(_ field: KeyPath<Element, Value?>) -> TypedUpdate {
    change("$unset", field, with: "")
  }

  /// Adds to a number; a missing one counts as zero.
  public static func increment<Value: StoredNumber>(
    _ field: KeyPath<Element, Value>, by amount: Value.StoredAmount
  ) -> TypedUpdate { change("$inc", field, with: amount) }

  /// Multiplies a number; a missing one becomes zero.
  public static func multiply<Value: StoredNumber>(
    _ field: KeyPath<Element, Value>, by factor: Value.StoredAmount
  ) -> TypedUpdate { change("$mul", field, with: factor) }

  /// Gives a field a value when that is lower than the one there is, or there is none.
  public static func lower<Value: Encodable>(
    _ field: KeyPath<Element, Value>, to value: Value
  ) -> TypedUpdate { change("$min", field, with: value) }

  /// Gives a field a value when that is higher than the one there is, or there is none.
  public static func raise<Value: Encodable>(
    _ field: KeyPath<Element, Value>, to value: Value
  ) -> TypedUpdate { change("$max", field, with: value) }

  /// Appends an element to an array; a missing array is made.
  public static func push<Value: StoredArray>(
    _ field: KeyPath<Element, Value>, _ element: Value.StoredElement
  ) -> TypedUpdate {
    change("$push", field) { () throws(HoldfastError) in added(try FieldValue.encoded(element)) }
  }

  /// An element as `$push` and `$addToSet` take it. A document might look like their modifiers.
  private static func added(_ element: BSONValue) -> BSONValue {
    if case .document = element { ["$each": [element]] } else { element }
  }

  /// Appends elements to an array; a missing array is made.
  public static func push<Value: StoredArray>(
    _ field: KeyPath<Element, Value>, contentsOf elements: some Sequence<Value.StoredElement>
  ) -> TypedUpdate {
    change("$push", field) { () throws(HoldfastError) in
      ["$each": .array(try FieldValue.encoded(elements))]
    }
  }

  /// Appends an element to an array that does not have it yet; a missing array is made.
  public static func addToSet<Value: StoredArray>(
    _ field: KeyPath<Element, Value>, _ element: Value.StoredElement
  ) -> TypedUpdate {
    change("$addToSet", field) { () throws(HoldfastError) in added(try FieldValue.encoded(element)) }
  }

  /// Appends those elements to an array that it does not have yet; a missing array is made.
  public static func addToSet<Value: StoredArray>(
    _ field: KeyPath<Element, Value>, contentsOf elements: some Sequence<Value.StoredElement>
  ) -> TypedUpdate {
    change("$addToSet", field) { () throws(HoldfastError) in
      ["$each": .array(try FieldValue.encoded(elements))]
    }
  }

  /// Removes all elements from an array that equal one.
  public static func pull<Value: StoredArray>(
    _ field: KeyPath<Element, Value>, _ element: Value.StoredElement
  ) -> TypedUpdate {
    change("$pullAll", field) { () throws(HoldfastError) in [try FieldValue.encoded(element)] }
  }

  /// Removes all elements from an array that match a filter.
  public static func pull<Value: StoredArray>(
    _ field: KeyPath<Element, Value>, where filter: TypedFilter<Value.StoredElement>
  ) -> TypedUpdate where Value.StoredElement: Codable & Sendable {
    change("$pull", field) { () throws(HoldfastError) in .document(try filter.document()) }
  }

  /// Removes the first element of an array.
  public static func removeFirst<Value: StoredArray>(_ field: KeyPath<Element, Value>) -> TypedUpdate {
    change("$pop", field) { () throws(HoldfastError) in .int32(-1) }
  }

  /// Removes the last element of an array.
  public static func removeLast<Value: StoredArray>(_ field: KeyPath<Element, Value>) -> TypedUpdate {
    change("$pop", field) { () throws(HoldfastError) in .int32(1) }
  }
}
