import BSON
public import CHoldfastInterface
import Holdfast

/// The name of a collection that a caller gave.
func collectionName(_ name: UnsafePointer<CChar>) throws(HoldfastError) -> String {
  try text(name, "the name of the collection")
}

/// Runs a call on a collection, in a transaction if there is one.
func onCollection(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?,
  _ body: (any WritableCollection) throws(HoldfastError) -> Void
) -> holdfast_code {
  onDatabase(database, error) { (database) throws(HoldfastError) in
    let name = try collectionName(collection)
    if let transaction {
      try TransactionHandle.used(transaction).use(of: database) { (transaction) throws(HoldfastError) in
        try body(transaction.collection(name))
      }
    } else {
      try body(database.collection(name))
    }
  }
}

/// The calls that databases and transactions have for collections as a whole.
private protocol Catalogued {
  func collections() throws(HoldfastError) -> [String]
  func createCollection(_ name: String, durability: Durability?) throws(HoldfastError)
  func dropCollection(_ name: String) throws(HoldfastError) -> Bool
  func renameCollection(_ name: String, to newName: String, replacing: Bool) throws(HoldfastError)
}

extension Database: Catalogued {}
extension Transaction: Catalogued {}

/// Runs a call of the database, or of its transaction if there is one.
private func onCatalog(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ error: UnsafeMutablePointer<OpaquePointer?>?,
  _ body: (any Catalogued) throws(HoldfastError) -> Void
) -> holdfast_code {
  onDatabase(database, error) { (database) throws(HoldfastError) in
    if let transaction {
      try TransactionHandle.used(transaction).use(of: database, body)
    } else {
      try body(database)
    }
  }
}

/// The durability in a document `{durability: …}`; `nil` for an empty one.
func ownDurability(_ document: Document) throws(HoldfastError) -> Durability? {
  var durability: Durability?
  try document.forEachOption { (option) throws(HoldfastError) in
    guard option.name == "durability" else { throw option.unknown }
    durability = try option.durability()
  }
  return durability
}

@c @implementation
public func holdfast_collections(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ result: UnsafeMutablePointer<holdfast_buffer>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result.pointee = holdfast_buffer()
  return onCatalog(database, transaction, error) { (catalog) throws(HoldfastError) in
    let names = try catalog.collections()
    result.pointee = Document([("collections", .array(names.map { .string($0) }))]).output
  }
}

@c @implementation
public func holdfast_create_collection(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ options: UnsafePointer<UInt8>?, _ options_count: Int, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  onCatalog(database, transaction, error) { (catalog) throws(HoldfastError) in
    let durability = try ownDurability(try optionDocument(options, options_count))
    try catalog.createCollection(try collectionName(collection), durability: durability)
  }
}

@c @implementation
public func holdfast_drop_collection(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ existed: UnsafeMutablePointer<Bool>, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  existed.pointee = false
  return onCatalog(database, transaction, error) { (catalog) throws(HoldfastError) in
    existed.pointee = try catalog.dropCollection(try collectionName(collection))
  }
}

@c @implementation
public func holdfast_rename_collection(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ new_name: UnsafePointer<CChar>, _ replace: Bool, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  onCatalog(database, transaction, error) { (catalog) throws(HoldfastError) in
    try catalog.renameCollection(
      try collectionName(collection), to: try collectionName(new_name), replacing: replace)
  }
}

// MARK: Indexes

@c @implementation
public func holdfast_create_index(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ keys: UnsafePointer<UInt8>, _ keys_count: Int, _ options: UnsafePointer<UInt8>?, _ options_count: Int,
  _ result: UnsafeMutablePointer<holdfast_buffer>, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result.pointee = holdfast_buffer()
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    let keys = try document(keys, keys_count, "the index's keys")
    var index = IndexOptions()
    try optionDocument(options, options_count).forEachOption { (option) throws(HoldfastError) in
      switch option.name {
      case "name": index.name = try option.string()
      case "unique": index.isUnique = try option.bool()
      case "sparse": index.isSparse = try option.bool()
      case "partialFilterExpression": index.partialFilter = try option.document()
      case "expireAfterSeconds": index.expireAfterSeconds = Int64(try option.count())
      default: throw option.unknown
      }
    }
    let name = try collection.makeIndex(keys, index)
    result.pointee = Document([("name", .string(name))]).output
  }
}

extension WritableCollection {
  /// Makes an index, each kind of collection in its own way.
  fileprivate func makeIndex(_ keys: Document, _ options: IndexOptions) throws(HoldfastError) -> String {
    switch self {
    case let collection as DocumentCollection: try collection.createIndex(keys, options)
    case let collection as TransactionCollection: try collection.createIndex(keys, options)
    default: throw HoldfastError(.invalidUse, "this collection cannot have an index")
    }
  }

  fileprivate func removeIndex(_ name: String) throws(HoldfastError) -> Bool {
    switch self {
    case let collection as DocumentCollection: try collection.dropIndex(name)
    case let collection as TransactionCollection: try collection.dropIndex(name)
    default: throw HoldfastError(.invalidUse, "this collection cannot have an index")
    }
  }
}

@c @implementation
public func holdfast_indexes(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ result: UnsafeMutablePointer<holdfast_buffer>, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result.pointee = holdfast_buffer()
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    let indexes = try collection.indexes().map { BSONValue.document($0.document) }
    result.pointee = Document([("indexes", .array(indexes))]).output
  }
}

extension IndexInfo {
  fileprivate var document: Document {
    var document: Document = ["name": .string(name), "key": .document(keys)]
    if options.isUnique { document["unique"] = true }
    if options.isSparse { document["sparse"] = true }
    if let filter = options.partialFilter { document["partialFilterExpression"] = .document(filter) }
    if let seconds = options.expireAfterSeconds { document["expireAfterSeconds"] = .int64(seconds) }
    document["multikey"] = .bool(isMultikey)
    document["ready"] = .bool(isReady)
    document["entries"] = .int64(Int64(entries))
    return document
  }
}

@c @implementation
public func holdfast_drop_index(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ name: UnsafePointer<CChar>, _ existed: UnsafeMutablePointer<Bool>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  existed.pointee = false
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    existed.pointee = try collection.removeIndex(try text(name, "the name of the index"))
  }
}
