internal import HoldfastEngine

/// What a tree is read through: a snapshot or a transaction.
protocol TreeReader: AnyObject {
  /// The last commit that has changed a tree since the database was opened, or 0, if that says what is in it: `nil`
  /// when there is more to a look at it.
  func lastChange(_ id: UInt64) throws(StorageError) -> UInt64?
  func withValue<R>(
    _ id: UInt64, key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> R
  ) throws(StorageError) -> R
  func contains(_ id: UInt64, key: UnsafeRawBufferPointer) throws(StorageError) -> Bool
  func count(_ id: UInt64) throws(StorageError) -> UInt64
  func estimatedCount(_ id: UInt64) -> UInt64
  associatedtype Lookup: KeyLookup
  /// What finds keys of a tree, for many lookups.
  func lookup(_ id: UInt64) throws(StorageError) -> Lookup
  associatedtype Cursor: EntryCursor
  /// A cursor that will be asked for entries in these ranges only.
  func cursor(_ id: UInt64, in ranges: [(lower: [UInt8], upper: [UInt8]?)]) throws(StorageError) -> Cursor
  func part(_ id: UInt64, below key: UnsafeRawBufferPointer) throws(StorageError) -> Double
  func withEntry<R>(
    _ id: UInt64, at part: Double, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> R
  ) throws(StorageError) -> R?
}

/// Finds keys of one tree.
protocol KeyLookup {
  /// Calls `body` with the value of a key, or with `nil`; the bytes are valid during the call.
  mutating func read(
    _ key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Void
  ) throws(StorageError)
  /// Says which keys will be asked for next.
  mutating func prepare(_ keys: UnsafeBufferPointer<UnsafeRawBufferPointer>)
  /// Calls `body` with the value of one of the keys that were prepared.
  mutating func read(
    _ place: Int, ofKey key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> Void
  ) throws(StorageError)
}

extension TreeLookup: KeyLookup {}
extension TransactionLookup: KeyLookup {}
extension HoldfastEngine.Snapshot: TreeReader {
  func cursor(_ id: UInt64, in ranges: [(lower: [UInt8], upper: [UInt8]?)]) throws(StorageError) -> TreeCursor
  {
    try cursor(id)
  }
}
extension WriteTransaction: TreeReader {}

/// What the catalog knows of a collection.
struct CollectionRecord: Sendable {
  /// The tree of its documents.
  var tree: UInt64
  /// Its own durability; `nil` for the database's.
  var durability: Durability?
  var created: BSONDateTime
  /// Its indexes, in the order in which they were made.
  var indexes: [IndexRecord] = []

  /// Whether an index is one of its own, and not only one of the same name.
  func has(_ index: IndexRecord) -> Bool { indexes.contains { $0.tree == index.tree } }
}

/// The entries of tree 0 that are Holdfast's: collections and settings, each a BSON document. See
/// `docs/format.md`.
///
/// They are read from the transaction or snapshot at hand every time, so that they cannot be out of date whatever was
/// rolled back, dropped or made anew. Usually the catalog has not changed since the last time, and ``DecodedRecords``
/// spares the lookup.
enum Catalog {
  static let tree: UInt64 = 0
  /// The engine keeps keys that begin with 0.
  static let collectionPrefix: UInt8 = 1
  static let settingsKey: [UInt8] = [2]
  /// The version of the entries' layout.
  static let version: Int32 = 1
  /// The version of a collection's entry with indexes: who does not know them must not write to it.
  static let indexedVersion: Int32 = 2

  // MARK: Collections

  /// What is known of a collection; `nil` when there is none of this name.
  static func record(
    of name: CollectionName, in reader: some TreeReader, _ decoded: DecodedRecords
  ) throws(HoldfastError) -> CollectionRecord? {
    let entry: (isThere: Bool, record: CollectionRecord?)
    do throws(StorageError) {
      let change = try reader.lastChange(tree)
      if let change, let known = decoded.record(of: name, asOf: change) { return known }
      entry = try read(name, in: reader)
      if let change, let record = entry.record { decoded.remember(record, of: name, asOf: change) }
    } catch {
      throw HoldfastError(error, collection: name.text)
    }
    if entry.isThere && entry.record == nil { throw malformed(name.text) }
    return entry.record
  }

  private static func read(
    _ name: CollectionName, in reader: some TreeReader
  ) throws(StorageError) -> (isThere: Bool, record: CollectionRecord?) {
    try name.key.withBytes { (key) throws(StorageError) in
      try reader.withValue(tree, key: key) { value in (value != nil, value.flatMap(decode)) }
    }
  }

  static func malformed(_ name: String) -> HoldfastError {
    HoldfastError(
      .corrupted,
      "the catalog's entry of collection \(quoted(name)) makes no sense to this version: run 'holdfast "
        + "verify', and "
        + "open the database with a newer Holdfast if it was written by one", collection: name)
  }

  static func decode(_ value: UnsafeRawBufferPointer) -> CollectionRecord? {
    guard let raw = RawDocument(value), let version = raw.value(forKey: "v")?.int32,
      version == Self.version || version == indexedVersion, let id = raw.value(forKey: "id")?.int64, id > 0,
      let created = raw.value(forKey: "created")?.dateTime
    else { return nil }
    var record = CollectionRecord(tree: UInt64(id), created: created)
    if raw.value(forKey: "durability") != nil {
      let document = Document(trusted: [UInt8](value))
      guard let durability = document["durability"].flatMap(Durability.init(bson:)) else { return nil }
      record.durability = durability
    }
    if version == indexedVersion {
      guard let indexes = raw.value(forKey: "indexes").flatMap(IndexRecord.list) else { return nil }
      record.indexes = indexes
    }
    return record
  }

  static func put(
    _ record: CollectionRecord, of name: CollectionName, in transaction: WriteTransaction
  ) throws(HoldfastError) {
    var document: Document = [
      "v": .int32(record.indexes.isEmpty ? version : indexedVersion), "id": .int64(Int64(record.tree)),
      "created": .dateTime(record.created),
    ]
    if let durability = record.durability { document["durability"] = durability.bson }
    if !record.indexes.isEmpty { document["indexes"] = .array(record.indexes.map(\.bson)) }
    try store(document, name.key, transaction)
  }

  static func remove(_ name: CollectionName, in transaction: WriteTransaction) throws(HoldfastError) {
    try translating(name) { () throws(StorageError) in
      try name.key.withBytes { (key) throws(StorageError) in try transaction.delete(tree, key: key) }
    }
  }

  /// The names of all collections with what is known of them, in the order of the names' bytes.
  static func all(_ cursor: some EntryCursor) throws(HoldfastError) -> [(
    name: String, record: CollectionRecord
  )] {
    var cursor = cursor
    var result: [(name: String, record: CollectionRecord)] = []
    do {
      var more = try [collectionPrefix].withBytes { (key) throws(StorageError) in try cursor.seek(key) }
      while more {
        let entry = try cursor.withEntry { key, value -> (name: String, record: CollectionRecord)? in
          guard key.first == collectionPrefix else { return nil }
          let name = String(decoding: key.dropFirst(), as: UTF8.self)
          guard let record = decode(value) else { throw malformed(name) }
          return (name, record)
        }
        guard let entry = entry ?? nil else { break }
        result.append(entry)
        more = try cursor.next()
      }
    } catch {
      throw HoldfastError.asOurs(error)
    }
    return result
  }

  // MARK: Settings

  /// The database's own durability; `nil` when none was stored.
  static func durability(in reader: some TreeReader) throws(HoldfastError) -> Durability? {
    let settings = try translating { () throws(StorageError) in
      try settingsKey.withBytes { (key) throws(StorageError) in
        try reader.withValue(tree, key: key) { value in value.map { Document(trusted: [UInt8]($0)) } }
      }
    }
    guard let settings else { return nil }
    guard settings["v"] == .int32(version),
      let durability = settings["durability"].flatMap(Durability.init(bson:))
    else {
      throw HoldfastError(
        .corrupted,
        "the settings in the catalog make no sense to this version: open the database with a newer Holdfast "
          + "if it was "
          + "written by one")
    }
    return durability
  }

  static func setDurability(_ durability: Durability, in transaction: WriteTransaction) throws(HoldfastError)
  {
    try store(["v": .int32(version), "durability": durability.bson], settingsKey, transaction)
  }

  private static func store(
    _ document: Document, _ key: [UInt8], _ transaction: WriteTransaction
  ) throws(HoldfastError) {
    try translating { () throws(StorageError) in
      try key.withBytes { (key) throws(StorageError) in
        try document.withUnsafeBytes { (value) throws(StorageError) in
          try transaction.put(tree, key: key, value: value)
        }
      }
    }
  }
}
