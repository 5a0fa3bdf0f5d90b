// Changes by typed filters. What a key path or a value fails for is thrown here, before anything is changed.
extension TypedDocuments where Base: WritableCollection {
  /// Gives a property a value in all documents that match a filter.
  ///
  ///     try users.update(where: \.name == "Ada", set: \.age, to: 37)
  /// - Throws: ``HoldfastError/Code/invalidUse`` when a key path names no stored field, and as
  ///   ``WritableCollection/updateMany(_:_:_:)``.
  @discardableResult
  public func update<Value: Encodable>(
    where filter: TypedFilter<Element>, set field: KeyPath<Element, Value>, to value: Value
  ) throws(HoldfastError) -> UpdateResult {
    try update(filter, .set(field, to: value), UpdateOptions())
  }

  /// Updates all documents that match a filter.
  ///
  ///     try users.update(where: \.name == "Ada", .increment(\.age, by: 1), .push(\.tags, "older"))
  /// - Parameters:
  ///   - filter: which documents.
  ///   - updates: the changes; no two of the same field.
  ///   - upsert: whether to insert a document, made of the filter's equalities and the changes, when none
  ///     matches. It should be one that decodes as the type.
  /// - Throws: ``HoldfastError/Code/invalidUse`` when a key path names no stored field, and as
  ///   ``WritableCollection/updateMany(_:_:_:)``.
  @discardableResult
  public func update(
    where filter: TypedFilter<Element>, _ updates: TypedUpdate<Element>..., upsert: Bool = false
  ) throws(HoldfastError) -> UpdateResult {
    try update(filter, TypedUpdate(updates), UpdateOptions(upsert: upsert))
  }

  /// Updates the first document that matches a filter, in whatever order is at hand.
  /// - Throws: as ``update(where:_:upsert:)``.
  @discardableResult
  public func updateFirst(
    where filter: TypedFilter<Element>, _ updates: TypedUpdate<Element>..., upsert: Bool = false
  ) throws(HoldfastError) -> UpdateResult {
    try updateFirst(filter, TypedUpdate(updates), upsert)
  }

  /// Deletes all documents that match a filter and returns how many there were.
  /// - Throws: ``HoldfastError/Code/invalidUse`` when a key path names no stored field, and as
  ///   ``WritableCollection/deleteMany(_:hint:)``.
  @discardableResult
  public func deleteAll(where filter: TypedFilter<Element>) throws(HoldfastError) -> Int {
    try base.deleteMany(try filter.document())
  }

  /// Deletes the first document that matches a filter. Returns whether there was one.
  /// - Throws: as ``deleteAll(where:)``.
  @discardableResult
  public func deleteFirst(where filter: TypedFilter<Element>) throws(HoldfastError) -> Bool {
    try base.deleteOne(try filter.document())
  }

  func update(
    _ filter: TypedFilter<Element>, _ update: TypedUpdate<Element>, _ options: UpdateOptions
  ) throws(HoldfastError) -> UpdateResult {
    try base.updateMany(try filter.document(), try update.document(), options)
  }

  func updateFirst(
    _ filter: TypedFilter<Element>, _ update: TypedUpdate<Element>, _ upsert: Bool
  ) throws(HoldfastError) -> UpdateResult {
    try base.updateOne(try filter.document(), try update.document(), upsert: upsert)
  }
}
