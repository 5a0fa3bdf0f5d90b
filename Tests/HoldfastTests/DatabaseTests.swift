import Foundation
import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Opening and closing")
struct DatabaseTests {
  @Test("a closed database is one file, and has what was written")
  func oneFile() throws {
    let folder = try Folder()
    let database = try Database.open(at: folder.path("a.holdfast"))
    let id = try database.collection("users").insert(["name": "Ada", "born": 1815])
    #expect(try folder.contents().count > 1)
    try database.close()
    #expect(try folder.contents().keys.sorted() == ["a.holdfast"])
    let again = try Database.open(at: folder.path("a.holdfast"))
    #expect(again.recovery.wasClean)
    #expect(try again.collection("users").fetch(id: id)?["name"] == "Ada")
    try again.close()
    try again.close()
  }

  @Test("every call on a closed database fails with `closed`")
  func closed() throws {
    let database = try SimulatedPlace().open()
    let users = database.collection("users")
    try users.insert(["_id": 1])
    let snapshot = try database.snapshot()
    try database.close()
    #expect(code { _ = try users.fetch(id: 1) } == .closed)
    #expect(code { try users.insert(["_id": 2]) } == .closed)
    #expect(code { _ = try users.scan().documents() } == .closed)
    #expect(code { _ = try snapshot.collection("users").fetch(id: 1) } == .closed)
    #expect(code { _ = try database.collections() } == .closed)
    #expect(code { try database.persist() } == .closed)
    #expect(code { try database.checkpoint() } == .closed)
    #expect(code { _ = try database.verify() } == .closed)
    #expect(code { _ = try database.statistics() } == .closed)
  }

  @Test("a database that is released, not closed, gives its lock back and loses nothing")
  func released() throws {
    let folder = try Folder()
    let path = folder.path("a.holdfast")
    do {
      let database = try Database.open(at: path)
      try database.collection("users").insert(["_id": 1])
      #expect(code { _ = try Database.open(at: path) } == .databaseLocked)
    }
    let again = try Database.open(at: path)
    #expect(!again.recovery.wasClean)
    #expect(again.recovery.commitsReplayed == 1)
    #expect(try again.collection("users").exists(id: 1))
    try again.close()
  }

  @Test("a collection keeps its database open, and only as long")
  func collectionKeepsOpen() throws {
    let folder = try Folder()
    let path = folder.path("a.holdfast")
    var users: DocumentCollection? = try Database.open(at: path).collection("users")
    try users?.insert(["_id": 1])
    #expect(code { _ = try Database.open(at: path) } == .databaseLocked)
    users = nil
    try Database.open(at: path).close()
  }

  @Test("the message about a lock names its owner")
  func lockNamesOwner() throws {
    let folder = try Folder()
    let database = try Database.open(at: folder.path("a.holdfast"))
    defer { try? database.close() }
    let error = #expect(throws: HoldfastError.self) { try Database.open(at: folder.path("a.holdfast")) }
    #expect(error?.message.contains("\(ProcessInfo.processInfo.processIdentifier)") == true)
  }

  @Test("many may read at once, but nobody while one writes")
  func readers() throws {
    let folder = try Folder()
    let path = folder.path("a.holdfast")
    let writer = try Database.open(at: path)
    try writer.collection("users").insert(["_id": 1])
    #expect(code { _ = try Database.open(at: path, DatabaseOptions(isReadOnly: true)) } == .databaseLocked)
    try writer.close()
    let first = try Database.open(at: path, DatabaseOptions(isReadOnly: true))
    let second = try Database.open(at: path, DatabaseOptions(isReadOnly: true))
    #expect(first.isReadOnly)
    #expect(try first.collection("users").count() == 1)
    #expect(try second.collection("users").count() == 1)
    #expect(code { try first.collection("users").insert(["_id": 2]) } == .readOnly)
    #expect(code { _ = try Database.open(at: path) } == .databaseLocked)
  }

  @Test("opening for reading recovers in memory and changes no byte")
  func readOnlyRecovery() throws {
    let place = try SimulatedPlace()
    do {
      let database = try place.open()
      try database.collection("users").insert(["_id": 1])
      place.disk.killProcess()
      _ = database
    }
    let before = place.disk.snapshotImage()
    var options = place.options()
    options.isReadOnly = true
    let reader = try place.open(options)
    #expect(reader.recovery.commitsReplayed == 1)
    #expect(try reader.collection("users").exists(id: 1))
    try reader.close()
    #expect(place.disk.snapshotImage() == before)
  }

  @Test("a missing database is made only when that is wanted")
  func createsIfMissing() throws {
    let place = try SimulatedPlace()
    var options = place.options()
    options.createsIfMissing = false
    #expect(code { _ = try place.open(options) } == .notFound)
    options = place.options()
    options.isReadOnly = true
    #expect(code { _ = try place.open(options) } == .notFound)
    #expect(place.disk.paths.filter { $0.contains("app") }.isEmpty)
  }

  @Test("options that make no sense are refused before anything is touched")
  func senselessOptions() throws {
    let place = try SimulatedPlace()
    var options = place.options(.key([1, 2, 3]))
    #expect(code { _ = try place.open(options) } == .invalidUse)
    options = place.options(.password(""))
    #expect(code { _ = try place.open(options) } == .invalidUse)
    options = place.options()
    options.pageSize = 1000
    #expect(code { _ = try place.open(options) } == .invalidUse)
    options = place.options(.password("p"))
    options.passwordCost = PasswordCost(logN: 40, r: 8, p: 1)
    #expect(code { _ = try place.open(options) } == .invalidUse)
    options = place.options()
    options.durability = .batch(operations: 0, interval: .seconds(1))
    #expect(code { _ = try place.open(options) } == .invalidUse)
    #expect(code { _ = try Database.open(at: "") } == .invalidUse)
    #expect(code { _ = try Database.open(at: "a\0b") } == .invalidUse)
    #expect(place.disk.paths.filter { $0.contains("app") }.isEmpty)
  }

  @Test(
    "a credential's secret is in no description",
    arguments: [Credential.password("s3cret"), .key(Array(0..<32))])
  func secretsAreNotPrinted(credential: Credential) {
    var text = "\(credential) \(String(reflecting: credential))"
    dump(credential, to: &text)
    dump(DatabaseOptions(credential: credential), to: &text)
    #expect(!text.contains("s3cret") && !text.contains("31"))
  }

  @Test("statistics tell the sizes and positions")
  func statistics() throws {
    let place = try SimulatedPlace()
    let database = try place.open(place.options(.password("p")))
    try database.collection("a").insert(["_id": 1])
    try database.collection("b").insert(["_id": 1])
    let statistics = try database.statistics()
    #expect(statistics.isEncrypted)
    #expect(statistics.collections == 2)
    #expect(statistics.lastLSN == 2 && statistics.durableLSN == 2)
    #expect(statistics.commits == 2 && statistics.logSyncs == 2)
    #expect(statistics.fileBytes > 0 && statistics.pageSize > 0)
    try database.checkpoint()
    #expect(try database.statistics().checkpointLSN == 2)
    try database.close()
  }
}

/// What a database says of itself.
@Suite struct HealthTests {
  @Test("a database says how it is doing, also by JSON and after it was closed")
  func health() throws {
    let place = try SimulatedPlace()
    let database = try Database.open(at: place.path, place.options())
    try database.collection("a").insert(["x": 1])
    let health = database.health()
    #expect(health.status == .ok && health.reasons == [])
    #expect(health.cacheBudget == health.fullCacheBudget && health.diskLevel == .normal)
    #expect(health.recovery == database.recovery)
    let stored = try JSONEncoder().encode(health)
    #expect(try JSONDecoder().decode(DatabaseHealth.self, from: stored) == health)
    try database.releaseMemory()
    #expect(try database.statistics().cacheBytes == database.statistics().dirtyBytes)
    #expect(try database.collection("a").count() == 1)
    try database.close()
    #expect(database.health().status == .failed && database.health().reasons.map(\.code) == ["closed"])
    #expect(throws: HoldfastError.self) { try database.releaseMemory() }
  }

  @Test("health and memory have async forms")
  func asyncForms() async throws {
    let place = try SimulatedPlace()
    let database = try await Database.open(at: place.path, place.options())
    let health = try await database.health()
    #expect(health.status == .ok)
    try await database.releaseMemory()
    let statistics = try await database.statistics()
    #expect(statistics.cacheBytes == statistics.dirtyBytes)
    try await database.close()
  }

  @Test("a full disk is readOnly, and its error and its reason name no document")
  func fullDisk() throws {
    let place = try SimulatedPlace()
    let database = try Database.open(at: place.path, place.options())
    place.disk.capacity = 0
    var failure: HoldfastError?
    for number in 0..<2000 where failure == nil {
      do throws(HoldfastError) {
        try database.collection("a").insert(["_id": .int32(Int32(number)), "secret": "swordfish"])
      } catch { failure = error }
    }
    #expect(failure?.code == .diskFull)
    let health = database.health()
    #expect(health.status == .readOnly && health.reasons.first?.code == "diskFull")
    #expect(health.reasons.allSatisfy { !$0.message.contains("swordfish") })
    place.disk.capacity = .max
    try database.collection("a").insert(["x": 1])
    #expect(database.health().status == .ok)
    try database.close()
  }
}
