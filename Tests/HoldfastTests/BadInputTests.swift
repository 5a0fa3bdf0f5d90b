import Foundation
import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Files that cannot be opened")
struct BadInputTests {
  let folder: Folder
  let path: String

  init() throws {
    folder = try Folder()
    path = folder.path("a.holdfast")
  }

  private func write(_ bytes: [UInt8]) throws { try Data(bytes).write(to: URL(fileURLWithPath: path)) }

  private func makeDatabase(_ options: DatabaseOptions = DatabaseOptions()) throws -> [UInt8] {
    let database = try Database.open(at: path, options)
    try database.collection("users").insertMany((0..<200).map { ["_id": .int32($0), "name": "Ada"] })
    try database.close()
    return try #require(try folder.contents()["a.holdfast"])
  }

  /// Opening fails with this code, for writing and for reading, and every file stays as it was.
  private func expectRefusal(_ expected: HoldfastError.Code, _ options: DatabaseOptions = DatabaseOptions())
    throws
  {
    let before = try folder.contents()
    for isReadOnly in [false, true] {
      var options = options
      options.isReadOnly = isReadOnly
      let error = #expect(throws: HoldfastError.self) { try Database.open(at: path, options) }
      #expect(error?.code == expected)
      #expect(error?.message.isEmpty == false)
    }
    #expect(try folder.contents() == before)
  }

  @Test("a file that is something else", arguments: [0, 1, 100, 10_000, 100_000])
  func notADatabase(size: Int) throws {
    try write((0..<size).map { UInt8(truncatingIfNeeded: $0 &* 31) })
    try expectRefusal(.notADatabase)
  }

  @Test("a database that was cut short", arguments: [0.3, 0.6, 0.9])
  func truncated(share: Double) throws {
    let bytes = try makeDatabase()
    try write(Array(bytes.prefix(Int(Double(bytes.count) * share))))
    try expectRefusal(.truncated)
  }

  @Test("a newer format")
  func newerFormat() throws {
    var bytes = try makeDatabase()
    // Each copy of the key block: the version is a number behind the magic, and a checksum ends the block.
    let magic = Array("HOLDFAST".utf8)
    for start in stride(from: 0, to: bytes.count - 512, by: 512)
    where Array(bytes[start..<start + 8]) == magic {
      bytes[start + 8] = 99
    }
    try write(bytes)
    let error = #expect(throws: HoldfastError.self) { try Database.open(at: path) }
    // Whether the checksum or the version is looked at first, it is never opened.
    #expect([.unsupportedFormat, .corrupted].contains(error?.code))
    #expect(try folder.contents()["a.holdfast"] == bytes)
  }

  @Test("a wrong password, a missing one, one too much, and a key instead")
  func authentication() throws {
    _ = try makeDatabase(withPassword("right"))
    try expectRefusal(.authenticationFailed, withPassword("wrong"))
    try expectRefusal(.authenticationFailed)
    try expectRefusal(
      .authenticationFailed, DatabaseOptions(credential: .key([UInt8](repeating: 1, count: 32))))
    let database = try Database.open(at: path, withPassword("right"))
    #expect(try database.collection("users").count() == 200)
    try database.close()
  }

  @Test("a password for a database that is not encrypted")
  func needlessPassword() throws {
    _ = try makeDatabase()
    try expectRefusal(.authenticationFailed, withPassword("any"))
  }

  @Test("a raw key opens what it made, and another one does not")
  func rawKeys() throws {
    let options = DatabaseOptions(credential: .key((0..<32).map { UInt8($0) }))
    _ = try makeDatabase(options)
    try expectRefusal(
      .authenticationFailed, DatabaseOptions(credential: .key([UInt8](repeating: 9, count: 32))))
    let database = try Database.open(at: path, options)
    #expect(try database.collection("users").count() == 200)
    try database.close()
  }

  @Test("a path that is a folder")
  func folderPath() throws {
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: false)
    try expectRefusal(.notAFile)
  }

  @Test("a folder that does not exist")
  func missingFolder() throws {
    #expect(code { _ = try Database.open(at: folder.path("no/such/a.holdfast")) } == .notFound)
    #expect(try folder.contents().isEmpty)
  }

  @Test("no permission", .disabled(if: getuid() == 0, "the superuser may do everything"))
  func noPermission() throws {
    _ = try makeDatabase()
    try FileManager.default.setAttributes([.posixPermissions: 0], ofItemAtPath: path)
    #expect(code { _ = try Database.open(at: path) } == .notPermitted)
    try FileManager.default.setAttributes([.posixPermissions: 0o600], ofItemAtPath: path)
    try Database.open(at: path).close()
  }

  @Test("a database whose log was taken away after a crash is refused, not shown as it once was")
  func missingLog() throws {
    let place = try SimulatedPlace()
    do {
      let database = try place.open()
      try database.collection("users").insert(["_id": 1])
      place.disk.killProcess()
      _ = database
    }
    for path in place.disk.paths where path.contains("app.holdfast-log/") && !path.hasSuffix("/") {
      try place.disk.remove(path)
    }
    let before = place.disk.contents(of: place.path)
    #expect(code { _ = try place.open() } == .missingLog)
    #expect(place.disk.contents(of: place.path) == before)
  }

  @Test("a network file system is refused for writing, unless it is allowed")
  func network() throws {
    let place = try SimulatedPlace()
    place.disk.isNetwork = true
    #expect(code { _ = try place.open() } == .networkFileSystem)
    var options = place.options()
    options.allowsNetworkFileSystem = true
    try place.open(options).close()
    options = place.options()
    options.isReadOnly = true
    try place.open(options).close()
  }

  @Test("a full disk fails a write, changes nothing, and writing goes on when there is room again")
  func diskFull() throws {
    let place = try SimulatedPlace()
    let database = try place.open()
    let a = database.collection("a")
    try a.insert(["_id": 0])
    place.disk.capacity = place.disk.capacity - place.disk.availableBytes
    var failure: HoldfastError.Code?
    var written: Int32 = 1
    let pad = BSONValue.binary(BSONBinary([UInt8](repeating: 1, count: 20_000)))
    while failure == nil, written < 1000 {
      failure = code { try a.insert(["_id": .int32(written), "pad": pad]) }
      if failure == nil { written += 1 }
    }
    #expect(failure == .diskFull)
    #expect(try a.count() == Int(written))
    #expect(try !a.exists(id: .int32(written)))
    place.disk.capacity = .max
    try a.insert(["_id": .int32(written), "pad": pad])
    #expect(try a.count() == Int(written) + 1)
    #expect(try database.verify().problems == [])
    try database.close()
  }

  @Test(
    "a flipped bit anywhere in a closed database is an error or harmless, never other data",
    arguments: [false, true])
  func flippedBits(isEncrypted: Bool) throws {
    let place = try SimulatedPlace()
    var options = place.options(isEncrypted ? .key([UInt8](repeating: 3, count: 32)) : .none)
    options.pageSize = 4096
    let database = try place.open(options)
    let documents = (0..<40).map { number -> Document in
      ["_id": .int32(number), "text": .string("document \(number) of many")]
    }
    try database.collection("a").insertMany(documents)
    try database.close()
    let image = place.disk.snapshotImage()
    let size = try #require(place.disk.contents(of: place.path)).count
    options.isReadOnly = true
    var found = 0
    // A prime stride meets every structure over the run of the offsets; the engine's own tests flip every
    // byte.
    for offset in stride(from: 0, to: size, by: 29) {
      let disk = SimulatedDisk(image: image)
      disk.flipBit(place.path, offset: offset, bit: offset % 8)
      var damaged = options
      damaged.fileSystem = disk
      do {
        let database = try Database.open(at: place.path, damaged)
        let read = try database.collection("a").scan().documents()
        if read != documents { Issue.record("a flipped bit at \(offset) was returned as data") }
      } catch {
        found += 1
      }
    }
    #expect(found > 0)
  }
}
