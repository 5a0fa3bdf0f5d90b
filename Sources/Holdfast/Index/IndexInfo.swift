internal import HoldfastQuery

/// How an index is to be made.
public struct IndexOptions: Sendable, Hashable {
  /// Its name; `nil` for one made of the fields, such as `age_1_city_-1`.
  public var name: String?
  /// Whether two documents cannot have the same values. A missing field counts as null.
  public var isUnique = false
  /// Whether documents that have none of the fields are left out.
  public var isSparse = false
  /// Which documents are in the index; `nil` for all. A query uses the index only when its own filter says at
  /// least as much.
  public var partialFilter: Document?
  /// How many seconds after the date in the field a document is deleted; `nil` for never. Documents whose field
  /// is no date stay; of an array the earliest date counts.
  public var expireAfterSeconds: Int64?

  /// Takes the options; without any, the index is over all documents and demands nothing.
  public init(
    name: String? = nil, isUnique: Bool = false, isSparse: Bool = false, partialFilter: Document? = nil,
    expireAfterSeconds: Int64? = nil
  ) {
    self.name = name
    self.isUnique = isUnique
    self.isSparse = isSparse
    self.partialFilter = partialFilter
    self.expireAfterSeconds = expireAfterSeconds
  }
}

/// An index of a collection.
public struct IndexInfo: Sendable, Hashable {
  /// The name; that of the order of ids is `_id_`.
  public let name: String
  /// The fields, each with 1 for ascending or -1 for descending.
  public let keys: Document
  /// What it demands, and which documents it has.
  public let options: IndexOptions
  /// Whether some document has an array in one of the fields.
  public let isMultikey: Bool
  /// Whether it is complete and used by queries; otherwise it is being built.
  public let isReady: Bool
  /// How many entries it has.
  public let entries: Int

  init(_ index: IndexRecord, entries: Int) {
    let description = index.description
    name = description.name
    keys = description.keys
    options = IndexOptions(
      name: description.name, isUnique: description.isUnique, isSparse: description.isSparse,
      partialFilter: description.partialFilter?.document, expireAfterSeconds: description.expireAfterSeconds)
    isMultikey = description.isMultikey
    isReady = index.isReady
    self.entries = entries
  }

  private init(idEntries: Int) {
    name = "_id_"
    keys = ["_id": 1]
    options = IndexOptions(name: "_id_", isUnique: true)
    isMultikey = false
    isReady = true
    entries = idEntries
  }

  static func ofIDs(entries: Int) -> IndexInfo { IndexInfo(idEntries: entries) }
}
