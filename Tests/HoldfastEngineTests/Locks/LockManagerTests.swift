import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

@Suite("Lock manager")
struct LockManagerTests {
  let manager = LockManager.patient()

  @Test("what is held already, in the same or a stronger mode, is had at once and counts once")
  func relock() throws {
    let owner = manager.makeOwner(transaction: 1)
    for _ in 0..<3 {
      try owner.lock(tree: 1, .intentionExclusive)
      try owner.lock(tree: 1, .intentionShared)
      try owner.lock(record: [1], of: 1, .exclusive)
      try owner.lock(record: [1], of: 1, .shared)
    }
    #expect(owner.lockCount == 2)
    #expect(
      manager.lockInfo().map { "\($0.kind) \($0.key) \($0.holders.map(\.mode))" }.sorted() == [
        "record [1] [X]", "tree [] [IX]",
      ])
    // Also with somebody in line.
    let other = manager.makeOwner(transaction: 2)
    let call = LockCall { () throws(StorageError) in try other.lock(record: [1], of: 1, .exclusive) }
    manager.expectBlocked([2])
    try owner.lock(record: [1], of: 1, .shared)
    try owner.lock(record: [1], of: 1, .exclusive)
    #expect(owner.lockCount == 2)
    owner.releaseAll()
    #expect(call.end() == nil)
    other.releaseAll()
    #expect(manager.isIdle)
  }

  @Test("keys are told apart by all their bytes, trees by their numbers, and a tree from its records")
  func names() throws {
    let owner = manager.makeOwner(transaction: 1)
    var names: Set<[UInt8]> = [[]]
    for length in 1...40 {
      for position in 0..<length {
        var key = [UInt8](repeating: 0, count: length)
        names.insert(key)
        key[position] = 1
        names.insert(key)
      }
    }
    for tree in [UInt64(1), 2] {
      try owner.lock(tree: tree, .exclusive)
      for key in names { try owner.lock(record: key, of: tree, .exclusive) }
    }
    #expect(owner.lockCount == 2 * (names.count + 1))
    let info = manager.lockInfo()
    #expect(Set(info.filter { $0.tree == 2 && $0.kind == .record }.map(\.key)) == names)
    owner.releaseAll()
    #expect(manager.isIdle)
  }

  @Test("tables grow with what is locked, and become small again")
  func sizes() throws {
    let owner = manager.makeOwner(transaction: 1)
    func lockMany() throws {
      for number in UInt64(0)..<20_000 { try owner.lock(record: number.bigEndianBytes, of: 1, .exclusive) }
      #expect(owner.lockCount == 20_000)
      #expect(manager.partitions.map(\.count).reduce(0, +) == 20_000)
      // The hash spreads them: no partition has twice its part.
      #expect(manager.partitions.allSatisfy { $0.count < 2 * 20_000 / manager.partitions.count })
      for number in UInt64(0)..<20_000 { try owner.lock(record: number.bigEndianBytes, of: 1, .exclusive) }
      #expect(owner.lockCount == 20_000)
    }
    try lockMany()
    owner.releaseAll()
    #expect(manager.isIdle)
    #expect(manager.partitions.allSatisfy { $0.capacity <= 64 })
    try lockMany()
    owner.releaseAll()
    #expect(manager.isIdle)
  }

  @Test("a reader's lock becomes a writer's when it is alone, and waits for other readers when not")
  func upgrade() throws {
    let owners = manager.owners(2)
    try owners[0].lock(record: [1], of: 1, .shared)
    try owners[0].lock(record: [1], of: 1, .exclusive)
    #expect(
      !succeeds { () throws(StorageError) in try owners[1].lock(record: [1], of: 1, .shared, timeout: 0) })
    owners[0].releaseAll()
    for owner in owners { try owner.lock(record: [1], of: 1, .shared) }
    let call = LockCall { () throws(StorageError) in try owners[0].lock(record: [1], of: 1, .exclusive) }
    manager.expectBlocked([1])
    #expect(manager.waitForGraph == [WaitForEdge(waiting: 1, blocker: 2)])
    owners[1].releaseAll()
    #expect(call.end() == nil)
    #expect(manager.lockInfo().map(\.holders) == [[.init(transaction: 1, mode: .exclusive)]])
    owners[0].releaseAll()
    #expect(manager.isIdle)
  }

  @Test("an upgrade goes before those who wait and hold nothing")
  func upgradeFirst() throws {
    let owners = manager.owners(3)
    try owners[0].lock(record: [1], of: 1, .shared)
    try owners[1].lock(record: [1], of: 1, .shared)
    let writer = LockCall { () throws(StorageError) in try owners[2].lock(record: [1], of: 1, .exclusive) }
    manager.expectBlocked([3])
    let upgrade = LockCall { () throws(StorageError) in try owners[0].lock(record: [1], of: 1, .exclusive) }
    manager.expectBlocked([1, 3])
    owners[1].releaseAll()
    #expect(upgrade.end() == nil)
    manager.expectBlocked([3])
    owners[0].releaseAll()
    #expect(writer.end() == nil)
    owners[2].releaseAll()
    #expect(manager.isIdle)
  }

  @Test("an upgrade that conflicts with nobody who holds it does not wait for a line")
  func upgradePastLine() throws {
    let owners = manager.owners(3)
    try owners[0].lock(tree: 1, .intentionShared)
    try owners[1].lock(tree: 1, .intentionExclusive)
    let reader = LockCall { () throws(StorageError) in try owners[2].lock(tree: 1, .shared) }
    manager.expectBlocked([3])
    try owners[0].lock(tree: 1, .intentionExclusive, timeout: 0)
    owners[1].releaseAll()
    manager.expectBlocked([3])
    #expect(manager.waitForGraph == [WaitForEdge(waiting: 3, blocker: 1)])
    owners[0].releaseAll()
    #expect(reader.end() == nil)
    owners[2].releaseAll()
    #expect(manager.isIdle)
  }

  @Test("a reader does not overtake a writer that waits, and all are served in the order of their coming")
  func order() throws {
    let owners = manager.owners(6)
    try owners[0].lock(record: [1], of: 1, .shared)
    let modes: [LockMode] = [.exclusive, .shared, .shared, .exclusive, .shared]
    var calls: [LockCall] = []
    for (index, mode) in modes.enumerated() {
      let owner = owners[index + 1]
      calls.append(LockCall { () throws(StorageError) in try owner.lock(record: [1], of: 1, mode) })
      manager.expectBlocked((2...UInt64(index + 2)).map { $0 })
    }
    #expect(manager.lockInfo().map(\.waiting) == [5])
    owners[0].releaseAll()
    #expect(calls[0].end() == nil)
    manager.expectBlocked([3, 4, 5, 6])
    owners[1].releaseAll()
    #expect(calls[1].end() == nil)
    #expect(calls[2].end() == nil)
    manager.expectBlocked([5, 6])
    owners[2].releaseAll()
    manager.expectBlocked([5, 6])
    owners[3].releaseAll()
    #expect(calls[3].end() == nil)
    manager.expectBlocked([6])
    owners[4].releaseAll()
    #expect(calls[4].end() == nil)
    owners[5].releaseAll()
    #expect(manager.isIdle)
  }

  @Test("everybody who waits for what a transaction holds goes on when it ends")
  func wakesAll() throws {
    let owners = manager.owners(41)
    let keys = (0..<40).map { [UInt8($0)] }
    for key in keys { try owners[0].lock(record: key, of: 1, .exclusive) }
    let calls = (0..<40).map { index in
      LockCall { () throws(StorageError) in
        try owners[index + 1].lock(record: keys[index], of: 1, index % 2 == 0 ? .shared : .exclusive)
      }
    }
    manager.expectBlocked(owners[1...].map(\.transaction))
    owners[0].releaseAll()
    for call in calls { #expect(call.end() == nil) }
    #expect(manager.statistics.waits == 40)
    for owner in owners[1...] { owner.releaseAll() }
    #expect(manager.isIdle)
  }

  @Test("reports say who holds what, who waits for whom, and since when")
  func reports() throws {
    let clock = SimulatedClock()
    var options = LockManager.Options()
    options.clock = clock
    let manager = LockManager(options)
    let owners = manager.owners(3)
    try owners[0].lock(record: [1, 2], of: 4, .shared)
    try owners[1].lock(record: [1, 2], of: 4, .shared)
    try owners[0].lock(rangeFrom: [3], to: nil, of: 4)
    let first = clock.monotonic()
    let writer = LockCall { () throws(StorageError) in try owners[2].lock(record: [1, 2], of: 4, .exclusive) }
    manager.expectBlocked([3])
    let inRange = LockCall { () throws(StorageError) in try owners[1].lock(record: [4], of: 4, .exclusive) }
    manager.expectBlocked([2, 3])
    let blocked = manager.blockedTransactions
    #expect(
      blocked[0]
        == BlockedTransaction(
          transaction: 3, since: first, tree: 4, kind: .record, mode: .exclusive, key: [1, 2], upper: nil,
          blockers: [1, 2]))
    #expect(blocked[1].blockers == [1])
    #expect(
      Set(manager.waitForGraph) == [
        .init(waiting: 3, blocker: 1), .init(waiting: 3, blocker: 2), .init(waiting: 2, blocker: 1),
      ])
    let info = manager.lockInfo()
    #expect(info.count == 3)
    #expect(manager.lockInfo(limit: 2).count == 2)
    let record = info.first { $0.key == [1, 2] }
    #expect(record?.waiting == 1)
    #expect(Set(record?.holders.map(\.transaction) ?? []) == [1, 2])
    let range = info.first { $0.kind == .range }
    #expect(range?.key == [3])
    #expect(range?.upper == nil)
    #expect(range?.holders == [.init(transaction: 1, mode: .shared)])
    owners[0].releaseAll()
    #expect(inRange.end() == nil)
    owners[1].releaseAll()
    #expect(writer.end() == nil)
    owners[2].releaseAll()
    #expect(manager.isIdle)
    #expect(manager.statistics.waits == 2)
  }

  @Test("a record is locked in S or X only")
  func recordModes() throws {
    let owner = manager.makeOwner(transaction: 1)
    for mode in [LockMode.intentionShared, .intentionExclusive, .sharedIntentionExclusive] {
      let error = #expect(throws: StorageError.self) { try owner.lock(record: [1], of: 1, mode) }
      #expect(error?.code == .invalidUse)
    }
    #expect(manager.isIdle)
  }
}
