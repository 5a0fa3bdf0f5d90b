import Holdfast

/// A database that is measured: the same records, the same promise that what was acknowledged is on the disk.
protocol Peer: AnyObject {
  /// Makes records durable, in one transaction.
  func insert(_ records: ArraySlice<Record>) throws
  /// Makes many records durable in the way that suits the peer best.
  func load(_ records: ArraySlice<Record>) throws
  /// Makes one record durable.
  func insert(_ record: Record) throws
  /// The value of a record: how many bytes were copied out.
  func read(_ record: Record) throws -> Int
  /// Reads everything in the order of keys: how many bytes were seen.
  func scan() throws -> Int
  /// Brings everything from a log to where it belongs.
  func checkpoint() throws
  func close() throws
}

/// A peer's name, and how a fresh one is opened in a folder.
struct PeerKind {
  var name: String
  var open: (_ directory: String, _ pageSize: Int) throws -> any Peer

  static let ours = "Holdfast"

  static var all: [PeerKind] {
    [
      PeerKind(name: ours) { try HoldfastPeer($0, pageSize: $1, isEncrypted: false) },
      PeerKind(name: "Holdfast encrypted") { try HoldfastPeer($0, pageSize: $1, isEncrypted: true) },
      PeerKind(name: "SQLite") { try SQLitePeer($0, pageSize: $1) },
      PeerKind(name: "LMDB") { directory, _ in try LMDBPeer(directory) },
    ]
  }
}

/// A document of about 200 bytes under an id of 16 characters.
struct Record: Sendable {
  var id: String
  var document: Document
  var bytes: [UInt8]

  /// `count` records with random ids, always the same ones.
  static func make(_ count: Int, seed: UInt64 = 1) -> [Record] {
    var state = seed
    func random() -> UInt64 {
      state &+= 0x9E37_79B9_7F4A_7C15
      var mixed = state
      mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
      mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
      return mixed ^ (mixed >> 31)
    }
    return (0..<count).map { number in
      let digits = String(random(), radix: 16)
      let id = String(repeating: "0", count: 16 - digits.count) + digits
      let document: Document = [
        "_id": .string(id), "name": .string("Person number \(number)"), "age": .int32(Int32(random() % 90)),
        "balance": .double(Double(random() % 1_000_000) / 100), "city": .string("Bergen"),
        "note": .string(String(repeating: "n", count: 80)), "visits": .int64(Int64(random() % 1000)),
      ]
      return Record(id: id, document: document, bytes: document.bytes)
    }
  }
}

struct PeerError: Error, CustomStringConvertible {
  var description: String
}
