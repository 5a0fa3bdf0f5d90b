// Filters and updates as text, for those who have them as text: from a file, a person or another program.

extension ReadableCollection {
  /// The documents that match a filter given as Extended JSON; see ``find(_:_:)``. Text that is not JSON is an
  /// error of the results, ``HoldfastError/Code/invalidQuery``.
  ///
  ///     for result in users.find(json: #"{"age": {"$gte": 18}}"#) { print(try result.get()) }
  public func find(json filter: String, _ options: FindOptions = FindOptions()) -> Scan {
    do throws(HoldfastError) {
      return find(try document(json: filter, "filter"), options)
    } catch {
      return Scan { () throws(HoldfastError) in throw error }
    }
  }

  /// How many documents match a filter given as Extended JSON.
  /// - Throws: ``HoldfastError/Code/invalidQuery``, and as ``fetch(id:)``.
  public func count(json filter: String) throws(HoldfastError) -> Int {
    try count(try document(json: filter, "filter"))
  }

  fileprivate func document(json text: String, _ what: String) throws(HoldfastError) -> Document {
    do throws(BSONError) {
      return try Document(extendedJSON: text)
    } catch {
      throw HoldfastError(
        .invalidQuery,
        "the text of the \(what) for collection \(quoted(name)) is no Extended JSON document: \(error)",
        collection: name, underlying: error)
    }
  }
}

extension WritableCollection {
  /// Updates the first document that matches; filter and update are given as Extended JSON.
  /// - Throws: as ``updateMany(_:_:_:)``.
  @discardableResult
  public func updateOne(json filter: String, _ update: String, upsert: Bool = false) throws(HoldfastError)
    -> UpdateResult
  {
    try updateOne(try document(json: filter, "filter"), try document(json: update, "update"), upsert: upsert)
  }

  /// Updates all documents that match; filter and update are given as Extended JSON.
  /// - Throws: as ``updateMany(_:_:_:)``.
  @discardableResult
  public func updateMany(json filter: String, _ update: String, upsert: Bool = false) throws(HoldfastError)
    -> UpdateResult
  {
    try updateMany(try document(json: filter, "filter"), try document(json: update, "update"), upsert: upsert)
  }

  /// Deletes all documents that match a filter given as Extended JSON, and returns how many there were.
  /// - Throws: as ``deleteMany(_:hint:)``.
  @discardableResult
  public func deleteMany(json filter: String) throws(HoldfastError) -> Int {
    try deleteMany(try document(json: filter, "filter"))
  }
}
