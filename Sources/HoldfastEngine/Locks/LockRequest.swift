import HoldfastIO

/// A call that waits for a lock.
///
/// `@unchecked Sendable`: what changes belongs to the manager's latches, `isAwake` to the request's own.
final class LockRequest: @unchecked Sendable {
  enum Outcome {
    case granted
    case failed(StorageError)
  }

  enum Target {
    /// A tree or a record.
    case entry(LockQueue)
    case range(KeyRange)
  }

  let owner: LockOwner
  let tree: UInt64
  let target: Target
  /// The mode that it will hold when this is granted.
  let mode: LockMode
  /// It holds this already in a weaker mode, or in a range around it.
  let isUpgrade: Bool
  /// The number of the request: later ones have greater numbers.
  let sequence: UInt64
  /// When it began to wait.
  let since: UInt64

  /// Of a range: the owners that hold a record in it in mode X, each once. Complete: whoever gets such a
  /// record later is added, and removed when it lets go of everything.
  var writers: [LockOwner] = []
  /// Set when the request leaves the queues.
  private(set) var outcome: Outcome?

  private let latch = Latch()
  private let condition = Condition()
  private var isAwake = false

  init(
    _ owner: LockOwner, tree: UInt64, _ target: Target, _ mode: LockMode, isUpgrade: Bool, sequence: UInt64,
    since: UInt64
  ) {
    self.owner = owner
    self.tree = tree
    self.target = target
    self.mode = mode
    self.isUpgrade = isUpgrade
    self.sequence = sequence
    self.since = since
  }

  var kind: LockKind {
    switch target {
    case .entry(let queue): queue.name.kind
    case .range: .range
    }
  }

  /// Whether it is served first when both are in each other's way. This is a total order: upgrades come
  /// first, because those who hold something are in the way of all who wait for it anyway.
  func isBefore(_ other: LockRequest) -> Bool {
    if isUpgrade != other.isUpgrade { return isUpgrade }
    return sequence < other.sequence
  }

  func decide(_ outcome: Outcome) { self.outcome = outcome }

  /// Sleeps until it is woken, or until `deadline` of the system's monotonic clock. Returns whether it was
  /// woken.
  func sleep(until deadline: UInt64) -> Bool {
    let clock = SystemClock()
    latch.lock()
    defer { latch.unlock() }
    while !isAwake {
      let now = clock.monotonic()
      guard now < deadline else { return false }
      _ = condition.wait(latch, nanoseconds: deadline - now)
    }
    return true
  }

  /// To be called after it was decided and without the manager's latches, so that the woken thread does not
  /// run into them.
  func wake() {
    latch.withLock {
      isAwake = true
      condition.signal()
    }
  }
}
