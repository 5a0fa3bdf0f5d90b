import BSON
import Holdfast
import HoldfastIO
import HoldfastTestSupport

@testable import HoldfastEngine
@testable import HoldfastLog

extension FuzzTarget {
  /// A small database, closed or with its log, changed here and there: which one and what to put right (one
  /// byte), then edits of 8 bytes each: what and where (4 bytes), how (one byte), with what (3 bytes).
  static let file = FuzzTarget(
    name: "file", seeds: { fileSeeds() },
    run: { input in
      var reader = InputReader(input)
      let mode = reader.byte()
      let base = try bases.get()[Int(mode & 1)]
      var data = base.data
      var segments = base.segments
      while !reader.isAtEnd { edit(&data, &segments, &reader) }
      if mode & 2 == 0 {
        var forger = Forger(data)
        try forger.fix()
        data = forger.file
      }
      if mode & 4 == 0 {
        for index in segments.indices {
          let header = withChecksum(Array(segments[index].bytes.prefix(SegmentHeader.size)))
          segments[index].bytes.replaceSubrange(0..<header.count, with: header)
          var chain: UInt32 = 0
          fixFrames(&segments[index].bytes, isChained: true, &chain)
        }
      }
      let disk = SimulatedDisk(seed: 1)
      disk.traceLimit = 0
      disk.setContents(data, of: filePath)
      for segment in segments { disk.setContents(segment.bytes, of: segment.path) }
      try readEverything(of: disk)
    },
    rounds: 60)

  private static let filePath = "/db/app.holdfast"

  struct BaseFiles: Sendable {
    var data: [UInt8]
    var segments: [(path: String, bytes: [UInt8])]
  }

  /// Databases to change: one closed, one whose process died. Made once.
  private static let bases = Result { try [false, true].map { try makeBase(isKilled: $0) } }

  private static func options(_ disk: SimulatedDisk) -> DatabaseOptions {
    var options = DatabaseOptions()
    options.pageSize = pageSize
    options.cacheBytes = 1 << 20
    options.fileSystem = disk
    options.clock = SimulatedClock()
    options.random = SeededRandom(seed: 1)
    options.hasBackgroundThread = false
    options.segmentBytes = LogLimits.smallestSegment...LogLimits.smallestSegment * 4
    return options
  }

  private static func makeBase(isKilled: Bool) throws -> BaseFiles {
    let disk = SimulatedDisk(seed: 1)
    try disk.createDirectory("/db")
    let database = try Database.open(at: filePath, options(disk))
    let many = database.collection("many")
    // Three levels of pages: ids as long as they may be leave room for few in an inner page.
    try many.insertMany(
      (0..<60).map { number in
        ["_id": .string(String(repeating: "k", count: 900) + String(1000 + number)), "n": .int32(number)]
      })
    try database.collection("few").insertMany((0..<8).map { ["_id": .int32($0), "text": "a document"] })
    try database.collection("large").insert(
      ["_id": 1, "pad": .binary(BSONBinary([UInt8](repeating: 5, count: 6000)))])
    try database.setDurability(.batch(operations: 10, interval: .seconds(1)))
    try database.checkpoint()
    try many.delete(id: .string(String(repeating: "k", count: 900) + "1007"))
    try database.collection("few").insert(["_id": 100, "n": 1])
    try database.collection("few").deleteAll()
    try database.collection("few").insertMany((50..<60).map { ["_id": .int32($0), "text": "another"] })
    try database.dropCollection("large")
    try database.persist()
    if isKilled { disk.killProcess() } else { try database.close() }
    let segments = disk.paths.filter { $0.hasSuffix(SegmentName.suffix) }.map { path in
      (path: path, bytes: disk.contents(of: path) ?? [])
    }
    return BaseFiles(data: disk.contents(of: filePath) ?? [], segments: segments)
  }

  /// Makes one change. Places are chosen so that most hit something that is in use.
  private static func edit(
    _ data: inout [UInt8], _ segments: inout [(path: String, bytes: [UInt8])], _ reader: inout InputReader
  ) {
    let area = reader.byte()
    let part = Int(reader.byte())
    let offset = Int(reader.number(UInt16.self))
    let operation = reader.byte()
    let value = reader.take(3).padded(to: 3)
    let first = Int(HeaderFormat.headerBytes) / pageSize
    switch area % 8 {
    case 0:
      let block = [0, 4096, 8192, 12288, 262_144][part % 5]
      change(
        &data, block + offset % (block % 12288 == 4096 || block == 8192 ? MetaSlot.size : 180), operation,
        value)
    case 1:
      guard !segments.isEmpty else { return }
      let index = part % segments.count
      let place = part & 0x80 == 0 ? offset % SegmentHeader.Field.previousCRC : SegmentHeader.size + offset
      change(&segments[index].bytes, place, operation, value)
    case 2:
      // A page, or the file, is copied or cut.
      let pages = data.count / pageSize - first
      guard pages > 0 else { return }
      if operation & 1 == 0 {
        let from = (first + part % pages) * pageSize
        let to = (first + offset % pages) * pageSize
        data.replaceSubrange(to..<to + pageSize, with: data[from..<from + pageSize])
      } else if operation == 0xFF {
        data.removeLast(min(data.count, offset))
      }
    case 3, 4:
      // A page's header or its first slots.
      change(&data, (first + part) * pageSize + offset % 160, operation, value)
    case 5:
      // A reference in a page: to another page.
      let page = (first + part) * pageSize
      let slot = Int(data.littleEndian(UInt16.self, at: page + PageFormat.slots + 2 * (offset % 32)))
      data.storeLittleEndian(UInt64(first) + UInt64(value[0] % 64), at: page + slot + 4)
    default:
      change(&data, (first + part) * pageSize + offset % pageSize, operation, value)
    }
  }

  private static func change(_ bytes: inout [UInt8], _ place: Int, _ operation: UInt8, _ value: [UInt8]) {
    guard place < bytes.count else { return }
    let small = UInt64(value[0]) | UInt64(value[1]) << 8 | UInt64(value[2]) << 16
    switch operation % 6 {
    case 0: bytes[place] ^= 1 << (value[0] & 7)
    case 1: bytes[place] = value[0]
    case 2: bytes.storeLittleEndian(UInt16(truncatingIfNeeded: small), at: place)
    case 3: bytes.storeLittleEndian(UInt32(small), at: place)
    case 4: bytes.storeLittleEndian(small << UInt64(value[2] & 63), at: place)
    default:
      bytes.storeLittleEndian(
        bytes.littleEndian(UInt32.self, at: place) &+ UInt32(value[0]) &- 128, at: place)
    }
  }

  /// Opens a database for reading and reads all there is, in every order. Errors of the database are what
  /// damage is for.
  private static func readEverything(of disk: SimulatedDisk) throws {
    var options = options(disk)
    options.isReadOnly = true
    let before = disk.contents(of: filePath)
    if let database = try? Database.open(at: filePath, options) {
      if let snapshot = try? database.snapshot() {
        for name in (try? snapshot.collections()) ?? [] { read(snapshot.collection(name)) }
      }
      _ = try? database.verify()
      try? database.close()
    }
    try require(disk.contents(of: filePath) == before, "reading changed the file")
  }

  private static func read(_ collection: SnapshotCollection) {
    _ = try? collection.count()
    for descending in [false, true] {
      let documents = try? collection.scan(descending: descending, limit: 1000).documents()
      for document in (documents ?? []).prefix(3) {
        useUnchecked(document)
        if let id = document["_id"] { _ = try? collection.fetch(id: id) }
      }
    }
    _ = try? collection.scan(from: .int32(3), through: .string("l"), limit: 1000).documents()
  }

  private static func fileSeeds() -> [[UInt8]] {
    let edits: [[UInt8]] = [
      [], [0, 1, 12, 0, 1, 9, 0, 0], [1, 0x80, 40, 0, 1, 9, 0, 0], [3, 2, 80, 0, 2, 0, 0, 0],
      [5, 4, 1, 0, 0, 3, 0, 0], [6, 5, 0, 14, 3, 255, 255, 0], [2, 1, 2, 0, 0, 0, 0, 0],
    ]
    return edits.flatMap { edit in [0, 1, 6, 7].map { [$0] + edit } }
  }
}
