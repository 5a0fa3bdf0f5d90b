extension LockManager {
  /// Lets go of all locks of an owner.
  func releaseAll(_ owner: LockOwner) {
    precondition(owner.request == nil, "an owner of locks was released while it waited for one")
    // Locks for which nobody waits go one by one, under their partition's latch.
    var awaited: [LockOwner.Held] = []
    for lock in owner.held {
      let isGone = withPartition(lock.hash) { release(lock, of: owner, in: $0) }
      if !isGone { awaited.append(lock) }
    }
    // This look at the ranges comes last: one that began to wait later has found none of the locks.
    let isAwaited = partitions[0].latch.withLock { waitingRanges > 0 || owner.isCancelled }
    if isAwaited || !awaited.isEmpty || owner.rangeCount > 0 {
      withAll { release(awaited, of: owner) }
    }
    owner.removeAll()
  }

  /// Lets go of one lock, unless somebody waits in its queue. Returns whether it is gone.
  @inline(__always)
  private func release(_ lock: LockOwner.Held, of owner: LockOwner, in partition: LockPartition) -> Bool {
    let slot = partition.find(lock.name)
    if let queue = slot.pointee.queue?._withUnsafeGuaranteedRef({ $0 }) {
      guard queue.waiters.isEmpty else { return false }
      queue.removeHolder(owner)
      guard queue.isEmpty else { return true }
    }
    partition.remove(at: slot)
    return true
  }

  /// Lets go of what others wait for. Called under all latches.
  private func release(_ locks: [LockOwner.Held], of owner: LockOwner) {
    owner.isCancelled = false
    owner.cancellation = nil
    var queues: [LockQueue] = []
    for lock in locks {
      let queue = queue(for: lock.name)
      queue.removeHolder(owner)
      queues.append(queue)
    }
    let ranged = Array(spaces.keys)
    for space in spaces.values {
      space.held.removeAll { $0.owner === owner }
      for request in space.waiting { request.writers.removeAll { $0 === owner } }
    }
    // Only now that all are gone: a request may have waited for several.
    for queue in queues {
      settle(queue)
      removeIfEmpty(queue)
    }
    for tree in ranged { settle(tree) }
  }
}
