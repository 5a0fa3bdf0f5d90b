import CHoldfast
import Synchronization

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// An open file of the operating system.
///
/// A descriptor is a small number that the system gives to the next file as soon as it is closed. So it is
/// closed only when no call is using it: ``close()`` refuses new calls at once, and the last call that began
/// before it closes the descriptor on its way out.
final class POSIXFile: File {
  let path: String
  private let descriptor: Int32

  /// How many calls are using the descriptor, and in ``closedBit`` whether new ones are refused.
  private let users = Atomic<UInt64>(0)
  private static let closedBit: UInt64 = 1 << 63
  private let isLocked = Atomic<Bool>(false)

  /// The most that one call asks for. Darwin refuses more than 2 GiB − 1 at once; callers loop anyway.
  private static let maximumTransfer = 1 << 30

  init(path: String, descriptor: Int32) {
    self.path = path
    self.descriptor = descriptor
  }

  deinit { close() }

  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
    try using(.read) { (descriptor) throws(IOError) in
      let position = try self.position(offset, .read)
      let count = min(buffer.count, POSIXFile.maximumTransfer)
      return try retrying(.read, path) { pread(descriptor, buffer.baseAddress, count, position) }
    }
  }

  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(IOError) -> Int {
    try using(.write) { (descriptor) throws(IOError) in
      guard !bytes.isEmpty else { return 0 }
      let position = try self.position(offset, .write)
      // The system would send SIGXFSZ, which ends a process that does not ask for anything else; how a
      // process treats its signals is not for a library to change. A write across the limit is cut short.
      guard offset < holdfast_file_size_limit() else {
        throw IOError(operation: .write, path: path, code: EFBIG)
      }
      let count = min(bytes.count, POSIXFile.maximumTransfer)
      let written = try retrying(.write, path) { pwrite(descriptor, bytes.baseAddress, count, position) }
      // POSIX leaves the reason open. Callers loop until all is written, so 0 must not look like progress.
      guard written > 0 else { throw IOError(operation: .write, path: path, code: EIO) }
      return written
    }
  }

  func sync() throws(IOError) {
    try using(.sync) { (descriptor) throws(IOError) in
      // Not repeated after EINTR: whatever ended a sync early, what it did not reach is unknown.
      let code = holdfast_sync(descriptor)
      guard code == 0 else { throw IOError(operation: .sync, path: path, code: code) }
    }
  }

  func size() throws(IOError) -> UInt64 {
    try using(.size) { (descriptor) throws(IOError) in
      var facts = stat()
      guard fstat(descriptor, &facts) == 0 else { throw IOError(operation: .size, path: path, code: errno) }
      return UInt64(facts.st_size)
    }
  }

  func truncate(to size: UInt64) throws(IOError) {
    try using(.truncate) { (descriptor) throws(IOError) in
      let length = try position(size, .truncate)
      // As for writing; making a file shorter is never refused.
      var facts = stat()
      if size > holdfast_file_size_limit(), fstat(descriptor, &facts) == 0, length > facts.st_size {
        throw IOError(operation: .truncate, path: path, code: EFBIG)
      }
      try retrying(.truncate, path) { ftruncate(descriptor, length) }
    }
  }

  func lock(_ kind: FileLock) throws(IOError) -> Bool {
    try using(.lock) { (descriptor) throws(IOError) in
      let code = holdfast_lock(descriptor, kind == .exclusive ? 1 : 0)
      if code == EWOULDBLOCK { return false }
      guard code == 0 else { throw IOError(operation: .lock, path: path, code: code) }
      isLocked.store(true, ordering: .relaxed)
      return true
    }
  }

  func close() {
    let before = users.bitwiseOr(POSIXFile.closedBit, ordering: .acquiringAndReleasing).oldValue
    if before == 0 { closeDescriptor() }
  }

  /// Runs `body` with a descriptor that stays open until it returns.
  private func using<R>(
    _ operation: IOError.Operation, _ body: (Int32) throws(IOError) -> R
  ) throws(IOError) -> R {
    var count = users.load(ordering: .relaxed)
    while true {
      guard count & POSIXFile.closedBit == 0 else {
        throw IOError(operation: operation, path: path, code: EBADF)
      }
      let result = users.weakCompareExchange(
        expected: count, desired: count + 1, successOrdering: .acquiring, failureOrdering: .relaxed)
      if result.exchanged { break }
      count = result.original
    }
    defer {
      let left = users.wrappingSubtract(1, ordering: .acquiringAndReleasing).newValue
      if left == POSIXFile.closedBit { closeDescriptor() }
    }
    return try body(descriptor)
  }

  /// Offsets are signed for the system.
  private func position(_ offset: UInt64, _ operation: IOError.Operation) throws(IOError) -> off_t {
    guard let position = off_t(exactly: offset) else {
      throw IOError(operation: operation, path: path, code: EFBIG)
    }
    return position
  }

  // The result says nothing that could still be acted on: what must be durable was synced before, and after
  // EINTR Linux has closed the descriptor all the same.
  private func closeDescriptor() {
    // A child that was forked meanwhile has the open file, too, and would keep the lock.
    if isLocked.load(ordering: .relaxed) { holdfast_unlock(descriptor) }
    _ = closeSystemFile(descriptor)
  }
}

// Inside a type with a method of the same name, the system's cannot be reached by its own.
private func closeSystemFile(_ descriptor: Int32) -> Int32 { close(descriptor) }
