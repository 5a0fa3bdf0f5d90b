import HoldfastIO

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An open file of a ``SimulatedDisk``.
final class SimulatedFile: File {
  let path: String
  private let disk: SimulatedDisk
  private let mode: OpenMode
  private let handle: Int
  private let boot: Int
  /// The path as the disk counts and traces it.
  private let key: String

  // Safe to share: these are only touched while holding the disk's latch.
  nonisolated(unsafe) private let inode: Inode
  nonisolated(unsafe) private var isClosed = false

  init(disk: SimulatedDisk, path: String, mode: OpenMode, inode: Inode, handle: Int, boot: Int) {
    self.disk = disk
    self.path = path
    self.mode = mode
    self.handle = handle
    self.boot = boot
    self.inode = inode
    key = DiskPath.normalized(path)
  }

  deinit { close() }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
    try using(.read) { core throws(IOError) in try core.read(inode, key, into: buffer, at: offset) }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
    try using(.write) { core throws(IOError) in
      guard mode != .readOnly else { throw IOError(operation: .write, path: path, code: EBADF) }
      return try core.write(inode, key, bytes, at: offset)
    }
  }

  func sync() throws(IOError) {
    try using(.sync) { core throws(IOError) in try core.sync(inode, key) }
  }

  func size() throws(IOError) -> UInt64 {
    try using(.size) { core throws(IOError) in try core.size(inode, key) }
  }

  func truncate(to size: UInt64) throws(IOError) {
    try using(.truncate) { core throws(IOError) in
      guard mode != .readOnly else { throw IOError(operation: .truncate, path: path, code: EINVAL) }
      try core.truncate(inode, key, to: size)
    }
  }

  func lock(_ kind: FileLock) throws(IOError) -> Bool {
    try using(.lock) { core throws(IOError) in try core.lock(inode, key, handle: handle, mode: mode, kind) }
  }

  func close() {
    disk.withCore { core in
      guard !isClosed else { return }
      isClosed = true
      if boot == core.boot { core.close(inode, handle: handle) }
    }
  }

  private func using<R>(
    _ operation: IOError.Operation, _ body: (DiskCore) throws(IOError) -> R
  ) throws(IOError) -> R {
    try disk.withCore { core throws(IOError) in
      guard !isClosed else { throw IOError(operation: operation, path: path, code: EBADF) }
      // The process that opened it is dead.
      guard boot == core.boot else { throw IOError(operation: operation, path: path, code: EIO) }
      return try body(core)
    }
  }
}
