import HoldfastTestSupport

/// A way in which a store can break its promises.
enum Defect: CaseIterable, Sendable {
  /// Reads show what others have appended and not committed.
  case dirtyReads
  /// What is taken back stays.
  case abortedAppendsStay
  /// Appends take their place in the list when they are made, and nobody keeps others off.
  case noWriteLocks
  /// Under snapshot, nobody looks whether a key has changed since the snapshot.
  case noFirstUpdaterCheck
  /// Transactions under snapshot read what is newest.
  case readCommittedAsSnapshot
  /// Transactions under serializable do not look whether what they read has changed.
  case snapshotAsSerializable
  /// Now and then an acknowledged append is not there.
  case lostAppends
  /// Now and then an append is there twice.
  case repeatedAppends
  /// Now and then an append goes to another key.
  case misplacedAppends
  /// Now and then a read shows the last two elements in the wrong order.
  case reorderedReads
  /// Now and then a snapshot is not of the newest state.
  case staleSnapshots
  /// What a transaction did to one key can be seen later than the rest.
  case tornCommits
  /// A commit that was not answered may have happened at one key only.
  case tornRecovery
  /// Reads do not show what the transaction itself has appended.
  case blindToOwnAppends

  /// A level at which the defect breaks the promise.
  var level: History.Level {
    switch self {
    case .dirtyReads, .abortedAppendsStay, .noWriteLocks, .blindToOwnAppends: .readCommitted
    case .snapshotAsSerializable: .serializable
    default: .snapshot
    }
  }

  /// The kinds of which the checker must report at least one.
  var kinds: Set<Anomaly.Kind> {
    switch self {
    case .dirtyReads: [.g1a, .g1b, .g1c]
    case .abortedAppendsStay: [.g1a]
    case .noWriteLocks: [.g0]
    case .noFirstUpdaterCheck: [.lostUpdate]
    case .readCommittedAsSnapshot: [.gSingle, .lostUpdate]
    case .snapshotAsSerializable: [.g2Item]
    case .lostAppends, .tornRecovery: [.lostAppend]
    case .repeatedAppends: [.duplicateElement]
    case .misplacedAppends: [.unwrittenElement]
    case .reorderedReads: [.incompatibleOrder]
    case .staleSnapshots: [.staleRead]
    case .tornCommits: [.gSingle]
    case .blindToOwnAppends: [.internalInconsistency]
    }
  }
}
