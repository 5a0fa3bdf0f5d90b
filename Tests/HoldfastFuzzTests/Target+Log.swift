import HoldfastIO
import HoldfastTestSupport

@testable import HoldfastEngine
@testable import HoldfastLog

extension FuzzTarget {
  /// The payload of a commit.
  static let operations = FuzzTarget(
    name: "operations",
    seeds: {
      var bytes: [UInt8] = []
      Operation.appendTree(Operation.Code.createTree, 7, to: &bytes)
      Operation.appendTree(Operation.Code.clearTree, 300, to: &bytes)
      [UInt8](repeating: 5, count: 200).withUnsafeBytes { value in
        [1, 2, 3].withUnsafeBytes { key in
          Operation.append(tree: 7, key: key, value: value, to: &bytes)
          Operation.append(tree: 1 << 40, key: key, value: nil, to: &bytes)
        }
      }
      Operation.appendTree(Operation.Code.dropTree, 1, to: &bytes)
      return [bytes, []]
    },
    run: { input in
      guard let (bytes, count) = try input.withUnsafeBytes({ try rewritten($0) }) else { return }
      guard let again = try bytes.withUnsafeBytes({ try rewritten($0) }) else {
        throw Violation(description: "operations that were written cannot be read")
      }
      try require(again.bytes == bytes && again.count == count, "operations change when they are written")
    })

  /// The operations of a payload, written again; `nil` when they make no sense.
  static func rewritten(_ payload: UnsafeRawBufferPointer) throws -> (bytes: [UInt8], count: Int)? {
    var reader = OperationReader(payload)
    var bytes: [UInt8] = []
    var count = 0
    while true {
      let operation: Operation?
      do { operation = try reader.next() } catch { return nil }
      guard let operation else { return (bytes, count) }
      count += 1
      switch operation {
      case .put(let tree, let key, let value):
        try require(key.count <= StorageLimits.maximumKeyBytes, "a key is too long")
        Operation.append(tree: tree, key: key, value: value, to: &bytes)
      case .delete(let tree, let key):
        try require(key.count <= StorageLimits.maximumKeyBytes, "a key is too long")
        Operation.append(tree: tree, key: key, value: nil, to: &bytes)
      case .createTree(let tree): Operation.appendTree(Operation.Code.createTree, tree, to: &bytes)
      case .dropTree(let tree): Operation.appendTree(Operation.Code.dropTree, tree, to: &bytes)
      case .clearTree(let tree): Operation.appendTree(Operation.Code.clearTree, tree, to: &bytes)
      }
    }
  }

  static let logID = LogID([UInt8](repeating: 0xAB, count: 16))
  /// What a segment file of an input has at most.
  static let largestFile = 64 << 10

  /// Segments of a log: what to put right (one byte), the LSN of the checkpoint (2 bytes), then for each of
  /// three segments a piece with its header and a piece with its frames.
  static let log = FuzzTarget(
    name: "log", seeds: { try logSeeds() },
    run: { input in
      var reader = InputReader(input)
      let mode = reader.byte()
      let after = UInt64(reader.number(UInt16.self))
      let disk = SimulatedDisk(seed: 1)
      var chain: UInt32 = 0
      for number in 1...3 where !reader.isAtEnd {
        let header = reader.take(Int(reader.number(UInt16.self)))
        let frames = reader.take(Int(reader.number(UInt16.self)))
        let segment = makeSegment(header, frames, mode, &chain)
        let name = SegmentName(epoch: 1, firstLSN: UInt64(number), sequence: UInt64(number), tag: logID.tag)
        disk.setContents(segment, of: "/log/" + name.text)
      }
      let configuration = LogConfiguration(
        directory: "/log", databaseID: databaseID.bytes, key: nil, fileSystem: disk, clock: SimulatedClock(),
        random: SeededRandom(seed: 1))
      _ = try? LogScan.inventory(configuration)
      guard let scan = try? LogScan.scan(configuration, id: logID, after: after) else { return }
      try check(scan, after: after)
    })

  private static func check(_ scan: LogScan, after: UInt64) throws {
    try require(scan.lastLSN >= after, "a log that ends before its checkpoint was accepted")
    var expected = after + 1
    var timestamp = Int64.min
    do {
      try scan.forEachCommit(after: after) { frame in
        try require(frame.lsn == expected, "commit \(frame.lsn) came instead of \(expected)")
        try require(frame.timestamp >= timestamp, "time goes back along the commits")
        timestamp = frame.timestamp
        expected += 1
        _ = try rewritten(frame.payload)
      }
    } catch let error as LogError {
      // The bytes did not change since the scan; but nothing was sealed with a key that there is.
      try require(
        error.code == .keyRequired || error.code == .authenticationFailed,
        "what was scanned cannot be read: \(error)")
      return
    }
    try require(expected == scan.lastLSN + 1, "the scan found other commits than were read")
  }

  /// A segment's file from its header and frames, with checksums put right as `mode` says: bit 0 leaves the
  /// headers as they are, bit 1 the frames, bit 2 the chain between frames, bit 3 what an end frame says of
  /// its successor.
  private static func makeSegment(_ header: [UInt8], _ frames: [UInt8], _ mode: UInt8, _ chain: inout UInt32)
    -> [UInt8]
  {
    var block = header.padded(to: SegmentHeader.size)
    if mode & 1 == 0 {
      block.replaceSubrange(0..<8, with: SegmentHeader.magic)
      block.replaceSubrange(
        SegmentHeader.Field.databaseID..<SegmentHeader.Field.logID, with: databaseID.bytes)
      block.replaceSubrange(SegmentHeader.Field.logID..<SegmentHeader.Field.epoch, with: logID.bytes)
      if mode & 4 == 0 { block.storeLittleEndian(chain, at: SegmentHeader.Field.previousCRC) }
      block = withChecksum(block)
    }
    var file = block + frames
    let wanted = Int(block.littleEndian(UInt64.self, at: SegmentHeader.Field.size) & 0xFFFF_FFFF)
    file = file.padded(to: min(max(wanted, 8 << 10), largestFile))
    if mode & 2 == 0 { fixFrames(&file, isChained: mode & 4 == 0, &chain) }
    return file
  }

  /// Puts the checksums of frames right, as far as one can be found behind the other.
  static func fixFrames(_ file: inout [UInt8], isChained: Bool, _ chain: inout UInt32) {
    let salt = Array(file[SegmentHeader.Field.salt..<SegmentHeader.Field.previousCRC])
    let seed = salt.withUnsafeBytes { CRC32C.checksum($0) }
    var offset = SegmentHeader.size
    if isChained { chain = file.littleEndian(UInt32.self, at: SegmentHeader.Field.previousCRC) }
    while offset + FrameHeader.size <= file.count,
      file.littleEndian(UInt32.self, at: offset) == FrameHeader.magic
    {
      let field = FrameHeader.Field.self
      let sealed = file[offset + field.flags] & FrameHeader.sealedFlag != 0
      let body =
        Int(file.littleEndian(UInt16.self, at: offset + field.extensionLength))
        + Int(file.littleEndian(UInt32.self, at: offset + field.payloadLength))
        + (sealed ? Sealer.tagSize : 0)
      guard body <= file.count - offset - FrameHeader.size else { return }
      let start = offset
      let crc = file.withUnsafeMutableBytes { area -> UInt32 in
        let frame = UnsafeMutableRawBufferPointer(rebasing: area[start...])
        guard let base = frame.baseAddress else { return 0 }
        let bodyBytes = UnsafeRawBufferPointer(rebasing: frame[FrameHeader.size..<FrameHeader.size + body])
        base.store(CRC32C.checksum(bodyBytes, seed: seed), littleEndianAt: field.bodyCRC)
        base.store(UInt32(start), littleEndianAt: field.offset)
        let before = isChained ? chain : base.littleEndian(field.previousCRC, as: UInt32.self)
        let durable = base.littleEndian(field.durableLSN, as: UInt64.self)
        return FrameHeader.stamp(base, durableLSN: durable, previousCRC: before, seed: seed)
      }
      chain = crc
      offset += paddedToEight(FrameHeader.size + body)
    }
  }

  /// What a real log writes: commits of one and of many parts, over three segments.
  private static func logSeeds() throws -> [[UInt8]] {
    try [3, 40].map { commits in
      let disk = SimulatedDisk(seed: 1)
      try disk.createDirectory("/db")
      var options = StorageOptions()
      options.fileSystem = disk
      options.clock = SimulatedClock()
      options.random = SeededRandom(seed: 1)
      options.hasBackgroundThread = false
      options.pageSize = pageSize
      options.smallestSegment = LogLimits.smallestSegment
      options.largestSegment = LogLimits.smallestSegment
      let storage = try Storage.open("/db/f", options)
      for number in 0..<commits {
        try storage.write { transaction in
          try [UInt8(number)].withUnsafeBytes { key in
            try [UInt8](repeating: 3, count: number == 5 ? 7000 : 20 * (number % 5)).withUnsafeBytes {
              try transaction.put(1, key: key, value: $0)
            }
          }
        }
      }
      var seed: [UInt8] = [0, 0, 0]
      for path in disk.paths.filter({ $0.hasSuffix(SegmentName.suffix) }).prefix(3) {
        let bytes = disk.contents(of: path) ?? []
        let end = bytes.lastIndex { $0 != 0 } ?? 0
        seed += Array(bytes[..<152]).asPiece
        seed += Array(bytes[min(SegmentHeader.size, bytes.count)..<max(SegmentHeader.size, end + 1)]).asPiece
      }
      disk.killProcess()
      return seed
    }
  }
}
