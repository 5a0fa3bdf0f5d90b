/// One state of all trees. Immutable; shares its pages with its neighbours.
final class Version: Sendable {
  /// Counts versions since the database was opened, from 1.
  let number: UInt64
  /// The last commit in it.
  let lsn: UInt64
  /// The time of that commit, milliseconds since 1970.
  let timestamp: Int64
  let trees: TreeMap

  init(number: UInt64, lsn: UInt64, timestamp: Int64, trees: TreeMap) {
    self.number = number
    self.lsn = lsn
    self.timestamp = timestamp
    self.trees = trees
  }

  func tree(_ id: UInt64) -> TreeRoot { trees[id] ?? TreeRoot(id: id) }
}
