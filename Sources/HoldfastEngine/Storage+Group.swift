import HoldfastIO
import HoldfastLog
import Synchronization

extension Storage {
  /// Writes and syncs the commits that have gathered, as one group, and publishes them. Returns the last of
  /// them. One thread at a time does this, for all that wait.
  func lead() throws(StorageError) -> UInt64 {
    logLatch.lock()
    defer { logLatch.unlock() }
    guard let log else { throw StorageError(.readOnly, "\(path) was opened for reading only") }
    if let failure { throw failure }
    return try writeAndSync(log)
  }

  /// Under `logLatch`. What goes before a checkpoint may have the reserve.
  func writeAndSync(_ log: Log, isForCheckpoint: Bool = false) throws(StorageError) -> UInt64 {
    let (group, last, counted, grows) = try closeGroup(log)
    if let group { try write(group, to: log, grows: grows, makingRoom: isForCheckpoint) }
    do {
      try log.sync()
    } catch {
      throw poison("syncing the log of \(path) failed: \(error)", cause: error.underlying)
    }
    counters.logSyncs.wrappingAdd(1, ordering: .relaxed)
    publishSealed(through: last, counted)
    return last
  }

  /// Writes what has gathered, without a sync: for modes in which nobody waits for one.
  func writeUnsynced() throws(StorageError) {
    logLatch.lock()
    defer { logLatch.unlock() }
    guard let log, failure == nil else { return }
    let (group, _, _, grows) = try closeGroup(log)
    if let group { try write(group, to: log, grows: grows, makingRoom: false) }
  }

  /// Ends the group being gathered, and seals the version that its commits make. Under `logLatch`.
  private func closeGroup(_ log: Log) throws(StorageError) -> (LogGroup?, UInt64, Unsynced, Bool) {
    try commitLatch.withLock { () throws(StorageError) in
      // A commit that failed while it was applied has left the workspace in pieces.
      if let failure { throw failure }
      let last = log.lastLSN
      if workspace.isChanged, last > versions.current.lsn {
        sealed.append(workspace.seal(lsn: last, timestamp: lastTimestamp))
      }
      unwrittenBytes.store(0, ordering: .relaxed)
      defer { unwrittenGrows = false }
      return (log.closeGroup(), last, unsynced, unwrittenGrows)
    }
  }

  /// Publishes the sealed versions that are durable now.
  private func publishSealed(through lsn: UInt64, _ counted: Unsynced) {
    commitLatch.withLock {
      var newest: Version?
      while let first = sealed.first, first.lsn <= lsn {
        newest = first
        sealed.removeFirst()
      }
      if let newest, newest.number > versions.current.number { publish(newest) }
      unsynced.subtract(counted)
    }
  }

  // MARK: When a write fails

  /// Writes a group; when that fails, takes it and everything after it back, so that nothing of it is ever
  /// seen. The reserve is for groups that only remove, and for those with commits that were acknowledged
  /// without a sync, which can no longer be refused.
  private func write(
    _ group: LogGroup, to log: Log, grows: Bool, makingRoom: Bool
  ) throws(StorageError) {
    do {
      let isAcknowledged = versions.current.lsn >= group.firstLSN
      try log.write(group, makingRoom: makingRoom || !grows || isAcknowledged)
      noteSuccessfulWrite(grows: grows)
      counters.logBytes.wrappingAdd(UInt64(group.byteCount), ordering: .relaxed)
    } catch {
      noteFailedWrite(StorageError(error))
      throw takeBack(log, after: error)
    }
  }

  /// Undoes all commits that are not durable. None was acknowledged, unless in a mode that does not wait;
  /// then nothing can be undone, and the database is poisoned.
  private func takeBack(_ log: Log, after error: LogError) -> StorageError {
    let reason = StorageError(error)
    status.withLock { $0.isUndoing = reason }
    defer { status.withLock { $0.isUndoing = nil } }
    return commitLatch.withLock {
      let published = versions.current
      guard published.lsn == log.durableLSN else {
        return poison("writing the log of \(path) failed: \(error)", cause: error.underlying)
      }
      do throws(LogError) {
        try log.discard(from: published.lsn + 1)
      } catch {
        return poison(
          "the log of \(path) could not be repaired after a failed write: \(error)", cause: error.underlying)
      }
      sealed.removeAll()
      workspace.reset(to: published)
      lastSafeLSN = published.lsn
      unsynced = Unsynced()
      unwrittenBytes.store(0, ordering: .relaxed)
      unwrittenGrows = false
      transactions.takeBack(after: published.lsn)
      groups.abandon(from: published.lsn + 1, with: reason)
      return reason
    }
  }
}

/// A commit that somebody waits for.
struct CommitTicket {
  var lsn: UInt64
  var group: GroupCommit<StorageError>.Ticket
}

/// What was acknowledged, or soon is, without a sync.
struct Unsynced {
  /// Operations of commits in `batch` and `unsafe` mode.
  private(set) var operations = 0
  /// Monotonic nanoseconds by which the first of them has to be synced.
  private(set) var deadline: UInt64?
  private var newest: UInt64 = 0
  private var interval: UInt64 = .max

  mutating func add(_ count: Int, _ durability: Durability, at now: UInt64) {
    guard case .batch(_, let milliseconds) = durability else { return }
    operations += count
    interval = min(interval, UInt64(max(0, milliseconds)) * 1_000_000)
    newest = now
    deadline = min(deadline ?? .max, now &+ interval)
  }

  /// Takes off what a sync has covered. What came since is due within the interval of the newest of it at the
  /// latest.
  mutating func subtract(_ synced: Unsynced) {
    operations = max(0, operations - synced.operations)
    if operations == 0 {
      self = Unsynced()
    } else {
      deadline = synced.newest &+ interval
    }
  }

  func isDue(at now: UInt64) -> Bool { deadline.map { now >= $0 } ?? false }
}
