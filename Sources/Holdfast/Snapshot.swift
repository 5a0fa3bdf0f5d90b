internal import HoldfastEngine

/// One state of the whole database, readable for as long as this is kept, whatever is written meanwhile.
///
/// Any number of threads may read it. Pages that it needs cannot be used again, so the file grows while it is
/// kept: release it soon. It keeps the database open.
public final class Snapshot: Sendable {
  let engine: HoldfastEngine.Snapshot
  let context: QueryContext

  init(_ engine: HoldfastEngine.Snapshot, _ context: QueryContext) {
    self.engine = engine
    self.context = context
  }

  /// A collection as it is in this state. Nothing is looked up yet; one that does not exist reads as empty.
  public func collection(_ name: String) -> SnapshotCollection { SnapshotCollection(self, name) }

  /// A collection with its documents decoded as `type`.
  public func collection<Element: Codable & Sendable>(
    _ name: String, of type: Element.Type
  ) -> TypedDocuments<Element, SnapshotCollection> {
    TypedDocuments(collection(name))
  }

  /// The names of the collections, sorted by their UTF-8 bytes.
  public func collections() throws(HoldfastError) -> [String] {
    let cursor = try translating { () throws(StorageError) in try engine.cursor(Catalog.tree) }
    return try Catalog.all(cursor).map(\.name)
  }

  /// The number of the last commit in this state. Commits are numbered without gaps.
  public var lsn: UInt64 { engine.lsn }
}

/// A collection as it is in a ``Snapshot``.
public struct SnapshotCollection: ReadableCollection, Sendable {
  public let name: String
  private let snapshot: Snapshot

  init(_ snapshot: Snapshot, _ name: String) {
    self.snapshot = snapshot
    self.name = name
  }

  private func reader() throws(HoldfastError) -> CollectionReader<HoldfastEngine.Snapshot> {
    try CollectionReader(snapshot.engine, try CollectionName(name), snapshot.context)
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
}
