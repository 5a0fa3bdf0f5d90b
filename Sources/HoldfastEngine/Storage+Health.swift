import HoldfastIO
import HoldfastLog
import Synchronization

extension Storage {
  /// How the database is doing. Never throws, and waits for no write: all that it asks of the disk is what its
  /// name leads to, how full the volume is, and whether the reserve is there.
  public func health() -> StorageHealth {
    var health = StorageHealth()
    let (status, watch) = (status.withLock { $0 }, watch.withLock { $0 })
    (health.checkpointLSN, health.checkpointTime) = lastCheckpoint.withLock { $0 }
    health.logBytesSinceCheckpoint = bytesSinceCheckpoint.load(ordering: .relaxed)
    health.checkpointFailure = status.checkpointFailure?.message
    let now = options.clock.monotonic()
    if let (pin, readers) = versions.oldest {
      health.readers = readers
      health.oldestReaderLSN = pin.lsn
      health.oldestReaderMilliseconds = (now &- pin.since) / 1_000_000
    }
    health.heldBytes = watch.heldBytes
    health.cacheBudget = store.cache.budget
    health.fullCacheBudget = store.cache.fullBudget
    guard !status.isClosed else {
      health.add(.closed, .failed, "\(path) is closed: open it again")
      return health
    }
    health.writes = writes(at: now)
    health.hasReserve = !options.isReadOnly && reserve.isPresent
    lookAtVolume(watch, &health)
    addRefusals(status, &health)
    addConcerns(status, watch, &health)
    health.arrange()
    return health
  }

  private func writes(at now: UInt64) -> StorageHealth.Writes {
    let breaker = breaker.withLock { $0 }
    var writes = StorageHealth.Writes()
    switch breaker.state {
    case .closed(let failures): writes.failures = failures
    case .open(_, let until):
      writes.isSuspended = true
      writes.suspendedMilliseconds = until > now ? (until - now) / 1_000_000 : 0
    case .probing: writes.isSuspended = true
    }
    if writes.isSuspended || writes.failures > 0 { writes.lastFailure = breaker.reason }
    return writes
  }

  private func lookAtVolume(_ watch: Watch, _ health: inout StorageHealth) {
    let volume = (try? options.fileSystem.volume(at: path)) ?? watch.volume
    guard let volume else { return }
    health.diskAvailableBytes = volume.availableBytes
    health.diskTotalBytes = volume.totalBytes
    health.diskLevel = options.failurePolicy.level(of: volume, after: watch.level)
  }

  /// Why writes are refused now, or will be lost.
  private func addRefusals(_ status: Status, _ health: inout StorageHealth) {
    if let failure = status.failure { health.add(.outcomeUnknown, .failed, failure.message) }
    do throws(IOError) {
      if try options.fileSystem.information(at: path) == nil {
        health.add(
          .fileMissing, .failed,
          "\(path) was removed or renamed while it is open, and what is written now is lost with it: save what "
            + "matters, close it, and put the file back")
      }
    } catch {
      // A name that cannot be looked up says nothing of the file, which is open.
    }
    if health.writes.isSuspended {
      let now = options.clock.monotonic()
      let breaker = breaker.withLock { $0 }
      health.add(
        .writesSuspended, .readOnly,
        "\(path) takes no writes \(breaker.schedule(at: now)), because they kept failing "
          + "(\(breaker.reason)): check the volume")
    }
    if let full = status.diskFull { health.add(.diskFull, .readOnly, full.message) }
    if options.isReadOnly {
      health.add(
        .openedReadOnly, .readOnly, "\(path) was opened for reading only: open it for writing to change it")
    }
  }

  /// What needs attention, or is worth knowing.
  private func addConcerns(_ status: Status, _ watch: Watch, _ health: inout StorageHealth) {
    if let failure = status.checkpointFailure {
      health.add(
        .checkpointFailing, .degraded,
        "the last checkpoint of \(path) failed, so the log and the time that recovery takes grow: "
          + failure.message)
    }
    addDisk(&health)
    if reserve.byteCount > 0, !options.isReadOnly, !health.hasReserve, let failure = watch.reserveFailure {
      health.add(
        .reserveMissing, .degraded,
        "the reserve of \(path), which keeps deleting possible on a full disk, is missing: \(failure); free "
          + "\(2 * reserve.byteCount) bytes, and it is made again")
    }
    if health.heldBytes > options.failurePolicy.pinnedBytes,
      let lsn = health.oldestReaderLSN, lsn < health.checkpointLSN
    {
      health.add(
        .oldReader, .degraded,
        "\(health.heldBytes) bytes of \(path) wait to be used again, and a reader of commit \(lsn) is "
          + "\((health.oldestReaderMilliseconds ?? 0) / 1000) s old: release the snapshots that are not needed"
      )
    }
    if recovery.lostSlot || recovery.usedOlderSlot {
      health.add(
        .lostSlot, .degraded,
        "when \(path) was opened, a meta slot or the newest checkpoint was damaged and the other one was used; "
          + "no commit is missing: check the disk, and run a verification")
    }
    if recovery.lostFreeSpace {
      health.add(
        .lostFreeSpace, .degraded,
        "when \(path) was opened, its list of free pages was damaged; no document is missing, but that space is "
          + "not used again: check the disk, and copy the documents into a new database to get it back")
    }
    addDamage(&health)
    if watch.isShortOfMemory || health.cacheBudget < health.fullCacheBudget {
      health.add(
        .memoryPressure, .ok,
        "memory is short or was until just now: the cache of \(path) may take \(health.cacheBudget) of "
          + "\(health.fullCacheBudget) bytes; give the process or the machine more")
    }
  }

  private func addDamage(_ health: inout StorageHealth) {
    guard !store.damage.isEmpty else { return }
    // Which of it has been given up with its tree is only worth knowing if it can be had without waiting.
    var ranges = store.damage.all
    if commitLatch.tryLock() {
      ranges = workspace.reachedDamage()
      commitLatch.unlock()
    }
    health.damagedPages = ranges.count
    guard !ranges.isEmpty else { return }
    let isRefused = options.onDamage == .refuse && !options.isReadOnly
    let cutOff = ranges.count { $0.isCutOff }
    health.add(
      .damagedPages, isRefused ? .readOnly : .degraded,
      "\(ranges.count) pages of \(path) are damaged"
        + (cutOff > 0 ? ", and later changes to \(cutOff) of them were set aside" : "")
        + "; everything else can be used\(isRefused ? " for reading, as the options ask" : ""): run a verification "
        + "to see all of it, save what can be read, and restore the rest from a backup")
  }

  private func addDisk(_ health: inout StorageHealth) {
    guard let available = health.diskAvailableBytes, let total = health.diskTotalBytes else { return }
    let message =
      "\(available) of \(total) bytes are left on the volume of \(path): make room, or move the database to "
      + "a larger one"
    switch health.diskLevel {
    case .normal: break
    case .notice: health.add(.diskNotice, .ok, message)
    case .warning: health.add(.diskWarning, .ok, message)
    case .critical: health.add(.diskCritical, .degraded, message)
    }
  }
}

extension StorageHealth {
  fileprivate mutating func add(_ code: Reason.Code, _ status: Status, _ message: String) {
    reasons.append(Reason(code: code, status: status, message: message))
    self.status = max(self.status, status)
  }

  /// Puts the gravest first; of the same gravity, what was noticed first.
  fileprivate mutating func arrange() {
    let order = reasons.enumerated().sorted {
      $0.element.status != $1.element.status
        ? $0.element.status > $1.element.status : $0.offset < $1.offset
    }
    reasons = order.map(\.element)
  }
}
