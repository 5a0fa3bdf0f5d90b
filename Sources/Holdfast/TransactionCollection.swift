internal import HoldfastEngine
internal import HoldfastQuery

/// A collection as a ``Transaction`` sees and changes it.
public struct TransactionCollection: WritableCollection {
  public let name: String
  let transaction: Transaction

  init(_ transaction: Transaction, _ name: String) {
    self.transaction = transaction
    self.name = name
  }

  // MARK: Reading

  /// What a call reads with.
  func reader(_ name: CollectionName) throws(HoldfastError) -> CollectionReader<WriteTransaction> {
    try transaction.beginCall()
    return reader(name, try transaction.record(of: name))
  }

  func reader(_ name: CollectionName, _ record: CollectionRecord?) -> CollectionReader<WriteTransaction> {
    CollectionReader(reader: transaction.engine, name: name, record: record, context: transaction.context)
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

  /// The documents that match a filter, with this transaction's changes. A document that is changed while the
  /// iteration goes on may be given as it was before or as it is then.
  public func find(_ filter: Document, _ options: FindOptions) -> Scan {
    Scan { () throws(HoldfastError) in try reader(try CollectionName(name)).find(filter, options) }
  }

  public func count(_ filter: Document, _ options: FindOptions) throws(HoldfastError) -> Int {
    try reader(try CollectionName(name)).count(filter, options)
  }

  public func distinct(
    _ path: String, _ filter: Document, hint: IndexHint?
  ) throws(HoldfastError) -> [BSONValue] {
    try reader(try CollectionName(name)).distinct(path, filter, hint)
  }

  public func explain(
    _ filter: Document, _ options: FindOptions, depth: ExplainDepth
  ) throws(HoldfastError) -> Explanation {
    try reader(try CollectionName(name)).explain(filter, options, depth)
  }

  public func indexes() throws(HoldfastError) -> [IndexInfo] {
    try reader(try CollectionName(name)).indexes()
  }

  // MARK: Writing

  @discardableResult
  public func insert(_ document: Document) throws(HoldfastError) -> BSONValue {
    let name = try CollectionName(name)
    let prepared = try PreparedDocument(document, for: name)
    try transaction.call { () throws(HoldfastError) in try insert(prepared, name) }
    return prepared.id
  }

  func insert(_ prepared: PreparedDocument, _ name: CollectionName) throws(HoldfastError) {
    try insert(prepared, try recordForInserting(name), name)
  }

  @discardableResult
  public func insertMany(_ documents: some Sequence<Document> & Sendable) throws(HoldfastError) -> [BSONValue]
  {
    let name = try CollectionName(name)
    // A call may be begun again, and not every sequence can.
    let documents = Array(documents)
    return try transaction.call { () throws(HoldfastError) in try insert(documents, name) }
  }

  private func insert(
    _ documents: [Document], _ name: CollectionName
  ) throws(HoldfastError) -> [BSONValue] {
    var ids: [BSONValue] = []
    ids.reserveCapacity(documents.count)
    var record: CollectionRecord?
    do throws(HoldfastError) {
      for document in documents {
        let prepared = try PreparedDocument(document, for: name)
        // With indexes the record may change with each document.
        let target = if let record, record.indexes.isEmpty { record } else { try recordForInserting(name) }
        record = target
        try insert(prepared, target, name)
        ids.append(prepared.id)
      }
    } catch {
      // All or none.
      if !ids.isEmpty { transaction.doom(error) }
      throw error
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
    try checkNames(of: prepared.id, name)
    var changes: IndexChanges?
    if !record.indexes.isEmpty {
      guard try !reader(name, record).contains(prepared.key) else { throw duplicate(prepared.id, name) }
      changes = try IndexChanges(
        from: nil, to: prepared.document, key: prepared.key, record, name, in: transaction.engine)
    }
    let isNew = try translating(name) { () throws(StorageError) in
      try prepared.key.withBytes { (key) throws(StorageError) in
        try prepared.document.withUnsafeBytes { (value) throws(StorageError) in
          try transaction.engine.insert(record.tree, key: key, value: value)
        }
      }
    }
    guard isNew else { throw duplicate(prepared.id, name) }
    try apply(changes, name)
  }

  private func duplicate(_ id: BSONValue, _ name: CollectionName) -> HoldfastError {
    var error = HoldfastError(
      .duplicateID,
      "a document with this id is in collection \(quoted(name.text)) already: use replace to change it",
      collection: name.text)
    error.mongoCode = MongoCode.duplicateKey.rawValue
    error.keyPattern = ["_id": 1]
    error.keyValue = ["_id": id]
    return error
  }

  /// Refuses an id whose fields have names that only operators and references to documents have.
  private func checkNames(of id: BSONValue, _ name: CollectionName) throws(HoldfastError) {
    guard case .document(let fields) = id,
      let wrong = fields.keys.first(where: { $0.hasPrefix("$") && !FieldPath.referenceNames.contains($0) })
    else { return }
    var error = HoldfastError(
      .invalidID,
      "an id for collection \(quoted(name.text)) has the field \(quoted(wrong)), whose name begins with a dollar sign: "
        + "rename the field", collection: name.text)
    error.mongoCode = MongoCode.dollarPrefixedFieldName.rawValue
    throw error
  }

  /// Writes what a document's change, which has just been written, changes in the indexes.
  private func apply(_ changes: IndexChanges?, _ name: CollectionName) throws(HoldfastError) {
    guard let changes, !changes.isEmpty else { return }
    do throws(HoldfastError) {
      try translating(name) { () throws(StorageError) in try changes.apply(to: transaction.engine) }
      if let record = changes.record { try transaction.store(record, of: name) }
    } catch {
      transaction.doom(error)
      throw error
    }
  }

  /// Puts a document in the place of another one with the same id, or adds it.
  func put(
    _ prepared: PreparedDocument, replacing old: Document?, _ record: CollectionRecord, _ name: CollectionName
  ) throws(HoldfastError) {
    let changes =
      record.indexes.isEmpty
      ? nil
      : try IndexChanges(
        from: old, to: prepared.document, key: prepared.key, record, name, in: transaction.engine)
    try translating(name) { () throws(StorageError) in
      try prepared.key.withBytes { (key) throws(StorageError) in
        try prepared.document.withUnsafeBytes { (value) throws(StorageError) in
          try transaction.engine.put(record.tree, key: key, value: value)
        }
      }
    }
    try apply(changes, name)
  }

  @discardableResult
  public func replace(id: BSONValue, with document: Document, upsert: Bool) throws(HoldfastError) -> Bool {
    let name = try CollectionName(name)
    return try transaction.call { () throws(HoldfastError) in
      try replace(id, document, upsert: upsert, name)
    }
  }

  private func replace(
    _ id: BSONValue, _ document: Document, upsert: Bool, _ name: CollectionName
  ) throws(HoldfastError) -> Bool {
    let key = try IDKey.bytes(id, name)
    var record = try transaction.recordForWriting(name)
    // 1 and 1.0 are one id: a document that leaves its id out keeps the one that is stored.
    let stored = try reader(name, record).fetch(id)
    let prepared = try PreparedDocument(document, for: name, id: stored?["_id"] ?? id)
    guard prepared.key == key else {
      throw HoldfastError(
        .invalidID,
        "a document of collection \(quoted(name.text)) cannot be replaced by one with another id: delete it "
          + "and insert "
          + "the other one", collection: name.text)
    }
    guard stored != nil || upsert else { return false }
    if stored == nil { try checkNames(of: prepared.id, name) }
    if record == nil { record = try transaction.create(name, nil) }
    if let record { try put(prepared, replacing: stored, record, name) }
    return stored != nil
  }

  @discardableResult
  public func delete(id: BSONValue) throws(HoldfastError) -> Bool {
    let name = try CollectionName(name)
    return try transaction.call { () throws(HoldfastError) in try delete(id, name) }
  }

  private func delete(_ id: BSONValue, _ name: CollectionName) throws(HoldfastError) -> Bool {
    let key = try IDKey.bytes(id, name)
    guard let record = try transaction.recordForWriting(name) else { return false }
    if record.indexes.isEmpty {
      guard try reader(name, record).contains(key) else { return false }
      try delete(key, nil, record, name)
    } else {
      guard let document = try reader(name, record).fetch(id) else { return false }
      try delete(key, document, record, name)
    }
    return true
  }

  /// Deletes the document under a key.
  func delete(
    _ key: [UInt8], _ document: Document?, _ record: CollectionRecord, _ name: CollectionName
  ) throws(HoldfastError) {
    let changes =
      record.indexes.isEmpty
      ? nil : try IndexChanges(from: document, to: nil, key: key, record, name, in: transaction.engine)
    try translating(name) { () throws(StorageError) in
      try key.withBytes { (key) throws(StorageError) in try transaction.engine.delete(record.tree, key: key) }
    }
    try apply(changes, name)
  }

  @discardableResult
  public func deleteAll() throws(HoldfastError) -> Int {
    let name = try CollectionName(name)
    return try transaction.call { () throws(HoldfastError) in try deleteAll(name) }
  }

  private func deleteAll(_ name: CollectionName) throws(HoldfastError) -> Int {
    guard let record = try transaction.recordForWriting(name) else { return 0 }
    let count = try reader(name, record).count()
    guard count > 0 else { return 0 }
    try translating(name) { () throws(StorageError) in
      try transaction.engine.clearTree(record.tree)
      for index in record.indexes { try transaction.engine.clearTree(index.tree) }
    }
    return count
  }
}
