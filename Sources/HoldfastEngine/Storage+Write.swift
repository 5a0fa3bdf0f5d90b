import CHoldfast
import HoldfastIO
import HoldfastLog
import Synchronization

extension Storage {
  /// Runs `body` as one transaction: all it writes becomes visible at once and survives a crash as a whole,
  /// or, when it throws, not at all. Returns when the commit is as durable as was asked
  /// (``WriteTransaction/require(_:)``, or the options' durability). Any number of transactions run at a time;
  /// their commits share syncs. Tries once: ``StorageError/Code/writeConflict`` and
  /// ``StorageError/Code/deadlock`` are for the caller, who may try again.
  public func write<R>(
    _ options: TransactionOptions = TransactionOptions(), _ body: (WriteTransaction) throws -> R
  ) throws -> R {
    try refuseInsideWrite("written to by another transaction")
    let (transaction, isProbe) = try begin(options, thread: Process.thread)
    defer { if isProbe { endProbe() } }
    _ = holdfast_closures(1)
    defer { _ = holdfast_closures(-1) }
    let result: R
    do {
      result = try body(transaction)
    } catch {
      transaction.rollback()
      throw error
    }
    if let reason = transaction.abortError {
      transaction.rollback()
      throw reason
    }
    // Unless `body` has rolled it back.
    if transaction.isOpen { try transaction.commit() }
    return result
  }

  /// Begins a transaction that its owner ends.
  public func begin(_ options: TransactionOptions = TransactionOptions()) throws(StorageError)
    -> WriteTransaction
  {
    let (transaction, isProbe) = try begin(options, thread: nil)
    // Whether the disk is well again is found out by a write that ends.
    if isProbe { endProbe() }
    return transaction
  }

  private func begin(
    _ options: TransactionOptions, thread: UInt?
  ) throws(StorageError) -> (WriteTransaction, isProbe: Bool) {
    try checkWritable()
    if self.options.onDamage == .refuse, let first = damage.first {
      try Opening(path: path, options: self.options).refuse(first)
    }
    try checkSuspension()
    let now = self.options.clock.monotonic()
    let transaction = try transactions.begin(
      at: now, thread: thread, limit: self.options.transactions.open
    ) { (number) throws(StorageError) in
      try checkOpen()
      return WriteTransaction(self, number: number, base: Snapshot(self, at: now), options)
    }
    do throws(StorageError) {
      // Closing may have begun before the transaction was known.
      try checkWritable()
      let isProbe = try admitWrite()
      // Only what reaches the disk decides.
      if isProbe { transaction.require(.safe) }
      return (transaction, isProbe)
    } catch {
      transaction.rollback()
      throw error
    }
  }

  /// Calls that wait for running transactions must not be made by one.
  func refuseInsideWrite(_ what: String) throws(StorageError) {
    guard !isInsideWrite else {
      throw StorageError(
        .invalidUse,
        "\(path) cannot be \(what) inside a write: use the transaction that is there, or do it afterwards")
    }
  }

  /// Whether the calling thread is inside of ``write(_:_:)``.
  public var isInsideWrite: Bool {
    // Most threads are inside of none, of whatever database.
    holdfast_closures(0) > 0 && transactions.runs(Process.thread)
  }

  /// Commits a transaction, and waits until that is as durable as was asked and everybody sees it.
  func commit(_ transaction: WriteTransaction) throws(StorageError) {
    let ticket = try append(transaction)
    try acknowledge(ticket, transaction.durability ?? options.durability)
  }

  /// Appends a transaction to the log and applies it.
  private func append(_ transaction: WriteTransaction) throws(StorageError) -> CommitTicket {
    guard let log else { throw StorageError(.readOnly, "\(path) was opened for reading only") }
    let payload = transaction.encoded()
    let records = transaction.writtenRecords
    let isShort = transaction.isShort
    let durability = transaction.durability ?? options.durability
    queueLatch.lock()
    defer { queueLatch.unlock() }
    commitLatch.lock()
    defer { commitLatch.unlock() }
    // Not whether it is being closed: that waits for the transaction that is running.
    try checkHealth()
    // Everything that can fail comes first: reading the pages that will change, then reserving room in the
    // log.
    store.cache.pauseEviction()
    defer { store.cache.resumeEviction() }
    try transaction.readAhead { workspace.tree($0) }
    workspace.doomed = [:]
    for id in transaction.clearedTrees { try workspace.prepareToClear(id) }
    let now = max(options.clock.now(), lastTimestamp)
    let grows = !transaction.onlyRemoves
    let lsn = try append(payload, to: log, at: now, grows: grows)
    lastTimestamp = now
    nextTransaction += 1
    workspace.lsn = lsn
    let published = versions.current
    // Before anybody can see it, and before its locks are free.
    transactions.note(lsn, published: published.lsn, records)
    // When nothing before it waits for a sync, it is visible at once.
    let isPublished = durability != .safe && lastSafeLSN <= published.lsn
    do {
      if isPublished && isShort {
        try versions.publish { pinned in
          try workspace.changeInPlace(above: pinned) { try workspace.apply(payload) }
          return workspace.seal(lsn: lsn, timestamp: now)
        }
        releasePages()
      } else {
        try workspace.apply(payload)
        if isPublished { publish(workspace.seal(lsn: lsn, timestamp: now)) }
      }
    } catch {
      throw poison("applying commit \(lsn) failed: \(error)")
    }
    counters.commits.wrappingAdd(1, ordering: .relaxed)
    bytesSinceCheckpoint.add(payload.count + Storage.frameOverhead, ordering: .relaxed)
    if grows { unwrittenGrows = true }
    unwrittenBytes.add(payload.count + Storage.frameOverhead, ordering: .relaxed)
    if durability == .safe {
      lastSafeLSN = lsn
    } else {
      unsynced.add(transaction.operationCount, durability, at: options.clock.monotonic())
    }
    return ticket(lsn)
  }

  /// About what a frame adds to its payload, in bytes.
  private static let frameOverhead = 112

  /// Appends a commit. One that only removes may have the reserve when it needs a further segment.
  private func append(
    _ payload: [UInt8], to log: Log, at now: Int64, grows: Bool
  ) throws(StorageError) -> UInt64 {
    do {
      return try append(payload, to: log, at: now, isScarce: false)
    } catch {
      if !grows, error.code == .diskFull, reserve.remove() {
        return try append(payload, to: log, at: now, isScarce: true)
      }
      noteFailedWrite(error)
      throw error
    }
  }

  private func append(
    _ payload: [UInt8], to log: Log, at now: Int64, isScarce: Bool
  ) throws(StorageError) -> UInt64 {
    do throws(LogError) {
      let result: Result<UInt64, LogError> = payload.withUnsafeBytes { bytes in
        do throws(LogError) {
          return .success(
            try log.append(
              kind: .commit, transaction: nextTransaction, timestamp: now, payload: bytes, extension: nil,
              isScarce: isScarce))
        } catch { return .failure(error) }
      }
      return try result.get()
    } catch {
      throw StorageError(error)
    }
  }

  /// Makes a version the one that readers see. Under the commit latch.
  func publish(_ version: Version) {
    versions.publish(version)
    releasePages()
  }

  /// Makes pages available that nobody needs any more. Under the commit latch.
  func releasePages(all: Bool = false) {
    let all = versions.isWorthLooking(heldPages: workspace.space.heldCount) || all
    guard all || workspace.space.hasFresh else { return }
    workspace.space.release(needed: versions.needed, published: versions.current.number, all: all) { extent in
      store.forget(extent.start)
    }
  }

  // MARK: After the commit

  /// Waits for what a commit's durability promises.
  private func acknowledge(_ ticket: CommitTicket, _ durability: Durability) throws(StorageError) {
    switch durability {
    case .safe:
      try waitUntilDurable(ticket)
    case .batch(let limit, _):
      let now = options.clock.monotonic()
      let mustSync = commitLatch.withLock { unsynced.operations >= limit || unsynced.isDue(at: now) }
      if mustSync { try waitUntilDurable(ticket) } else { try waitUntilPublished(ticket) }
    case .unsafe:
      try waitUntilPublished(ticket)
    }
  }

  /// Waits until a commit is visible: at once when nothing before it waits for a sync.
  private func waitUntilPublished(_ ticket: CommitTicket) throws(StorageError) {
    if versions.current.lsn < ticket.lsn {
      try waitUntilDurable(ticket)
    } else {
      // What is visible under this number may be another commit, if this one was taken back.
      try groups.check(ticket.lsn, ticket.group)
    }
  }

  /// Waits until a commit is on the disk, leading the sync when nobody does.
  func waitUntilDurable(_ ticket: CommitTicket) throws(StorageError) {
    try groups.wait(until: ticket.lsn, ticket: ticket.group) { () throws(StorageError) in try self.lead() }
  }

  /// A ticket for everything that was appended so far. Under the commit latch.
  func ticket(_ lsn: UInt64) -> CommitTicket { CommitTicket(lsn: lsn, group: groups.ticket()) }

  /// Makes everything acknowledged so far durable, in every mode.
  public func persist() throws(StorageError) {
    try checkWritable()
    guard let log else { return }
    try waitUntilDurable(commitLatch.withLock { ticket(log.lastLSN) })
  }

  /// Does the work that a commit made due, or leaves it to the background thread. The commit is what it is
  /// whatever becomes of that: failures are noted for the statistics, or poison.
  func afterCommit() {
    let bytes = bytesSinceCheckpoint.load(ordering: .relaxed)
    if unwrittenBytes.load(ordering: .relaxed) > Storage.unwrittenLimit {
      do { try writeUnsynced() } catch { status.withLock { $0.checkpointFailure = error } }
    }
    let dirty = store.cache.dirtyBytes
    if dirty > store.cache.budget / 2 { spillOrWait(dirty) }
    let isPrepared = log?.wantsNextSegment != true
    guard bytes > options.logBudget || !isPrepared else { return }
    if hasMaintenance {
      if bytes > options.logBudget { status.withLock { $0.wantsCheckpoint = true } }
      wakeMaintenance()
      // Past twice the budget recovery would take too long: commits slow down until the checkpoint is
      // through.
      if bytes > 2 * options.logBudget { options.clock.sleep(nanoseconds: Storage.slowdown) }
    } else if bytes > options.logBudget {
      checkpointQuietly()
    }
  }

  /// A checkpoint that nobody waits for: when it fails the log goes on growing, and the statistics say why.
  func checkpointQuietly() {
    // Its failure is noted by the checkpoint itself.
    _ = try? checkpoint()
  }

  private static let unwrittenLimit = 256 * 1024
  private static let slowdown: UInt64 = 5_000_000
}
