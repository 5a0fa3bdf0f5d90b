import HoldfastEngine

/// One thing that a ``Workload`` does.
public enum Step: Sendable, Equatable {
  /// A transaction.
  case commit([Change], Durability)
  /// A transaction that throws at its end.
  case abort([Change])
  case persist
  case checkpoint
  case spill
  /// Closes and opens again.
  case reopen
  /// The process dies; what it had not yet given to the system is gone. Opens again.
  case kill
  /// The power fails and comes back. Opens again.
  case power
  /// Takes a snapshot and keeps it.
  case pin
  /// Compares every kept snapshot with what it showed when it was taken.
  case compare
  /// Lets go of the oldest snapshot.
  case release
  /// Moves the time of day, forward or back; time passes only forward.
  case clock(milliseconds: Int64)
}

/// One call of a transaction. Trees are named by the workload: which one a name means is decided when it is
/// created, and a change of a tree that is not there is left out, so that any part of a workload is a
/// workload.
public enum Change: Sendable, Equatable {
  /// Sets these keys, each to `size` bytes that follow from key and `mark`.
  case put(tree: Int, keys: Range<Int>, size: Int, mark: Int)
  case delete(tree: Int, keys: Range<Int>)
  case create(tree: Int)
  case clear(tree: Int)
  case drop(tree: Int)
}

/// How the database of a workload is set up.
public struct Setup: Sendable, Equatable {
  public var isEncrypted: Bool
  public var pageSize: Int
  /// Small, so that caches fill up, segments rotate and checkpoints come due.
  public var cacheBytes: Int
  public var logBudget: Int
  public var segmentBytes: ClosedRange<Int>

  public init(
    isEncrypted: Bool = false, pageSize: Int = 4096, cacheBytes: Int = 256 << 10, logBudget: Int = 1 << 20,
    segmentBytes: ClosedRange<Int> = 16 << 10...64 << 10
  ) {
    self.isEncrypted = isEncrypted
    self.pageSize = pageSize
    self.cacheBytes = cacheBytes
    self.logBudget = logBudget
    self.segmentBytes = segmentBytes
  }
}

/// A sequence of steps as data, so that it can be printed, cut down and replayed.
public struct Workload: Sendable, Equatable {
  public var name: String
  public var setup: Setup
  public var steps: [Step]

  public init(_ name: String, setup: Setup = Setup(), _ steps: [Step]) {
    self.name = name
    self.setup = setup
    self.steps = steps
  }
}
