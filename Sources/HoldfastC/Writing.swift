import BSON
public import CHoldfastInterface
import Holdfast

@c @implementation
public func holdfast_insert_one(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ document: UnsafePointer<UInt8>, _ document_count: Int,
  _ result: UnsafeMutablePointer<holdfast_buffer>?, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result?.pointee = holdfast_buffer()
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    let id = try collection.insert(try uncheckedDocument(document, document_count, "the document"))
    if let result { result.pointee = Document([("id", id)]).output }
  }
}

@c @implementation
public func holdfast_insert_many(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ documents: UnsafePointer<UInt8>?, _ documents_count: Int,
  _ result: UnsafeMutablePointer<holdfast_buffer>?, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result?.pointee = holdfast_buffer()
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    let ids = try collection.insertMany(try uncheckedDocuments(documents, documents_count))
    if let result {
      result.pointee = Document([("inserted", .int64(Int64(ids.count))), ("ids", .array(ids))]).output
    }
  }
}

/// The options of calls that change documents which a filter finds.
private struct WriteOptions {
  var many = false
  var update = UpdateOptions()
  /// The options that the call has.
  private let known: [String]

  init(_ known: String...) { self.known = known }

  mutating func read(_ bytes: UnsafePointer<UInt8>?, _ count: Int) throws(HoldfastError) {
    try optionDocument(bytes, count).forEachOption { (option) throws(HoldfastError) in try read(option) }
  }

  mutating func read(_ option: Option) throws(HoldfastError) {
    guard known.contains(option.name) else { throw option.unknown }
    switch option.name {
    case "many": many = try option.bool()
    case "upsert": update.upsert = try option.bool()
    case "arrayFilters": update.arrayFilters = try option.documents()
    case "sort": update.sort = try option.document()
    case "newId": update.newID = option.value
    default: update.hint = try option.hint()
    }
  }
}

@c @implementation
public func holdfast_update(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ filter: UnsafePointer<UInt8>?, _ filter_count: Int, _ update: UnsafePointer<UInt8>, _ update_count: Int,
  _ options: UnsafePointer<UInt8>?, _ options_count: Int, _ result: UnsafeMutablePointer<holdfast_buffer>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result.pointee = holdfast_buffer()
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    let filter = try document(filter, filter_count, "the filter")
    let update = try document(update, update_count, "the update")
    var how = WriteOptions("many", "upsert", "arrayFilters", "hint", "sort", "newId")
    try how.read(options, options_count)
    let done =
      how.many
      ? try collection.updateMany(filter, update, how.update)
      : try collection.updateOne(filter, update, how.update)
    result.pointee = done.document.output
  }
}

@c @implementation
public func holdfast_replace_one(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ filter: UnsafePointer<UInt8>?, _ filter_count: Int, _ replacement: UnsafePointer<UInt8>,
  _ replacement_count: Int, _ options: UnsafePointer<UInt8>?, _ options_count: Int,
  _ result: UnsafeMutablePointer<holdfast_buffer>, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result.pointee = holdfast_buffer()
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    let filter = try document(filter, filter_count, "the filter")
    let replacement = try document(replacement, replacement_count, "the document")
    var how = WriteOptions("upsert", "hint", "sort", "newId")
    try how.read(options, options_count)
    let done = try collection.replaceOne(filter, with: replacement, how.update)
    result.pointee = done.document.output
  }
}

@c @implementation
public func holdfast_delete(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ filter: UnsafePointer<UInt8>?, _ filter_count: Int, _ options: UnsafePointer<UInt8>?,
  _ options_count: Int, _ deleted: UnsafeMutablePointer<UInt64>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  deleted.pointee = 0
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    let filter = try document(filter, filter_count, "the filter")
    var how = WriteOptions("many", "hint")
    try how.read(options, options_count)
    deleted.pointee =
      how.many
      ? UInt64(try collection.deleteMany(filter, hint: how.update.hint))
      : try collection.deleteOne(filter, hint: how.update.hint) ? 1 : 0
  }
}

@c @implementation
public func holdfast_find_and_modify(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ filter: UnsafePointer<UInt8>?, _ filter_count: Int, _ options: UnsafePointer<UInt8>,
  _ options_count: Int, _ result: UnsafeMutablePointer<holdfast_buffer>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result.pointee = holdfast_buffer()
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    let filter = try document(filter, filter_count, "the filter")
    var modifications: [Modification] = []
    var how = FindAndModifyOptions()
    try optionDocument(options, options_count).forEachOption { (option) throws(HoldfastError) in
      switch option.name {
      case "update": modifications.append(.update(try option.document()))
      case "replacement": modifications.append(.replace(try option.document()))
      case "delete": if try option.bool() { modifications.append(.delete) }
      case "sort": how.sort = try option.document()
      case "projection": how.projection = try option.document()
      case "returnNew": how.returned = try option.bool() ? .after : .before
      case "upsert": how.upsert = try option.bool()
      case "arrayFilters": how.arrayFilters = try option.documents()
      case "hint": how.hint = try option.hint()
      case "newId": how.newID = option.value
      default: throw option.unknown
      }
    }
    guard modifications.count == 1 else {
      throw HoldfastError(.invalidUse, "give one of the options update, replacement and delete: true")
    }
    if let found = try collection.findOneAndModify(filter, modifications[0], how) {
      result.pointee = found.output
    }
  }
}

@c @implementation
public func holdfast_bulk_write(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ operations: UnsafePointer<UInt8>?, _ operations_count: Int, _ ordered: Bool,
  _ result: UnsafeMutablePointer<holdfast_buffer>, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result.pointee = holdfast_buffer()
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    let documents = try uncheckedDocuments(operations, operations_count)
    var list: [WriteOperation] = []
    list.reserveCapacity(documents.count)
    for document in documents { list.append(try WriteOperation(document, number: list.count)) }
    result.pointee = try collection.bulkWrite(list, ordered: ordered).document.output
  }
}

extension WriteOperation {
  /// Reads an operation of `holdfast_bulk_write`.
  fileprivate init(_ document: Document, number: Int) throws(HoldfastError) {
    func failure(_ reason: String) -> HoldfastError {
      HoldfastError(.invalidUse, "operation \(number) (from 0) \(reason)")
    }
    var fields = document.makeIterator()
    guard let (kind, value) = fields.next(), fields.next() == nil, let parts = value.documentValue else {
      throw failure("must be a document with one field, its kind, which has a document")
    }
    // A document to insert is checked when that is done, so that it is one operation that fails.
    try parts.checkParts(
      "operation \(number) (from 0)", except: kind == "insertOne" ? "document" : nil)
    var (filter, content) = (Document(), Document?.none)
    var how: WriteOptions
    let wanted: String?
    switch kind {
    case "insertOne": (wanted, how) = ("document", WriteOptions())
    case "updateOne":
      (wanted, how) = ("update", WriteOptions("upsert", "arrayFilters", "hint", "sort", "newId"))
    case "updateMany": (wanted, how) = ("update", WriteOptions("upsert", "arrayFilters", "hint", "newId"))
    case "replaceOne": (wanted, how) = ("replacement", WriteOptions("upsert", "hint", "sort", "newId"))
    case "deleteOne", "deleteMany": (wanted, how) = (nil, WriteOptions("hint"))
    default: throw failure("is of no kind that there is: correct its name")
    }
    try parts.forEachOption { (option) throws(HoldfastError) in
      if option.name == wanted {
        content = try option.document()
      } else if option.name == "filter", kind != "insertOne" {
        filter = try option.document()
      } else {
        try how.read(option)
      }
    }
    if let wanted, content == nil { throw failure("lacks its \(wanted)") }
    let made = content ?? Document()
    self =
      switch kind {
      case "insertOne": .insert(made)
      case "updateOne": .updateOne(filter, made, how.update)
      case "updateMany": .updateMany(filter, made, how.update)
      case "replaceOne": .replaceOne(filter, made, how.update)
      case "deleteOne": .deleteOne(filter, hint: how.update.hint)
      default: .deleteMany(filter, hint: how.update.hint)
      }
  }
}
