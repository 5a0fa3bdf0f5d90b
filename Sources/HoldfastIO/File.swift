/// An open file. Safe to use from several threads at once; closed by ``close()`` or when released.
public protocol File: AnyObject, Sendable {
  /// The path it was opened by, for messages.
  var path: String { get }

  /// Reads up to `buffer.count` bytes at `offset`. Returns how many were read: fewer than asked near the end
  /// of the file or whenever the system pleases, 0 only at or past the end.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64) throws(IOError) -> Int

  /// Writes up to `bytes.count` bytes at `offset`, extending the file when needed. Returns how many were
  /// written, at least 1 unless `bytes` is empty. Not durable before ``sync()`` returns.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(IOError) -> Int

  /// Makes everything durable whose write returned before this call began: the bytes, and the length of the
  /// file. After an error nothing is known about any byte written since the last successful sync, and calling
  /// again must not be taken as a repair: the kernel may have dropped the data.
  func sync() throws(IOError)

  /// The length of the file in bytes.
  func size() throws(IOError) -> UInt64

  /// Cuts or extends (with zeros) the file to `size` bytes.
  func truncate(to size: UInt64) throws(IOError)

  /// Takes an advisory lock on the whole file without waiting. Returns `false` when another open file, of
  /// this or another process, holds one that conflicts. The lock ends with ``close()`` or with the process.
  func lock(_ kind: FileLock) throws(IOError) -> Bool

  /// Closes the file. Further calls fail with `EBADF`. Closing twice does nothing.
  func close()
}

/// The two kinds of advisory lock.
public enum FileLock: Sendable, Equatable {
  /// Many may hold it at once.
  case shared
  /// One may hold it, and nobody else any.
  case exclusive
}

extension File {
  /// Reads exactly `buffer.count` bytes at `offset`, or as many as there are before the end of the file.
  /// Returns how many were read.
  public func readFully(
    into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
  ) throws(IOError) -> Int {
    var done = 0
    while done < buffer.count {
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
      let count = try read(into: part, at: offset + UInt64(done))
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Writes all of `bytes` at `offset`, however many calls that takes.
  public func writeFully(_ bytes: UnsafeRawBufferPointer, at offset: UInt64) throws(IOError) {
    var written = 0
    try writeFully(bytes, at: offset, written: &written)
  }

  /// Writes all of `bytes` at `offset`; `written` is how many are known to have been, also after an error.
  public func writeFully(
    _ bytes: UnsafeRawBufferPointer, at offset: UInt64, written: inout Int
  ) throws(IOError) {
    written = 0
    while written < bytes.count {
      let part = UnsafeRawBufferPointer(rebasing: bytes[written...])
      let count = try write(part, at: offset + UInt64(written))
      guard count > 0 else { throw IOError(operation: .write, path: path, code: IOError.ioErrorCode) }
      written += count
    }
  }
}
