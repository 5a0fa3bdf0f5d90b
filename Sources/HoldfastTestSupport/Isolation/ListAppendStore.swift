/// A store of lists under keys, as ``ListAppendRunner`` uses it, from many threads at once.
public protocol ListAppendStore: Sendable {
  associatedtype Handle: ListAppendHandle

  /// Begins a transaction.
  func begin(_ level: History.Level) throws(ListAppendError) -> Handle
}

/// A transaction, used by one thread.
public protocol ListAppendHandle {
  /// Appends to the list of a key.
  mutating func append(_ element: Int, to key: Int) throws(ListAppendError)
  /// The whole list of a key. A key that nobody appended to has an empty one.
  mutating func read(_ key: Int) throws(ListAppendError) -> [Int]
  /// Commits. Of its errors, only ``ListAppendError/unknown`` and ``ListAppendError/stopped`` leave open
  /// whether the transaction has happened.
  mutating func commit() throws(ListAppendError)
  /// Takes the transaction back. Called once after any error as well, and harmless then.
  mutating func abort()
}

/// Why a store did not do what it was asked.
public enum ListAppendError: Error, Sendable {
  /// The transaction did not happen; trying again may help: a conflict, a deadlock.
  case retryable
  /// The transaction did not happen, and trying again does not help.
  case refused
  /// Thrown by a commit: it was not answered.
  case unknown
  /// The store takes nothing more. A commit that was on its way may have happened.
  case stopped
}
