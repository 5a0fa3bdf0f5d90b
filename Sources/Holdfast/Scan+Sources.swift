internal import HoldfastEngine

/// Documents from a cursor, in ascending order.
final class AscendingSource<Cursor: ForwardCursor>: DocumentSource {
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
      if given > 0 { return try cursor.next() }
      guard let lower = range.lower else { return try cursor.first() }
      return try lower.withBytes { (key) throws(StorageError) in try cursor.seek(key) }
    }
    guard isAtEntry else { return nil }
    given += 1
    return try document(at: &cursor, name) { range.isAboveUpper($0) }
  }
}

/// Documents from a cursor, in descending order.
final class DescendingSource<Cursor: TwoWayCursor>: DocumentSource {
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
      if given > 0 { return try cursor.previous() }
      guard let upper = range.upper else { return try cursor.last() }
      return try upper.withBytes { (key) throws(StorageError) in try cursor.seekBack(key) }
    }
    guard isAtEntry else { return nil }
    given += 1
    return try document(at: &cursor, name) { range.isBelowLower($0) }
  }
}

/// Documents of a transaction in descending order. The cursor that lays the transaction's writes over the
/// tree goes forward only, so the keys are gathered first; the documents are still read one by one.
final class GatheredSource: DocumentSource {
  private let transaction: WriteTransaction
  private let tree: UInt64
  private let name: CollectionName
  private var keys: [[UInt8]] = []
  private var left: Int

  init(_ transaction: WriteTransaction, _ tree: UInt64, _ range: ScanRange, _ name: CollectionName)
    throws(HoldfastError)
  {
    self.transaction = transaction
    self.tree = tree
    self.name = name
    left = range.limit
    super.init()
    var cursor = try translating(name) { () throws(StorageError) in try transaction.cursor(tree) }
    do {
      var more =
        try range.lower?.withBytes { (key) throws(StorageError) in try cursor.seek(key) } ?? cursor.first()
      while more {
        let key = try cursor.withEntry { key, _ in range.isAboveUpper(key) ? nil : [UInt8](key) }
        guard let key = key ?? nil else { break }
        keys.append(key)
        more = try cursor.next()
      }
    } catch {
      throw HoldfastError.asOurs(error, collection: name.text)
    }
  }

  override func next() throws(HoldfastError) -> Document? {
    while left > 0, let key = keys.popLast() {
      let found = try translating(name) { () throws(StorageError) in
        try key.withBytes { (key) throws(StorageError) in
          try transaction.withValue(tree, key: key) { value in value.map { Document(trusted: [UInt8]($0)) } }
        }
      }
      // Deleted since the scan began.
      guard let found else { continue }
      left -= 1
      return found
    }
    return nil
  }
}

/// The document at a cursor, unless its key is beyond the scan's end.
private func document<Cursor: ForwardCursor>(
  at cursor: inout Cursor, _ name: CollectionName, unless isBeyond: (UnsafeRawBufferPointer) -> Bool
) throws(HoldfastError) -> Document? {
  do {
    let entry = try cursor.withEntry { key, value in isBeyond(key) ? nil : Document(trusted: [UInt8](value)) }
    return entry ?? nil
  } catch {
    throw HoldfastError.asOurs(error, collection: name.text)
  }
}
