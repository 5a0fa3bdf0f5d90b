import BSON

/// One entry of an index: the bytes that it is found by, and what is kept with them. `docs/format.md` has the
/// layout.
public struct IndexEntry: Sendable, Hashable {
  /// The key in the index's tree.
  public var key: [UInt8]
  /// The value: where the document is, and the type bits.
  public var value: [UInt8]
}

/// Reads entries of an index.
public enum IndexEntryFormat {
  /// The key of the document's id in an entry; `nil` when the bytes are none of an index.
  @inline(__always)
  public static func documentKey(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, isUnique: Bool
  ) -> UnsafeRawBufferPointer? {
    guard value.count >= 2 else { return nil }
    let length = Int(value[0]) | Int(value[1]) << 8
    if isUnique {
      guard length <= value.count - 2 else { return nil }
      return UnsafeRawBufferPointer(rebasing: value[2..<2 + length])
    }
    guard length < key.count else { return nil }
    return UnsafeRawBufferPointer(rebasing: key[(key.count - length)...])
  }

  /// The values of an entry's fields and, behind them, the document's id.
  public static func values(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, of index: IndexDescription
  ) throws(BSONError) -> [BSONValue] {
    guard let id = documentKey(key, value, isUnique: index.isUnique) else {
      throw BSONError(.invalidKey, "An entry of an index is malformed.")
    }
    var bytes = [UInt8](key)
    if index.isUnique { bytes.append(contentsOf: id) }
    let typeBits = [UInt8](value.dropFirst(index.isUnique ? 2 + id.count : 2))
    return try BSONKey.decode(bytes, typeBits: typeBits, descending: index.fields.map(\.isDescending))
  }

  /// Makes an entry.
  static func entry(
    values: [UInt8], id: UnsafeRawBufferPointer, typeBits: [UInt8], isUnique: Bool
  ) -> IndexEntry {
    var typeBits = typeBits
    BSONKey.trimTypeBits(&typeBits)
    var entry = IndexEntry(key: values, value: [])
    entry.value.reserveCapacity(2 + typeBits.count + (isUnique ? id.count : 0))
    entry.value.append(UInt8(truncatingIfNeeded: id.count))
    entry.value.append(UInt8(truncatingIfNeeded: id.count >> 8))
    if isUnique {
      entry.value.append(contentsOf: id)
    } else {
      entry.key.append(contentsOf: id)
    }
    entry.value.append(contentsOf: typeBits)
    return entry
  }
}

extension IndexEntry {
  /// What a document has in the fields of an index, by their paths; `nil` when the entry is malformed.
  public func values(of index: IndexDescription) -> Document? {
    let values = key.withUnsafeBytes { key in
      value.withUnsafeBytes { try? IndexEntryFormat.values(key, $0, of: index) }
    }
    return values.map { values in Document(zip(index.fields.map(\.path.text), values)) }
  }
}
