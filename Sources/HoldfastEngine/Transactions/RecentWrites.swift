import HoldfastIO

/// Which records were written by the last commits: what a transaction asks that wants to write a record, to find
/// out whether somebody has changed it since the transaction began.
///
/// A record is known by a hash of its tree and key. When two of them have the same, one is taken for changed
/// that was not, and its transaction is tried again; the other way round cannot happen. What no open transaction
/// can ask for any more is forgotten.
struct RecentWrites {
  /// A record that a commit has written, or a tree that it has changed as a whole.
  struct Write {
    var tree: UInt64
    /// The record's hash.
    var record: UInt64?
  }

  /// The last commit that wrote a record.
  private var records: NumberTable<UInt64>
  /// The last commit that wrote anything to a tree, and the last that cleared it, dropped it or wrote more than
  /// is noted record by record.
  private var trees: NumberTable<(any: UInt64, whole: UInt64)>
  /// Commits up to this one are forgotten.
  private var forgotten: UInt64 = 0

  /// The most records of one tree that are noted for a commit; beyond it counts as written as a whole.
  static let recordLimit = 4096

  static func hash(_ tree: UInt64, _ key: UnsafeRawBufferPointer) -> UInt64 {
    XXH64.hash(key) ^ (tree &* 0x9E37_79B9_7F4A_7C15)
  }

  /// Nothing is noted. `secret` is a random number.
  init(secret: UInt64) {
    records = NumberTable(secret: secret)
    trees = NumberTable()
  }

  var count: Int { records.count }

  mutating func note(_ lsn: UInt64, _ writes: [Write]) {
    var last: UInt64?
    for write in writes {
      if write.tree != last || write.record == nil {
        let whole = write.record == nil ? lsn : trees[write.tree]?.whole ?? 0
        trees[write.tree] = (lsn, whole)
        last = write.tree
      }
      if let record = write.record { records[record] = lsn }
    }
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
    records.updateAll { _, last in last > lsn ? lsn : nil }
    trees.updateAll { _, last in (min(last.any, lsn), min(last.whole, lsn)) }
  }

  /// Forgets the commits up to one.
  mutating func forget(through lsn: UInt64) {
    guard lsn > forgotten else { return }
    forgotten = lsn
    records.removeAll { $0 <= lsn }
    trees.removeAll { $0.any <= lsn }
  }
}
