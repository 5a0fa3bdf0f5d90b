extension TypedDocuments where Base == DocumentCollection {
  /// Makes an index and returns its name; see ``DocumentCollection/createIndex(_:_:progress:)``.
  ///
  ///     try users.createIndex(.ascending(\.city), .descending(\.age))
  ///     try users.createIndex(.ascending(\.email), options: IndexOptions(isUnique: true))
  /// - Throws: ``HoldfastError/Code/invalidUse`` when a key path names no stored field, and as
  ///   ``DocumentCollection/createIndex(_:_:progress:)``.
  @discardableResult
  public func createIndex(
    _ keys: TypedSort<Element>..., options: IndexOptions = IndexOptions()
  ) throws(HoldfastError) -> String {
    try base.createIndex(try TypedSort(keys).document(), options)
  }
}
