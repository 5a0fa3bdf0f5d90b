import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Durability")
struct DurabilityTests {
  let place: SimulatedPlace

  init() throws { place = try SimulatedPlace() }

  private func syncs(_ database: Database) throws -> UInt64 { try database.statistics().logSyncs }

  @Test("a safe write syncs once and writes nothing to the data file; an unsafe one does not sync")
  func syncsPerWrite() throws {
    let database = try place.open()
    try database.createCollection("safe")
    try database.createCollection("loose", durability: .unsafe)
    let before = try syncs(database)
    let written = place.disk.counters.bytesWritten(to: place.path)
    for number in Int32(0)..<10 { try database.collection("safe").insert(["_id": .int32(number)]) }
    #expect(try syncs(database) == before + 10)
    for number in Int32(0)..<10 { try database.collection("loose").insert(["_id": .int32(number)]) }
    #expect(try syncs(database) == before + 10)
    #expect(try database.collection("loose").count() == 10)
    #expect(place.disk.counters.bytesWritten(to: place.path) == written)
  }

  @Test("a transaction has the strongest durability of the collections it writes to")
  func strongest() throws {
    let database = try place.open()
    try database.createCollection("safe")
    try database.createCollection("loose", durability: .unsafe)
    let before = try syncs(database)
    try database.write { transaction in
      try transaction.collection("loose").insert(["_id": 1])
      _ = try transaction.collection("safe").fetch(id: 1)
    }
    #expect(try syncs(database) == before)
    try database.write { transaction in
      try transaction.collection("loose").insert(["_id": 2])
      try transaction.collection("safe").insert(["_id": 2])
    }
    #expect(try syncs(database) == before + 1)
    #expect(try database.statistics().durableLSN == database.statistics().lastLSN)
  }

  @Test("a batch syncs after so many operations, and after so much time")
  func batch() throws {
    let database = try place.open()
    try database.createCollection("b", durability: .batch(operations: 10, interval: .milliseconds(50)))
    let before = try syncs(database)
    for number in Int32(0)..<100 { try database.collection("b").insert(["_id": .int32(number)]) }
    let count = try syncs(database) - before
    #expect(count >= 10 && count <= 12)
    try database.persist()
    let afterPersist = try syncs(database)
    place.clock.advance(milliseconds: 60)
    try database.collection("b").insert(["_id": 1000])
    place.clock.advance(milliseconds: 60)
    try database.collection("b").insert(["_id": 1001])
    #expect(try syncs(database) > afterPersist)
  }

  @Test("durabilities are stored, for the database and for collections, and outlive reopening")
  func stored() throws {
    let batch = Durability.batch(operations: 7, interval: .milliseconds(30))
    var database = try place.open()
    #expect(database.durability == .safe)
    try database.setDurability(.unsafe)
    try database.createCollection("b", durability: batch)
    try database.collection("plain").insert(["_id": 1])
    try database.close()
    database = try place.open()
    #expect(database.durability == .unsafe)
    #expect(try database.durability(of: "b") == batch)
    #expect(try database.durability(of: "plain") == .unsafe)
    #expect(try database.durability(of: "nothing") == .unsafe)
    try database.setDurability(nil, of: "b")
    #expect(try database.durability(of: "b") == .unsafe)
    try database.close()
    var options = place.options()
    options.durability = .safe
    database = try place.open(options)
    #expect(database.durability == .safe)
    let before = try syncs(database)
    try database.collection("plain").insert(["_id": 2])
    #expect(try syncs(database) == before + 1)
    try database.close()
  }

  @Test(
    "bounds of a batch that make no sense are refused",
    arguments: [(0, 10), (2_000_000, 10), (10, 0), (10, 4_000_000)])
  func bounds(operations: Int, milliseconds: Int) throws {
    let database = try place.open()
    let durability = Durability.batch(operations: operations, interval: .milliseconds(milliseconds))
    #expect(code { try database.setDurability(durability) } == .invalidUse)
    #expect(code { try database.createCollection("b", durability: durability) } == .invalidUse)
    #expect(try database.collections().isEmpty)
  }

  @Test(
    "after a power loss everything safe is there, and what is unsafe is a beginning of its history",
    arguments: Seeds.first(8))
  func powerLoss(seed: UInt64) throws {
    let place = try SimulatedPlace(seed: seed)
    var random = SplitMix64(seed: seed)
    var database = try place.open()
    try database.createCollection("loose", durability: .unsafe)
    try database.createCollection("safe")
    var last: Int32 = -1
    var lastSafe: Int32 = -1
    for number in 0..<Int32(50 + random.below(100)) {
      let isSafe = random.chance(0.1)
      try database.collection(isSafe ? "safe" : "loose").insert(["_id": .int32(number)])
      last = number
      if isSafe { lastSafe = number }
      if random.chance(0.02) {
        try database.persist()
        lastSafe = number
      }
    }
    place.disk.crash()
    database = try place.open()
    let found = try
      (database.collection("safe").scan().documents() + database.collection("loose").scan().documents())
      .compactMap { $0["_id"]?.intValue }.sorted()
    #expect(found == Array(0..<found.count))
    #expect(found.count > Int(lastSafe) && found.count <= Int(last) + 1)
    #expect(try database.verify().isIntact)
  }
}
