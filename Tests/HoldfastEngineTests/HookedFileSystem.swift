import HoldfastIO
import HoldfastTestSupport
import Synchronization

/// A disk that calls a test back in the middle of things: once, before the next operation that it waits for.
///
/// What another thread could do at that moment, the test does there, and so at the same moment in each run.
final class HookedFileSystem: FileSystem {
  enum Operation {
    case write
    case sync
  }

  /// The data file, or any file of the log.
  enum Place {
    case data
    case log
  }

  private struct Hook: Sendable {
    var operation: Operation
    var place: Place
    var skipping: Int
    var body: @Sendable () -> Void
  }

  private let disk: SimulatedDisk
  private let hook = Mutex<Hook?>(nil)
  private let writable = Mutex<[String]>([])

  init(_ disk: SimulatedDisk) { self.disk = disk }

  /// Calls `body` before the next such operation there, or before a later one, `skipping` so many.
  func once(
    before operation: Operation, of place: Place, skipping: Int = 0, _ body: @escaping @Sendable () -> Void
  ) {
    hook.withLock { $0 = Hook(operation: operation, place: place, skipping: skipping, body: body) }
  }

  /// Whether the hook still waits.
  var isWaiting: Bool { hook.withLock { $0 != nil } }

  /// The files that were opened, or made, for writing.
  var openedForWriting: [String] { writable.withLock { $0 } }

  private func reach(_ operation: Operation, _ path: String) {
    let place = path.contains("-log/") ? Place.log : .data
    let due = hook.withLock { hook -> Hook? in
      guard let found = hook, found.operation == operation, found.place == place else { return nil }
      if found.skipping > 0 {
        hook?.skipping -= 1
        return nil
      }
      hook = nil
      return found
    }
    due?.body()
  }

  private final class HookedFile: File {
    let file: any File
    let owner: HookedFileSystem

    init(_ file: any File, _ owner: HookedFileSystem) {
      self.file = file
      self.owner = owner
    }

    var path: String { file.path }
    func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
      try file.read(into: buffer, at: offset)
    }
    func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
      owner.reach(.write, path)
      return try file.write(bytes, at: offset)
    }
    func sync() throws(IOError) {
      owner.reach(.sync, path)
      try file.sync()
    }
    func size() throws(IOError) -> UInt64 { try file.size() }
    func truncate(to size: UInt64) throws(IOError) { try file.truncate(to: size) }
    func lock(_ kind: FileLock) throws(IOError) -> Bool { try file.lock(kind) }
    func close() { file.close() }
  }

  func open(_ path: String, _ mode: OpenMode) throws(IOError) -> any File {
    if mode != .readOnly { writable.withLock { $0.append(path) } }
    return HookedFile(try disk.open(path, mode), self)
  }
  func information(at path: String) throws(IOError) -> FileInformation? { try disk.information(at: path) }
  func list(_ directory: String) throws(IOError) -> [String] { try disk.list(directory) }
  func createDirectory(_ path: String) throws(IOError) { try disk.createDirectory(path) }
  func rename(_ source: String, to destination: String) throws(IOError) {
    try disk.rename(source, to: destination)
  }
  func remove(_ path: String) throws(IOError) { try disk.remove(path) }
  func syncDirectory(_ path: String) throws(IOError) { try disk.syncDirectory(path) }
  func volume(at path: String) throws(IOError) -> VolumeInformation { try disk.volume(at: path) }
}
