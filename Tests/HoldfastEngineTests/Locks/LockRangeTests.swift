import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

@Suite("Locks on key ranges")
struct LockRangeTests {
  let manager = LockManager.patient()

  private func canWrite(_ owner: LockOwner, _ key: [UInt8], tree: UInt64 = 1) -> Bool {
    succeeds { () throws(StorageError) in try owner.lock(record: key, of: tree, .exclusive, timeout: 0) }
  }

  private func canScan(_ owner: LockOwner, _ lower: [UInt8], _ upper: [UInt8]?, tree: UInt64 = 1) -> Bool {
    succeeds { () throws(StorageError) in try owner.lock(rangeFrom: lower, to: upper, of: tree, timeout: 0) }
  }

  @Test("a range keeps writers out from its first key up to its end, which is not in it")
  func rangeFirst() throws {
    let owners = manager.owners(2)
    try owners[0].lock(rangeFrom: [3], to: [6], of: 1)
    #expect(canWrite(owners[1], []))
    #expect(canWrite(owners[1], [2, 255]))
    #expect(!canWrite(owners[1], [3]))
    #expect(!canWrite(owners[1], [3, 0]))
    #expect(!canWrite(owners[1], [5, 255, 255]))
    #expect(canWrite(owners[1], [6]))
    #expect(canWrite(owners[1], [4], tree: 2))
    try owners[1].lock(record: [4], of: 1, .shared)
    try owners[1].lock(tree: 1, .exclusive)
    for owner in owners { owner.releaseAll() }
    try owners[0].lock(rangeFrom: [], to: nil, of: 1)
    #expect(!canWrite(owners[1], []))
    #expect(!canWrite(owners[1], [255, 255]))
    for owner in owners { owner.releaseAll() }
    #expect(manager.isIdle)
  }

  @Test("a record that is written keeps out the ranges that it is in, also when its lock is shared or was")
  func recordFirst() throws {
    let owners = manager.owners(3)
    try owners[0].lock(record: [5], of: 1, .exclusive)
    try owners[0].lock(record: [8], of: 1, .shared)
    try owners[1].lock(record: [8], of: 1, .shared)
    #expect(!canScan(owners[1], [5], [6]))
    #expect(!canScan(owners[1], [], nil))
    #expect(!canScan(owners[1], [4], [5, 0]))
    #expect(canScan(owners[1], [4], [5]))
    #expect(canScan(owners[1], [5, 0], nil))
    #expect(canScan(owners[1], [5], [6], tree: 2))
    #expect(canScan(owners[0], [5], [6]))
    // An upgrade, with and without a queue.
    owners[1].releaseAll()
    try owners[0].lock(record: [8], of: 1, .exclusive)
    #expect(!canScan(owners[1], [8], [9]))
    owners[0].releaseAll()
    try owners[0].lock(record: [8], of: 1, .shared)
    try owners[0].lock(record: [8], of: 1, .exclusive)
    #expect(!canScan(owners[1], [8], [9]))
    for owner in owners { owner.releaseAll() }
    #expect(manager.isIdle)
  }

  @Test("a range has nothing against other ranges, and one without keys against nothing")
  func rangesTogether() throws {
    let owners = manager.owners(3)
    try owners[0].lock(rangeFrom: [3], to: [6], of: 1)
    #expect(canScan(owners[1], [4], nil))
    #expect(canScan(owners[2], [9], [9]))
    #expect(canScan(owners[2], [9], [8]))
    #expect(owners[2].lockCount == 0)
    for owner in owners { owner.releaseAll() }
    #expect(manager.isIdle)
  }

  @Test("ranges that touch become one, in whatever order they come")
  func joining() throws {
    for seed in Seeds.first(20) {
      var random = SplitMix64(seed: seed)
      let owners = manager.owners(2)
      var pieces = (0..<10).map { (UInt8($0), $0 == 9 ? nil : UInt8($0 + 1)) }
      pieces.shuffle(using: &random)
      for (index, piece) in pieces.enumerated() {
        try owners[0].lock(rangeFrom: [piece.0], to: piece.1.map { [$0] }, of: 1)
        for key in UInt8(0)..<10 {
          let isHeld = pieces[...index].contains { $0.0 == key }
          #expect(canWrite(owners[1], [key]) != isHeld, "seed \(seed)")
          owners[1].releaseAll()
        }
        #expect(owners[0].lockCount == manager.lockInfo().count, "seed \(seed)")
      }
      #expect(owners[0].lockCount == 1)
      try owners[0].lock(rangeFrom: [2], to: [7], of: 1)
      #expect(owners[0].lockCount == 1)
      owners[0].releaseAll()
      #expect(manager.isIdle)
    }
  }

  @Test("a writer waits until all ranges around its record are free")
  func writerWaits() throws {
    let owners = manager.owners(4)
    try owners[0].lock(rangeFrom: [3], to: [6], of: 1)
    try owners[1].lock(rangeFrom: [], to: nil, of: 1)
    let writer = LockCall { () throws(StorageError) in try owners[2].lock(record: [4], of: 1, .exclusive) }
    manager.expectBlocked([3])
    owners[0].releaseAll()
    manager.expectBlocked([3])
    #expect(manager.waitForGraph == [WaitForEdge(waiting: 3, blocker: 2)])
    // The next scan is behind the writer, beside it is another matter.
    #expect(!canScan(owners[3], [4], [5]))
    #expect(canScan(owners[3], [5], [6]))
    owners[1].releaseAll()
    #expect(writer.end() == nil)
    for owner in owners { owner.releaseAll() }
    #expect(manager.isIdle)
  }

  @Test("a scan waits until all writers in its range have ended; new ones wait behind it, old ones go on")
  func scanWaits() throws {
    let owners = manager.owners(5)
    try owners[0].lock(record: [3], of: 1, .exclusive)
    try owners[1].lock(record: [4], of: 1, .exclusive)
    try owners[1].lock(record: [5], of: 1, .shared)
    let scan = LockCall { () throws(StorageError) in try owners[2].lock(rangeFrom: [3], to: [9], of: 1) }
    manager.expectBlocked([3])
    // Waited for anyway, so it is not in anybody's way.
    try owners[0].lock(record: [6], of: 1, .exclusive)
    try owners[1].lock(record: [5], of: 1, .exclusive)
    let writer = LockCall { () throws(StorageError) in try owners[3].lock(record: [7], of: 1, .exclusive) }
    manager.expectBlocked([3, 4])
    #expect(
      Set(manager.waitForGraph) == [
        .init(waiting: 3, blocker: 1), .init(waiting: 3, blocker: 2), .init(waiting: 4, blocker: 3),
      ])
    #expect(canWrite(owners[4], [9]))
    owners[0].releaseAll()
    manager.expectBlocked([3, 4])
    owners[1].releaseAll()
    #expect(scan.end() == nil)
    manager.expectBlocked([4])
    owners[2].releaseAll()
    #expect(writer.end() == nil)
    for owner in owners { owner.releaseAll() }
    #expect(manager.isIdle)
  }

  @Test("a reader that upgrades in a range for which others wait is waited for by them")
  func upgradeBeforeScan() throws {
    let owners = manager.owners(3)
    try owners[0].lock(record: [3], of: 1, .exclusive)
    try owners[1].lock(record: [5], of: 1, .shared)
    let scan = LockCall { () throws(StorageError) in try owners[2].lock(rangeFrom: [3], to: [9], of: 1) }
    manager.expectBlocked([3])
    try owners[1].lock(record: [5], of: 1, .exclusive, timeout: 0)
    owners[0].releaseAll()
    manager.expectBlocked([3])
    #expect(manager.waitForGraph == [.init(waiting: 3, blocker: 2)])
    owners[1].releaseAll()
    #expect(scan.end() == nil)
    owners[2].releaseAll()
    #expect(manager.isIdle)
  }

  @Test("a scan that gives up lets the writers behind it go on; a writer that gives up, the scans")
  func givingUp() throws {
    let owners = manager.owners(4)
    try owners[0].lock(record: [3], of: 1, .exclusive)
    let scan = LockCall { () throws(StorageError) in
      try owners[1].lock(rangeFrom: [3], to: [9], of: 1, timeout: 300_000_000)
    }
    manager.expectBlocked([2])
    let writer = LockCall { () throws(StorageError) in try owners[2].lock(record: [7], of: 1, .exclusive) }
    #expect(scan.end()?.code == .lockTimeout)
    #expect(writer.end() == nil)
    owners[0].releaseAll()
    owners[2].releaseAll()
    #expect(manager.isIdle)

    try owners[0].lock(rangeFrom: [3], to: [9], of: 1)
    let second = LockCall { () throws(StorageError) in
      try owners[1].lock(record: [5], of: 1, .exclusive, timeout: 300_000_000)
    }
    manager.expectBlocked([2])
    let other = LockCall { () throws(StorageError) in try owners[2].lock(rangeFrom: [4], to: [6], of: 1) }
    #expect(second.end()?.code == .lockTimeout)
    #expect(other.end() == nil)
    for owner in owners { owner.releaseAll() }
    #expect(manager.isIdle)
  }

  @Test("who holds a range reads its records, and writes them before others who wait for that")
  func ownRange() throws {
    let owners = manager.owners(2)
    try owners[0].lock(rangeFrom: [3], to: [6], of: 1)
    let writer = LockCall { () throws(StorageError) in try owners[1].lock(record: [4], of: 1, .exclusive) }
    manager.expectBlocked([2])
    try owners[0].lock(record: [4], of: 1, .shared, timeout: 0)
    #expect(owners[0].lockCount == 1)
    try owners[0].lock(rangeFrom: [3], to: [8], of: 1, timeout: 0)
    try owners[0].lock(record: [4], of: 1, .exclusive, timeout: 0)
    #expect(owners[0].lockCount == 2)
    owners[0].releaseAll()
    #expect(writer.end() == nil)
    owners[1].releaseAll()
    #expect(manager.isIdle)
  }

  @Test("who writes a record for which others wait can lock a range around it")
  func rangeAroundOwnRecord() throws {
    let owners = manager.owners(2)
    try owners[0].lock(record: [4], of: 1, .exclusive)
    let writer = LockCall { () throws(StorageError) in try owners[1].lock(record: [4], of: 1, .exclusive) }
    manager.expectBlocked([2])
    try owners[0].lock(rangeFrom: [], to: nil, of: 1, timeout: 0)
    owners[0].releaseAll()
    #expect(writer.end() == nil)
    owners[1].releaseAll()
    #expect(manager.isIdle)
  }
}
