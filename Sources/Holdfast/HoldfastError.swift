internal import HoldfastEngine

/// Why Holdfast could not do what was asked: a code to act on, and a sentence that says what happened, to
/// what, and what to do next. The sentence never contains documents' values or ids.
public struct HoldfastError: Error, Sendable, CustomStringConvertible {
  /// What kind of failure it is.
  public enum Code: String, Sendable, Hashable, CaseIterable {
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
    /// The database was not closed properly and the log that it needs is not beside it.
    case missingLog
    /// There is no room on the disk, or a quota or size limit is reached. Nothing was changed.
    case diskFull
    /// Too many files are open, in this process or on this machine. Nothing was changed.
    case tooManyOpenFiles
    /// Writing failed too often in a row and is suspended for a minute. Nothing was tried.
    case writesSuspended
    /// The operating system does not permit it.
    case notPermitted
    /// Any other failure of the operating system.
    case ioFailed
    /// A sync failed: whether the commits in flight are durable is unknown, and nothing more is accepted
    /// until the database has been opened again.
    case outcomeUnknown
    /// The database is closed.
    case closed
    /// The database was opened for reading only.
    case readOnly
    /// A transaction is larger than the limit.
    case transactionTooLarge
    /// Another transaction has changed what this one wants to write, or has read. It was rolled back: try it
    /// again.
    case writeConflict
    /// Transactions waited for each other, and this one was chosen to give way; ``HoldfastError/cycle`` says who
    /// they are. It was rolled back: try it again.
    case deadlock
    /// What another transaction had locked did not become free in time.
    case lockTimeout
    /// The transaction was not used for too long, or took too long, and was rolled back.
    case transactionExpired
    /// Some other limit of ``DatabaseLimits`` is reached.
    case limitExceeded
    /// A call that makes no sense, such as a write inside another one.
    case invalidUse
    /// A document with this id is in the collection already.
    case duplicateID
    /// A document is larger than ``DatabaseLimits/maximumDocumentBytes``.
    case documentTooLarge
    /// A document is not well-formed, nests too deep, or does not fit the type that was asked for.
    case invalidDocument
    /// A name that no collection can have.
    case invalidName
    /// A value that cannot be an id, or not the id of this document.
    case invalidID
    /// An id is longer than ``DatabaseLimits/maximumIDBytes``, or a document's key in an index longer than
    /// ``DatabaseLimits/maximumIndexKeyBytes``.
    case keyTooLarge
    /// A filter, an update, a projection or another part of a query is wrong: the message names the operator and
    /// the place.
    case invalidQuery
    /// An update, or an expression, meets a value of a type that it does not work on.
    case typeMismatch
    /// The result of arithmetic does not fit its type, or there is none.
    case overflow
    /// An update would change the `_id` of a document.
    case immutableID
    /// A document has the same values as another one in a unique index.
    case duplicateKey
    /// A document has arrays in two fields of one index, or of one sort order.
    case parallelArrays
    /// There is no index of this name.
    case indexNotFound
    /// There is an index of this name, or on these fields, that is different.
    case indexExists
    /// The caller cancelled what was asked for.
    case cancelled
    /// There is no collection of this name.
    case collectionNotFound
    /// There is a collection of this name already.
    case collectionExists
  }

  /// What kind of failure it is.
  public let code: Code
  /// What happened, to what, and what to do next.
  public let message: String
  /// The name of the collection, where one was concerned.
  public let collection: String?
  /// The page that is damaged, and the keys that cannot be read for it, when that is what it is about.
  public internal(set) var damage: DamagedRange?
  /// The members of a deadlock, each of which waited for the next, and the last for the first.
  public internal(set) var cycle: [DeadlockMember] = []
  /// The fields of the unique index that a document does not fit into.
  public internal(set) var keyPattern: Document?
  /// What the document, and the other one, has in these fields; null for what it lacks. The message never says it.
  public internal(set) var keyValue: Document?
  /// What ``WritableCollection/bulkWrite(_:ordered:)`` did although some of its operations failed; it is kept.
  public internal(set) var bulkWrite: BulkWriteFailure?
  /// The number by which MongoDB's clients know the same failure of a query, an update or an index; `nil` for others.
  public internal(set) var mongoCode: Int32?
  /// The error behind this one, where there is one: a `BSONError`, `DecodingError` or `EncodingError` with
  /// the place in the document, or what the operating system said. It may name fields.
  public let underlying: (any Error)?

  /// Makes an error.
  public init(_ code: Code, _ message: String, collection: String? = nil, underlying: (any Error)? = nil) {
    self.code = code
    self.message = message
    self.collection = collection
    self.underlying = underlying
  }

  /// The message.
  public var description: String { message }
}

extension HoldfastError {
  /// What the engine said, about a collection where one was concerned.
  init(_ error: StorageError, collection: String? = nil) {
    let code: Code =
      switch error.code {
      case .notFound: .notFound
      case .notAFile: .notAFile
      case .notADatabase: .notADatabase
      case .truncated: .truncated
      case .unsupportedFormat: .unsupportedFormat
      case .authenticationFailed: .authenticationFailed
      case .databaseLocked: .databaseLocked
      case .networkFileSystem: .networkFileSystem
      case .corrupted: .corrupted
      case .missingLog: .missingLog
      case .diskFull: .diskFull
      case .tooManyOpenFiles: .tooManyOpenFiles
      case .writesSuspended: .writesSuspended
      case .notPermitted: .notPermitted
      case .ioFailed: .ioFailed
      case .outcomeUnknown: .outcomeUnknown
      case .closed: .closed
      case .readOnly: .readOnly
      case .transactionTooLarge: .transactionTooLarge
      case .writeConflict: .writeConflict
      case .deadlock: .deadlock
      case .lockTimeout: .lockTimeout
      case .transactionExpired: .transactionExpired
      case .limitExceeded: .limitExceeded
      case .invalidUse: .invalidUse
      }
    let isAboutCollection = code == .corrupted && collection != nil
    let message = isAboutCollection ? "collection \(quoted(collection)): \(error.message)" : error.message
    self.init(code, message, collection: collection, underlying: error.cause)
    damage = error.damage.map { DamagedRange($0, collection: collection) }
    cycle = error.cycle.map { DeadlockMember($0) }
  }

  /// Any error of a transaction: the engine's is translated, and the caller's own is left as it is.
  static func translated(_ error: any Error, collection: String? = nil) -> any Error {
    (error as? StorageError).map { HoldfastError($0, collection: collection) } ?? error
  }

  /// An error that can only be the engine's or one of ours.
  static func asOurs(_ error: any Error, collection: String? = nil) -> HoldfastError {
    if let error = error as? HoldfastError { return error }
    if let error = error as? StorageError { return HoldfastError(error, collection: collection) }
    return HoldfastError(.ioFailed, "an unforeseen error: \(type(of: error))", underlying: error)
  }
}

/// Runs engine calls and translates what they throw.
@inline(__always)
func translating<R>(
  _ collection: CollectionName? = nil, _ body: () throws(StorageError) -> R
) throws(HoldfastError) -> R {
  do throws(StorageError) {
    return try body()
  } catch {
    throw HoldfastError(error, collection: collection?.text)
  }
}

/// A name for a message: in quotation marks, and without control characters, which a terminal might obey.
func quoted(_ name: String?) -> String {
  let visible = (name ?? "").unicodeScalars.map { $0.value < 0x20 || $0.value == 0x7F ? "\u{FFFD}" : $0 }
  return "\"" + String(String.UnicodeScalarView(visible)) + "\""
}
