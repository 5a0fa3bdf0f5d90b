internal import HoldfastEngine

/// What to do when a page of the file is damaged.
public enum DamagePolicy: Sendable, Hashable {
  /// Calls that need the page fail with ``HoldfastError/Code/corrupted``; everything else goes on. Commits that
  /// recovery cannot apply for it are set aside in the folder `…-quarantine`.
  case isolate
  /// While damage is known, the database does not open for writing, and an open one takes no more writes.
  case refuse
}

/// A page, or a large document's run of pages, that cannot be read as it was written, and which documents
/// that concerns.
public struct DamagedRange: Sendable, Equatable, CustomStringConvertible {
  /// The collection; `nil` for the catalog, and where the catalog does not tell.
  public let collection: String?
  private let isCatalog: Bool
  /// The number of the page.
  public let page: UInt64
  /// Whether changes that belong here were set aside when the database was opened. What the page held is out
  /// of date since then, so it stays unreadable also when its bytes come back.
  public let isCutOff: Bool
  /// The keys concerned are at or above this one, in the order of keys (`docs/format.md`); `nil` when there
  /// is no bound. It may be the beginning of a key.
  public let lowerKey: [UInt8]?
  /// The keys concerned are below this one; `nil` when there is no bound.
  public let upperKey: [UInt8]?
  /// The id of the last readable document before those concerned. `nil` when there is none, and in errors,
  /// which look nothing up; nor when more than 100 pages in a row are damaged.
  public internal(set) var after: BSONValue?
  /// The id of the first readable document behind those concerned. `nil` when there is none, and in errors.
  public internal(set) var before: BSONValue?

  init(_ range: HoldfastEngine.DamagedRange, collection: String?) {
    self.collection = collection
    isCatalog = range.tree == Catalog.tree
    page = range.page
    isCutOff = range.isCutOff
    lowerKey = range.lower
    upperKey = range.upper
  }

  /// Says which page, and of what; never which ids.
  public var description: String {
    let place =
      collection.map { "collection \(quoted($0))" } ?? (isCatalog ? "the catalog" : "some collection")
    return "page \(page) of \(place) is damaged"
      + (isCutOff ? ", and later changes to its documents were set aside" : "")
  }
}

extension Database {
  /// The pages that are known to be damaged, with the ids of the readable documents on both sides of each; at
  /// most 1000 of them. A page becomes known when something needs it, or by ``verify()``, and is remembered
  /// across openings. It is forgotten when its collection is dropped or emptied, when the large document that
  /// it was part of is replaced or deleted, and when ``verify()`` finds it whole again.
  /// - Throws: ``HoldfastError/Code/closed``.
  public func damage() throws(HoldfastError) -> [DamagedRange] { try storage.namedDamage() }
}

extension Storage {
  /// The damaged pages with the names of their collections and the ids on both sides.
  func namedDamage() throws(HoldfastError) -> [DamagedRange] {
    guard !damage.isEmpty else { return [] }
    let snapshot = try translating { () throws(StorageError) in try self.snapshot() }
    var names: [UInt64: String] = [:]
    // A catalog that cannot be read leaves the ranges without names.
    if let cursor = try? snapshot.cursor(Catalog.tree), let all = try? Catalog.all(cursor) {
      for (name, record) in all { names[record.tree] = name }
    }
    return damage.map { range in
      var result = DamagedRange(range, collection: names[range.tree])
      guard result.collection != nil else { return result }
      result.after = snapshot.neighbour(of: range.lower, in: range.tree, isBefore: true)
      result.before = snapshot.neighbour(of: range.upper, in: range.tree, isBefore: false)
      return result
    }
  }
}

extension HoldfastEngine.Snapshot {
  /// The id of the next document before or behind a bound that is not damaged itself.
  fileprivate func neighbour(of bound: [UInt8]?, in tree: UInt64, isBefore: Bool) -> BSONValue? {
    guard let bound, var cursor = try? cursor(tree) else { return nil }
    // At a page that cannot be read, the cursor goes on behind or before it.
    var isThere = true
    bound.withUnsafeBytes { key in isThere = (try? cursor.seek(key)) ?? true }
    if isBefore {
      isThere = isThere ? (try? cursor.previous()) ?? true : (try? cursor.last()) ?? true
    }
    for _ in 0..<100 where isThere {
      if let id = cursor.id { return id }
      isThere = (try? isBefore ? cursor.previous() : cursor.next()) ?? true
    }
    return nil
  }
}

extension TreeCursor {
  /// The id of the document at the cursor: as the document has it, or, when its overflow run is damaged, as
  /// its key has it, which is equal in order. `nil` when the cursor stands at no entry.
  fileprivate var id: BSONValue? {
    mutating get {
      if let document = try? withEntry({ _, value in try? Document(validating: value) }), let document,
        let id = document["_id"]
      {
        return id
      }
      guard let key else { return nil }
      var decoder = BSONKeyDecoder(key, typeBits: [])
      return try? decoder.next()
    }
  }
}
