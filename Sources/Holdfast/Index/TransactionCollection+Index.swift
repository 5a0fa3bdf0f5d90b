internal import HoldfastEngine
internal import HoldfastQuery

extension TransactionCollection {
  /// Makes an index within the transaction, over all documents that there are, and returns its name. For a
  /// collection that may be large use ``DocumentCollection/createIndex(_:_:progress:)``, which lets others write
  /// meanwhile.
  /// - Throws: as that.
  @discardableResult
  public func createIndex(_ keys: Document, _ options: IndexOptions = IndexOptions()) throws(HoldfastError)
    -> String
  {
    let name = try CollectionName(name)
    let description = try IndexDescription(keys, options, name)
    try transaction.call { () throws(HoldfastError) in try createIndex(description, name) }
    return description.name
  }

  private func createIndex(_ description: IndexDescription, _ name: CollectionName) throws(HoldfastError) {
    guard let tree = try beginIndex(description, name) else { return }
    // From now on nobody else writes to the collection; what was written before must be in the index.
    if let record = try transaction.record(of: name) {
      try translating(name) { () throws(StorageError) in
        try transaction.engine.requireUnchanged(record.tree)
      }
    }
    do throws(HoldfastError) {
      while try buildChunk(tree, name, limits: nil).isReady == false {}
    } catch {
      transaction.doom(error)
      throw error
    }
  }

  /// Notes a new index in the catalog, from where on every write keeps it up to date. Returns its tree, also that
  /// of one whose building was broken off; `nil` when the index is there and ready.
  func beginIndex(_ description: IndexDescription, _ name: CollectionName) throws(HoldfastError) -> UInt64? {
    let known = try transaction.recordForWriting(name)
    var record = if let known { known } else { try transaction.create(name, nil) }
    if description.keys == ["_id": 1] { return nil }
    guard description.name != "_id_" else {
      throw HoldfastError(
        .indexExists,
        "the name \"_id_\" is that of the index of ids of collection \(quoted(name.text)): choose another",
        collection: name.text)
    }
    for index in record.indexes {
      let known = index.description
      if known.name == description.name || BSONOrdering.compare(known.keys, description.keys) == 0 {
        guard known.isSame(as: description) else { throw differs(known, description, name) }
        return index.isReady ? nil : index.tree
      }
    }
    guard record.indexes.count < DatabaseLimits.maximumIndexes else {
      throw HoldfastError(
        .limitExceeded,
        "collection \(quoted(name.text)) has \(DatabaseLimits.maximumIndexes) indexes, which is the limit: drop one",
        collection: name.text)
    }
    let tree = try translating(name) { () throws(StorageError) in try transaction.engine.createTree() }
    record.indexes.append(IndexRecord(description: description, tree: tree, isReady: false))
    try transaction.store(record, of: name)
    return tree
  }

  private func differs(
    _ known: IndexDescription, _ wanted: IndexDescription, _ name: CollectionName
  ) -> HoldfastError {
    var error = HoldfastError(
      .indexExists,
      "collection \(quoted(name.text)) has \(known.place) already, with another name, other fields or other options "
        + "than were asked for: use that one, or drop it first", collection: name.text)
    let code: MongoCode = known.name == wanted.name ? .indexKeySpecsConflict : .indexOptionsConflict
    error.mongoCode = code.rawValue
    return error
  }

  /// An index by its tree.
  private func indexRecord(_ tree: UInt64, _ name: CollectionName) throws(HoldfastError) -> IndexRecord {
    guard let record = try transaction.record(of: name),
      let index = record.indexes.first(where: { $0.tree == tree })
    else {
      throw HoldfastError(
        .indexNotFound,
        "an index of collection \(quoted(name.text)) was dropped, or the collection renamed, while it was being built: "
          + "make it again",
        collection: name.text)
    }
    return index
  }

  /// How far one step of building goes, so that other writers get their turn.
  struct ChunkLimits {
    var documents: Int
    var bytes = 4 * 1024 * 1024
  }

  /// Enters the next documents into an index, those of the newest state, and notes how far it came. The last
  /// step makes the index ready.
  func buildChunk(
    _ tree: UInt64, _ name: CollectionName, limits: ChunkLimits?
  ) throws(HoldfastError) -> (isReady: Bool, documents: Int) {
    let index = try indexRecord(tree, name)
    guard !index.isReady, var record = try transaction.record(of: name) else { return (true, 0) }
    // Who writes to the collection shares its description, so that from here on nobody does: first this, then the
    // index, in the order in which others lock them.
    try transaction.store(record, of: name)
    try translating(name) { () throws(StorageError) in try transaction.engine.lockExclusively(tree) }
    var builder = IndexChunk(index: index, name: name, transaction: transaction.engine)
    let cursor = try translating(name) { () throws(StorageError) in try transaction.engine.cursor(record.tree)
    }
    // Behind the last key comes that key with a zero.
    let lower = index.built.isEmpty ? [] : index.built + [0]
    var walk = RangeWalk(cursor, [KeyRange(lower: lower, upper: nil)], isReverse: false)
    var isAtEnd = false
    var last = index.built
    while limits.map({ builder.documents < $0.documents && builder.bytes < $0.bytes }) ?? true {
      var outcome: Result<[UInt8], HoldfastError>?
      _ = try translating(name) { () throws(StorageError) in
        try walk.next { key, value in
          outcome = Result { () throws(HoldfastError) in
            try builder.add(key, value)
            return [UInt8](key)
          }
        }
      }
      guard let outcome else {
        isAtEnd = true
        break
      }
      last = try outcome.get()
    }
    guard let place = record.indexes.firstIndex(where: { $0.tree == tree }) else { return (true, 0) }
    record.indexes[place].description = builder.index.description
    record.indexes[place].built = isAtEnd ? [] : last
    record.indexes[place].isReady = isAtEnd
    try transaction.store(record, of: name)
    return (isAtEnd, builder.documents)
  }

  /// Removes an index. Returns whether there was one of this name. The order of ids cannot be removed.
  /// - Throws: ``HoldfastError/Code/invalidUse`` for `_id_`.
  @discardableResult
  public func dropIndex(_ index: String) throws(HoldfastError) -> Bool {
    let name = try CollectionName(name)
    guard index != "_id_" else {
      throw HoldfastError(
        .invalidUse,
        "the index of ids of collection \(quoted(name.text)) cannot be dropped: drop the collection",
        collection: name.text)
    }
    return try transaction.call { () throws(HoldfastError) in try dropIndex(index, name) }
  }

  private func dropIndex(_ index: String, _ name: CollectionName) throws(HoldfastError) -> Bool {
    guard var record = try transaction.recordForWriting(name),
      let place = record.indexes.firstIndex(where: { $0.description.name == index })
    else { return false }
    let removed = record.indexes.remove(at: place)
    try transaction.store(record, of: name)
    try translating(name) { () throws(StorageError) in try transaction.engine.dropTree(removed.tree) }
    return true
  }
}

/// Enters documents into an index that is being built.
private struct IndexChunk {
  var index: IndexRecord
  let name: CollectionName
  let transaction: WriteTransaction
  var documents = 0
  var bytes = 0

  mutating func add(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws(HoldfastError) {
    guard let raw = RawDocument(value) else {
      throw HoldfastError(
        .corrupted, "a document of collection \(quoted(name.text)) is malformed: run 'holdfast verify'",
        collection: name.text)
    }
    let made = try querying(name) { () throws(QueryError) in try index.description.entries(of: raw, id: key) }
    for (field, bits) in made.arrays.enumerated() { index.description.fields[field].arrays |= bits }
    let owner = index.description.isUnique ? [UInt8](key) : []
    for entry in made.entries {
      if index.description.isUnique { try IndexChanges.checkUnique(entry, index, owner, name, transaction) }
      try translating(name) { () throws(StorageError) in
        try entry.key.withBytes { (key) throws(StorageError) in
          try entry.value.withBytes { (value) throws(StorageError) in
            try transaction.put(index.tree, key: key, value: value)
          }
        }
      }
      bytes += entry.key.count + entry.value.count
    }
    documents += 1
    bytes += value.count / 8
  }
}

extension IndexDescription {
  init(_ keys: Document, _ options: IndexOptions, _ name: CollectionName) throws(HoldfastError) {
    self = try querying(name) { () throws(QueryError) in
      try IndexDescription(
        keys: keys, name: options.name, isUnique: options.isUnique, isSparse: options.isSparse,
        partialFilter: options.partialFilter, expireAfterSeconds: options.expireAfterSeconds)
    }
  }

  /// Whether another index of the same name would be the same.
  func isSame(as other: IndexDescription) -> Bool {
    name == other.name && BSONOrdering.compare(keys, other.keys) == 0 && isUnique == other.isUnique
      && isSparse == other.isSparse && partialFilter?.document == other.partialFilter?.document
      && expireAfterSeconds == other.expireAfterSeconds
  }
}
