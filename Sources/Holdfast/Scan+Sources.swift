internal import HoldfastEngine

/// Documents from a cursor, in the range's order.
final class CursorSource<Cursor: EntryCursor>: DocumentSource {
  private var cursor: Cursor
  private let range: ScanRange
  private let name: CollectionName
  private var given = 0

  init(_ cursor: Cursor, _ range: ScanRange, _ name: CollectionName) {
    self.cursor = cursor
    self.range = range
    self.name = name
  }

  override func next() throws(HoldfastError) -> Document? {
    guard given < range.limit else { return nil }
    let isAtEntry = try translating(name) { () throws(StorageError) in
      range.isDescending ? try stepBack() : try step()
    }
    guard isAtEntry else { return nil }
    given += 1
    return try document(at: &cursor, name) {
      range.isDescending ? range.isBelowLower($0) : range.isAboveUpper($0)
    }
  }

  private func step() throws(StorageError) -> Bool {
    if given > 0 { return try cursor.next() }
    guard let lower = range.lower else { return try cursor.first() }
    return try lower.withBytes { (key) throws(StorageError) in try cursor.seek(key) }
  }

  private func stepBack() throws(StorageError) -> Bool {
    if given > 0 { return try cursor.previous() }
    guard let upper = range.upper else { return try cursor.last() }
    return try upper.withBytes { (key) throws(StorageError) in try cursor.seekBack(key) }
  }
}

/// The document at a cursor, unless its key is beyond the scan's end.
private func document<Cursor: EntryCursor>(
  at cursor: inout Cursor, _ name: CollectionName, unless isBeyond: (UnsafeRawBufferPointer) -> Bool
) throws(HoldfastError) -> Document? {
  do {
    let entry = try cursor.withEntry { key, value in isBeyond(key) ? nil : Document(trusted: [UInt8](value)) }
    return entry ?? nil
  } catch {
    throw HoldfastError.asOurs(error, collection: name.text)
  }
}
