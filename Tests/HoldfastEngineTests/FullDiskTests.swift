import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// What still works when there is no room, and what the reserve is for.
@Suite struct FullDiskTests {
  static let reserveBytes = 512 << 10
  private static let reservePath = path + "-log/RESERVE"

  private func makeOptions(_ disk: SimulatedDisk, reserve: Int = reserveBytes) throws -> StorageOptions {
    // Memory for all pages, and no checkpoint of its own: each is asked for.
    var options = try HoldfastEngineTests.makeOptions(disk, cacheBytes: 8 << 20, logBudget: 64 << 20)
    options.failurePolicy.reserveBytes = reserve
    return options
  }

  /// Lets a second pass, and what happens once a second happen.
  private func tick(_ storage: Storage, _ options: StorageOptions) {
    options.clock.sleep(nanoseconds: 1_000_000_001)
    storage.maintain()
  }

  private func code(_ body: () throws -> Void) -> StorageError.Code? {
    do { try body() } catch { return (error as? StorageError)?.code }
    return nil
  }

  /// Puts until nothing more fits. Returns how many entries there are.
  private func fill(_ storage: Storage, from start: UInt64 = 0) throws -> UInt64 {
    var count = start
    let value = [UInt8](repeating: 1, count: 1500)
    while count < 10_000 {
      switch code({ try storage.put(1, count.key16, value) }) {
      case nil: count += 1
      case .diskFull: return count
      case let other: throw StorageError(.ioFailed, "the put failed with \(String(describing: other))")
      }
    }
    throw StorageError(.ioFailed, "the disk was never full")
  }

  /// A database with a checkpoint, the reserve, and room for little more on its disk.
  private func prepare(_ disk: SimulatedDisk, _ options: StorageOptions) throws -> Storage {
    // Opened a second time, the file has the name by which tests mean it.
    try Storage.open(path, options).close()
    let storage = try Storage.open(path, options)
    for number in 0..<100 as Range<UInt64> {
      try storage.put(1, number.key16, [UInt8](repeating: 1, count: 1500))
    }
    try storage.checkpoint()
    tick(storage, options)
    hog(disk)
    disk.capacity += 40 << 10
    return storage
  }

  /// Takes all room that is left.
  private func hog(_ disk: SimulatedDisk) { disk.capacity -= min(disk.availableBytes, disk.capacity) }

  @Test(
    "the reserve is made a second after opening, not before, and goes with the folder",
    arguments: [0, 4096, 5000])
  func made(bytes: Int) throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk, reserve: bytes)
    let storage = try Storage.open(path, options)
    storage.maintain()
    #expect(disk.contents(of: FullDiskTests.reservePath) == nil)
    tick(storage, options)
    let reserve = disk.contents(of: FullDiskTests.reservePath)
    #expect(reserve?.count == (bytes > 0 ? bytes : nil))
    // No two blocks of it are alike, nor is there a run of one byte.
    if let reserve { #expect(Set(reserve).count > 250 && reserve.suffix(64) != reserve.prefix(64)) }
    let before = disk.counters.bytesWritten
    for _ in 0..<3 { tick(storage, options) }
    #expect(disk.counters.bytesWritten == before)
    try storage.close()
    #expect(disk.paths == ["/", "/db/", path])
  }

  @Test(
    "on a full disk puts fail; deleting, a checkpoint and closing work thanks to the reserve, and without it do not",
    arguments: [false, true], [0, reserveBytes])
  func reserve(copiesOnWrite: Bool, reserve: Int) throws {
    let disk = try makeDisk(capacity: 8 << 20)
    let options = try makeOptions(disk, reserve: reserve)
    let storage = try prepare(disk, options)
    disk.copiesOnWrite = copiesOnWrite
    let count = try fill(storage, from: 100)
    hog(disk)
    #expect(storage.failure == nil && storage.checkInvariants() == [])
    #expect(try storage.snapshot().count(1) == count)
    #expect(storage.health().status == .readOnly)
    #expect(storage.health().hasReserve == (reserve > 0))
    // More deletions than the segment has room for.
    var deleted: UInt64 = 0
    var failure: StorageError.Code?
    while failure == nil && deleted < count {
      failure = code {
        try storage.write { transaction in
          for key in deleted..<min(deleted + 20, count) { try transaction.delete(1, key.key16) }
        }
      }
      if failure == nil { deleted = min(deleted + 20, count) }
    }
    let checkpoint = code { try storage.checkpoint() }
    if reserve > 0 {
      #expect(failure == nil && checkpoint == nil)
      #expect(try storage.snapshot().count(1) == 0)
      #expect(storage.checkInvariants() == [])
      try storage.close()
      #expect(disk.paths == ["/", "/db/", path])
    } else {
      #expect(failure == .diskFull || checkpoint == .diskFull)
      #expect(storage.failure == nil)
      #expect(try storage.snapshot().count(1) == count - deleted)
      #expect(storage.checkInvariants() == [])
    }
  }

  @Test("puts never get the reserve, and come back when room does; then the reserve is made again")
  func puts() throws {
    let disk = try makeDisk(capacity: 8 << 20)
    let options = try makeOptions(disk)
    let storage = try prepare(disk, options)
    let count = try fill(storage, from: 100)
    hog(disk)
    for _ in 0..<5 {
      #expect(code { try storage.put(1, count.key16, [UInt8](repeating: 1, count: 9000)) } == .diskFull)
    }
    #expect(storage.health().hasReserve)
    // A checkpoint may have it.
    try storage.checkpoint()
    #expect(!storage.health().hasReserve)
    hog(disk)
    tick(storage, options)
    #expect(storage.health().reasons.contains { $0.code == .reserveMissing && $0.status == .degraded })
    disk.capacity += 2 << 20
    _ = try storage.put(1, count.key16, [UInt8](repeating: 1, count: 9000))
    tick(storage, options)
    #expect(storage.health().hasReserve)
    #expect(storage.health().status == .ok, "\(storage.health().reasons)")
    #expect(storage.checkInvariants() == [])
    try storage.close()
  }

  @Test(
    "after a crash on a full disk the reserve lets recovery through; without it opening says diskFull",
    arguments: [false, true], [0, reserveBytes])
  func recovery(copiesOnWrite: Bool, reserve: Int) throws {
    for seed in Seeds.first(4) {
      let disk = try makeDisk(seed: seed, capacity: 8 << 20)
      let options = try makeOptions(disk, reserve: reserve)
      var storage: Storage? = try prepare(disk, options)
      let count = try fill(try #require(storage), from: 100)
      disk.copiesOnWrite = copiesOnWrite
      storage = nil
      disk.crash()
      hog(disk)
      if reserve == 0 {
        let opening = code { _ = try Storage.open(path, options) }
        #expect(opening == .diskFull, "seed \(seed)")
        continue
      }
      let again = try Storage.open(path, options)
      #expect(!again.recovery.wasClean, "seed \(seed)")
      let found = try again.snapshot().count(1)
      #expect(found == count, "seed \(seed)")
      #expect(again.checkInvariants() == [], "seed \(seed)")
      try again.close()
    }
  }

  @Test("when a segment of the usual size does not fit, a smaller one is made")
  func smallerSegments() throws {
    let disk = try makeDisk()
    var options = try makeOptions(disk, reserve: 0)
    options.largestSegment = 1 << 20
    let storage = try Storage.open(path, options)
    // The segments that come next would have 512 KiB and more.
    for number in 0..<200 as Range<UInt64> {
      try storage.put(1, number.key16, [UInt8](repeating: 1, count: 1500))
    }
    hog(disk)
    disk.capacity += 40 << 10
    let before = disk.availableBytes
    let count = try fill(storage, from: 200)
    // The disk was used up, to less than the smallest segment.
    #expect(before - disk.availableBytes >= 32 << 10 && disk.availableBytes < 16 << 10)
    #expect(count > 200)
    disk.capacity = .max
    try storage.put(1, count.key16, [1])
    #expect(storage.checkInvariants() == [])
    disk.crash(.nothing)
    let again = try Storage.open(path, options)
    #expect(try again.snapshot().count(1) == count + 1)
    try again.close()
  }

  @Test("a volume that copies what is overwritten, when full, refuses a commit and is not poisoned by it")
  func copyOnWrite() throws {
    let disk = try makeDisk(capacity: 2 << 20)
    let options = try makeOptions(disk, reserve: 0)
    let storage = try Storage.open(path, options)
    try storage.put(1, text("a"), [1])
    disk.copiesOnWrite = true
    hog(disk)
    #expect(code { try storage.put(1, text("b"), [2]) } == .diskFull)
    #expect(code { try storage.checkpoint() } == .diskFull)
    #expect(storage.failure == nil)
    #expect(try storage.snapshot().contents(1) == [text("a"): [1]])
    disk.capacity += 1 << 20
    try storage.put(1, text("c"), [3])
    try storage.checkpoint()
    #expect(storage.checkInvariants() == [])
    try storage.close()
    let again = try Storage.open(path, options)
    #expect(try again.snapshot().contents(1) == [text("a"): [1], text("c"): [3]])
    #expect(try again.verify().problems == [])
    try again.close()
  }

  @Test("commits that were acknowledged without a sync get the reserve: they cannot be refused any more")
  func acknowledged() throws {
    let disk = try makeDisk(capacity: 2 << 20)
    let options = try makeOptions(disk, reserve: 256 << 10)
    let storage = try Storage.open(path, options)
    try storage.put(1, text("a"), [1])
    tick(storage, options)
    #expect(storage.health().hasReserve)
    try storage.put(1, text("b"), [2], .unsafe)
    #expect(try storage.get(1, text("b")) == [2])
    disk.copiesOnWrite = true
    hog(disk)
    try storage.persist()
    #expect(storage.failure == nil && !storage.health().hasReserve)
    disk.crash()
    let again = try Storage.open(path, options)
    #expect(try again.snapshot().contents(1) == [text("a"): [1], text("b"): [2]])
    try again.close()
  }

  @Test("a meta slot for which there is no room leaves the checkpoint before, and the next one succeeds")
  func slotRefused() throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk, reserve: 0)
    try Storage.open(path, options).close()
    let storage = try Storage.open(path, options)
    func put(_ keys: Range<UInt64>, _ byte: UInt8) throws {
      for key in keys { try storage.put(1, key.key16, [UInt8](repeating: byte, count: 300)) }
    }
    try put(0..<60, 2)
    // Each write of a checkpoint is refused once, from the first to the last, which is that of the slot.
    for operation in 1... {
      try put(30..<90, UInt8(operation))
      let before = (try storage.statistics().checkpointLSN, disk.operationCount)
      disk.schedule(.error(ENOSPC, .once), at: before.1 + operation, on: .write, under: path)
      let outcome = code { try storage.checkpoint() }
      let isOver = disk.pendingFaults > 0
      disk.clearFaults()
      #expect(storage.failure == nil)
      #expect(outcome == (isOver ? nil : .diskFull))
      #expect(try storage.statistics().checkpointLSN == before.0 || isOver)
      #expect(storage.checkInvariants() == [])
      // Everything is read from the file again.
      try storage.spill()
      try storage.releaseMemory()
      #expect(try storage.get(1, UInt64(70).key16) == [UInt8](repeating: UInt8(operation), count: 300))
      #expect(storage.checkInvariants() == [])
      if isOver {
        #expect(operation > 4)
        break
      }
    }
    disk.crash(.nothing)
    let again = try Storage.open(path, options)
    #expect(try again.snapshot().count(1) == 90)
    #expect(try again.verify().problems == [])
    #expect(again.checkInvariants() == [])
    try again.close()
  }

  @Test("power loss at any operation of making, using and remaking the reserve loses nothing")
  func powerLoss() throws {
    /// What is done up to the crash; returns how many entries were acknowledged.
    func run(_ disk: SimulatedDisk, _ options: StorageOptions) -> (durable: Set<UInt64>, tried: Set<UInt64>) {
      var durable: Set<UInt64> = []
      var tried: Set<UInt64> = []
      guard let storage = try? Storage.open(path, options) else { return ([], []) }
      func put(_ keys: Range<UInt64>) {
        for key in keys {
          tried.insert(key)
          if (try? storage.put(1, key.key16, [UInt8](repeating: 1, count: 1200))) != nil {
            durable.insert(key)
          }
        }
      }
      put(0..<5)
      tick(storage, options)
      disk.capacity = 0
      put(5..<25)
      for key in 0..<3 as Range<UInt64> {
        durable.remove(key)
        _ = try? storage.write { try $0.delete(1, key.key16) }
      }
      _ = try? storage.checkpoint()
      disk.capacity = .max
      tick(storage, options)
      put(25..<30)
      _ = try? storage.close()
      return (durable, tried)
    }
    let clean = try makeDisk()
    let before = clean.operationCount
    let all = run(clean, try makeOptions(clean, reserve: 8192)).durable
    #expect(all.count > 8)
    let operations = clean.operationCount - before
    for operation in 1...operations {
      let disk = try makeDisk(seed: UInt64(operation))
      let options = try makeOptions(disk, reserve: 8192)
      disk.schedule(operation % 3 == 0 ? .tornWrite : .crash, at: disk.operationCount + operation)
      let (durable, tried) = run(disk, options)
      disk.capacity = .max
      disk.crash()
      disk.clearFaults()
      let storage = try Storage.open(path, options)
      let note: Comment = "power loss at operation \(operation) of \(operations)"
      let found = Set(try storage.snapshot().contents(1).keys.map { UInt64($0.last ?? 0) })
      #expect(durable.isSubset(of: found) && found.isSubset(of: tried), note)
      #expect(storage.checkInvariants() == [], note)
      tick(storage, options)
      #expect(storage.health().hasReserve, note)
      try storage.close()
      #expect(disk.paths == ["/", "/db/", path], note)
    }
  }
}
