import CLMDB

/// LMDB with its defaults: every commit is synced.
///
/// `@unchecked Sendable`: nothing changes after `init`, and LMDB lets threads share an environment, each with
/// transactions of its own.
final class LMDBPeer: Peer, @unchecked Sendable {
  private var environment: OpaquePointer?
  private var table: MDB_dbi = 0

  init(_ directory: String) throws {
    try check(mdb_env_create(&environment))
    try check(mdb_env_set_mapsize(environment, 4 << 30))
    try check(mdb_env_open(environment, directory, 0, 0o600))
    try transaction(0) { transaction in try check(mdb_dbi_open(transaction, nil, 0, &table)) }
  }

  func insert(_ records: ArraySlice<Record>) throws {
    try transaction(0) { transaction in for record in records { try put(record, transaction) } }
  }

  func load(_ records: ArraySlice<Record>) throws { try insert(records) }

  func insert(_ record: Record) throws { try transaction(0) { try put(record, $0) } }

  func read(_ record: Record) throws -> Int {
    var count = 0
    try transaction(UInt32(MDB_RDONLY)) { transaction in
      var id = record.id
      try id.withUTF8 { utf8 in
        var key = MDB_val(mv_size: utf8.count, mv_data: UnsafeMutableRawPointer(mutating: utf8.baseAddress))
        var value = MDB_val()
        try check(mdb_get(transaction, table, &key, &value))
        count = [UInt8](UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)).count
      }
    }
    return count
  }

  func scan() throws -> Int {
    var total = 0
    try transaction(UInt32(MDB_RDONLY)) { transaction in
      var cursor: OpaquePointer?
      try check(mdb_cursor_open(transaction, table, &cursor))
      defer { mdb_cursor_close(cursor) }
      var key = MDB_val()
      var value = MDB_val()
      while mdb_cursor_get(cursor, &key, &value, MDB_NEXT) == MDB_SUCCESS {
        total += [UInt8](UnsafeRawBufferPointer(start: value.mv_data, count: value.mv_size)).count
      }
    }
    return total
  }

  /// LMDB has no log.
  func checkpoint() throws {}

  func close() throws { mdb_env_close(environment) }

  // MARK: Calls

  private func put(_ record: Record, _ transaction: OpaquePointer?) throws {
    var id = record.id
    try id.withUTF8 { utf8 in
      try record.bytes.withUnsafeBytes { bytes in
        var key = MDB_val(mv_size: utf8.count, mv_data: UnsafeMutableRawPointer(mutating: utf8.baseAddress))
        var value = MDB_val(
          mv_size: bytes.count, mv_data: UnsafeMutableRawPointer(mutating: bytes.baseAddress))
        // As the others do: an id that is there already is refused.
        try check(mdb_put(transaction, table, &key, &value, UInt32(MDB_NOOVERWRITE)))
      }
    }
  }

  private func transaction(_ flags: UInt32, _ body: (OpaquePointer?) throws -> Void) throws {
    var transaction: OpaquePointer?
    try check(mdb_txn_begin(environment, nil, flags, &transaction))
    do { try body(transaction) } catch {
      mdb_txn_abort(transaction)
      throw error
    }
    try check(mdb_txn_commit(transaction))
  }

  private func check(_ code: Int32) throws {
    if code != MDB_SUCCESS { throw PeerError(description: "LMDB: \(String(cString: mdb_strerror(code)))") }
  }
}
