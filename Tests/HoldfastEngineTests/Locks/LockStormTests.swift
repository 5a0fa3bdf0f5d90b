import HoldfastIO
import HoldfastTestSupport
import Synchronization
import Testing

@testable import HoldfastEngine

@Suite("Locks under load")
struct LockStormTests {
  @Test("a writer gets its turn before any reader that came after it")
  func noStarvation() throws {
    let manager = LockManager.patient()
    let owners = manager.owners(2)
    final class Shared: Sendable {
      let reads = Atomic<Int>(0)
      let isOver = Atomic<Bool>(false)
      let readsAtTurn = Atomic<Int>(0)
    }
    let shared = Shared()
    // One reader is always there, until the writer has waited among the others for a while.
    try owners[0].lock(record: [1], of: 1, .shared)
    let readers = (0..<8).map { index in
      LockCall { () throws(StorageError) in
        let owner = manager.makeOwner(transaction: UInt64(100 + index))
        while !shared.isOver.load(ordering: .relaxed) {
          defer { owner.releaseAll() }
          try owner.lock(record: [1], of: 1, .shared)
          shared.reads.add(1, ordering: .sequentiallyConsistent)
        }
      }
    }
    #expect(waitUntil { shared.reads.load(ordering: .relaxed) > 1000 })
    let writer = LockCall { () throws(StorageError) in
      try owners[1].lock(record: [1], of: 1, .exclusive)
      shared.readsAtTurn.store(
        shared.reads.load(ordering: .sequentiallyConsistent), ordering: .sequentiallyConsistent)
      owners[1].releaseAll()
    }
    #expect(waitUntil { manager.blockedTransactions.contains { $0.transaction == 2 } })
    let readsBefore = shared.reads.load(ordering: .sequentiallyConsistent)
    // Either all readers wait behind the writer, or they overtake it.
    #expect(
      waitUntil {
        manager.blockedTransactions.count == 9 || shared.reads.load(ordering: .relaxed) > readsBefore + 10_000
      })
    owners[0].releaseAll()
    #expect(writer.end() == nil)
    // Those that had been granted, but had not counted it yet.
    #expect(shared.readsAtTurn.load(ordering: .sequentiallyConsistent) <= readsBefore + readers.count)
    shared.isOver.store(true, ordering: .relaxed)
    for reader in readers { #expect(reader.end() == nil) }
    #expect(manager.isIdle)
  }

  /// Counters that are read under S and written under X, as a transaction would: with lost updates if two
  /// upgraders ever held a record at the same time.
  ///
  /// `@unchecked Sendable`: the locks that are tested guard it.
  private final class Counters: @unchecked Sendable {
    let values = UnsafeMutablePointer<Int>.allocate(capacity: 3)
    init() { values.initialize(repeating: 0, count: 3) }
    deinit { values.deallocate() }
  }

  @Test("many that read and then write the same records all finish, with retries, and no write is lost")
  func upgradeStorm() throws {
    let manager = LockManager.patient()
    let counters = Counters()
    let threads = 12
    let rounds = 60
    let calls = (0..<threads).map { thread in
      LockCall { () throws(StorageError) in
        for round in 0..<rounds {
          // The number of the first attempt stays its age, so that it wins one day.
          let number = UInt64(round * threads + thread + 1)
          let owner = manager.makeOwner(transaction: number)
          let record = (thread + round) % 3
          var isDone = false
          while !isDone {
            defer { owner.releaseAll() }
            do throws(StorageError) {
              try owner.lock(tree: 1, .intentionExclusive)
              try owner.lock(record: [UInt8(record)], of: 1, .shared)
              let value = counters.values[record]
              try owner.lock(record: [UInt8(record)], of: 1, .exclusive)
              counters.values[record] = value + 1
              isDone = true
            } catch {
              guard error.code == .deadlock else { throw error }
            }
          }
        }
      }
    }
    for call in calls { #expect(call.end() == nil) }
    #expect((0..<3).map { counters.values[$0] }.reduce(0, +) == threads * rounds)
    #expect(manager.isIdle)
  }
}
