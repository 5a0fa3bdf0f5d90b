import HoldfastIO

/// One version of the whole database, readable until it is released, whatever is written meanwhile.
public final class Snapshot: Sendable {
  let storage: Storage
  let version: Version

  convenience init(_ storage: Storage) { self.init(storage, at: storage.options.clock.monotonic()) }

  init(_ storage: Storage, at now: UInt64) {
    self.storage = storage
    version = storage.versions.pin(at: now)
  }

  deinit { storage.versions.unpin(version.number) }

  /// The last commit in it.
  public var lsn: UInt64 { version.lsn }

  /// When that commit was made, milliseconds since 1970.
  package var timestamp: Int64 { version.timestamp }

  /// The numbers of all trees that exist, ascending, without the catalog's.
  package var treeIDs: [UInt64] {
    version.trees.values.map(\.id).filter { $0 != TreeRoot.catalogID }.sorted()
  }

  /// The last commit that has changed a tree since the database was opened, or 0.
  public func lastChange(_ id: UInt64) throws(StorageError) -> UInt64? {
    try storage.checkOpen()
    return version.tree(id).changed
  }

  /// How many entries a tree has.
  public func count(_ id: UInt64) -> UInt64 { version.tree(id).count }

  /// Calls `body` with the value of a key, or with `nil`. The bytes are valid during the call.
  public func withValue<R>(
    _ id: UInt64, key: UnsafeRawBufferPointer, _ body: (UnsafeRawBufferPointer?) -> R
  ) throws(StorageError) -> R {
    try storage.checkOpen()
    return try storage.store.withValue(version.tree(id), key: key, body)
  }

  /// What finds keys of a tree.
  public func lookup(_ id: UInt64) throws(StorageError) -> TreeLookup {
    try storage.checkOpen()
    return TreeLookup(version.tree(id), self)
  }

  /// Whether a key exists.
  public func contains(_ id: UInt64, key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    try storage.checkOpen()
    return try storage.store.contains(version.tree(id), key: key)
  }

  /// A cursor over a tree, at no entry yet.
  public func cursor(_ id: UInt64) throws(StorageError) -> TreeCursor {
    try storage.checkOpen()
    return TreeCursor(version.tree(id), in: storage.store, snapshot: self)
  }
}
