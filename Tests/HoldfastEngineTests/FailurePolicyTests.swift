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

/// What the engine does about a disk that fails, files that run out and memory that gets short.
@Suite struct FailurePolicyTests {
  private func code(_ body: () throws -> Void) -> StorageError.Code? {
    do { try body() } catch { return (error as? StorageError)?.code }
    return nil
  }

  private func sleep(_ options: StorageOptions, seconds: UInt64) {
    options.clock.sleep(nanoseconds: seconds * 1_000_000_000 + 1)
  }

  /// A database whose file is opened by its own name, with something in it.
  private func makeStorage(_ disk: SimulatedDisk, _ options: StorageOptions) throws -> Storage {
    try Storage.open(path, options).close()
    let storage = try Storage.open(path, options)
    try storage.put(1, text("a"), [1])
    return storage
  }

  // MARK: Transient errors

  @Test("a disk that is busy for a moment is noticed by nobody, at any operation but a sync")
  func transient() throws {
    /// Does everything that touches the disk, and returns what must be there then.
    func work(_ disk: SimulatedDisk, _ options: StorageOptions) throws -> Model {
      var model = Model()
      var storage = try Storage.open(path, options)
      for round in 0..<2 {
        for number in 0..<40 {
          let value = [UInt8](repeating: UInt8(number), count: number % 10 == 0 ? 9000 : 200)
          try storage.put(1, text("key-\(round)-\(number)"), value)
          model[text("key-\(round)-\(number)")] = value
        }
        try storage.checkpoint()
        try storage.write { try $0.delete(1, text("key-\(round)-7")) }
        model[text("key-\(round)-7")] = nil
        try storage.put(1, text("later-\(round)"), [1], .unsafe)
        model[text("later-\(round)")] = [1]
        if round == 0 { try storage.close() } else { try storage.persist() }
        if round == 0 { storage = try Storage.open(path, options) }
      }
      #expect(try storage.snapshot().contents(1) == model)
      return model
    }
    let counting = try makeDisk()
    let model = try work(counting, try makeOptions(counting))
    let kinds = OperationKinds.all.subtracting(OperationKinds.syncs).subtracting(.lock)
    for operation in stride(from: 1, through: counting.operationCount, by: 2) {
      let disk = try makeDisk(seed: UInt64(operation))
      let options = try makeOptions(disk)
      for attempt in 0..<5 {
        disk.schedule(.error(EAGAIN, .once), at: disk.operationCount + operation + attempt, on: kinds)
      }
      // Not one call throws.
      #expect(try work(disk, options) == model, "operation \(operation)")
      disk.clearFaults()
      disk.crash(.nothing)
      let found = try Storage.open(path, options).snapshot().contents(1)
      #expect(found == model, "operation \(operation)")
    }
  }

  // MARK: Suspended writes

  @Test("five checkpoints that fail suspend writes for a minute; reading goes on; then one write decides")
  func suspended() throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    let storage = try makeStorage(disk, options)
    let snapshot = try storage.snapshot()
    disk.schedule(.error(EIO, .fromThenOn), at: disk.operationCount + 1, on: .write, under: path)
    for number in 1...5 {
      #expect(storage.health().writes.failures == number - 1)
      #expect(storage.health().status == (number == 1 ? .ok : .degraded))
      #expect(code { try storage.checkpoint() } == .ioFailed)
    }
    let before = disk.counters
    #expect(code { try storage.put(1, text("b"), [2]) } == .writesSuspended)
    #expect(code { try storage.checkpoint() } == .writesSuspended)
    storage.maintain()
    #expect(disk.counters.writes == before.writes, "the disk is left alone")
    #expect(storage.health().status == .readOnly && storage.health().reasons.first?.code == .writesSuspended)
    #expect(try storage.get(1, text("a")) == [1])
    #expect(try snapshot.get(1, text("a")) == [1])
    sleep(options, seconds: 59)
    #expect(code { try storage.put(1, text("b"), [2]) } == .writesSuspended)
    sleep(options, seconds: 1)
    // The probe fails, and another minute begins.
    #expect(code { try storage.checkpoint() } == .ioFailed)
    #expect(code { try storage.put(1, text("b"), [2]) } == .writesSuspended)
    sleep(options, seconds: 60)
    // While one is on its way, others are refused; one that changes nothing decides nothing.
    try storage.write { _ in
      #expect(storage.health().writes.isSuspended)
      runThreads(1) { _ in #expect(self.code { try storage.put(1, text("c"), [3]) } == .writesSuspended) }
    }
    #expect(storage.health().writes.isSuspended)
    // A probe is synced whatever its mode, so it decides: the log is well.
    try storage.put(1, text("b"), [2], .unsafe)
    #expect(try storage.statistics().durableLSN == storage.statistics().lastLSN)
    #expect(!storage.health().writes.isSuspended)
    try storage.put(1, text("c"), [3])
    disk.clearFaults()
    try storage.checkpoint()
    #expect(storage.health().status == .ok)
    #expect(storage.checkInvariants() == [])
    try storage.close()
    let again = try Storage.open(path, options)
    #expect(try again.snapshot().contents(1) == [text("a"): [1], text("b"): [2], text("c"): [3]])
  }

  @Test("segments that cannot be made suspend writes; a full disk, missing files and reads never do")
  func counted() throws {
    for (error, isCounted) in [(EIO, true), (ENOSPC, false), (EMFILE, false), (ENOMEM, false)] {
      let disk = try makeDisk()
      let storage = try makeStorage(disk, try makeOptions(disk))
      let kinds: OperationKinds = error == EMFILE ? .open : [.open, .write]
      disk.schedule(
        .error(error, .fromThenOn), at: disk.operationCount + 1, on: kinds, under: "/db/app.holdfast-log")
      for _ in 0..<5 {
        let code = code { try storage.put(1, text("b"), [UInt8](repeating: 1, count: 40_000)) }
        #expect(code == (error == ENOSPC ? .diskFull : error == EMFILE ? .tooManyOpenFiles : .ioFailed))
      }
      let last = code { try storage.put(1, text("b"), [UInt8](repeating: 1, count: 40_000)) }
      #expect((last == .writesSuspended) == isCounted)
      disk.clearFaults()
      if !isCounted { try storage.put(1, text("b"), [UInt8](repeating: 1, count: 40_000)) }
      #expect(storage.checkInvariants() == [])
    }
    let disk = try makeDisk()
    let storage = try makeStorage(disk, try makeOptions(disk))
    try storage.checkpoint()
    try storage.releaseMemory()
    disk.schedule(.error(EIO, .fromThenOn), at: disk.operationCount + 1, on: .read)
    for _ in 0..<20 { #expect(code { _ = try storage.get(1, text("a")) } == .ioFailed) }
    disk.clearFaults()
    #expect(storage.health().status == .ok)
    try storage.put(1, text("b"), [2])
  }

  // MARK: Files

  @Test("when there are too many open files at any operation nothing is lost, and it works again afterwards")
  func tooManyFiles() throws {
    let kinds: OperationKinds = [.open, .syncDirectory, .list]
    func run(_ operation: Int?, _ persistence: Fault.Persistence) throws -> Int {
      let disk = try makeDisk(seed: UInt64(operation ?? 0))
      let options = try makeOptions(disk)
      let storage = try makeStorage(disk, options)
      var acknowledged: [UInt64] = []
      let before = disk.operationCount
      if let operation {
        disk.schedule(.error(EMFILE, persistence), at: disk.operationCount + operation, on: kinds)
      }
      for key in 0..<60 as Range<UInt64> {
        let code = code {
          try storage.put(2, key.key16, [UInt8](repeating: 1, count: key == 30 ? 90_000 : 900))
        }
        if code == nil { acknowledged.append(key) } else { #expect(code == .tooManyOpenFiles) }
        if key % 20 == 19 { _ = try? storage.checkpoint() }
      }
      let operations = disk.operationCount - before
      disk.clearFaults()
      let note: Comment = "from operation \(operation ?? 0) \(persistence)"
      #expect(storage.failure == nil, note)
      try storage.put(2, UInt64(99).key16, [UInt8](repeating: 1, count: 90_000))
      #expect(storage.checkInvariants() == [], note)
      let expected = Set(acknowledged.map(\.key16) + [UInt64(99).key16])
      #expect(Set(try storage.snapshot().contents(2).keys) == expected, note)
      disk.crash(operation.map { $0 % 2 == 0 } == true ? .nothing : .seeded)
      let again = try Storage.open(path, options)
      #expect(Set(try again.snapshot().contents(2).keys) == expected, note)
      try again.close()
      return operations
    }
    let operations = try run(nil, .once)
    for operation in stride(from: 1, through: operations, by: 3) {
      _ = try run(operation, .once)
      _ = try run(operation, .fromThenOn)
    }
  }

  @Test("opening with too many open files says so and changes nothing, at any operation")
  func tooManyFilesAtOpening() throws {
    let disk = try makeDisk()
    var storage: Storage? = try makeStorage(disk, try makeOptions(disk))
    storage = nil
    withExtendedLifetime(storage) {}
    let image = disk.snapshotImage()
    var failures = 0
    for operation in 1...60 {
      let copy = SimulatedDisk(image: image)
      let options = try makeOptions(copy)
      copy.schedule(.error(EMFILE, .once), at: operation, on: [.open, .syncDirectory, .list])
      do {
        let opened = try Storage.open(path, options)
        #expect(try opened.get(1, text("a")) == [1])
      } catch let error as StorageError {
        #expect(error.code == .tooManyOpenFiles, "operation \(operation): \(error)")
        failures += 1
      }
      copy.clearFaults()
      let again = try Storage.open(path, options)
      #expect(try again.get(1, text("a")) == [1], "operation \(operation)")
      try again.close()
    }
    #expect(failures > 4)
  }

  // MARK: The volume

  @Test("at 90 % spare segments go and checkpoints let the log go; at 95 % the database is degraded")
  func volume() throws {
    let disk = try makeDisk(capacity: 64 << 20)
    let options = try makeOptions(disk, cacheBytes: 8 << 20, logBudget: 64 << 20)
    let storage = try makeStorage(disk, options)
    func tick() {
      sleep(options, seconds: 1)
      storage.maintain()
    }
    func use(_ thousandths: UInt64) {
      // What is in use stays; the volume is made as large as fits.
      let used = disk.capacity - disk.availableBytes
      disk.capacity = used * 1000 / thousandths
    }
    for round in 0..<3 as Range<UInt64> {
      for key in 0..<200 as Range<UInt64> {
        try storage.put(1, (round * 1000 + key).key16, [UInt8](repeating: 1, count: 900))
      }
    }
    for _ in 0..<2 { try storage.checkpoint() }
    for key in 0..<60 as Range<UInt64> { try storage.put(2, key.key16, [UInt8](repeating: 1, count: 900)) }
    tick()
    let log = try #require(storage.log)
    #expect(storage.health().diskLevel == .normal && log.spareBytes > 0 && log.segmentCount > 1)
    let before = try storage.statistics().checkpoints
    use(810)
    tick()
    #expect(storage.health().reasons.map(\.code) == [.diskNotice] && storage.health().status == .ok)
    #expect(try storage.statistics().checkpoints == before)
    use(910)
    for _ in 0..<5 { tick() }
    #expect(storage.health().reasons.map(\.code) == [.diskWarning] && storage.health().status == .ok)
    #expect(try storage.statistics().checkpoints == before + 2, "and not one each second")
    #expect(log.segmentCount == 1)
    #expect(disk.paths.filter { $0.contains("spare") }.count <= 1, "\(disk.paths)")
    use(960)
    tick()
    #expect(storage.health().reasons.map(\.code) == [.diskCritical] && storage.health().status == .degraded)
    use(935)
    tick()
    #expect(storage.health().diskLevel == .critical, "it is left two hundredths below its mark")
    use(500)
    tick()
    #expect(storage.health().status == .ok && storage.health().reasons == [])
    #expect(storage.checkInvariants() == [])
  }

  // MARK: Memory

  private final class FakeMemory: MemoryMonitor {
    let isShort = Atomic<Bool>(false)
    func isUnderPressure() -> Bool { isShort.load(ordering: .relaxed) }
  }

  @Test("while memory is short the cache halves each second, and grows back when that has passed")
  func memory() throws {
    let disk = try makeDisk()
    let memory = FakeMemory()
    var options = try makeOptions(disk, cacheBytes: 2 << 20)
    options.memory = memory
    let storage = try makeStorage(disk, options)
    for key in 0..<1500 as Range<UInt64> { try storage.put(1, key.key16, [UInt8](repeating: 1, count: 900)) }
    try storage.checkpoint()
    func look() throws -> (budget: Int, bytes: Int) {
      sleep(options, seconds: 1)
      storage.maintain()
      return (storage.health().cacheBudget, try storage.statistics().cacheBytes)
    }
    #expect(try look().bytes > 1 << 20)
    memory.isShort.store(true, ordering: .relaxed)
    for expected in [1 << 20, 512 << 10, 256 << 10, 256 << 10] {
      let (budget, bytes) = try look()
      #expect(budget == expected && bytes <= expected)
    }
    #expect(storage.health().reasons.map(\.code) == [.memoryPressure] && storage.health().status == .ok)
    // What may be dirty is a part of that.
    for key in 0..<300 as Range<UInt64> { try storage.put(1, key.key16, [UInt8](repeating: 2, count: 900)) }
    #expect(try storage.statistics().dirtyBytes <= 200 << 10)
    memory.isShort.store(false, ordering: .relaxed)
    for _ in 0..<10 { #expect(try look().budget == 256 << 10) }
    for expected in [512 << 10, 1 << 20, 2 << 20, 2 << 20] { #expect(try look().budget == expected) }
    #expect(storage.health().reasons == [])
    #expect(storage.checkInvariants() == [])
  }

  @Test("memory is given back at once, and what was there is read again")
  func releaseMemory() throws {
    let disk = try makeDisk()
    let storage = try makeStorage(disk, try makeOptions(disk, cacheBytes: 2 << 20))
    for key in 0..<500 as Range<UInt64> { try storage.put(1, key.key16, [UInt8](repeating: 1, count: 900)) }
    try storage.checkpoint()
    try storage.put(1, text("dirty"), [7])
    let snapshot = try storage.snapshot()
    try storage.releaseMemory()
    let statistics = try storage.statistics()
    #expect(statistics.cacheBytes == statistics.dirtyBytes && statistics.dirtyBytes > 0)
    #expect(try snapshot.count(1) == 502 && snapshot.contents(1).count == 502)
    #expect(storage.checkInvariants() == [])
    try storage.close()
    #expect(code { try storage.releaseMemory() } == .closed)
  }

  // MARK: Health

  @Test("health says what is wrong, the gravest first, and survives being stored")
  func health() throws {
    let disk = try makeDisk()
    var options = try makeOptions(disk)
    options.failurePolicy.pinnedBytes = 10_000
    let storage = try makeStorage(disk, options)
    #expect(storage.health().status == .ok && storage.health().reasons == [])
    // An old reader.
    var snapshot: Snapshot? = try storage.snapshot()
    for round in 0..<3 {
      for key in 0..<40 as Range<UInt64> {
        try storage.put(1, key.key16, [UInt8](repeating: UInt8(round), count: 900))
      }
      try storage.checkpoint()
    }
    sleep(options, seconds: 1)
    storage.maintain()
    var health = storage.health()
    #expect(health.status == .degraded && health.reasons.map(\.code) == [.oldReader])
    #expect(health.readers == 1 && health.oldestReaderLSN == snapshot?.lsn)
    snapshot = nil
    try storage.checkpoint()
    sleep(options, seconds: 1)
    storage.maintain()
    #expect(storage.health().status == .ok)
    // A failed checkpoint, and then a failed sync.
    disk.schedule(.error(EIO, .once), at: disk.operationCount + 1, on: .write, under: path)
    #expect(code { try storage.checkpoint() } == .ioFailed)
    health = storage.health()
    #expect(health.status == .degraded && health.reasons.map(\.code) == [.checkpointFailing])
    #expect(try storage.statistics().checkpointFailure == health.checkpointFailure)
    disk.schedule(.failedSyncDroppingData, at: disk.operationCount + 1)
    #expect(code { try storage.put(1, text("b"), [2]) } == .outcomeUnknown)
    health = storage.health()
    #expect(health.status == .failed && health.reasons.map(\.code) == [.outcomeUnknown, .checkpointFailing])
    try disk.rename(path, to: "/db/elsewhere")
    #expect(storage.health().reasons.map(\.code) == [.outcomeUnknown, .fileMissing, .checkpointFailing])
    try disk.rename("/db/elsewhere", to: path)
    #expect(throws: StorageError.self) { try storage.close() }
    #expect(storage.health().status == .failed && storage.health().reasons.map(\.code) == [.closed])
    options.isReadOnly = true
    let reader = try Storage.open(path, options)
    #expect(reader.health().status == .readOnly && reader.health().reasons.map(\.code) == [.openedReadOnly])
    for reason in health.reasons { #expect(!reason.message.isEmpty) }
  }
}
