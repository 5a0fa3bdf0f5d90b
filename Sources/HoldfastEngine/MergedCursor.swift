/// A cursor over a tree with a transaction's own writes laid over it.
public struct MergedCursor {
  private var base: TreeCursor
  private let buffer: WriteBuffer
  private let order: [Int]
  /// The next own entry that was not passed yet.
  private var position = 0
  private var source = Source.none

  private enum Source {
    case none, base, own
  }

  init(base: TreeCursor, buffer: WriteBuffer, order: [Int]) {
    self.base = base
    self.buffer = buffer
    self.order = order
  }

  /// Goes to the first entry. Returns whether there is one.
  @discardableResult
  public mutating func first() throws(StorageError) -> Bool {
    try base.first()
    position = 0
    return try settle()
  }

  /// Goes to the first entry whose key is not below `key`. Returns whether there is one.
  @discardableResult
  public mutating func seek(_ key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    try base.seek(key)
    var low = 0
    var high = order.count
    while low < high {
      let middle = (low + high) >> 1
      let isBelow = buffer.withBytes(buffer.entries[order[middle]].key) { compareBytes($0, key) < 0 }
      if isBelow { low = middle + 1 } else { high = middle }
    }
    position = low
    return try settle()
  }

  /// Goes to the next entry. Returns `false`, and is at no entry, behind the last.
  @discardableResult
  public mutating func next() throws(StorageError) -> Bool {
    switch source {
    case .none: return false
    case .base: try base.next()
    case .own: position += 1
    }
    return try settle()
  }

  /// Chooses the lower of the two sides; an own entry hides the tree's, and a deletion hides both.
  private mutating func settle() throws(StorageError) -> Bool {
    while position < order.count {
      let own = buffer.entries[order[position]]
      let comparison = buffer.withBytes(own.key) { key in base.withKey { compareBytes($0, key) } }
      if let comparison, comparison < 0 {
        source = .base
        return true
      }
      if comparison == 0 { try base.next() }
      if own.value != nil {
        source = .own
        return true
      }
      position += 1
    }
    source = base.isValid ? .base : .none
    return base.isValid
  }

  /// The key and the value at the cursor; the bytes are valid during the call.
  public mutating func withEntry<R>(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> R
  ) throws -> R? {
    switch source {
    case .none: return nil
    case .base: return try base.withEntry(body)
    case .own:
      let entry = buffer.entries[order[position]]
      guard let value = entry.value else { return nil }
      return try buffer.withBytes(entry.key) { key in try buffer.withBytes(value) { try body(key, $0) } }
    }
  }
}
