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

  @Test("who waits too long gives up, is told for whom, and those behind it go on")
  func timeout() throws {
    let owners = manager.owners(4)
    try owners[0].lock(record: [1], of: 5, .shared)
    try owners[1].lock(record: [1], of: 5, .shared)
    try owners[2].lock(record: [9], of: 5, .exclusive)
    let started = SystemClock().monotonic()
    let writer = LockCall { () throws(StorageError) in
      try owners[2].lock(record: [1], of: 5, .exclusive, timeout: 300_000_000)
    }
    manager.expectBlocked([3])
    let reader = LockCall { () throws(StorageError) in try owners[3].lock(record: [1], of: 5, .shared) }
    let error = writer.end()
    #expect(SystemClock().monotonic() - started >= 300_000_000)
    #expect(error?.code == .lockTimeout)
    #expect(error?.message.contains("record of tree 5") == true)
    #expect(error?.message.contains("mode X within 300 ms") == true)
    #expect(error?.message.contains("transactions 1, 2;") == true)
    #expect(reader.end() == nil)
    // It has lost nothing but the call.
    #expect(owners[2].lockCount == 1)
    #expect(manager.statistics.timeouts == 1)
    #expect(manager.statistics.waitNanoseconds >= 300_000_000)
    for owner in owners { owner.releaseAll() }
    #expect(manager.isIdle)
  }

  @Test("a manager's, an owner's and a call's timeout: the nearest counts; zero does not wait at all")
  func timeoutDefaults() throws {
    var options = LockManager.Options()
    options.timeout = 20_000_000
    let manager = LockManager(options)
    let holder = manager.makeOwner(transaction: 1)
    try holder.lock(tree: 1, .exclusive)
    let cases: [(owner: UInt64?, call: UInt64?, milliseconds: String)] = [
      (nil, nil, "within 20 ms"), (30_000_000, nil, "within 30 ms"), (30_000_000, 10_000_000, "within 10 ms"),
      (nil, 0, "at once"),
    ]
    for (index, timeouts) in cases.enumerated() {
      let owner = manager.makeOwner(transaction: UInt64(index + 2), timeout: timeouts.owner)
      let error = #expect(throws: StorageError.self) {
        try owner.lock(tree: 1, .shared, timeout: timeouts.call)
      }
      #expect(error?.code == .lockTimeout)
      #expect(error?.message.contains(timeouts.milliseconds) == true, "\(error?.message ?? "")")
      #expect(owner.lockCount == 0)
    }
    #expect(manager.statistics.timeouts == 4)
    // No end of time overflows.
    let patient = manager.makeOwner(transaction: 9, timeout: .max)
    let call = LockCall { () throws(StorageError) in try patient.lock(tree: 1, .shared) }
    #expect(waitUntil { manager.blockedTransactions.map(\.transaction) == [9] })
    holder.releaseAll()
    #expect(call.end() == nil)
    patient.releaseAll()
    #expect(manager.isIdle)
  }

  @Test("a cancelled transaction's call ends with the error, and so do its next calls until it is released")
  func cancel() throws {
    let owners = manager.owners(3)
    try owners[0].lock(record: [1], of: 1, .shared)
    let writer = LockCall { () throws(StorageError) in try owners[1].lock(record: [1], of: 1, .exclusive) }
    manager.expectBlocked([2])
    let reader = LockCall { () throws(StorageError) in try owners[2].lock(record: [1], of: 1, .shared) }
    manager.expectBlocked([2, 3])
    let reason = StorageError(.closed, "the database is closed")
    manager.cancel(owners[1], with: reason)
    #expect(writer.end() == reason)
    #expect(reader.end() == nil)
    #expect(throws: reason) { try owners[1].lock(record: [7], of: 1, .shared) }
    #expect(throws: reason) { try owners[1].lock(record: [1], of: 1, .exclusive) }
    #expect(throws: reason) { try owners[1].lock(rangeFrom: [1], to: nil, of: 1) }
    owners[1].releaseAll()
    try owners[1].lock(record: [1], of: 1, .shared)
    // Who does not wait is cancelled for later.
    manager.cancel(owners[2], with: reason)
    #expect(throws: reason) { try owners[2].lock(tree: 8, .shared) }
    #expect(owners[2].lockCount == 1)
    for owner in owners { owner.releaseAll() }
    #expect(manager.isIdle)
  }

  @Test("an owner may hold so many locks and no more, and what it has stays good")
  func limit() throws {
    let owner = manager.makeOwner(transaction: 1, limit: 4)
    let other = manager.makeOwner(transaction: 2)
    try owner.lock(tree: 1, .intentionExclusive)
    try owner.lock(record: [1], of: 1, .shared)
    try owner.lock(record: [2], of: 1, .shared)
    try owner.lock(rangeFrom: [5], to: [6], of: 1)
    try other.lock(record: [3], of: 1, .shared)
    for attempt in 0..<4 {
      let error = #expect(throws: StorageError.self) {
        switch attempt {
        case 0: try owner.lock(record: [4], of: 1, .exclusive)
        case 1: try owner.lock(record: [3], of: 1, .shared)
        case 2: try owner.lock(rangeFrom: [8], to: nil, of: 1)
        default: try owner.lock(tree: 2, .shared)
        }
      }
      #expect(error?.code == .limitExceeded)
      #expect(error?.message.contains("4 locks") == true)
    }
    #expect(owner.lockCount == 4)
    // These are no new locks.
    try owner.lock(record: [1], of: 1, .shared)
    try owner.lock(record: [1], of: 1, .exclusive)
    #expect(
      !succeeds { () throws(StorageError) in try other.lock(record: [5], of: 1, .exclusive, timeout: 0) })
    owner.releaseAll()
    try other.lock(record: [5], of: 1, .exclusive)
    other.releaseAll()
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
