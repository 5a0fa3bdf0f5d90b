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

@Suite("A crash of the simulated disk: names")
struct SimulatedDiskNamesTests {
  /// The different outcomes of `change` over many seeds, as names with contents.
  private func outcomes(_ seeds: Int = 100, _ change: (SimulatedDisk) throws -> Void) rethrows -> Set<
    [String]
  > {
    var outcomes: Set<[String]> = []
    for seed in 1...UInt64(seeds) {
      let disk = preparedDisk(seed: seed, contents: Array("old".utf8))
      try change(disk)
      disk.crash()
      outcomes.insert(describe(disk))
    }
    return outcomes
  }

  private func describe(_ disk: SimulatedDisk) -> [String] {
    disk.paths.filter { !$0.hasSuffix("/") }.map { path in
      path + "=" + String(decoding: disk.contents(of: path) ?? [], as: UTF8.self)
    }
  }

  private func makeSynced(_ disk: SimulatedDisk, _ path: String, _ text: String) throws {
    let file = try disk.open(path, .create)
    try file.write(text)
    try file.sync()
  }

  @Test("a synced file whose directory was not synced may be gone")
  func creation() throws {
    let seen = try outcomes { try makeSynced($0, "/d/b", "new") }
    #expect(seen == [["/d/a=old"], ["/d/a=old", "/d/b=new"]])
  }

  @Test("syncing the directory keeps the name, but not the bytes of the file")
  func nameWithoutBytes() throws {
    let disk = preparedDisk(seed: 1)
    try disk.open("/d/b", .create).write("new")
    try disk.syncDirectory("/d")
    disk.crash(.nothing)
    #expect(disk.contents(of: "/d/b") == [])
  }

  @Test("an unsynced rename may be undone by a crash, and is never half done")
  func rename() throws {
    let seen = try outcomes { disk in
      try makeSynced(disk, "/d/b", "new")
      try disk.syncDirectory("/d")
      try disk.rename("/d/b", to: "/d/a")
    }
    #expect(seen == [["/d/a=new"], ["/d/a=old", "/d/b=new"]])
  }

  @Test("a renamed file whose creation was lost is lost, and what it replaced is there again")
  func renameOfLostCreation() throws {
    let seen = try outcomes(400) { disk in
      try makeSynced(disk, "/d/b", "new")
      try disk.rename("/d/b", to: "/d/a")
    }
    #expect(seen == [["/d/a=old"], ["/d/a=old", "/d/b=new"], ["/d/a=new"]])
  }

  @Test("a synced rename stays")
  func syncedRename() throws {
    let seen = try outcomes { disk in
      try makeSynced(disk, "/d/b", "new")
      try disk.rename("/d/b", to: "/d/a")
      try disk.syncDirectory("/d")
    }
    #expect(seen == [["/d/a=new"]])
  }

  @Test("renaming does not change what was synced of a file: names and files are apart")
  func renameKeepsUnsyncedBytes() throws {
    let disk = preparedDisk(seed: 1, contents: Array("old".utf8))
    let file = try disk.open("/d/a", .readWrite)
    try disk.rename("/d/a", to: "/d/c")
    try file.write("NEW")
    try disk.syncDirectory("/d")
    #expect(disk.contents(of: "/d/c") == Array("NEW".utf8))
    try file.sync()
    disk.crash(.nothing)
    #expect(disk.contents(of: "/d/c") == Array("NEW".utf8))
    #expect(disk.contents(of: "/d/a") == nil)
  }

  @Test("a removed file may come back with its old bytes until the directory is synced")
  func remove() throws {
    #expect(try outcomes { try $0.remove("/d/a") } == [[], ["/d/a=old"]])
    let seen = try outcomes { disk in
      try disk.remove("/d/a")
      try disk.syncDirectory("/d")
    }
    #expect(seen == [[]])
  }

  @Test("a file made under the name of a removed one: each change survives for itself")
  func replaceByRemoving() throws {
    let seen = try outcomes(400) { disk in
      try disk.remove("/d/a")
      try makeSynced(disk, "/d/a", "new")
    }
    #expect(seen == [[], ["/d/a=old"], ["/d/a=new"]])
  }

  @Test("a file moved to another directory is never lost, but may have both names until both are synced")
  func move() throws {
    func setUp(_ disk: SimulatedDisk) throws {
      try disk.createDirectory("/e")
      try disk.syncDirectory("/")
      try disk.rename("/d/a", to: "/e/a")
    }
    #expect(try outcomes(400, setUp) == [["/d/a=old"], ["/d/a=old", "/e/a=old"], ["/e/a=old"]])
    let targetSynced = try outcomes { disk in
      try setUp(disk)
      try disk.syncDirectory("/e")
    }
    #expect(targetSynced == [["/d/a=old", "/e/a=old"], ["/e/a=old"]])
    let sourceSynced = try outcomes { disk in
      try setUp(disk)
      try disk.syncDirectory("/d")
    }
    #expect(sourceSynced == [["/e/a=old"]])
  }

  @Test("a directory that was not synced into its parent may be lost with everything in it")
  func lostDirectory() throws {
    let seen = try outcomes { disk in
      try disk.createDirectory("/n")
      try makeSynced(disk, "/n/x", "new")
      try disk.syncDirectory("/n")
    }
    #expect(seen == [["/d/a=old"], ["/d/a=old", "/n/x=new"]])
  }

  @Test("changes of names survive in any order: a later one may, and an earlier one not")
  func order() throws {
    let seen = try outcomes(400) { disk in
      try makeSynced(disk, "/d/b", "1")
      try makeSynced(disk, "/d/c", "2")
    }
    #expect(seen.count == 4)
    #expect(seen.contains(["/d/a=old", "/d/c=2"]))
  }

  @Test("a failed sync of a directory may forget names for good")
  func failedDirectorySync() throws {
    var kept = 0
    for seed in 1...100 as ClosedRange<UInt64> {
      let disk = preparedDisk(seed: seed)
      _ = try disk.open("/d/b", .create)
      disk.schedule(.failedSyncDroppingData, at: 1)
      #expect(code { try disk.syncDirectory("/d") } == EIO)
      try disk.syncDirectory("/d")
      #expect(disk.contents(of: "/d/b") != nil)
      disk.crash(.everything)
      if disk.contents(of: "/d/b") != nil { kept += 1 }
    }
    #expect((1..<100).contains(kept))
  }

  @Test("errors are those of a real file system")
  func errors() throws {
    let disk = preparedDisk(seed: 1)
    try disk.createDirectory("/full")
    _ = try disk.open("/full/x", .create)
    #expect(code { _ = try disk.open("/d/none", .readOnly) } == ENOENT)
    #expect(code { _ = try disk.open("/none/a", .create) } == ENOENT)
    #expect(code { _ = try disk.open("/d/a/b", .create) } == ENOTDIR)
    #expect(code { _ = try disk.open("/d", .readOnly) } == EISDIR)
    #expect(code { _ = try disk.open("/d/a", .create) } == EEXIST)
    #expect(code { try disk.createDirectory("/d") } == EEXIST)
    #expect(code { try disk.remove("/d/none") } == ENOENT)
    #expect(code { try disk.remove("/full") } == ENOTEMPTY)
    #expect(code { try disk.rename("/d/none", to: "/d/b") } == ENOENT)
    #expect(code { try disk.rename("/d/a", to: "/none/b") } == ENOENT)
    #expect(code { try disk.rename("/d/a", to: "/full") } == EISDIR)
    #expect(code { try disk.rename("/full", to: "/d/a") } == ENOTDIR)
    #expect(code { try disk.rename("/d", to: "/full") } == ENOTEMPTY)
    #expect(code { try disk.rename("/d", to: "/d/below") } == EINVAL)
    #expect(code { _ = try disk.list("/d/a") } == ENOTDIR)
    #expect(code { _ = try disk.list("/none") } == ENOENT)
    #expect(code { try disk.syncDirectory("/d/a") } == ENOTDIR)
    #expect(try disk.information(at: "/none") == nil)
    #expect(try disk.information(at: "/d/a/none") == nil)
    #expect(try disk.information(at: "/d") == FileInformation(kind: .directory, size: 0))
    let reader = try disk.open("/d/a", .readOnly)
    #expect(code { try reader.write("x") } == EBADF)
    #expect(code { _ = try reader.lock(.exclusive) } == EBADF)
    #expect(code { try reader.truncate(to: 0) } == EINVAL)
    reader.close()
    #expect(code { _ = try reader.read(1) } == EBADF)
  }

  @Test("lists are sorted by bytes, and relative paths begin at the root")
  func paths() throws {
    let disk = SimulatedDisk(seed: 1)
    try disk.createDirectory("x")
    for name in ["b", "ä", "Z", "a"] { _ = try disk.open("x/./" + name, .create) }
    #expect(try disk.list("/x/") == ["Z", "a", "b", "ä"])
    #expect(disk.paths == ["/", "/x/", "/x/Z", "/x/a", "/x/b", "/x/ä"])
    #expect(try disk.information(at: "/x/../x/a")?.kind == .file)
  }
}
