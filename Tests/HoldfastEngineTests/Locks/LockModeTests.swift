import Testing

@testable import HoldfastEngine

@Suite("Lock modes")
struct LockModeTests {
  private static let order: [LockMode] = [
    .intentionShared, .intentionExclusive, .shared, .sharedIntentionExclusive, .exclusive,
  ]

  /// Gray and others, 1976: yes or no, in the order above.
  private static let compatibility = [
    "yyyyn",
    "yynnn",
    "ynynn",
    "ynnnn",
    "nnnnn",
  ]

  private static let suprema = [
    ["IS", "IX", "S", "SIX", "X"],
    ["IX", "IX", "SIX", "SIX", "X"],
    ["S", "SIX", "S", "SIX", "X"],
    ["SIX", "SIX", "SIX", "SIX", "X"],
    ["X", "X", "X", "X", "X"],
  ]

  @Test("the 25 pairs of modes go together as the table says, in the type and in the manager")
  func matrix() throws {
    for (row, held) in LockModeTests.order.enumerated() {
      for (column, wanted) in LockModeTests.order.enumerated() {
        let isCompatible = Array(LockModeTests.compatibility[row])[column] == "y"
        #expect(held.isCompatible(with: wanted) == isCompatible, "\(held), \(wanted)")
        let manager = LockManager.patient()
        let owners = manager.owners(2)
        try owners[0].lock(tree: 7, held)
        let isGranted = succeeds { () throws(StorageError) in
          try owners[1].lock(tree: 7, wanted, timeout: 0)
        }
        #expect(isGranted == isCompatible, "\(held), \(wanted)")
        for owner in owners { owner.releaseAll() }
        #expect(manager.isIdle)
      }
    }
  }

  @Test("a second mode makes the weakest one that permits both, in the type and in the manager")
  func supremum() throws {
    for (row, held) in LockModeTests.order.enumerated() {
      for (column, wanted) in LockModeTests.order.enumerated() {
        let expected = LockModeTests.suprema[row][column]
        #expect("\(held.supremum(with: wanted))" == expected, "\(held), \(wanted)")
        #expect(held.covers(wanted) == (expected == "\(held)"))
        for isShared in [false, true] {
          let manager = LockManager.patient()
          let owners = manager.owners(2)
          try owners[0].lock(tree: 7, held)
          if isShared {
            // Through the queue instead of the single holder's entry.
            let isGranted = succeeds { () throws(StorageError) in
              try owners[1].lock(tree: 7, .intentionShared, timeout: 0)
            }
            guard isGranted else { continue }
            owners[1].releaseAll()
          }
          try owners[0].lock(tree: 7, wanted)
          #expect(manager.lockInfo().map { "\($0.holders[0].mode)" } == [expected])
          owners[0].releaseAll()
          #expect(manager.isIdle)
        }
      }
    }
  }
}
