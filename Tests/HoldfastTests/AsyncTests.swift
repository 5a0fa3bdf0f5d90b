import Foundation
import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Async forms")
struct AsyncTests {
  let folder: Folder
  let path: String

  init() throws {
    folder = try Folder()
    path = folder.path("a.holdfast")
  }

  @Test("every call has an async form that does the same")
  func everything() async throws {
    let database = try await Database.open(at: path, withPassword("p"))
    let users = database.collection("users")
    let id = try await users.insert(["name": "Ada"])
    #expect(try await users.fetch(id: id)?["name"] == "Ada")
    #expect(try await users.exists(id: id))
    #expect(try await users.insertMany([["_id": 1], ["_id": 2]]) == [1, 2])
    #expect(try await users.replace(id: 1, with: ["v": 1]))
    #expect(try await users.replace(id: 9, with: ["v": 9], upsert: true) == false)
    #expect(try await users.delete(id: 2))
    #expect(try await users.count() == 3)
    try await database.createCollection("other", durability: .unsafe)
    try await database.setDurability(.batch(operations: 5, interval: .milliseconds(10)), of: "other")
    try await database.setDurability(.safe)
    #expect(try await database.durability(of: "users") == .safe)
    #expect(try await database.collections() == ["other", "users"])
    #expect(try await database.dropCollection("other"))
    let moved = try await database.write { transaction in
      try transaction.collection("users").insert(["_id": 7])
      return 7
    }
    #expect(moved == 7)
    #expect(try await database.read { try $0.collection("users").count() } == 4)
    try await database.persist()
    try await database.checkpoint()
    #expect(try await database.verify().isIntact)
    #expect(try await database.statistics().isEncrypted)
    #expect(try await users.deleteAll() == 4)
    try await database.close()
    await #expect(throws: HoldfastError.self) { try await users.count() }
  }

  @Test("typed collections have async forms, too")
  func typed() async throws {
    struct Point: Codable, Sendable, Equatable {
      var _id: Int
      var x: Double
    }
    let database = try await Database.open(at: path)
    let points = database.collection("points", of: Point.self)
    try await points.insert(Point(_id: 1, x: 1))
    try await points.insertMany([Point(_id: 2, x: 2), Point(_id: 3, x: 3)])
    #expect(try await points.fetch(id: 2) == Point(_id: 2, x: 2))
    #expect(try await points.replace(id: 2, with: Point(_id: 2, x: 5)))
    var xs: [Double] = []
    for try await point in points.stream() { xs.append(point.x) }
    #expect(xs == [1, 5, 3])
    for try await point in points.stream(descending: true, limit: 1) { #expect(point.x == 3) }
    #expect(try await points.exists(id: 3))
    #expect(try await points.delete(id: 3))
    #expect(try await points.count() == 2)
    #expect(try await points.deleteAll() == 2)
    #expect(try await database.damage().isEmpty)
    #expect(try await database.health().status == .ok)
    #expect(try await Database.examine(at: path).isLocked)
    try await database.close()
    #expect(try await Database.examine(at: path).status == .ok)
  }

  @Test("a stream gives all documents of one state, in both directions")
  func stream() async throws {
    let database = try await Database.open(at: path)
    let numbers = database.collection("numbers")
    try await numbers.insertMany((0..<2000).map { ["_id": .int32($0)] })
    var expected: Int32 = 0
    for try await document in numbers.stream() {
      if expected == 10 { try await numbers.deleteAll() }
      #expect(document["_id"] == .int32(expected))
      expected += 1
    }
    #expect(expected == 2000)
    #expect(try await numbers.count() == 0)
    await #expect(throws: HoldfastError.self) {
      for try await _ in numbers.stream(from: [1]) {}
    }
    try await database.close()
  }

  @Test("many tasks write and read at once; nothing is lost, and syncs are shared")
  func concurrent() async throws {
    let database = try await Database.open(at: path)
    let numbers = database.collection("numbers")
    await withThrowingTaskGroup(of: Void.self) { group in
      for task in 0..<40 {
        group.addTask {
          for number in 0..<10 {
            try await numbers.insert(["_id": .int32(Int32(task * 10 + number))])
            #expect(try await numbers.exists(id: .int32(Int32(task * 10 + number))))
          }
        }
      }
    }
    #expect(try await numbers.count() == 400)
    let statistics = try await database.statistics()
    #expect(statistics.commits == 400 && statistics.logSyncs < 400)
    try await database.close()
  }

  @Test("the threads of tasks stay free while all of the database's own wait")
  func poolStaysFree() async throws {
    let database = try await Database.open(at: path)
    let gate = DispatchSemaphore(value: 0)
    let blocked = (0..<DatabaseLimits.maximumWorkerThreads * 2).map { _ in
      Task { try await database.write { _ in gate.wait() } }
    }
    // As many tasks as there are cores would already stand still if the waiting ones kept their threads.
    let sums = await withTaskGroup(of: Int.self) { group in
      for number in 0..<100 { group.addTask { number } }
      return await group.reduce(0, +)
    }
    #expect(sums == 4950)
    for _ in blocked { gate.signal() }
    for task in blocked { try await task.value }
    try await database.close()
  }

  @Test("a task that is cancelled does not interrupt a call that was begun")
  func cancellation() async throws {
    let database = try await Database.open(at: path)
    let task = Task { try await database.collection("a").insert(["_id": 1]) }
    task.cancel()
    _ = try await task.value
    #expect(try await database.collection("a").exists(id: 1))
    try await database.close()
  }

  @Test("a database that is released while its threads are at work gives its lock back")
  func releasedAtWork() async throws {
    for _ in 0..<5 {
      do {
        let database = try await Database.open(at: path)
        try await database.collection("a").replace(id: 1, with: ["v": 1], upsert: true)
      }
      // The last reference may be let go on one of those threads, a moment later.
      var opened: Database?
      for _ in 0..<200 where opened == nil {
        opened = try? await Database.open(at: path)
        if opened == nil { try await Task.sleep(for: .milliseconds(5)) }
      }
      #expect(opened != nil)
      try await opened?.close()
    }
  }
}
