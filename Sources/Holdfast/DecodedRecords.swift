internal import HoldfastIO

/// Entries of the catalog that were decoded lately, with their bytes: the same bytes mean the same, and comparing them
/// takes much less time than decoding them in every transaction.
final class DecodedRecords: Sendable {
  private struct Entry {
    let bytes: [UInt8]
    let record: CollectionRecord
  }

  /// More than most programs write to at a time.
  private static let limit = 16

  private let entries = Guarded<[Entry]>([])

  /// What the bytes of an entry say; `nil` when they make no sense.
  func record(_ bytes: UnsafeRawBufferPointer) -> CollectionRecord? {
    if let known = entries.withLock({ entries in
      entries.first { entry in entry.bytes.withBytes { compareBytes($0, bytes) == 0 } }?.record
    }) {
      return known
    }
    guard let record = Catalog.decode(bytes) else { return nil }
    entries.withLock { entries in
      if entries.count == Self.limit { entries.removeFirst() }
      entries.append(Entry(bytes: [UInt8](bytes), record: record))
    }
    return record
  }
}
