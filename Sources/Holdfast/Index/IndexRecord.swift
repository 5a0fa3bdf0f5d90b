internal import HoldfastIO
internal import HoldfastQuery

/// What the catalog knows of an index.
struct IndexRecord: Sendable {
  /// Its fields and what it demands.
  var description: IndexDescription
  /// The tree of its entries.
  var tree: UInt64
  /// Whether all documents are in it; until then it is kept up to date, but not read.
  var isReady: Bool
  /// While it is being built: the key of the last document that was entered.
  var built: [UInt8] = []
}

extension IndexRecord {
  /// As the catalog has it.
  var bson: BSONValue {
    var document: Document = [
      "name": .string(description.name), "tree": .int64(Int64(tree)), "key": .document(description.keys),
    ]
    if description.isUnique { document["unique"] = true }
    if description.isSparse { document["sparse"] = true }
    if let filter = description.partialFilter { document["partial"] = .document(filter.document) }
    if let seconds = description.expireAfterSeconds { document["expire"] = .int64(seconds) }
    if description.isMultikey {
      document["arrays"] = .array(description.fields.map { .int64(Int64(bitPattern: $0.arrays)) })
    }
    if !isReady { document["built"] = .binary(BSONBinary(built, subtype: .generic)) }
    return .document(document)
  }

  /// Reads what the catalog has; `nil` for what makes no sense.
  init?(_ document: Document) {
    guard let name = document["name"]?.stringValue, let tree = document["tree"]?.int64Value, tree > 0,
      let keys = document["key"]?.documentValue,
      var description = try? IndexDescription(
        keys: keys, name: name, isUnique: document["unique"]?.boolValue ?? false,
        isSparse: document["sparse"]?.boolValue ?? false, partialFilter: document["partial"]?.documentValue,
        expireAfterSeconds: document["expire"]?.int64Value)
    else { return nil }
    if let arrays = document["arrays"]?.arrayValue {
      guard arrays.count == description.fields.count else { return nil }
      for (place, value) in arrays.enumerated() {
        guard let bits = value.int64Value else { return nil }
        description.fields[place].arrays = UInt64(bitPattern: bits)
      }
    }
    self.description = description
    self.tree = UInt64(tree)
    isReady = !document.contains("built")
    built = document["built"]?.binaryValue?.bytes ?? []
  }

  /// Lists of indexes by the bytes that the catalog has of them, so that a filter is not read again for every
  /// call. The list of given bytes is always the same, so nothing here can be out of date.
  private static let known = Guarded<[[UInt8]: [IndexRecord]]>([:])
  private static let knownLimit = 256

  /// Reads the list of a collection's indexes; `nil` for what makes no sense.
  static func list(_ raw: RawValue) -> [IndexRecord]? {
    let bytes = [UInt8](raw.bytes)
    if let list = known.withLock({ $0[bytes] }) { return list }
    guard case .array(let values)? = BSONValue(raw) else { return nil }
    var list: [IndexRecord] = []
    for value in values {
      guard let document = value.documentValue, let record = IndexRecord(document) else { return nil }
      list.append(record)
    }
    known.withLock { known in
      if known.count >= knownLimit { known.removeAll() }
      known[bytes] = list
    }
    return list
  }
}
