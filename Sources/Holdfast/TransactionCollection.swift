internal import HoldfastEngine

/// A collection as a ``Transaction`` sees and changes it.
public struct TransactionCollection: WritableCollection {
  public let name: String
  private let transaction: Transaction

  init(_ transaction: Transaction, _ name: String) {
    self.transaction = transaction
    self.name = name
  }

  // MARK: Reading

  private func reader(_ name: CollectionName) throws(HoldfastError) -> CollectionReader<WriteTransaction> {
    CollectionReader(reader: transaction.engine, name: name, record: try transaction.record(of: name))
  }

  public func fetch(id: BSONValue) throws(HoldfastError) -> Document? {
    try reader(try CollectionName(name)).fetch(id)
  }

  public func exists(id: BSONValue) throws(HoldfastError) -> Bool {
    try reader(try CollectionName(name)).exists(id)
  }

  /// How many documents there are, with this transaction's changes; looks up each document that it wrote.
  public func count() throws(HoldfastError) -> Int { try reader(try CollectionName(name)).count() }

  /// The documents in the order of their ids, as they are when the iteration begins. Descending, the ids are
  /// gathered before the first document is given.
  public func scan(_ options: ScanOptions) -> Scan {
    Scan { () throws(HoldfastError) in try reader(try CollectionName(name)).source(options) }
  }

  // MARK: Writing

  @discardableResult
  public func insert(_ document: Document) throws(HoldfastError) -> BSONValue {
    let name = try CollectionName(name)
    let prepared = try PreparedDocument(document, for: name)
    try insert(prepared, name)
    return prepared.id
  }

  func insert(_ prepared: PreparedDocument, _ name: CollectionName) throws(HoldfastError) {
    try insert(prepared, try recordForInserting(name), name)
  }

  @discardableResult
  public func insertMany(_ documents: some Sequence<Document> & Sendable) throws(HoldfastError) -> [BSONValue]
  {
    let name = try CollectionName(name)
    var ids: [BSONValue] = []
    ids.reserveCapacity(documents.underestimatedCount)
    var record: CollectionRecord?
    for document in documents {
      let prepared = try PreparedDocument(document, for: name)
      let target = if let record { record } else { try recordForInserting(name) }
      record = target
      try insert(prepared, target, name)
      ids.append(prepared.id)
    }
    return ids
  }

  /// The collection's record; the collection is made when there is none yet.
  private func recordForInserting(_ name: CollectionName) throws(HoldfastError) -> CollectionRecord {
    if let known = try transaction.recordForWriting(name) { return known }
    return try transaction.create(name, nil)
  }

  private func insert(
    _ prepared: PreparedDocument, _ record: CollectionRecord, _ name: CollectionName
  ) throws(HoldfastError) {
    let isNew = try translating(name) { () throws(StorageError) in
      try prepared.key.withBytes { (key) throws(StorageError) in
        try prepared.document.withUnsafeBytes { (value) throws(StorageError) in
          try transaction.engine.insert(record.tree, key: key, value: value)
        }
      }
    }
    guard isNew else {
      throw HoldfastError(
        .duplicateID,
        "a document with this id is in collection \(quoted(name.text)) already: use replace to change it",
        collection: name.text)
    }
  }

  private func put(
    _ prepared: PreparedDocument, _ record: CollectionRecord, _ name: CollectionName
  ) throws(HoldfastError) {
    try translating(name) { () throws(StorageError) in
      try prepared.key.withBytes { (key) throws(StorageError) in
        try prepared.document.withUnsafeBytes { (value) throws(StorageError) in
          try transaction.engine.put(record.tree, key: key, value: value)
        }
      }
    }
  }

  @discardableResult
  public func replace(id: BSONValue, with document: Document, upsert: Bool) throws(HoldfastError) -> Bool {
    let name = try CollectionName(name)
    let key = try IDKey.bytes(id, name)
    var record = try transaction.recordForWriting(name)
    // 1 and 1.0 are one id: a document that leaves its id out keeps the one that is stored.
    let stored = try CollectionReader(reader: transaction.engine, name: name, record: record).fetch(id)
    let prepared = try PreparedDocument(document, for: name, id: stored?["_id"] ?? id)
    guard prepared.key == key else {
      throw HoldfastError(
        .invalidID,
        "a document of collection \(quoted(name.text)) cannot be replaced by one with another id: delete it "
          + "and insert "
          + "the other one", collection: name.text)
    }
    guard stored != nil || upsert else { return false }
    if record == nil { record = try transaction.create(name, nil) }
    if let record { try put(prepared, record, name) }
    return stored != nil
  }

  @discardableResult
  public func delete(id: BSONValue) throws(HoldfastError) -> Bool {
    let name = try CollectionName(name)
    let key = try IDKey.bytes(id, name)
    guard let record = try transaction.recordForWriting(name),
      try CollectionReader(reader: transaction.engine, name: name, record: record).contains(key)
    else { return false }
    try translating(name) { () throws(StorageError) in
      try key.withBytes { (key) throws(StorageError) in try transaction.engine.delete(record.tree, key: key) }
    }
    return true
  }

  @discardableResult
  public func deleteAll() throws(HoldfastError) -> Int {
    let name = try CollectionName(name)
    guard let record = try transaction.recordForWriting(name) else { return 0 }
    let count = try CollectionReader(reader: transaction.engine, name: name, record: record).count()
    guard count > 0 else { return 0 }
    try translating(name) { () throws(StorageError) in try transaction.engine.clearTree(record.tree) }
    return count
  }
}
