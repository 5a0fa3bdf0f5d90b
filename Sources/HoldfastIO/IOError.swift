#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A call to the operating system that failed: what was asked, of which file, and the system's error number.
public struct IOError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What was asked of the system.
  public enum Operation: String, Sendable {
    case open, read, write, sync, size, truncate, lock, list, rename, remove
    case createDirectory = "create directory"
    case syncDirectory = "sync directory"
    case information = "look up"
    case volume = "look at the volume of"
  }

  /// What an error number means for the caller. Told by number alone, never by text.
  public enum Class: Sendable, Equatable {
    /// Worth trying again: `EINTR`, `EAGAIN`, `EBUSY`, `ETIMEDOUT`.
    case transient
    /// No room: `ENOSPC`, `EDQUOT`, `EFBIG`.
    case diskFull
    /// Too many open files: `EMFILE`, `ENFILE`.
    case tooManyFiles
    /// The system has no memory for the call: `ENOMEM`.
    case outOfMemory
    /// Nothing has that name: `ENOENT`.
    case notFound
    /// Something has that name already: `EEXIST`.
    case exists
    /// Not allowed: `EACCES`, `EPERM`, `EROFS`.
    case notPermitted
    /// Everything else, `EIO` first of all.
    case permanent
  }

  /// What helps against an error, and so what is done about it. Follows from the ``Class`` alone.
  public enum Kind: Sendable, Equatable {
    /// Trying again: ``RetryPolicy`` says how often.
    case transient
    /// Waiting for a resource that the program or somebody else gives back: room on the volume, open files,
    /// memory. The device itself is well, so it is no reason to stop using it.
    case exhausted
    /// Nothing that a program can do. When it happens again and again, leaving the device alone for a while.
    case permanent
  }

  /// What was asked.
  public var operation: Operation
  /// Of which file or directory.
  public var path: String
  /// The system's error number (`errno`).
  public var code: Int32

  /// An error that the system answered with.
  public init(operation: Operation, path: String, code: Int32) {
    self.operation = operation
    self.path = path
    self.code = code
  }

  /// The number that stands for "input/output error".
  public static var ioErrorCode: Int32 { EIO }

  /// Whether the call failed because the file had been closed: `EBADF`.
  public var isClosed: Bool { code == EBADF }

  /// Whether the volume is mounted for reading only: `EROFS`.
  public var isReadOnlyMount: Bool { code == EROFS }

  /// What the error number means for the caller.
  public var errorClass: Class {
    switch code {
    case EINTR, EAGAIN, EBUSY, ETIMEDOUT: .transient
    case ENOSPC, EDQUOT, EFBIG: .diskFull
    case EMFILE, ENFILE: .tooManyFiles
    case ENOMEM: .outOfMemory
    case ENOENT: .notFound
    case EEXIST: .exists
    case EACCES, EPERM, EROFS: .notPermitted
    default: .permanent
    }
  }

  /// What helps.
  public var kind: Kind {
    switch errorClass {
    case .transient: .transient
    case .diskFull, .tooManyFiles, .outOfMemory: .exhausted
    case .notFound, .exists, .notPermitted, .permanent: .permanent
    }
  }

  /// What was asked, of what, and what the system calls the reason.
  public var description: String {
    "could not \(operation.rawValue) \(path): \(String(cString: strerror(code))) (errno \(code))"
  }
}
