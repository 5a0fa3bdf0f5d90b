import Holdfast

/// A bank whose money only ever moves: what the demo's processes do to a database, and what must always hold.
struct Bank {
  static let accounts = "accounts"
  static let transfers = "transfers"
  /// What each account begins with.
  static let initialBalance: Int64 = 1000
  /// Text that every account has, to be looked for in the files.
  static let secret = "Horatia Kelpwright, 7 Breakwater Lane"

  let database: Database
  let size: Int

  func found() throws {
    let documents = (0..<size).map { number -> Document in
      ["_id": .int64(Int64(number)), "owner": .string(Bank.secret), "balance": .int64(Bank.initialBalance)]
    }
    try database.collection(Bank.accounts).insertMany(documents)
  }

  /// A movement of money.
  struct Transfer: Hashable {
    var id: Int64
    var from: Int64
    var to: Int64
    var amount: Int64

    var line: String { "\(id) \(from) \(to) \(amount)" }

    init(id: Int64, from: Int64, to: Int64, amount: Int64) {
      self.id = id
      self.from = from
      self.to = to
      self.amount = amount
    }

    init?(_ line: some StringProtocol) {
      let parts = line.split(separator: " ").compactMap { Int64($0) }
      guard parts.count == 4 else { return nil }
      self.init(id: parts[0], from: parts[1], to: parts[2], amount: parts[3])
    }
  }

  /// Moves money from one account to another, in one transaction over two collections. Returns what was
  /// moved.
  func transfer(id: Int64, using random: inout some RandomNumberGenerator) throws -> Transfer {
    let from = Int64.random(in: 0..<Int64(size), using: &random)
    let to = (from + Int64.random(in: 1..<Int64(size), using: &random)) % Int64(size)
    let wanted = Int64.random(in: 1...100, using: &random)
    return try database.write { transaction in
      let accounts = transaction.collection(Bank.accounts)
      guard var giver = try accounts.fetch(id: .int64(from)), var taker = try accounts.fetch(id: .int64(to)),
        let giverBalance = giver["balance"]?.int64Value, let takerBalance = taker["balance"]?.int64Value
      else { throw ToolFailure(.corrupted, "demo", "an account is missing") }
      let amount = min(wanted, giverBalance)
      giver["balance"] = .int64(giverBalance - amount)
      taker["balance"] = .int64(takerBalance + amount)
      try accounts.replace(id: .int64(from), with: giver)
      try accounts.replace(id: .int64(to), with: taker)
      try transaction.collection(Bank.transfers).insert([
        "_id": .int64(id), "from": .int64(from), "to": .int64(to), "amount": .int64(amount),
      ])
      return Transfer(id: id, from: from, to: to, amount: amount)
    }
  }

  // MARK: Checking

  struct Audit {
    var total: Int64 = 0
    var transfers = 0
    /// Broken promises, a sentence each.
    var failures: [String] = []
  }

  /// Looks whether every acknowledged transfer is there, and every balance is what the transfers make it.
  func audit(_ acknowledged: [Transfer]) throws -> Audit {
    var audit = Audit()
    var there: [Int64: Transfer] = [:]
    var balances = [Int64](repeating: Bank.initialBalance, count: size)
    try database.read { snapshot in
      try snapshot.collection(Bank.transfers).forEach { document in
        guard let transfer = Transfer(document), Int(transfer.from) < size, Int(transfer.to) < size else {
          audit.failures.append("a transfer is malformed")
          return
        }
        there[transfer.id] = transfer
        balances[Int(transfer.from)] -= transfer.amount
        balances[Int(transfer.to)] += transfer.amount
      }
      audit.transfers = there.count
      for transfer in acknowledged where there[transfer.id] != transfer {
        audit.failures.append(
          "transfer \(transfer.id) was acknowledged, and is \(there[transfer.id] == nil ? "lost" : "changed")"
        )
      }
      try snapshot.collection(Bank.accounts).forEach { document in
        let balance = document["balance"]?.int64Value ?? 0
        audit.total += balance
        guard let id = document["_id"]?.intValue, id < size, balances[id] == balance else {
          audit.failures.append("an account's balance is not what the transfers make it")
          return
        }
      }
    }
    if audit.total != Int64(size) * Bank.initialBalance {
      audit.failures.append("the total is \(audit.total), not \(Int64(size) * Bank.initialBalance)")
    }
    let report = try database.verify()
    audit.failures += report.problems
    return audit
  }
}

extension Bank.Transfer {
  init?(_ document: Document) {
    guard let id = document["_id"]?.int64Value, let from = document["from"]?.int64Value,
      let to = document["to"]?.int64Value, let amount = document["amount"]?.int64Value
    else { return nil }
    self.init(id: id, from: from, to: to, amount: amount)
  }
}

/// Numbers that a seed decides (SplitMix64), so that a run can be repeated.
struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  init(seed: UInt64) { state = seed }

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
