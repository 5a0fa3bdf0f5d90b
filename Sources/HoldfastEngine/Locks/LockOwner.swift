/// A transaction, as the lock manager knows it: its locks, and the call in which it waits for one.
///
/// Its lock calls are made by one thread at a time, and ``releaseAll()`` by whoever ends the transaction, when
/// no call is going on. As long as it holds something it keeps itself alive, so it must be released.
///
/// `@unchecked Sendable`: `held`, `arena` and `rangeCount` belong to the thread that makes the calls; while it
/// waits, to whoever holds all of the manager's latches. The others belong to all of the latches: changed
/// under all of them, read under any.
package final class LockOwner: @unchecked Sendable {
  /// A lock on a tree or a record, with the key's bytes in the arena.
  struct Held {
    let hash: UInt64
    let tree: UInt64
    let key: UnsafeRawPointer?
    let keyCount: UInt32
    let kind: LockKind

    @inline(__always)
    var name: LockName {
      LockName(
        tree: tree, kind: kind, key: UnsafeRawBufferPointer(start: key, count: Int(keyCount)), hash: hash)
    }
  }

  /// The transaction's number.
  package let transaction: UInt64
  /// Who has a greater one is younger.
  package let age: UInt64
  /// How long its calls wait unless they say otherwise, in nanoseconds.
  package let timeout: UInt64
  /// The most locks that it may hold.
  package let limit: Int

  let manager: LockManager
  // The latches see to it that nobody else looks while these change, so it is not checked at run time again:
  // that took a quarter of the time of a lock.
  @exclusivity(unchecked) var held: [Held] = []
  @exclusivity(unchecked) var arena = KeyArena()
  @exclusivity(unchecked) var rangeCount = 0

  /// The call that waits, until it is decided.
  var request: LockRequest?
  /// Why its calls fail, since it was cancelled.
  var cancellation: StorageError?
  @exclusivity(unchecked) var isCancelled = false
  /// The last search for a deadlock that came by.
  var visit: UInt64 = 0

  init(_ manager: LockManager, transaction: UInt64, age: UInt64, timeout: UInt64, limit: Int) {
    self.manager = manager
    self.transaction = transaction
    self.age = age
    self.timeout = timeout
    self.limit = limit
  }

  deinit { arena.removeAll() }

  /// How many locks it holds.
  package var lockCount: Int { held.count + rangeCount }

  /// Locks a tree, or strengthens its lock on it. It waits for at most `timeout` nanoseconds, 0 for not at
  /// all.
  ///
  /// Throws ``StorageError/Code/deadlock``, ``StorageError/Code/lockTimeout`` or
  /// ``StorageError/Code/limitExceeded``, or what it was cancelled with. What it held it holds still.
  package func lock(tree: UInt64, _ mode: LockMode, timeout: UInt64? = nil) throws(StorageError) {
    try manager.lock(self, LockName(tree: tree, seed: manager.seed), mode, timeout)
  }

  /// Locks a record for reading or for writing, whether it is there or not. Otherwise like
  /// ``lock(tree:_:timeout:)``, which it does not do by itself.
  package func lock(
    record key: UnsafeRawBufferPointer, of tree: UInt64, _ mode: LockMode, timeout: UInt64? = nil
  ) throws(StorageError) {
    guard mode == .shared || mode == .exclusive else {
      throw StorageError(.invalidUse, "a record was locked in mode \(mode); use S or X")
    }
    try manager.lock(self, LockName(tree: tree, key: key, seed: manager.seed), mode, timeout)
  }

  /// Locks a record.
  package func lock(
    record key: [UInt8], of tree: UInt64, _ mode: LockMode, timeout: UInt64? = nil
  ) throws(StorageError) {
    try key.withUnsafeBufferPointer { (key) throws(StorageError) in
      try lock(record: UnsafeRawBufferPointer(key), of: tree, mode, timeout: timeout)
    }
  }

  /// Keeps others from locking the records from `lower` up to, but not including, `upper` in mode X; `nil` is
  /// the end of the tree. Otherwise like ``lock(tree:_:timeout:)``, which it does not do by itself.
  package func lock(
    rangeFrom lower: [UInt8], to upper: [UInt8]?, of tree: UInt64, timeout: UInt64? = nil
  ) throws(StorageError) {
    try manager.lock(self, KeyRange(lower: lower, upper: upper), of: tree, timeout)
  }

  /// Lets go of everything, and lets those go on who waited for it. It can be used again afterwards, also
  /// after it was cancelled.
  package func releaseAll() { manager.releaseAll(self) }

  /// Throws when it may not hold one lock more.
  func checkLimit() throws(StorageError) {
    guard lockCount < limit else {
      throw StorageError(
        .limitExceeded,
        "a transaction holds \(limit) locks, which is the limit; split it into smaller ones, or raise the limit"
      )
    }
  }

  /// Keeps it alive from its first lock on: entries of the table point to it.
  @inline(__always)
  private func keepAlive() {
    if lockCount == 0 { _ = Unmanaged.passRetained(self) }
  }

  /// As many locks as a transaction of one write takes fit into the first piece of memory.
  private static var usualLocks: Int { 6 }

  /// Notes a lock that was granted. Returns it, with the key where it stays.
  @inline(__always)
  func add(_ name: LockName) -> Held {
    keepAlive()
    let lock = Held(
      hash: name.hash, tree: name.tree, key: arena.copy(name.key), keyCount: UInt32(name.key.count),
      kind: name.kind)
    if held.isEmpty { held.reserveCapacity(LockOwner.usualLocks) }
    held.append(lock)
    return lock
  }

  /// Notes by how many its ranges have grown.
  func addRanges(_ count: Int) {
    keepAlive()
    rangeCount += count
  }

  /// Forgets its locks, of which the table knows nothing any more.
  func removeAll() {
    guard lockCount > 0 else { return }
    held = []
    arena.removeAll()
    rangeCount = 0
    Unmanaged.passUnretained(self).release()
  }
}
