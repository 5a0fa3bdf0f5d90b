import HoldfastIO
import Synchronization

extension LockManager {
  /// Locks a tree or a record for which others may have to be waited for.
  func lockInLine(_ owner: LockOwner, _ name: LockName, _ mode: LockMode, _ timeout: UInt64)
    throws(StorageError)
  {
    let request = try withAll { () throws(StorageError) -> LockRequest? in
      // Others had the latches in between, so everything is looked at again.
      if owner.isCancelled { throw cancellation(of: owner) }
      let queue = queue(for: name)
      defer { removeIfEmpty(queue) }
      let held = queue.mode(of: owner)
      if let held, held.covers(mode) { return nil }
      let isInOwnRange = name.kind == .record && spaces[name.tree]?.covers(name.key, for: owner) ?? false
      if isInOwnRange && mode == .shared { return nil }
      if held == nil { try owner.checkLimit() }
      return try start(
        owner, name.tree, .entry(queue), held?.supremum(with: mode) ?? mode,
        isUpgrade: held != nil || isInOwnRange, timeout)
    }
    if let request { try wait(for: request, timeout) }
  }

  /// Locks a key range.
  func lock(_ owner: LockOwner, _ range: KeyRange, of tree: UInt64, _ timeout: UInt64?)
    throws(StorageError)
  {
    guard !range.isEmpty else { return }
    let timeout = timeout ?? owner.timeout
    let request = try withAll { () throws(StorageError) -> LockRequest? in
      if owner.isCancelled { throw cancellation(of: owner) }
      if let space = spaces[tree],
        space.held.contains(where: { $0.owner === owner && $0.range.contains(range) })
      {
        return nil
      }
      try owner.checkLimit()
      return try start(owner, tree, .range(range), .shared, isUpgrade: false, timeout)
    }
    if let request { try wait(for: request, timeout) }
  }

  /// Grants what can be granted, and puts the rest in line. Returns the request when it has to be waited
  /// for.
  private func start(
    _ owner: LockOwner, _ tree: UInt64, _ target: LockRequest.Target, _ mode: LockMode, isUpgrade: Bool,
    _ timeout: UInt64
  ) throws(StorageError) -> LockRequest? {
    lastSequence += 1
    let request = LockRequest(
      owner, tree: tree, target, mode, isUpgrade: isUpgrade, sequence: lastSequence,
      since: options.clock.monotonic())
    if case .range(let range) = target { request.writers = writers(in: range, of: tree, except: owner) }
    if !isBlocked(request) {
      grant(request)
      return nil
    }
    guard timeout > 0 else {
      timeouts.add(1, ordering: .relaxed)
      throw timeoutError(request, timeout)
    }
    waits.add(1, ordering: .relaxed)
    enqueue(request)
    breakCycles(through: request)
    return request
  }

  /// Sleeps until a request is decided or its time is over.
  private func wait(for request: LockRequest, _ timeout: UInt64) throws(StorageError) {
    let (deadline, isEndless) = SystemClock().monotonic().addingReportingOverflow(timeout)
    if !request.sleep(until: isEndless ? .max : deadline) {
      withAll {
        // In the moment in which the time was over it may have been decided by others.
        guard request.outcome == nil else { return }
        timeouts.add(1, ordering: .relaxed)
        withdraw(request, with: timeoutError(request, timeout))
      }
    }
    // It is decided, and nobody changes that.
    let waited = options.clock.monotonic() &- request.since
    waitNanoseconds.add(waited, ordering: .relaxed)
    if case .failed(let error) = request.outcome { throw error }
  }

  /// Makes the call of an owner that waits throw `error`, and so its later calls until it is released. A call
  /// that has just been granted its lock ends well, and the next one throws.
  package func cancel(_ owner: LockOwner, with error: StorageError) {
    withAll {
      owner.cancellation = error
      owner.isCancelled = true
      if let request = owner.request { withdraw(request, with: error) }
    }
  }

  private func timeoutError(_ request: LockRequest, _ timeout: UInt64) -> StorageError {
    let others = LockManager.list(blockers(of: request))
    let time = timeout == 0 ? "at once" : "within \(timeout / 1_000_000) ms"
    return StorageError(
      .lockTimeout,
      """
      a \(request.kind) of tree \(request.tree) could not be locked in mode \(request.mode) \(time): it is \
      held or waited for by \(others); roll the transaction back and try it again, or allow more time
      """)
  }

  /// "transaction 3", "transactions 3, 4 and 5 others".
  static func list(_ transactions: [UInt64]) -> String {
    let named = transactions.prefix(namedTransactions).map(String.init).joined(separator: ", ")
    let others = transactions.count - namedTransactions
    return (transactions.count == 1 ? "transaction " : "transactions ") + named
      + (others > 0 ? " and \(others) others" : "")
  }

  /// How many transactions a message names at most.
  private static var namedTransactions: Int { 16 }
}
