import Holdfast
import HoldfastTestSupport
import Synchronization
import Testing

@Suite("Transactions that are begun, ended and taken back")
struct TransactionCallTests {
  @Test("what a handle wrote is seen by itself, and by others when it has committed")
  func handle() throws {
    try withDatabase { database in
      let things = database.collection("things")
      try things.createIndex(["size": 1])
      let transaction = try database.begin()
      let own = transaction.collection("things")
      try own.insert(["_id": 1, "size": 5])
      #expect(try own.findOne(["size": 5])?["_id"] == 1)
      #expect(try things.count() == 0)
      try transaction.commit()
      #expect(try things.findOne(["size": 5])?["_id"] == 1)
      #expect(!transaction.isOpen)
      #expect(try failureCode { try own.insert(["_id": 2]) } == .invalidUse)
      #expect(try failureCode { try transaction.commit() } == .invalidUse)
      transaction.rollback()
      #expect(try things.count() == 1)
    }
  }

  @Test("rolling back, or releasing, leaves nothing, not even locks, and touches no other transaction")
  func rollback() throws {
    try withDatabase { database in
      let things = database.collection("things")
      try things.insert(["_id": 1, "n": 0])
      let first = try database.begin()
      let second = try database.begin()
      try first.collection("things").updateOne(["_id": 1], ["$set": ["n": 1]])
      try second.collection("things").insert(["_id": 2])
      first.rollback()
      try second.commit()
      do {
        let third = try database.begin()
        try third.collection("things").insert(["_id": 3])
      }
      #expect(try things.find().documents().map { $0["_id"] } == [1, 2])
      #expect(try things.fetch(id: 1)?["n"] == 0)
      #expect(try database.lockInfo().isEmpty)
      try things.insert(["_id": 3])
    }
  }

  @Test("a savepoint takes back what came after it: inserts, updates, deletions, indexes, collections")
  func savepoints() throws {
    try withDatabase { database in
      let things = database.collection("things")
      try things.createIndex(["n": 1])
      try things.insertMany((0..<50).map { ["_id": .int32($0), "n": .int32($0)] })
      try database.transaction { transaction in
        let own = transaction.collection("things")
        try own.updateOne(["_id": 1], ["$set": ["n": 100]])
        let savepoint = try transaction.savepoint()
        for _ in 0..<2 {
          try own.updateMany([:], ["$inc": ["n": 1000]])
          try own.deleteMany(["_id": ["$gte": 40]])
          try own.insert(["_id": 60, "n": 60])
          try own.deleteAll()
          try own.insert(["_id": 61, "n": 61])
          try transaction.createCollection("others")
          try transaction.collection("others").createIndex(["x": 1])
          try transaction.collection("others").insert(["x": 1])
          try own.dropIndex("n_1")
          try transaction.dropCollection("things")
          try transaction.rollback(to: savepoint)
          #expect(try own.count() == 50)
          #expect(try own.find(["n": ["$gte": 49]]).documents().map { $0["_id"] } == [49, 1])
          #expect(try transaction.collections() == ["things"])
        }
        try own.insert(["_id": 62, "n": 62])
      }
      #expect(try things.count() == 51)
      #expect(try things.findOne(["n": 100])?["_id"] == 1)
      #expect(try database.collections() == ["things"])
    }
  }

  @Test("a nested transaction that throws is taken back alone")
  func nested() throws {
    struct Reason: Error {}
    try withDatabase { database in
      try database.transaction { transaction in
        let own = transaction.collection("things")
        try own.insert(["_id": 1])
        #expect(throws: Reason.self) {
          try transaction.nested { inner in
            try inner.collection("things").insert(["_id": 2])
            try inner.nested { try $0.collection("things").insert(["_id": 3]) }
            throw Reason()
          }
        }
        try transaction.nested { try $0.collection("things").insert(["_id": 4]) }
      }
      #expect(try database.collection("things").find().documents().map { $0["_id"] } == [1, 4])
    }
  }

  @Test("random writes and returns to savepoints agree with a model", arguments: Replay.seeds(20))
  func randomSavepoints(seed: UInt64) throws {
    try withDatabase { database in
      let random = SeededRandom(seed: seed)
      func draw(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
      let things = database.collection("things")
      try things.createIndex(["n": 1])
      var committed: [Int: Int] = [:]
      for _ in 0..<10 {
        let transaction = try database.begin()
        let own = transaction.collection("things")
        var model = committed
        var savepoints: [(Transaction.Savepoint, [Int: Int])] = []
        for _ in 0..<40 {
          let id = draw(12)
          switch draw(10) {
          case 0: savepoints.append((try transaction.savepoint(), model))
          case 1:
            guard !savepoints.isEmpty else { continue }
            let chosen = draw(savepoints.count)
            savepoints.removeLast(savepoints.count - chosen - 1)
            try transaction.rollback(to: savepoints[chosen].0)
            model = savepoints[chosen].1
          case 2:
            try own.delete(id: .int32(Int32(id)))
            model[id] = nil
          case 3:
            try own.deleteAll()
            model = [:]
          default:
            let value = draw(1000)
            try own.replace(id: .int32(Int32(id)), with: ["n": .int32(Int32(value))], upsert: true)
            model[id] = value
          }
          #expect(try own.count() == model.count, "seed \(seed)")
        }
        #expect(try own.values() == model, "seed \(seed)")
        if draw(3) == 0 {
          transaction.rollback()
        } else {
          try transaction.commit()
          committed = model
        }
        #expect(try things.values() == committed, "seed \(seed)")
      }
    }
  }

  @Test("a closure is begun again after a conflict, with what is there then; whatever it makes of the error")
  func retries() throws {
    struct Disguise: Error {}
    try withDatabase { database in
      let things = database.collection("things")
      try things.insert(["_id": 1, "n": 0])
      var runs = 0
      try database.transaction { transaction in
        runs += 1
        let own = transaction.collection("things")
        let seen = try own.fetch(id: 1)?["n"]?.int64Value ?? -1
        if runs == 1 {
          let other = try database.begin()
          try other.collection("things").updateOne(["_id": 1], ["$inc": ["n": 10]])
          try other.commit()
        }
        do {
          try own.updateOne(["_id": 1], ["$set": ["n": .int64(seen + 1)]])
        } catch {
          throw Disguise()
        }
      }
      #expect(runs == 2)
      #expect(try things.fetch(id: 1)?["n"]?.int64Value == 11)
      // Without retries the caller gets what the closure threw.
      #expect(throws: Disguise.self) {
        try database.transaction(retries: 0) { transaction in
          let own = transaction.collection("things")
          let other = try database.begin()
          try other.collection("things").updateOne(["_id": 1], ["$inc": ["n": 10]])
          try other.commit()
          do { try own.updateOne(["_id": 1], ["$set": ["n": 5]]) } catch { throw Disguise() }
        }
      }
      #expect(database.transactionStatistics.aborted["writeConflict"] == 2)
    }
  }

  @Test("an error that the closure swallows does not let half a transaction through")
  func swallowed() throws {
    try withDatabase { database in
      let things = database.collection("things")
      try things.insert(["_id": 1, "n": 0])
      let code = try failureCode {
        try database.transaction(retries: 0) { transaction in
          let own = transaction.collection("things")
          try own.insert(["_id": 2])
          let other = try database.begin()
          try other.collection("things").updateOne(["_id": 1], ["$inc": ["n": 10]])
          try other.commit()
          _ = try? own.updateOne(["_id": 1], ["$set": ["n": 5]])
        }
      }
      #expect(code == .writeConflict)
      #expect(try things.count() == 1)
    }
  }

  @Test("limits: locks, open transactions, bytes, waiting, doing nothing")
  func limits() throws {
    var options = DatabaseOptions(durability: .unsafe)
    options.maximumLocks = 20
    options.maximumTransactions = 3
    options.maximumTransactionBytes = 10_000
    options.lockTimeout = .milliseconds(50)
    options.transactionIdleTime = .milliseconds(200)
    try withDatabase(options) { database in
      let things = database.collection("things")
      try things.insert(["_id": 1])
      #expect(
        try failureCode { try things.insertMany((10..<100).map { ["_id": .int32($0)] }) } == .limitExceeded)
      #expect(
        try failureCode {
          try things.insert(["_id": 2, "text": .string(String(repeating: "x", count: 20_000))])
        } == .transactionTooLarge)
      let first = try database.begin()
      try first.collection("things").updateOne(["_id": 1], ["$set": ["n": 1]])
      let second = try database.begin()
      #expect(
        try failureCode { try second.collection("things").updateOne(["_id": 1], ["$set": ["n": 2]]) }
          == .lockTimeout)
      // It goes on, and can do something else.
      try second.collection("things").insert(["_id": 2])
      let third = try database.begin()
      #expect(try failureCode { _ = try database.begin() } == .limitExceeded)
      third.rollback()
      try second.commit()
      // The first does nothing, and ends; then its lock is free.
      for _ in 0..<10_000 where first.isOpen { pause() }
      #expect(try failureCode { try first.collection("things").insert(["_id": 3]) } == .transactionExpired)
      try things.updateOne(["_id": 1], ["$set": ["n": 3]])
      #expect(try things.count() == 2)
      #expect(database.transactionStatistics.aborted["expired"] == 1)
    }
  }

  @Test(
    "an index that is made inside of a transaction has what others committed before",
    arguments: Isolation.allCases)
  func indexInside(isolation: Isolation) throws {
    try withDatabase { database in
      let things = database.collection("things")
      try things.insert(["_id": 1, "n": 1])
      let transaction = try database.begin(isolation: isolation)
      #expect(try transaction.collection("things").count() == 1)
      if isolation != .serializable { try things.insert(["_id": 2, "n": 2]) }
      let code = try failureCode {
        try transaction.collection("things").createIndex(["n": 1])
        try transaction.commit()
      }
      #expect(code == (isolation == .snapshot ? .writeConflict : nil))
      // `withDatabase` verifies that indexes equal documents.
      #expect(try things.count(["n": ["$gte": 0]]) == (isolation == .serializable ? 1 : 2))
    }
  }

  @Test("a sequence that can be read only once is inserted as a whole, however often the call is begun again")
  func singlePass() throws {
    try withDatabase { database in
      let things = database.collection("things")
      try things.insert(["_id": 5])
      let blocker = try database.begin()
      try blocker.collection("things").delete(id: 5)
      var next: Int32 = 0
      let documents = AnySequence(
        AnyIterator<Document> {
          next += 1
          return next <= 10 ? ["_id": .int32(next)] : nil
        })
      let insertion = Call { try things.insertMany(Array(documents)) }
      try database.waitUntilBlocked()
      try blocker.commit()
      #expect(try insertion.wait().count == 10)
      #expect(try things.count() == 10)
      let pass = SinglePass(11...20)
      try things.insertMany(pass)
      #expect(try things.count() == 20)
    }
  }

  @Test("an iteration at readCommitted goes on with what it began with")
  func openIteration() throws {
    try withDatabase { database in
      let things = database.collection("things")
      try things.createIndex(["a": 1])
      try things.insertMany((0..<40).map { ["_id": .int32($0), "a": 1] })
      let transaction = try database.begin(isolation: .readCommitted)
      let own = transaction.collection("things")
      var iterator = own.find(["a": 1], hint: .name("a_1")).makeIterator()
      var found = [try iterator.nextDocument()?["a"]]
      try things.updateMany([:], ["$set": ["a": 2]])
      #expect(try own.count(["a": 2]) == 40)
      while let document = try iterator.nextDocument() { found.append(document["a"]) }
      #expect(found.count == 40 && found.allSatisfy { $0 == 1 })
      transaction.rollback()
    }
  }

  @Test("a savepoint is good for its own transaction, and until that went back behind it")
  func foreignSavepoint() throws {
    try withDatabase { database in
      let (first, second) = (try database.begin(), try database.begin())
      let early = try first.savepoint()
      try first.collection("a").insert(["_id": 1])
      let late = try first.savepoint()
      try second.collection("b").insert(["_id": 1])
      #expect(try failureCode { try second.rollback(to: late) } == .invalidUse)
      try first.rollback(to: early)
      #expect(try failureCode { try first.rollback(to: late) } == .invalidUse)
      try first.commit()
      try second.commit()
      #expect(try database.collections() == ["b"])
    }
  }

  @Test("a closure's transaction is committed by its return, not inside, and may be rolled back inside")
  func endsInside() throws {
    try withDatabase { database in
      let code = try failureCode {
        try database.transaction { transaction in
          try transaction.collection("a").insert(["_id": 1])
          try transaction.commit()
        }
      }
      #expect(code == .invalidUse)
      let result = try database.transaction { transaction in
        try transaction.collection("a").insert(["_id": 1])
        transaction.rollback()
        return 7
      }
      #expect(result == 7)
      #expect(try database.collections() == [])
    }
  }

  @Test("what takes everything gets its turn among writers that never stop")
  func dropsAmongWriters() throws {
    try withDatabase { database in
      let things = database.collection("things")
      try things.createIndex(["n": 1])
      let isDone = Mutex(false)
      let writers = (0..<4).map { thread in
        Call {
          var number = 0
          while !isDone.withLock({ $0 }) {
            number += 1
            try things.insert(["_id": .string("\(thread) \(number)"), "n": .int32(Int32(number))])
          }
        }
      }
      for _ in 0..<10 {
        try things.deleteAll()
        try things.dropIndex("n_1")
        try things.createIndex(["n": 1])
        try database.dropCollection("things")
      }
      isDone.withLock { $0 = true }
      for writer in writers { try writer.wait() }
    }
  }

  @Test("going back to a savepoint again and again takes no memory")
  func savepointMemory() throws {
    var options = DatabaseOptions(durability: .unsafe)
    options.maximumTransactionBytes = 3 << 20
    try withDatabase(options) { database in
      let transaction = try database.begin()
      let own = transaction.collection("things")
      let savepoint = try transaction.savepoint()
      let text = String(repeating: "x", count: 2 << 20)
      for _ in 0..<50 {
        try own.insert(["_id": 1, "text": .string(text)])
        try transaction.rollback(to: savepoint)
      }
      try own.insert(["_id": 1, "text": .string(text)])
      #expect(try failureCode { try own.insert(["_id": 2, "text": .string(text)]) } == .transactionTooLarge)
      try transaction.commit()
    }
  }

  @Test("closing waits for closures, and rolls back what is open besides")
  func closing() throws {
    let folder = try Folder()
    let database = try Database.open(at: folder.path("test.holdfast"))
    try database.collection("things").insert(["_id": 1])
    let open = try database.begin()
    try open.collection("things").insert(["_id": 2])
    try database.close()
    #expect(try failureCode { try open.commit() } == .closed)
    let again = try Database.open(at: folder.path("test.holdfast"))
    #expect(try again.collection("things").count() == 1)
    try again.close()
  }

  @Test(
    "a handle's transaction that is tried again counts as old as the first attempt, and a younger one gives way"
  )
  func retriedHandle() throws {
    try withDatabase { database in
      let things = database.collection("things")
      try things.insertMany([["_id": 1, "n": 0], ["_id": 2, "n": 0]])
      func increment(_ transaction: Transaction, _ id: Int32) throws {
        try transaction.collection("things").updateOne(["_id": .int32(id)], ["$inc": ["n": 1]])
      }
      let first = try database.begin()
      let younger = try database.begin()
      #expect(try failureCode { _ = try database.begin(retrying: first) } == .invalidUse)
      first.rollback()
      let again = try database.begin(retrying: first)
      #expect(again.number > younger.number)
      try increment(again, 1)
      try increment(younger, 2)
      let call = Call { try increment(younger, 1) }
      try database.waitUntilBlocked(1)
      // It closes the circle and has the higher number, but not the lesser age.
      try increment(again, 2)
      #expect(try call.code() == .deadlock)
      try again.commit()
      #expect(try things.values() == [1: 1, 2: 1])
    }
  }

  @Test("who waits, for what and on whom, can be seen, and so can what is locked")
  func inspection() throws {
    try withDatabase { database in
      let things = database.collection("things")
      try things.insert(["_id": 1, "n": 0])
      let (first, second) = (try database.begin(), try database.begin())
      try first.collection("things").updateOne(["_id": 1], ["$set": ["n": 1]])
      let waiting = Call { try second.collection("things").delete(id: 1) }
      try database.waitUntilBlocked()
      let blocked = try #require(try database.blockedTransactions().first)
      #expect(blocked.transaction == second.number && blocked.blockers == [first.number])
      #expect(
        blocked.target.collection == "things" && blocked.target.kind == .record && blocked.mode == .exclusive)
      let graph = database.waitForGraph()
      #expect(graph.count == 1 && graph[0].waiting == second.number && graph[0].blocker == first.number)
      let locks = try database.lockInfo()
      #expect(
        locks.contains {
          $0.target.kind == .record && $0.target.collection == "things" && $0.waiting == 1
            && $0.holders.map(\.transaction) == [first.number]
        })
      #expect(locks.contains { $0.target.kind == .collection && $0.target.collection == "things" })
      try first.commit()
      #expect(try waiting.code() == .writeConflict)
      let statistics = database.transactionStatistics
      #expect(statistics.lockWaits == 1 && statistics.lockWaitDuration > .zero && statistics.open == 0)
      #expect(statistics.started == statistics.committed + statistics.aborted.values.reduce(0, +))
    }
  }

  @Test("a deadlock of 2 to 10 ends exactly one, which names all; the others go on", arguments: 2...10)
  func deadlock(count: Int) throws {
    try withDatabase { database in
      let things = database.collection("things")
      try things.insertMany((0..<count).map { ["_id": .int32(Int32($0)), "n": 0] })
      let transactions = try (0..<count).map { _ in try database.begin() }
      func increment(_ transaction: Int, _ id: Int) throws {
        try transactions[transaction].collection("things").updateOne(
          ["_id": .int32(Int32(id))], ["$inc": ["n": 1]])
      }
      for number in 0..<count { try increment(number, number) }
      let calls = (0..<count - 1).map { number in Call { try increment(number, number + 1) } }
      try database.waitUntilBlocked(count - 1)
      do {
        try increment(count - 1, 0)
        Issue.record("the circle closed and nobody noticed")
      } catch let error as HoldfastError {
        // The youngest is the one that closed it.
        #expect(error.code == .deadlock)
        #expect(Set(error.cycle.map(\.transaction)) == Set(transactions.map(\.number)))
      }
      // Each goes on when the one that it waits for has ended; when that has committed, its own snapshot is older.
      var hasCommitted = false
      for number in stride(from: count - 2, through: 0, by: -1) {
        let code = try calls[number].code()
        #expect(code == (hasCommitted ? .writeConflict : nil))
        if code == nil { try transactions[number].commit() }
        hasCommitted = code == nil
      }
      #expect(database.transactionStatistics.deadlocks == 1)
    }
  }
}

extension ReadableCollection {
  /// The value `n` of each id.
  fileprivate func values() throws -> [Int: Int] {
    var values: [Int: Int] = [:]
    for document in try find().documents() {
      if let id = document["_id"]?.int64Value, let n = document["n"]?.int64Value { values[Int(id)] = Int(n) }
    }
    return values
  }
}

/// Numbers that can be gone through once.
private struct SinglePass: Sequence, IteratorProtocol, Sendable {
  private final class State: Sendable {
    let rest: Mutex<[Int32]>
    init(_ numbers: ClosedRange<Int32>) { rest = Mutex(Array(numbers)) }
  }

  private let state: State

  init(_ numbers: ClosedRange<Int32>) { state = State(numbers) }

  mutating func next() -> Document? {
    state.rest.withLock { $0.isEmpty ? nil : ["_id": .int32($0.removeFirst())] }
  }
}
