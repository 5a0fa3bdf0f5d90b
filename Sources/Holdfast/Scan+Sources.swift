internal import HoldfastEngine

/// Documents from a cursor, in the range's order.
final class CursorSource<Cursor: EntryCursor>: DocumentSource {
  private var cursor: Cursor
  private let range: ScanRange
  private let name: CollectionName
  private var given = 0
  private var hasBegun = false

  init(_ cursor: Cursor, _ range: ScanRange, _ name: CollectionName) {
    self.cursor = cursor
    self.range = range
    self.name = name
  }

  override func next() throws(HoldfastError) -> Document? {
    guard given < range.limit else { return nil }
    while true {
      do throws(HoldfastError) {
        let isAtEntry = try translating(name) { () throws(StorageError) in
          range.isDescending ? try stepBack() : try step()
        }
        guard isAtEntry else { return nil }
        let found = try document(at: &cursor, name) {
          range.isDescending ? range.isBelowLower($0) : range.isAboveUpper($0)
        }
        given += 1
        return found
      } catch {
        guard let damage = error.damage else { throw error }
        // Damage beyond the scan's end is none of its business.
        if range.isBeyond(damage) { return nil }
        guard range.skipsDamage else { throw error }
      }
    }
  }

  private func step() throws(StorageError) -> Bool {
    if hasBegun { return try cursor.next() }
    hasBegun = true
    guard let lower = range.lower else { return try cursor.first() }
    return try lower.withBytes { (key) throws(StorageError) in try cursor.seek(key) }
  }

  private func stepBack() throws(StorageError) -> Bool {
    if hasBegun { return try cursor.previous() }
    hasBegun = true
    guard let upper = range.upper else { return try cursor.last() }
    return try upper.withBytes { (key) throws(StorageError) in try cursor.seekBack(key) }
  }
}

/// The document at a cursor, unless its key is beyond the scan's end.
private func document<Cursor: EntryCursor>(
  at cursor: inout Cursor, _ name: CollectionName, unless isBeyond: (UnsafeRawBufferPointer) -> Bool
) throws(HoldfastError) -> Document? {
  var document: Document?
  _ = try translating(name) { () throws(StorageError) in
    try cursor.read { key, value in
      if !isBeyond(key) { document = Document(trusted: [UInt8](value)) }
    }
  }
  return document
}
