internal import HoldfastEngine

/// A transaction over any number of collections: what it writes becomes visible, and durable, as a whole or
/// not at all. It reads the newest state and its own writes.
///
/// ``Database/write(_:)`` makes one; it is of no use after that call's closure has ended, and belongs to the
/// thread that runs the closure.
public final class Transaction {
  let engine: WriteTransaction
  /// The durability of collections that have none of their own.
  private let standard: Durability
  let context: QueryContext
  let now: () -> Int64
  /// What this transaction, the only writer, has seen of the catalog; so it cannot be out of date.
  private var records: [CollectionName: CollectionRecord?] = [:]
  /// Why it cannot be committed: a call failed after it had changed something.
  private(set) var failure: HoldfastError?
  /// The database's durability, if this transaction changes it.
  private(set) var newStandard: Durability?

  init(
    _ engine: WriteTransaction, standard: Durability, _ context: QueryContext, now: @escaping () -> Int64
  ) {
    self.engine = engine
    self.standard = standard
    self.context = context
    self.now = now
  }

  /// A collection as this transaction sees it. Nothing is looked up yet; the first insert makes it.
  public func collection(_ name: String) -> TransactionCollection { TransactionCollection(self, name) }

  /// A collection with its documents encoded from and decoded as `type`.
  public func collection<Element: Codable & Sendable>(
    _ name: String, of type: Element.Type
  ) -> TypedDocuments<Element, TransactionCollection> {
    TypedDocuments(collection(name))
  }

  /// The names of the collections, sorted by their UTF-8 bytes, with those that this transaction made.
  public func collections() throws(HoldfastError) -> [String] {
    let cursor = try translating { () throws(StorageError) in try engine.cursor(Catalog.tree) }
    return try Catalog.all(cursor).map(\.name)
  }

  /// Makes an empty collection.
  /// - Parameter durability: its own durability; `nil` for the database's.
  /// - Throws: ``HoldfastError/Code/collectionExists``, ``HoldfastError/Code/invalidName``.
  public func createCollection(_ name: String, durability: Durability? = nil) throws(HoldfastError) {
    let name = try CollectionName(name)
    try durability?.validate()
    guard try record(of: name) == nil else {
      throw HoldfastError(
        .collectionExists,
        "there is a collection \(quoted(name.text)) already: use it, or choose another name",
        collection: name.text)
    }
    try create(name, durability)
  }

  /// Removes a collection with all its documents. Returns whether there was one.
  @discardableResult
  public func dropCollection(_ name: String) throws(HoldfastError) -> Bool {
    let name = try CollectionName(name)
    guard let record = try record(of: name) else { return false }
    engine.require((record.durability ?? standard).engine)
    try Catalog.remove(name, in: engine)
    records[name] = .some(nil)
    try translating(name) { () throws(StorageError) in
      try engine.dropTree(record.tree)
      for index in record.indexes { try engine.dropTree(index.tree) }
    }
    return true
  }

  /// Gives a collection a durability of its own, or with `nil` the database's again. It holds for
  /// transactions after this one.
  /// - Throws: ``HoldfastError/Code/collectionNotFound``.
  public func setDurability(_ durability: Durability?, of collection: String) throws(HoldfastError) {
    let name = try CollectionName(collection)
    try durability?.validate()
    guard var record = try record(of: name) else {
      throw HoldfastError(
        .collectionNotFound, "there is no collection \(quoted(collection)): create it first",
        collection: collection)
    }
    engine.require((record.durability ?? standard).engine)
    record.durability = durability
    try Catalog.put(record, of: name, in: engine)
    records[name] = record
  }

  /// Stores the durability of collections that have none of their own.
  func setDurability(_ durability: Durability) throws(HoldfastError) {
    try durability.validate()
    engine.require(standard.engine)
    try Catalog.setDurability(durability, in: engine)
    newStandard = durability
  }

  /// Notes that a call failed after it had changed something: committing the rest would leave half of it.
  func doom(_ error: HoldfastError) {
    guard failure == nil else { return }
    failure = HoldfastError(
      error.code,
      error.message + " (the transaction was given up, since the call had begun to change documents)",
      collection: error.collection, underlying: error.underlying)
  }

  // MARK: Collections' trees

  /// Stores what is known of a collection.
  func store(_ record: CollectionRecord, of name: CollectionName) throws(HoldfastError) {
    try Catalog.put(record, of: name, in: engine)
    records[name] = record
  }

  func record(of name: CollectionName) throws(HoldfastError) -> CollectionRecord? {
    if let known = records[name] { return known }
    let record = try Catalog.record(of: name, in: engine)
    records[name] = .some(record)
    return record
  }

  /// A collection that is about to be written to; asks for its durability.
  func recordForWriting(_ name: CollectionName) throws(HoldfastError) -> CollectionRecord? {
    let record = try record(of: name)
    if let record { engine.require((record.durability ?? standard).engine) }
    return record
  }

  @discardableResult
  func create(_ name: CollectionName, _ durability: Durability?) throws(HoldfastError) -> CollectionRecord {
    engine.require((durability ?? standard).engine)
    let tree = try translating(name) { () throws(StorageError) in try engine.createTree() }
    let record = CollectionRecord(
      tree: tree, durability: durability, created: BSONDateTime(milliseconds: now()))
    try Catalog.put(record, of: name, in: engine)
    records[name] = record
    return record
  }
}
