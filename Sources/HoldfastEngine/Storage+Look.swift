import HoldfastIO
import HoldfastLog
import Synchronization

/// What was last seen of volume and memory.
struct Watch: Sendable {
  /// When, in monotonic nanoseconds.
  var lastLook: UInt64
  var volume: VolumeInformation?
  var level: DiskLevel = .normal
  /// How many checkpoints are still wanted to let the log go: it goes as far as the one before the last.
  var checkpoints = 0
  /// Why there is no reserve, when there should be one by now.
  var reserveFailure: String?
  /// Not before then is it tried again to make the reserve.
  var nextReserve: UInt64 = 0
  /// Since when memory has not been short.
  var calmSince: UInt64?
  var isShortOfMemory = false
  /// The bytes of pages that cannot be used again yet.
  var heldBytes: UInt64 = 0

  init(lastLook: UInt64) { self.lastLook = lastLook }
}

extension Storage {
  /// Looks at volume and memory, at most once in the policy's interval, and does what follows. Never part of
  /// opening: the first look comes an interval later. Called by ``maintain()``.
  func look(at now: UInt64) {
    let isDue = watch.withLock { watch in
      guard now &- watch.lastLook >= options.failurePolicy.lookInterval else { return false }
      watch.lastLook = now
      return true
    }
    guard isDue, !status.withLock({ $0.isClosing }) else { return }
    lookAtVolume(now)
    lookAtMemory(now)
    let pages = commitLatch.withLock { workspace.space.heldPages }
    watch.withLock { $0.heldBytes = pages * UInt64(store.pageSize) }
  }

  // MARK: The volume

  private func lookAtVolume(_ now: UInt64) {
    guard let volume = try? options.fileSystem.volume(at: path) else { return }
    let (level, wantsCheckpoint) = watch.withLock { watch in
      let level = options.failurePolicy.level(of: volume, after: watch.level)
      if level >= .warning && watch.level < .warning { watch.checkpoints = 2 }
      if level < .warning { watch.checkpoints = 0 }
      watch.volume = volume
      watch.level = level
      guard watch.checkpoints > 0 else { return (level, false) }
      watch.checkpoints -= 1
      return (level, true)
    }
    log?.keepSpares(level < .warning)
    if wantsCheckpoint && !isSuspended { status.withLock { $0.wantsCheckpoint = true } }
    keepReserve(volume, at: now)
  }

  /// Makes the reserve when it is missing and there is room for it.
  private func keepReserve(_ volume: VolumeInformation, at now: UInt64) {
    guard reserve.byteCount > 0, !reserve.isPresent else { return }
    guard volume.availableBytes >= 2 * UInt64(reserve.byteCount) else {
      watch.withLock { $0.reserveFailure = "there is no room for it" }
      return
    }
    guard !isSuspended, watch.withLock({ $0.nextReserve <= now }) else { return }
    do {
      try reserve.make(seed: options.random.next())
      watch.withLock { $0.reserveFailure = nil }
      // Where this fits, so do commits.
      status.withLock { $0.diskFull = nil }
    } catch {
      watch.withLock { watch in
        watch.reserveFailure = error.description
        watch.nextReserve = now &+ options.failurePolicy.suspension
      }
    }
  }

  // MARK: Memory

  /// Halves the cache while memory is short, and doubles it again, step by step, when that has passed. What
  /// may be dirty is a part of the budget, so spills and checkpoints come earlier meanwhile.
  private func lookAtMemory(_ now: UInt64) {
    let isShort = options.memory.isUnderPressure()
    let mayGrow = watch.withLock { watch in
      watch.isShortOfMemory = isShort
      watch.calmSince = isShort ? nil : watch.calmSince ?? now
      return watch.calmSince.map { now &- $0 >= options.failurePolicy.memoryCalm } ?? false
    }
    let cache = store.cache
    if isShort {
      cache.setBudget(cache.budget / 2)
    } else if mayGrow && cache.budget < cache.fullBudget {
      cache.setBudget(cache.budget * 2)
    }
  }
}
