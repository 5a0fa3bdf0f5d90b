import CSQLite

/// SQLite through its C interface: WAL, `synchronous=FULL` (read back), one table of id and document.
///
/// `@unchecked Sendable`: one thread at a time uses a connection.
final class SQLitePeer: Peer, @unchecked Sendable {
  private var database: OpaquePointer?
  private var beginning: OpaquePointer?
  private var commitment: OpaquePointer?
  private var insertion: OpaquePointer?
  private var selection: OpaquePointer?
  private var everything: OpaquePointer?

  init(_ directory: String, pageSize: Int) throws {
    try check(sqlite3_open(directory + "/bench.sqlite", &database))
    // Only connections that are not alone ever wait.
    try check(sqlite3_busy_timeout(database, 60_000))
    try execute("PRAGMA page_size=\(pageSize)")
    try execute("PRAGMA journal_mode=WAL")
    try execute("PRAGMA synchronous=FULL")
    try execute("PRAGMA cache_size=-65536")
    try execute(
      "CREATE TABLE IF NOT EXISTS records (id TEXT PRIMARY KEY, document BLOB NOT NULL) WITHOUT ROWID")
    guard try number("PRAGMA synchronous") == 2 else {
      throw PeerError(description: "synchronous is not FULL")
    }
    beginning = try prepare("BEGIN IMMEDIATE")
    commitment = try prepare("COMMIT")
    insertion = try prepare("INSERT INTO records VALUES (?, ?)")
    selection = try prepare("SELECT document FROM records WHERE id = ?")
    everything = try prepare("SELECT id, document FROM records ORDER BY id")
  }

  func insert(_ records: ArraySlice<Record>) throws {
    try execute("BEGIN")
    for record in records { try insert(record) }
    try execute("COMMIT")
  }

  func load(_ records: ArraySlice<Record>) throws { try insert(records) }

  func insert(_ record: Record) throws {
    bind(record.id, insertion)
    _ = record.bytes.withUnsafeBytes {
      sqlite3_bind_blob(insertion, 2, $0.baseAddress, Int32($0.count), transient)
    }
    guard sqlite3_step(insertion) == SQLITE_DONE else { throw failure() }
    sqlite3_reset(insertion)
  }

  /// Makes one record durable while other connections write: the write lock is taken, or waited for, first, so
  /// that the transaction never has to be repeated.
  func insertImmediately(_ record: Record) throws {
    try run(beginning)
    try insert(record)
    try run(commitment)
  }

  func read(_ record: Record) throws -> Int {
    bind(record.id, selection)
    guard sqlite3_step(selection) == SQLITE_ROW else { throw failure() }
    let bytes = UnsafeRawBufferPointer(
      start: sqlite3_column_blob(selection, 0), count: Int(sqlite3_column_bytes(selection, 0)))
    let copy = [UInt8](bytes)
    sqlite3_reset(selection)
    return copy.count
  }

  func scan() throws -> Int {
    var total = 0
    while sqlite3_step(everything) == SQLITE_ROW {
      let bytes = UnsafeRawBufferPointer(
        start: sqlite3_column_blob(everything, 1), count: Int(sqlite3_column_bytes(everything, 1)))
      total += [UInt8](bytes).count
    }
    sqlite3_reset(everything)
    return total
  }

  func checkpoint() throws {
    try check(sqlite3_wal_checkpoint_v2(database, nil, SQLITE_CHECKPOINT_TRUNCATE, nil, nil))
  }

  func close() throws {
    for statement in [beginning, commitment, insertion, selection, everything] { sqlite3_finalize(statement) }
    try check(sqlite3_close(database))
  }

  // MARK: Calls

  private var transient: sqlite3_destructor_type { unsafeBitCast(-1, to: sqlite3_destructor_type.self) }

  private func bind(_ text: String, _ statement: OpaquePointer?) {
    var text = text
    text.withUTF8 { utf8 in
      _ = utf8.withMemoryRebound(to: CChar.self) {
        sqlite3_bind_text(statement, 1, $0.baseAddress, Int32($0.count), transient)
      }
    }
  }

  private func run(_ statement: OpaquePointer?) throws {
    guard sqlite3_step(statement) == SQLITE_DONE else { throw failure() }
    sqlite3_reset(statement)
  }

  private func prepare(_ sql: String) throws -> OpaquePointer? {
    var statement: OpaquePointer?
    try check(sqlite3_prepare_v2(database, sql, -1, &statement, nil))
    return statement
  }

  private func number(_ sql: String) throws -> Int {
    let statement = try prepare(sql)
    defer { sqlite3_finalize(statement) }
    guard sqlite3_step(statement) == SQLITE_ROW else { throw failure() }
    return Int(sqlite3_column_int64(statement, 0))
  }

  private func execute(_ sql: String) throws { try check(sqlite3_exec(database, sql, nil, nil, nil)) }
  private func check(_ code: Int32) throws { if code != SQLITE_OK { throw failure() } }
  private func failure() -> PeerError {
    PeerError(description: "SQLite: \(String(cString: sqlite3_errmsg(database)))")
  }
}
