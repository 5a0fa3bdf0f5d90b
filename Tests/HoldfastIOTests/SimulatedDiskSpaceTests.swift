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

@Suite("Space and locks of the simulated disk")
struct SimulatedDiskSpaceTests {
  private func fullDisk() throws -> (SimulatedDisk, any File) {
    let disk = SimulatedDisk(seed: 1, capacity: 16_384)
    let file = try disk.open("/a", .create)
    try file.write([UInt8](repeating: 1, count: 16_384), at: 0)
    try file.sync()
    return (disk, file)
  }

  @Test("a write that does not fit is cut, and the next fails with ENOSPC")
  func full() throws {
    let disk = SimulatedDisk(seed: 1, capacity: 16_384)
    let file = try disk.open("/a", .create)
    let bytes = [UInt8](repeating: 1, count: 20_000)
    #expect(try bytes.withUnsafeBytes { try file.write($0, at: 0) } == 16_384)
    #expect(code { try file.write("x", at: 16_384) } == ENOSPC)
    #expect(try file.size() == 16_384)
    #expect(disk.availableBytes == 0)
    #expect(try disk.volume(at: "/a").availableBytes == 0)
    #expect(try disk.volume(at: "/a").totalBytes == 16_384)
  }

  @Test("on a full disk, overwriting, reading, syncing and removing go on; names cannot be made")
  func fullButUsable() throws {
    let (disk, file) = try fullDisk()
    try file.write("hello", at: 100)
    try file.sync()
    #expect(code { _ = try disk.open("/b", .create) } == ENOSPC)
    #expect(code { try disk.createDirectory("/e") } == ENOSPC)
    try disk.rename("/a", to: "/b")
    try disk.remove("/b")
    file.close()
    #expect(disk.availableBytes == 16_384)
    _ = try disk.open("/c", .create)
  }

  @Test("a removed file takes up space as long as it is open")
  func removedButOpen() throws {
    let (disk, file) = try fullDisk()
    try disk.remove("/a")
    #expect(disk.availableBytes == 0)
    file.close()
    #expect(disk.availableBytes == 16_384)
  }

  @Test("truncating gives space back, extending takes none before something is written")
  func truncate() throws {
    let (disk, file) = try fullDisk()
    try file.truncate(to: 5000)
    #expect(disk.availableBytes == 8192)
    try file.truncate(to: 1 << 30)
    #expect(disk.availableBytes == 8192)
    try file.write("x", at: 1 << 29)
    #expect(disk.availableBytes == 4096)
  }

  @Test("space that is added is used")
  func grow() throws {
    let (disk, file) = try fullDisk()
    #expect(code { try file.write("x", at: 16_384) } == ENOSPC)
    disk.capacity = 32_768
    try file.write("x", at: 16_384)
    #expect(disk.availableBytes == 12_288)
  }

  @Test("on a copy-on-write file system overwriting needs space too, and a sync gives it back")
  func copyOnWrite() throws {
    let (disk, file) = try fullDisk()
    disk.copiesOnWrite = true
    #expect(code { try file.write("x", at: 0) } == ENOSPC)
    disk.capacity = 20_480
    try file.write("x", at: 0)
    try file.write("y", at: 1)
    #expect(code { try file.write("z", at: 5000) } == ENOSPC)
    try file.sync()
    #expect(disk.availableBytes == 4096)
    try file.write("z", at: 5000)
    file.close()
    try disk.remove("/a")
    #expect(disk.availableBytes == 20_480)
  }

  @Test("space is counted right after any sequence of changes and a crash", arguments: Seeds.first(10))
  func counting(seed: UInt64) throws {
    let disk = SimulatedDisk(seed: seed, capacity: 1 << 20)
    disk.copiesOnWrite = seed % 2 == 0
    RandomWorkload(seed: seed).run(on: disk, operations: 500)
    disk.crash()
    for path in disk.paths.reversed() where path != "/" { try disk.remove(path) }
    #expect(disk.availableBytes == 1 << 20)
  }

  @Test("locks exclude each other between open files, and end with close")
  func locks() throws {
    let disk = preparedDisk(seed: 1)
    let files = try (0..<3).map { _ in try disk.open("/d/a", .readWrite) }
    #expect(try files[0].lock(.shared))
    #expect(try files[1].lock(.shared))
    #expect(try !files[2].lock(.exclusive))
    #expect(try !files[0].lock(.exclusive))
    files[1].close()
    #expect(try files[0].lock(.exclusive))
    #expect(try !files[2].lock(.shared))
    files[0].close()
    #expect(try files[2].lock(.exclusive))
  }

  @Test("a lock belongs to the file and not to its name")
  func lockFollowsFile() throws {
    let disk = preparedDisk(seed: 1)
    let file = try disk.open("/d/a", .readWrite)
    #expect(try file.lock(.exclusive))
    try disk.rename("/d/a", to: "/d/b")
    #expect(try !disk.open("/d/b", .readWrite).lock(.exclusive))
    #expect(try disk.open("/d/a", .create).lock(.exclusive))
  }
}
