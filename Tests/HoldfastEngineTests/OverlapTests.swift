import HoldfastIO
import HoldfastTestSupport
import Synchronization
import Testing

@testable import HoldfastEngine

/// What one thread may see and do while another is in the middle of a sync, a checkpoint or a spill.
@Suite struct OverlapTests {
  /// Runs `body` on `count` threads while no commit can be written or synced, until `isReady`; then lets go.
  private func whileLogIsHeld(
    _ storage: Storage, _ count: Int, until isReady: @escaping @Sendable () -> Bool,
    _ body: @escaping @Sendable (Int) throws -> Void
  ) {
    let isHeld = Atomic<Bool>(false)
    runThreads(count + 1) { thread in
      if thread == count {
        storage.logLatch.withLock {
          isHeld.store(true, ordering: .releasing)
          for _ in 0..<2000 where !isReady() { SystemClock().sleep(nanoseconds: 1_000_000) }
          // Long enough for those to return who must not.
          SystemClock().sleep(nanoseconds: 50_000_000)
        }
        return
      }
      while !isHeld.load(ordering: .acquiring) { SystemClock().sleep(nanoseconds: 100_000) }
      do { try body(thread) } catch { Issue.record("\(error)") }
    }
  }

  @Test("nobody sees a commit that is not durable yet, and none behind it is acknowledged earlier")
  func nothingBeforeItIsDurable() throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    let storage = try Storage.open(path, options)
    try storage.put(1, text("base"), [0])
    let log = try #require(storage.log)
    let first = log.lastLSN + 1
    let looks = Atomic<Int>(0)
    let early = Mutex<[String]>([])
    let until: @Sendable () -> Bool = {
      looks.load(ordering: .acquiring) == 2 && log.lastLSN == first + 1
    }
    whileLogIsHeld(storage, 4, until: until) { thread in
      while thread > 0 && log.lastLSN < first { SystemClock().sleep(nanoseconds: 100_000) }
      switch thread {
      case 0: try storage.put(1, text("safe"), [1])
      case 1: try storage.put(1, text("unsafe"), [2], .unsafe)
      default:
        let seen = try storage.write { transaction in
          // As a level that reads what is newest would.
          try transaction.refresh()
          return try transaction.get(1, text("safe"))
        }
        let wasDurable = log.durableLSN >= first
        if seen != nil && !wasDurable { early.withLock { $0.append("read") } }
        looks.add(1, ordering: .acquiringAndReleasing)
        return
      }
      if log.durableLSN < first { early.withLock { $0.append("thread \(thread)") } }
    }
    #expect(early.withLock { $0 } == [])
    #expect(try storage.snapshot().count(1) == 3)
    try storage.close()
  }

  @Test("a commit that waits for no sync makes none before it visible that waits for one")
  func weakCommitShowsNothing() throws {
    let disk = try makeDisk()
    let storage = try Storage.open(path, try makeOptions(disk))
    try storage.put(1, text("base"), [0])
    let log = try #require(storage.log)
    let first = log.lastLSN + 1
    let visible = Mutex<[Model]>([])
    whileLogIsHeld(
      storage, 3,
      until: {
        guard log.lastLSN == first + 1 else { return false }
        if let found = try? storage.snapshot().contents(1) { visible.withLock { $0.append(found) } }
        return visible.withLock { $0.count > 20 }
      }
    ) { thread in
      while thread > 0 && log.lastLSN < first { SystemClock().sleep(nanoseconds: 100_000) }
      if thread == 0 { try storage.put(1, text("safe"), [1]) }
      if thread == 1 { try storage.put(1, text("unsafe"), [2], .unsafe) }
    }
    #expect(visible.withLock { $0.allSatisfy { $0 == [text("base"): [0]] } })
    #expect(try storage.snapshot().count(1) == 3)
    try storage.close()
  }

  @Test("pages that a commit can still change are not written early")
  func spillWhileCommitsWait() throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    let storage = try Storage.open(path, options)
    try storage.put(1, text("a"), [1])
    let log = try #require(storage.log)
    let first = log.lastLSN + 1
    let hasSpilled = Atomic<Bool>(false)
    let value = [UInt8](repeating: 7, count: 1000)
    whileLogIsHeld(storage, 3, until: { log.lastLSN == first + 1 }) { thread in
      switch thread {
      case 0:
        // Dirty enough that spilling takes the pages of the newest commit too.
        try storage.write { transaction in
          for number in 0..<200 as Range<UInt64> { try transaction.put(1, number.key16, value) }
        }
      case 1:
        while log.lastLSN < first { SystemClock().sleep(nanoseconds: 100_000) }
        try storage.spill()
        hasSpilled.store(true, ordering: .releasing)
      default:
        while !hasSpilled.load(ordering: .acquiring) { SystemClock().sleep(nanoseconds: 100_000) }
        // Others, since the records of the first are locked until it is durable, and in the same pages.
        try storage.write { transaction in
          for number in 0..<200 as Range<UInt64> { try transaction.put(1, number.key16 + [1], [8]) }
        }
      }
    }
    #expect(storage.checkInvariants() == [])
    try storage.close()
    let again = try Storage.open(path, options)
    let found = try again.snapshot().contents(1)
    #expect(found.count == 401 && found.values.count { $0.count == 1 } == 201)
    #expect(try again.verify().isIntact)
    try again.close()
  }

  @Test("what is committed while a checkpoint writes its pages harms neither the checkpoint nor the commit")
  func commitsDuringCheckpoint() throws {
    for isEncrypted in [false, true] {
      let disk = try makeDisk()
      let hooked = HookedFileSystem(disk)
      let options = try makeOptions(hooked, encrypted: isEncrypted)
      var storage: Storage? = try Storage.open(path, options)
      var model = Model()
      func fill(_ byte: UInt8) throws {
        try storage?.write { transaction in
          transaction.require(.unsafe)
          for number in 0..<120 as Range<UInt64> {
            let value = [UInt8](repeating: byte, count: 100)
            try transaction.put(1, number.key16, value)
            model[number.key16] = value
          }
        }
      }
      try fill(1)
      try storage?.checkpoint()
      try fill(2)
      let open = try #require(storage)
      // Every page of the version that is being written is given up meanwhile, and more are needed.
      hooked.once(before: .write, of: .data) { [weak open] in
        do {
          for round in 3..<8 as Range<UInt8> {
            try open?.write { transaction in
              transaction.require(.unsafe)
              for number in 0..<120 as Range<UInt64> {
                try transaction.put(1, number.key16, [UInt8](repeating: round, count: 100))
              }
            }
          }
        } catch { Issue.record("\(error)") }
      }
      try open.checkpoint()
      #expect(!hooked.isWaiting)
      for key in model.keys { model[key] = [UInt8](repeating: 7, count: 100) }
      #expect(try open.snapshot().contents(1) == model)
      // What came later goes to the file, where the slot still refers to the checkpoint.
      try fill(9)
      try open.persist()
      try open.spill()
      #expect(open.checkInvariants() == [])
      let image = disk.snapshotImage()
      storage = nil
      let copy = SimulatedDisk(image: image)
      let again = try Storage.open(path, try makeOptions(copy, encrypted: isEncrypted))
      #expect(try again.snapshot().contents(1) == model)
      #expect(try again.verify().problems == [])
      #expect(!again.recovery.usedOlderSlot)
      try again.close()
    }
  }

  @Test("what is committed in a batch mode while a sync runs is due within its own interval")
  func batchDuringSync() throws {
    let disk = try makeDisk()
    let hooked = HookedFileSystem(disk)
    let clock = SimulatedClock()
    var options = try makeOptions(hooked)
    options.clock = clock
    let storage = try Storage.open(path, options)
    let mode = Durability.batch(operations: 1000, milliseconds: 50)
    try storage.put(1, text("a"), [1], mode)
    hooked.once(before: .sync, of: .log) { [weak storage] in
      do {
        try storage?.put(1, text("b"), [1], mode)
        // Has more time, and gives none to the one before it.
        try storage?.put(1, text("c"), [1], .batch(operations: 1000, milliseconds: 10_000))
      } catch { Issue.record("\(error)") }
    }
    try storage.persist()
    var statistics = try storage.statistics()
    #expect(!hooked.isWaiting && statistics.durableLSN < statistics.lastLSN)
    clock.sleep(nanoseconds: 51_000_000)
    storage.maintain()
    statistics = try storage.statistics()
    #expect(statistics.durableLSN == statistics.lastLSN)
    try storage.close()
  }
}
