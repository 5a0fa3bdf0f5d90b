/// Whether a frame is the one that must follow: the next part of the same commit or the first of the next,
/// chained to the frame before by its checksum, not older than it.
struct Continuity {
  /// The LSN the next frame must have.
  private(set) var expected: UInt64
  /// Parts of it that have been seen; 0 between commits.
  private(set) var part: UInt32 = 0
  private(set) var chain: UInt32
  private(set) var timestamp: Int64 = .min
  private var first: FrameHeader?
  private var size = 0
  /// Nothing has been seen yet: the first frame may be a later part of a commit that began in a segment which
  /// is no longer needed.
  private var isFresh = true
  /// The commit being read lacks its first parts.
  private(set) var lacksBeginning = false

  init(firstLSN: UInt64, chain: UInt32) {
    expected = firstLSN
    self.chain = chain
  }

  var isInside: Bool { part > 0 }

  /// Takes the frame, or says why it cannot be the next one.
  mutating func accept(_ header: FrameHeader) -> String? {
    guard header.lsn == expected else { return "commit \(header.lsn) lies where \(expected) belongs" }
    guard header.previousCRC == chain else { return "the frame does not follow the one before it" }
    guard header.timestamp >= timestamp else { return "the frame is older than the one before it" }
    if header.kind == .segmentEnd {
      guard header.parts == 1, header.extensionLength == FrameHeader.endExtension, header.payloadLength == 0
      else {
        return "the frame that ends the segment is malformed"
      }
    } else {
      if isFresh, header.part > 0 {
        part = header.part
        first = header
        lacksBeginning = true
      }
      guard header.part == part else { return "part \(part) of commit \(expected) is missing" }
      if part == 0 {
        first = header
        size = 0
      }
      guard let first, header.parts == first.parts, header.kind == first.kind,
        header.transaction == first.transaction, header.timestamp == first.timestamp
      else { return "the parts of commit \(expected) do not belong together" }
      size += header.payloadLength
      guard size <= LogLimits.largestCommit else { return "commit \(expected) is larger than any can be" }
      part += 1
      if part == header.parts {
        part = 0
        expected += 1
      }
    }
    isFresh = false
    chain = header.crc
    timestamp = header.timestamp
    return nil
  }

  /// Forgets that the commit just finished lacked its first parts.
  mutating func finishedCommit() { lacksBeginning = false }
}
