import HoldfastIO

extension Storage {
  /// Whether no key in a range has another value than it had in a snapshot.
  func isUnchanged(
    _ id: UInt64, since snapshot: Snapshot, from lower: [UInt8], to upper: [UInt8]?
  ) throws(StorageError) -> Bool {
    let newest = try self.snapshot()
    let (then, now) = (snapshot.version.tree(id), newest.version.tree(id))
    if then.root.number == now.root.number { return true }
    var (old, new) = (try snapshot.cursor(id), try newest.cursor(id))
    var isAtOld = try old.seek(from: lower)
    var isAtNew = try new.seek(from: lower)
    while true {
      var (a, b): (Comparable?, Comparable?) = (nil, nil)
      if isAtOld { _ = try old.read { a = Comparable($0, $1, before: upper) } }
      if isAtNew { _ = try new.read { b = Comparable($0, $1, before: upper) } }
      guard a == b else { return false }
      if a == nil { return true }
      isAtOld = try old.next()
      isAtNew = try new.next()
    }
  }

  /// An entry, as far as it matters whether it is the same as another one.
  private struct Comparable: Equatable {
    let key: [UInt8]
    let value: [UInt8]

    /// `nil` beyond the end of the range.
    init?(_ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer, before upper: [UInt8]?) {
      if let upper, upper.withUnsafeBytes({ compareBytes(key, $0) }) >= 0 { return nil }
      self.key = [UInt8](key)
      self.value = [UInt8](value)
    }
  }

  /// Rolls transactions back that were not used, or are open, for too long.
  func endOverdueTransactions(at now: UInt64) {
    for (transaction, isIdle) in transactions.overdue(at: now, options.transactions) {
      _ = transaction.end(
        StorageError(
          .transactionExpired,
          "transaction \(transaction.number) was \(isIdle ? "not used for" : "open for") longer than is permitted: "
            + "it was rolled back; try it again, in less time"))
    }
  }

  /// What became of transactions since the database was opened.
  public var transactionStatistics: TransactionStatistics {
    var result = transactions.statistics
    let locks = locks.statistics
    result.lockWaits = locks.waits
    result.lockWaitNanoseconds = locks.waitNanoseconds
    result.deadlocks = locks.deadlocks
    result.lockTimeouts = locks.timeouts
    return result
  }

  /// What is locked, at most `limit` things.
  package func lockInfo(limit: Int) -> [LockInfo] { locks.lockInfo(limit: limit) }

  /// Who waits for a lock.
  package var blockedTransactions: [BlockedTransaction] { locks.blockedTransactions }

  /// Who waits for whom.
  package var waitForGraph: [WaitForEdge] { locks.waitForGraph }
}

extension TreeCursor {
  /// Goes to the first entry whose key is not below `lower`.
  fileprivate mutating func seek(from lower: [UInt8]) throws(StorageError) -> Bool {
    if lower.isEmpty { return try first() }
    return try lower.withUnsafeBufferPointer { (bytes) throws(StorageError) in
      try seek(UnsafeRawBufferPointer(bytes))
    }
  }
}
