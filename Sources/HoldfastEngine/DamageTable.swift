import HoldfastIO
import Synchronization

/// The damaged pages that are known, by number.
///
/// A page is noted when reading it fails, by whoever read it; remembered in the catalog by the next
/// checkpoint; and forgotten when its number is used for another page, or when ``Storage/verify()`` finds it
/// whole. Reading does not ask this table: a damaged page is found out each time by its tag, and one that is
/// cut off by the mark in its parent's reference.
final class DamageTable: Sendable {
  private let ranges = Guarded<[UInt64: DamagedRange]>([:])
  /// So that the usual case costs one load.
  private let known = Atomic<Int>(0)

  /// More are counted as found by those who find them, but not listed: a file that lost millions of pages
  /// must not fill the memory with the list of them.
  static let limit = 1000

  var isEmpty: Bool { known.load(ordering: .relaxed) == 0 }

  /// All of them, by tree and lower bound.
  var all: [DamagedRange] {
    ranges.withLock { Array($0.values) }.sorted { a, b in
      if a.tree != b.tree { return a.tree < b.tree }
      return (a.lower ?? []).lexicographicallyPrecedes(b.lower ?? [])
    }
  }

  func contains(_ page: UInt64) -> Bool { ranges.withLock { $0[page] != nil } }

  /// Notes a range, or what is known of it now. One that was cut off stays so.
  func note(_ range: DamagedRange) {
    // What a forged reference leads to is no page.
    guard range.page > 0, range.page < PageReference.cutOffFlag else { return }
    ranges.withLock { ranges in
      var range = range
      if let old = ranges[range.page] {
        range.isCutOff = range.isCutOff || old.isCutOff
        (range.lsn, range.time) = (old.lsn, old.time)
      } else if ranges.count >= DamageTable.limit {
        return
      }
      ranges[range.page] = range
      known.store(ranges.count, ordering: .relaxed)
    }
  }

  /// Notes that a page has been set aside, and when.
  func stamp(_ page: UInt64, lsn: UInt64, time: Int64) {
    ranges.withLock { ranges in
      ranges[page]?.lsn = lsn
      ranges[page]?.time = time
    }
  }

  func forget(_ page: UInt64) {
    guard !isEmpty else { return }
    ranges.withLock { ranges in
      ranges[page] = nil
      known.store(ranges.count, ordering: .relaxed)
    }
  }

  func removeAll() {
    ranges.withLock { $0 = [:] }
    known.store(0, ordering: .relaxed)
  }
}
