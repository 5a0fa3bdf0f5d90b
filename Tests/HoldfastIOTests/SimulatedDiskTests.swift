import HoldfastIO
import HoldfastTestSupport
import Testing

@Suite("The simulated disk")
struct SimulatedDiskTests {
  @Test("the same seed and the same calls give the same trace and the same images", arguments: Seeds.first(8))
  func deterministic(seed: UInt64) throws {
    func run() throws -> (SimulatedDisk.Image, SimulatedDisk.Image, [TracedOperation], Counters) {
      let disk = SimulatedDisk(seed: seed, capacity: 300_000)
      disk.shortTransferProbability = 0.1
      var random = SplitMix64(seed: seed)
      let faults: [Fault] = [
        .shortRead, .shortWrite, .lostWrite, .misdirectedWrite, .bitRot, .failedSyncDroppingData,
        .error(IOError.ioErrorCode, .once),
      ]
      for _ in 0..<40 { disk.schedule(faults[random.below(faults.count)], at: random.below(2000)) }
      RandomWorkload(seed: seed).run(on: disk, operations: 2500, crashes: true)
      let durable = disk.snapshotDurableImage()
      disk.crash()
      return (disk.snapshotImage(), durable, disk.trace, disk.counters)
    }
    let first = try run()
    let second = try run()
    #expect(first.0 == second.0)
    #expect(first.1 == second.1)
    #expect(first.2 == second.2)
    #expect(first.3 == second.3)
    #expect(first.2.count > 1000)
  }

  @Test("different seeds keep different parts")
  func seedsDiffer() throws {
    var images: [SimulatedDisk.Image] = []
    let bytes = SeededRandom(seed: 1).bytes(20_000)
    for seed in 1...40 as ClosedRange<UInt64> {
      let disk = preparedDisk(seed: seed)
      try disk.open("/d/a", .readWrite).write(bytes)
      disk.crash()
      let image = disk.snapshotImage()
      if !images.contains(image) { images.append(image) }
    }
    #expect(images.count > 5)
  }

  @Test("programs see what they wrote: the live image behaves like plain memory", arguments: Seeds.first(10))
  func liveImage(seed: UInt64) throws {
    let disk = preparedDisk(seed: seed)
    let file = try disk.open("/d/a", .readWrite)
    var random = SplitMix64(seed: seed)
    var model: [UInt8] = []
    for step in 0..<300 {
      switch random.below(10) {
      case 0:
        let size = random.below(60_000)
        try file.truncate(to: UInt64(size))
        model = Array(model.prefix(size)) + [UInt8](repeating: 0, count: max(0, size - model.count))
      case 1: try file.sync()
      default:
        let offset = random.below(50_000)
        let bytes = SeededRandom(seed: UInt64(step)).bytes(1 + random.below(20_000))
        try file.write(bytes, at: UInt64(offset))
        if model.count < offset + bytes.count {
          model += [UInt8](repeating: 0, count: offset + bytes.count - model.count)
        }
        model.replaceSubrange(offset..<offset + bytes.count, with: bytes)
      }
      let offset = random.below(60_000)
      #expect(try file.read(5000, at: UInt64(offset)) == Array(model.dropFirst(offset).prefix(5000)))
    }
    #expect(disk.contents(of: "/d/a") == model)
    try file.sync()
    disk.crash()
    #expect(disk.contents(of: "/d/a") == model)
  }

  @Test("a prepared image serves many disks, and none of them changes it")
  func images() throws {
    let disk = preparedDisk(seed: 1, contents: Array("hello".utf8))
    let image = disk.snapshotImage()
    for seed in 1...5 as ClosedRange<UInt64> {
      let copy = SimulatedDisk(image: image, seed: seed)
      #expect(copy.snapshotImage() == image)
      #expect(copy.snapshotDurableImage() == image)
      let file = try copy.open("/d/a", .readWrite)
      try file.write("HELLO")
      try copy.rename("/d/a", to: "/d/b")
      #expect(copy.snapshotImage() != image)
      copy.crash()
    }
    #expect(image.contents(of: "/d/a") == Array("hello".utf8))
    #expect(image.paths == ["/", "/d/", "/d/a"])
    #expect(disk.snapshotImage() == image)
  }

  @Test("operations are numbered from 1, counted by kind and path, and traced")
  func counting() throws {
    let disk = preparedDisk(seed: 1)
    #expect(disk.operationCount == 0)
    let file = try disk.open("/d/a", .readWrite)
    try file.write("hello", at: 3)
    _ = try file.read(2, at: 3)
    try file.sync()
    try disk.syncDirectory("/d")
    _ = try? disk.open("/d/none", .readOnly)
    try disk.rename("/d/a", to: "/d/b")
    file.close()
    #expect(disk.operationCount == 7)
    let counters = disk.counters
    #expect(counters.opens == 2)
    #expect(counters.writes == 1)
    #expect(counters.reads == 1)
    #expect(counters.syncs == 1)
    #expect(counters.directorySyncs == 1)
    #expect(counters.bytesWritten == 5)
    #expect(counters.bytesRead == 2)
    #expect(counters.writes(to: "/d/a") == 1)
    #expect(counters.syncs(of: "/d/a") == 1)
    #expect(counters.syncs(of: "/d") == 1)
    #expect(counters.syncs(under: "/d") == 2)
    #expect(counters.writes(under: "/") == 1)
    #expect(counters.bytesWritten(to: "d/a") == 5)
    #expect(
      disk.trace.map(\.description) == [
        "1 open /d/a", "2 write /d/a 3+5", "3 read /d/a 3+2", "4 sync /d/a", "5 sync directory /d",
        "6 open /d/none failed (2)", "7 rename /d/a to /d/b",
      ])
    disk.resetCounters()
    #expect(disk.counters == Counters())
    #expect(disk.operationCount == 7)
  }

  @Test("a trace keeps the latest operations within its limit")
  func traceLimit() throws {
    let disk = preparedDisk(seed: 1)
    disk.traceLimit = 10
    for _ in 0..<100 { _ = try disk.list("/") }
    #expect((5...10).contains(disk.trace.count))
    #expect(disk.trace.last?.number == 100)
    disk.traceLimit = 0
    _ = try disk.list("/")
    #expect(disk.trace.isEmpty)
  }

  @Test("what a crash could lose is known, and nothing after everything was synced")
  func unsynced() throws {
    let disk = preparedDisk(seed: 1)
    #expect(disk.unsyncedPaths.isEmpty)
    let file = try disk.open("/d/b", .create)
    #expect(disk.unsyncedPaths == ["/d/"])
    try file.write("x")
    #expect(disk.unsyncedPaths == ["/d/", "/d/b"])
    try file.sync()
    try disk.syncDirectory("/d")
    #expect(disk.unsyncedPaths.isEmpty)
    #expect(disk.openFiles == 1)
    file.close()
    #expect(disk.openFiles == 0)
  }

  @Test("several threads may use one disk at once")
  func threads() throws {
    let disk = SimulatedDisk(seed: 1)
    let joins = (0..<4).map { number in
      startThread {
        guard let file = try? disk.open("/\(number)", .create) else { return }
        for position in 0..<500 { try? file.write([UInt8(number + 1)], at: UInt64(position)) }
        try? file.sync()
      }
    }
    for join in joins { join() }
    try disk.syncDirectory("/")
    disk.crash(.nothing)
    for number in 0..<4 {
      #expect(disk.contents(of: "/\(number)") == [UInt8](repeating: UInt8(number + 1), count: 500))
    }
  }

  @Test("a workload that is crashed at each of its operations keeps what it acknowledged")
  func everyOperation() throws {
    /// Appends records, each synced, and returns those that were acknowledged.
    func append(to disk: SimulatedDisk) -> [UInt8] {
      var acknowledged: [UInt8] = []
      do {
        let file = try disk.open("/d/a", .readWrite)
        for record: UInt8 in 1...10 {
          try file.write([record], at: try file.size())
          try file.sync()
          acknowledged.append(record)
        }
      } catch {}
      return acknowledged
    }
    let image = preparedDisk(seed: 1).snapshotImage()
    let rehearsal = SimulatedDisk(image: image)
    #expect(append(to: rehearsal).count == 10)
    for number in 1...rehearsal.operationCount {
      for seed in 1...3 as ClosedRange<UInt64> {
        let disk = SimulatedDisk(image: image, seed: seed)
        disk.schedule(.crash, at: number)
        let acknowledged = append(to: disk)
        disk.crash()
        let found = try #require(disk.contents(of: "/d/a"))
        #expect(Array(found.prefix(acknowledged.count)) == acknowledged, "seed \(seed), crash at \(number)")
        #expect(found.count <= acknowledged.count + 1)
      }
    }
  }
}
