/// A cursor over a tree with a transaction's own writes laid over it. When a call throws, the cursor is at no
/// entry, as it is behind its end.
public struct MergedCursor {
  private var base: TreeCursor
  private let buffer: WriteBuffer
  private let order: [Int]
  /// The own entry that comes next, or is the one the cursor is at.
  private var position = 0
  private var isForward = true
  private var source = Source.none

  private enum Source {
    case none, base, own
  }

  /// Holds the state that is read; its end is the cursor's.
  private let transaction: WriteTransaction

  init(base: TreeCursor, buffer: WriteBuffer, order: [Int], transaction: WriteTransaction) {
    self.transaction = transaction
    self.base = base
    self.buffer = buffer
    self.order = order
  }

  // MARK: Forward

  /// Goes to the first entry. Returns whether there is one.
  @discardableResult
  public mutating func first() throws(StorageError) -> Bool {
    try transaction.checkUse()
    source = .none
    try base.first()
    position = 0
    return try settleForward()
  }

  /// Goes to the first entry whose key is not below `key`. Returns whether there is one.
  @discardableResult
  public mutating func seek(_ key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    try transaction.checkUse()
    source = .none
    try base.seek(key)
    position = ownIndex { compareBytes($0, key) < 0 }
    return try settleForward()
  }

  /// Goes to the next entry. Returns `false`, and is at no entry, behind the last.
  @discardableResult
  public mutating func next() throws(StorageError) -> Bool {
    try transaction.checkUse()
    if !isForward { try turn { (cursor, key) throws(StorageError) in try cursor.seek(key) } }
    let left = source
    source = .none
    switch left {
    case .none: return false
    case .base: try base.next()
    case .own: position += 1
    }
    return try settleForward()
  }

  /// Chooses the lower of the two sides; an own entry hides the tree's, and a deletion hides both.
  private mutating func settleForward() throws(StorageError) -> Bool {
    isForward = true
    while position < order.count {
      let comparison = compareOwnToBase()
      if let comparison, comparison < 0 { break }
      if comparison == 0 { try base.next() }
      if take() { return true }
      position += 1
    }
    source = base.isValid ? .base : .none
    return base.isValid
  }

  // MARK: Backward

  /// Goes to the last entry. Returns whether there is one.
  @discardableResult
  public mutating func last() throws(StorageError) -> Bool {
    try transaction.checkUse()
    source = .none
    try base.last()
    position = order.count - 1
    return try settleBackward()
  }

  /// Goes to the last entry whose key is not above `key`. Returns whether there is one.
  @discardableResult
  public mutating func seekBack(_ key: UnsafeRawBufferPointer) throws(StorageError) -> Bool {
    try transaction.checkUse()
    source = .none
    try base.seekBack(key)
    position = ownIndex { compareBytes($0, key) <= 0 } - 1
    return try settleBackward()
  }

  /// Goes to the entry before. Returns `false`, and is at no entry, before the first.
  @discardableResult
  public mutating func previous() throws(StorageError) -> Bool {
    try transaction.checkUse()
    if isForward { try turn { (cursor, key) throws(StorageError) in try cursor.seekBack(key) } }
    let left = source
    source = .none
    switch left {
    case .none: return false
    case .base: try base.previous()
    case .own: position -= 1
    }
    return try settleBackward()
  }

  /// Chooses the higher of the two sides.
  private mutating func settleBackward() throws(StorageError) -> Bool {
    isForward = false
    while position >= 0 {
      let comparison = compareOwnToBase()
      if let comparison, comparison > 0 { break }
      if comparison == 0 { try base.previous() }
      if take() { return true }
      position -= 1
    }
    source = base.isValid ? .base : .none
    return base.isValid
  }

  // MARK: Both

  /// The tree's key compared with the own one; `nil` when the tree has no more.
  private func compareOwnToBase() -> Int? {
    buffer.withBytes(buffer.entries[order[position]].key) { own in base.withKey { compareBytes($0, own) } }
  }

  /// Stays at the own entry, unless it is a deletion.
  private mutating func take() -> Bool {
    guard buffer.entries[order[position]].value != nil else { return false }
    source = .own
    return true
  }

  /// How many own keys, from the lowest on, `isBefore` accepts.
  private func ownIndex(_ isBefore: (UnsafeRawBufferPointer) -> Bool) -> Int {
    var low = 0
    var high = order.count
    while low < high {
      let middle = (low + high) >> 1
      if buffer.withBytes(buffer.entries[order[middle]].key, isBefore) {
        low = middle + 1
      } else {
        high = middle
      }
    }
    return low
  }

  /// Goes on in the other direction: both sides have to stand on the other side of the entry.
  private mutating func turn(
    _ seek: (inout MergedCursor, UnsafeRawBufferPointer) throws(StorageError) -> Bool
  ) throws(StorageError) {
    let key: [UInt8]? =
      switch source {
      case .none: nil
      case .base: base.key
      case .own: buffer.withBytes(buffer.entries[order[position]].key) { [UInt8]($0) }
      }
    source = .none
    guard let key else { return }
    _ = try key.withUnsafeBufferPointer { (bytes) throws(StorageError) in
      try seek(&self, UnsafeRawBufferPointer(bytes))
    }
  }

  /// The key and the value at the cursor; the bytes are valid during the call.
  public mutating func withEntry<R>(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> R
  ) throws -> R? {
    try transaction.checkUse()
    switch source {
    case .none: return nil
    case .base: return try base.withEntry(body)
    case .own:
      let entry = buffer.entries[order[position]]
      guard let value = entry.value else { return nil }
      return try buffer.withBytes(entry.key) { key in try buffer.withBytes(value) { try body(key, $0) } }
    }
  }

  /// Calls `body` with the key and the value at the cursor. Returns whether it is at an entry.
  public mutating func read(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) throws(StorageError) -> Bool {
    do {
      return try withEntry { key, value in body(key, value) } != nil
    } catch let error as StorageError {
      throw error
    } catch {
      throw StorageError(.ioFailed, "an unforeseen error: \(type(of: error))")
    }
  }
}
