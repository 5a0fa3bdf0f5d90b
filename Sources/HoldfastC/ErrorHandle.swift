import BSON
public import CHoldfastInterface
import Holdfast

/// An error that was handed out. Its parts are C strings and bytes that stay where they are.
final class ErrorHandle: Handle {
  let code: holdfast_code
  let name: UnsafeMutablePointer<CChar>
  let message: UnsafeMutablePointer<CChar>
  let details: UnsafeMutableBufferPointer<UInt8>

  init(_ error: HoldfastError) {
    code = error.code.number
    name = copied(error.code.rawValue)
    message = copied(error.message)
    let bytes = error.details.bytes
    details = .allocate(capacity: bytes.count)
    _ = details.initialize(from: bytes)
  }

  deinit {
    name.deallocate()
    message.deallocate()
    details.deallocate()
  }
}

/// A C string of its own.
private func copied(_ text: String) -> UnsafeMutablePointer<CChar> {
  text.withCString { characters in
    let count = text.utf8.count + 1
    let copy = UnsafeMutablePointer<CChar>.allocate(capacity: count)
    copy.initialize(from: characters, count: count)
    return copy
  }
}

/// Runs a call and reports its error.
func perform(
  _ error: UnsafeMutablePointer<OpaquePointer?>?, _ body: () throws(HoldfastError) -> Void
) -> holdfast_code {
  do throws(HoldfastError) {
    try body()
    error?.pointee = nil
    return HOLDFAST_OK
  } catch let failure {
    error?.pointee = ErrorHandle(failure).retained()
    return failure.code.number
  }
}

extension HoldfastError {
  /// What `holdfast_error_details` gives.
  fileprivate var details: Document {
    var document = Document()
    if let collection { document["collection"] = .string(collection) }
    if let mongoCode { document["mongoCode"] = .int32(mongoCode) }
    if let keyPattern { document["keyPattern"] = .document(keyPattern) }
    if let keyValue { document["keyValue"] = .document(keyValue) }
    if !cycle.isEmpty {
      document["cycle"] = .array(
        cycle.map { member in
          [
            "transaction": .int64(Int64(clamping: member.transaction)),
            "blocker": .int64(Int64(clamping: member.blocker)), "wanted": .string(member.wanted),
          ]
        })
    }
    if let bulkWrite {
      document["bulkWrite"] = [
        "errors": .array(
          bulkWrite.errors.map { operation, error in
            var document: Document = [
              "operation": .int64(Int64(operation)), "code": .int32(Int32(error.code.number.rawValue)),
              "name": .string(error.code.rawValue), "message": .string(error.message),
            ]
            if let mongoCode = error.mongoCode { document["mongoCode"] = .int32(mongoCode) }
            if let keyPattern = error.keyPattern { document["keyPattern"] = .document(keyPattern) }
            if let keyValue = error.keyValue { document["keyValue"] = .document(keyValue) }
            return .document(document)
          }), "result": .document(bulkWrite.result.document),
      ]
    }
    return document
  }
}

extension HoldfastError.Code {
  /// The code's number in the header.
  var number: holdfast_code {
    switch self {
    case .notFound: HOLDFAST_NOT_FOUND
    case .notAFile: HOLDFAST_NOT_A_FILE
    case .notADatabase: HOLDFAST_NOT_A_DATABASE
    case .truncated: HOLDFAST_TRUNCATED
    case .unsupportedFormat: HOLDFAST_UNSUPPORTED_FORMAT
    case .authenticationFailed: HOLDFAST_AUTHENTICATION_FAILED
    case .databaseLocked: HOLDFAST_DATABASE_LOCKED
    case .networkFileSystem: HOLDFAST_NETWORK_FILE_SYSTEM
    case .corrupted: HOLDFAST_CORRUPTED
    case .missingLog: HOLDFAST_MISSING_LOG
    case .diskFull: HOLDFAST_DISK_FULL
    case .tooManyOpenFiles: HOLDFAST_TOO_MANY_OPEN_FILES
    case .writesSuspended: HOLDFAST_WRITES_SUSPENDED
    case .notPermitted: HOLDFAST_NOT_PERMITTED
    case .ioFailed: HOLDFAST_IO_FAILED
    case .outcomeUnknown: HOLDFAST_OUTCOME_UNKNOWN
    case .closed: HOLDFAST_CLOSED
    case .readOnly: HOLDFAST_READ_ONLY
    case .transactionTooLarge: HOLDFAST_TRANSACTION_TOO_LARGE
    case .writeConflict: HOLDFAST_WRITE_CONFLICT
    case .deadlock: HOLDFAST_DEADLOCK
    case .lockTimeout: HOLDFAST_LOCK_TIMEOUT
    case .transactionExpired: HOLDFAST_TRANSACTION_EXPIRED
    case .limitExceeded: HOLDFAST_LIMIT_EXCEEDED
    case .invalidUse: HOLDFAST_INVALID_USE
    case .duplicateID: HOLDFAST_DUPLICATE_ID
    case .documentTooLarge: HOLDFAST_DOCUMENT_TOO_LARGE
    case .invalidDocument: HOLDFAST_INVALID_DOCUMENT
    case .invalidName: HOLDFAST_INVALID_NAME
    case .invalidID: HOLDFAST_INVALID_ID
    case .keyTooLarge: HOLDFAST_KEY_TOO_LARGE
    case .invalidQuery: HOLDFAST_INVALID_QUERY
    case .typeMismatch: HOLDFAST_TYPE_MISMATCH
    case .overflow: HOLDFAST_OVERFLOW
    case .immutableID: HOLDFAST_IMMUTABLE_ID
    case .duplicateKey: HOLDFAST_DUPLICATE_KEY
    case .parallelArrays: HOLDFAST_PARALLEL_ARRAYS
    case .indexNotFound: HOLDFAST_INDEX_NOT_FOUND
    case .indexExists: HOLDFAST_INDEX_EXISTS
    case .cancelled: HOLDFAST_CANCELLED
    case .collectionNotFound: HOLDFAST_COLLECTION_NOT_FOUND
    case .collectionExists: HOLDFAST_COLLECTION_EXISTS
    }
  }
}

@c @implementation
public func holdfast_error_code(_ error: OpaquePointer) -> holdfast_code {
  ErrorHandle.borrowed(error).code
}

@c @implementation
public func holdfast_error_name(_ error: OpaquePointer) -> UnsafePointer<CChar> {
  UnsafePointer(ErrorHandle.borrowed(error).name)
}

@c @implementation
public func holdfast_error_message(_ error: OpaquePointer) -> UnsafePointer<CChar> {
  UnsafePointer(ErrorHandle.borrowed(error).message)
}

@c @implementation
public func holdfast_error_details(
  _ error: OpaquePointer, _ count: UnsafeMutablePointer<Int>
) -> UnsafePointer<UInt8> {
  let details = ErrorHandle.borrowed(error).details
  count.pointee = details.count
  return UnsafePointer(details.baseAddress!)
}

@c @implementation
public func holdfast_error_release(_ error: OpaquePointer?) { ErrorHandle.release(error) }
