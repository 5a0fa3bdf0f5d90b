import HoldfastIO
import HoldfastTestSupport

@testable import HoldfastLog

/// A disk, a clock and randomness, all from one seed.
struct World {
  static let folder = "/data/app.holdfast-log"
  static let database = [UInt8](repeating: 0xDB, count: 16)

  let disk: SimulatedDisk
  let clock: SimulatedClock
  let random: SeededRandom
  var configuration: LogConfiguration

  init(seed: UInt64, encrypted: Bool = false, smallest: Int = 8 << 10, largest: Int = 16 << 10) {
    let disk = SimulatedDisk(seed: seed)
    try! disk.createDirectory("/data")
    try! disk.syncDirectory("/")
    self.init(disk: disk, seed: seed, encrypted: encrypted, smallest: smallest, largest: largest)
  }

  init(
    disk: SimulatedDisk, seed: UInt64, encrypted: Bool = false, smallest: Int = 8 << 10,
    largest: Int = 16 << 10
  ) {
    self.disk = disk
    clock = SimulatedClock()
    random = SeededRandom(seed: seed)
    configuration = LogConfiguration(
      directory: World.folder, databaseID: World.database,
      key: encrypted ? SecretKey.random(from: SeededRandom(seed: 4711)) : nil,
      fileSystem: RetryingFileSystem(disk, policy: RetryPolicy(), clock: clock, random: random), clock: clock,
      random: random)
    configuration.smallestSegment = smallest
    configuration.largestSegment = largest
  }

  func create(_ id: LogID = World.id, epoch: UInt32 = 1, firstLSN: UInt64 = 1) throws -> Log {
    try Log.create(configuration, id: id, epoch: epoch, firstLSN: firstLSN)
  }

  static let id = LogID((0..<16).map { UInt8($0 + 1) })

  func scan(_ id: LogID = World.id, after lsn: UInt64 = 0) throws -> LogScan {
    try LogScan.scan(configuration, id: id, after: lsn)
  }

  /// What a scan finds, read to the end.
  func recover(_ id: LogID = World.id, after lsn: UInt64 = 0) throws -> [Item] {
    let scan = try scan(id, after: lsn)
    var items: [Item] = []
    try scan.forEachCommit(after: lsn) { items.append(Item($0)) }
    return items
  }

  var segments: [String] {
    disk.paths.filter { $0.hasPrefix(World.folder) && $0.hasSuffix(".segment") }
  }
}

/// A commit as the tests know it. Its payload follows from its number.
struct Item: Equatable, CustomStringConvertible {
  var lsn: UInt64
  var transaction: UInt64
  var size: Int
  var payload: [UInt8]
  var area: [UInt8]

  init(lsn: UInt64, transaction: UInt64, size: Int, area: Int = 0) {
    self.lsn = lsn
    self.transaction = transaction
    self.size = size
    payload = Item.bytes(size, seed: transaction)
    self.area = Item.bytes(area, seed: ~transaction)
  }

  /// Made in words, because tests make many.
  static func bytes(_ count: Int, seed: UInt64) -> [UInt8] {
    var generator = SplitMix64(seed: seed)
    let words = (0..<(count + 7) / 8).map { _ in generator.next() }
    return words.withUnsafeBytes { Array($0.prefix(count)) }
  }

  init(_ frame: RecoveredFrame) {
    lsn = frame.lsn
    transaction = frame.transaction
    size = frame.payload.count
    payload = Array(frame.payload)
    area = Array(frame.extension)
  }

  var description: String { "(lsn \(lsn), transaction \(transaction), \(size) bytes)" }
}

extension Log {
  @discardableResult
  func append(_ item: Item, timestamp: Int64 = 0) throws(LogError) -> UInt64 {
    let result = item.payload.withUnsafeBytes { payload in
      item.area.withUnsafeBytes { area in
        Result { () throws(LogError) -> UInt64 in
          try append(
            kind: .commit, transaction: item.transaction, timestamp: timestamp, payload: payload,
            extension: area)
        }
      }
    }
    return try result.get()
  }

  /// Appends and makes durable.
  func commit(_ items: [Item]) throws(LogError) {
    for item in items { try append(item) }
    try flush()
  }

  func flush() throws(LogError) {
    if let group = closeGroup() { try write(group) }
    try sync()
  }

  func items(from lsn: UInt64) throws -> [Item] {
    var items: [Item] = []
    try read(from: lsn) {
      items.append(Item($0))
      return true
    }
    return items
  }
}
