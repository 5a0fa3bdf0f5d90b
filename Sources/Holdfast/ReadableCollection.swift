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

  /// The documents that match a filter, read as they are asked for. A filter is a document of conditions, as
  /// MongoDB has them: `docs/queries.md` lists them. What fails is in the results, also
  /// ``HoldfastError/Code/invalidQuery`` for a filter that is wrong.
  func find(_ filter: Document, _ options: FindOptions) -> Scan

  /// How many documents match a filter, after skipping and up to the limit of the options.
  /// - Throws: ``HoldfastError/Code/invalidQuery``, and as ``fetch(id:)``.
  func count(_ filter: Document, _ options: FindOptions) throws(HoldfastError) -> Int

  /// The different values at a path in the documents that match a filter, in ascending order. Of an array the
  /// elements count.
  /// - Throws: ``HoldfastError/Code/invalidQuery``, ``HoldfastError/Code/limitExceeded``, and as ``fetch(id:)``.
  func distinct(_ path: String, _ filter: Document, hint: IndexHint?) throws(HoldfastError) -> [BSONValue]

  /// How a query is run: the stages, index bounds, and what they looked at. A depth other than
  /// ``ExplainDepth/plan`` runs the query and throws its documents away.
  /// - Throws: ``HoldfastError/Code/invalidQuery``, and as ``fetch(id:)``.
  func explain(
    _ filter: Document, _ options: FindOptions, depth: ExplainDepth
  ) throws(HoldfastError) -> Explanation

  /// The indexes in the order in which they were made, that of the ids first; none when there is no such
  /// collection.
  func indexes() throws(HoldfastError) -> [IndexInfo]
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
  /// The collection stays, with its durability and its indexes.
  @discardableResult
  func deleteAll() throws(HoldfastError) -> Int

  /// Updates all documents that match a filter with MongoDB's update operators, which `docs/queries.md` lists.
  /// All or none are changed.
  /// - Throws: ``HoldfastError/Code/invalidQuery``, ``HoldfastError/Code/typeMismatch``,
  ///   ``HoldfastError/Code/overflow``, ``HoldfastError/Code/immutableID``, ``HoldfastError/Code/duplicateKey``,
  ///   and as ``insert(_:)``.
  @discardableResult
  func updateMany(
    _ filter: Document, _ update: Document, _ options: UpdateOptions
  ) throws(HoldfastError) -> UpdateResult

  /// Deletes all documents that match a filter and returns how many there were.
  /// - Throws: ``HoldfastError/Code/invalidQuery``, and what writing can meet.
  @discardableResult
  func deleteMany(_ filter: Document, hint: IndexHint?) throws(HoldfastError) -> Int

  /// Changes or deletes the first document that matches a filter, and gives it as it was or as it is then; `nil`
  /// when there was none to give.
  /// - Throws: as ``updateMany(_:_:_:)``.
  func findOneAndModify(
    _ filter: Document, _ modification: Modification, _ options: FindAndModifyOptions
  ) throws(HoldfastError) -> Document?

  /// Does several operations, each wholly or not at all. Ordered, it stops at the first one that fails; unordered,
  /// it goes on with the others. What the others did is kept, and the error says what that is
  /// (``HoldfastError/bulkWrite``). When something is wrong with the database, such as a full disk, or when an
  /// operation on many documents fails in the middle, nothing is kept.
  /// - Throws: the first failure, with a code as the operation would have alone.
  @discardableResult
  func bulkWrite(_ operations: [WriteOperation], ordered: Bool) throws(HoldfastError) -> BulkWriteResult
}

extension WritableCollection {
  /// Does several operations in order, up to the first that fails; see ``bulkWrite(_:ordered:)``.
  @discardableResult
  public func bulkWrite(_ operations: [WriteOperation]) throws(HoldfastError) -> BulkWriteResult {
    try bulkWrite(operations, ordered: true)
  }

  /// Updates the first document that matches a filter, in the order that `sort` asks for.
  ///
  ///     try users.updateOne(["_id": "ada"], ["$inc": ["logins": 1], "$currentDate": ["seen": true]])
  /// - Throws: as ``updateMany(_:_:_:)``.
  @discardableResult
  public func updateOne(
    _ filter: Document, _ update: Document, upsert: Bool = false, arrayFilters: [Document] = [],
    hint: IndexHint? = nil, sort: Document? = nil
  ) throws(HoldfastError) -> UpdateResult {
    try updateOne(
      filter, update, UpdateOptions(upsert: upsert, arrayFilters: arrayFilters, hint: hint, sort: sort))
  }

  /// Updates the first document that matches a filter.
  /// - Throws: as ``updateMany(_:_:_:)``.
  @discardableResult
  public func updateOne(
    _ filter: Document, _ update: Document, _ options: UpdateOptions
  ) throws(HoldfastError) -> UpdateResult {
    try single(.updateOne(filter, update, options))
  }

  /// Updates all documents that match a filter; see ``updateMany(_:_:_:)``.
  @discardableResult
  public func updateMany(
    _ filter: Document, _ update: Document, upsert: Bool = false, arrayFilters: [Document] = [],
    hint: IndexHint? = nil
  ) throws(HoldfastError) -> UpdateResult {
    try updateMany(filter, update, UpdateOptions(upsert: upsert, arrayFilters: arrayFilters, hint: hint))
  }

  /// Puts a document in the place of the first one that matches a filter, in the order that `sort` asks for; its `_id`
  /// stays.
  /// - Throws: as ``updateMany(_:_:_:)``.
  @discardableResult
  public func replaceOne(
    _ filter: Document, with document: Document, upsert: Bool = false, hint: IndexHint? = nil,
    sort: Document? = nil
  ) throws(HoldfastError) -> UpdateResult {
    try replaceOne(filter, with: document, UpdateOptions(upsert: upsert, hint: hint, sort: sort))
  }

  /// Puts a document in the place of the first one that matches a filter; array filters have no meaning.
  /// - Throws: as ``updateMany(_:_:_:)``.
  @discardableResult
  public func replaceOne(
    _ filter: Document, with document: Document, _ options: UpdateOptions
  ) throws(HoldfastError) -> UpdateResult {
    try single(.replaceOne(filter, document, options))
  }

  /// One operation, with its own error.
  private func single(_ operation: WriteOperation) throws(HoldfastError) -> UpdateResult {
    do throws(HoldfastError) {
      let result = try bulkWrite([operation], ordered: true)
      var update = UpdateResult()
      (update.matched, update.modified) = (result.matched, result.modified)
      update.upsertedID = result.upsertedIDs[0]
      return update
    } catch {
      throw error.bulkWrite?.errors.first?.error ?? error
    }
  }

  /// Deletes the first document that matches a filter. Returns whether there was one.
  /// - Throws: as ``deleteMany(_:hint:)``.
  @discardableResult
  public func deleteOne(_ filter: Document, hint: IndexHint? = nil) throws(HoldfastError) -> Bool {
    do throws(HoldfastError) {
      return try bulkWrite([.deleteOne(filter, hint: hint)], ordered: true).deleted > 0
    } catch {
      throw error.bulkWrite?.errors.first?.error ?? error
    }
  }

  /// Deletes all documents that match a filter and returns how many there were.
  @discardableResult
  public func deleteMany(_ filter: Document) throws(HoldfastError) -> Int {
    try deleteMany(filter, hint: nil)
  }

  /// Updates the first document that matches a filter and gives it, before the update unless the options say
  /// otherwise; `nil` when there was none to give.
  /// - Throws: as ``updateMany(_:_:_:)``.
  @discardableResult
  public func findOneAndUpdate(
    _ filter: Document, _ update: Document, _ options: FindAndModifyOptions = FindAndModifyOptions()
  ) throws(HoldfastError) -> Document? {
    try findOneAndModify(filter, .update(update), options)
  }

  /// Puts a document in the place of the first one that matches a filter and gives the old one, unless the options
  /// say otherwise.
  /// - Throws: as ``updateMany(_:_:_:)``.
  @discardableResult
  public func findOneAndReplace(
    _ filter: Document, with document: Document, _ options: FindAndModifyOptions = FindAndModifyOptions()
  ) throws(HoldfastError) -> Document? {
    try findOneAndModify(filter, .replace(document), options)
  }

  /// Deletes the first document that matches a filter and gives it; `nil` when there was none.
  /// - Throws: as ``deleteMany(_:hint:)``.
  @discardableResult
  public func findOneAndDelete(
    _ filter: Document, sort: Document? = nil, projection: Document? = nil, hint: IndexHint? = nil
  ) throws(HoldfastError) -> Document? {
    try findOneAndModify(
      filter, .delete, FindAndModifyOptions(sort: sort, projection: projection, hint: hint))
  }
}

extension ReadableCollection {
  /// The documents that match a filter; see ``find(_:_:)``.
  ///
  ///     for result in users.find(["age": ["$gte": 18]], sort: ["name": 1], limit: 10) {
  ///       print(try result.get())
  ///     }
  public func find(
    _ filter: Document = [:], sort: Document? = nil, projection: Document? = nil, skip: Int = 0,
    limit: Int? = nil,
    hint: IndexHint? = nil
  ) -> Scan {
    find(filter, FindOptions(sort: sort, projection: projection, skip: skip, limit: limit, hint: hint))
  }

  /// The first document that matches a filter; `nil` when there is none.
  /// - Throws: ``HoldfastError/Code/invalidQuery``, and as ``fetch(id:)``.
  public func findOne(
    _ filter: Document, sort: Document? = nil, projection: Document? = nil, skip: Int = 0,
    hint: IndexHint? = nil
  ) throws(HoldfastError) -> Document? {
    let options = FindOptions(sort: sort, projection: projection, skip: skip, limit: 1, hint: hint)
    var iterator = find(filter, options).makeIterator()
    return try iterator.nextDocument()
  }

  /// How many documents match a filter.
  public func count(_ filter: Document) throws(HoldfastError) -> Int { try count(filter, FindOptions()) }

  /// How many documents there are, without looking at any.
  public func estimatedCount() throws(HoldfastError) -> Int { try count() }

  /// Whether some document matches a filter.
  public func exists(_ filter: Document) throws(HoldfastError) -> Bool {
    try count(filter, FindOptions(limit: 1)) > 0
  }

  /// The different values at a path; see ``distinct(_:_:hint:)``.
  public func distinct(_ path: String, _ filter: Document = [:]) throws(HoldfastError) -> [BSONValue] {
    try distinct(path, filter, hint: nil)
  }

  /// How a query is run; see ``explain(_:_:depth:)``.
  public func explain(
    _ filter: Document, sort: Document? = nil, limit: Int? = nil, depth: ExplainDepth = .counts
  ) throws(HoldfastError) -> Explanation {
    try explain(filter, FindOptions(sort: sort, limit: limit), depth: depth)
  }

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
