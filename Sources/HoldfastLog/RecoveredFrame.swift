import HoldfastIO

/// A commit as it was appended: read back, checked, decrypted, its parts joined.
public struct RecoveredFrame {
  /// What it holds.
  public let kind: FrameKind
  /// Its number.
  public let lsn: UInt64
  /// The transaction it came from.
  public let transaction: UInt64
  /// When it was appended, in milliseconds since 1970; never less than that of the commit before.
  public let timestamp: Int64
  /// The epoch of its log.
  public let epoch: UInt32
  /// What was appended. Valid only during the call it is handed to.
  public let payload: UnsafeRawBufferPointer
  /// The extension area; empty when there was none. Valid only during the call it is handed to.
  public let `extension`: UnsafeRawBufferPointer

  /// Its place in the history.
  public var position: LogPosition { LogPosition(epoch: epoch, lsn: lsn) }
}

/// Joins the parts of a commit, opening each.
struct CommitAssembler {
  private var joined: [UInt8] = []
  private var area: [UInt8] = []
  private var first: FrameHeader?

  init() {}

  /// Opens a frame in place.
  static func open(_ frame: SegmentReader.Frame, _ sealer: Sealer?, path: String) throws(LogError) {
    guard frame.header.isSealed else {
      guard sealer == nil else {
        throw LogError(
          .authenticationFailed,
          "\(path) is not encrypted, but the database is: it was put there by someone else. "
            + "Nothing was read from it",
          file: path, offset: frame.offset)
      }
      return
    }
    guard let sealer else {
      throw LogError(
        .keyRequired, "the log in \(path) is encrypted: open the database with its password or key",
        file: path)
    }
    // What was filled in after sealing is not part of the seal.
    for index in FrameHeader.lateFields {
      frame.bytes.storeBytes(of: 0, toByteOffset: index, as: UInt8.self)
    }
    let associated = UnsafeRawBufferPointer(
      start: frame.bytes, count: FrameHeader.size + frame.header.extensionLength)
    let payload = frame.payload
    let tag = UnsafeRawPointer(
      frame.bytes + FrameHeader.size + frame.header.extensionLength + frame.header.payloadLength)
    do {
      try sealer.open(
        UnsafeRawBufferPointer(payload), nonce: Nonce(counter: frame.header.nonce),
        authenticating: associated, tag: tag, into: payload)
    } catch {
      throw LogError(
        .authenticationFailed,
        "commit \(frame.header.lsn) in \(path) at byte \(frame.offset) does not open with this key: "
          + "the key is another one, or the file was changed on purpose. Nothing was read from it",
        file: path, offset: frame.offset, lsns: frame.header.lsn...frame.header.lsn)
    }
  }

  /// Takes an opened part. With the last one, hands the whole commit to `body`.
  mutating func add<R>(
    _ frame: SegmentReader.Frame, epoch: UInt32, _ body: (RecoveredFrame) throws -> R
  ) rethrows -> R? {
    let header = frame.header
    if header.parts == 1 {
      return try body(
        RecoveredFrame(
          kind: header.kind, lsn: header.lsn, transaction: header.transaction, timestamp: header.timestamp,
          epoch: epoch, payload: UnsafeRawBufferPointer(frame.payload), extension: frame.area))
    }
    if header.part == 0 {
      joined.removeAll(keepingCapacity: joined.capacity <= LogLimits.keptBuffer)
      area = Array(frame.area)
    }
    joined.append(contentsOf: frame.payload)
    guard header.part + 1 == header.parts else { return nil }
    return try joined.withUnsafeBytes { payload in
      try area.withUnsafeBytes { area in
        try body(
          RecoveredFrame(
            kind: header.kind, lsn: header.lsn, transaction: header.transaction, timestamp: header.timestamp,
            epoch: epoch, payload: payload, extension: area))
      }
    }
  }
}
