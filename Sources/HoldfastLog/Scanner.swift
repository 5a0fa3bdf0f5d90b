import HoldfastIO

/// Walks a log from the segment that holds the first wanted commit to its end, and decides what that end
/// means.
struct Scanner {
  let configuration: LogConfiguration
  let after: UInt64
  let folder: LogFolder
  /// All segments of this log, by sequence.
  let all: [FoundSegment]
  /// The one the walk is in.
  var index: Int
  var continuity: Continuity
  var result: LogScan
  /// Where the commit began of which parts have been seen, and how many bytes they take.
  var commitStart: (path: String, offset: UInt64)?
  var commitBytes: UInt64 = 0

  /// Finds the log's segments and where to begin.
  init(_ c: LogConfiguration, id: LogID, after: UInt64, folder: LogFolder) throws(LogError) {
    configuration = c
    self.after = after
    self.folder = folder
    if let later = folder.unsupported.first(where: { $0.logID == id && $0.databaseID == c.identity }) {
      throw LogError(
        .unsupported,
        "\(later.path) was written by a later version of Holdfast: open the database with that one",
        file: later.path)
    }
    let found = folder.segments.filter { $0.header.logID == id && $0.header.databaseID == c.identity }
    all = found.sorted {
      $0.header.sequence != $1.header.sequence ? $0.header.sequence < $1.header.sequence : $0.path < $1.path
    }
    guard let oldest = all.first else { throw Scanner.absent(c, id: id, folder: folder) }
    try Scanner.checkOrder(all)
    // Two segments may begin with the same LSN, and a commit may have begun in the segment before the one
    // that begins with it: hence "below", not "at".
    index = all.lastIndex { $0.header.firstLSN <= after } ?? 0
    // A crash while segments were being given up may have kept one and lost another behind it. What lies
    // before such a gap is not needed when the segment behind it begins right after what is there.
    let (before, segments) = (index, all)
    let gap = segments.indices.last { place in
      place > before && segments[place].header.sequence != segments[place - 1].header.sequence + 1
        && segments[place].header.firstLSN - 1 == after
    }
    if let gap { index = gap }
    let start = all[index]
    guard start.header.firstLSN <= after || start.header.firstLSN - 1 == after else {
      throw Scanner.beginsTooLate(start, after: after, folder: folder, tag: id.tag)
    }
    continuity = Continuity(firstLSN: start.header.firstLSN, chain: start.header.previousCRC)
    result = LogScan(
      id: id, epoch: oldest.header.epoch, firstLSN: start.header.firstLSN, lastLSN: start.header.firstLSN - 1,
      configuration: c, segments: [])
  }

  mutating func run() throws(LogError) -> LogScan {
    while index < all.count {
      let segment = all[index]
      result.segments.append(segment)
      let file = try ChainReader.open(segment.path, configuration)
      defer { file.close() }
      try checkSegment(segment, file)
      let reader = SegmentReader(
        file: file, path: segment.path, header: segment.header, end: segment.header.size, configuration)
      guard let end = try walk(reader) else { return result }
      try follow(end, from: segment)
      index += 1
    }
    return result
  }

  /// Reads one segment. Returns its end frame, or `nil` when the log ends in it.
  private mutating func walk(_ reader: SegmentReader) throws(LogError) -> SegmentReader.Frame? {
    while true {
      let offset = reader.offset
      switch try reader.next() {
      case .bad(let reason):
        try finish(reader, at: offset, reason: reason)
        return nil
      case .frame(let frame):
        if let reason = continuity.accept(frame.header) {
          try finish(reader, at: offset, reason: reason)
          return nil
        }
        if frame.header.kind == .segmentEnd { return frame }
        try count(frame, path: reader.path)
      }
    }
  }

  private mutating func count(_ frame: SegmentReader.Frame, path: String) throws(LogError) {
    let header = frame.header
    if continuity.lacksBeginning, header.lsn > after {
      throw LogError(
        .missing,
        "the first parts of commit \(header.lsn) are missing: the segment before \(path) is not there. "
          + "Put it back, or restore from a backup",
        file: path, offset: frame.offset, lsns: header.lsn...header.lsn)
    }
    if commitStart == nil { commitStart = (path, frame.offset) }
    commitBytes += UInt64(header.frameLength)
    if header.lsn > after {
      result.frames += 1
      result.bytes += UInt64(header.frameLength)
    }
    guard !continuity.isInside else { return }
    if continuity.lacksBeginning { result.firstLSN = header.lsn + 1 }
    continuity.finishedCommit()
    commitStart = nil
    commitBytes = 0
    result.lastLSN = header.lsn
    result.lastTimestamp = max(result.lastTimestamp, header.timestamp)
    result.lastTransaction = max(result.lastTransaction, header.transaction)
  }
}
