import HoldfastIO
import HoldfastLog

/// Why the engine could not do what was asked: a code to act on, and a sentence that says what happened, to
/// what, and what to do next. Never contains keys' or values' bytes.
public struct StorageError: Error, Sendable, Equatable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Code: String, Sendable {
    /// There is no database at this path.
    case notFound
    /// There is a directory, or something else that is not a file, at this path.
    case notAFile
    /// The file is not a Holdfast database.
    case notADatabase
    /// The file is shorter than its own header says.
    case truncated
    /// The file was written by a newer Holdfast, or uses a feature that this one lacks.
    case unsupportedFormat
    /// The password or the key is wrong, or one was given or left out where it should not be.
    case authenticationFailed
    /// Another open database, of this or of another process, holds the lock.
    case databaseLocked
    /// The file is on a network file system.
    case networkFileSystem
    /// A checksum, a tag or a structure does not hold.
    case corrupted
    /// The slots name a log that is not beside the file.
    case missingLog
    /// There is no room on the disk, or a quota or size limit is reached.
    case diskFull
    /// Too many files are open, in this process or on this machine. Nothing was changed.
    case tooManyOpenFiles
    /// Writing failed too often in a row and is suspended for a while. Nothing was tried.
    case writesSuspended
    /// The operating system does not permit it.
    case notPermitted
    /// Any other failure of the operating system.
    case ioFailed
    /// A sync or an unrecoverable write failed: the outcome of the commits in flight is unknown, and nothing
    /// more is accepted until the database has been opened again.
    case outcomeUnknown
    /// The database is closed.
    case closed
    /// The database was opened for reading only.
    case readOnly
    /// A transaction is larger than the limit.
    case transactionTooLarge
    /// Another transaction has changed the same record, or what was read, since this one began. Roll it back
    /// and try it again.
    case writeConflict
    /// The transaction waited for others that waited for it, and was chosen to give way. Roll it back and try
    /// it again.
    case deadlock
    /// What others had locked did not become free in time.
    case lockTimeout
    /// The transaction was rolled back because it was not used for too long, or took too long.
    case transactionExpired
    /// A key or a value is larger than the limit, or a transaction has more locks than it may.
    case limitExceeded
    /// A call that makes no sense, such as a write transaction inside another.
    case invalidUse
  }

  /// What kind of failure it is.
  public let code: Code
  /// What happened, to what, and what to do next.
  public let message: String
  /// The operating system's error, when there was one.
  public let cause: IOError?
  /// The page that is damaged and the keys that this concerns, when that is what it is about. These bounds are
  /// parts of keys: they are for programs, and in no message.
  public internal(set) var damage: DamagedRange?
  /// The members of the deadlock, each of which waits for the next, and the last for the first. Empty when it
  /// is about something else.
  public internal(set) var cycle: [LockCycleEdge] = []

  public init(_ code: Code, _ message: String, cause: IOError? = nil) {
    self.code = code
    self.message = message
    self.cause = cause
  }

  /// A failed call to the operating system while doing `activity` ("writing a checkpoint").
  public init(_ error: IOError, while activity: String) {
    let code: Code =
      switch error.errorClass {
      case .diskFull: .diskFull
      case .notPermitted: .notPermitted
      case .notFound: .notFound
      case .tooManyFiles: .tooManyOpenFiles
      case .transient, .outOfMemory, .exists, .permanent: .ioFailed
      }
    let advice: String =
      switch error.errorClass {
      case .diskFull: "; nothing was changed: free some space and try again"
      case .notPermitted where error.isReadOnlyMount:
        "; the volume is read-only: open the database for reading only, or mount the volume for writing"
      case .notPermitted: "; check the permissions of the file and its folder"
      case .tooManyFiles: "; close files, or raise the limit of open files (ulimit -n), and try again"
      case .outOfMemory: "; free some memory and try again"
      default: ""
      }
    self.init(code, "\(activity) failed: \(error)\(advice)", cause: error)
  }

  /// What the log said.
  init(_ error: LogError) {
    let code: Code =
      switch error.code {
      case .missing, .notRetained: .missingLog
      case .damaged: .corrupted
      case .diskFull: .diskFull
      case .syncFailed, .poisoned: .outcomeUnknown
      case .tooLarge: .transactionTooLarge
      case .keyRequired, .authenticationFailed: .authenticationFailed
      case .unsupported: .unsupportedFormat
      case .closed: .closed
      case .invalid: .invalidUse
      case .exists, .ioFailed, .writeFailed:
        switch error.underlying?.errorClass {
        case .diskFull: .diskFull
        case .tooManyFiles: .tooManyOpenFiles
        default: .ioFailed
        }
      }
    self.init(code, error.message, cause: error.underlying)
  }

  public var description: String { message }
}
