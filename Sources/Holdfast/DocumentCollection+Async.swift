import Synchronization

extension DocumentCollection {
  /// Runs a call on one of the database's threads.
  private func perform<R: Sendable>(
    _ work: @escaping @Sendable () throws(HoldfastError) -> R
  ) async throws(HoldfastError) -> R {
    try await database.perform(work)
  }

  private func look<R: Sendable>(
    _ work: @escaping @Sendable () throws(HoldfastError) -> R
  ) async throws(HoldfastError) -> R {
    try await database.look(work)
  }

  /// The document with an id; see ``ReadableCollection/fetch(id:)``.
  public func fetch(id: BSONValue) async throws(HoldfastError) -> Document? {
    try await look { () throws(HoldfastError) in try self.fetch(id: id) }
  }

  /// Whether there is a document with an id.
  public func exists(id: BSONValue) async throws(HoldfastError) -> Bool {
    try await look { () throws(HoldfastError) in try self.exists(id: id) }
  }

  /// How many documents there are.
  public func count() async throws(HoldfastError) -> Int {
    try await look { () throws(HoldfastError) in try self.count() }
  }

  /// Adds a document and returns its id; see ``WritableCollection/insert(_:)``.
  @discardableResult
  public func insert(_ document: Document) async throws(HoldfastError) -> BSONValue {
    try await perform { () throws(HoldfastError) in try self.insert(document) }
  }

  /// Adds documents, all or none; see ``WritableCollection/insertMany(_:)``.
  @discardableResult
  public func insertMany(
    _ documents: some Sequence<Document> & Sendable
  ) async throws(HoldfastError) -> [BSONValue] {
    try await perform { () throws(HoldfastError) in try self.insertMany(documents) }
  }

  /// Replaces a document; see ``WritableCollection/replace(id:with:upsert:)``.
  @discardableResult
  public func replace(
    id: BSONValue, with document: Document, upsert: Bool = false
  ) async throws(HoldfastError) -> Bool {
    try await perform { () throws(HoldfastError) in try self.replace(id: id, with: document, upsert: upsert) }
  }

  /// Deletes the document with an id; see ``WritableCollection/delete(id:)``.
  @discardableResult
  public func delete(id: BSONValue) async throws(HoldfastError) -> Bool {
    try await perform { () throws(HoldfastError) in try self.delete(id: id) }
  }

  /// Deletes all documents; see ``WritableCollection/deleteAll()``.
  @discardableResult
  public func deleteAll() async throws(HoldfastError) -> Int {
    try await perform { () throws(HoldfastError) in try self.deleteAll() }
  }

  /// The documents in the order of their ids, for `for try await`; see ``DocumentStream``.
  public func stream(
    from lower: BSONValue? = nil, through upper: BSONValue? = nil, descending: Bool = false, limit: Int? = nil
  ) -> DocumentStream {
    let options = ScanOptions(from: lower, through: upper, descending: descending, limit: limit)
    return DocumentStream(database) { scan(options) }
  }

  /// The documents that match a filter, for `for try await`; see ``ReadableCollection/find(_:_:)``.
  public func stream(_ filter: Document, _ options: FindOptions = FindOptions()) -> DocumentStream {
    DocumentStream(database, batchSize: options.batchSize) { find(filter, options) }
  }

  /// The first document that matches a filter; `nil` when there is none.
  public func findOne(
    _ filter: Document, sort: Document? = nil, projection: Document? = nil, skip: Int = 0,
    hint: IndexHint? = nil
  ) async throws(HoldfastError) -> Document? {
    try await look { () throws(HoldfastError) in
      try self.findOne(filter, sort: sort, projection: projection, skip: skip, hint: hint)
    }
  }

  /// How many documents match a filter.
  public func count(
    _ filter: Document, _ options: FindOptions = FindOptions()
  ) async throws(HoldfastError) -> Int {
    try await look { () throws(HoldfastError) in try self.count(filter, options) }
  }

  /// Whether some document matches a filter.
  public func exists(_ filter: Document) async throws(HoldfastError) -> Bool {
    try await look { () throws(HoldfastError) in try self.exists(filter) }
  }

  /// The different values at a path; see ``ReadableCollection/distinct(_:_:hint:)``.
  public func distinct(
    _ path: String, _ filter: Document = [:], hint: IndexHint? = nil
  ) async throws(HoldfastError) -> [BSONValue] {
    try await look { () throws(HoldfastError) in try self.distinct(path, filter, hint: hint) }
  }

  /// How a query is run; see ``ReadableCollection/explain(_:_:depth:)``.
  public func explain(
    _ filter: Document, _ options: FindOptions = FindOptions(), depth: ExplainDepth = .counts
  ) async throws(HoldfastError) -> Explanation {
    try await look { () throws(HoldfastError) in try self.explain(filter, options, depth: depth) }
  }

  /// Updates the first document that matches a filter; see
  /// ``WritableCollection/updateOne(_:_:upsert:arrayFilters:hint:)``.
  @discardableResult
  public func updateOne(
    _ filter: Document, _ update: Document, upsert: Bool = false, arrayFilters: [Document] = [],
    hint: IndexHint? = nil, sort: Document? = nil
  ) async throws(HoldfastError) -> UpdateResult {
    try await perform { () throws(HoldfastError) in
      try self.updateOne(filter, update, upsert: upsert, arrayFilters: arrayFilters, hint: hint, sort: sort)
    }
  }

  /// Updates all documents that match a filter; see ``WritableCollection/updateMany(_:_:_:)``.
  @discardableResult
  public func updateMany(
    _ filter: Document, _ update: Document, upsert: Bool = false, arrayFilters: [Document] = [],
    hint: IndexHint? = nil
  ) async throws(HoldfastError) -> UpdateResult {
    try await perform { () throws(HoldfastError) in
      try self.updateMany(filter, update, upsert: upsert, arrayFilters: arrayFilters, hint: hint)
    }
  }

  /// Puts a document in the place of the first one that matches a filter.
  @discardableResult
  public func replaceOne(
    _ filter: Document, with document: Document, upsert: Bool = false, hint: IndexHint? = nil,
    sort: Document? = nil
  ) async throws(HoldfastError) -> UpdateResult {
    try await perform { () throws(HoldfastError) in
      try self.replaceOne(filter, with: document, upsert: upsert, hint: hint, sort: sort)
    }
  }

  /// Deletes the first document that matches a filter. Returns whether there was one.
  @discardableResult
  public func deleteOne(_ filter: Document, hint: IndexHint? = nil) async throws(HoldfastError) -> Bool {
    try await perform { () throws(HoldfastError) in try self.deleteOne(filter, hint: hint) }
  }

  /// Deletes all documents that match a filter and returns how many there were.
  @discardableResult
  public func deleteMany(_ filter: Document, hint: IndexHint? = nil) async throws(HoldfastError) -> Int {
    try await perform { () throws(HoldfastError) in try self.deleteMany(filter, hint: hint) }
  }

  /// Changes or deletes the first document that matches a filter; see
  /// ``WritableCollection/findOneAndModify(_:_:_:)``.
  public func findOneAndModify(
    _ filter: Document, _ modification: Modification, _ options: FindAndModifyOptions = FindAndModifyOptions()
  ) async throws(HoldfastError) -> Document? {
    try await perform { () throws(HoldfastError) in try self.findOneAndModify(filter, modification, options) }
  }

  /// Does several operations; see ``WritableCollection/bulkWrite(_:ordered:)``.
  @discardableResult
  public func bulkWrite(
    _ operations: [WriteOperation], ordered: Bool = true
  ) async throws(HoldfastError) -> BulkWriteResult {
    try await perform { () throws(HoldfastError) in try self.bulkWrite(operations, ordered: ordered) }
  }

  /// Makes an index; see ``createIndex(_:_:progress:)``. When the task is cancelled, the index is removed again
  /// after the step at hand, and the call fails with ``HoldfastError/Code/cancelled``.
  @discardableResult
  public func createIndex(
    _ keys: Document, _ options: IndexOptions = IndexOptions(),
    progress: (@Sendable (IndexProgress) -> Bool)? = nil
  ) async throws(HoldfastError) -> String {
    let isCancelled = Flag()
    let result = await withTaskCancellationHandler {
      await Result { () async throws(HoldfastError) in
        try await perform { () throws(HoldfastError) in
          try self.createIndex(keys, options) { step in !isCancelled.isSet && (progress?(step) ?? true) }
        }
      }
    } onCancel: {
      isCancelled.set()
    }
    return try result.get()
  }

  /// Removes an index. Returns whether there was one of this name.
  @discardableResult
  public func dropIndex(_ index: String) async throws(HoldfastError) -> Bool {
    try await perform { () throws(HoldfastError) in try self.dropIndex(index) }
  }

  /// The indexes; see ``ReadableCollection/indexes()``.
  public func indexes() async throws(HoldfastError) -> [IndexInfo] {
    try await look { () throws(HoldfastError) in try self.indexes() }
  }
}

/// Something that happens once, such as a cancellation.
private final class Flag: Sendable {
  private let value = Atomic<Bool>(false)

  var isSet: Bool { value.load(ordering: .relaxed) }
  func set() { value.store(true, ordering: .relaxed) }
}

extension Result {
  /// The outcome of an async call.
  fileprivate init(_ body: () async throws(Failure) -> Success) async {
    do throws(Failure) {
      self = .success(try await body())
    } catch {
      self = .failure(error)
    }
  }
}
