import HoldfastEngine
import HoldfastIO

/// What a database should hold after some commits: of each entry, the hash of key and value.
struct State: Sendable {
  /// Which tree a name of the workload means.
  private(set) var names: [Int: UInt64] = [:]
  private var trees: [UInt64: [Int: UInt64]] = [:]
  /// Stands for all of it: the sum of the hashes of trees and entries, in whatever order they are found.
  private(set) var digest = Digest()

  /// What stands for the contents of a database. Two that are equal were made of the same entries, but for
  /// odds of one in 2⁶⁴.
  struct Digest: Hashable, Sendable, CustomStringConvertible {
    var sum: UInt64 = 0
    var trees = 0
    var entries = 0
    var description: String { "\(entries) entries in \(trees) trees" }
  }

  func contains(_ name: Int) -> Bool { names[name] != nil }

  mutating func put(_ id: UInt64, _ number: Int, _ hash: UInt64) {
    delete(id, number)
    trees[id, default: [:]][number] = hash
    digest.sum &+= hash
    digest.entries += 1
  }

  mutating func delete(_ id: UInt64, _ number: Int) {
    guard let old = trees[id]?.removeValue(forKey: number) else { return }
    digest.sum &-= old
    digest.entries -= 1
  }

  mutating func create(_ name: Int, _ id: UInt64) {
    names[name] = id
    trees[id] = [:]
    digest.sum &+= State.hash(tree: id)
    digest.trees += 1
  }

  mutating func clear(_ id: UInt64) {
    for hash in (trees[id] ?? [:]).values { digest.sum &-= hash }
    digest.entries -= trees[id]?.count ?? 0
    trees[id] = [:]
  }

  mutating func drop(_ name: Int, _ id: UInt64) {
    clear(id)
    names[name] = nil
    trees[id] = nil
    digest.sum &-= State.hash(tree: id)
    digest.trees -= 1
  }

  // MARK: Bytes

  static func hash(tree: UInt64) -> UInt64 {
    withUnsafeBytes(of: tree.littleEndian) { XXH64.hash($0, seed: 1) }
  }

  static func hash(_ id: UInt64, _ key: UnsafeRawBufferPointer, _ value: UnsafeRawBufferPointer) -> UInt64 {
    XXH64.hash(value, seed: XXH64.hash(key, seed: id))
  }

  /// The key with a number: of different lengths, in the order of the numbers.
  static func key(_ number: Int) -> [UInt8] {
    let digits = String(number)
    return Array(repeating: UInt8(ascii: "0"), count: max(0, 8 - digits.utf8.count)) + Array(digits.utf8)
      + Array(repeating: UInt8(ascii: "k"), count: number % 40)
  }

  /// The value that a key is set to: bytes that no other place of this or another value has in this order.
  static func value(_ number: Int, size: Int, mark: Int) -> [UInt8] {
    var word = UInt64(truncatingIfNeeded: number &* 0x1_0000_0001 &+ mark &* 0x9E37_79B9) | 1 << 40
    return [UInt8](unsafeUninitializedCapacity: size + 8) { buffer, count in
      var position = 0
      while position < size {
        word = word &* 0x5851_F42D_4C95_7F2D &+ 0x1405_7B7E_F767_814F
        UnsafeMutableRawBufferPointer(buffer).storeBytes(
          of: word.littleEndian, toByteOffset: position, as: UInt64.self)
        position += 8
      }
      count = size
    }
  }
}

extension Snapshot {
  /// What stands for everything that the snapshot shows. Reads all of it.
  func digest() throws -> State.Digest {
    var digest = State.Digest()
    for id in treeIDs {
      digest.trees += 1
      digest.sum &+= State.hash(tree: id)
      var cursor = try cursor(id)
      var entries = 0
      var more = try cursor.first()
      while more {
        _ = try cursor.withEntry { digest.sum &+= State.hash(id, $0, $1) }
        entries += 1
        more = try cursor.next()
      }
      // Counts are kept beside the entries, and must say the same: a wrong one makes another digest.
      digest.entries += entries == Int(count(id)) ? entries : -1
    }
    return digest
  }
}
