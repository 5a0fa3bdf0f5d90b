import HoldfastIO

/// What lies in a folder of logs.
struct LogFolder {
  struct Unreadable {
    var path: String
    var name: SegmentName
    var reason: String
  }

  var segments: [FoundSegment] = []
  /// Files named like segments whose headers are no good.
  var unreadable: [Unreadable] = []
  /// Segments of a later format.
  var unsupported: [(path: String, databaseID: [UInt8], logID: LogID)] = []
  var spares: [(path: String, logID: LogID)] = []

  static func read(_ c: LogConfiguration) throws(LogError) -> LogFolder {
    var folder = LogFolder()
    do throws(IOError) {
      guard try c.fileSystem.information(at: c.directory) != nil else { return folder }
      let names = try c.fileSystem.list(c.directory)
      for name in names.prefix(LogLimits.filesInFolder) {
        let path = c.path(name)
        if let owner = SegmentName.spareOwner(name) { folder.spares.append((path, owner)) }
        guard name.hasSuffix(SegmentName.suffix) else { continue }
        switch SegmentHeader.decode(try readHeader(path, c)) {
        case .header(let header):
          folder.segments.append(FoundSegment(path: path, header: header))
        case .unsupported(let database, let log):
          folder.unsupported.append((path, database, log))
        case .unreadable(let reason):
          guard let parsed = SegmentName(name) else { continue }
          folder.unreadable.append(Unreadable(path: path, name: parsed, reason: reason))
        }
      }
    } catch {
      throw .io(error, doing: "could not look into the folder of the log")
    }
    return folder
  }

  private static func readHeader(_ path: String, _ c: LogConfiguration) throws(IOError) -> [UInt8] {
    let file = try c.fileSystem.open(path, .readOnly)
    defer { file.close() }
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: SegmentHeader.size, alignment: 16)
    defer { memory.deallocate() }
    let count = try file.readFully(into: memory, at: 0)
    return Array(memory[..<count])
  }
}

/// One log in a folder.
public struct LogInventory: Sendable {
  /// One of its segments.
  public struct Segment: Sendable {
    /// The file.
    public var path: String
    /// Its place in the log, from 1.
    public var sequence: UInt64
    /// The LSN it begins with.
    public var firstLSN: UInt64
    /// Its length in bytes.
    public var size: UInt64
  }

  /// The log's name.
  public var id: LogID
  /// The database it belongs to.
  public var databaseID: [UInt8]
  /// Its epoch, when a segment could be read.
  public var epoch: UInt32?
  /// Its segments, in order.
  public var segments: [Segment] = []
  /// Files kept for later use that it left behind.
  public var spares: [String] = []
  /// Whether it was written by a version with features unknown to this one.
  public var isUnsupported = false
}

extension LogScan {
  /// Which logs lie in the folder, by id, and the segment files whose headers are no good. For messages, and
  /// to find what a crash left over. A folder that is not there holds nothing.
  public static func inventory(
    _ c: LogConfiguration
  ) throws(LogError) -> (logs: [LogInventory], unreadable: [String]) {
    let folder = try LogFolder.read(c)
    var logs: [LogID: LogInventory] = [:]
    for found in folder.segments {
      let header = found.header
      var log = logs[header.logID] ?? LogInventory(id: header.logID, databaseID: header.databaseID)
      log.epoch = header.epoch
      log.segments.append(
        LogInventory.Segment(
          path: found.path, sequence: header.sequence, firstLSN: header.firstLSN, size: header.size))
      logs[header.logID] = log
    }
    for found in folder.unsupported {
      logs[found.logID, default: LogInventory(id: found.logID, databaseID: found.databaseID)]
        .isUnsupported = true
    }
    for spare in folder.spares {
      logs[spare.logID, default: LogInventory(id: spare.logID, databaseID: c.identity)]
        .spares.append(spare.path)
    }
    for id in logs.keys { logs[id]?.segments.sort { $0.sequence < $1.sequence } }
    return (logs.values.sorted { $0.id.description < $1.id.description }, folder.unreadable.map(\.path))
  }
}

extension Log {
  /// Removes every file of the log `id`, durably: oldest segment first, so that what an interruption leaves
  /// can be seen to lack its beginning. The folder and other files stay. Nothing happens when there is no
  /// such log.
  public static func remove(_ c: LogConfiguration, id: LogID) throws(LogError) {
    let folder = try LogFolder.read(c)
    let segments = folder.segments.filter { $0.header.logID == id && $0.header.databaseID == c.identity }
      .sorted { $0.header.sequence < $1.header.sequence }
    var paths = segments.map(\.path)
    paths += folder.unreadable.filter { $0.name.tag == id.tag }.map(\.path)
    paths += folder.spares.filter { $0.logID == id }.map(\.path)
    guard !paths.isEmpty else { return }
    do throws(IOError) {
      for path in paths { try c.fileSystem.remove(path) }
      try c.fileSystem.syncDirectory(c.directory)
    } catch {
      throw .io(error, doing: "could not remove the log in \(c.directory)")
    }
  }
}
