import Holdfast
import HoldfastTestSupport
import Testing

@Suite("Money")
struct BankTests {
  private static let accounts = 8
  private static let total = Int64(accounts) * 100

  /// Moves money between accounts at random from several threads, while others add all of it up.
  @Test(
    "transfers from many threads neither make nor lose money, and nobody ever sees another sum",
    arguments: [Isolation.snapshot, .serializable], [1 as UInt64, 2, 3])
  func transfers(isolation: Isolation, seed: UInt64) throws {
    try withDatabase(DatabaseOptions(durability: seed == 1 ? .safe : .unsafe)) { database in
      let accounts = database.collection("accounts")
      try accounts.createIndex(["branch": 1])
      try accounts.insertMany(
        (0..<Self.accounts).map {
          ["_id": .int32(Int32($0)), "branch": .int32(Int32($0 % 3)), "balance": 100]
        })
      let calls = (0..<8).map { thread in
        Call {
          let random = SeededRandom(seed: seed &* 100 &+ UInt64(thread))
          for _ in 0..<40 {
            let (from, to) = (random.next() % UInt64(Self.accounts), random.next() % UInt64(Self.accounts))
            let amount = Int64(random.next() % 20)
            if thread % 4 == 3 {
              let sum = try database.transaction(isolation: isolation, retries: 1000) { try Self.sum($0) }
              #expect(sum == Self.total)
              continue
            }
            try database.transaction(isolation: isolation, retries: 1000) { transaction in
              try Self.move(amount, from, to, transaction)
            }
          }
        }
      }
      for call in calls { try call.wait() }
      let sum = try database.transaction { try Self.sum($0) }
      #expect(sum == Self.total)
    }
  }

  private static func sum(_ transaction: Transaction) throws -> Int64 {
    try transaction.collection("accounts").find(["branch": ["$gte": 0]]).documents().reduce(0) {
      $0 + ($1["balance"]?.int64Value ?? 0)
    }
  }

  private static func move(_ amount: Int64, _ from: UInt64, _ to: UInt64, _ transaction: Transaction) throws {
    let accounts = transaction.collection("accounts")
    func balance(_ id: UInt64) throws -> Int64 {
      try accounts.fetch(id: .int64(Int64(id)))?["balance"]?.int64Value ?? 0
    }
    func set(_ id: UInt64, _ balance: Int64) throws {
      try accounts.updateOne(["_id": .int64(Int64(id))], ["$set": ["balance": .int64(balance)]])
    }
    guard from != to, try balance(from) >= amount else { return }
    // Read, computed and written, as a program does that does not know $inc.
    let (rest, more) = (try balance(from) - amount, try balance(to) + amount)
    try set(from, rest)
    try set(to, more)
  }

  @Test("a counter that many threads increase loses no step, with single calls and in transactions")
  func counter() throws {
    try withDatabase { database in
      let counters = database.collection("counters")
      try counters.insert(["_id": 1, "n": 0])
      let calls = (0..<8).map { thread in
        Call {
          for _ in 0..<50 {
            if thread % 2 == 0 {
              try counters.updateOne(["_id": 1], ["$inc": ["n": 1]])
            } else {
              try database.transaction(isolation: .readCommitted) { transaction in
                try transaction.collection("counters").updateOne(["_id": 1], ["$inc": ["n": 1]])
              }
            }
          }
        }
      }
      for call in calls { try call.wait() }
      #expect(try counters.fetch(id: 1)?["n"] == 400)
    }
  }

  @Test("of many that insert the same id, or the same value in a unique index, one succeeds")
  func uniqueness() throws {
    try withDatabase { database in
      let users = database.collection("users")
      try users.createIndex(["name": 1], IndexOptions(isUnique: true))
      let calls = (0..<8).map { thread in
        Call {
          var inserted = 0
          for number in 0..<40 {
            let own = Int32(thread * 1000 + number)
            let document: Document =
              number % 2 == 0
              ? ["_id": .int32(Int32(number)), "name": .string("own \(own)")]
              : ["_id": .int32(100_000 + own), "name": .string("shared \(number)")]
            let code = try failureCode { try users.insert(document) }
            if code == nil { inserted += 1 } else { #expect(code == .duplicateID || code == .duplicateKey) }
          }
          return inserted
        }
      }
      var inserted = 0
      for call in calls { inserted += try call.wait() }
      #expect(inserted == 40)
      #expect(try users.count() == 40)
    }
  }
}
