import HoldfastIO

/// Why the log could not do what was asked: a code to decide by, and a sentence for people that ends with
/// what to do next. Never holds anything from a payload.
public struct LogError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What went wrong, as far as a caller can act on it.
  public enum Code: String, Sendable {
    /// The log, or frames that the caller needs, are not there.
    case missing
    /// Bytes that were acknowledged are damaged or gone.
    case damaged
    /// A log of that id is there already.
    case exists
    /// No room. Nothing was changed.
    case diskFull
    /// A read, or a write that no acknowledgement depends on, failed.
    case ioFailed
    /// A write of frames failed: call ``Log/discard(from:)``.
    case writeFailed
    /// A sync failed: the log is poisoned.
    case syncFailed
    /// The log was poisoned earlier and takes nothing more.
    case poisoned
    /// The commit, its extension or the backlog is over a limit.
    case tooLarge
    /// Frames that were asked for have been retired.
    case notRetained
    /// The log is encrypted and no key was given.
    case keyRequired
    /// The key does not fit, or someone changed the bytes on purpose.
    case authenticationFailed
    /// The log was written by a version with features that this one does not know.
    case unsupported
    /// The log was closed.
    case closed
    /// The call does not fit the state of the log: a mistake of the caller.
    case invalid
  }

  /// What went wrong.
  public var code: Code
  /// What happened, to what, and what to do next.
  public var message: String
  /// The file it happened to, where there is one.
  public var file: String?
  /// The offset in that file, in bytes.
  public var offset: UInt64?
  /// The commits it concerns.
  public var lsns: ClosedRange<UInt64>?
  /// What the system said.
  public var underlying: IOError?

  /// Makes an error.
  public init(
    _ code: Code, _ message: String, file: String? = nil, offset: UInt64? = nil,
    lsns: ClosedRange<UInt64>? = nil, underlying: IOError? = nil
  ) {
    self.code = code
    self.message = message
    self.file = file
    self.offset = offset
    self.lsns = lsns
    self.underlying = underlying
  }

  /// The sentence.
  public var description: String { message }

  /// Whether lack of room was the cause.
  public var isDiskFull: Bool { code == .diskFull || underlying?.errorClass == .diskFull }
}

extension LogError {
  /// A read, or a write on which no acknowledgement depends.
  static func io(_ error: IOError, doing what: String) -> LogError {
    LogError(
      error.errorClass == .diskFull ? .diskFull : .ioFailed,
      "\(what): \(error). \(advice(error))", file: error.path, underlying: error)
  }

  static func write(_ error: IOError, file: String, lsns: ClosedRange<UInt64>) -> LogError {
    LogError(
      error.errorClass == .diskFull ? .diskFull : .writeFailed,
      "could not write commits \(lsns.lowerBound)…\(lsns.upperBound) to the log: \(error). \(advice(error))",
      file: file, lsns: lsns, underlying: error)
  }

  static func sync(_ error: IOError, file: String) -> LogError {
    LogError(
      .syncFailed,
      "could not make the log durable: \(error). Which of the latest commits survived is unknown: "
        + "close the database and open it again, which recovers it",
      file: file, underlying: error)
  }

  static func damaged(
    _ what: String, file: String, offset: UInt64? = nil, lsns: ClosedRange<UInt64>? = nil
  ) -> LogError {
    let place = offset.map { " at byte \($0)" } ?? ""
    let range = lsns.map { ", commits \($0.lowerBound)…\($0.upperBound)" } ?? ""
    return LogError(
      .damaged,
      "the log is damaged: \(file)\(place)\(range): \(what). "
        + "Put the file back from a copy, or repair from the archive or a backup; nothing was changed",
      file: file, offset: offset, lsns: lsns)
  }

  private static func advice(_ error: IOError) -> String {
    switch error.errorClass {
    case .diskFull: "Make room on the volume and try again"
    case .notPermitted where error.isReadOnlyMount: "Mount the volume for writing and try again"
    case .notPermitted: "Check the owner and the mode of the folder"
    case .tooManyFiles: "Close files, or raise the limit of open files (ulimit -n), and try again"
    default: "Check the volume and try again"
    }
  }
}
