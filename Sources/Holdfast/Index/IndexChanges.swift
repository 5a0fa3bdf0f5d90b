internal import HoldfastEngine
internal import HoldfastQuery

/// What the change of one document changes in the indexes of its collection: found out and checked before
/// anything is written, so that a document that an index refuses leaves no trace.
struct IndexChanges {
  /// The entries that go and that come, for each index in the order of the record.
  private var removed: [(tree: UInt64, key: [UInt8])] = []
  private var added: [(tree: UInt64, entry: IndexEntry)] = []
  /// The collection's record when a document has an array where none had one before.
  private(set) var record: CollectionRecord?

  /// Finds the changes for a document that takes the place of another one; either may be missing.
  /// - Throws: ``HoldfastError/Code/duplicateKey``, ``HoldfastError/Code/parallelArrays``,
  ///   ``HoldfastError/Code/keyTooLarge``.
  init(
    from old: Document?, to new: Document?, key: [UInt8], _ record: CollectionRecord, _ name: CollectionName,
    in transaction: WriteTransaction
  ) throws(HoldfastError) {
    for (number, index) in record.indexes.enumerated() {
      // What is not in the index yet because it is being built may not fit into it.
      let before = old.flatMap { try? IndexChanges.entries(of: $0, key, index) }?.entries ?? []
      guard let new else {
        try remove(before, index, key, name, transaction)
        continue
      }
      let after = try querying(name) { () throws(QueryError) in try IndexChanges.entries(of: new, key, index)
      }
      if let after { note(arrays: after.arrays, number, record) }
      try compare(before, after?.entries ?? [], index, key, name, transaction)
    }
  }

  private static func entries(
    of document: Document, _ key: [UInt8], _ index: IndexRecord
  ) throws(QueryError) -> IndexDescription.Entries? {
    try document.withRawDocument { (raw) throws(QueryError) in
      try key.withBytes { (key) throws(QueryError) in try index.description.entries(of: raw, id: key) }
    }
  }

  private mutating func note(arrays: [UInt64], _ number: Int, _ record: CollectionRecord) {
    for (field, bits) in arrays.enumerated()
    where bits & ~record.indexes[number].description.fields[field].arrays != 0 {
      var changed = self.record ?? record
      changed.indexes[number].description.fields[field].arrays |= bits
      self.record = changed
    }
  }

  private mutating func compare(
    _ before: [IndexEntry], _ after: [IndexEntry], _ index: IndexRecord, _ key: [UInt8],
    _ name: CollectionName,
    _ transaction: WriteTransaction
  ) throws(HoldfastError) {
    if before == after, index.isReady { return }
    let kept = Set(after.map(\.key))
    let had = Set(before)
    try remove(before.filter { !kept.contains($0.key) }, index, key, name, transaction)
    for entry in after where !index.isReady || !had.contains(entry) {
      if index.description.isUnique { try IndexChanges.checkUnique(entry, index, key, name, transaction) }
      added.append((index.tree, entry))
    }
  }

  /// Notes entries that go. While a unique index is being built, an entry may be another document's: this one,
  /// which has the same values, may not have been entered yet.
  private mutating func remove(
    _ entries: [IndexEntry], _ index: IndexRecord, _ key: [UInt8], _ name: CollectionName,
    _ transaction: WriteTransaction
  ) throws(HoldfastError) {
    for entry in entries {
      if index.description.isUnique, !index.isReady {
        // Whose it is must stay so until this transaction ends.
        try translating(name) { () throws(StorageError) in
          try entry.key.withBytes { (key) throws(StorageError) in
            try transaction.share(index.tree, key: key)
          }
        }
      }
      if index.description.isUnique, !index.isReady,
        try IndexChanges.isTaken(entry, index, key, name, transaction)
      {
        continue
      }
      removed.append((index.tree, entry.key))
    }
  }

  /// Whether another document has an entry's values in a unique index.
  private static func isTaken(
    _ entry: IndexEntry, _ index: IndexRecord, _ key: [UInt8], _ name: CollectionName,
    _ transaction: WriteTransaction
  ) throws(HoldfastError) -> Bool {
    try translating(name) { () throws(StorageError) in
      try entry.key.withBytes { (values) throws(StorageError) in
        try transaction.withValue(index.tree, key: values) { value in
          guard let value, let owner = IndexEntryFormat.documentKey(values, value, isUnique: true) else {
            return false
          }
          return !owner.elementsEqual(key)
        }
      }
    }
  }

  /// Refuses an entry of a unique index whose values another document has.
  static func checkUnique(
    _ entry: IndexEntry, _ index: IndexRecord, _ key: [UInt8], _ name: CollectionName,
    _ transaction: WriteTransaction
  ) throws(HoldfastError) {
    let isTaken = try isTaken(entry, index, key, name, transaction)
    guard !isTaken else {
      var error = HoldfastError(
        .duplicateKey,
        "collection \(quoted(name.text)): a document has the same values as another one in unique "
          + "\(index.description.place): change the values, or drop the index", collection: name.text)
      error.mongoCode = MongoCode.duplicateKey.rawValue
      error.keyPattern = index.description.keys
      error.keyValue = entry.values(of: index.description)
      throw error
    }
  }

  /// Whether there is nothing to write.
  var isEmpty: Bool { removed.isEmpty && added.isEmpty && record == nil }

  func apply(to transaction: WriteTransaction) throws(StorageError) {
    for (tree, key) in removed {
      try key.withBytes { (key) throws(StorageError) in try transaction.delete(tree, key: key) }
    }
    for (tree, entry) in added {
      try entry.key.withBytes { (key) throws(StorageError) in
        try entry.value.withBytes { (value) throws(StorageError) in
          try transaction.put(tree, key: key, value: value)
        }
      }
    }
  }
}
