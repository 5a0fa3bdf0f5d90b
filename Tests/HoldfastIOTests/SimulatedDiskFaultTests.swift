import HoldfastIO
import HoldfastTestSupport
import Testing

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

@Suite("Faults of the simulated disk")
struct SimulatedDiskFaultTests {
  private let sector = SimulatedDisk.sectorSize

  private func sectors(_ bytes: [UInt8]?) -> [UInt8] {
    stride(from: 0, to: bytes?.count ?? 0, by: sector).compactMap { bytes?[$0] }
  }

  @Test("a scheduled crash fails its operation and all later ones, until the power is back")
  func crash() throws {
    let disk = preparedDisk(seed: 1)
    let file = try disk.open("/d/a", .readWrite)
    disk.schedule(.crash, at: disk.operationCount + 2)
    try file.write("a")
    #expect(code { try file.write("b") } == SimulatedDisk.powerLossCode)
    let number = disk.operationCount
    #expect(disk.isDown)
    #expect(code { _ = try file.read(1) } == SimulatedDisk.powerLossCode)
    #expect(code { _ = try disk.open("/d/a", .readOnly) } == SimulatedDisk.powerLossCode)
    #expect(disk.operationCount == number)
    disk.crash(.everything)
    #expect(!disk.isDown)
    #expect(disk.contents(of: "/d/a") == Array("a".utf8))
    #expect(try disk.open("/d/a", .readOnly).read(5) == Array("a".utf8))
  }

  @Test("an error happens once, at its operation, which is not done")
  func errorOnce() throws {
    let disk = preparedDisk(seed: 1)
    let file = try disk.open("/d/a", .readWrite)
    disk.schedule(.error(EIO, .once), at: 3)
    try file.write("a")
    #expect(code { try file.write("b") } == EIO)
    #expect(disk.contents(of: "/d/a") == Array("a".utf8))
    try file.write("c")
    #expect(disk.pendingFaults == 0)
    #expect(disk.contents(of: "/d/a") == Array("c".utf8))
  }

  @Test("an error from then on lasts until the faults are cleared, and only for what it is restricted to")
  func errorFromThenOn() throws {
    let disk = preparedDisk(seed: 1)
    disk.setContents([], of: "/e/b")
    let a = try disk.open("/d/a", .readWrite)
    let b = try disk.open("/e/b", .readWrite)
    disk.schedule(.error(EIO, .fromThenOn), at: 1, on: .syncs, under: "/d")
    try a.write("a")
    for _ in 0..<3 { #expect(code { try a.sync() } == EIO) }
    #expect(code { try disk.syncDirectory("/d") } == EIO)
    try b.sync()
    try disk.syncDirectory("/e")
    disk.clearFaults()
    try a.sync()
    disk.crash(.nothing)
    #expect(disk.contents(of: "/d/a") == Array("a".utf8))
  }

  @Test("a fault waits for an operation that it can happen to")
  func faultWaits() throws {
    let disk = preparedDisk(seed: 1)
    let file = try disk.open("/d/a", .readWrite)
    disk.schedule(.lostWrite, at: 1)
    #expect(try file.size() == 0)
    #expect(disk.pendingFaults == 1)
    try file.write("x")
    #expect(disk.pendingFaults == 0)
    #expect(disk.contents(of: "/d/a") == [0])
  }

  @Test("short reads and writes transfer at least one byte and less than all", arguments: Seeds.first(20))
  func shortTransfers(seed: UInt64) throws {
    let disk = preparedDisk(seed: seed)
    let file = try disk.open("/d/a", .readWrite)
    let bytes = SeededRandom(seed: seed).bytes(1000)
    disk.schedule(.shortWrite, at: 1)
    let written = try bytes.withUnsafeBytes { try file.write($0, at: 0) }
    #expect((1..<1000).contains(written))
    #expect(disk.contents(of: "/d/a") == Array(bytes[..<written]))
    try file.write(bytes, at: 0)
    disk.schedule(.shortRead, at: 1)
    var buffer = [UInt8](repeating: 0, count: 1000)
    let read = try buffer.withUnsafeMutableBytes { try file.read(into: $0, at: 0) }
    #expect((1..<1000).contains(read))
    #expect(buffer[..<read] == bytes[..<read])
  }

  @Test("with short transfers everywhere, loops still move every byte", arguments: Seeds.first(10))
  func shortTransferProbability(seed: UInt64) throws {
    let disk = preparedDisk(seed: seed)
    disk.shortTransferProbability = 0.9
    let file = try disk.open("/d/a", .readWrite)
    let bytes = SeededRandom(seed: seed).bytes(3000)
    try file.write(bytes, at: 0)
    #expect(try file.read(3000) == bytes)
    #expect(disk.counters.writes > 1)
    #expect(disk.counters.bytesWritten == 3000)
  }

  @Test(
    "a torn write fails with the power, and leaves some of its sectors, but not all",
    arguments: Seeds.first(50))
  func tornWrite(seed: UInt64) throws {
    let disk = preparedDisk(seed: seed, contents: [UInt8](repeating: 1, count: 8 * sector))
    let file = try disk.open("/d/a", .readWrite)
    disk.schedule(.tornWrite, at: 1)
    #expect(
      code { try file.write([UInt8](repeating: 2, count: 4 * sector), at: UInt64(sector)) }
        == SimulatedDisk.powerLossCode)
    #expect(disk.isDown)
    disk.crash()
    let left = sectors(disk.contents(of: "/d/a"))
    #expect(left.count == 8)
    #expect(left[0] == 1 && left[5...].allSatisfy { $0 == 1 })
    #expect(left[1..<5].contains(1), "all of the write arrived")
  }

  @Test("a lost write is reported as done, changes the length, and no byte")
  func lostWrite() throws {
    let disk = preparedDisk(seed: 1, contents: Array("old".utf8))
    let file = try disk.open("/d/a", .readWrite)
    disk.schedule(.lostWrite, at: 1)
    try file.write("newer")
    #expect(try file.read(9) == Array("old\0\0".utf8))
    try file.sync()
    disk.crash()
    #expect(disk.contents(of: "/d/a") == Array("old\0\0".utf8))
  }

  @Test("a misdirected write lands in another sector of the same file", arguments: Seeds.first(30))
  func misdirectedWrite(seed: UInt64) throws {
    let disk = preparedDisk(seed: seed, contents: [UInt8](repeating: 1, count: 4 * sector))
    let file = try disk.open("/d/a", .readWrite)
    disk.schedule(.misdirectedWrite, at: 1)
    try file.write([UInt8](repeating: 2, count: sector), at: UInt64(2 * sector))
    let found = sectors(disk.contents(of: "/d/a"))
    #expect(found.count == 4)
    #expect(found[2] == 1)
    #expect(found.filter { $0 == 2 }.count == 1)
    try file.sync()
    disk.crash()
    #expect(sectors(disk.contents(of: "/d/a")) == found)
  }

  @Test("bit rot changes one bit, for good", arguments: Seeds.first(20))
  func bitRot(seed: UInt64) throws {
    let bytes = SeededRandom(seed: seed).bytes(2000)
    let disk = preparedDisk(seed: seed, contents: bytes)
    let file = try disk.open("/d/a", .readOnly)
    disk.schedule(.bitRot, at: 1)
    let read = try file.read(2000)
    let differences = zip(read, bytes).reduce(0) { $0 + ($1.0 ^ $1.1).nonzeroBitCount }
    #expect(differences == 1)
    #expect(try file.read(2000) == read)
    disk.crash()
    #expect(disk.contents(of: "/d/a") == read)
  }

  @Test("a chosen bit can be flipped, and flipped back")
  func flipBit() throws {
    let disk = preparedDisk(seed: 1, contents: [0, 0, 0])
    #expect(disk.flipBit("/d/a", offset: 1, bit: 7))
    #expect(disk.contents(of: "/d/a") == [0, 0x80, 0])
    #expect(disk.durableContents(of: "/d/a") == [0, 0x80, 0])
    #expect(disk.flipBit("/d/a", offset: 1, bit: 7))
    #expect(disk.contents(of: "/d/a") == [0, 0, 0])
    #expect(!disk.flipBit("/d/a", offset: 3, bit: 0))
    #expect(!disk.flipBit("/d/none", offset: 0, bit: 0))
    #expect(disk.overwrite("/d/a", offset: 1, with: [8, 9]))
    #expect(!disk.overwrite("/d/a", offset: 2, with: [8, 9]))
    disk.crash()
    #expect(disk.contents(of: "/d/a") == [0, 8, 9])
  }

  @Test("a failed sync is reported once, reads still show the data, and a part of it is never durable")
  func failedSync() throws {
    var survivals: Set<[UInt8]> = []
    for seed in Seeds.first(100) {
      let disk = preparedDisk(seed: seed, contents: [UInt8](repeating: 1, count: 2 * sector))
      let file = try disk.open("/d/a", .readWrite)
      let new = [UInt8](repeating: 2, count: 2 * sector)
      try file.write(new, at: 0)
      disk.schedule(.failedSyncDroppingData, at: 1)
      #expect(code { try file.sync() } == EIO)
      #expect(try file.read(2 * sector) == new)
      // The lie: nothing is dirty, so the next one has nothing to do and says so.
      try file.sync()
      #expect(disk.unsyncedPaths.isEmpty)
      let evicted = disk.snapshotDurableImage().contents(of: "/d/a")
      disk.evictCleanCache()
      #expect(disk.contents(of: "/d/a") == evicted)
      disk.crash(.everything)
      #expect(disk.contents(of: "/d/a") == evicted)
      survivals.insert(sectors(evicted))
    }
    if Seeds.first(2).count == 2 { #expect(survivals.count == 4) }
  }

  @Test("what a failed sync dropped becomes durable when it is written again")
  func rewriteAfterFailedSync() throws {
    let disk = preparedDisk(seed: 1)
    let file = try disk.open("/d/a", .readWrite)
    try file.write("x")
    disk.schedule(.failedSyncDroppingData, at: 1)
    #expect(code { try file.sync() } == EIO)
    try file.truncate(to: 0)
    try file.write("x")
    try file.sync()
    disk.crash(.nothing)
    #expect(disk.contents(of: "/d/a") == Array("x".utf8))
  }

  @Test("what is written again after a failed sync is not cut off behind the old length")
  func lengthAfterFailedSync() throws {
    for seed in Seeds.first(10) {
      let disk = preparedDisk(seed: seed)
      let file = try disk.open("/d/a", .readWrite)
      let bytes = [UInt8](repeating: 7, count: 3000)
      func write() throws {
        try bytes.withUnsafeBytes { try file.writeFully($0, at: 20_000) }
      }
      try write()
      disk.schedule(.failedSyncDroppingData, at: 1)
      #expect(code { try file.sync() } == EIO)
      try write()
      try file.sync()
      disk.crash(.nothing)
      let found = try #require(disk.contents(of: "/d/a"))
      #expect(Array(found.suffix(3000)) == bytes, "seed \(seed)")
      #expect(found.count == 23_000)
    }
  }

  @Test("faults stay scheduled over a crash, so that recovery can be disturbed too")
  func faultsOutliveCrash() throws {
    let disk = preparedDisk(seed: 1)
    disk.schedule(.crash, at: 1)
    disk.schedule(.crash, at: 3)
    #expect(code { _ = try disk.list("/d") } == SimulatedDisk.powerLossCode)
    disk.crash()
    #expect(try disk.list("/d") == ["a"])
    #expect(code { _ = try disk.list("/d") } == SimulatedDisk.powerLossCode)
  }
}
