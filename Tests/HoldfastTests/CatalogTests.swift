import Holdfast
import HoldfastTestSupport
import Testing

@Suite("The catalog")
struct CatalogTests {
  @Test("a dropped collection is gone, and a new one of its name is empty", arguments: [false, true])
  func dropAndCreate(inOneTransaction: Bool) throws {
    let place = try SimulatedPlace()
    let database = try place.open()
    let a = database.collection("a")
    try a.insertMany((0..<100).map { ["_id": .int32($0)] })
    if inOneTransaction {
      try database.write { transaction in
        #expect(try transaction.dropCollection("a"))
        #expect(try transaction.collection("a").count() == 0)
        #expect(try transaction.collections().isEmpty)
        try transaction.collection("a").insert(["_id": 5, "new": true])
      }
    } else {
      #expect(try database.dropCollection("a"))
      #expect(try database.collections().isEmpty)
      #expect(try a.count() == 0)
      try a.insert(["_id": 5, "new": true])
    }
    #expect(try a.scan().documents() == [["_id": 5, "new": true]])
    try database.close()
    let again = try place.open()
    #expect(try again.collection("a").scan().documents() == [["_id": 5, "new": true]])
    #expect(try again.verify().isIntact)
  }

  @Test("a collection that a failed transaction made does not exist, also after reopening")
  func failedCreation() throws {
    let place = try SimulatedPlace()
    var database = try place.open()
    for _ in 0..<3 {
      _ = try? database.write { transaction in
        try transaction.createCollection("ghost", durability: .unsafe)
        try transaction.collection("ghost").insert(["_id": 1])
        throw CancellationError()
      }
      #expect(try database.collections().isEmpty)
    }
    try database.collection("ghost").insert(["_id": 2])
    #expect(try database.durability(of: "ghost") == .safe)
    try database.close()
    database = try place.open()
    #expect(try database.collection("ghost").scan().documents() == [["_id": 2]])
  }

  @Test(
    "what is remembered of the catalog is never that of another state",
    arguments: 1...12 as ClosedRange<UInt64>)
  func states(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let database = try SimulatedPlace().open()
    let names = ["a", "b", "c"]
    /// What the only document of each collection has, where there is one.
    var state: [String: Int32] = [:]
    var snapshots: [(Snapshot, [String: Int32])] = []
    func document(_ value: Int32) -> Document { ["_id": 1, "v": .int32(value)] }
    func check(_ reader: (String) throws -> Document?, _ state: [String: Int32]) throws {
      for name in names { #expect(try reader(name) == state[name].map(document)) }
    }
    for step in 1...120 as ClosedRange<Int32> {
      let name = names.randomElement(using: &random) ?? "a"
      let other = names.first { $0 != name } ?? "b"
      switch Int.random(in: 0..<7, using: &random) {
      case 0, 1:
        try database.collection(name).replace(id: 1, with: document(step), upsert: true)
        state[name] = step
      case 2:
        #expect(try database.dropCollection(name) == (state[name] != nil))
        state[name] = nil
      case 3 where state[name] != nil:
        try database.renameCollection(name, to: other, replacing: true)
        state[other] = state.removeValue(forKey: name)
      case 4, 5:
        // Dropped and made again, and given up every second time.
        let isKept = step % 2 == 0
        try? database.transaction(isolation: step % 3 == 0 ? .serializable : .snapshot) { transaction in
          try check({ try transaction.collection($0).fetch(id: 1) }, state)
          try transaction.dropCollection(name)
          #expect(try transaction.collection(name).fetch(id: 1) == nil)
          try transaction.collection(name).insert(document(step))
          #expect(try transaction.collection(name).fetch(id: 1) == document(step))
          if !isKept { throw CancellationError() }
        }
        if isKept { state[name] = step }
      case 6: try database.checkpoint()
      default: break
      }
      if step % 5 == 0 { snapshots.append((try database.snapshot(), state)) }
      if snapshots.count > 4 { snapshots.remove(at: Int.random(in: 0..<4, using: &random)) }
      try check({ try database.collection($0).fetch(id: 1) }, state)
      for (snapshot, state) in snapshots { try check({ try snapshot.collection($0).fetch(id: 1) }, state) }
    }
  }

  @Test("a renamed collection keeps documents, indexes and durability, also after reopening")
  func rename() throws {
    let place = try SimulatedPlace()
    let database = try place.open()
    try database.createCollection("a", durability: .unsafe)
    try database.collection("a").createIndex(["n": 1], IndexOptions(isUnique: true))
    try database.collection("a").insertMany((0..<50).map { ["_id": .int32($0), "n": .int32($0)] })
    try database.renameCollection("a", to: "b")
    try database.close()
    let again = try place.open()
    let b = again.collection("b")
    #expect(try again.collections() == ["b"])
    #expect(try again.collection("a").count() == 0)
    #expect(try b.findOne(["n": 7])?["_id"] == 7)
    #expect(code { try b.insert(["n": 7]) } == .duplicateKey)
    #expect(try again.durability(of: "b") == .unsafe)
    #expect(try again.verify().isIntact)
  }

  @Test("renaming replaces another collection only when asked to, and what is undone leaves both")
  func renameOver() throws {
    let database = try SimulatedPlace().open()
    let (a, b) = (database.collection("a"), database.collection("b"))
    try a.insert(["_id": 1])
    try b.insert(["_id": 2])
    #expect(code { try database.renameCollection("a", to: "b") } == .collectionExists)
    #expect(code { try database.renameCollection("c", to: "b", replacing: true) } == .collectionNotFound)
    #expect(code { try database.renameCollection("a", to: "a", replacing: true) } == .invalidUse)
    #expect(code { try database.renameCollection("a", to: "$b") } == .invalidName)
    _ = try? database.write { transaction in
      try transaction.renameCollection("a", to: "b", replacing: true)
      #expect(try transaction.collection("b").scan().documents() == [["_id": 1]])
      throw CancellationError()
    }
    #expect(try a.scan().documents() == [["_id": 1]])
    #expect(try b.scan().documents() == [["_id": 2]])
    // Names can be swapped in one transaction, and written to under their new ones.
    try database.write { transaction in
      try transaction.renameCollection("a", to: "other")
      try transaction.renameCollection("b", to: "a")
      try transaction.renameCollection("other", to: "b")
      try transaction.collection("a").insert(["_id": 3])
    }
    #expect(try a.scan().documents() == [["_id": 2], ["_id": 3]])
    #expect(try b.scan().documents() == [["_id": 1]])
    try database.renameCollection("a", to: "b", replacing: true)
    #expect(try database.collections() == ["b"])
    #expect(try b.count() == 2)
    #expect(try database.verify().isIntact)
  }

  @Test("a drop that is undone leaves everything")
  func undoneDrop() throws {
    let database = try SimulatedPlace().open()
    try database.collection("a").insert(["_id": 1])
    _ = try? database.write { transaction in
      try transaction.dropCollection("a")
      try transaction.collection("a").insert(["_id": 9])
      throw CancellationError()
    }
    #expect(try database.collection("a").scan().documents() == [["_id": 1]])
  }

  @Test("createCollection refuses a name that is taken, and a missing one is not found")
  func createTwice() throws {
    let database = try SimulatedPlace().open()
    try database.createCollection("a")
    #expect(code { try database.createCollection("a") } == .collectionExists)
    #expect(try database.collections() == ["a"])
    #expect(code { try database.setDurability(.unsafe, of: "b") } == .collectionNotFound)
  }

  @Test("many collections are listed in order and counted")
  func many() throws {
    let place = try SimulatedPlace()
    let database = try place.open()
    let names = (0..<300).map { "c\($0)" }
    for name in names.shuffled() { try database.collection(name).insert(["_id": .string(name)]) }
    #expect(try database.collections() == names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) })
    try database.close()
    let again = try place.open()
    #expect(try again.collections().count == 300)
    #expect(try again.statistics().collections == 300)
    #expect(try again.collection("c7").exists(id: "c7"))
  }

  /// What the database should hold: name → id → value.
  typealias Model = [String: [Int32: Int32]]

  @Test(
    "random transactions, undone ones, drops and reopenings agree with a dictionary",
    arguments: Seeds.first(3))
  func model(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let place = try SimulatedPlace(seed: seed)
    var options = place.options(seed % 2 == 0 ? .password("p") : .none)
    options.pageSize = 4096
    options.logBudget = 128 * 1024
    var database = try place.open(options)
    var model: Model = [:]
    for step in 0..<400 {
      let isUndone = random.chance(0.2)
      var changed = model
      _ = try? database.write { transaction in
        for _ in 0..<random.below(8) { try CatalogTests.change(transaction, &changed, &random) }
        if isUndone { throw CancellationError() }
      }
      if !isUndone { model = changed }
      if random.chance(0.05) {
        switch random.below(3) {
        case 0: try database.close()
        case 1:
          place.disk.crash()
        default:
          try database.checkpoint()
          place.disk.killProcess()
        }
        database = try place.open(options)
      }
      if step % 20 == 0 { try CatalogTests.compare(database, model) }
    }
    try CatalogTests.compare(database, model)
    #expect(try database.verify().problems == [])
    try database.close()
  }

  private static func change(_ transaction: Transaction, _ model: inout Model, _ random: inout SplitMix64)
    throws
  {
    let name = "c\(random.below(5))"
    let collection = transaction.collection(name)
    let id = Int32(random.below(60))
    let value = Int32(random.below(1000))
    let document: Document = [
      "_id": .int32(id), "v": .int32(value), "pad": .string(String(repeating: "x", count: random.below(300))),
    ]
    switch random.below(13) {
    case 0..<5:
      let isNew = model[name]?[id] == nil
      #expect(code { try collection.insert(document) } == (isNew ? nil : .duplicateID))
      if isNew { model[name, default: [:]][id] = value }
    case 5..<8:
      let upsert = random.chance(0.5)
      let isThere = model[name]?[id] != nil
      #expect(try collection.replace(id: .int32(id), with: document, upsert: upsert) == isThere)
      if isThere || upsert { model[name, default: [:]][id] = value }
    case 8, 9:
      #expect(try collection.delete(id: .int32(id)) == (model[name]?.removeValue(forKey: id) != nil))
    case 10:
      #expect(try collection.deleteAll() == model[name]?.count ?? 0)
      if model[name] != nil { model[name] = [:] }
    case 11:
      let other = name + "'"
      let expected: HoldfastError.Code? =
        model[name] == nil ? .collectionNotFound : model[other] != nil ? .collectionExists : nil
      #expect(code { try transaction.renameCollection(name, to: other) } == expected)
      if expected == nil { model[other] = model.removeValue(forKey: name) }
    default:
      #expect(try transaction.dropCollection(name) == (model.removeValue(forKey: name) != nil))
    }
  }

  private static func compare(_ database: Database, _ model: Model) throws {
    #expect(try database.collections() == model.keys.sorted())
    for (name, documents) in model {
      let collection = database.collection(name)
      #expect(try collection.count() == documents.count)
      var found: [Int32: Int32] = [:]
      try collection.forEach { document in
        if case .int32(let id)? = document["_id"], case .int32(let value)? = document["v"] {
          found[id] = value
        }
      }
      #expect(found == documents)
    }
  }
}
