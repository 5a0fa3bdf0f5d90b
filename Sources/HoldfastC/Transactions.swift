import BSON
public import CHoldfastInterface
import Holdfast

@c @implementation
public func holdfast_begin(
  _ database: OpaquePointer, _ options: UnsafePointer<UInt8>?, _ options_count: Int,
  _ retried: OpaquePointer?, _ transaction: UnsafeMutablePointer<OpaquePointer?>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  transaction.pointee = nil
  return onDatabase(database, error) { (database) throws(HoldfastError) in
    var isolation = Isolation.snapshot
    var lockTimeout: Duration?
    try optionDocument(options, options_count).forEachOption { (option) throws(HoldfastError) in
      switch option.name {
      case "isolation": isolation = try option.choice(Isolation.self)
      case "lockTimeoutMilliseconds": lockTimeout = try option.milliseconds()
      default: throw option.unknown
      }
    }
    let begin = { (retried: Transaction?) throws(HoldfastError) in
      try database.begin(isolation: isolation, lockTimeout: lockTimeout, retrying: retried)
    }
    let begun =
      if let retried { try TransactionHandle.used(retried).use(of: database, begin) } else { try begin(nil) }
    transaction.pointee = TransactionHandle(begun, database).retained()
  }
}

/// Runs a call on a transaction.
private func onTransaction(
  _ transaction: OpaquePointer, _ error: UnsafeMutablePointer<OpaquePointer?>?,
  _ body: (TransactionHandle) throws(HoldfastError) -> Void
) -> holdfast_code {
  perform(error) { () throws(HoldfastError) in try body(TransactionHandle.used(transaction)) }
}

@c @implementation
public func holdfast_commit(
  _ transaction: OpaquePointer, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  onTransaction(transaction, error) { (handle) throws(HoldfastError) in
    try handle.use { (transaction) throws(HoldfastError) in try transaction.commit() }
  }
}

@c @implementation
public func holdfast_rollback(
  _ transaction: OpaquePointer, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  onTransaction(transaction, error) { (handle) throws(HoldfastError) in
    handle.rollback()
  }
}

@c @implementation
public func holdfast_savepoint(
  _ transaction: OpaquePointer, _ savepoint: UnsafeMutablePointer<UInt64>,
  _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  savepoint.pointee = 0
  return onTransaction(transaction, error) { (handle) throws(HoldfastError) in
    savepoint.pointee = try handle.savepoint()
  }
}

@c @implementation
public func holdfast_rollback_to(
  _ transaction: OpaquePointer, _ savepoint: UInt64, _ error: UnsafeMutablePointer<OpaquePointer?>?
) -> holdfast_code {
  onTransaction(transaction, error) { (handle) throws(HoldfastError) in try handle.rollback(to: savepoint) }
}

@c @implementation
public func holdfast_transaction_is_open(_ transaction: OpaquePointer) -> Bool {
  let handle = TransactionHandle.borrowed(transaction)
  return handle.isOurs && handle.isOpen
}

@c @implementation
public func holdfast_transaction_release(_ transaction: OpaquePointer?) {
  TransactionHandle.release(transaction)
}
