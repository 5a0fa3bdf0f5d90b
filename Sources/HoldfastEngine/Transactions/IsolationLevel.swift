/// What a transaction may see of others that run at the same time.
public enum IsolationLevel: String, Sendable, CaseIterable {
  /// Each call sees what was committed when it began.
  case readCommitted
  /// All calls see what was committed when the transaction began. A record that another transaction has
  /// changed since then cannot be written: who changes it first wins.
  case snapshot
  /// As if transactions ran one after another: what is read is locked, and must not have changed since the
  /// transaction began.
  case serializable
}

/// How one transaction is run.
public struct TransactionOptions: Sendable {
  public var isolation = IsolationLevel.snapshot
  /// How long a call waits for a lock, in nanoseconds; `nil` for what the storage's options say.
  public var lockTimeout: UInt64?
  /// How old it is when a deadlock chooses its victim: the number of the first of several attempts.
  public var age: UInt64?

  public init(isolation: IsolationLevel = .snapshot) { self.isolation = isolation }
}

/// What is permitted to transactions.
public struct TransactionLimits: Sendable, Equatable {
  /// The most transactions that may be open at the same time.
  public var open = 10_000
  /// The most locks of one transaction.
  public var locks = 1_000_000
  /// How long a call waits for a lock, in nanoseconds.
  public var lockTimeout: UInt64 = 30_000_000_000
  /// Who is ended by a deadlock.
  public var victim = DeadlockVictim.youngest
  /// A transaction that was not used for so long, in nanoseconds, is rolled back, so that what it locked gets
  /// free; `nil` for never.
  public var idleTime: UInt64? = 300_000_000_000
  /// The same for one that began so long ago, whether it is used or not.
  public var duration: UInt64?

  public init() {}
}

/// Why a transaction ended without a commit.
public enum AbortReason: String, Sendable, CaseIterable {
  /// The caller rolled it back, or its closure threw.
  case rolledBack
  /// Another one had changed what it wanted to write, or what it had read.
  case writeConflict
  case deadlock
  case lockTimeout
  /// It was not used for too long, or took too long.
  case expired
  /// The commit failed, or the database was closed.
  case failed

  init(_ error: StorageError) {
    switch error.code {
    case .writeConflict: self = .writeConflict
    case .deadlock: self = .deadlock
    case .lockTimeout: self = .lockTimeout
    case .transactionExpired: self = .expired
    default: self = .failed
    }
  }
}

/// What became of transactions since the database was opened.
public struct TransactionStatistics: Sendable, Equatable {
  public var started: UInt64 = 0
  public var committed: UInt64 = 0
  /// Those without a commit, by what ended them.
  public var aborted: [AbortReason: UInt64] = [:]
  /// How many are open now.
  public var open = 0
  /// How long those that have ended were open: together, and the longest, in nanoseconds.
  public var nanoseconds: UInt64 = 0
  public var longestNanoseconds: UInt64 = 0
  /// Calls that waited for a lock, and for how long together.
  public var lockWaits: UInt64 = 0
  public var lockWaitNanoseconds: UInt64 = 0
  public var deadlocks: UInt64 = 0
  public var lockTimeouts: UInt64 = 0

  public init() {}
}
