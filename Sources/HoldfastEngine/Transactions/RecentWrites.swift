import HoldfastIO

/// Which records were written by the last commits: what a transaction asks that wants to write a record, to find
/// out whether somebody has changed it since the transaction began.
///
/// A record is known by a hash of its tree and key. When two of them have the same, one is taken for changed
/// that was not, and its transaction is tried again; the other way round cannot happen. What no open transaction
/// can ask for any more is forgotten.
struct RecentWrites {
  /// The last commit that wrote a record.
  private var records: [UInt64: UInt64] = [:]
  /// The last commit that wrote anything to a tree, and the last that cleared it, dropped it or wrote more than
  /// is noted record by record.
  private var trees: [UInt64: (any: UInt64, whole: UInt64)] = [:]
  /// Commits up to this one are forgotten.
  private var forgotten: UInt64 = 0

  /// The most records of one tree that are noted for a commit; beyond it counts as written as a whole.
  static let recordLimit = 4096

  static func hash(_ tree: UInt64, _ key: UnsafeRawBufferPointer) -> UInt64 {
    XXH64.hash(key) ^ (tree &* 0x9E37_79B9_7F4A_7C15)
  }

  var count: Int { records.count }

  mutating func note(_ lsn: UInt64, tree: UInt64, records hashes: [UInt64]?) {
    trees[tree, default: (0, 0)].any = lsn
    guard let hashes else {
      trees[tree]?.whole = lsn
      return
    }
    for hash in hashes { records[hash] = lsn }
  }

  /// The last commit that wrote a record; 0 when none is remembered.
  func lastChange(_ tree: UInt64, _ key: UnsafeRawBufferPointer) -> UInt64 {
    guard let whole = trees[tree]?.whole else { return 0 }
    return max(whole, records[RecentWrites.hash(tree, key)] ?? 0)
  }

  /// The last commit that wrote anything to a tree; 0 when none is remembered.
  func lastChange(_ tree: UInt64) -> UInt64 { trees[tree]?.any ?? 0 }

  /// The last commit that changed a tree as a whole.
  func lastWholeChange(_ tree: UInt64) -> UInt64 { trees[tree]?.whole ?? 0 }

  /// The commits after one were taken back: what they wrote counts as written by that one, since nobody knows any
  /// more who wrote it last.
  mutating func takeBack(after lsn: UInt64) {
    for (hash, last) in records where last > lsn { records[hash] = lsn }
    for (tree, last) in trees { trees[tree] = (min(last.any, lsn), min(last.whole, lsn)) }
  }

  /// Forgets the commits up to one.
  mutating func forget(through lsn: UInt64) {
    guard lsn > forgotten, !trees.isEmpty else { return }
    forgotten = lsn
    if trees.allSatisfy({ $0.value.any <= lsn }) {
      records.removeAll(keepingCapacity: records.capacity < 16_384)
      trees.removeAll(keepingCapacity: true)
    } else {
      records = records.filter { $0.value > lsn }
      trees = trees.filter { $0.value.any > lsn }
    }
  }
}
