import Holdfast

/// Holdfast with its defaults: `safe`.
class HoldfastPeer: Peer {
  class var name: String { "Holdfast" }
  private let database: Database
  private let collection: DocumentCollection

  required init(directory: String, options: PeerOptions) throws {
    var given = DatabaseOptions()
    given.pageSize = options.pageSize
    if options.isEncrypted {
      given.credential = .key([UInt8](repeating: 7, count: 32))
    }
    database = try Database.open(at: directory + "/bench.holdfast", options: given)
    collection = database.collection("records")
  }

  func insert(_ records: ArraySlice<Record>) throws { _ = try collection.insertMany(records.map(\.document)) }
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

/// Holdfast with encryption.
final class EncryptedHoldfastPeer: HoldfastPeer {
  override class var name: String { "Holdfast encrypted" }

  required init(directory: String, options: PeerOptions) throws {
    var options = options
    options.isEncrypted = true
    try super.init(directory: directory, options: options)
  }
}
