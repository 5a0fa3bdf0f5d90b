import Holdfast

/// What the tool tells the shell. The numbers are a contract; see `holdfast --help`.
enum ExitStatus: Int32, CaseIterable {
  case success = 0
  case failure = 1
  case usage = 2
  case notFound = 3
  case locked = 4
  case authentication = 5
  case corrupted = 6
  case badInput = 7
  case diskFull = 8
  case notPermitted = 9
  case notADatabase = 10
  case interrupted = 130

  var meaning: String {
    switch self {
    case .success: "all went well"
    case .failure: "any other failure"
    case .usage: "the command line makes no sense"
    case .notFound: "no such database, collection or document, or no such input file"
    case .locked: "another process has the database open"
    case .authentication: "wrong password, or one is missing or too much"
    case .corrupted: "damage was found, or the file is cut short or lacks its log"
    case .badInput: "the input or a query is malformed, or a document was refused"
    case .diskFull: "no room on the disk, or a quota or limit of file sizes is reached"
    case .notPermitted: "the system does not permit it, or the file is on a network"
    case .notADatabase: "not a Holdfast database, or one of a newer format"
    case .interrupted: "interrupted; what was acknowledged is there"
    }
  }

  /// The table for the help text.
  static var table: String {
    allCases.map { status in
      let number = String(status.rawValue)
      return String(repeating: " ", count: 5 - number.count) + number + "  " + status.meaning
    }.joined(separator: "\n")
  }

  init(_ code: HoldfastError.Code) {
    self =
      switch code {
      case .notFound, .collectionNotFound, .indexNotFound: .notFound
      case .databaseLocked: .locked
      case .authenticationFailed: .authentication
      case .corrupted, .truncated, .missingLog: .corrupted
      case .duplicateID, .documentTooLarge, .invalidDocument, .invalidName, .invalidID, .keyTooLarge,
        .invalidQuery, .typeMismatch, .overflow, .immutableID, .duplicateKey, .parallelArrays:
        .badInput
      case .diskFull: .diskFull
      case .notPermitted, .networkFileSystem, .readOnly: .notPermitted
      case .notADatabase, .unsupportedFormat, .notAFile: .notADatabase
      case .ioFailed, .tooManyOpenFiles, .writesSuspended, .outcomeUnknown, .closed, .transactionTooLarge,
        .limitExceeded, .invalidUse, .collectionExists, .indexExists, .writeConflict, .deadlock, .lockTimeout,
        .transactionExpired:
        .failure
      case .cancelled: .interrupted
      }
  }
}
