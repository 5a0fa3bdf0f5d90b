import BSON
public import CHoldfastInterface
import Holdfast

@c @implementation
public func holdfast_interface_version() -> Int32 { HOLDFAST_INTERFACE_VERSION }

/// Runs a call on a database.
func onDatabase(
  _ database: OpaquePointer, _ error: UnsafeMutablePointer<OpaquePointer?>?,
  _ body: (Database) throws(HoldfastError) -> Void
) -> holdfast_code {
  perform(error) { () throws(HoldfastError) in try body(DatabaseHandle.used(database).database) }
}

@c @implementation
public func holdfast_open(
  _ path: UnsafePointer<CChar>, _ options: UnsafePointer<UInt8>?, _ options_count: Int,
  _ database: UnsafeMutablePointer<OpaquePointer?>, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  database.pointee = nil
  return perform(error) { () throws(HoldfastError) in
    let path = try text(path, "the path", .invalidUse)
    let options = try DatabaseOptions(try optionDocument(options, options_count))
    database.pointee = DatabaseHandle(try Database.open(at: path, options)).retained()
  }
}

extension DatabaseOptions {
  /// Reads the options of `holdfast_open`.
  fileprivate init(_ document: Document) throws(HoldfastError) {
    self.init()
    try document.forEachOption { (option) throws(HoldfastError) in
      switch option.name {
      case "password", "key":
        guard case .none = credential else {
          throw HoldfastError(.invalidUse, "give either a password or a key, not both")
        }
        credential = try option.credential()
      case "durability": durability = try option.durability()
      case "readOnly": isReadOnly = try option.bool()
      case "createIfMissing": createsIfMissing = try option.bool()
      case "pageSize": pageSize = try option.count()
      case "cacheBytes": cacheBytes = try option.count()
      case "lockTimeoutMilliseconds": lockTimeout = try option.milliseconds()
      case "transactionIdleMilliseconds":
        let time = try option.milliseconds()
        transactionIdleTime = time == .zero ? nil : time
      case "maximumTransactionBytes": maximumTransactionBytes = try option.count()
      case "maximumTransactions": maximumTransactions = try option.count()
      case "allowNetworkFileSystem": allowsNetworkFileSystem = try option.bool()
      case "refuseDamage": onDamage = try option.bool() ? .refuse : .isolate
      case "passwordLogN": passwordCost.logN = try option.count()
      default: throw option.unknown
      }
    }
  }
}

extension Option {
  /// What opens an encrypted database.
  fileprivate func credential() throws(HoldfastError) -> Credential {
    if name == "password" { return .password(try string()) }
    guard let key = value.binaryValue else { throw failure("binary data") }
    return .key(Array(key.bytes))
  }
}

@c @implementation
public func holdfast_close(
  _ database: OpaquePointer, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  perform(error) { () throws(HoldfastError) in try DatabaseHandle.used(database).close() }
}

@c @implementation
public func holdfast_database_release(_ database: OpaquePointer?) { DatabaseHandle.release(database) }

@c @implementation
public func holdfast_persist(
  _ database: OpaquePointer, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  onDatabase(database, error) { (database) throws(HoldfastError) in try database.persist() }
}

@c @implementation
public func holdfast_checkpoint(
  _ database: OpaquePointer, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  onDatabase(database, error) { (database) throws(HoldfastError) in try database.checkpoint() }
}

@c @implementation
public func holdfast_statistics(
  _ database: OpaquePointer, _ result: UnsafeMutablePointer<holdfast_buffer>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result.pointee = holdfast_buffer()
  return onDatabase(database, error) { (database) throws(HoldfastError) in
    var document = try database.statistics().document
    document["path"] = .string(database.path)
    document["readOnly"] = .bool(database.isReadOnly)
    document["durability"] = database.durability.bson
    document["transactions"] = .document(database.transactionStatistics.document)
    result.pointee = document.output
  }
}

@c @implementation
public func holdfast_health(
  _ database: OpaquePointer, _ result: UnsafeMutablePointer<holdfast_buffer>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result.pointee = holdfast_buffer()
  return onDatabase(database, error) { (database) throws(HoldfastError) in
    let health = database.health()
    var document: Document
    do {
      document = try BSONEncoder().encode(health)
    } catch {
      throw HoldfastError(.invalidDocument, "the database's health cannot be encoded", underlying: error)
    }
    // Other languages have no use for how Swift writes a duration down.
    if var recovery = document["recovery"]?.documentValue {
      recovery.removeValue(forKey: "duration")
      recovery["milliseconds"] = .int64(Int64(health.recovery.duration / .milliseconds(1)))
      document["recovery"] = .document(recovery)
    }
    result.pointee = document.output
  }
}

@c @implementation
public func holdfast_durability(
  _ database: OpaquePointer, _ collection: UnsafePointer<CChar>?,
  _ result: UnsafeMutablePointer<holdfast_buffer>, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  result.pointee = holdfast_buffer()
  return onDatabase(database, error) { (database) throws(HoldfastError) in
    let name = try collection.map { (name) throws(HoldfastError) in try collectionName(name) }
    let durability =
      try name.map { (name) throws(HoldfastError) in try database.durability(of: name) }
      ?? database.durability
    result.pointee = Document([("durability", durability.bson)]).output
  }
}

@c @implementation
public func holdfast_set_durability(
  _ database: OpaquePointer, _ collection: UnsafePointer<CChar>?, _ durability: UnsafePointer<UInt8>,
  _ durability_count: Int, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  onDatabase(database, error) { (database) throws(HoldfastError) in
    let wanted = try ownDurability(try document(durability, durability_count, "the durability"))
    if let collection {
      try database.setDurability(wanted, of: try collectionName(collection))
    } else if let wanted {
      try database.setDurability(wanted)
    } else {
      throw HoldfastError(.invalidUse, "a database has a durability of its own: give {durability: …}")
    }
  }
}

@c @implementation
public func holdfast_delete_expired(
  _ database: OpaquePointer, _ deleted: UnsafeMutablePointer<UInt64>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  deleted.pointee = 0
  return onDatabase(database, error) { (database) throws(HoldfastError) in
    deleted.pointee = UInt64(try database.deleteExpired())
  }
}

extension DatabaseStatistics {
  fileprivate var document: Document {
    var document: Document = [
      "databaseID": .string(databaseID), "encrypted": .bool(isEncrypted), "created": .dateTime(created),
      "pageSize": .int64(Int64(pageSize)), "fileBytes": .int64(Int64(fileBytes)),
      "pages": .int64(Int64(pages)), "freePages": .int64(Int64(freePages)),
      "heldPages": .int64(Int64(heldPages)), "collections": .int64(Int64(collections)),
      "lastLSN": .int64(Int64(lastLSN)), "durableLSN": .int64(Int64(durableLSN)),
      "checkpointLSN": .int64(Int64(checkpointLSN)), "checkpointTime": .dateTime(checkpointTime),
      "logBytesSinceCheckpoint": .int64(Int64(logBytesSinceCheckpoint)), "readers": .int64(Int64(readers)),
      "cacheBytes": .int64(Int64(cacheBytes)), "dirtyBytes": .int64(Int64(dirtyBytes)),
      "commits": .int64(Int64(commits)), "checkpoints": .int64(Int64(checkpoints)),
      "logSyncs": .int64(Int64(logSyncs)), "logBytesWritten": .int64(Int64(logBytesWritten)),
      "pagesWritten": .int64(Int64(pagesWritten)), "pagesSpilled": .int64(Int64(pagesSpilled)),
      "pagesRead": .int64(Int64(pagesRead)),
    ]
    if let oldestReaderAge {
      document["oldestReaderMilliseconds"] = .int64(Int64(oldestReaderAge / .milliseconds(1)))
    }
    if let checkpointFailure { document["checkpointFailure"] = .string(checkpointFailure) }
    return document
  }
}

extension TransactionStatistics {
  fileprivate var document: Document {
    [
      "started": .int64(Int64(started)), "committed": .int64(Int64(committed)),
      "aborted": .document(
        Document(aborted.sorted { $0.key < $1.key }.map { ($0.key, .int64(Int64($0.value))) })),
      "open": .int64(Int64(open)), "lockWaits": .int64(Int64(lockWaits)),
      "lockWaitMilliseconds": .int64(Int64(lockWaitDuration / .milliseconds(1))),
      "deadlocks": .int64(Int64(deadlocks)), "lockTimeouts": .int64(Int64(lockTimeouts)),
    ]
  }
}
