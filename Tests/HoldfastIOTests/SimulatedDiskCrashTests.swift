import HoldfastIO
import HoldfastTestSupport
import Testing

/// A disk with a durable directory "/d" and a durable file "/d/a" in it.
func preparedDisk(seed: UInt64, contents: [UInt8] = []) -> SimulatedDisk {
  let disk = SimulatedDisk(seed: seed)
  disk.setContents(contents, of: "/d/a")
  return disk
}

@Suite("A crash of the simulated disk: the bytes of files")
struct SimulatedDiskCrashTests {
  static let sector = SimulatedDisk.sectorSize
  private var sector: Int { Self.sector }

  @Test("what was synced is there after every crash", arguments: Seeds.first(50))
  func synced(seed: UInt64) throws {
    let disk = preparedDisk(seed: seed)
    let file = try disk.open("/d/a", .readWrite)
    let bytes = SeededRandom(seed: seed).bytes(10_000)
    try file.write(bytes, at: 0)
    try file.sync()
    disk.crash()
    #expect(disk.contents(of: "/d/a") == bytes)
    #expect(disk.durableContents(of: "/d/a") == bytes)
  }

  @Test("each unsynced sector is old or new, as a whole, and every mixture happens")
  func sectorsMix() throws {
    var mixtures: Set<[UInt8]> = []
    for seed in Seeds.first(400) {
      let disk = preparedDisk(seed: seed, contents: [UInt8](repeating: 1, count: 3 * sector))
      let file = try disk.open("/d/a", .readWrite)
      try file.write([UInt8](repeating: 2, count: 3 * sector), at: 0)
      disk.crash()
      let bytes = try #require(disk.contents(of: "/d/a"))
      #expect(bytes.count == 3 * sector)
      let kinds = (0..<3).map { Set(bytes[$0 * sector..<($0 + 1) * sector]) }
      #expect(kinds.allSatisfy { $0.count == 1 }, "seed \(seed): a sector was torn")
      mixtures.insert(kinds.compactMap(\.first))
    }
    if Seeds.first(2).count == 2 { #expect(mixtures.count == 8) }
  }

  @Test("a sector that was written several times may arrive in any of its versions")
  func versions() throws {
    var seen: Set<UInt8> = []
    for seed in Seeds.first(300) {
      let disk = preparedDisk(seed: seed, contents: [UInt8](repeating: 0, count: sector))
      let file = try disk.open("/d/a", .readWrite)
      for version: UInt8 in 1...3 { try file.write([UInt8](repeating: version, count: sector), at: 0) }
      disk.crash()
      seen.insert(try #require(disk.contents(of: "/d/a")?.first))
    }
    if Seeds.first(2).count == 2 { #expect(seen == [0, 1, 2, 3]) }
  }

  @Test(
    "an unsynced length may be any the file has had since the last sync, and survives apart from the bytes")
  func lengths() throws {
    var lengths: Set<Int> = []
    var sawZeros = false
    for seed in Seeds.first(400) {
      let disk = preparedDisk(seed: seed, contents: [9])
      let file = try disk.open("/d/a", .readWrite)
      try file.write([UInt8](repeating: 7, count: 600), at: 0)
      try file.write([UInt8](repeating: 7, count: 600), at: 600)
      disk.crash()
      let bytes = try #require(disk.contents(of: "/d/a"))
      lengths.insert(bytes.count)
      if bytes.count == 1200 && bytes[1024...].allSatisfy({ $0 == 0 }) { sawZeros = true }
      #expect(bytes.dropFirst().allSatisfy { $0 == 7 || $0 == 0 }, "seed \(seed)")
    }
    if Seeds.first(2).count == 2 {
      #expect(lengths == [1, 600, 1200])
      #expect(sawZeros)
    }
  }

  @Test(
    "bytes behind a cut that was synced never come back when the file grows again", arguments: Seeds.first(50)
  )
  func cutIsZero(seed: UInt64) throws {
    let disk = preparedDisk(seed: seed, contents: [UInt8](repeating: 5, count: 40_000))
    let file = try disk.open("/d/a", .readWrite)
    try file.truncate(to: 100)
    try file.sync()
    try file.truncate(to: 40_000)
    #expect(try file.read(40_000).dropFirst(100).allSatisfy { $0 == 0 })
    disk.crash()
    #expect(disk.contents(of: "/d/a")?.dropFirst(100).allSatisfy { $0 == 0 } == true)
  }

  @Test("an unsynced cut may be undone")
  func cutUndone() throws {
    var lengths: Set<Int> = []
    for seed in Seeds.first(60) {
      let disk = preparedDisk(seed: seed, contents: [UInt8](repeating: 5, count: 1000))
      try disk.open("/d/a", .readWrite).truncate(to: 10)
      disk.crash()
      lengths.insert(try #require(disk.contents(of: "/d/a")).count)
    }
    if Seeds.first(2).count == 2 { #expect(lengths == [10, 1000]) }
  }

  @Test("syncing one file does nothing for another")
  func syncIsPerFile() throws {
    let disk = preparedDisk(seed: 1)
    disk.setContents([], of: "/d/b")
    let a = try disk.open("/d/a", .readWrite)
    let b = try disk.open("/d/b", .readWrite)
    try a.write("a")
    try b.write("b")
    try b.sync()
    disk.crash(.nothing)
    #expect(disk.contents(of: "/d/a") == [])
    #expect(disk.contents(of: "/d/b") == Array("b".utf8))
  }

  @Test("a test can ask for the crash that keeps nothing unsynced, and for the one that keeps all")
  func chosenSurvival() throws {
    for (survival, expected) in [(SimulatedDisk.Survival.nothing, "old"), (.everything, "newer")] {
      let disk = preparedDisk(seed: 1, contents: Array("old".utf8))
      let file = try disk.open("/d/a", .readWrite)
      try file.write("newer")
      disk.crash(survival)
      #expect(disk.contents(of: "/d/a") == Array(expected.utf8))
      #expect(disk.unsyncedPaths.isEmpty)
    }
  }

  @Test(
    "after a crash the two images are the same, and another crash changes nothing", arguments: Seeds.first(30)
  )
  func crashSettles(seed: UInt64) throws {
    let disk = preparedDisk(seed: seed)
    try disk.open("/d/b", .create).write(SeededRandom(seed: seed).bytes(5000), at: 0)
    try disk.open("/d/a", .readWrite).write("xyz")
    disk.crash()
    let image = disk.snapshotImage()
    #expect(image == disk.snapshotDurableImage())
    disk.crash()
    #expect(disk.snapshotImage() == image)
  }

  @Test("open files are dead after a crash, and locks are gone")
  func handlesDie() throws {
    let disk = preparedDisk(seed: 1)
    let file = try disk.open("/d/a", .readWrite)
    #expect(try file.lock(.exclusive))
    disk.crash()
    #expect(code { _ = try file.read(1) } == IOError.ioErrorCode)
    #expect(code { try file.write("x") } == IOError.ioErrorCode)
    #expect(code { try file.sync() } == IOError.ioErrorCode)
    file.close()
    #expect(try disk.open("/d/a", .readWrite).lock(.exclusive))
    #expect(disk.openFiles == 0)
  }

  @Test("killing the process loses nothing that was written, but makes nothing durable")
  func kill() throws {
    let disk = preparedDisk(seed: 1)
    let file = try disk.open("/d/a", .readWrite)
    #expect(try file.lock(.exclusive))
    try file.write("x")
    disk.killProcess()
    #expect(code { try file.write("y") } == IOError.ioErrorCode)
    #expect(try disk.open("/d/a", .readWrite).lock(.exclusive))
    #expect(disk.contents(of: "/d/a") == Array("x".utf8))
    disk.crash(.nothing)
    #expect(disk.contents(of: "/d/a") == [])
  }
}
