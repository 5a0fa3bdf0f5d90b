// The queries and changes by typed filters for async code, on one of the database's threads.
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

  /// The values that match a filter, in an array.
  public func find(
    where filter: TypedFilter<Element> = .all, sort: TypedSort<Element>..., skip: Int = 0, limit: Int? = nil,
    hint: IndexHint? = nil
  ) async throws(HoldfastError) -> [Element] {
    let sort = TypedSort(sort)
    return try await look { () throws(HoldfastError) in try values(filter, sort, skip, limit, hint) }
  }

  /// The values that match a filter, from the lowest value of a property to the highest.
  public func find<Value: Encodable>(
    where filter: TypedFilter<Element> = .all, sort: KeyPath<Element, Value>, skip: Int = 0,
    limit: Int? = nil, hint: IndexHint? = nil
  ) async throws(HoldfastError) -> [Element] {
    let sort = TypedSort<Element>.ascending(sort)
    return try await look { () throws(HoldfastError) in try values(filter, sort, skip, limit, hint) }
  }

  /// The first value that matches a filter; `nil` when there is none.
  public func first(
    where filter: TypedFilter<Element> = .all, sort: TypedSort<Element>..., skip: Int = 0,
    hint: IndexHint? = nil
  ) async throws(HoldfastError) -> Element? {
    let sort = TypedSort(sort)
    return try await look { () throws(HoldfastError) in try values(filter, sort, skip, 1, hint).first }
  }

  /// Of the values that match a filter the one with the lowest value of a property; `nil` when there is none.
  public func first<Value: Encodable>(
    where filter: TypedFilter<Element> = .all, sort: KeyPath<Element, Value>, skip: Int = 0,
    hint: IndexHint? = nil
  ) async throws(HoldfastError) -> Element? {
    let sort = TypedSort<Element>.ascending(sort)
    return try await look { () throws(HoldfastError) in try values(filter, sort, skip, 1, hint).first }
  }

  /// The values that match a filter, for `for try await`; see ``DocumentStream``.
  public func stream(
    where filter: TypedFilter<Element>, sort: TypedSort<Element>..., skip: Int = 0, limit: Int? = nil,
    hint: IndexHint? = nil
  ) -> AsyncThrowingMapSequence<DocumentStream, Element> {
    let sort = TypedSort(sort)
    return DocumentStream(base.database) { documents(filter, sort, skip, limit, hint) }.map { try decode($0) }
  }

  /// How many documents match a filter.
  public func count(where filter: TypedFilter<Element>) async throws(HoldfastError) -> Int {
    try await look { () throws(HoldfastError) in try self.count(where: filter) }
  }

  /// Whether some document matches a filter.
  public func exists(where filter: TypedFilter<Element>) async throws(HoldfastError) -> Bool {
    try await look { () throws(HoldfastError) in try self.exists(where: filter) }
  }

  /// Gives a property a value in all documents that match a filter.
  @discardableResult
  public func update<Value: Encodable>(
    where filter: TypedFilter<Element>, set field: KeyPath<Element, Value>, to value: Value
  ) async throws(HoldfastError) -> UpdateResult {
    let change = TypedUpdate<Element>.set(field, to: value)
    return try await perform { () throws(HoldfastError) in try update(filter, change, UpdateOptions()) }
  }

  /// Updates all documents that match a filter.
  @discardableResult
  public func update(
    where filter: TypedFilter<Element>, _ updates: TypedUpdate<Element>..., upsert: Bool = false
  ) async throws(HoldfastError) -> UpdateResult {
    let change = TypedUpdate(updates)
    return try await perform { () throws(HoldfastError) in
      try update(filter, change, UpdateOptions(upsert: upsert))
    }
  }

  /// Updates the first document that matches a filter, in whatever order is at hand.
  @discardableResult
  public func updateFirst(
    where filter: TypedFilter<Element>, _ updates: TypedUpdate<Element>..., upsert: Bool = false
  ) async throws(HoldfastError) -> UpdateResult {
    let change = TypedUpdate(updates)
    return try await perform { () throws(HoldfastError) in try updateFirst(filter, change, upsert) }
  }

  /// Deletes all documents that match a filter and returns how many there were.
  @discardableResult
  public func deleteAll(where filter: TypedFilter<Element>) async throws(HoldfastError) -> Int {
    try await perform { () throws(HoldfastError) in try self.deleteAll(where: filter) }
  }

  /// Deletes the first document that matches a filter. Returns whether there was one.
  @discardableResult
  public func deleteFirst(where filter: TypedFilter<Element>) async throws(HoldfastError) -> Bool {
    try await perform { () throws(HoldfastError) in try self.deleteFirst(where: filter) }
  }

  /// Makes an index and returns its name; see ``DocumentCollection/createIndex(_:_:progress:)``.
  @discardableResult
  public func createIndex(
    _ keys: TypedSort<Element>..., options: IndexOptions = IndexOptions()
  ) async throws(HoldfastError) -> String {
    let keys = TypedSort(keys)
    return try await base.createIndex(try keys.document(), options)
  }
}
