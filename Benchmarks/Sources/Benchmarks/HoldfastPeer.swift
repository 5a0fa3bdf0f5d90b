import Holdfast

/// Holdfast with its defaults: `safe`.
final class HoldfastPeer: Peer, Sendable {
  let database: Database
  private let collection: DocumentCollection

  init(_ directory: String, pageSize: Int, isEncrypted: Bool) throws {
    var given = DatabaseOptions()
    given.pageSize = pageSize
    if isEncrypted {
      given.credential = .key([UInt8](repeating: 7, count: 32))
    }
    database = try Database.open(at: directory + "/bench.holdfast", given)
    collection = database.collection("records")
  }

  func insert(_ records: ArraySlice<Record>) throws { _ = try collection.insertMany(records.map(\.document)) }

  /// As `holdfast import` does: ten thousand documents a commit.
  func load(_ records: ArraySlice<Record>) throws {
    for start in stride(from: records.startIndex, to: records.endIndex, by: 10_000) {
      try insert(records[start..<min(start + 10_000, records.endIndex)])
    }
  }

  func insert(_ record: Record) throws { _ = try collection.insert(record.document) }
  func read(_ record: Record) throws -> Int { try collection.fetch(id: .string(record.id))?.byteCount ?? 0 }

  func scan() throws -> Int {
    var total = 0
    try collection.forEach { total += $0.byteCount }
    return total
  }

  func checkpoint() throws { try database.checkpoint() }
  func close() throws { try database.close() }
}
