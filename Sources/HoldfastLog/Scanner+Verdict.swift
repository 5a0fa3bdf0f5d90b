import HoldfastIO

extension Scanner {
  /// Decides what a bad frame means: a torn tail, which is cut off and reported, or damage, which is refused.
  ///
  /// Damage it is when anything proves that the bad frame was durable once: a later good header that says so,
  /// any good frame in a later segment (nothing is written there before everything here is synced), or the
  /// caller.
  mutating func finish(_ reader: SegmentReader, at offset: UInt64, reason: String) throws(LogError) {
    let expected = continuity.expected
    let marks = try reader.marks(from: offset, atOrAbove: expected)
    if marks.highestDurable >= expected {
      throw .damaged(
        "\(reason), though a later frame says that commits through \(marks.highestDurable) were durable",
        file: reader.path, offset: offset, lsns: expected...marks.highestDurable)
    }
    if let later = try laterFrame() {
      throw .damaged(
        "\(reason), though \(later.path) goes on with commit \(later.lsn)", file: reader.path, offset: offset,
        lsns: expected...max(expected, later.lsn))
    }
    if let lost = unreadableBehind(all[index].header) {
      throw .damaged(
        "\(lost.reason), and the segment before it ends without naming a successor", file: lost.path,
        offset: 0,
        lsns: expected...max(expected, lost.name.firstLSN))
    }
    if expected <= after {
      throw .damaged(
        "\(reason), though the data file says that commits through \(after) were durable", file: reader.path,
        offset: offset, lsns: expected...after)
    }
    try report(reader, at: offset, reason: reason, marks: marks)
  }

  /// Says what was cut off, unless there is nothing but unused space.
  private mutating func report(
    _ reader: SegmentReader, at offset: UInt64, reason: String, marks: SegmentReader.Marks
  ) throws(LogError) {
    let torn = marks.headers > 0 ? marks.end - min(offset, marks.end) : 0
    if let start = commitStart {
      result.cut = LogScan.Cut(
        file: start.path, offset: start.offset, bytes: commitBytes + torn,
        reason: "commit \(continuity.expected) is incomplete: \(continuity.part) of its parts are there")
      return
    }
    // In a file that was used before, old bytes look like the remains of a torn header; in a new one there is
    // nothing but zeros where nothing was written.
    var isBlank = reader.header.isRecycled
    if !isBlank { isBlank = try reader.isBlank(at: offset) }
    guard marks.headers > 0 || !isBlank else { return }
    result.cut = LogScan.Cut(
      file: reader.path, offset: offset, bytes: max(torn, UInt64(FrameHeader.size)), reason: reason)
  }

  /// The first good frame in any later segment of this log.
  private func laterFrame() throws(LogError) -> (path: String, lsn: UInt64)? {
    for segment in all[(index + 1)...] {
      let file = try ChainReader.open(segment.path, configuration)
      defer { file.close() }
      let reader = SegmentReader(
        file: file, path: segment.path, header: segment.header, end: segment.header.size, configuration)
      let marks = try reader.marks(from: reader.offset, atOrAbove: continuity.expected)
      if marks.headers > 0 { return (segment.path, marks.highestLSN) }
    }
    return nil
  }

  /// A file that by its name belongs behind `header`, but cannot be read.
  private func unreadableBehind(_ header: SegmentHeader) -> LogFolder.Unreadable? {
    folder.unreadable.first {
      $0.name.tag == header.logID.tag && $0.name.epoch == header.epoch && $0.name.sequence > header.sequence
    }
  }

  /// A full segment names its successor, which was durable before: it must be there.
  func follow(_ end: SegmentReader.Frame, from segment: FoundSegment) throws(LogError) {
    let sequence = UnsafeRawPointer(end.bytes).littleEndian(FrameHeader.size, as: UInt64.self)
    let salt = Array(end.area.dropFirst(8))
    let lost = end.header.lsn...end.header.lsn
    guard index + 1 < all.count else {
      if let unreadable = unreadableBehind(segment.header) {
        throw .damaged(unreadable.reason, file: unreadable.path, offset: 0, lsns: lost)
      }
      throw .damaged(
        "the segment ends by naming a successor (number \(sequence)) that is not there", file: segment.path,
        offset: end.offset, lsns: lost)
    }
    let next = all[index + 1]
    guard next.header.sequence == sequence, sequence == segment.header.sequence + 1 else {
      throw .damaged(
        "segment number \(sequence) is missing between this and \(next.path)", file: segment.path,
        offset: end.offset, lsns: end.header.lsn...max(end.header.lsn, next.header.firstLSN))
    }
    guard next.header.salt == salt, next.header.firstLSN == end.header.lsn,
      next.header.previousCRC == end.header.crc
    else {
      throw .damaged(
        "it is not the segment that \(segment.path) names", file: next.path, offset: 0, lsns: lost)
    }
  }

  /// A file that is shorter than it was made before its first use has lost its end.
  func checkSegment(_ segment: FoundSegment, _ file: any File) throws(LogError) {
    let size: UInt64
    do throws(IOError) {
      size = try file.size()
    } catch {
      throw .io(error, doing: "could not look at a segment of the log")
    }
    guard size >= segment.header.size else {
      throw .damaged(
        "the file has \(size) of \(segment.header.size) bytes", file: segment.path, offset: size,
        lsns: continuity.expected...continuity.expected)
    }
  }

  static func checkOrder(_ all: [FoundSegment]) throws(LogError) {
    for (one, next) in zip(all, all.dropFirst()) {
      let (first, second) = (one.header.firstLSN, next.header.firstLSN)
      let lsns = min(first, second)...max(first, second)
      guard one.header.sequence != next.header.sequence else {
        throw .damaged(
          "it and \(next.path) both claim to be segment number \(one.header.sequence): "
            + "move the wrong one away",
          file: one.path, offset: 0, lsns: lsns)
      }
      guard one.header.epoch == next.header.epoch, one.header.firstLSN <= next.header.firstLSN else {
        throw .damaged("it does not follow \(one.path)", file: next.path, offset: 0, lsns: lsns)
      }
    }
  }

  static func absent(_ c: LogConfiguration, id: LogID, folder: LogFolder) -> LogError {
    if let lost = folder.unreadable.first(where: { $0.name.tag == id.tag }) {
      return .damaged(lost.reason, file: lost.path, offset: 0)
    }
    return LogError(
      .missing,
      "the log \(id) that the database needs is not in \(c.directory): "
        + "put the folder back where it was, or restore from a backup", file: c.directory)
  }

  static func beginsTooLate(
    _ start: FoundSegment, after: UInt64, folder: LogFolder, tag: String
  ) -> LogError {
    let lost = after + 1...max(after + 1, start.header.firstLSN - 1)
    if let unreadable = folder.unreadable.first(where: {
      $0.name.tag == tag && $0.name.sequence < start.header.sequence
    }) {
      return .damaged(unreadable.reason, file: unreadable.path, offset: 0, lsns: lost)
    }
    return LogError(
      .missing,
      "the log begins with commit \(start.header.firstLSN), but \(after + 1) is needed: "
        + "put the older segments back, or restore from a backup", file: start.path, lsns: lost)
  }
}
