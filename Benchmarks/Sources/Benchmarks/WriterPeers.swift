/// A fresh database that several threads write to.
struct WriterPeer {
  /// Makes one record durable in a transaction of its own, on the thread with a number.
  var insert: @Sendable (_ thread: Int, Record) throws -> Void
  var close: () throws -> Void
}

/// A peer's name, and how a fresh one is opened in a folder for a number of threads.
struct WriterKind {
  var name: String
  var open: (_ directory: String, _ threads: Int) throws -> WriterPeer

  static let ours = "Holdfast"

  /// - SQLite: a connection for each thread, WAL, `synchronous=FULL`. Each insert is `BEGIN IMMEDIATE`, which
  ///   takes the write lock or waits for it (SQLite's busy handler, up to a minute), an insert and `COMMIT`, as
  ///   statements prepared once. It has no group commit.
  /// - LMDB: one environment for all threads, defaults, so that every commit is synced. Writers wait for its one
  ///   write lock.
  /// - RocksDB: one database for all threads; see ``RocksDBPeer``.
  static var all: [WriterKind] {
    [
      WriterKind(name: ours) { directory, _ in
        holdfast(try .init(directory, pageSize: pageSize, isEncrypted: false))
      },
      WriterKind(name: "Holdfast encrypted") { directory, _ in
        holdfast(try .init(directory, pageSize: pageSize, isEncrypted: true))
      },
      WriterKind(name: "SQLite") { directory, threads in
        let connections = try (0..<threads).map { _ in try SQLitePeer(directory, pageSize: pageSize) }
        return WriterPeer(insert: { try connections[$0].insertImmediately($1) }) {
          for connection in connections { try connection.close() }
        }
      },
      WriterKind(name: "LMDB") { directory, _ in
        let peer = try LMDBPeer(directory)
        return WriterPeer(insert: { try peer.insert($1) }, close: peer.close)
      },
      WriterKind(name: "RocksDB") { directory, _ in
        let peer = try RocksDBPeer(directory)
        return WriterPeer(insert: { try peer.insert($1) }, close: peer.close)
      },
    ]
  }

  private static var pageSize: Int { 8192 }

  private static func holdfast(_ peer: HoldfastPeer) -> WriterPeer {
    WriterPeer(insert: { try peer.insert($1) }, close: peer.close)
  }
}
