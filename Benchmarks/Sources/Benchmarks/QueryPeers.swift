import CSQLite
import Holdfast

/// A database that is asked: each query gives documents, of which two fields are read, and returns a sum of what was
/// read, which is the same for all peers.
protocol QueryPeer: AnyObject {
  func load(_ records: [Record]) throws
  func buildIndex(_ field: String) throws
  func equal(visits: Int) throws -> Int
  func range(balance: Double, _ upper: Double) throws -> Int
  func scan(age: Int, visitsBelow: Int) throws -> Int
  func close() throws
}

enum QueryPeerKind: String, CaseIterable {
  case holdfast = "Holdfast"
  case json = "SQLite JSON"
  case columns = "SQLite columns"

  func open(_ directory: String) throws -> any QueryPeer {
    switch self {
    case .holdfast: try HoldfastQueryPeer(directory)
    case .json: try SQLiteQueryPeer(directory, isJSON: true)
    case .columns: try SQLiteQueryPeer(directory, isJSON: false)
    }
  }
}

final class HoldfastQueryPeer: QueryPeer {
  private let database: Database
  private let collection: DocumentCollection

  init(_ directory: String) throws {
    database = try Database.open(at: directory + "/bench.holdfast")
    collection = database.collection("records")
  }

  func load(_ records: [Record]) throws {
    for start in stride(from: 0, to: records.count, by: 10_000) {
      try collection.insertMany(records[start..<min(start + 10_000, records.count)].map(\.document))
    }
    try database.checkpoint()
  }

  func buildIndex(_ field: String) throws { try collection.createIndex(Document([(field, .int32(1))])) }

  func equal(visits: Int) throws -> Int { try sum(collection.find(["visits": .int64(Int64(visits))])) }

  func range(balance: Double, _ upper: Double) throws -> Int {
    try sum(collection.find(["balance": ["$gte": .double(balance), "$lt": .double(upper)]]))
  }

  func scan(age: Int, visitsBelow: Int) throws -> Int {
    let filter: Document = ["age": .int32(Int32(age)), "visits": ["$lt": .int64(Int64(visitsBelow))]]
    return try sum(collection.find(filter, hint: .natural()))
  }

  private func sum(_ found: Scan) throws -> Int {
    var total = 0
    var iterator = found.makeIterator()
    while let document = try iterator.nextDocument() {
      total += (document["name"]?.stringValue?.utf8.count ?? 0) + Int(document["balance"]?.doubleValue ?? 0)
    }
    return total
  }

  func close() throws { try database.close() }
}

/// SQLite in WAL mode with `synchronous=FULL`: documents as JSON with indexes on `json_extract`, or as columns.
final class SQLiteQueryPeer: QueryPeer {
  private var database: OpaquePointer?
  private let isJSON: Bool
  private var statements: [String: OpaquePointer?] = [:]

  init(_ directory: String, isJSON: Bool) throws {
    self.isJSON = isJSON
    try check(sqlite3_open(directory + "/bench.sqlite", &database))
    for pragma in ["page_size=8192", "journal_mode=WAL", "synchronous=FULL", "cache_size=-65536"] {
      try execute("PRAGMA \(pragma)")
    }
    try execute(
      isJSON
        ? "CREATE TABLE records (id TEXT PRIMARY KEY, document TEXT NOT NULL) WITHOUT ROWID"
        : "CREATE TABLE records (id TEXT PRIMARY KEY, name TEXT, age INTEGER, balance REAL, city TEXT, note TEXT, "
          + "visits INTEGER) WITHOUT ROWID")
  }

  private func field(_ name: String) -> String { isJSON ? "json_extract(document, '$.\(name)')" : name }

  func load(_ records: [Record]) throws {
    try execute("BEGIN")
    let insertion = try statement(
      isJSON ? "INSERT INTO records VALUES (?, ?)" : "INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?)")
    for record in records {
      bind(record.id, 1, insertion)
      if isJSON {
        bind(record.document.extendedJSON(.relaxed), 2, insertion)
      } else {
        bind(record.document["name"]?.stringValue ?? "", 2, insertion)
        sqlite3_bind_int64(insertion, 3, record.document["age"]?.int64Value ?? 0)
        sqlite3_bind_double(insertion, 4, record.document["balance"]?.doubleValue ?? 0)
        bind(record.document["city"]?.stringValue ?? "", 5, insertion)
        bind(record.document["note"]?.stringValue ?? "", 6, insertion)
        sqlite3_bind_int64(insertion, 7, record.document["visits"]?.int64Value ?? 0)
      }
      guard sqlite3_step(insertion) == SQLITE_DONE else { throw failure() }
      sqlite3_reset(insertion)
    }
    try execute("COMMIT")
    try check(sqlite3_wal_checkpoint_v2(database, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil))
  }

  func buildIndex(_ name: String) throws {
    try execute("CREATE INDEX by_\(name) ON records (\(field(name)))")
  }

  func equal(visits: Int) throws -> Int {
    let query = try statement("SELECT \(wanted) FROM records WHERE \(field("visits")) = ?")
    sqlite3_bind_int64(query, 1, Int64(visits))
    return try sum(query)
  }

  func range(balance: Double, _ upper: Double) throws -> Int {
    let query = try statement(
      "SELECT \(wanted) FROM records WHERE \(field("balance")) >= ? AND \(field("balance")) < ?")
    sqlite3_bind_double(query, 1, balance)
    sqlite3_bind_double(query, 2, upper)
    return try sum(query)
  }

  func scan(age: Int, visitsBelow: Int) throws -> Int {
    // The plus sign keeps SQLite from using the index.
    let query = try statement(
      "SELECT \(wanted) FROM records WHERE \(field("age")) = ? AND +\(field("visits")) < ?")
    sqlite3_bind_int64(query, 1, Int64(age))
    sqlite3_bind_int64(query, 2, Int64(visitsBelow))
    return try sum(query)
  }

  /// The two fields that are read of each document.
  private var wanted: String { "\(field("name")), \(field("balance"))" }

  private func sum(_ query: OpaquePointer?) throws -> Int {
    var total = 0
    while true {
      let code = sqlite3_step(query)
      guard code == SQLITE_ROW else {
        sqlite3_reset(query)
        guard code == SQLITE_DONE else { throw failure() }
        return total
      }
      let name = sqlite3_column_text(query, 0).map { String(cString: $0) } ?? ""
      total += name.utf8.count + Int(sqlite3_column_double(query, 1))
    }
  }

  func close() throws {
    for statement in statements.values { sqlite3_finalize(statement) }
    try check(sqlite3_close(database))
  }

  // MARK: Calls

  private func statement(_ sql: String) throws -> OpaquePointer? {
    if let known = statements[sql] { return known }
    var statement: OpaquePointer?
    try check(sqlite3_prepare_v2(database, sql, -1, &statement, nil))
    statements[sql] = statement
    return statement
  }

  private func bind(_ text: String, _ place: Int32, _ statement: OpaquePointer?) {
    var text = text
    text.withUTF8 { utf8 in
      _ = utf8.withMemoryRebound(to: CChar.self) {
        sqlite3_bind_text(
          statement, place, $0.baseAddress, Int32($0.count),
          unsafeBitCast(-1, to: sqlite3_destructor_type.self))
      }
    }
  }

  private func execute(_ sql: String) throws { try check(sqlite3_exec(database, sql, nil, nil, nil)) }
  private func check(_ code: Int32) throws { if code != SQLITE_OK { throw failure() } }
  private func failure() -> PeerError {
    PeerError(description: "SQLite: \(String(cString: sqlite3_errmsg(database)))")
  }
}
