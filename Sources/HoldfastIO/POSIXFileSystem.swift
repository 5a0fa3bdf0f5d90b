import CHoldfast

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The file system of the operating system.
public struct POSIXFileSystem: FileSystem {
  /// All of them are the same.
  public init() {}

  public func open(_ path: String, _ mode: OpenMode) throws(IOError) -> any File {
    // O_NONBLOCK means nothing for files, but without it a name that turned out to be a pipe would hang here.
    let common = O_CLOEXEC | O_NOCTTY | O_NONBLOCK
    let flags =
      switch mode {
      case .readOnly: O_RDONLY | common
      case .readWrite: O_RDWR | common
      case .create: O_RDWR | O_CREAT | O_EXCL | common
      }
    let descriptor = try retrying(.open, path) { posixOpen(path, flags, 0o600) }
    // Linux opens a directory for reading without complaint and fails at the first read.
    var facts = stat()
    guard fstat(descriptor, &facts) == 0 else {
      let code = errno
      posixClose(descriptor)
      throw IOError(operation: .open, path: path, code: code)
    }
    guard facts.st_mode & S_IFMT != S_IFDIR else {
      posixClose(descriptor)
      throw IOError(operation: .open, path: path, code: EISDIR)
    }
    return POSIXFile(path: path, descriptor: descriptor)
  }

  public func information(at path: String) throws(IOError) -> FileInformation? {
    var facts = stat()
    guard stat(path, &facts) == 0 else {
      // Below a name that is no directory there is nothing either.
      if errno == ENOENT || errno == ENOTDIR { return nil }
      throw IOError(operation: .information, path: path, code: errno)
    }
    switch facts.st_mode & S_IFMT {
    case S_IFREG: return FileInformation(kind: .file, size: UInt64(facts.st_size))
    case S_IFDIR: return FileInformation(kind: .directory, size: 0)
    default: return FileInformation(kind: .other, size: 0)
    }
  }

  public func list(_ directory: String) throws(IOError) -> [String] {
    guard let stream = opendir(directory) else {
      throw IOError(operation: .list, path: directory, code: errno)
    }
    defer { closedir(stream) }
    var names: [String] = []
    while true {
      errno = 0
      guard let entry = readdir(stream) else {
        guard errno == 0 else { throw IOError(operation: .list, path: directory, code: errno) }
        break
      }
      let name = withUnsafePointer(to: &entry.pointee.d_name) { tuple in
        tuple.withMemoryRebound(to: CChar.self, capacity: MemoryLayout.size(ofValue: tuple.pointee)) {
          String(cString: $0)
        }
      }
      if name != "." && name != ".." { names.append(name) }
    }
    return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  public func createDirectory(_ path: String) throws(IOError) {
    try retrying(.createDirectory, path) { mkdir(path, 0o700) }
  }

  public func rename(_ source: String, to destination: String) throws(IOError) {
    try retrying(.rename, source) { posixRename(source, destination) }
  }

  public func remove(_ path: String) throws(IOError) {
    try retrying(.remove, path) { posixRemove(path) }
  }

  public func syncDirectory(_ path: String) throws(IOError) {
    let descriptor = try retrying(.syncDirectory, path) {
      posixOpen(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    }
    defer { posixClose(descriptor) }
    // Not repeated after EINTR: whatever ended a sync early, what it did not reach is unknown.
    let code = holdfast_sync_directory(descriptor)
    guard code == 0 else { throw IOError(operation: .syncDirectory, path: path, code: code) }
  }

  public func volume(at path: String) throws(IOError) -> VolumeInformation {
    var facts = holdfast_volume_information()
    let code = holdfast_volume(path, &facts)
    guard code == 0 else { throw IOError(operation: .volume, path: path, code: code) }
    return VolumeInformation(
      isNetwork: facts.is_network != 0, availableBytes: facts.available_bytes, totalBytes: facts.total_bytes)
  }
}

/// Calls `body` until a signal does not interrupt it, and makes an error of a result below 0.
@discardableResult
func retrying<Result: SignedInteger>(
  _ operation: IOError.Operation, _ path: String, _ body: () -> Result
) throws(IOError) -> Result {
  while true {
    let result = body()
    if result >= 0 { return result }
    let code = errno
    if code != EINTR { throw IOError(operation: operation, path: path, code: code) }
  }
}

// Inside a type with methods of the same names, these calls cannot be reached by their own.

private func posixOpen(_ path: String, _ flags: Int32, _ mode: mode_t) -> Int32 { open(path, flags, mode) }

private func posixRename(_ source: String, _ destination: String) -> Int32 { rename(source, destination) }

// remove(3) removes files and empty directories alike.
private func posixRemove(_ path: String) -> Int32 { remove(path) }

private func posixClose(_ descriptor: Int32) { _ = close(descriptor) }
