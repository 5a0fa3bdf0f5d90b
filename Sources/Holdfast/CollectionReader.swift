internal import HoldfastEngine

/// What all readable collections do, over a snapshot or a transaction of the engine.
struct CollectionReader<Reader: TreeReader> {
  let reader: Reader
  let name: CollectionName
  /// `nil` when there is no such collection.
  let record: CollectionRecord?
  let context: QueryContext

  func fetch(_ id: BSONValue) throws(HoldfastError) -> Document? {
    try fetch(try IDKey.bytes(id, name))
  }

  /// The document with the key of an id.
  func fetch(_ key: [UInt8]) throws(HoldfastError) -> Document? {
    guard let record else { return nil }
    return try translating(name) { () throws(StorageError) in
      try key.withBytes { (key) throws(StorageError) in
        try reader.withValue(record.tree, key: key) { value in value.map { Document(trusted: [UInt8]($0)) } }
      }
    }
  }

  func exists(_ id: BSONValue) throws(HoldfastError) -> Bool {
    try contains(try IDKey.bytes(id, name))
  }

  func contains(_ key: [UInt8]) throws(HoldfastError) -> Bool {
    guard let record else { return false }
    return try translating(name) { () throws(StorageError) in
      try key.withBytes { (key) throws(StorageError) in try reader.contains(record.tree, key: key) }
    }
  }

  func count() throws(HoldfastError) -> Int {
    guard let record else { return 0 }
    return Int(try translating(name) { () throws(StorageError) in try reader.count(record.tree) })
  }

  func source(_ options: ScanOptions) throws(HoldfastError) -> DocumentSource {
    let range = try ScanRange(options, name)
    guard !range.skipsDamage || Reader.Cursor.goesOnBehindDamage else {
      throw HoldfastError(
        .invalidUse,
        "a scan inside of a transaction that writes cannot leave damaged documents out: scan a snapshot instead",
        collection: name.text)
    }
    guard let record else { return DocumentSource() }
    // Behind the highest key comes that key with a zero.
    let bounds = (lower: range.lower ?? [], upper: range.upper.map { $0 + [0] })
    let cursor = try translating(name) { () throws(StorageError) in
      try reader.cursor(record.tree, in: [bounds])
    }
    return CursorSource(cursor, range, name)
  }
}

extension CollectionReader where Reader == HoldfastEngine.Snapshot {
  init(_ reader: Reader, _ name: CollectionName, _ context: QueryContext) throws(HoldfastError) {
    self.init(
      reader: reader, name: name, record: try Catalog.record(of: name, in: reader, context.records),
      context: context)
  }
}
