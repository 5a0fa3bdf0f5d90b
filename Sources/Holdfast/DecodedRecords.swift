internal import HoldfastIO

/// What the catalog said of collections lately, and as of which commit: as long as no later one has changed the catalog,
/// it says the same, and need not be asked by every transaction.
final class DecodedRecords: Sendable {
  private struct Entry {
    let name: CollectionName
    /// The last commit that had changed the catalog.
    let change: UInt64
    let record: CollectionRecord
  }

  /// More than most programs write to at a time.
  private static let limit = 16

  private let entries = Guarded<[Entry]>([])

  /// What the catalog says of a collection when `change` is the last commit that has changed it, if that is known.
  func record(of name: CollectionName, asOf change: UInt64) -> CollectionRecord? {
    entries.withLock { entries in
      for entry in entries where entry.change == change && entry.name == name { return entry.record }
      return nil
    }
  }

  func remember(_ record: CollectionRecord, of name: CollectionName, asOf change: UInt64) {
    entries.withLock { entries in
      entries.removeAll { $0.name == name }
      if entries.count == Self.limit { entries.removeFirst() }
      entries.append(Entry(name: name, change: change, record: record))
    }
  }
}
