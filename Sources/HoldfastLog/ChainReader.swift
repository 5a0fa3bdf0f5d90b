import HoldfastIO

/// A segment on disk whose header has been read.
struct FoundSegment: Sendable {
  var path: String
  var header: SegmentHeader
}

/// Reads commits from segments that are known to be good: found by a scan, or written by this process.
/// Whatever does not fit any more is an error, never the end.
struct ChainReader {
  let configuration: LogConfiguration
  let segments: [FoundSegment]

  /// Hands every commit above `after`, through `last`, to `body` until that returns `false`.
  func read(after: UInt64, through last: UInt64, _ body: (RecoveredFrame) throws -> Bool) throws {
    guard after < last, let first = segments.first else { return }
    var continuity = Continuity(firstLSN: first.header.firstLSN, chain: first.header.previousCRC)
    var assembler = CommitAssembler()
    for segment in segments {
      let file = try ChainReader.open(segment.path, configuration)
      defer { file.close() }
      let reader = SegmentReader(
        file: file, path: segment.path, header: segment.header, end: segment.header.size, configuration)
      let sealer = configuration.key.map { segment.header.sealer($0) }
      segment: while true {
        let offset = reader.offset
        guard case .frame(let frame) = try reader.next(), continuity.accept(frame.header) == nil else {
          throw LogError.damaged(
            "the frame was good before and is no longer", file: segment.path, offset: offset,
            lsns: continuity.expected...max(continuity.expected, last))
        }
        if frame.header.kind == .segmentEnd { break segment }
        let isLast = !continuity.isInside
        if frame.header.lsn > after {
          try CommitAssembler.open(frame, sealer, path: segment.path)
          if try assembler.add(frame, epoch: segment.header.epoch, body) == false { return }
        }
        if isLast, frame.header.lsn >= last { return }
      }
    }
    throw LogError.damaged(
      "the log ends before commit \(last)", file: segments.last?.path ?? configuration.directory,
      lsns: continuity.expected...max(continuity.expected, last))
  }

  static func open(_ path: String, _ c: LogConfiguration) throws(LogError) -> any File {
    do throws(IOError) {
      return try c.fileSystem.open(path, .readOnly)
    } catch {
      throw .io(error, doing: "could not open a segment of the log")
    }
  }
}
