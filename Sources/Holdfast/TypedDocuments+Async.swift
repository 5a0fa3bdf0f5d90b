extension TypedDocuments where Base == DocumentCollection {
  private func perform<R: Sendable>(
    _ work: @escaping @Sendable () throws(HoldfastError) -> R
  ) async throws(HoldfastError) -> R {
    try await base.database.perform(work)
  }

  private func look<R: Sendable>(
    _ work: @escaping @Sendable () throws(HoldfastError) -> R
  ) async throws(HoldfastError) -> R {
    try await base.database.look(work)
  }

  /// The value with an id; `nil` when there is none.
  public func fetch(id: BSONValue) async throws(HoldfastError) -> Element? {
    try await look { () throws(HoldfastError) in try self.fetch(id: id) }
  }

  /// Whether there is a document with an id.
  public func exists(id: BSONValue) async throws(HoldfastError) -> Bool { try await base.exists(id: id) }

  /// How many documents there are.
  public func count() async throws(HoldfastError) -> Int { try await base.count() }

  /// Adds a value and returns its id.
  @discardableResult
  public func insert(_ value: Element) async throws(HoldfastError) -> BSONValue {
    try await perform { () throws(HoldfastError) in try self.insert(value) }
  }

  /// Adds values, all or none, and returns their ids in the same order.
  @discardableResult
  public func insertMany(
    _ values: some Sequence<Element> & Sendable
  ) async throws(HoldfastError) -> [BSONValue] {
    try await perform { () throws(HoldfastError) in try self.insertMany(values) }
  }

  /// Puts a value in the place of the one with an id. Returns whether there was one.
  @discardableResult
  public func replace(
    id: BSONValue, with value: Element, upsert: Bool = false
  ) async throws(HoldfastError) -> Bool {
    try await perform { () throws(HoldfastError) in try self.replace(id: id, with: value, upsert: upsert) }
  }

  /// Deletes the document with an id. Returns whether there was one.
  @discardableResult
  public func delete(id: BSONValue) async throws(HoldfastError) -> Bool { try await base.delete(id: id) }

  /// Deletes all documents and returns how many there were.
  @discardableResult
  public func deleteAll() async throws(HoldfastError) -> Int { try await base.deleteAll() }

  /// The values in the order of their ids, for `for try await`; see ``DocumentStream``.
  public func stream(
    from lower: BSONValue? = nil, through upper: BSONValue? = nil, descending: Bool = false, limit: Int? = nil
  ) -> AsyncThrowingMapSequence<DocumentStream, Element> {
    base.stream(from: lower, through: upper, descending: descending, limit: limit).map { try decode($0) }
  }
}
