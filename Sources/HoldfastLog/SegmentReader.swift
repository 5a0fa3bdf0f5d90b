import HoldfastIO

/// Reads the frames of one segment in order. Looks only at what a frame says about itself; whether it follows
/// the one before is for ``Continuity`` to say. Nothing in the file makes it read or allocate more than one
/// frame's worth beyond ``LogLimits/readChunk``.
final class SegmentReader {
  let file: any File
  let path: String
  let header: SegmentHeader
  /// Nothing at or behind this offset is read.
  let end: UInt64
  /// Where the next frame is expected.
  var offset = UInt64(SegmentHeader.size)

  private let configuration: LogConfiguration
  private var buffer: UnsafeMutableRawBufferPointer
  private var start: UInt64 = 0
  private var count = 0

  init(file: any File, path: String, header: SegmentHeader, end: UInt64, _ configuration: LogConfiguration) {
    self.file = file
    self.path = path
    self.header = header
    self.end = min(end, header.size)
    self.configuration = configuration
    let size = Int(min(UInt64(LogLimits.readChunk), header.size))
    buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 16)
  }

  deinit { buffer.deallocate() }

  /// A frame in the reader's memory, there until the reader is asked again.
  struct Frame {
    var header: FrameHeader
    var offset: UInt64
    var bytes: UnsafeMutableRawPointer

    var area: UnsafeRawBufferPointer {
      UnsafeRawBufferPointer(start: bytes + FrameHeader.size, count: header.extensionLength)
    }
    var payload: UnsafeMutableRawBufferPointer {
      UnsafeMutableRawBufferPointer(
        start: bytes + FrameHeader.size + header.extensionLength, count: header.payloadLength)
    }
  }

  enum Step {
    case frame(Frame)
    /// What is at `offset` is not a good frame, for this reason.
    case bad(String)
  }

  static let noHeader = "there is no frame"
  static let badBody = "the checksum of the payload does not fit"

  func next() throws(LogError) -> Step {
    guard let bytes = try bytes(at: offset, count: FrameHeader.size),
      let header = FrameHeader.decode(bytes, at: offset, in: header)
    else { return .bad(SegmentReader.noHeader) }
    guard let whole = try self.bytes(at: offset, count: header.frameLength) else {
      return .bad(SegmentReader.noHeader)
    }
    let body = UnsafeRawBufferPointer(start: whole + FrameHeader.size, count: header.bodyLength)
    guard CRC32C.checksum(body, seed: self.header.seed) == header.bodyCRC else {
      return .bad(SegmentReader.badBody)
    }
    let frame = Frame(header: header, offset: offset, bytes: whole)
    offset += UInt64(header.frameLength)
    return .frame(frame)
  }

  /// The bytes from `offset` on, or `nil` when the segment does not have that many.
  private func bytes(at offset: UInt64, count wanted: Int) throws(LogError) -> UnsafeMutableRawPointer? {
    guard offset + UInt64(wanted) <= end else { return nil }
    if offset < start || offset + UInt64(wanted) > start + UInt64(count) {
      try load(at: offset, atLeast: wanted)
      guard wanted <= count else { return nil }
    }
    return buffer.baseAddress.map { $0 + Int(offset - start) }
  }

  private func load(at offset: UInt64, atLeast wanted: Int) throws(LogError) {
    if wanted > buffer.count {
      // At most a frame of the largest part: the header's lengths are within their limits.
      let larger = UnsafeMutableRawBufferPointer.allocate(byteCount: wanted, alignment: 16)
      buffer.deallocate()
      buffer = larger
    }
    start = offset
    count = 0
    let room = Int(min(UInt64(buffer.count), end - offset))
    do throws(IOError) {
      count = try file.readFully(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<room]), at: offset)
    } catch {
      throw .io(error, doing: "could not read the log")
    }
  }
}

extension SegmentReader {
  /// What lies behind a bad frame.
  struct Marks {
    /// Good headers with the LSN that was expected or a later one.
    var headers = 0
    var highestDurable: UInt64 = 0
    var highestLSN: UInt64 = 0
    /// Behind the last of them.
    var end: UInt64 = 0
  }

  /// Looks for good headers of this segment at every place where a frame can begin. What an earlier use of
  /// the file left behind does not count: its checksums have another seed, and its LSNs are lower.
  func marks(from first: UInt64, atOrAbove lsn: UInt64) throws(LogError) -> Marks {
    var marks = Marks()
    var position = first
    while position + UInt64(FrameHeader.size) <= end {
      guard try bytes(at: position, count: FrameHeader.size) != nil, let memory = buffer.baseAddress else {
        break
      }
      let last = Int(min(start + UInt64(count), end) - start) - FrameHeader.size
      var index = Int(position - start)
      while index <= last {
        let candidate = UnsafeRawPointer(memory + index)
        if candidate.littleEndian(0, as: UInt32.self) == FrameHeader.magic,
          let header = FrameHeader.decode(candidate, at: start + UInt64(index), in: header), header.lsn >= lsn
        {
          marks.headers += 1
          marks.highestDurable = max(marks.highestDurable, header.durableLSN)
          marks.highestLSN = max(marks.highestLSN, header.lsn)
          marks.end = start + UInt64(index + header.frameLength)
        }
        index += 8
      }
      position = start + UInt64(index)
    }
    return marks
  }

  /// Whether the place of a frame is still as the segment was made.
  func isBlank(at offset: UInt64) throws(LogError) -> Bool {
    let count = Int(min(UInt64(FrameHeader.size), end > offset ? end - offset : 0))
    guard count > 0, let bytes = try bytes(at: offset, count: count) else { return true }
    return UnsafeRawBufferPointer(start: bytes, count: count).allSatisfy { $0 == 0 }
  }
}
