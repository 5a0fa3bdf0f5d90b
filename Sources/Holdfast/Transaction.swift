internal import HoldfastEngine
internal import HoldfastIO

/// A transaction over any number of collections: what it writes becomes visible, and durable, as a whole or
/// not at all. It sees its own writes, and of others what its ``Isolation`` says.
///
/// ``Database/transaction(isolation:retries:lockTimeout:_:)`` makes one for a closure and ends it;
/// ``Database/begin(isolation:lockTimeout:)`` makes one that is ended by ``commit()`` or ``rollback()``, and is
/// rolled back when it is released without either. One thread at a time may use it.
///
/// A record that is written is locked until the transaction ends; who wants to write it, too, waits. When
/// another transaction has changed a record since this one began, or transactions wait for each other, the call
/// throws ``HoldfastError/Code/writeConflict`` or ``HoldfastError/Code/deadlock``: the transaction has been rolled
/// back then, what it locked is free, and every further call throws the same error.
public final class Transaction {
  let engine: WriteTransaction
  private let database: Database
  /// Whether it ends with a closure.
  private let isClosures: Bool
  /// What it sees of other transactions.
  public let isolation: Isolation
  let context: QueryContext
  /// What it has seen of the catalog.
  @exclusivity(unchecked) private var records = SmallDictionary<CollectionName, CollectionRecord?>()
  /// The collections that nobody else can change the description of until this transaction ends.
  @exclusivity(unchecked) private var shared = SmallDictionary<CollectionName, Bool>()
  /// Why it cannot be committed: a call failed after it had changed something.
  private(set) var failure: HoldfastError?
  /// The database's durability, if this transaction changes it.
  private var newStandard: Durability?
  /// The durability of collections that have none of their own.
  private let standard: Durability
  /// Calls inside of calls.
  @exclusivity(unchecked) private var depth = 0
  /// Whether nothing was called yet, so that what it sees is what is committed by now.
  @exclusivity(unchecked) private var isFresh = true

  /// The number of the first of the attempts of which this is one.
  let age: UInt64

  init(
    _ engine: WriteTransaction, _ isolation: Isolation, in database: Database, isClosures: Bool,
    age: UInt64? = nil
  ) {
    self.engine = engine
    self.age = age ?? engine.number
    self.isClosures = isClosures
    self.isolation = isolation
    self.database = database
    standard = database.durability
    context = database.context
  }

  func belongs(to database: Database) -> Bool { self.database === database }

  /// Milliseconds since 1970.
  func now() -> Int64 { database.storage.options.clock.now() }

  /// Counts transactions since the database was opened; errors and reports name transactions by it.
  public var number: UInt64 { engine.number }

  /// Whether it has neither been committed nor rolled back.
  public var isOpen: Bool { engine.isOpen }

  // MARK: Ending

  /// Commits: everything that it wrote becomes visible at once, and is as durable as the strongest ``Durability`` of
  /// the collections it wrote to when this returns. When it throws, nothing of it ever happened, except with
  /// ``HoldfastError/Code/outcomeUnknown``. The transaction is over in any case.
  /// - Throws: what ended the transaction before, if something did; ``HoldfastError/Code/diskFull``,
  ///   ``HoldfastError/Code/outcomeUnknown``, ``HoldfastError/Code/invalidUse`` for one that is over, and what else
  ///   writing can meet.
  public func commit() throws(HoldfastError) {
    guard !isClosures else {
      throw HoldfastError(
        .invalidUse,
        "a closure's transaction was to be committed inside of it: it is when the closure returns")
    }
    if let failure {
      engine.rollback()
      throw failure
    }
    try translating { () throws(StorageError) in try engine.commit() }
    noteCommitted()
  }

  /// Does what follows from a commit.
  func noteCommitted() {
    if let newStandard { database.noteStored(newStandard) }
  }

  /// Rolls back: nothing of it ever happened. Does nothing to one that is over. Inside of a closure it is the
  /// closure's result that the caller gets, without a commit.
  public func rollback() { engine.rollback() }

  // MARK: Savepoints

  /// A moment to which a transaction can go back.
  public struct Savepoint {
    let engine: WriteTransaction.Savepoint
    let failure: HoldfastError?
    let newStandard: Durability?
  }

  /// The present moment, to which ``rollback(to:)`` goes back.
  public func savepoint() throws(HoldfastError) -> Savepoint {
    Savepoint(
      engine: try translating { () throws(StorageError) in try engine.savepoint() }, failure: failure,
      newStandard: newStandard)
  }

  /// Takes back everything that was written since. What was locked since stays locked. The savepoint can be used
  /// again; later ones cannot.
  public func rollback(to savepoint: Savepoint) throws(HoldfastError) {
    try translating { () throws(StorageError) in try engine.rollback(to: savepoint.engine) }
    records = SmallDictionary()
    failure = savepoint.failure
    newStandard = savepoint.newStandard
  }

  /// Runs `body` as a transaction inside of this one: when it throws, what it wrote is taken back and the error is
  /// passed on, and this transaction can go on. It becomes visible and durable with this transaction.
  @discardableResult
  public func nested<R>(_ body: (Transaction) throws -> R) throws -> R {
    let savepoint = try savepoint()
    do {
      return try body(self)
    } catch {
      if isOpen { try rollback(to: savepoint) }
      throw error
    }
  }

  // MARK: Calls

  /// Begins a call that reads: with `readCommitted` it sees what is committed by now.
  func beginCall() throws(HoldfastError) {
    guard depth == 0, isolation.seesEachCommit else { return }
    isFresh = false
    try refresh()
  }

  /// The most times that a call is begun again because others are always faster.
  private static let repetitions = 1000

  /// Runs a call that writes. With `readCommitted` it sees what is committed by now; when somebody has changed
  /// what it wants to write while it waited for it, it is begun again.
  func call<R>(_ body: () throws(HoldfastError) -> R) throws(HoldfastError) -> R {
    guard depth == 0, isolation.seesEachCommit else { return try body() }
    depth += 1
    defer { depth -= 1 }
    if !isFresh { try refresh() }
    isFresh = false
    // The first call needs no savepoint: it is begun again with everything.
    let savepoint = engine.isPristine ? nil : try savepoint()
    defer { if let savepoint { engine.release(savepoint.engine) } }
    for _ in 0..<Self.repetitions {
      do throws(HoldfastError) {
        return try body()
      } catch {
        guard error.code == .writeConflict, isOpen else { throw error }
      }
      if let savepoint {
        try rollback(to: savepoint)
        try refresh()
      } else {
        try translating { () throws(StorageError) in try engine.restart() }
        (records, failure, newStandard) = (SmallDictionary(), nil, nil)
      }
    }
    return try body()
  }

  private func refresh() throws(HoldfastError) {
    try translating { () throws(StorageError) in try engine.refresh() }
    records = SmallDictionary()
  }

  // MARK: Collections

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
    try beginCall()
    let range = [(lower: [Catalog.collectionPrefix], upper: [Catalog.collectionPrefix + 1])]
    let cursor = try translating { () throws(StorageError) in
      try engine.cursor(Catalog.tree, in: range.map { ($0.lower, $0.upper) })
    }
    return try Catalog.all(cursor).map(\.name)
  }

  /// Makes an empty collection.
  /// - Parameter durability: its own durability; `nil` for the database's.
  /// - Throws: ``HoldfastError/Code/collectionExists``, ``HoldfastError/Code/invalidName``.
  public func createCollection(_ name: String, durability: Durability? = nil) throws(HoldfastError) {
    let name = try CollectionName(name)
    try durability?.validate()
    try call { () throws(HoldfastError) in
      guard try record(of: name) == nil else { throw exists(name) }
      try create(name, durability)
    }
  }

  /// Removes a collection with all its documents. Returns whether there was one.
  @discardableResult
  public func dropCollection(_ name: String) throws(HoldfastError) -> Bool {
    let name = try CollectionName(name)
    return try call { () throws(HoldfastError) in try drop(name) }
  }

  @discardableResult
  private func drop(_ name: CollectionName) throws(HoldfastError) -> Bool {
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

  /// Gives a collection another name; its documents, indexes and durability stay as they are. An index that is being
  /// built meanwhile is given up; make it again in the collection of the new name, and it goes on where it stopped.
  /// - Parameter replacing: whether a collection that has the new name is removed. Without, it is an error.
  /// - Throws: ``HoldfastError/Code/collectionNotFound``, ``HoldfastError/Code/collectionExists``,
  ///   ``HoldfastError/Code/invalidName``, ``HoldfastError/Code/invalidUse`` when both names are the same.
  public func renameCollection(
    _ name: String, to newName: String, replacing: Bool = false
  ) throws(HoldfastError) {
    let old = try CollectionName(name)
    let new = try CollectionName(newName)
    guard old != new else {
      throw HoldfastError(
        .invalidUse, "collection \(quoted(name)) has that name already: choose another", collection: name)
    }
    try call { () throws(HoldfastError) in
      guard let record = try record(of: old) else { throw notFound(old) }
      if try self.record(of: new) != nil {
        guard replacing else { throw exists(new) }
        try drop(new)
      }
      engine.require((record.durability ?? standard).engine)
      try Catalog.remove(old, in: engine)
      records[old] = .some(nil)
      try store(record, of: new)
    }
  }

  private func notFound(_ name: CollectionName) -> HoldfastError {
    HoldfastError(
      .collectionNotFound, "there is no collection \(quoted(name.text)): create it first",
      collection: name.text)
  }

  private func exists(_ name: CollectionName) -> HoldfastError {
    HoldfastError(
      .collectionExists,
      "there is a collection \(quoted(name.text)) already: use it, or choose another name",
      collection: name.text)
  }

  /// Gives a collection a durability of its own, or with `nil` the database's again. It holds for
  /// transactions after this one.
  /// - Throws: ``HoldfastError/Code/collectionNotFound``.
  public func setDurability(_ durability: Durability?, of collection: String) throws(HoldfastError) {
    let name = try CollectionName(collection)
    try durability?.validate()
    try call { () throws(HoldfastError) in
      guard var record = try record(of: name) else { throw notFound(name) }
      engine.require((record.durability ?? standard).engine)
      record.durability = durability
      try Catalog.put(record, of: name, in: engine)
      records[name] = record
    }
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
    let record = try Catalog.record(of: name, in: engine, context.records)
    records[name] = .some(record)
    return record
  }

  /// A collection that is about to be written to; asks for its durability. Its description, which says what
  /// indexes are to be kept up to date, cannot change then until this transaction ends.
  func recordForWriting(_ name: CollectionName) throws(HoldfastError) -> CollectionRecord? {
    guard let record = try record(of: name) else { return nil }
    engine.require((record.durability ?? standard).engine)
    if shared[name] == nil {
      try translating(name) { () throws(StorageError) in
        try name.key.withBytes { (key) throws(StorageError) in try engine.share(Catalog.tree, key: key) }
      }
      shared[name] = true
    }
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
