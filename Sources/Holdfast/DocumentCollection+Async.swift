extension DocumentCollection {
  /// Runs a call on one of the database's threads.
  private func perform<R: Sendable>(
    _ work: @escaping @Sendable () throws(HoldfastError) -> R
  ) async throws(HoldfastError) -> R {
    try await database.perform(work)
  }

  /// The document with an id; see ``ReadableCollection/fetch(id:)``.
  public func fetch(id: BSONValue) async throws(HoldfastError) -> Document? {
    try await perform { () throws(HoldfastError) in try self.fetch(id: id) }
  }

  /// Whether there is a document with an id.
  public func exists(id: BSONValue) async throws(HoldfastError) -> Bool {
    try await perform { () throws(HoldfastError) in try self.exists(id: id) }
  }

  /// How many documents there are.
  public func count() async throws(HoldfastError) -> Int {
    try await perform { () throws(HoldfastError) in try self.count() }
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
    DocumentStream(self, ScanOptions(from: lower, through: upper, descending: descending, limit: limit))
  }
}
