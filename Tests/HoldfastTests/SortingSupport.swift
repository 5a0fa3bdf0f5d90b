import HoldfastIO
import HoldfastTestSupport
import Synchronization
import Testing

@testable import Holdfast

/// A folder for temporary files on a simulated disk.
struct SortPlace {
  let disk: SimulatedDisk
  let folder: TemporaryFolder

  init(seed: UInt64 = 1, capacity: UInt64 = .max) throws {
    disk = SimulatedDisk(seed: seed, capacity: capacity)
    try disk.createDirectory("/data")
    folder = TemporaryFolder(
      database: "/data/app.holdfast", fileSystem: disk, random: SeededRandom(seed: seed))
  }
}

/// A key and a payload.
struct Pair: Equatable {
  var key: [UInt8]
  var payload: [UInt8]
}

/// Records with few different keys, so that many are equal, and with a few large payloads among the small.
func randomPairs(_ count: Int, _ random: inout SplitMix64, largest: Int = 3000) -> [Pair] {
  (0..<count).map { index in
    let key = (0..<random.below(4)).map { _ in UInt8(random.below(3)) }
    let length = random.chance(0.02) ? random.below(largest) : random.below(40)
    let payload = withUnsafeBytes(of: UInt32(index).littleEndian, Array.init)
    return Pair(key: key, payload: payload + (0..<length).map { UInt8(truncatingIfNeeded: $0) })
  }
}

/// What a stable sort in memory gives.
func sortedInMemory(_ pairs: [Pair], limit: Int?) -> [Pair] {
  let sorted = pairs.enumerated().sorted { left, right in
    if left.element.key != right.element.key {
      return left.element.key.lexicographicallyPrecedes(right.element.key)
    }
    return left.offset < right.offset
  }
  return sorted.prefix(limit ?? .max).map(\.element)
}

extension ExternalSorter {
  /// Adds everything, and gives the result.
  func sort(_ pairs: [Pair]) throws(HoldfastError) -> [Pair] {
    for pair in pairs { try add(key: pair.key, payload: pair.payload) }
    let sorted = try finish()
    var result: [Pair] = []
    while let record = try sorted.next() { result.append(Pair(key: record.key, payload: record.payload)) }
    #expect(try sorted.next() == nil)
    return result
  }
}

/// A file system that keeps a copy of everything that is written.
final class WrittenBytes: FileSystem {
  private let base: any FileSystem
  private let written = Mutex<[[UInt8]]>([])

  init(_ base: any FileSystem) { self.base = base }

  var all: [[UInt8]] { written.withLock { $0 } }

  func open(_ path: String, _ mode: OpenMode) throws(IOError) -> any File {
    CopyingFile(try base.open(path, mode)) { bytes in self.written.withLock { $0.append(bytes) } }
  }

  func information(at path: String) throws(IOError) -> FileInformation? { try base.information(at: path) }
  func list(_ directory: String) throws(IOError) -> [String] { try base.list(directory) }
  func createDirectory(_ path: String) throws(IOError) { try base.createDirectory(path) }
  func rename(_ source: String, to destination: String) throws(IOError) {
    try base.rename(source, to: destination)
  }
  func remove(_ path: String) throws(IOError) { try base.remove(path) }
  func syncDirectory(_ path: String) throws(IOError) { try base.syncDirectory(path) }
  func volume(at path: String) throws(IOError) -> VolumeInformation { try base.volume(at: path) }
}

private final class CopyingFile: File {
  private let base: any File
  private let copy: @Sendable ([UInt8]) -> Void

  init(_ base: any File, _ copy: @escaping @Sendable ([UInt8]) -> Void) {
    self.base = base
    self.copy = copy
  }

  var path: String { base.path }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
    try base.read(into: buffer, at: offset)
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
    copy(Array(bytes))
    return try base.write(bytes, at: offset)
  }

  func sync() throws(IOError) { try base.sync() }
  func size() throws(IOError) -> UInt64 { try base.size() }
  func truncate(to size: UInt64) throws(IOError) { try base.truncate(to: size) }
  func lock(_ kind: FileLock) throws(IOError) -> Bool { try base.lock(kind) }
  func close() { base.close() }
}
