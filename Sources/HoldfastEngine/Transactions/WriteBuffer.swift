import HoldfastIO

/// What one transaction has written to one tree: the last value of each key, or that it is gone.
///
/// Keys and values lie one behind the other in one piece of memory; a hash table finds entries by key when there
/// are more than a few, and a sorted list of them is made when somebody wants an order.
struct WriteBuffer {
  struct Entry {
    var key: Range<Int>
    /// `nil` for a deletion.
    var value: Range<Int>?
  }

  private(set) var entries: [Entry] = []
  private var arena: [UInt8] = []
  private var table: [Int32] = []
  /// Whether the entries were added in ascending order of their keys.
  private var isAscending = true
  /// The entries that count, by key.
  private var order: [Int]?

  /// Whether some entry has a value.
  var hasValues: Bool { entries.contains { $0.value != nil } }

  /// Whether every entry has a value.
  var onlyPuts: Bool { entries.allSatisfy { $0.value != nil } }

  /// Whether what the tree held before the transaction is gone.
  var isCleared = false

  var isEmpty: Bool { entries.isEmpty && !isCleared }
  /// The bytes of memory that keys and values take.
  var byteCount: Int { arena.count }

  // MARK: Writing

  /// What takes one change back.
  enum Undo {
    /// The entry was added: it is the last one. There were so many bytes before.
    case added(bytes: Int)
    /// The entry had another value.
    case changed(index: Int, value: Range<Int>?, bytes: Int)
  }

  /// Sets (or, with `nil`, deletes) a key.
  mutating func set(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) -> Undo {
    let bytes = arena.count
    guard let index = find(key) else {
      add(key, value)
      return .added(bytes: bytes)
    }
    let undo = Undo.changed(index: index, value: entries[index].value, bytes: bytes)
    entries[index].value = value.map { append($0) }
    return undo
  }

  /// Takes the last change back that was not.
  mutating func takeBack(_ undo: Undo) {
    switch undo {
    case .changed(let index, let value, let bytes):
      entries[index].value = value
      arena.removeLast(arena.count - bytes)
    case .added(let bytes):
      // It was the last that found its slot, so that no other was sent further by it.
      unlink(entries.count - 1)
      entries.removeLast()
      arena.removeLast(arena.count - bytes)
      order = nil
    }
  }

  /// Sets a key that has no value, neither here nor, as `existsBelow` says, in the tree. Returns `nil`, with
  /// nothing changed, when it has one.
  mutating func insert<E: Error>(
    _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, existsBelow: () throws(E) -> Bool
  ) throws(E) -> Undo? {
    let bytes = arena.count
    if let index = find(key) {
      if entries[index].value != nil { return nil }
      entries[index].value = append(value)
      return .changed(index: index, value: nil, bytes: bytes)
    }
    if !isCleared, try existsBelow() { return nil }
    add(key, value)
    return .added(bytes: bytes)
  }

  /// Sets (or, with `nil`, deletes) a key that has no entry yet.
  private mutating func add(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer?) {
    if entries.isEmpty { arena.reserveCapacity(key.count + (value?.count ?? 0)) }
    if isAscending, let last = entries.last {
      isAscending = arena.withUnsafeBytes {
        compareBytes(UnsafeRawBufferPointer(rebasing: $0[last.key]), key) < 0
      }
    }
    order = nil
    let entry = Entry(key: append(key), value: value.map { append($0) })
    entries.append(entry)
    if table.isEmpty && entries.count <= WriteBuffer.fewEntries { return }
    if entries.count * 2 > table.count { rehash() } else { link(entries.count - 1, XXH64.hash(key)) }
  }

  private mutating func append(_ bytes: UnsafeRawBufferPointer) -> Range<Int> {
    let start = arena.count
    arena.append(contentsOf: bytes)
    return start..<arena.count
  }

  /// Forgets everything written so far, and what was there before.
  mutating func clear() {
    self = WriteBuffer()
    isCleared = true
  }

  // MARK: Reading

  /// The entry for a key.
  func entry(_ key: UnsafeRawBufferPointer) -> Entry? { find(key).map { entries[$0] } }

  func withBytes<R, E: Error>(
    _ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws(E) -> R
  ) throws(E) -> R {
    try arena.withUnsafeBufferPointer { (bytes) throws(E) in
      try body(UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(bytes)[range]))
    }
  }

  /// Calls `body` with all keys, in the order in which they were first written.
  func forEachKey(_ body: (UnsafeRawBufferPointer) -> Void) {
    arena.withUnsafeBytes { bytes in
      for entry in entries { body(UnsafeRawBufferPointer(rebasing: bytes[entry.key])) }
    }
  }

  /// Indices of the entries in ascending order of their keys.
  mutating func sorted() -> [Int] {
    if let order { return order }
    var result = Array(entries.indices)
    if !isAscending {
      arena.withUnsafeBytes { bytes in
        func key(_ index: Int) -> UnsafeRawBufferPointer {
          UnsafeRawBufferPointer(rebasing: bytes[entries[index].key])
        }
        // With their heads beside them, most are compared without a look at their bytes.
        var headed = result.map { (head: KeyHead(key($0)), index: $0) }
        headed.sort { a, b in
          a.head == b.head ? compareBytes(key(a.index), key(b.index)) < 0 : a.head < b.head
        }
        result = headed.map(\.index)
      }
    }
    order = result
    return result
  }

  /// Calls `body` with all keys and their values, `nil` for deletions, in ascending order of the keys.
  mutating func forEachInOrder<E: Error>(
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer?) throws(E) -> Void
  ) throws(E) {
    let order = isAscending ? [] : sorted()
    try arena.withUnsafeBufferPointer { (arena) throws(E) in
      let bytes = UnsafeRawBufferPointer(arena)
      for place in entries.indices {
        let entry = entries[isAscending ? place : order[place]]
        try body(
          UnsafeRawBufferPointer(rebasing: bytes[entry.key]),
          entry.value.map { UnsafeRawBufferPointer(rebasing: bytes[$0]) })
      }
    }
  }

  // MARK: The hash table: slots hold an entry's index plus one, collisions go to the next slot

  /// So many entries are looked through one by one, without a table.
  private static var fewEntries: Int { 8 }

  private func find(_ key: UnsafeRawBufferPointer) -> Int? {
    guard !table.isEmpty else { return entries.indices.first { isEntry($0, key) } }
    let mask = table.count - 1
    var slot = Int(truncatingIfNeeded: XXH64.hash(key)) & mask
    while table[slot] != 0 {
      let index = Int(table[slot]) - 1
      if isEntry(index, key) { return index }
      slot = (slot + 1) & mask
    }
    return nil
  }

  @inline(__always)
  private func isEntry(_ index: Int, _ key: UnsafeRawBufferPointer) -> Bool {
    arena.withUnsafeBytes { compareBytes(UnsafeRawBufferPointer(rebasing: $0[entries[index].key]), key) == 0 }
  }

  private mutating func link(_ index: Int, _ hash: UInt64) {
    let mask = table.count - 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while table[slot] != 0 { slot = (slot + 1) & mask }
    table[slot] = Int32(truncatingIfNeeded: index + 1)
  }

  private mutating func unlink(_ index: Int) {
    guard !table.isEmpty else { return }
    let mask = table.count - 1
    var slot = Int(truncatingIfNeeded: withBytes(entries[index].key) { XXH64.hash($0) }) & mask
    while table[slot] != Int32(truncatingIfNeeded: index + 1) { slot = (slot + 1) & mask }
    table[slot] = 0
  }

  private mutating func rehash() {
    table = [Int32](repeating: 0, count: max(4 * WriteBuffer.fewEntries, table.count * 2))
    for index in entries.indices {
      link(index, withBytes(entries[index].key) { XXH64.hash($0) })
    }
  }
}
