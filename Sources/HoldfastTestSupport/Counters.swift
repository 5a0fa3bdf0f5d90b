/// How much a ``SimulatedDisk`` was asked to do. Operations that failed are counted too.
public struct Counters: Sendable, Equatable {
  /// Files opened or created.
  public internal(set) var opens = 0
  /// Calls that read.
  public internal(set) var reads = 0
  /// Calls that wrote.
  public internal(set) var writes = 0
  /// Syncs of files.
  public internal(set) var syncs = 0
  /// Syncs of directories.
  public internal(set) var directorySyncs = 0
  /// Bytes that reads returned.
  public internal(set) var bytesRead: UInt64 = 0
  /// Bytes that writes took.
  public internal(set) var bytesWritten: UInt64 = 0

  var writesByPath: [String: Int] = [:]
  var syncsByPath: [String: Int] = [:]
  var bytesWrittenByPath: [String: UInt64] = [:]

  /// All 0.
  public init() {}

  /// Writes to the file that was opened by this path.
  public func writes(to path: String) -> Int { writesByPath[DiskPath.normalized(path), default: 0] }

  /// Syncs of the file that was opened by this path, or of the directory.
  public func syncs(of path: String) -> Int { syncsByPath[DiskPath.normalized(path), default: 0] }

  /// Bytes that writes to the file that was opened by this path took.
  public func bytesWritten(to path: String) -> UInt64 {
    bytesWrittenByPath[DiskPath.normalized(path), default: 0]
  }

  /// Writes to all files below a directory.
  public func writes(under directory: String) -> Int { Counters.sum(writesByPath, under: directory) }

  /// Syncs of a directory and of everything below it.
  public func syncs(under directory: String) -> Int { Counters.sum(syncsByPath, under: directory) }

  private static func sum(_ counts: [String: Int], under directory: String) -> Int {
    let directory = DiskPath.normalized(directory)
    let prefix = directory == "/" ? directory : directory + "/"
    return counts.reduce(0) { $1.key == directory || $1.key.hasPrefix(prefix) ? $0 + $1.value : $0 }
  }
}
