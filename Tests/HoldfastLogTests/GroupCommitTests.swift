import HoldfastIO
import HoldfastTestSupport
import Synchronization
import Testing

@testable import HoldfastLog

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Runs `body` on that many real threads and waits for all.
private func onThreads(_ count: Int, _ body: @escaping @Sendable (Int) -> Void) {
  final class Job: Sendable {
    let index: Int
    let body: @Sendable (Int) -> Void
    init(_ index: Int, _ body: @escaping @Sendable (Int) -> Void) {
      self.index = index
      self.body = body
    }
  }
  #if canImport(Darwin)
    var threads: [pthread_t?] = Array(repeating: nil, count: count)
  #else
    var threads: [pthread_t] = Array(repeating: 0, count: count)
  #endif
  for index in 0..<count {
    let job = Unmanaged.passRetained(Job(index, body))
    pthread_create(
      &threads[index], nil,
      { pointer in
        #if canImport(Darwin)
          let job = Unmanaged<Job>.fromOpaque(pointer).takeRetainedValue()
        #else
          let job = Unmanaged<Job>.fromOpaque(pointer!).takeRetainedValue()
        #endif
        job.body(job.index)
        return nil
      }, job.toOpaque())
  }
  #if canImport(Darwin)
    for thread in threads { pthread_join(thread!, nil) }
  #else
    for thread in threads { pthread_join(thread, nil) }
  #endif
}

/// What became of each commit. Under a latch, which the thread sanitizer knows; it does not know `Mutex`.
///
/// `@unchecked Sendable`: noted under `latch`, and read when all threads have ended.
private final class Outcomes: @unchecked Sendable {
  private let latch = Latch()
  private(set) var done: Set<UInt64> = []
  private(set) var failed: Set<UInt64> = []

  func note(_ transaction: UInt64, isDone: Bool) {
    latch.withLock { _ = isDone ? done.insert(transaction) : failed.insert(transaction) }
  }
}

@Suite struct GroupCommitTests {
  struct Failure: Error, Equatable {
    var number: Int
  }

  @Test("a single thread leads its own groups, one call each")
  func alone() throws {
    let group = GroupCommit<Failure>()
    var calls = 0
    for lsn in 1...5 as ClosedRange<UInt64> {
      try group.wait(until: lsn) { () throws(Failure) in
        calls += 1
        return lsn
      }
    }
    #expect(calls == 5)
    try group.wait(until: 3) { () throws(Failure) in
      Issue.record("it is complete already")
      return 3
    }
    group.complete(through: 9)
    try group.wait(until: 9) { () throws(Failure) in throw Failure(number: 1) }
    #expect(group.completed == 9)
  }

  @Test("a lead that fails throws at its caller, and the next one leads anew")
  func failure() throws {
    let group = GroupCommit<Failure>()
    #expect(throws: Failure(number: 7)) {
      try group.wait(until: 1) { () throws(Failure) in throw Failure(number: 7) }
    }
    try group.wait(until: 1) { () throws(Failure) in 1 }
    group.fail(with: Failure(number: 8))
    try group.wait(until: 1) { () throws(Failure) in 1 }
    #expect(throws: Failure(number: 8)) { try group.wait(until: 2) { () throws(Failure) in 2 } }
  }

  /// Waits for LSN 1 on this thread and for 2 to 21 on others. `lead` is given the number of its call, 1 when all others
  /// wait, and whether it is this thread's. Returns whether each wait has succeeded.
  private func waitForMany(
    _ lead: @escaping @Sendable (_ call: Int, _ isFirstThread: Bool) throws(Failure) -> UInt64
  ) -> [Bool] {
    let group = GroupCommit<Failure>()
    let calls = Atomic<Int>(0)
    let outcomes = Outcomes()
    onThreads(21) { index in
      let lsn = UInt64(index + 1)
      // The first thread has begun to lead when the others come.
      while index > 0 && calls.load(ordering: .acquiring) == 0 { usleep(100) }
      do throws(Failure) {
        try group.wait(until: lsn) { () throws(Failure) in
          let call = calls.wrappingAdd(1, ordering: .acquiringAndReleasing).newValue
          while call == 1 && group.waiters < 20 { usleep(100) }
          return try lead(call, index == 0)
        }
        outcomes.note(lsn, isDone: true)
      } catch {
        outcomes.note(lsn, isDone: false)
      }
    }
    return (1...21).map { outcomes.done.contains($0) }
  }

  @Test("while many wait, a thread leads a few groups in a row, and then somebody else does")
  func goingOn() {
    let leads = Guarded<[Bool]>([])
    let done = waitForMany { call, isFirstThread in
      leads.withLock { $0.append(isFirstThread) }
      return call < 5 ? UInt64(call) : 21
    }
    #expect(done.allSatisfy { $0 })
    #expect(leads.withLock { $0 } == [true, true, true, true, false])
  }

  @Test("when a later group fails, those who wait for it fail, and not who led it for them")
  func goingOnFails() {
    let done = waitForMany { (call, isFirstThread) throws(Failure) in
      guard call < 3 else { throw Failure(number: call) }
      return UInt64(call)
    }
    #expect(done[0] && done[1])
    #expect(!done[2...].contains(true))
  }

  @Test("whoever waits for an LSN that was given up fails, though another commit has that LSN now")
  func tickets() throws {
    let group = GroupCommit<Failure>()
    let early = group.ticket()
    group.abandon(from: 5, with: Failure(number: 1))
    let late = group.ticket()
    group.abandon(from: 3, with: Failure(number: 2))
    let last = group.ticket()
    group.complete(through: 20)
    func wait(_ lsn: UInt64, _ ticket: GroupCommit<Failure>.Ticket) throws(Failure) {
      try group.wait(until: lsn, ticket: ticket) { () throws(Failure) in 20 }
    }
    #expect(throws: Failure(number: 1)) { try wait(5, early) }
    #expect(throws: Failure(number: 2)) { try wait(4, early) }
    try wait(2, early)
    #expect(throws: Failure(number: 2)) { try wait(5, late) }
    try wait(2, late)
    try wait(5, last)
  }

  @Test("64 threads share syncs; each returns only when its own commit is durable")
  func manyThreads() throws {
    let world = World(seed: 1, smallest: 64 << 10, largest: 256 << 10)
    world.disk.traceLimit = 0
    let log = try world.create()
    let group = GroupCommit<LogError>()
    let lock = Latch()
    let leading = Atomic<Int>(0)
    let leads = Atomic<Int>(0)
    let wrong = Atomic<Int>(0)
    onThreads(64) { thread in
      for index in 0..<40 {
        do {
          let item = Item(lsn: 0, transaction: UInt64(thread * 1000 + index), size: 100)
          let (lsn, ticket) = try lock.withLock { () throws(LogError) in
            (try log.append(item), group.ticket())
          }
          try group.wait(until: lsn, ticket: ticket) { () throws(LogError) in
            if leading.add(1, ordering: .relaxed).newValue != 1 { wrong.add(1, ordering: .relaxed) }
            leads.add(1, ordering: .relaxed)
            if let taken = lock.withLock({ log.closeGroup() }) { try log.write(taken) }
            try log.sync()
            leading.subtract(1, ordering: .relaxed)
            return log.durableLSN
          }
          if log.durableLSN < lsn { wrong.add(1, ordering: .relaxed) }
        } catch {
          wrong.add(1, ordering: .relaxed)
        }
      }
    }
    #expect(wrong.load(ordering: .relaxed) == 0)
    #expect(log.durableLSN == 64 * 40)
    #expect(leads.load(ordering: .relaxed) < 64 * 40)
    #expect(Set(try world.recover().map(\.transaction)).count == 64 * 40)
  }

  @Test("with writes that fail now and then, exactly those commits that succeeded are in the log")
  func manyThreadsWithFailures() throws {
    let world = World(seed: 2, smallest: 8 << 10, largest: 16 << 10)
    world.disk.traceLimit = 0
    let log = try world.create()
    for number in 1...25 { world.disk.schedule(.error(5, .once), at: number * 9 + 20, on: .write) }
    let group = GroupCommit<LogError>()
    let lock = Latch()
    let outcomes = Outcomes()
    onThreads(64) { thread in
      for index in 0..<30 {
        let transaction = UInt64(thread * 1000 + index)
        let item = Item(lsn: 0, transaction: transaction, size: 300)
        do {
          let (lsn, ticket) = try lock.withLock { () throws(LogError) in
            (try log.append(item), group.ticket())
          }
          try group.wait(until: lsn, ticket: ticket) { () throws(LogError) in
            if let taken = lock.withLock({ log.closeGroup() }) {
              do throws(LogError) {
                try log.write(taken)
              } catch {
                try lock.withLock { () throws(LogError) in
                  try log.discard(from: taken.firstLSN)
                  group.abandon(from: taken.firstLSN, with: error)
                }
                throw error
              }
            }
            try log.sync()
            return log.durableLSN
          }
          outcomes.note(transaction, isDone: true)
        } catch {
          outcomes.note(transaction, isDone: false)
        }
      }
    }
    let (done, failed) = (outcomes.done, outcomes.failed)
    #expect(done.count + failed.count == 64 * 30)
    if log.poisonedBy == nil {
      #expect(Set(try world.recover().map(\.transaction)) == done)
    } else {
      #expect(Set(try world.recover().map(\.transaction)).isSuperset(of: done))
    }
    #expect(!failed.isEmpty)
  }

  @Test("a log that is poisoned fails everyone who waits, at once and later")
  func poisoned() throws {
    let world = World(seed: 3)
    let log = try world.create()
    world.disk.schedule(.error(5, .once), at: world.disk.operationCount + 21, on: .sync)
    let group = GroupCommit<LogError>()
    let lock = Latch()
    let done = Atomic<Int>(0)
    let failed = Atomic<Int>(0)
    onThreads(32) { thread in
      for index in 0..<20 {
        do {
          let item = Item(lsn: 0, transaction: UInt64(thread * 1000 + index), size: 50)
          let (lsn, ticket) = try lock.withLock { () throws(LogError) in
            (try log.append(item), group.ticket())
          }
          try group.wait(until: lsn, ticket: ticket) { () throws(LogError) in
            do throws(LogError) {
              if let taken = lock.withLock({ log.closeGroup() }) { try log.write(taken) }
              try log.sync()
            } catch {
              group.fail(with: error)
              throw error
            }
            return log.durableLSN
          }
          done.add(1, ordering: .relaxed)
        } catch {
          failed.add(1, ordering: .relaxed)
        }
      }
    }
    #expect(failed.load(ordering: .relaxed) > 0)
    #expect(done.load(ordering: .relaxed) == Int(log.durableLSN))
  }
}
