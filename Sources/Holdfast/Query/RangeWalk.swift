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

  /// Goes to the next entry and calls `body` with it. Returns whether there was one. After an error the walk goes
  /// on behind the page that could not be read, as the cursor does.
  mutating func next(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) throws(StorageError) -> Bool {
    while current < ranges.count {
      let isAtEntry: Bool
      if isInRange {
        isAtEntry = try isReverse ? cursor.previous() : cursor.next()
      } else {
        isInRange = true
        isAtEntry = try isReverse ? begin(before: ranges[current].upper) : begin(at: ranges[current].lower)
      }
      if isAtEntry, try entry(body) { return true }
      current += 1
      isInRange = false
    }
    return false
  }

  /// Calls `body` with at most so many of the next entries, those that can be had at once. Returns how many there were;
  /// 0 does not say that there are no more.
  mutating func readOn(
    _ limit: Int, _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) -> Int {
    guard isInRange, !isReverse else { return 0 }
    guard let upper = ranges[current].upper else { return cursor.readOn(limit, below: nil, body) }
    return upper.withBytes { cursor.readOn(limit, below: $0, body) }
  }

  /// Calls `body` with the entry at the cursor unless it is beyond the range.
  private mutating func entry(
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) -> Void
  ) throws(StorageError) -> Bool {
    var isInside = true
    let bound = isReverse ? ranges[current].lower : ranges[current].upper
    let isReverse = isReverse
    _ = try cursor.read { key, value in
      if let bound, !bound.isEmpty || !isReverse {
        let order = bound.withBytes { compareBytes(key, $0) }
        isInside = isReverse ? order >= 0 : order < 0
      }
      if isInside { body(key, value) }
    }
    return isInside
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
    var isUpper = false
    _ = try cursor.read { key, _ in isUpper = upper.withBytes { compareBytes(key, $0) == 0 } }
    return isUpper ? try cursor.previous() : true
  }
}
