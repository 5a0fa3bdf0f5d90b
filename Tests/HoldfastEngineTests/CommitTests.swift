import HoldfastIO
import HoldfastTestSupport
import Synchronization
import Testing

@testable import HoldfastEngine

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// When commits are durable and visible, and what they cost.
@Suite struct CommitTests {
  @Test("a durable insert into 100,000 syncs once, writes at most 1 KiB of log, and nothing to the data file")
  func costOfAnInsert() throws {
    let disk = try makeDisk()
    var options = try makeOptions(
      disk, encrypted: true, pageSize: 8192, cacheBytes: 64 << 20, logBudget: 64 << 20)
    options.smallestSegment = 1 << 20
    options.largestSegment = 64 << 20
    // Opened a second time, the file has the name by which its writes are counted below.
    try Storage.open(path, options).close()
    let storage = try Storage.open(path, options)
    let value = [UInt8](repeating: 3, count: 200)
    for batch in 0..<100 {
      try storage.write { transaction in
        for number in 0..<1000 { try transaction.put(1, UInt64(batch * 1000 + number).key16, value) }
      }
    }
    try storage.checkpoint()
    #expect(disk.counters.writes(to: path) > 0)
    try storage.put(1, UInt64(2_000_000).key16, value)
    let before = disk.counters
    for number in 0..<100 as Range<UInt64> { try storage.put(1, (3_000_000 + number * 7).key16, value) }
    let after = disk.counters
    #expect(after.syncs - before.syncs == 100)
    #expect(after.directorySyncs == before.directorySyncs)
    #expect(after.writes - before.writes == 100)
    #expect(after.bytesWritten - before.bytesWritten <= 100 * 1024)
    #expect(after.writes(to: path) == before.writes(to: path))
    try storage.close()
  }

  @Test("a batch mode never has more acknowledged operations unsynced than it says")
  func batchOperations() throws {
    let disk = try makeDisk()
    let storage = try Storage.open(path, try makeOptions(disk))
    try storage.persist()
    let before = disk.counters.syncs
    for number in 0..<100 as Range<UInt64> {
      try storage.put(1, number.key16, [1], .batch(operations: 10, milliseconds: 1_000_000))
      let synced = try storage.statistics().durableLSN
      #expect(try storage.statistics().lastLSN - synced < 10)
    }
    #expect(disk.counters.syncs - before == 10)
  }

  @Test("a batch mode leaves nothing unsynced for longer than its interval")
  func batchInterval() throws {
    let disk = try makeDisk()
    let clock = SimulatedClock()
    var options = try makeOptions(disk)
    options.clock = clock
    let storage = try Storage.open(path, options)
    let mode = Durability.batch(operations: 1000, milliseconds: 50)
    try storage.put(1, text("a"), [1], mode)
    storage.maintain()
    var statistics = try storage.statistics()
    #expect(statistics.durableLSN < statistics.lastLSN)
    clock.sleep(nanoseconds: 51_000_000)
    storage.maintain()
    statistics = try storage.statistics()
    #expect(statistics.durableLSN == statistics.lastLSN)
    // Without a thread the next commit does it.
    try storage.put(1, text("b"), [1], mode)
    clock.sleep(nanoseconds: 51_000_000)
    try storage.put(1, text("c"), [1], mode)
    statistics = try storage.statistics()
    #expect(statistics.durableLSN == statistics.lastLSN)
  }

  @Test("a batch mode counts operations, not commits")
  func batchOfLargeCommits() throws {
    let disk = try makeDisk()
    let storage = try Storage.open(path, try makeOptions(disk))
    for commit in 0..<12 as Range<UInt64> {
      try storage.write { transaction in
        transaction.require(.batch(operations: 10, milliseconds: 1_000_000))
        for number in 0..<4 as Range<UInt64> { try transaction.put(1, (commit * 4 + number).key16, [1]) }
      }
      let statistics = try storage.statistics()
      #expect((statistics.lastLSN - statistics.durableLSN) * 4 < 10)
    }
    try storage.close()
  }

  @Test("of several intervals the shortest counts, and no later commit puts off the sync of an earlier one")
  func batchIntervals() throws {
    // Two commits, so many milliseconds apart, each with an interval; when both have to be synced.
    let cases: [(first: Int, pause: UInt64, second: Int, due: UInt64)] = [
      (50, 0, 10_000, 50), (10_000, 0, 50, 50), (50, 30, 50, 50), (10_000, 30, 50, 80), (50, 30, 10_000, 50),
    ]
    for (first, pause, second, due) in cases {
      let clock = SimulatedClock()
      var options = try makeOptions(try makeDisk())
      options.clock = clock
      let storage = try Storage.open(path, options)
      try storage.put(1, text("a"), [1], .batch(operations: 1000, milliseconds: first))
      clock.sleep(nanoseconds: pause * 1_000_000)
      try storage.put(1, text("b"), [1], .batch(operations: 1000, milliseconds: second))
      clock.sleep(nanoseconds: (due - pause - 1) * 1_000_000)
      storage.maintain()
      var statistics = try storage.statistics()
      #expect(statistics.durableLSN < statistics.lastLSN, "\(first), \(pause), \(second)")
      clock.sleep(nanoseconds: 1_000_000)
      storage.maintain()
      statistics = try storage.statistics()
      #expect(statistics.durableLSN == statistics.lastLSN, "\(first), \(pause), \(second)")
      try storage.close()
    }
  }

  @Test("the times of versions never go back, whatever the clock does, also when a database is opened again")
  func timestamps() throws {
    let disk = try makeDisk()
    var options = try makeOptions(disk)
    let clock = SimulatedClock()
    options.clock = clock
    var storage: Storage? = try Storage.open(path, options)
    var last: Int64 = .min
    func commit() throws {
      try storage?.put(1, text("a"), [1])
      let time = try #require(storage?.versions.current.timestamp)
      #expect(time >= last)
      last = max(last, time)
    }
    try commit()
    clock.advance(milliseconds: 5_000)
    try commit()
    clock.set(now: 1000)
    try commit()
    try storage?.checkpoint()
    try commit()
    // A crash: the newest time is in the log only.
    clock.set(now: last + 1000)
    try commit()
    storage = nil
    disk.killProcess()
    clock.set(now: 2000)
    storage = try Storage.open(path, options)
    #expect(try #require(storage?.versions.current.timestamp) >= last)
    try commit()
    // A clean close: it is in the slots.
    try storage?.close()
    clock.set(now: 3000)
    storage = try Storage.open(path, options)
    #expect(try #require(storage?.versions.current.timestamp) >= last)
    try commit()
    try storage?.close()
  }

  @Test("unsafe commits wait for no sync, and a safe one carries them along")
  func unsafeCommits() throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    var storage: Storage? = try Storage.open(path, options)
    let before = disk.counters.syncs
    for number in 0..<50 as Range<UInt64> { try storage?.put(1, number.key16, [1], .unsafe) }
    #expect(disk.counters.syncs == before)
    #expect(try storage?.snapshot().count(1) == 50)
    try storage?.put(1, text("safe"), [2])
    storage = nil
    disk.crash(.nothing)
    let again = try Storage.open(path, options)
    #expect(try again.snapshot().count(1) == 51)
  }

  @Test("what persist() covered survives, and what came after is a prefix")
  func persist() throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    var storage: Storage? = try Storage.open(path, options)
    for number in 0..<50 as Range<UInt64> { try storage?.put(1, number.key16, [1], .unsafe) }
    try storage?.persist()
    for number in 50..<100 as Range<UInt64> { try storage?.put(1, number.key16, [1], .unsafe) }
    storage = nil
    disk.crash(.nothing)
    let again = try Storage.open(path, options)
    #expect(try again.snapshot().count(1) >= 50)
  }

  @Test("nothing is visible before it is durable")
  func visibility() throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    var storage: Storage? = try Storage.open(path, options)
    try storage?.put(1, text("a"), [1])
    disk.schedule(.failedSyncDroppingData, at: disk.operationCount + 1)
    #expect(throws: StorageError.self) { try storage?.put(1, text("b"), [2]) }
    #expect(try storage?.get(1, text("a")) == [1])
    #expect(try storage?.get(1, text("b")) == nil)
    // Poisoned: no commit, no checkpoint, and close does not pretend, but it does free the lock.
    #expect(storage?.failure?.code == .outcomeUnknown)
    #expect(throws: StorageError.self) { try storage?.put(1, text("c"), [3]) }
    #expect(throws: StorageError.self) { try storage?.checkpoint() }
    do throws(StorageError) {
      try storage?.close()
      Issue.record("closing says that everything is durable")
    } catch {
      #expect(error.code == .outcomeUnknown)
    }
    try storage?.close()
    storage = try Storage.open(path, options)
    #expect(storage?.recovery.wasClean == false)
    #expect(try storage?.get(1, text("a")) == [1])
    try storage?.put(1, text("c"), [3])
    try storage?.close()
  }

  @Test(
    "a commit whose log write fails changes nothing, and the next one succeeds", arguments: [ENOSPC, EIO])
  func failedWrite(code: Int32) throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    var storage: Storage? = try Storage.open(path, options)
    try storage?.put(1, text("a"), [1])
    disk.schedule(.error(code, .once), at: disk.operationCount + 1, on: .write)
    do {
      try storage?.put(1, text("b"), [2])
      Issue.record("the write succeeded")
    } catch let error as StorageError {
      #expect(error.code == (code == ENOSPC ? .diskFull : .ioFailed))
    }
    #expect(try storage?.get(1, text("b")) == nil)
    #expect(storage?.checkInvariants() == [])
    try storage?.put(1, text("c"), [3])
    #expect(storage?.checkInvariants() == [])
    storage = nil
    disk.crash()
    let again = try Storage.open(path, options)
    #expect(try again.snapshot().contents(1) == [text("a"): [1], text("c"): [3]])
  }

  @Test("a full disk refuses commits, goes on reading, and takes commits again when there is room")
  func fullDisk() throws {
    let disk = try makeDisk(capacity: 700 * 1024)
    let options = try makeOptions(disk)
    var storage: Storage? = try Storage.open(path, options)
    var count: UInt64 = 0
    var failure: StorageError?
    while failure == nil && count < 10_000 {
      do {
        try storage?.put(1, count.key16, [UInt8](repeating: 1, count: 1500))
        count += 1
      } catch let error as StorageError { failure = error }
    }
    #expect(failure?.code == .diskFull, "\(String(describing: failure))")
    #expect(storage?.failure == nil)
    #expect(try storage?.snapshot().count(1) == count)
    #expect(storage?.checkInvariants() == [])
    disk.capacity = 4 << 20
    try storage?.put(1, (count + 1).key16, [1])
    try storage?.checkpoint()
    storage = nil
    disk.crash()
    let again = try Storage.open(path, options)
    #expect(try again.snapshot().count(1) == count + 1)
    try again.close()
  }

  @Test("threads share syncs, and every acknowledged commit is there")
  func groupCommit() throws {
    let disk = try makeDisk()
    var options = try makeOptions(disk, cacheBytes: 8 << 20)
    options.hasBackgroundThread = true
    options.clock = SystemClock()
    let storage = try Storage.open(path, options)
    let threads = 16
    let each = 100
    runThreads(threads) { thread in
      for number in 0..<each {
        do { try storage.put(1, UInt64(thread * each + number).key16, [UInt8(thread)]) } catch {
          Issue.record("\(error)")
        }
      }
    }
    #expect(try storage.snapshot().count(1) == UInt64(threads * each))
    #expect(storage.checkInvariants() == [])
    disk.crash(.nothing)
    let again = try Storage.open(path, try makeOptions(disk))
    #expect(try again.snapshot().count(1) == UInt64(threads * each))
    try again.close()
  }

  @Test("readers see whole commits only, while writers, checkpoints and spills go on")
  func readersAndWriters() throws {
    let disk = try makeDisk()
    var options = try makeOptions(disk, cacheBytes: 256 << 10, logBudget: 128 << 10)
    options.hasBackgroundThread = true
    options.clock = SystemClock()
    let storage = try Storage.open(path, options)
    let keys = (0..<64 as Range<UInt64>).map(\.key16)
    try storage.write { transaction in for key in keys { try transaction.put(1, key, UInt64(0).key16) } }
    let isDone = Atomic<Bool>(false)
    runThreads(4) { thread in
      do {
        if thread < 2 {
          // Each commit writes the same number under all keys.
          for number in 1...150 as ClosedRange<UInt64> {
            try storage.retrying { transaction in
              transaction.require(thread == 0 ? .safe : .unsafe)
              for key in keys { try transaction.put(1, key, (number &+ UInt64(thread) << 32).key16) }
              try transaction.put(2, number.key16, [UInt8](repeating: UInt8(thread), count: 900))
            }
          }
          isDone.store(true, ordering: .relaxed)
        } else {
          while !isDone.load(ordering: .relaxed) {
            let values = Set(try storage.snapshot().entries(1).map(\.value))
            #expect(values.count == 1)
          }
        }
      } catch { Issue.record("\(error)") }
    }
    #expect(storage.checkInvariants() == [])
    try storage.close()
    let again = try Storage.open(path, try makeOptions(disk))
    #expect(try again.verify().problems == [])
    try again.close()
  }

  @Test(
    "closing with unsynced commits and a failing log write ends, with an error, and recovers",
    arguments: [false, true])
  func closeWithFailingWrite(isUnsafe: Bool) throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    var storage: Storage? = try Storage.open(path, options)
    try storage?.put(1, text("a"), [1])
    if isUnsafe { try storage?.put(1, text("b"), [2], .unsafe) }
    disk.schedule(.error(EIO, .once), at: disk.operationCount + 1, on: .write)
    #expect(throws: StorageError.self) { try storage?.close() }
    #expect(throws: StorageError.self) { try storage?.put(1, text("c"), [3]) }
    storage = nil
    let again = try Storage.open(path, options)
    #expect(try again.get(1, text("a")) == [1])
    try again.close()
  }

  @Test("a transaction reads one state, whatever a checkpoint does to the catalog meanwhile")
  func checkpointDuringTransaction() throws {
    let disk = try makeDisk()
    var options = try makeOptions(disk)
    options.hasBackgroundThread = false
    let storage = try Storage.open(path, options)
    for number in 0..<300 as Range<UInt64> {
      try storage.write { transaction in
        let id = try transaction.createTree()
        try transaction.put(0, [1] + number.key16, id.key16)
        try transaction.put(id, text("a"), [1])
      }
    }
    // Another thread checkpoints and forces pages out while the transaction is in the middle.
    try storage.write { transaction in
      func look() throws {
        for number in 0..<300 as Range<UInt64> { #expect(try transaction.get(0, [1] + number.key16) != nil) }
      }
      try look()
      runThreads(1) { _ in
        do {
          for _ in 0..<3 { try storage.checkpoint() }
        } catch { Issue.record("\(error)") }
      }
      try look()
      try transaction.put(0, [1] + UInt64(1000).key16, [1])
    }
    #expect(storage.checkInvariants() == [])
    #expect(try storage.verify().problems == [])
    try storage.close()
  }

  @Test("a commit that is not durable is seen by nobody, and when it is taken back nobody else is concerned")
  func commitTakenBack() throws {
    let disk = try makeDisk()
    var options = try makeOptions(disk)
    options.clock = SystemClock()
    let storage = try Storage.open(path, options)
    try storage.put(1, text("a"), [1])
    let before = storage.commitLatch.withLock { storage.log?.lastLSN ?? 0 }
    let outcome = Mutex<StorageError.Code?>(nil)
    let seen = Mutex<[[UInt8]]>([])
    let isHeld = Atomic<Bool>(false)
    disk.schedule(.error(EIO, .once), at: disk.operationCount + 1, on: .write)
    runThreads(2) { thread in
      do {
        if thread == 1 {
          while !isHeld.load(ordering: .acquiring) { SystemClock().sleep(nanoseconds: 100_000) }
          do { try storage.put(1, text("b"), [2]) } catch let error as StorageError {
            outcome.withLock { $0 = error.code }
          }
          return
        }
        // Nobody writes the log until the second transaction has read.
        let transaction = try storage.logLatch.withLock { () throws(StorageError) -> WriteTransaction in
          isHeld.store(true, ordering: .releasing)
          while storage.commitLatch.withLock({ storage.log?.lastLSN ?? 0 }) == before {
            SystemClock().sleep(nanoseconds: 100_000)
          }
          let transaction = try storage.begin()
          var cursor = try transaction.cursor(1)
          var more = try cursor.first()
          while more {
            _ = try cursor.read { key, _ in seen.withLock { $0.append([UInt8](key)) } }
            more = try cursor.next()
          }
          return transaction
        }
        while outcome.withLock({ $0 }) == nil { SystemClock().sleep(nanoseconds: 100_000) }
        try transaction.put(1, text("c"), [3])
        try transaction.commit()
      } catch { Issue.record("\(error)") }
    }
    #expect(outcome.withLock { $0 } == .ioFailed)
    #expect(seen.withLock { $0 } == [text("a")])
    #expect(try storage.snapshot().contents(1) == [text("a"): [1], text("c"): [3]])
    #expect(storage.checkInvariants() == [])
    try storage.close()
  }

  @Test("a checkpoint that failed half-way leaves no trace in the next one", arguments: [ENOSPC, EIO])
  func failedCheckpoint(code: Int32) throws {
    for failing in 1...6 {
      let disk = try makeDisk()
      let options = try makeOptions(disk, encrypted: true)
      // Opened a second time, the file has the name by which the faults below mean it.
      try Storage.open(path, options).close()
      let storage = try Storage.open(path, options)
      // A root with a few leaves.
      try storage.write { transaction in
        for number in 0..<100 as Range<UInt64> {
          try transaction.put(1, number.key16, [UInt8](repeating: 1, count: 100))
        }
      }
      let snapshot = try storage.snapshot()
      disk.schedule(.error(code, .once), at: disk.operationCount + failing, on: .write, under: path)
      let pending = disk.pendingFaults
      _ = try? storage.checkpoint()
      #expect(pending == 1 && (disk.pendingFaults == 0 || failing > 4), "the fault happened")
      disk.clearFaults()
      // A slot that could not be written poisons, which other tests look at.
      if storage.failure != nil { continue }
      // All but the first leaf's entries go, so that an untouched leaf becomes the root.
      try storage.write { transaction in
        for number in 10..<100 as Range<UInt64> { try transaction.delete(1, number.key16) }
      }
      try storage.checkpoint()
      try storage.spill()
      #expect(try snapshot.contents(1).count == 100)
      #expect(storage.checkInvariants() == [])
      try storage.close()
      let again = try Storage.open(path, options)
      let count = try again.snapshot().contents(1).count
      #expect(count == 10, "failing write \(failing)")
      #expect(try again.verify().problems == [])
      try again.close()
    }
  }

  @Test("a cursor that outlives its transaction is refused")
  func escapedCursor() throws {
    let storage = try Storage.open(path, try makeOptions(try makeDisk()))
    try storage.put(1, [1], [1])
    var escaped: MergedCursor?
    try storage.write { transaction in
      escaped = try transaction.cursor(1)
      try escaped?.first()
    }
    #expect(throws: StorageError.self) { try escaped?.next() }
    #expect(throws: StorageError.self) { _ = try escaped?.withEntry { key, _ in key.count } }
    try storage.close()
  }

  @Test("releasing a database without closing it keeps what was acknowledged in the weaker modes")
  func releasedWithoutClosing() throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    var storage: Storage? = try Storage.open(path, options)
    for number in 0..<20 as Range<UInt64> { try storage?.put(1, number.key16, [1], .unsafe) }
    storage = nil
    disk.crash(.nothing)
    let again = try Storage.open(path, options)
    #expect(try again.snapshot().count(1) == 20)
    try again.close()
  }

  @Test("a checkpoint or close inside a write is refused, not waited for")
  func checkpointInsideWrite() throws {
    let storage = try Storage.open(path, try makeOptions(try makeDisk()))
    try storage.write { transaction in
      #expect(throws: StorageError.self) { try storage.checkpoint() }
      #expect(throws: StorageError.self) { try storage.close() }
      try transaction.put(1, [1], [1])
    }
    try storage.close()
  }

  @Test("limits are refused with a sentence, and change nothing")
  func limits() throws {
    let disk = try makeDisk()
    var options = try makeOptions(disk)
    options.maximumTransactionBytes = 100_000
    let storage = try Storage.open(path, options)
    func code(_ body: () throws -> Void) -> StorageError.Code? {
      do { try body() } catch { return (error as? StorageError)?.code }
      return nil
    }
    #expect(code { try storage.put(1, [UInt8](repeating: 1, count: 1024), [1]) } == nil)
    #expect(code { try storage.put(1, [UInt8](repeating: 1, count: 1025), [1]) } == .limitExceeded)
    #expect(code { try storage.put(1, [1], [UInt8](repeating: 1, count: 100_001)) } == .transactionTooLarge)
    #expect(code { try storage.put(0, [0, 1], [1]) } == .invalidUse)
    #expect(code { try storage.write { _ in try storage.put(1, [1], [1]) } } == .invalidUse)
    var kept: WriteTransaction?
    try storage.write { kept = $0 }
    #expect(code { try kept?.put(1, [1], [1]) } == .invalidUse)
    try storage.close()
    #expect(code { try storage.put(1, [1], [1]) } == .closed)
    #expect(code { _ = try storage.snapshot() } == .closed)
    try storage.close()
  }
}

extension UInt64 {
  /// A key of 16 bytes.
  var key16: [UInt8] { [UInt8](repeating: 0, count: 8) + withUnsafeBytes(of: bigEndian) { [UInt8]($0) } }
}

/// Runs `body` on that many threads, with their numbers, and returns when all have ended.
func runThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  final class Start: Sendable {
    let number: Int
    let body: @Sendable (Int) -> Void
    init(_ number: Int, _ body: @escaping @Sendable (Int) -> Void) {
      self.number = number
      self.body = body
    }
  }
  let threads = (0..<count).map { number in
    #if canImport(Darwin)
      var thread: pthread_t?
    #else
      var thread = pthread_t()
    #endif
    let start = Unmanaged.passRetained(Start(number, body))
    pthread_create(
      &thread, nil,
      { context in
        #if canImport(Darwin)
          let start = Unmanaged<Start>.fromOpaque(context).takeRetainedValue()
        #else
          let start = Unmanaged<Start>.fromOpaque(context!).takeRetainedValue()
        #endif
        start.body(start.number)
        return nil
      }, start.toOpaque())
    return thread
  }
  for thread in threads {
    #if canImport(Darwin)
      if let thread { pthread_join(thread, nil) }
    #else
      pthread_join(thread, nil)
    #endif
  }
}
