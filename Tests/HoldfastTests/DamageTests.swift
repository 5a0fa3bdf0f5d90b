import Holdfast
import HoldfastIO
import HoldfastTestSupport
import Testing

/// Damage seen from outside: which documents, which not, and what to do.
@Suite struct DamageTests {
  private let path = "/db/app.holdfast"
  /// One for all openings: names of logs must differ.
  private let random = SeededRandom(seed: 3)

  private func makeDisk() throws -> SimulatedDisk {
    let disk = SimulatedDisk(seed: 3)
    try disk.createDirectory("/db")
    return disk
  }

  private func options(_ disk: SimulatedDisk) -> DatabaseOptions {
    var options = DatabaseOptions()
    options.fileSystem = disk
    options.clock = SimulatedClock()
    options.random = random
    options.hasBackgroundThread = false
    options.pageSize = 4096
    return options
  }

  /// A closed database of two collections, and the offset in its file where a document of the first is.
  private func prepare(_ disk: SimulatedDisk) throws -> Int {
    let database = try Database.open(at: path, options(disk))
    try database.collection("users").insertMany(
      (0..<400).map { ["_id": .int32($0), "name": .string("user number \($0) of many")] })
    try database.collection("others").insert(["_id": 1])
    try database.close()
    let bytes = try #require(disk.contents(of: path))
    let needle = Array("user number 200 of many".utf8)
    return try #require(
      (0..<bytes.count - needle.count).first { Array(bytes[$0..<$0 + needle.count]) == needle })
  }

  @Test("errors and damage() tell collection, page and the ids on both sides; the text tells no id")
  func named() throws {
    let disk = try makeDisk()
    let offset = try prepare(disk)
    #expect(disk.flipBit(path, offset: offset, bit: 0))
    let database = try Database.open(at: path, options(disk))
    #expect(try database.damage().isEmpty)
    let users = database.collection("users")
    var lost: [Int32] = []
    for id in 0..<400 as Range<Int32> {
      do { _ = try users.fetch(id: .int32(id)) } catch {
        lost.append(id)
        #expect(error.code == .corrupted && error.collection == "users")
        #expect(error.damage?.page == UInt64(offset / 4096) && error.damage?.collection == "users")
      }
    }
    #expect(lost.contains(200) && lost.count < 100)
    let health = database.health()
    #expect(
      health.status == .degraded && health.damagedPages == 1 && health.reasons.first?.code == "damagedPages")
    let damage = try database.damage()
    #expect(damage.count == 1 && damage.first?.collection == "users" && damage.first?.isCutOff == false)
    #expect(damage.first?.after == .int32((lost.first ?? 0) - 1))
    #expect(damage.first?.before == .int32((lost.last ?? 0) + 1))
    #expect(damage.first?.description == "page \(offset / 4096) of collection \"users\" is damaged")
    #expect(try database.collection("others").fetch(id: 1) != nil)
    try database.collection("others").insert(["_id": 2])
    #expect(throws: HoldfastError.self) { try users.delete(id: 200) }
    try users.insert(["_id": 1000])
    try database.close()

    let again = try Database.open(at: path, options(disk))
    #expect(try again.damage() == damage)
    #expect(try again.collection("users").exists(id: 1000))
    // A scan fails where the damage is, unless it ends before that, or leaves it out.
    #expect(throws: HoldfastError.self) { try again.collection("users").scan().documents() }
    let (after, before) = (try #require(lost.first), try #require(lost.last))
    #expect(try again.collection("users").scan(through: .int32(after - 1)).documents().count == Int(after))
    #expect(
      try again.collection("users").scan(from: .int32(before + 1), descending: true).documents().count
        == 401 - Int(before + 1))
    #expect(
      try again.collection("users").scan(through: .int32(after - 1), descending: true).documents().count
        == Int(after))
    var skipping = ScanOptions()
    skipping.skipsDamage = true
    for descending in [false, true] {
      skipping.isDescending = descending
      #expect(try again.collection("users").scan(skipping).documents().count == 401 - lost.count)
      skipping.limit = 300
      #expect(try again.collection("users").scan(skipping).documents().count == 300)
      skipping.limit = nil
    }
    try again.write { transaction -> Void in
      #expect(throws: HoldfastError.self) { try transaction.collection("users").scan(skipping).documents() }
    }
    #expect(try again.dropCollection("users"))
    #expect(try again.damage().isEmpty)
    #expect(again.health().status == .ok)
    try again.close()
    let last = try Database.open(at: path, options(disk))
    #expect(try last.damage().isEmpty)
    try last.close()
  }

  @Test("recovery sets aside what belongs into a damaged page, says so, and refuses when that is wanted")
  func setAside() throws {
    let disk = try makeDisk()
    let offset = try prepare(disk)
    var database: Database? = try Database.open(at: path, options(disk))
    for id in 0..<400 as Range<Int32> {
      try database?.collection("users").replace(id: .int32(id), with: ["name": "changed"])
    }
    database = nil
    disk.killProcess()
    #expect(disk.flipBit(path, offset: offset, bit: 0))
    var refusing = options(disk)
    refusing.onDamage = .refuse
    #expect(throws: HoldfastError.self) { try Database.open(at: path, refusing) }
    let open = try Database.open(at: path, options(disk))
    let damage = try #require(try open.damage().first)
    #expect(damage.isCutOff && damage.after != nil && damage.before != nil)
    var lost: UInt64 = 0
    for id in 0..<400 as Range<Int32> {
      do {
        let found = try open.collection("users").fetch(id: .int32(id))
        #expect(found?["name"] == "changed")
      } catch { lost += 1 }
    }
    #expect(open.recovery.operationsSetAside == lost && lost > 0)
    try open.close()
    #expect(throws: HoldfastError.self) { try Database.open(at: path, refusing) }
  }
}
