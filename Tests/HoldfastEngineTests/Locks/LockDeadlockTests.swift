import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

@Suite("Deadlocks of locks")
struct LockDeadlockTests {
  /// Far more than a deadlock takes, far less than a timeout.
  private static let bound: UInt64 = 2_000_000_000

  /// Each member of the ring holds its own record and wants that of the next.
  @Test("a ring of any size is broken at once, by ending one member", arguments: 2...10)
  func ring(_ size: Int) throws {
    for seed in Seeds.first(5) {
      var random = SplitMix64(seed: seed)
      let manager = LockManager.patient()
      let owners = manager.owners(size)
      for (index, owner) in owners.enumerated() {
        try owner.lock(record: [UInt8(index)], of: 1, .exclusive)
      }
      let calls = start(owners, in: (0..<size).shuffled(using: &random), manager) {
        (index) throws(StorageError) in
        try owners[index].lock(record: [UInt8((index + 1) % size)], of: 1, .exclusive)
      }
      let errors = calls.map { $0.end() }
      let victims = errors.indices.filter { errors[$0] != nil }
      #expect(victims == [size - 1], "seed \(seed)")
      let cycle = errors[size - 1]?.cycle ?? []
      #expect(errors[size - 1]?.code == .deadlock)
      let expected = (0..<size).map {
        LockCycleEdge(
          transaction: UInt64($0 + 1), tree: 1, kind: .record, mode: .exclusive,
          blocker: UInt64(($0 + 1) % size + 1))
      }
      #expect(cycle.sorted { $0.transaction < $1.transaction } == expected, "seed \(seed)")
      for (edge, next) in zip(cycle, cycle.dropFirst()) { #expect(edge.blocker == next.transaction) }
      #expect(manager.statistics.deadlocks == 1)
      #expect(manager.isIdle)
    }
  }

  /// Starts a call for each owner, one after the other; each ends its transaction when it has ended. When the
  /// last is started, the deadlock must be over soon.
  private func start(
    _ owners: [LockOwner], in order: [Int], _ manager: LockManager,
    _ body: @escaping @Sendable (Int) throws(StorageError) -> Void
  ) -> [LockCall] {
    var calls: [Int: LockCall] = [:]
    var blocked: [UInt64] = []
    for index in order.dropLast() {
      calls[index] = call(owners[index]) { () throws(StorageError) in try body(index) }
      blocked.append(owners[index].transaction)
      manager.expectBlocked(blocked)
    }
    let started = SystemClock().monotonic()
    let last = order[order.count - 1]
    calls[last] = call(owners[last]) { () throws(StorageError) in try body(last) }
    for call in calls.values { _ = call.end() }
    #expect(SystemClock().monotonic() - started < LockDeadlockTests.bound)
    return owners.indices.compactMap { calls[$0] }
  }

  private func call(
    _ owner: LockOwner, _ body: @escaping @Sendable () throws(StorageError) -> Void
  ) -> LockCall {
    LockCall { () throws(StorageError) in
      defer { owner.releaseAll() }
      try body()
    }
  }

  @Test("the message says who waits for whom, what to do, and nothing of keys")
  func message() throws {
    let manager = LockManager.patient()
    let owners = manager.owners(2)
    try owners[0].lock(record: text("secret one"), of: 7, .exclusive)
    try owners[1].lock(record: text("secret two"), of: 8, .exclusive)
    let calls = start(owners, in: [0, 1], manager) { (index) throws(StorageError) in
      try owners[index].lock(
        record: text(index == 0 ? "secret two" : "secret one"), of: index == 0 ? 8 : 7, .shared)
    }
    #expect(
      calls[1].end()?.message == """
        transaction 2 was chosen to end a deadlock of 2: 2 waits for 1 (a record of tree 7, S), 1 waits for 2 (a \
        record of tree 8, S); roll it back and try it again
        """)
  }

  private func text(_ string: String) -> [UInt8] { Array(string.utf8) }

  /// Four members with ages and numbers of locks in different orders.
  @Test(
    "the policy chooses the victim, whoever closes the cycle",
    arguments: [
      (DeadlockVictim.youngest, 3), (.oldest, 1), (.fewestLocks, 0), (.mostLocks, 2),
    ])
  func policies(_ policy: DeadlockVictim, _ expected: Int) throws {
    for last in 0..<4 {
      let manager = LockManager.patient(policy)
      let ages: [UInt64] = [20, 10, 30, 40]
      let extra = [0, 1, 3, 2]
      let owners = (0..<4).map { manager.makeOwner(transaction: UInt64($0 + 1), age: ages[$0]) }
      for (index, owner) in owners.enumerated() {
        try owner.lock(record: [UInt8(index)], of: 1, .exclusive)
        for number in 0..<extra[index] {
          try owner.lock(record: [UInt8(index), UInt8(number)], of: 1, .shared)
        }
      }
      let order = (0..<4).map { (last + 1 + $0) % 4 }
      let calls = start(owners, in: order, manager) { (index) throws(StorageError) in
        try owners[index].lock(record: [UInt8((index + 1) % 4)], of: 1, .exclusive)
      }
      let errors = calls.map { $0.end() }
      #expect(errors.indices.filter { errors[$0]?.code == .deadlock } == [expected], "closed by \(last)")
      #expect(manager.statistics.deadlocks == 1)
      #expect(manager.isIdle)
    }
  }

  @Test("two readers that both want to write the same record are a deadlock")
  func upgraders() throws {
    let manager = LockManager.patient()
    let owners = manager.owners(2)
    for owner in owners { try owner.lock(record: [1], of: 1, .shared) }
    let calls = start(owners, in: [1, 0], manager) { (index) throws(StorageError) in
      try owners[index].lock(record: [1], of: 1, .exclusive)
    }
    #expect(calls[0].end() == nil)
    #expect(calls[1].end()?.cycle.count == 2)
    #expect(manager.isIdle)
  }

  @Test("an upgrade closes a cycle through those before whom it is put in line")
  func upgradeBeforeLine() throws {
    let manager = LockManager.patient()
    let owners = manager.owners(4)
    try owners[0].lock(tree: 1, .intentionShared)
    try owners[1].lock(tree: 1, .intentionShared)
    try owners[2].lock(record: [3], of: 2, .exclusive)
    try owners[3].lock(tree: 1, .shared)
    let third = call(owners[2]) { () throws(StorageError) in
      try owners[2].lock(tree: 1, .intentionExclusive)
    }
    manager.expectBlocked([3])
    let second = call(owners[1]) { () throws(StorageError) in
      try owners[1].lock(record: [3], of: 2, .shared)
    }
    manager.expectBlocked([2, 3])
    #expect(Set(manager.waitForGraph) == [.init(waiting: 3, blocker: 4), .init(waiting: 2, blocker: 3)])
    // 1 waits for 2 and 4, and 3 now waits for 1.
    let first = call(owners[0]) { () throws(StorageError) in try owners[0].lock(tree: 1, .exclusive) }
    #expect(third.end()?.cycle.map(\.transaction) == [1, 2, 3])
    #expect(second.end() == nil)
    manager.expectBlocked([1])
    owners[3].releaseAll()
    #expect(first.end() == nil)
    #expect(manager.isIdle)
  }

  @Test("an edge to an upgrade put in line in front is part of the graph from the beginning")
  func upgradeCycle() throws {
    let manager = LockManager.patient(.oldest)
    let owners = manager.owners(3)
    try owners[0].lock(tree: 1, .intentionShared)
    try owners[1].lock(tree: 1, .shared)
    try owners[2].lock(record: [3], of: 2, .exclusive)
    let third = call(owners[2]) { () throws(StorageError) in try owners[2].lock(tree: 1, .intentionExclusive)
    }
    manager.expectBlocked([3])
    // 1 wants X: waits for 2, and 3 now waits for 1 also.
    let first = call(owners[0]) { () throws(StorageError) in try owners[0].lock(tree: 1, .exclusive) }
    manager.expectBlocked([1, 3])
    #expect(
      Set(manager.waitForGraph) == [
        .init(waiting: 1, blocker: 2), .init(waiting: 3, blocker: 1), .init(waiting: 3, blocker: 2),
      ])
    // 2 wants the record of 3: two cycles, 2-3 and 2-3-1. The shorter one is broken, at its oldest member,
    // and with it the other.
    let second = call(owners[1]) { () throws(StorageError) in try owners[1].lock(record: [3], of: 2, .shared)
    }
    #expect(second.end()?.cycle.map(\.transaction).sorted() == [2, 3])
    #expect(first.end() == nil)
    #expect(third.end() == nil)
    #expect(manager.statistics.deadlocks == 1)
    #expect(manager.isIdle)
  }

  @Test("a deadlock through a key range: two scans that write into each other's range")
  func ranges() throws {
    let manager = LockManager.patient()
    let owners = manager.owners(2)
    try owners[0].lock(rangeFrom: [1], to: [5], of: 1)
    try owners[1].lock(rangeFrom: [3], to: nil, of: 1)
    let calls = start(owners, in: [1, 0], manager) { (index) throws(StorageError) in
      try owners[index].lock(record: [4], of: 1, .exclusive)
    }
    #expect(calls[0].end() == nil)
    #expect(calls[1].end()?.cycle.map(\.kind) == [.record, .record])
    #expect(manager.isIdle)
  }

  @Test("a deadlock of a scan that waits for a writer, which waits for the scan's record")
  func scanAgainstWriter() throws {
    for order in [[0, 1], [1, 0]] {
      let manager = LockManager.patient()
      let owners = manager.owners(2)
      try owners[0].lock(record: [5], of: 1, .exclusive)
      try owners[1].lock(record: [6], of: 2, .exclusive)
      let calls = start(owners, in: order, manager) { (index) throws(StorageError) in
        if index == 0 {
          try owners[0].lock(record: [6], of: 2, .shared)
        } else {
          try owners[1].lock(rangeFrom: [], to: nil, of: 1)
        }
      }
      #expect(calls[0].end() == nil)
      let cycle = calls[1].end()?.cycle.sorted { $0.transaction < $1.transaction } ?? []
      #expect(
        cycle == [
          .init(transaction: 1, tree: 2, kind: .record, mode: .shared, blocker: 2),
          .init(transaction: 2, tree: 1, kind: .range, mode: .shared, blocker: 1),
        ])
      #expect(manager.isIdle)
    }
  }

  @Test("a deadlock through intention locks: each writes records of one tree and wants all of the other")
  func intentions() throws {
    let manager = LockManager.patient()
    let owners = manager.owners(2)
    for (index, owner) in owners.enumerated() {
      try owner.lock(tree: UInt64(index), .intentionExclusive)
      try owner.lock(record: [1], of: UInt64(index), .exclusive)
    }
    let calls = start(owners, in: [0, 1], manager) { (index) throws(StorageError) in
      try owners[index].lock(tree: UInt64(1 - index), .shared)
    }
    #expect(calls[0].end() == nil)
    #expect(calls[1].end()?.cycle.map(\.kind) == [.tree, .tree])
    #expect(manager.isIdle)
  }

  @Test("IX and S of one tree by both, upgraded to SIX by both, is a deadlock")
  func intentionUpgrades() throws {
    let manager = LockManager.patient()
    let owners = manager.owners(2)
    for owner in owners { try owner.lock(tree: 1, .intentionExclusive) }
    let calls = start(owners, in: [0, 1], manager) { (index) throws(StorageError) in
      try owners[index].lock(tree: 1, .shared)
    }
    #expect(calls[0].end() == nil)
    #expect(calls[1].end()?.cycle.map(\.mode) == [.sharedIntentionExclusive, .sharedIntentionExclusive])
    #expect(manager.isIdle)
  }

  /// Readers of one record each wait for a record of the one that closes all their cycles by wanting to write
  /// what they read.
  @Test("a request that closes many cycles at once ends as many as it takes, and no more")
  func overlapping() throws {
    // The closer is the oldest: each cycle costs its other member.
    var manager = LockManager.patient()
    var owners = manager.owners(6)
    func prepare() throws {
      try owners[0].lock(record: [0], of: 1, .exclusive)
      for owner in owners[1...] { try owner.lock(record: [1], of: 1, .shared) }
    }
    let body: @Sendable ([LockOwner], Int) throws(StorageError) -> Void = {
      (owners, index) throws(StorageError) in
      try owners[index].lock(record: [index == 0 ? 1 : 0], of: 1, index == 0 ? .exclusive : .shared)
    }
    try prepare()
    var mine = owners
    var calls = start(owners, in: [1, 2, 3, 4, 5, 0], manager) { [mine] (index) throws(StorageError) in
      try body(mine, index)
    }
    #expect(calls.map { $0.end()?.code } == [nil, .deadlock, .deadlock, .deadlock, .deadlock, .deadlock])
    #expect(manager.statistics.deadlocks == 5)
    #expect(manager.isIdle)
    // The closer is the victim: ending it breaks all of them.
    manager = LockManager.patient(.oldest)
    owners = manager.owners(6)
    mine = owners
    try prepare()
    calls = start(owners, in: [1, 2, 3, 4, 5, 0], manager) { [mine] (index) throws(StorageError) in
      try body(mine, index)
    }
    #expect(calls.map { $0.end()?.code } == [.deadlock, nil, nil, nil, nil, nil])
    #expect(manager.statistics.deadlocks == 1)
    #expect(manager.isIdle)
  }

  @Test("a victim loses its call only: what it holds it holds until it is released")
  func victimKeeps() throws {
    let manager = LockManager.patient()
    let owners = manager.owners(2)
    try owners[0].lock(record: [0], of: 1, .exclusive)
    try owners[1].lock(record: [1], of: 1, .exclusive)
    let first = LockCall { () throws(StorageError) in try owners[0].lock(record: [1], of: 1, .exclusive) }
    manager.expectBlocked([1])
    let error = #expect(throws: StorageError.self) { try owners[1].lock(record: [0], of: 1, .exclusive) }
    #expect(error?.code == .deadlock)
    #expect(owners[1].lockCount == 1)
    manager.expectBlocked([1])
    #expect(!first.isDone)
    owners[1].releaseAll()
    #expect(first.end() == nil)
    owners[0].releaseAll()
    #expect(manager.isIdle)
  }
}
