import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastLog

@Suite struct CrashTests {
  static let steps = 60
  static let inputOutput = IOError.ioErrorCode
  static let diskFull: Int32 = 28
  static let busy: Int32 = 16

  /// Runs the script with faults; returns the engine, its world, and how many operations there were.
  func run(
    _ seed: UInt64, encrypted: Bool = false, _ prepare: (SimulatedDisk) -> Void = { _ in }
  ) -> (Engine, World) {
    let world = World(seed: seed, encrypted: encrypted)
    world.disk.traceLimit = 0
    prepare(world.disk)
    let engine = Engine(world, script: seed)
    engine.run(steps: CrashTests.steps)
    return (engine, world)
  }

  @Test(
    "after a crash at any disk operation, everything acknowledged is there and nothing else",
    arguments: Seeds.first(2))
  func crashEverywhere(seed: UInt64) {
    let (whole, world) = run(seed)
    #expect(whole.acknowledged > 40)
    #expect(whole.discards > 0)
    #expect(whole.complaint() == nil)
    for operation in 1...world.disk.operationCount {
      let (engine, world) = run(seed, encrypted: operation % 7 == 0) {
        $0.schedule(operation % 3 == 0 ? .tornWrite : .crash, at: operation)
      }
      world.disk.crash()
      world.disk.clearFaults()
      if let complaint = engine.complaint() {
        Issue.record("seed \(seed), crash at \(operation): \(complaint)")
        return
      }
    }
  }

  @Test(
    "after an error at any disk operation the log goes on or is poisoned; a later crash loses nothing",
    arguments: Seeds.first(2))
  func errorEverywhere(seed: UInt64) {
    let (_, world) = run(seed)
    let faults: [Fault] = [
      .error(CrashTests.inputOutput, .once), .error(CrashTests.diskFull, .once), .shortWrite,
      .error(CrashTests.busy, .once), .failedSyncDroppingData, .error(CrashTests.inputOutput, .fromThenOn),
    ]
    for operation in 1...world.disk.operationCount {
      let fault = faults[operation % faults.count]
      let (engine, world) = run(seed) { $0.schedule(fault, at: operation) }
      world.disk.clearFaults()
      world.disk.crash()
      if let complaint = engine.complaint() {
        Issue.record("seed \(seed), \(fault) at \(operation): \(complaint)")
        return
      }
    }
  }

  @Test(
    "a crash soon after an error, while its write is being taken back, is no worse", arguments: Seeds.first(2)
  )
  func crashDuringDiscard(seed: UInt64) {
    let (_, world) = run(seed)
    for operation in 1...world.disk.operationCount {
      for distance in [1, 2, 3, 4, 5, 7, 9, 12] where (operation + distance) % 4 == 0 {
        let (engine, world) = run(seed) {
          $0.schedule(.error(CrashTests.inputOutput, .once), at: operation, on: [.write, .rename])
          $0.schedule(.crash, at: operation + distance)
        }
        world.disk.clearFaults()
        world.disk.crash()
        if let complaint = engine.complaint() {
          Issue.record("seed \(seed), error at \(operation), crash \(distance) later: \(complaint)")
          return
        }
      }
    }
  }

  @Test("a killed process loses nothing that was written", arguments: Seeds.first(2))
  func kill(seed: UInt64) {
    let (_, world) = run(seed)
    for operation in stride(from: 1, through: world.disk.operationCount, by: 3) {
      let (engine, world) = run(seed) { $0.schedule(.error(5, .fromThenOn), at: operation) }
      world.disk.clearFaults()
      world.disk.killProcess()
      if let complaint = engine.complaint() {
        Issue.record("seed \(seed), kill at \(operation): \(complaint)")
      }
    }
  }

  @Test("a log made after a crash lies beside the old one, and both are read", arguments: Seeds.first(3))
  func nextEpoch(seed: UInt64) throws {
    let (engine, world) = run(seed) { $0.schedule(.crash, at: 150) }
    world.disk.crash()
    world.disk.clearFaults()
    let old = try world.scan(after: engine.retired)
    let next = LogID.random(from: world.random)
    let log = try Log.create(
      world.configuration, id: next, epoch: old.epoch + 1, firstLSN: old.lastLSN + 1,
      lastTimestamp: old.lastTimestamp)
    let items = (1...30).map { Item(lsn: old.lastLSN + $0, transaction: 1000 + $0, size: 300) }
    for item in items { try log.commit([item]) }
    world.disk.crash()
    #expect(engine.complaint() == nil)
    #expect(try world.recover(next, after: old.lastLSN) == items)
  }

  @Test("a transient error is tried again, with pauses that double")
  func retries() throws {
    let world = World(seed: 1)
    let log = try world.create()
    try log.append(Item(lsn: 1, transaction: 1, size: 10))
    for attempt in 1...5 {
      world.disk.schedule(.error(CrashTests.busy, .once), at: world.disk.operationCount + attempt, on: .write)
    }
    try log.flush()
    let sleeps = world.clock.sleeps.map { $0 / 1_000_000 }
    #expect(sleeps.count == 5)
    for (index, sleep) in sleeps.enumerated() {
      let full = UInt64(100 << index)
      #expect(sleep >= full / 2 && sleep <= full)
    }
    try log.append(Item(lsn: 2, transaction: 2, size: 10))
    world.disk.schedule(.error(CrashTests.busy, .fromThenOn), at: world.disk.operationCount + 1, on: .write)
    let group = try #require(log.closeGroup())
    #expect { try log.write(group) } throws: { ($0 as? LogError)?.code == .writeFailed }
    #expect(world.clock.sleeps.count == 10)
    // Nothing follows a hole.
    try log.append(Item(lsn: 3, transaction: 3, size: 10))
    let later = try #require(log.closeGroup())
    #expect { try log.write(later) } throws: { ($0 as? LogError)?.code == .invalid }
    #expect { try log.sync() } throws: { ($0 as? LogError)?.code == .invalid }
    world.disk.clearFaults()
    try log.discard(from: 2)
    #expect { try log.write(later) } throws: { ($0 as? LogError)?.code == .invalid }
    try log.commit([Item(lsn: 2, transaction: 4, size: 10)])
    #expect(try world.recover().map(\.transaction) == [1, 4])
  }

  @Test("a sync that failed is never tried again: the log is poisoned", arguments: [5, 28, 16, 4] as [Int32])
  func poison(code: Int32) throws {
    let world = World(seed: 2)
    let log = try world.create()
    try log.commit([Item(lsn: 1, transaction: 1, size: 10)])
    try log.append(Item(lsn: 2, transaction: 2, size: 10))
    try log.write(#require(log.closeGroup()))
    world.disk.schedule(.error(code, .once), at: world.disk.operationCount + 1, on: .sync)
    #expect { try log.sync() } throws: { ($0 as? LogError)?.code == .syncFailed }
    #expect(log.durableLSN == 1)
    #expect(log.poisonedBy?.code == .syncFailed)
    let syncs = world.disk.counters.syncs
    for call in [
      { try log.sync() }, { try log.discard(from: 2) }, { try log.retire(through: 1) },
      { _ = try log.append(Item(lsn: 3, transaction: 3, size: 10)) }, { try log.prepareNextSegment() },
    ] as [() throws -> Void] {
      #expect { try call() } throws: { ($0 as? LogError)?.code == .poisoned }
    }
    #expect(world.disk.counters.syncs == syncs)
    #expect(try log.items(from: 1).count == 1)
  }

  @Test("what is durable cannot be discarded")
  func discardLimits() throws {
    let world = World(seed: 3)
    let log = try world.create()
    try log.commit([Item(lsn: 1, transaction: 1, size: 10)])
    #expect { try log.discard(from: 1) } throws: { ($0 as? LogError)?.code == .invalid }
    #expect { try log.discard(from: 3) } throws: { ($0 as? LogError)?.code == .invalid }
    try log.discard(from: 2)
    #expect(log.lastLSN == 1)
    #expect(log.poisonedBy == nil)
  }

  @Test(
    "discarded frames are gone from the disk, over several segments and wherever they began",
    arguments: [false, true])
  func discarding(encrypted: Bool) throws {
    let world = World(seed: 4, encrypted: encrypted)
    let log = try world.create()
    try log.commit([Item(lsn: 1, transaction: 1, size: 3000)])
    for lsn in 2...5 {
      try log.append(Item(lsn: UInt64(lsn), transaction: UInt64(lsn), size: lsn * 4000))
      try log.write(#require(log.closeGroup()))
    }
    #expect(log.segmentCount > 3)
    try log.append(Item(lsn: 6, transaction: 6, size: 50_000))
    for lsn in [5, 3, 2] as [UInt64] {
      try log.discard(from: lsn)
      #expect(log.lastLSN == lsn - 1)
      let copy = World(disk: SimulatedDisk(image: world.disk.snapshotImage()), seed: 1, encrypted: encrypted)
      #expect(try copy.recover().map(\.transaction) == Array(1...(lsn - 1)))
      #expect(try copy.scan().cut == nil)
    }
    #expect(log.segmentCount == 1)
    let items = (2...9).map { Item(lsn: $0, transaction: 100 + $0, size: 2500) }
    try log.commit(items)
    world.disk.crash(.nothing)
    #expect(try world.recover().dropFirst() == items[...])
  }
}
