/// A collection whose documents are values of a `Codable` type.
///
/// The type's property that is encoded as `_id` is the id; when it is absent or `nil`, an `ObjectID` is made.
/// A stored document that does not decode as the type fails with ``HoldfastError/Code/invalidDocument``; the
/// error's `underlying` says at which field.
///
///     struct User: Codable, Sendable {
///       var id: String
///       var name: String
///       enum CodingKeys: String, CodingKey { case id = "_id", name }
///     }
///     let users = database.collection("users", of: User.self)
///     try users.insert(User(id: "ada", name: "Ada"))
///     let ada = try users.fetch(id: "ada")
public struct TypedDocuments<Element: Codable & Sendable, Base: ReadableCollection> {
  /// The collection underneath.
  public let base: Base

  /// Reads and writes a collection's documents as values of a type.
  public init(_ base: Base) { self.base = base }

  /// The name of the collection.
  public var name: String { base.name }

  func decode(_ document: Document) throws(HoldfastError) -> Element {
    do {
      return try BSONDecoder().decode(Element.self, from: document)
    } catch {
      throw HoldfastError(
        .invalidDocument,
        "a document of collection \(quoted(name)) does not decode as \(Element.self): the error's "
          + "`underlying` names "
          + "the field; read it as a Document, or change the type", collection: name, underlying: error)
    }
  }

  func encode(_ value: Element) throws(HoldfastError) -> Document {
    do {
      var document = try BSONEncoder().encode(value)
      // An optional id that is nil may have been encoded as null: the document has none.
      if document["_id"]?.isNull == true { document.removeValue(forKey: "_id") }
      return document
    } catch {
      throw HoldfastError(
        .invalidDocument,
        "a value of the type \(Element.self) does not encode as a document for collection \(quoted(name)): "
          + "the error's "
          + "`underlying` says why", collection: name, underlying: error)
    }
  }

  // MARK: Reading

  /// The value with an id; `nil` when there is none. See ``ReadableCollection/fetch(id:)``.
  public func fetch(id: BSONValue) throws(HoldfastError) -> Element? {
    guard let document = try base.fetch(id: id) else { return nil }
    return try decode(document)
  }

  /// Whether there is a document with an id.
  public func exists(id: BSONValue) throws(HoldfastError) -> Bool { try base.exists(id: id) }

  /// How many documents there are.
  public func count() throws(HoldfastError) -> Int { try base.count() }

  /// The values in the order of their ids, decoded as they are asked for.
  public func scan(
    from lower: BSONValue? = nil, through upper: BSONValue? = nil, descending: Bool = false, limit: Int? = nil
  ) -> some Sequence<Result<Element, HoldfastError>> {
    base.scan(from: lower, through: upper, descending: descending, limit: limit).lazy.map { result in
      result.flatMap { document in Result { () throws(HoldfastError) in try decode(document) } }
    }
  }

  /// Calls `body` with each value, in the order of ids; stops when it throws. In async code, iterate over
  /// `stream()` instead.
  @available(*, noasync, message: "it would block: iterate over stream() instead")
  public func forEach(
    from lower: BSONValue? = nil, through upper: BSONValue? = nil, descending: Bool = false,
    limit: Int? = nil,
    _ body: (Element) throws -> Void
  ) throws {
    try base.forEach(from: lower, through: upper, descending: descending, limit: limit) {
      try body(decode($0))
    }
  }
}

extension TypedDocuments: Sendable where Base: Sendable {}

extension TypedDocuments where Base: WritableCollection {
  /// Adds a value and returns its id. See ``WritableCollection/insert(_:)``.
  @discardableResult
  public func insert(_ value: Element) throws(HoldfastError) -> BSONValue {
    try base.insert(try encode(value))
  }

  /// Adds values, all or none, and returns their ids in the same order.
  @discardableResult
  public func insertMany(_ values: some Sequence<Element>) throws(HoldfastError) -> [BSONValue] {
    var documents: [Document] = []
    for value in values { documents.append(try encode(value)) }
    return try base.insertMany(documents)
  }

  /// Puts a value in the place of the one with an id. Returns whether there was one. See
  /// ``WritableCollection/replace(id:with:upsert:)``.
  @discardableResult
  public func replace(id: BSONValue, with value: Element, upsert: Bool = false) throws(HoldfastError) -> Bool
  {
    try base.replace(id: id, with: try encode(value), upsert: upsert)
  }

  /// Deletes the document with an id. Returns whether there was one.
  @discardableResult
  public func delete(id: BSONValue) throws(HoldfastError) -> Bool { try base.delete(id: id) }

  /// Deletes all documents and returns how many there were.
  @discardableResult
  public func deleteAll() throws(HoldfastError) -> Int { try base.deleteAll() }
}

/// A collection of a ``Database`` whose documents are values of a `Codable` type.
public typealias TypedCollection<Element: Codable & Sendable> = TypedDocuments<Element, DocumentCollection>
