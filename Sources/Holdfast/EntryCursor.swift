internal import HoldfastEngine

/// A cursor over the entries of a tree, in both directions.
protocol EntryCursor {
  /// Whether it can go on behind a page that cannot be read.
  static var goesOnBehindDamage: Bool { get }
  mutating func first() throws(StorageError) -> Bool
  mutating func seek(_ key: UnsafeRawBufferPointer) throws(StorageError) -> Bool
  mutating func next() throws(StorageError) -> Bool
  mutating func last() throws(StorageError) -> Bool
  mutating func seekBack(_ key: UnsafeRawBufferPointer) throws(StorageError) -> Bool
  mutating func previous() throws(StorageError) -> Bool
  mutating func read(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) throws(StorageError) -> Bool
  /// Goes on to at most so many next entries whose keys are below a bound, as far as that is cheap, and calls `body`
  /// with each. Returns how many there were; the cursor is at the last.
  mutating func readOn(
    _ limit: Int, below bound: UnsafeRawBufferPointer?,
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) -> Int
  mutating func withEntry<R>(
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) throws -> R
  ) throws -> R?
}

extension TreeCursor: EntryCursor {
  static var goesOnBehindDamage: Bool { true }
}

extension MergedCursor: EntryCursor {
  static var goesOnBehindDamage: Bool { false }

  func readOn(
    _ limit: Int, below bound: UnsafeRawBufferPointer?,
    _ body: (_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> Void
  ) -> Int { 0 }
}
