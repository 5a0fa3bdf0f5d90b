/// Documents that can be read: a collection of a database, of a ``Snapshot`` or of a ``Transaction``.
///
/// Functions that take `some ReadableCollection` work with all of them. A collection that does not exist
/// reads as an empty one. Ids are compared as MongoDB does: 1 and 1.0 are the same id.
public protocol ReadableCollection {
  /// The name of the collection.
  var name: String { get }

  /// The document with an id; `nil` when there is none.
  /// - Throws: ``HoldfastError/Code/invalidID``, ``HoldfastError/Code/keyTooLarge``,
  ///   ``HoldfastError/Code/invalidName``, ``HoldfastError/Code/corrupted``, ``HoldfastError/Code/closed``.
  func fetch(id: BSONValue) throws(HoldfastError) -> Document?

  /// Whether there is a document with an id.
  /// - Throws: as ``fetch(id:)``.
  func exists(id: BSONValue) throws(HoldfastError) -> Bool

  /// How many documents there are. Takes no longer for many of them.
  func count() throws(HoldfastError) -> Int

  /// The documents in the order of their ids, read as they are asked for. What fails is in the results.
  func scan(_ options: ScanOptions) -> Scan
}

/// Documents that can be read and changed: a collection of a database or of a ``Transaction``.
///
/// On a database's collection every call is a transaction of its own: when it returns, it is as durable as
/// the collection's ``Durability`` promises, and when it throws, nothing was changed. On a transaction's
/// collection all of that happens at the end of the transaction.
public protocol WritableCollection: ReadableCollection {
  /// Adds a document and returns its id. A document without an `_id` gets an `ObjectID`; an `_id` further
  /// back is moved to the front. The collection is made when there is none.
  /// - Throws: ``HoldfastError/Code/duplicateID``, ``HoldfastError/Code/documentTooLarge``,
  ///   ``HoldfastError/Code/invalidDocument``, ``HoldfastError/Code/invalidID``,
  ///   ``HoldfastError/Code/keyTooLarge``, ``HoldfastError/Code/invalidName``, and what writing can meet:
  ///   ``HoldfastError/Code/diskFull``, ``HoldfastError/Code/readOnly``,
  ///   ``HoldfastError/Code/outcomeUnknown``, …
  @discardableResult
  func insert(_ document: Document) throws(HoldfastError) -> BSONValue

  /// Adds documents, all or none, in one commit, and returns their ids in the same order.
  /// - Throws: as ``insert(_:)``, and ``HoldfastError/Code/transactionTooLarge``.
  @discardableResult
  func insertMany(_ documents: some Sequence<Document> & Sendable) throws(HoldfastError) -> [BSONValue]

  /// Puts a document in the place of the one with an id. Returns whether there was one. The new document may
  /// leave its `_id` out, but not have another one.
  /// - Parameter upsert: whether to add the document when there was none.
  /// - Throws: as ``insert(_:)``, except that duplicates are what it is for.
  @discardableResult
  func replace(id: BSONValue, with document: Document, upsert: Bool) throws(HoldfastError) -> Bool

  /// Deletes the document with an id. Returns whether there was one.
  @discardableResult
  func delete(id: BSONValue) throws(HoldfastError) -> Bool

  /// Deletes all documents, in time that does not depend on their number, and returns how many there were.
  /// The collection stays, with its durability.
  @discardableResult
  func deleteAll() throws(HoldfastError) -> Int
}

extension ReadableCollection {
  /// The documents in the order of their ids, read as they are asked for.
  /// - Parameters:
  ///   - lower: the lowest id, included.
  ///   - upper: the highest id, included.
  ///   - descending: from the highest id to the lowest.
  ///   - limit: the most documents.
  public func scan(
    from lower: BSONValue? = nil, through upper: BSONValue? = nil, descending: Bool = false, limit: Int? = nil
  ) -> Scan {
    scan(ScanOptions(from: lower, through: upper, descending: descending, limit: limit))
  }

  /// Calls `body` with each document, in the order of ids; stops when it throws. See
  /// ``scan(from:through:descending:limit:)``. In async code, iterate over
  /// `stream()` instead.
  @available(*, noasync, message: "it would block: iterate over stream() instead")
  public func forEach(
    from lower: BSONValue? = nil, through upper: BSONValue? = nil, descending: Bool = false,
    limit: Int? = nil,
    _ body: (Document) throws -> Void
  ) throws {
    try scan(from: lower, through: upper, descending: descending, limit: limit).run(body)
  }
}

extension WritableCollection {
  /// Puts a document in the place of the one with an id; does nothing when there is none. Returns whether
  /// there was one. See ``replace(id:with:upsert:)``.
  @discardableResult
  public func replace(id: BSONValue, with document: Document) throws(HoldfastError) -> Bool {
    try replace(id: id, with: document, upsert: false)
  }
}
