import HoldfastIO

/// The fixed part at the start of a frame. See `docs/format.md` for the bytes.
struct FrameHeader: Equatable {
  static let size = 80
  /// "HFfr".
  static let magic: UInt32 = 0x7266_4648
  static let sealedFlag: UInt8 = 1
  /// The extension of an end frame: the sequence number and the salt of the successor.
  static let endExtension = 8 + SegmentHeader.saltSize
  /// The room that every segment keeps for its end frame.
  static let endReserve = paddedToEight(size + endExtension + Sealer.tagSize)

  var crc: UInt32 = 0
  var durableLSN: UInt64 = 0
  var previousCRC: UInt32 = 0
  var bodyCRC: UInt32 = 0
  var kind: FrameKind
  var flags: UInt8
  var extensionLength: Int
  var payloadLength: Int
  var lsn: UInt64
  var transaction: UInt64
  var timestamp: Int64
  var nonce: UInt64
  var epoch: UInt32
  var offset: UInt32
  var part: UInt32
  var parts: UInt32

  var isSealed: Bool { flags & FrameHeader.sealedFlag != 0 }
  /// Extension, payload and tag: what the body's checksum covers.
  var bodyLength: Int { extensionLength + payloadLength + (isSealed ? Sealer.tagSize : 0) }
  /// The whole frame with its padding.
  var frameLength: Int { paddedToEight(FrameHeader.size + bodyLength) }
}

extension FrameHeader {
  /// Byte offsets of the fields.
  enum Field {
    static let crc = 4
    static let durableLSN = 8
    static let previousCRC = 16
    static let bodyCRC = 20
    static let kind = 24
    static let flags = 25
    static let extensionLength = 26
    static let payloadLength = 28
    static let lsn = 32
    static let transaction = 40
    static let timestamp = 48
    static let nonce = 56
    static let epoch = 64
    static let offset = 68
    static let part = 72
    static let parts = 76
  }

  /// What is filled in only when the frame is written, and therefore not part of what the seal authenticates.
  static let lateFields = Field.crc..<Field.kind

  /// Writes everything but the late fields, which become zero.
  func encode(into bytes: UnsafeMutableRawPointer) {
    bytes.store(FrameHeader.magic, littleEndianAt: 0)
    bytes.store(UInt32(0), littleEndianAt: Field.crc)
    bytes.store(UInt64(0), littleEndianAt: Field.durableLSN)
    bytes.store(UInt64(0), littleEndianAt: Field.previousCRC)
    bytes.store(kind.rawValue, littleEndianAt: Field.kind)
    bytes.store(flags, littleEndianAt: Field.flags)
    bytes.store(UInt16(truncatingIfNeeded: extensionLength), littleEndianAt: Field.extensionLength)
    bytes.store(UInt32(truncatingIfNeeded: payloadLength), littleEndianAt: Field.payloadLength)
    bytes.store(lsn, littleEndianAt: Field.lsn)
    bytes.store(transaction, littleEndianAt: Field.transaction)
    bytes.store(timestamp, littleEndianAt: Field.timestamp)
    bytes.store(nonce, littleEndianAt: Field.nonce)
    bytes.store(epoch, littleEndianAt: Field.epoch)
    bytes.store(offset, littleEndianAt: Field.offset)
    bytes.store(part, littleEndianAt: Field.part)
    bytes.store(parts, littleEndianAt: Field.parts)
  }

  /// Fills in what is known only at the moment of writing. Returns the header's checksum, which covers the
  /// body's and so stands for the whole frame.
  static func stamp(
    _ bytes: UnsafeMutableRawPointer, durableLSN: UInt64, previousCRC: UInt32, seed: UInt32
  ) -> UInt32 {
    bytes.store(durableLSN, littleEndianAt: Field.durableLSN)
    bytes.store(previousCRC, littleEndianAt: Field.previousCRC)
    let covered = UnsafeRawBufferPointer(start: bytes + Field.durableLSN, count: size - Field.durableLSN)
    let crc = CRC32C.checksum(covered, seed: seed)
    bytes.store(crc, littleEndianAt: Field.crc)
    return crc
  }

  /// The header in these `size` bytes, or `nil` unless every check that needs nothing but the segment passes:
  /// magic, checksum under the segment's salt, epoch, its own offset, and lengths within the limits and the
  /// segment.
  static func decode(_ bytes: UnsafeRawPointer, at offset: UInt64, in segment: SegmentHeader) -> FrameHeader?
  {
    guard bytes.littleEndian(0, as: UInt32.self) == magic else { return nil }
    let crc = bytes.littleEndian(Field.crc, as: UInt32.self)
    let covered = UnsafeRawBufferPointer(start: bytes + Field.durableLSN, count: size - Field.durableLSN)
    guard CRC32C.checksum(covered, seed: segment.seed) == crc else { return nil }
    let header = FrameHeader(
      crc: crc,
      durableLSN: bytes.littleEndian(Field.durableLSN, as: UInt64.self),
      previousCRC: bytes.littleEndian(Field.previousCRC, as: UInt32.self),
      bodyCRC: bytes.littleEndian(Field.bodyCRC, as: UInt32.self),
      kind: FrameKind(rawValue: bytes.littleEndian(Field.kind, as: UInt8.self)),
      flags: bytes.littleEndian(Field.flags, as: UInt8.self),
      extensionLength: Int(bytes.littleEndian(Field.extensionLength, as: UInt16.self)),
      payloadLength: Int(bytes.littleEndian(Field.payloadLength, as: UInt32.self)),
      lsn: bytes.littleEndian(Field.lsn, as: UInt64.self),
      transaction: bytes.littleEndian(Field.transaction, as: UInt64.self),
      timestamp: bytes.littleEndian(Field.timestamp, as: Int64.self),
      nonce: bytes.littleEndian(Field.nonce, as: UInt64.self),
      epoch: bytes.littleEndian(Field.epoch, as: UInt32.self),
      offset: bytes.littleEndian(Field.offset, as: UInt32.self),
      part: bytes.littleEndian(Field.part, as: UInt32.self),
      parts: bytes.littleEndian(Field.parts, as: UInt32.self))
    guard header.epoch == segment.epoch, UInt64(header.offset) == offset,
      header.flags & ~sealedFlag == 0, header.isSealed == segment.isSealed,
      header.extensionLength <= LogLimits.largestExtension, header.payloadLength <= LogLimits.largestPart,
      header.part < header.parts, header.durableLSN < header.lsn, header.lsn < UInt64.max,
      offset + UInt64(header.frameLength) <= segment.size
    else { return nil }
    return header
  }

  /// The length of the frame whose header was encoded at `bytes` by this process.
  static func frameLength(_ bytes: UnsafeRawPointer) -> Int {
    let sealed = bytes.littleEndian(Field.flags, as: UInt8.self) & sealedFlag != 0
    let body =
      Int(bytes.littleEndian(Field.extensionLength, as: UInt16.self))
      + Int(bytes.littleEndian(Field.payloadLength, as: UInt32.self)) + (sealed ? Sealer.tagSize : 0)
    return paddedToEight(size + body)
  }
}
