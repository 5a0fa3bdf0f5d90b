import Holdfast
import Testing

/// The anomalies of Hermitage (M. Kleppmann, "Hermitage: Testing the I in ACID", 2014), one by one, with what each
/// level makes of them. Two documents: id 1 with value 10, id 2 with value 20.
@Suite("Hermitage")
struct HermitageTests {
  /// Runs a test on a fresh database.
  private func with(_ body: (Database) throws -> Void) throws {
    try withDatabase { database in
      let test = database.collection("test")
      try test.createIndex(["value": 1])
      try test.insertMany([["_id": 1, "value": 10], ["_id": 2, "value": 20]])
      try body(database)
    }
  }

  // MARK: Writes

  @Test("G0: writes of two transactions do not interleave", arguments: Isolation.allCases)
  func dirtyWrite(isolation: Isolation) throws {
    try with { database in
      let (a, b) = (try database.begin(isolation: isolation), try database.begin(isolation: isolation))
      try a.set(1, 11)
      let waiting = Call { try b.set(1, 12) }
      try database.waitUntilBlocked()
      try a.set(2, 21)
      try a.commit()
      if isolation.waitsAndGoesOn {
        #expect(try waiting.code() == nil)
        try b.set(2, 22)
        try b.commit()
        #expect(try database.values() == [1: 12, 2: 22])
      } else {
        #expect(try waiting.code() == .writeConflict)
        #expect(!b.isOpen)
        #expect(try database.values() == [1: 11, 2: 21])
      }
    }
  }

  @Test("G1a: what is rolled back is never seen", arguments: Isolation.allCases)
  func abortedRead(isolation: Isolation) throws {
    try with { database in
      let (a, b) = (try database.begin(isolation: isolation), try database.begin(isolation: isolation))
      try a.set(1, 101)
      let read = Call { try b.values() }
      // A serializable reader waits for the writer; the others do not.
      if isolation == .serializable {
        try database.waitUntilBlocked()
        a.rollback()
        #expect(try read.wait() == [1: 10, 2: 20])
      } else {
        #expect(try read.wait() == [1: 10, 2: 20])
        a.rollback()
        #expect(try b.values() == [1: 10, 2: 20])
      }
      try b.commit()
    }
  }

  @Test("G1b: a value between two of one transaction is never seen", arguments: Isolation.allCases)
  func intermediateRead(isolation: Isolation) throws {
    try with { database in
      let (a, b) = (try database.begin(isolation: isolation), try database.begin(isolation: isolation))
      try a.set(1, 101)
      let read = Call { try b.value(1) }
      if isolation == .serializable {
        try database.waitUntilBlocked()
      } else {
        #expect(try read.wait() == 10)
      }
      try a.set(1, 11)
      try a.commit()
      switch isolation {
      case .readUncommitted, .readCommitted: #expect(try b.value(1) == 11)
      case .snapshot: #expect(try b.value(1) == 10)
      case .serializable: #expect(try read.code() == .writeConflict)
      }
      b.rollback()
    }
  }

  @Test("G1c: two transactions do not see each other's writes", arguments: Isolation.allCases)
  func circularInformation(isolation: Isolation) throws {
    try with { database in
      let (a, b) = (try database.begin(isolation: isolation), try database.begin(isolation: isolation))
      try a.set(1, 11)
      try b.set(2, 22)
      if isolation == .serializable {
        let waiting = Call { try a.value(2) }
        try database.waitUntilBlocked()
        // Each waits for the other: the younger one gives way.
        #expect(try failureCode { _ = try b.value(1) } == .deadlock)
        #expect(try waiting.wait() == 20)
        try a.commit()
      } else {
        #expect(try a.value(2) == 20)
        #expect(try b.value(1) == 10)
        try a.commit()
        try b.commit()
      }
    }
  }

  @Test("OTV: what one transaction wrote is not seen to vanish", arguments: Isolation.allCases)
  func observedTransactionVanishes(isolation: Isolation) throws {
    try with { database in
      let (a, b) = (try database.begin(isolation: isolation), try database.begin(isolation: isolation))
      let c = try database.begin(isolation: isolation)
      try a.set(1, 11)
      try a.set(2, 19)
      let waiting = Call { try b.set(1, 12) }
      try database.waitUntilBlocked()
      try a.commit()
      let code = try waiting.code()
      if isolation.waitsAndGoesOn {
        #expect(code == nil)
        #expect(try c.value(1) == 11)
        try b.set(2, 18)
        #expect(try c.value(2) == 19)
        try b.commit()
        #expect(try (c.value(2), c.value(1)) == (18, 12))
      } else {
        #expect(code == .writeConflict)
        let seen = try? (c.value(1), c.value(2))
        #expect(isolation == .serializable ? seen == nil : seen ?? (0, 0) == (10, 20))
      }
      c.rollback()
    }
  }

  // MARK: Predicates

  @Test("PMP: a query does not find more when it is asked again", arguments: Isolation.allCases)
  func predicateManyPreceders(isolation: Isolation) throws {
    try with { database in
      let (a, b) = (try database.begin(isolation: isolation), try database.begin(isolation: isolation))
      #expect(try a.find(["value": 30]).isEmpty)
      let insert = Call { try b.test.insert(["_id": 3, "value": 30]) }
      if isolation == .serializable {
        // The range that was read is locked.
        try database.waitUntilBlocked()
        #expect(try a.find(["value": 30]).isEmpty)
        try a.commit()
        _ = try insert.wait()
        try b.commit()
      } else {
        _ = try insert.wait()
        try b.commit()
        let found = try a.find(["value": ["$mod": [3, 0]]])
        #expect(found == (isolation == .snapshot ? [] : [3]))
        try a.commit()
      }
    }
  }

  @Test("PMP for writes: what a query changes is what is there", arguments: Isolation.allCases)
  func predicateManyPrecedersWrites(isolation: Isolation) throws {
    try with { database in
      let (a, b) = (try database.begin(isolation: isolation), try database.begin(isolation: isolation))
      #expect(try a.test.updateMany([:], ["$inc": ["value": 10]]).modified == 2)
      let deletion = Call { try b.test.deleteMany(["value": 20]) }
      try database.waitUntilBlocked()
      try a.commit()
      if isolation.waitsAndGoesOn {
        // It is asked again: now the other document has the value.
        #expect(try deletion.wait() == 1)
        try b.commit()
        #expect(try database.values() == [2: 30])
      } else {
        #expect(try deletion.code() == .writeConflict)
        #expect(try database.values() == [1: 20, 2: 30])
      }
    }
  }

  // MARK: Lost updates and skew

  @Test("P4: an update between reading and writing is not lost", arguments: Isolation.allCases)
  func lostUpdate(isolation: Isolation) throws {
    try with { database in
      let (a, b) = (try database.begin(isolation: isolation), try database.begin(isolation: isolation))
      #expect(try (a.value(1), b.value(1)) == (10, 10))
      switch isolation {
      case .readUncommitted, .readCommitted:
        // Permitted: what was read may be old by the time of the write.
        try a.set(1, 11)
        let waiting = Call { try b.set(1, 12) }
        try database.waitUntilBlocked()
        try a.commit()
        #expect(try waiting.code() == nil)
        try b.commit()
        #expect(try database.values()[1] == 12)
      case .snapshot:
        try a.set(1, 11)
        let waiting = Call { try b.set(1, 12) }
        try database.waitUntilBlocked()
        try a.commit()
        #expect(try waiting.code() == .writeConflict)
        #expect(try database.values()[1] == 11)
      case .serializable:
        let waiting = Call { try a.set(1, 11) }
        try database.waitUntilBlocked()
        #expect(try failureCode { try b.set(1, 12) } == .deadlock)
        #expect(try waiting.code() == nil)
        try a.commit()
        #expect(try database.values()[1] == 11)
      }
    }
  }

  @Test("G-single: reads of one transaction are of one moment", arguments: Isolation.allCases)
  func readSkew(isolation: Isolation) throws {
    try with { database in
      let (a, b) = (try database.begin(isolation: isolation), try database.begin(isolation: isolation))
      #expect(try a.value(1) == 10)
      if isolation == .serializable {
        let waiting = Call { try b.set(1, 12) }
        try database.waitUntilBlocked()
        #expect(try a.value(2) == 20)
        try a.commit()
        #expect(try waiting.code() == nil)
        try b.commit()
        return
      }
      try b.set(1, 12)
      try b.set(2, 18)
      try b.commit()
      #expect(try a.value(2) == (isolation == .snapshot ? 20 : 18))
      // Also through a query, and when it would write by what it has seen.
      #expect(try a.find(["value": 18]) == (isolation == .snapshot ? [] : [2]))
      if isolation == .snapshot {
        #expect(try failureCode { try a.test.deleteMany(["value": 20]) } == .writeConflict)
      }
      a.rollback()
    }
  }

  @Test("G2-item: two that write what the other has read", arguments: Isolation.allCases)
  func writeSkew(isolation: Isolation) throws {
    try with { database in
      let (a, b) = (try database.begin(isolation: isolation), try database.begin(isolation: isolation))
      #expect(try a.values() == [1: 10, 2: 20])
      #expect(try b.values() == [1: 10, 2: 20])
      if isolation == .serializable {
        let waiting = Call { try a.set(1, 11) }
        try database.waitUntilBlocked()
        #expect(try failureCode { try b.set(2, 21) } == .deadlock)
        #expect(try waiting.code() == nil)
        try a.commit()
        #expect(try database.values() == [1: 11, 2: 20])
      } else {
        // Permitted by the other levels.
        try a.set(1, 11)
        try b.set(2, 21)
        try a.commit()
        try b.commit()
        #expect(try database.values() == [1: 11, 2: 21])
      }
    }
  }

  @Test("G2: two that insert what the other's query would have found", arguments: Isolation.allCases)
  func antiDependencyCycle(isolation: Isolation) throws {
    try with { database in
      let (a, b) = (try database.begin(isolation: isolation), try database.begin(isolation: isolation))
      #expect(try a.find(["value": ["$gte": 30]]).isEmpty)
      #expect(try b.find(["value": ["$gte": 30]]).isEmpty)
      if isolation == .serializable {
        let waiting = Call { _ = try a.test.insert(["_id": 3, "value": 30]) }
        try database.waitUntilBlocked()
        #expect(try failureCode { try b.test.insert(["_id": 4, "value": 42]) } == .deadlock)
        #expect(try waiting.code() == nil)
        try a.commit()
        #expect(try database.values().count == 3)
      } else {
        try a.test.insert(["_id": 3, "value": 30])
        try b.test.insert(["_id": 4, "value": 42])
        try a.commit()
        try b.commit()
        #expect(try database.values().count == 4)
      }
    }
  }
}

extension Isolation {
  /// Whether a write that waited for another transaction goes on with what that has left.
  fileprivate var waitsAndGoesOn: Bool { self == .readCommitted || self == .readUncommitted }
}

extension Transaction {
  fileprivate var test: TransactionCollection { collection("test") }

  fileprivate func set(_ id: Int32, _ value: Int32) throws {
    try test.updateOne(["_id": .int32(id)], ["$set": ["value": .int32(value)]])
  }

  fileprivate func value(_ id: Int32) throws -> Int? {
    try test.fetch(id: .int32(id))?["value"]?.int64Value.map { Int($0) }
  }

  fileprivate func values() throws -> [Int: Int] { try valuesByID(test) }

  /// The ids of what a query finds.
  fileprivate func find(_ filter: Document) throws -> [Int] {
    try test.find(filter).documents().compactMap { $0["_id"]?.int64Value.map { Int($0) } }
  }
}

extension Database {
  fileprivate func values() throws -> [Int: Int] { try valuesByID(collection("test")) }
}

/// The value of each id.
private func valuesByID(_ collection: some ReadableCollection) throws -> [Int: Int] {
  var values: [Int: Int] = [:]
  for document in try collection.find().documents() {
    if let id = document["_id"]?.int64Value, let value = document["value"]?.int64Value {
      values[Int(id)] = Int(value)
    }
  }
  return values
}
