import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

@Suite("How waiting for locks ends")
struct LockEndTests {
  let manager = LockManager.patient()

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

  @Test("an owner that nobody refers to any more keeps its locks until it is released")
  func dropped() throws {
    weak var kept: LockOwner?
    do {
      let owner = manager.makeOwner(transaction: 7)
      kept = owner
      try owner.lock(record: [1], of: 1, .exclusive)
      try owner.lock(rangeFrom: [3], to: nil, of: 1)
    }
    let other = manager.makeOwner(transaction: 8)
    for key in [UInt8(1), 4] {
      let error = #expect(throws: StorageError.self) {
        try other.lock(record: [key], of: 1, .exclusive, timeout: 0)
      }
      #expect(error?.message.contains("by transaction 7;") == true)
    }
    kept?.releaseAll()
    #expect(kept == nil)
    try other.lock(record: [1], of: 1, .exclusive)
    other.releaseAll()
    #expect(manager.isIdle)
  }

  @Test("when one gives up, those behind it go on although others between them must still wait")
  func pastWaiters() throws {
    let owners = manager.owners(4)
    try owners[0].lock(tree: 1, .intentionExclusive)
    let modes: [LockMode] = [.exclusive, .shared, .intentionShared]
    var calls: [LockCall] = []
    for (index, mode) in modes.enumerated() {
      let owner = owners[index + 1]
      calls.append(LockCall { () throws(StorageError) in try owner.lock(tree: 1, mode) })
      manager.expectBlocked((2...UInt64(index + 2)).map { $0 })
    }
    manager.cancel(owners[1], with: StorageError(.closed, "over"))
    #expect(calls[0].end()?.code == .closed)
    #expect(calls[2].end() == nil)
    manager.expectBlocked([3])
    owners[0].releaseAll()
    #expect(calls[1].end() == nil)
    for owner in owners { owner.releaseAll() }
    #expect(manager.isIdle)
  }
}
