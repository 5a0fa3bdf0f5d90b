/// What a lock lets its owner do, and so what it keeps from others.
///
/// The five modes of J. Gray, R. Lorie, G. Putzolu and I. Traiger, "Granularity of Locks and Degrees of
/// Consistency in a Shared Data Base", 1976. A raw value is a set of rights, one bit each: to read some of
/// what is below, to write some of it, to read all of it, to write all of it.
public enum LockMode: UInt8, Sendable, CaseIterable, CustomStringConvertible {
  /// IS: some of what is below is read, under locks of its own.
  case intentionShared = 0b0001
  /// IX: some of what is below is written, under locks of its own.
  case intentionExclusive = 0b0011
  /// S: all of it is read.
  case shared = 0b0101
  /// SIX: all of it is read, and some of it written under locks of its own.
  case sharedIntentionExclusive = 0b0111
  /// X: all of it is written.
  case exclusive = 0b1111

  /// Whether two owners can hold these modes of one thing at the same time.
  @inline(__always)
  public func isCompatible(with other: LockMode) -> Bool {
    let a = rawValue
    let b = other.rawValue
    // Who writes some of it is in the way of who reads all of it; who writes all of it is in everybody's.
    let someAgainstAll = (a >> 1 & b >> 2 | a >> 2 & b >> 1) & 1
    return someAgainstAll | (a | b) >> 3 == 0
  }

  /// The weakest mode that permits what both permit.
  @inline(__always)
  public func supremum(with other: LockMode) -> LockMode {
    // The union of two sets of rights is one of the five again.
    LockMode(rawValue: rawValue | other.rawValue) ?? .exclusive
  }

  /// Whether it permits all that `other` permits.
  @inline(__always)
  public func covers(_ other: LockMode) -> Bool { rawValue | other.rawValue == rawValue }

  /// The customary abbreviation.
  public var description: String {
    switch self {
    case .intentionShared: "IS"
    case .intentionExclusive: "IX"
    case .shared: "S"
    case .sharedIntentionExclusive: "SIX"
    case .exclusive: "X"
    }
  }
}

/// What kind of thing is locked.
public enum LockKind: UInt8, Sendable, CustomStringConvertible {
  /// A whole tree.
  case tree = 1
  /// One key of a tree, whether it is there or not.
  case record
  /// All keys of a tree between two, those that are not there included.
  case range

  public var description: String {
    switch self {
    case .tree: "tree"
    case .record: "record"
    case .range: "key range"
    }
  }
}

/// Which member of a deadlock is ended.
public enum DeadlockVictim: String, Sendable, CaseIterable {
  /// The one that began last: the least work is lost, most of the time.
  case youngest
  /// The one that began first.
  case oldest
  /// The one that holds the fewest locks.
  case fewestLocks
  /// The one that holds the most locks.
  case mostLocks
}
