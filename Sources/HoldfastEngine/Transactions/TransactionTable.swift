import HoldfastIO
import Synchronization

/// The open transactions of a database, and what they have to know of each other.
///
/// `@unchecked Sendable`: everything is touched under `latch` only.
final class TransactionTable: @unchecked Sendable {
  private final class WeakReference {
    weak var transaction: WriteTransaction?
    init(_ transaction: WriteTransaction) { self.transaction = transaction }
  }

  private struct Entry {
    /// A closure's transaction, which ends with the closure.
    private let kept: WriteTransaction?
    /// Another one, which ends at the latest when it is released. Not for both: the first weak reference to an object
    /// makes all others slower.
    private let released: WeakReference?
    /// The last commit that it sees.
    var base: UInt64
    let begin: UInt64
    /// The thread that it belongs to, when it is a closure's.
    let thread: UInt?
    /// How often it had been used, and when that was last seen to change.
    var uses: UInt64 = 0
    var lastUse: UInt64

    init(_ transaction: WriteTransaction, at time: UInt64, _ thread: UInt?) {
      kept = thread == nil ? nil : transaction
      released = thread == nil ? WeakReference(transaction) : nil
      base = transaction.baseLSN
      (begin, lastUse) = (time, time)
      self.thread = thread
    }

    var transaction: WriteTransaction? { kept ?? released?.transaction }
  }

  private let latch = Latch()
  private let condition = Condition()
  @exclusivity(unchecked) private var open = NumberTable<Entry>()
  @exclusivity(unchecked) private var recent: RecentWrites
  /// The last commit in `recent`.
  private let lastNoted = Atomic<UInt64>(0)
  @exclusivity(unchecked) private var nextNumber: UInt64 = 1
  @exclusivity(unchecked) private var counts = TransactionStatistics()

  /// No transaction is open. `secret` is a random number.
  init(secret: UInt64) { recent = RecentWrites(secret: secret) }

  // MARK: Beginning and ending

  /// Notes the transaction that `make` makes with a number. The latch makes sure that nothing it may have to know of is
  /// forgotten before.
  func begin(
    at time: UInt64, thread: UInt?, limit: Int,
    _ make: (_ number: UInt64) throws(StorageError) -> WriteTransaction
  ) throws(StorageError) -> WriteTransaction {
    try latch.withLock { () throws(StorageError) in
      guard open.count < limit else {
        throw StorageError(
          .limitExceeded,
          "\(open.count) transactions are open, which is the limit: end some, or raise the limit")
      }
      let transaction = try make(nextNumber)
      open[nextNumber] = Entry(transaction, at: time, thread)
      nextNumber += 1
      counts.started += 1
      return transaction
    }
  }

  /// A transaction sees newer commits from now on.
  func move<Base>(
    _ number: UInt64, _ base: () throws(StorageError) -> (Base, lsn: UInt64)
  ) throws(StorageError) -> Base {
    try latch.withLock { () throws(StorageError) in
      let (base, lsn) = try base()
      open[number]?.base = lsn
      return base
    }
  }

  /// Notes how a transaction ended: without a reason, by a commit.
  func end(_ number: UInt64, at time: UInt64, _ reason: AbortReason?) {
    latch.withLock {
      guard let entry = open.removeValue(number) else { return }
      if let reason { counts.aborted[reason, default: 0] += 1 } else { counts.committed += 1 }
      counts.nanoseconds &+= time &- entry.begin
      counts.longestNanoseconds = max(counts.longestNanoseconds, time &- entry.begin)
      condition.broadcast()
    }
  }

  /// Whether a thread runs a transaction's closure.
  func runs(_ thread: UInt) -> Bool { latch.withLock { open.contains { $0.thread == thread } } }

  var statistics: TransactionStatistics {
    latch.withLock {
      var result = counts
      result.open = open.count
      return result
    }
  }

  // MARK: Recent writes

  /// Notes what a commit wrote. `published` is the last commit that everybody sees who begins now.
  func note(_ lsn: UInt64, published: UInt64, _ writes: [RecentWrites.Write]) {
    latch.withLock {
      recent.note(lsn, writes)
      lastNoted.store(lsn, ordering: .releasing)
      if recent.count >= nextSweep {
        var oldest = published
        open.forEach { _, entry in oldest = min(oldest, entry.base) }
        recent.forget(through: oldest)
        nextSweep = max(1024, recent.count * 2)
      }
    }
  }

  /// The commits after one were taken back.
  func takeBack(after lsn: UInt64) { latch.withLock { recent.takeBack(after: lsn) } }

  /// How many records are noted when it is next looked for what can be forgotten.
  @exclusivity(unchecked) private var nextSweep = 1024

  /// Whether a commit after `base` has written a record, as far as is known. For whoever holds the lock on what it
  /// asks for: the one before him has noted his commit then.
  func hasChanged(_ tree: UInt64, _ key: UnsafeRawBufferPointer, since base: UInt64) -> Bool {
    hasNoted(since: base) && latch.withLock { recent.lastChange(tree, key) } > base
  }

  /// Whether a commit after `base` has written anything to a tree.
  func hasChanged(_ tree: UInt64, since base: UInt64) -> Bool {
    hasNoted(since: base) && latch.withLock { recent.lastChange(tree) } > base
  }

  /// Whether a commit after `base` has changed a tree as a whole.
  func hasChangedWhole(_ tree: UInt64, since base: UInt64) -> Bool {
    hasNoted(since: base) && latch.withLock { recent.lastWholeChange(tree) } > base
  }

  /// Whether there was any commit after `base`; the answer of most calls needs no more.
  private func hasNoted(since base: UInt64) -> Bool { lastNoted.load(ordering: .acquiring) > base }

  // MARK: Ending from outside

  /// The transactions that were not used, or are open, for too long.
  func overdue(at time: UInt64, _ limits: TransactionLimits) -> [(WriteTransaction, isIdle: Bool)] {
    guard limits.idleTime != nil || limits.duration != nil else { return [] }
    // Kept until the latch is free: the last one to let go of a transaction ends it, which takes the latch.
    var kept: [WriteTransaction] = []
    defer { kept.removeAll() }
    return latch.withLock {
      var found: [(WriteTransaction, Bool)] = []
      // One that began after the look at the clock is not old.
      func age(_ moment: UInt64) -> UInt64 { time > moment ? time - moment : 0 }
      func isOld(_ entry: Entry) -> Bool { limits.duration.map { age(entry.begin) >= $0 } ?? false }
      open.updateAll { _, entry in
        guard let transaction = entry.transaction else { return nil }
        kept.append(transaction)
        let uses = transaction.uses
        if uses != entry.uses || transaction.isInCall {
          var used = entry
          (used.uses, used.lastUse) = (uses, time)
          if isOld(entry) { found.append((transaction, false)) }
          return used
        }
        if let idle = limits.idleTime, age(entry.lastUse) >= idle {
          found.append((transaction, true))
        } else if isOld(entry) {
          found.append((transaction, false))
        }
        return nil
      }
      return found
    }
  }

  /// Waits until closures have ended; calls `end` with the other transactions, again and again, until they have.
  func drain(_ end: (WriteTransaction) -> Void) {
    while true {
      var left: [WriteTransaction] = []
      latch.withLock {
        open.forEach { _, entry in
          if entry.thread == nil, let transaction = entry.transaction { left.append(transaction) }
        }
      }
      for transaction in left { end(transaction) }
      let isEmpty = latch.withLock {
        if open.isEmpty { return true }
        _ = condition.wait(latch, nanoseconds: 10_000_000)
        return open.isEmpty
      }
      if isEmpty { return }
    }
  }
}
