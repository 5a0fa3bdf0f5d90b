internal import HoldfastEngine

/// A collection of documents in a ``Database``. Every call is a transaction of its own.
///
/// A value that is cheap to make and to copy; it keeps the database open.
public struct DocumentCollection: WritableCollection, Sendable {
  public let name: String
  /// The database it is in.
  public let database: Database
  /// The name, when it is one that a collection can have.
  private let known: CollectionName?

  init(_ database: Database, _ name: String) {
    self.database = database
    self.name = name
    known = try? CollectionName(name)
  }

  private func checkedName() throws(HoldfastError) -> CollectionName {
    if let known { known } else { try CollectionName(name) }
  }

  // MARK: Reading

  private func reader() throws(HoldfastError) -> CollectionReader<HoldfastEngine.Snapshot> {
    let name = try checkedName()
    return try CollectionReader(try database.engineSnapshot(), name, database.context)
  }

  public func fetch(id: BSONValue) throws(HoldfastError) -> Document? { try reader().fetch(id) }

  public func exists(id: BSONValue) throws(HoldfastError) -> Bool { try reader().exists(id) }

  public func count() throws(HoldfastError) -> Int { try reader().count() }

  public func scan(_ options: ScanOptions) -> Scan {
    Scan { () throws(HoldfastError) in try reader().source(options) }
  }

  public func find(_ filter: Document, _ options: FindOptions) -> Scan {
    Scan { () throws(HoldfastError) in try reader().find(filter, options) }
  }

  public func count(_ filter: Document, _ options: FindOptions) throws(HoldfastError) -> Int {
    try reader().count(filter, options)
  }

  public func distinct(
    _ path: String, _ filter: Document, hint: IndexHint?
  ) throws(HoldfastError) -> [BSONValue] {
    try reader().distinct(path, filter, hint)
  }

  public func explain(
    _ filter: Document, _ options: FindOptions, depth: ExplainDepth
  ) throws(HoldfastError) -> Explanation {
    try reader().explain(filter, options, depth)
  }

  public func indexes() throws(HoldfastError) -> [IndexInfo] { try reader().indexes() }

  // MARK: Writing

  private func change<R>(
    _ body: (TransactionCollection) throws(HoldfastError) -> R
  ) throws(HoldfastError) -> R {
    let name = try checkedName()
    return try database.change(name) { (transaction) throws(HoldfastError) in
      try body(transaction.collection(name.text))
    }
  }

  @discardableResult
  public func insert(_ document: Document) throws(HoldfastError) -> BSONValue {
    let name = try checkedName()
    // Checking a document needs no lock.
    let prepared = try PreparedDocument(document, for: name)
    try change { (collection) throws(HoldfastError) in try collection.insert(prepared, name) }
    return prepared.id
  }

  @discardableResult
  public func insertMany(_ documents: some Sequence<Document> & Sendable) throws(HoldfastError) -> [BSONValue]
  {
    // A call may be begun again, and not every sequence can.
    let documents = Array(documents)
    return try change { (collection) throws(HoldfastError) in try collection.insertMany(documents) }
  }

  @discardableResult
  public func replace(id: BSONValue, with document: Document, upsert: Bool) throws(HoldfastError) -> Bool {
    try change { (collection) throws(HoldfastError) in
      try collection.replace(id: id, with: document, upsert: upsert)
    }
  }

  @discardableResult
  public func delete(id: BSONValue) throws(HoldfastError) -> Bool {
    try change { (collection) throws(HoldfastError) in try collection.delete(id: id) }
  }

  @discardableResult
  public func deleteAll() throws(HoldfastError) -> Int {
    try change { (collection) throws(HoldfastError) in try collection.deleteAll() }
  }

  @discardableResult
  public func updateMany(
    _ filter: Document, _ update: Document, _ options: UpdateOptions
  ) throws(HoldfastError) -> UpdateResult {
    try change { (collection) throws(HoldfastError) in try collection.updateMany(filter, update, options) }
  }

  @discardableResult
  public func deleteMany(_ filter: Document, hint: IndexHint?) throws(HoldfastError) -> Int {
    try change { (collection) throws(HoldfastError) in try collection.deleteMany(filter, hint: hint) }
  }

  public func findOneAndModify(
    _ filter: Document, _ modification: Modification, _ options: FindAndModifyOptions
  ) throws(HoldfastError) -> Document? {
    try change { (collection) throws(HoldfastError) in
      try collection.findOneAndModify(filter, modification, options)
    }
  }

  /// Does all operations in one transaction, with one sync. See ``WritableCollection/bulkWrite(_:ordered:)``.
  @discardableResult
  public func bulkWrite(
    _ operations: [WriteOperation], ordered: Bool
  ) throws(HoldfastError) -> BulkWriteResult {
    let (result, errors) = try change { (collection) throws(HoldfastError) in
      try collection.bulk(operations, ordered: ordered)
    }
    if let first = errors.first {
      throw HoldfastError(bulk: BulkWriteFailure(errors: errors, result: result), first)
    }
    return result
  }
}
