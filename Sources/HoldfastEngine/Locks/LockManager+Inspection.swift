import Synchronization

extension LockManager {
  /// What is locked, at most `limit` things, in no certain order. Looking stops all locking for a moment.
  package func lockInfo(limit: Int = 10_000) -> [LockInfo] {
    withAll {
      var found: [LockInfo] = []
      for (tree, space) in spaces {
        for held in space.held where found.count < limit {
          found.append(
            LockInfo(
              tree: tree, kind: .range, key: held.range.lower, upper: held.range.upper,
              holders: [.init(transaction: held.owner.transaction, mode: .shared)], waiting: 0))
        }
      }
      for partition in partitions {
        for slot in 0..<partition.capacity where found.count < limit {
          let entry = partition.slots[slot]
          if !entry.isFree { found.append(LockManager.info(entry)) }
        }
      }
      return found
    }
  }

  private static func info(_ entry: LockEntry) -> LockInfo {
    let queue = entry.queue?.takeUnretainedValue()
    var holders = (queue?.holders ?? []).map {
      LockInfo.Holder(transaction: $0.owner.transaction, mode: $0.mode)
    }
    if let owner = entry.owner?.takeUnretainedValue() {
      holders.append(.init(transaction: owner.transaction, mode: entry.mode))
    }
    return LockInfo(
      tree: entry.tree, kind: entry.kind, key: [UInt8](entry.keyBytes), upper: nil, holders: holders,
      waiting: queue?.waiters.count ?? 0)
  }

  /// Who waits, in the order in which they came.
  package var blockedTransactions: [BlockedTransaction] {
    withAll {
      waiting.map { request in
        var range = KeyRange(lower: [], upper: nil)
        switch request.target {
        case .entry(let queue): range.lower = [UInt8](queue.name.key)
        case .range(let wanted): range = wanted
        }
        return BlockedTransaction(
          transaction: request.owner.transaction, since: request.since, tree: request.tree,
          kind: request.kind, mode: request.mode, key: range.lower, upper: range.upper,
          blockers: blockers(of: request))
      }
    }
  }

  /// Who waits for whom, each pair once.
  package var waitForGraph: [WaitForEdge] {
    withAll {
      waiting.flatMap { request in
        blockers(of: request).map { WaitForEdge(waiting: request.owner.transaction, blocker: $0) }
      }
    }
  }

  package var statistics: LockStatistics {
    LockStatistics(
      waits: waits.load(ordering: .relaxed), waitNanoseconds: waitNanoseconds.load(ordering: .relaxed),
      deadlocks: deadlocks.load(ordering: .relaxed), timeouts: timeouts.load(ordering: .relaxed))
  }
}
