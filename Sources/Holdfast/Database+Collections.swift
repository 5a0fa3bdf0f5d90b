internal import HoldfastEngine

extension Database {
  /// A collection. Nothing is looked up yet: the first insert makes it when there is none.
  public func collection(_ name: String) -> DocumentCollection { DocumentCollection(self, name) }

  /// A collection with its documents encoded from and decoded as `type`.
  ///
  ///     struct User: Codable { var _id: ObjectID?; var name: String }
  ///     let users = database.collection("users", of: User.self)
  ///     try users.insert(User(name: "Ada"))
  public func collection<Element: Codable & Sendable>(
    _ name: String, of type: Element.Type
  ) -> TypedCollection<Element> {
    TypedDocuments(collection(name))
  }

  /// The names of the collections, sorted by their UTF-8 bytes.
  public func collections() throws(HoldfastError) -> [String] { try snapshot().collections() }

  /// Makes an empty collection, durably as its own durability says.
  /// - Parameter durability: its own durability; `nil` for the database's.
  /// - Throws: ``HoldfastError/Code/collectionExists``, ``HoldfastError/Code/invalidName``, and as any write.
  public func createCollection(_ name: String, durability: Durability? = nil) throws(HoldfastError) {
    try change { (transaction) throws(HoldfastError) in
      try transaction.createCollection(name, durability: durability)
    }
  }

  /// Removes a collection with all its documents. Returns whether there was one.
  @discardableResult
  public func dropCollection(_ name: String) throws(HoldfastError) -> Bool {
    try change { (transaction) throws(HoldfastError) in try transaction.dropCollection(name) }
  }

  /// Gives a collection another name; see ``Transaction/renameCollection(_:to:replacing:)``.
  /// - Throws: as that, and as any write.
  public func renameCollection(
    _ name: String, to newName: String, replacing: Bool = false
  ) throws(HoldfastError) {
    try change { (transaction) throws(HoldfastError) in
      try transaction.renameCollection(name, to: newName, replacing: replacing)
    }
  }

  /// Stores the durability of collections that have none of their own, for this opening and later ones whose
  /// options give none. Itself written with the durability there was before.
  public func setDurability(_ durability: Durability) throws(HoldfastError) {
    try change { (transaction) throws(HoldfastError) in try transaction.setDurability(durability) }
  }

  /// Gives a collection a durability of its own, or with `nil` the database's again. Stored; holds from now
  /// on.
  /// - Throws: ``HoldfastError/Code/collectionNotFound``, and as any write.
  public func setDurability(_ durability: Durability?, of collection: String) throws(HoldfastError) {
    try change { (transaction) throws(HoldfastError) in
      try transaction.setDurability(durability, of: collection)
    }
  }

  /// The durability that writes to a collection have: its own, or else the database's, also when there is no
  /// such collection yet.
  public func durability(of collection: String) throws(HoldfastError) -> Durability {
    let name = try CollectionName(collection)
    return try Catalog.record(of: name, in: try engineSnapshot(), context.records)?.durability ?? durability
  }
}
