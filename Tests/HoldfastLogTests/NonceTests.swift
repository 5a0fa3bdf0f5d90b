import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastLog

/// Looks at every byte that is written, and remembers under which salt and nonce what was sealed.
private final class Listener: FileSystem, @unchecked Sendable {
  let disk: SimulatedDisk
  // Used by one thread.
  var salts: [String: SegmentHeader] = [:]
  var seen: [[UInt8]: [UInt8]] = [:]
  var repeated: [String] = []

  init(_ disk: SimulatedDisk) { self.disk = disk }

  final class Ear: File {
    let file: any File
    let listener: Listener
    init(_ file: any File, _ listener: Listener) {
      self.file = file
      self.listener = listener
    }
    var path: String { file.path }
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
      try file.read(into: buffer, at: offset)
    }
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
      // What is tried counts, whether it succeeds or not: it may have reached the medium.
      listener.hear(bytes, at: offset, path)
      return try file.write(bytes, at: offset)
    }
    func sync() throws(IOError) { try file.sync() }
    func size() throws(IOError) -> UInt64 { try file.size() }
    func truncate(to size: UInt64) throws(IOError) { try file.truncate(to: size) }
    func lock(_ kind: FileLock) throws(IOError) -> Bool { try file.lock(kind) }
    func close() { file.close() }
  }

  func hear(_ bytes: UnsafeRawBufferPointer, at offset: UInt64, _ path: String) {
    if offset == 0, bytes.count >= 4096,
      case .header(let header) = SegmentHeader.decode(Array(bytes[..<4096]))
    {
      salts[path] = header
      return
    }
    guard let segment = salts[path] else { return }
    var position = 0
    while position + 80 <= bytes.count,
      let header = FrameHeader.decode(
        bytes.baseAddress! + position, at: offset + UInt64(position), in: segment)
    {
      let nonce = withUnsafeBytes(of: header.nonce.littleEndian) { Array($0) }
      let body = Array(bytes[position + 80..<position + 80 + header.bodyLength])
      if let before = seen[segment.salt + nonce], before != body {
        repeated.append("nonce \(header.nonce) of commit \(header.lsn) in \(path)")
      }
      seen[segment.salt + nonce] = body
      position += header.frameLength
    }
  }

  func open(_ path: String, _ mode: OpenMode) throws(IOError) -> any File {
    Ear(try disk.open(path, mode), self)
  }
  func information(at path: String) throws(IOError) -> FileInformation? { try disk.information(at: path) }
  func list(_ directory: String) throws(IOError) -> [String] { try disk.list(directory) }
  func createDirectory(_ path: String) throws(IOError) { try disk.createDirectory(path) }
  func rename(_ source: String, to destination: String) throws(IOError) {
    try disk.rename(source, to: destination)
  }
  func remove(_ path: String) throws(IOError) { try disk.remove(path) }
  func syncDirectory(_ path: String) throws(IOError) { try disk.syncDirectory(path) }
  func volume(at path: String) throws(IOError) -> VolumeInformation { try disk.volume(at: path) }
}

@Suite struct NonceTests {
  @Test(
    "no nonce is used twice under one salt: not after failed writes, discards, recycling or crashes",
    arguments: Seeds.first(3))
  func never(seed: UInt64) throws {
    var world = World(seed: seed, encrypted: true, largest: 8 << 10)
    world.disk.traceLimit = 0
    let listener = Listener(world.disk)
    world.configuration.fileSystem = listener
    var generator = SplitMix64(seed: seed)
    var sealed = 0
    var discards = 0
    for _ in 0..<30 {
      world.disk.clearFaults()
      for log in try LogScan.inventory(world.configuration).logs {
        try Log.remove(world.configuration, id: log.id)
      }
      listener.salts = [:]
      for _ in 0..<6 {
        world.disk.schedule(
          .error(5, .once), at: world.disk.operationCount + Int.random(in: 10...150, using: &generator),
          on: [.write, .rename])
      }
      var next = world
      next.configuration.random = SeededRandom(seed: generator.next())
      let engine = Engine(next, script: generator.next())
      engine.run(steps: 40)
      discards += engine.discards
      world.disk.crash()
      world.disk.clearFaults()
      sealed = listener.seen.count
    }
    #expect(listener.repeated == [])
    #expect(sealed > 1000)
    #expect(discards > 30)
  }
}
