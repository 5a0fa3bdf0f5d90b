import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

let path = "/db/app.holdfast"

/// Whether to try everything instead of a part of it: `HOLDFAST_EXHAUSTIVE=1 swift test`, about twenty
/// minutes.
let isExhaustive = getenv("HOLDFAST_EXHAUSTIVE") != nil

/// A disk with the folder that the tests use.
func makeDisk(seed: UInt64 = 1, capacity: UInt64 = .max) throws -> SimulatedDisk {
  let disk = SimulatedDisk(seed: seed, capacity: capacity)
  try disk.createDirectory("/db")
  try disk.syncDirectory("/")
  return disk
}

/// Options for repeatable runs: no thread, small everything, a key that needs no derivation.
func makeOptions(
  _ disk: any FileSystem, seed: UInt64 = 1, encrypted: Bool = false, pageSize: Int = 4096,
  cacheBytes: Int = 256 * 1024, logBudget: Int = 1 << 20
) throws -> StorageOptions {
  var options = StorageOptions()
  options.fileSystem = disk
  options.random = SeededRandom(seed: seed)
  options.clock = SimulatedClock()
  options.hasBackgroundThread = false
  options.pageSize = pageSize
  options.cacheBytes = cacheBytes
  options.logBudget = logBudget
  options.smallestSegment = 16 * 1024
  options.largestSegment = 64 * 1024
  if encrypted { options.credential = .key(try testKey()) }
  return options
}

func testKey(_ byte: UInt8 = 7) throws -> SecretKey {
  try [UInt8](repeating: byte, count: 32).withUnsafeBytes { try SecretKey($0) }
}

extension Storage {
  /// Writes, and tries again as long as others were faster.
  func retrying<R>(_ body: (WriteTransaction) throws -> R) throws -> R {
    while true {
      do {
        return try write { transaction in try body(transaction) }
      } catch let error as StorageError where error.code == .writeConflict || error.code == .deadlock {
        continue
      }
    }
  }
}

extension WriteTransaction {
  func put(_ id: UInt64, _ key: [UInt8], _ value: [UInt8]) throws {
    try key.withUnsafeBytes { key in try value.withUnsafeBytes { try put(id, key: key, value: $0) } }
  }

  func delete(_ id: UInt64, _ key: [UInt8]) throws { try key.withUnsafeBytes { try delete(id, key: $0) } }

  func get(_ id: UInt64, _ key: [UInt8]) throws -> [UInt8]? {
    try key.withUnsafeBytes { try withValue(id, key: $0) { $0.map { [UInt8]($0) } } }
  }
}

extension Snapshot {
  func get(_ id: UInt64, _ key: [UInt8]) throws -> [UInt8]? {
    try key.withUnsafeBytes { try withValue(id, key: $0) { $0.map { [UInt8]($0) } } }
  }

  /// All entries of a tree, in the cursor's order.
  func entries(_ id: UInt64) throws -> [(key: [UInt8], value: [UInt8])] {
    var result: [(key: [UInt8], value: [UInt8])] = []
    var cursor = try cursor(id)
    var more = try cursor.first()
    while more {
      _ = try cursor.withEntry { result.append(([UInt8]($0), [UInt8]($1))) }
      more = try cursor.next()
    }
    return result
  }

  /// All entries of a tree as a dictionary.
  func contents(_ id: UInt64) throws -> Model {
    Model(uniqueKeysWithValues: try entries(id).map { ($0.key, $0.value) })
  }
}

extension Storage {
  func put(_ id: UInt64, _ key: [UInt8], _ value: [UInt8], _ durability: Durability? = nil) throws {
    try write { transaction in
      if let durability { transaction.require(durability) }
      try transaction.put(id, key, value)
    }
  }

  func get(_ id: UInt64, _ key: [UInt8]) throws -> [UInt8]? { try snapshot().get(id, key) }
}

/// What one tree should hold.
typealias Model = [[UInt8]: [UInt8]]

func text(_ string: String) -> [UInt8] { Array(string.utf8) }

/// A random key of a set of `range` keys, of different lengths.
func randomKey(_ random: inout SplitMix64, range: UInt64 = 2000) -> [UInt8] {
  let number = random.next() % range
  let padding = [UInt8](repeating: UInt8(ascii: "k"), count: Int(number % 40))
  return padding + text(String(number))
}

/// A random value: mostly small, sometimes too large for a leaf.
func randomValue(_ random: inout SplitMix64) -> [UInt8] {
  let kind = random.next() % 20
  let size =
    switch kind {
    case 0: random.next() % 20_000
    case 1...4: random.next() % 1500
    default: random.next() % 120
    }
  let byte = UInt8(truncatingIfNeeded: random.next())
  return [UInt8](repeating: byte, count: Int(size))
}
