import BSON
public import CHoldfastInterface
import Holdfast

extension FindOptions {
  /// Reads the options of a query. Those that it does not know are for `other`.
  fileprivate init(
    _ bytes: UnsafePointer<UInt8>?, _ count: Int,
    other: (Option) throws(HoldfastError) -> Void = { (option) throws(HoldfastError) in throw option.unknown }
  ) throws(HoldfastError) {
    self.init()
    try optionDocument(bytes, count).forEachOption { (option) throws(HoldfastError) in
      switch option.name {
      case "projection": projection = try option.document()
      case "sort": sort = try option.document()
      case "skip": skip = try option.count()
      case "limit": limit = try option.count()
      case "hint": hint = try option.hint()
      case "sortMemoryBytes": sortMemoryBytes = try option.count()
      case "skipDamage": skipsDamage = try option.bool()
      default: try other(option)
      }
    }
  }
}

private func filterDocument(
  _ bytes: UnsafePointer<UInt8>?, _ count: Int
) throws(HoldfastError) -> Document { try document(bytes, count, "the filter") }

@c @implementation
public func holdfast_find_one(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ filter: UnsafePointer<UInt8>?, _ filter_count: Int, _ options: UnsafePointer<UInt8>?,
  _ options_count: Int, _ document: UnsafeMutablePointer<holdfast_buffer>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  document.pointee = holdfast_buffer()
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    var options = try FindOptions(options, options_count)
    options.limit = 1
    var found = collection.find(try filterDocument(filter, filter_count), options).makeIterator()
    if let first = try found.nextDocument() { document.pointee = first.output }
  }
}

@c @implementation
public func holdfast_find(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ filter: UnsafePointer<UInt8>?, _ filter_count: Int, _ options: UnsafePointer<UInt8>?,
  _ options_count: Int, _ cursor: UnsafeMutablePointer<OpaquePointer?>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  cursor.pointee = nil
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    let options = try FindOptions(options, options_count)
    let documents = collection.find(try filterDocument(filter, filter_count), options)
    let owner = transaction.map { TransactionHandle.borrowed($0) }
    cursor.pointee =
      CursorHandle(documents.makeIterator(), DatabaseHandle.borrowed(database), owner).retained()
  }
}

@c @implementation
public func holdfast_cursor_next(
  _ cursor: OpaquePointer, _ maximum_count: Int, _ maximum_bytes: Int,
  _ documents: UnsafeMutablePointer<holdfast_buffer>, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  documents.pointee = holdfast_buffer()
  return perform(error) { () throws(HoldfastError) in
    documents.pointee = try CursorHandle.used(cursor).next(count: maximum_count, bytes: maximum_bytes)
  }
}

@c @implementation
public func holdfast_cursor_release(_ cursor: OpaquePointer?) { CursorHandle.release(cursor) }

@c @implementation
public func holdfast_count(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ filter: UnsafePointer<UInt8>?, _ filter_count: Int, _ options: UnsafePointer<UInt8>?,
  _ options_count: Int, _ count: UnsafeMutablePointer<UInt64>, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  count.pointee = 0
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    let options = try FindOptions(options, options_count)
    count.pointee = UInt64(try collection.count(try filterDocument(filter, filter_count), options))
  }
}

@c @implementation
public func holdfast_distinct(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ field: UnsafePointer<CChar>, _ filter: UnsafePointer<UInt8>?, _ filter_count: Int,
  _ options: UnsafePointer<UInt8>?, _ options_count: Int, _ result: UnsafeMutablePointer<holdfast_buffer>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result.pointee = holdfast_buffer()
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    var hint: IndexHint?
    try optionDocument(options, options_count).forEachOption { (option) throws(HoldfastError) in
      guard option.name == "hint" else { throw option.unknown }
      hint = try option.hint()
    }
    let values = try collection.distinct(
      try text(field, "the name of the field"), try filterDocument(filter, filter_count), hint: hint)
    result.pointee = Document([("values", .array(values))]).output
  }
}

@c @implementation
public func holdfast_explain(
  _ database: OpaquePointer, _ transaction: OpaquePointer?, _ collection: UnsafePointer<CChar>,
  _ filter: UnsafePointer<UInt8>?, _ filter_count: Int, _ options: UnsafePointer<UInt8>?,
  _ options_count: Int, _ result: UnsafeMutablePointer<holdfast_buffer>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result.pointee = holdfast_buffer()
  return onCollection(database, transaction, collection, error) { (collection) throws(HoldfastError) in
    var depth = ExplainDepth.plan
    let options = try FindOptions(options, options_count) { (option) throws(HoldfastError) in
      guard option.name == "depth" else { throw option.unknown }
      depth = try option.choice(ExplainDepth.self)
    }
    let explanation = try collection.explain(
      try filterDocument(filter, filter_count), options, depth: depth)
    result.pointee = explanation.document.output
  }
}
