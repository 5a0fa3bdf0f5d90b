internal import HoldfastEngine
internal import HoldfastQuery

/// A walk over the entries of a tree whose keys lie in some ranges, in either direction.
struct RangeWalk<Cursor: EntryCursor> {
  private var cursor: Cursor
  /// In the order in which they are walked.
  private let ranges: [KeyRange]
  private let isReverse: Bool
  private var current = 0
  private var isInRange = false

  init(_ cursor: Cursor, _ ranges: [KeyRange], isReverse: Bool) {
    self.cursor = cursor
    self.ranges = isReverse ? ranges.reversed() : ranges
    self.isReverse = isReverse
  }

  /// Goes to the next entry and calls `body` with it; `nil` behind the last one. After an error the walk goes on
  /// behind the page that could not be read, as the cursor does.
  mutating func next<R>(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> R
  ) throws(StorageError) -> R? {
    while current < ranges.count {
      let range = ranges[current]
      let isAtEntry: Bool
      if isInRange {
        isAtEntry = try isReverse ? cursor.previous() : cursor.next()
      } else {
        isInRange = true
        isAtEntry = try isReverse ? begin(before: range.upper) : begin(at: range.lower)
      }
      if isAtEntry, let found = try entry(range, body) { return found }
      current += 1
      isInRange = false
    }
    return nil
  }

  /// Calls `body` with the entry at the cursor unless it is beyond the range.
  private mutating func entry<R>(
    _ range: KeyRange, _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> R
  ) throws(StorageError) -> R? {
    let isReverse = isReverse
    do {
      let found = try cursor.withEntry { key, value -> R? in
        let isInside =
          isReverse
          ? range.lower.withBytes { compareBytes(key, $0) >= 0 }
          : range.upper?.withBytes { compareBytes(key, $0) < 0 } ?? true
        return isInside ? body(key, value) : nil
      }
      return found ?? nil
    } catch let error as StorageError {
      throw error
    } catch {
      throw StorageError(.ioFailed, "an unforeseen error: \(type(of: error))")
    }
  }

  private mutating func begin(at lower: [UInt8]) throws(StorageError) -> Bool {
    if lower.isEmpty { return try cursor.first() }
    return try lower.withBytes { (key) throws(StorageError) in try cursor.seek(key) }
  }

  private mutating func begin(before upper: [UInt8]?) throws(StorageError) -> Bool {
    guard let upper else { return try cursor.last() }
    guard try upper.withBytes({ (key) throws(StorageError) in try cursor.seekBack(key) }) else {
      return false
    }
    let isUpper: Bool?
    do {
      isUpper = try cursor.withEntry { key, _ in upper.withBytes { compareBytes(key, $0) == 0 } }
    } catch {
      isUpper = nil
    }
    return isUpper == true ? try cursor.previous() : true
  }
}
