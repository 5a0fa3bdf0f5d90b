import HoldfastIO
import HoldfastLog
import Synchronization

// Whether writes are tried at all, and what the reserve is used for.

extension Storage {
  /// Refuses, without waiting for anything, while writes are suspended.
  func checkSuspension() throws(StorageError) {
    guard isSuspended else { return }
    let now = options.clock.monotonic()
    let refusal = breaker.withLock { $0.refuses(at: now) ? $0 : nil }
    if let refusal { throw suspension(refusal, at: now) }
  }

  /// Asks for leave to write. Returns whether this write decides for all; then ``endProbe()`` must follow.
  func admitWrite() throws(StorageError) -> Bool {
    // The usual case needs no look at the clock.
    guard isSuspended else { return false }
    let now = options.clock.monotonic()
    let (admission, breaker) = breaker.withLock { ($0.admit(at: now), $0) }
    switch admission {
    case .admitted: return false
    case .probe: return true
    case .refused: throw suspension(breaker, at: now)
    }
  }

  func endProbe() {
    let now = options.clock.monotonic()
    breaker.withLock { $0.endProbe(at: now) }
  }

  /// Whether work that nobody asked for should wait.
  var isSuspended: Bool { !breaker.isClosed }

  private func suspension(_ breaker: CircuitBreaker, at now: UInt64) -> StorageError {
    StorageError(
      .writesSuspended,
      "\(path) takes no writes \(breaker.schedule(at: now)): "
        + "\(options.failurePolicy.suspendsAfter) writes in a row had failed, or the one that was tried since; "
        + "the last because it \(breaker.reason). Nothing was changed, and reading goes on: check the volume, "
        + "and try again then")
  }

  /// Counts a failed write of the log, and notes when the disk is full.
  func noteFailedWrite(_ error: StorageError) {
    noteFailedPages(error)
    if error.code == .diskFull { status.withLock { $0.diskFull = error } }
  }

  /// Counts a failed write of pages. They are no commit's failure.
  func noteFailedPages(_ error: StorageError) {
    guard let cause = error.cause else { return }
    let now = options.clock.monotonic()
    breaker.withLock { $0.failed(cause, at: now) }
  }

  /// A group has been written to the log. `grows` is whether it held more than removals, which may have had
  /// the reserve.
  func noteSuccessfulWrite(grows: Bool) {
    breaker.withLock { $0.succeeded() }
    if grows { status.withLock { $0.diskFull = nil } }
  }

  /// Makes the log's next segment. The commit that needs it makes it itself when this fails, and gets the
  /// error if there still is one.
  func prepareSegment(_ log: Log) {
    do {
      try log.prepareNextSegment()
      breaker.withLock { $0.succeeded() }
    } catch {
      noteFailedPages(StorageError(error))
    }
  }

  /// Runs `body`, and once more, without the reserve, when there was no room.
  func withReserve<R>(_ body: () throws(StorageError) -> R) throws(StorageError) -> R {
    do {
      return try body()
    } catch {
      // After a failure that leaves the outcome open nothing is tried again.
      guard failure == nil, error.cause?.errorClass == .diskFull, reserve.remove() else { throw error }
      return try body()
    }
  }

  /// Gives back at once all memory that only saves reading: pages that the file has as they are. They are read
  /// again when they are needed. Waits for a commit that is being applied.
  public func releaseMemory() throws(StorageError) {
    try checkOpen()
    commitLatch.withLock { store.cache.removeClean() }
  }
}

extension CircuitBreaker {
  /// Since when and for how long writes are refused, for a message.
  func schedule(at now: UInt64) -> String {
    func seconds(_ nanoseconds: UInt64) -> UInt64 { (nanoseconds + 999_999_999) / 1_000_000_000 }
    switch state {
    case .closed: return "for no time"
    case .open(let since, let until):
      return "since \(seconds(now &- since)) s ago and for \(seconds(until > now ? until - now : 0)) s more"
    case .probing(let since):
      return "since \(seconds(now &- since)) s ago, until one that is being tried has succeeded"
    }
  }
}
