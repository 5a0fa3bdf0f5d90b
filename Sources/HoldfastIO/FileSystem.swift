/// What Holdfast asks of a file system, and nothing more.
///
/// Every byte that Holdfast reads or writes goes through this protocol, so that tests can put a simulated
/// disk under the whole database. Paths are absolute or relative to the process's working directory, with `/`
/// between their parts. All calls block.
public protocol FileSystem: Sendable {
  /// Opens a file.
  func open(_ path: String, _ mode: OpenMode) throws(IOError) -> any File

  /// What is at `path`, or `nil` when nothing is. Symbolic links are followed.
  func information(at path: String) throws(IOError) -> FileInformation?

  /// The names in a directory, sorted by their bytes, without `.` and `..`.
  func list(_ directory: String) throws(IOError) -> [String]

  /// Creates a directory (mode 0700). Fails with `EEXIST` when something has that name.
  func createDirectory(_ path: String) throws(IOError)

  /// Renames a file, replacing `destination` in one step. Durable only after both directories are synced.
  func rename(_ source: String, to destination: String) throws(IOError)

  /// Removes a file or an empty directory. Durable only after the directory is synced.
  func remove(_ path: String) throws(IOError)

  /// Makes the entries of a directory durable: names created, renamed and removed in it.
  func syncDirectory(_ path: String) throws(IOError)

  /// Facts about the volume that holds `path` (which must exist).
  func volume(at path: String) throws(IOError) -> VolumeInformation
}

/// How a file is opened.
public enum OpenMode: Sendable, Equatable {
  /// For reading only; the file must exist.
  case readOnly
  /// For reading and writing; the file must exist.
  case readWrite
  /// For reading and writing; made with mode 0600, and fails with `EEXIST` when it exists.
  case create
}

/// What kind of thing has a name, and how large it is.
public struct FileInformation: Sendable, Equatable {
  /// The kinds that Holdfast tells apart.
  public enum Kind: Sendable, Equatable {
    /// A file with bytes.
    case file
    /// A directory.
    case directory
    /// A pipe, a device, a socket.
    case other
  }

  /// What it is.
  public var kind: Kind
  /// Its length in bytes; 0 for directories.
  public var size: UInt64

  /// Facts about one name.
  public init(kind: Kind, size: UInt64) {
    self.kind = kind
    self.size = size
  }
}

/// Facts about a mounted volume.
public struct VolumeInformation: Sendable, Equatable {
  /// Whether the volume is reached over a network (NFS, SMB, 9P, …), where locks and syncs promise less.
  public var isNetwork: Bool
  /// Bytes that this process could still write.
  public var availableBytes: UInt64
  /// The size of the volume in bytes.
  public var totalBytes: UInt64

  /// Facts about one volume.
  public init(isNetwork: Bool, availableBytes: UInt64, totalBytes: UInt64) {
    self.isNetwork = isNetwork
    self.availableBytes = availableBytes
    self.totalBytes = totalBytes
  }
}
