import HoldfastIO

/// The first block of a segment. See `docs/format.md` for the bytes.
struct SegmentHeader: Sendable, Equatable {
  static let size = 4096
  static let saltSize = 32
  static let formatVersion: UInt16 = 1
  static let sealedFlag: UInt32 = 1
  /// The file held another segment before, so what follows the last frame is not zeros but old bytes.
  static let recycledFlag: UInt32 = 2
  static let magic: [UInt8] = Array("HFlogSeg".utf8)

  var databaseID: [UInt8]
  var logID: LogID
  var epoch: UInt32
  var flags: UInt32
  var sequence: UInt64
  var firstLSN: UInt64
  var size: UInt64
  var salt: [UInt8]
  var previousCRC: UInt32 = 0
  var created: Int64

  /// Where the checksums of this segment's frames start from.
  let seed: UInt32

  init(
    databaseID: [UInt8], logID: LogID, epoch: UInt32, flags: UInt32, sequence: UInt64, firstLSN: UInt64,
    size: UInt64, salt: [UInt8], previousCRC: UInt32 = 0, created: Int64
  ) {
    self.databaseID = databaseID
    self.logID = logID
    self.epoch = epoch
    self.flags = flags
    self.sequence = sequence
    self.firstLSN = firstLSN
    self.size = size
    self.salt = salt
    self.previousCRC = previousCRC
    self.created = created
    seed = salt.withUnsafeBytes { CRC32C.checksum($0) }
  }

  var isSealed: Bool { flags & SegmentHeader.sealedFlag != 0 }
  var isRecycled: Bool { flags & SegmentHeader.recycledFlag != 0 }

  /// The sealer of this segment's frames. Everything in the header that never changes goes into the
  /// derivation, so a frame opens only under the header it was written for.
  func sealer(_ key: SecretKey) -> Sealer {
    let bytes = encoded()
    return bytes.withUnsafeBytes { bytes in
      let identity = UnsafeRawBufferPointer(rebasing: bytes[..<Field.previousCRC])
      return Sealer(key.subkey(salt: identity, label: "holdfast log segment 1"))
    }
  }
}

extension SegmentHeader {
  enum Field {
    static let version = 8
    static let incompatible = 12
    static let databaseID = 16
    static let logID = 32
    static let epoch = 48
    static let flags = 52
    static let sequence = 56
    static let firstLSN = 64
    static let size = 72
    static let salt = 80
    static let previousCRC = 112
    static let readOnlyCompatible = 116
    static let compatible = 120
    static let created = 128
    static let crc = SegmentHeader.size - 4
  }

  /// The whole block.
  func encoded() -> [UInt8] {
    var block = [UInt8](repeating: 0, count: SegmentHeader.size)
    block.withUnsafeMutableBytes { buffer in
      guard let bytes = buffer.baseAddress else { return }
      buffer[0..<8].copyBytes(from: SegmentHeader.magic)
      bytes.store(SegmentHeader.formatVersion, littleEndianAt: Field.version)
      buffer[Field.databaseID..<Field.databaseID + 16].copyBytes(from: databaseID)
      buffer[Field.logID..<Field.logID + 16].copyBytes(from: logID.bytes)
      bytes.store(epoch, littleEndianAt: Field.epoch)
      bytes.store(flags, littleEndianAt: Field.flags)
      bytes.store(sequence, littleEndianAt: Field.sequence)
      bytes.store(firstLSN, littleEndianAt: Field.firstLSN)
      bytes.store(size, littleEndianAt: Field.size)
      buffer[Field.salt..<Field.salt + SegmentHeader.saltSize].copyBytes(from: salt)
      bytes.store(previousCRC, littleEndianAt: Field.previousCRC)
      bytes.store(created, littleEndianAt: Field.created)
      let crc = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: buffer[..<Field.crc]))
      bytes.store(crc, littleEndianAt: Field.crc)
    }
    return block
  }

  /// What a block turned out to be.
  enum Decoded: Equatable {
    case header(SegmentHeader)
    /// Written by a version with other rules; whose it is can still be told.
    case unsupported(databaseID: [UInt8], logID: LogID)
    case unreadable(String)
  }

  static func decode(_ block: [UInt8]) -> Decoded {
    guard block.count == size else { return .unreadable("the file is shorter than a segment's header") }
    return block.withUnsafeBytes { buffer -> Decoded in
      guard let bytes = buffer.baseAddress, buffer[0..<8].elementsEqual(magic) else {
        return .unreadable("the header does not begin like a segment's")
      }
      let crc = CRC32C.checksum(UnsafeRawBufferPointer(rebasing: buffer[..<Field.crc]))
      guard crc == bytes.littleEndian(Field.crc, as: UInt32.self) else {
        return .unreadable("the checksum of the segment's header does not fit")
      }
      let database = Array(buffer[Field.databaseID..<Field.databaseID + 16])
      let log = LogID(Array(buffer[Field.logID..<Field.logID + 16]))
      guard bytes.littleEndian(Field.version, as: UInt16.self) == formatVersion,
        bytes.littleEndian(Field.incompatible, as: UInt32.self) == 0
      else { return .unsupported(databaseID: database, logID: log) }
      let header = SegmentHeader(
        databaseID: database, logID: log,
        epoch: bytes.littleEndian(Field.epoch, as: UInt32.self),
        flags: bytes.littleEndian(Field.flags, as: UInt32.self),
        sequence: bytes.littleEndian(Field.sequence, as: UInt64.self),
        firstLSN: bytes.littleEndian(Field.firstLSN, as: UInt64.self),
        size: bytes.littleEndian(Field.size, as: UInt64.self),
        salt: Array(buffer[Field.salt..<Field.salt + saltSize]),
        previousCRC: bytes.littleEndian(Field.previousCRC, as: UInt32.self),
        created: bytes.littleEndian(Field.created, as: Int64.self))
      guard header.size >= UInt64(LogLimits.smallestSegment), header.size <= UInt64(LogLimits.largestSegment),
        header.firstLSN >= 1, header.firstLSN < UInt64.max, header.sequence >= 1,
        header.sequence < UInt64.max
      else { return .unreadable("the segment's header holds impossible numbers") }
      return .header(header)
    }
  }
}
