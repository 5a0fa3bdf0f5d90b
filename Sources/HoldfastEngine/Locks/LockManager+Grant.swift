// Everything here is called under all latches.
extension LockManager {
  /// Calls `body` for every owner that keeps a request from being granted, some more than once, until it
  /// returns `false`. These are the edges of the wait-for graph.
  ///
  /// A request waits for conflicting holders and for conflicting requests before it. Between records and
  /// ranges there is an exception: a request before it that waits for a lock of the same owner is not waited
  /// for. That one cannot be granted before this owner ends, so waiting for it would be a deadlock without
  /// need: a scan that waits for a writer's first record would stop the writer at its second. Between
  /// requests for the same thing, the order of upgrades has this effect.
  func forEachBlocker(of request: LockRequest, _ body: (LockOwner) -> Bool) {
    switch request.target {
    case .entry(let queue):
      for holder in queue.holders where holder.owner !== request.owner {
        if !holder.mode.isCompatible(with: request.mode) && !body(holder.owner) { return }
      }
      for other in queue.waiters where other !== request && other.isBefore(request) {
        if !other.mode.isCompatible(with: request.mode) && !body(other.owner) { return }
      }
      if request.mode == .exclusive && queue.name.kind == .record {
        forEachRange(inTheWayOf: request, queue.name.key, body)
      }
    case .range(let range):
      for owner in request.writers where !body(owner) { return }
      forEachWriter(inTheWayOf: request, range, body)
    }
  }

  /// Ranges around a record that is to be written.
  private func forEachRange(
    inTheWayOf request: LockRequest, _ key: UnsafeRawBufferPointer, _ body: (LockOwner) -> Bool
  ) {
    guard let space = spaces[request.tree] else { return }
    for held in space.held where held.owner !== request.owner && held.range.contains(key) {
      if !body(held.owner) { return }
    }
    for other in space.waiting where other.isBefore(request) {
      guard case .range(let range) = other.target, range.contains(key) else { continue }
      if other.writers.contains(where: { $0 === request.owner }) { continue }
      if !body(other.owner) { return }
    }
  }

  /// Requests before it for writing records in a range.
  private func forEachWriter(
    inTheWayOf request: LockRequest, _ range: KeyRange, _ body: (LockOwner) -> Bool
  ) {
    for other in waiting where other.tree == request.tree && other.isBefore(request) {
      guard case .entry(let queue) = other.target, queue.name.kind == .record, other.mode == .exclusive,
        range.contains(queue.name.key)
      else { continue }
      if queue.mode(of: request.owner) != nil { continue }
      if spaces[request.tree]?.covers(queue.name.key, for: request.owner) ?? false { continue }
      if !body(other.owner) { return }
    }
  }

  func isBlocked(_ request: LockRequest) -> Bool {
    var isBlocked = false
    forEachBlocker(of: request) { _ in
      isBlocked = true
      return false
    }
    return isBlocked
  }

  /// The numbers of the transactions that a request waits for, each once, in rising order.
  func blockers(of request: LockRequest) -> [UInt64] {
    var numbers: Set<UInt64> = []
    forEachBlocker(of: request) {
      numbers.insert($0.transaction)
      return true
    }
    return numbers.sorted()
  }

  /// The other owners that hold records of a range in mode X, each once.
  func writers(in range: KeyRange, of tree: UInt64, except owner: LockOwner) -> [LockOwner] {
    var found: [ObjectIdentifier: LockOwner] = [:]
    func add(_ holder: LockOwner, _ mode: LockMode) {
      if mode == .exclusive && holder !== owner { found[ObjectIdentifier(holder)] = holder }
    }
    for partition in partitions where partition.count > 0 {
      for slot in 0..<partition.capacity {
        let entry = partition.slots[slot]
        guard !entry.isFree, entry.tree == tree, entry.kind == .record else { continue }
        guard range.contains(entry.keyBytes) else { continue }
        if let holder = entry.owner { add(holder.takeUnretainedValue(), entry.mode) }
        for holder in entry.queue?.takeUnretainedValue().holders ?? [] { add(holder.owner, holder.mode) }
      }
    }
    return Array(found.values)
  }

  func enqueue(_ request: LockRequest) {
    request.owner.request = request
    waiting.append(request)
    switch request.target {
    case .entry(let queue): queue.enqueue(request)
    case .range:
      space(of: request.tree).waiting.append(request)
      waitingRanges += 1
    }
  }

  /// Takes a request out of the queues, if it is in them.
  private func dequeue(_ request: LockRequest) {
    guard request.owner.request === request else { return }
    request.owner.request = nil
    waiting.removeAll { $0 === request }
    switch request.target {
    case .entry(let queue): queue.removeWaiter(request)
    case .range:
      spaces[request.tree]?.waiting.removeAll { $0 === request }
      waitingRanges -= 1
    }
    wakeups.append(request)
  }

  /// Gives its owner the lock that was asked for.
  func grant(_ request: LockRequest) {
    dequeue(request)
    let owner = request.owner
    switch request.target {
    case .entry(let queue):
      if queue.hold(owner, request.mode) { _ = owner.add(queue.name) }
      if request.mode == .exclusive && queue.name.kind == .record { tellRanges(owner, queue.name) }
    case .range(let range):
      owner.addRanges(space(of: request.tree).hold(owner, range))
    }
    request.decide(.granted)
  }

  /// Ranges that are waited for learn of a new writer.
  private func tellRanges(_ owner: LockOwner, _ name: LockName) {
    guard let space = spaces[name.tree] else { return }
    for request in space.waiting where request.owner !== owner {
      guard case .range(let range) = request.target, range.contains(name.key) else { continue }
      if !request.writers.contains(where: { $0 === owner }) { request.writers.append(owner) }
    }
  }

  /// Makes a request fail, and lets those go on who waited behind it.
  func withdraw(_ request: LockRequest, with error: StorageError) {
    dequeue(request)
    request.decide(.failed(error))
    switch request.target {
    case .entry(let queue):
      settle(queue)
      removeIfEmpty(queue)
    case .range: settle(request.tree)
    }
  }

  /// Grants what can be granted after a holder or a waiter of this has gone.
  ///
  /// A grant never makes another one possible: what was in the way as a request is so as a lock. So looking
  /// once at each is enough.
  func settle(_ queue: LockQueue) {
    if queue.name.kind == .record && spaces[queue.name.tree] != nil { return settle(queue.name.tree) }
    for request in queue.waiters {
      if !isBlocked(request) {
        grant(request)
      } else if request.mode == .exclusive {
        // Everybody behind it waits for it.
        return
      }
    }
  }

  /// The same for a whole tree: where there are ranges, what one record's lock was in the way of may be
  /// anywhere.
  func settle(_ tree: UInt64) {
    for request in waiting where request.tree == tree && !isBlocked(request) { grant(request) }
    if let space = spaces[tree], space.isEmpty { spaces[tree] = nil }
  }

  private func space(of tree: UInt64) -> RangeSpace {
    if let space = spaces[tree] { return space }
    let space = RangeSpace()
    spaces[tree] = space
    return space
  }

  /// The queue of a tree or a record, made if necessary.
  func queue(for name: LockName) -> LockQueue {
    let partition = partition(name.hash)
    let slot = partition.find(name)
    if let queue = slot.pointee.queue { return queue.takeUnretainedValue() }
    if !slot.pointee.isFree { return inflate(slot) }
    let queue = LockQueue(name)
    let entry = LockEntry(
      hash: name.hash, tree: name.tree, key: queue.name.key.baseAddress, keyCount: UInt32(name.key.count),
      kind: name.kind, queue: Unmanaged.passRetained(queue))
    partition.insert(entry, at: slot)
    return queue
  }

  /// Removes a queue's entry from the table when nobody holds it or waits for it.
  func removeIfEmpty(_ queue: LockQueue) {
    guard queue.isEmpty else { return }
    let partition = partition(queue.name.hash)
    let slot = partition.find(queue.name)
    if slot.pointee.queue?.toOpaque() == Unmanaged.passUnretained(queue).toOpaque() {
      partition.remove(at: slot)
    }
  }
}
