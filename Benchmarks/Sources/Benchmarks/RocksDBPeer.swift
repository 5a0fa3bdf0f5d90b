import CRocksDB

/// RocksDB through its C interface with its defaults, but every write is synced (`WriteOptions.sync`); threads
/// that write at the same time share a sync, which is its default too. Unlike the others it does not look whether
/// an id is there already.
///
/// `@unchecked Sendable`: nothing changes after `init`, and RocksDB's calls may come from any thread.
final class RocksDBPeer: @unchecked Sendable {
  private let database: OpaquePointer
  private let writing: OpaquePointer

  init(_ directory: String) throws {
    let options = rocksdb_options_create()
    defer { rocksdb_options_destroy(options) }
    rocksdb_options_set_create_if_missing(options, 1)
    var message: UnsafeMutablePointer<CChar>?
    guard let opened = rocksdb_open(options, directory + "/bench.rocksdb", &message) else {
      throw RocksDBPeer.error(message)
    }
    database = opened
    guard let writing = rocksdb_writeoptions_create() else {
      throw PeerError(description: "RocksDB: no memory")
    }
    self.writing = writing
    rocksdb_writeoptions_set_sync(writing, 1)
  }

  func insert(_ record: Record) throws {
    var id = record.id
    var message: UnsafeMutablePointer<CChar>?
    id.withUTF8 { key in
      key.withMemoryRebound(to: CChar.self) { key in
        record.bytes.withUnsafeBytes { value in
          rocksdb_put(
            database, writing, key.baseAddress, key.count,
            value.assumingMemoryBound(to: CChar.self).baseAddress, value.count, &message)
        }
      }
    }
    if message != nil { throw RocksDBPeer.error(message) }
  }

  func close() {
    rocksdb_writeoptions_destroy(writing)
    rocksdb_close(database)
  }

  private static func error(_ message: UnsafeMutablePointer<CChar>?) -> PeerError {
    defer { rocksdb_free(message) }
    return PeerError(description: "RocksDB: \(message.map { String(cString: $0) } ?? "no message")")
  }
}
