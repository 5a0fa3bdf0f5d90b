/// A file system that tries calls again which failed with a transient error, as a ``RetryPolicy`` says: all
/// calls but syncs, locks and closing. Everything that a database does to its disk goes through one.
///
/// A sync is never tried again: after a failed one the kernel may have dropped what it could not write, and
/// the next would report a success that means nothing. A lock is asked for without waiting on purpose.
///
/// The calling thread sleeps between attempts, with whatever latches it holds: with the usual policy 3.1 s at
/// most (100 + 200 + 400 + 800 + 1600 ms) for one call. So others wait meanwhile as they would for a slow
/// disk: for a write of the log, everybody who waits for a sync; for a new segment, or for a page that a
/// commit changes, everybody who writes; for a checkpoint's pages, only checkpoints and closing. A reader
/// waits for nobody but its own pages.
public struct RetryingFileSystem: FileSystem {
  private let base: any FileSystem
  private let retry: Retry

  /// Puts retries before `base`. Pauses are slept on `clock`, and their jitter is drawn from `random`.
  public init(
    _ base: any FileSystem, policy: RetryPolicy, clock: any Clock, random: any RandomSource
  ) {
    self.base = base
    retry = Retry(policy: policy, clock: clock, random: random)
  }

  public func open(_ path: String, _ mode: OpenMode) throws(IOError) -> any File {
    let file = try retry.run { () throws(IOError) in try base.open(path, mode) }
    return RetryingFile(file, retry)
  }

  public func information(at path: String) throws(IOError) -> FileInformation? {
    try retry.run { () throws(IOError) in try base.information(at: path) }
  }

  public func list(_ directory: String) throws(IOError) -> [String] {
    try retry.run { () throws(IOError) in try base.list(directory) }
  }

  public func createDirectory(_ path: String) throws(IOError) {
    try retry.run { () throws(IOError) in try base.createDirectory(path) }
  }

  public func rename(_ source: String, to destination: String) throws(IOError) {
    try retry.run { () throws(IOError) in try base.rename(source, to: destination) }
  }

  public func remove(_ path: String) throws(IOError) {
    try retry.run { () throws(IOError) in try base.remove(path) }
  }

  public func syncDirectory(_ path: String) throws(IOError) { try base.syncDirectory(path) }

  public func volume(at path: String) throws(IOError) -> VolumeInformation {
    try retry.run { () throws(IOError) in try base.volume(at: path) }
  }
}

/// A file of a ``RetryingFileSystem``.
private final class RetryingFile: File {
  private let base: any File
  private let retry: Retry

  init(_ base: any File, _ retry: Retry) {
    self.base = base
    self.retry = retry
  }

  var path: String { base.path }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
    try retry.run { () throws(IOError) in try base.read(into: buffer, at: offset) }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
    try retry.run { () throws(IOError) in try base.write(bytes, at: offset) }
  }

  func sync() throws(IOError) { try base.sync() }

  func size() throws(IOError) -> UInt64 {
    try retry.run { () throws(IOError) in try base.size() }
  }

  func truncate(to size: UInt64) throws(IOError) {
    try retry.run { () throws(IOError) in try base.truncate(to: size) }
  }

  func lock(_ kind: FileLock) throws(IOError) -> Bool { try base.lock(kind) }

  func close() { base.close() }
}

/// A policy with what it needs.
private struct Retry: Sendable {
  let policy: RetryPolicy
  let clock: any Clock
  let random: any RandomSource

  /// Runs `body` again while it fails with a transient error and the policy allows.
  func run<R>(_ body: () throws(IOError) -> R) throws(IOError) -> R {
    var attempt = 0
    while true {
      do {
        return try body()
      } catch {
        attempt += 1
        guard error.kind == .transient, attempt <= policy.attempts else { throw error }
        clock.sleep(nanoseconds: policy.pause(attempt, random: random))
      }
    }
  }
}
