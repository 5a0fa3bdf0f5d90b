import BSON
import CHoldfast
import CHoldfastInterface
import Holdfast
import HoldfastIO
import Synchronization

/// What a caller has a handle to.
///
/// A child process that was forked has the memory of its parent, but neither its threads nor its place in its
/// files: what it did to them would destroy the database. So a handle knows the process that it was made in,
/// and elsewhere is neither used nor released.
class Handle {
  private let generation = holdfast_fork_generation()

  /// Whether this process made it.
  final var isOurs: Bool { generation == holdfast_fork_generation() }

  /// The handle for the caller, who releases it.
  final func retained() -> OpaquePointer { OpaquePointer(Unmanaged.passRetained(self).toOpaque()) }
}

extension Handle {
  /// What a pointer is a handle to, without asking whose it is.
  static func borrowed(_ pointer: OpaquePointer) -> Self {
    Unmanaged<Self>.fromOpaque(UnsafeRawPointer(pointer)).takeUnretainedValue()
  }

  /// What a pointer is a handle to.
  static func used(_ pointer: OpaquePointer) throws(HoldfastError) -> Self {
    let handle = borrowed(pointer)
    guard handle.isOurs else {
      throw HoldfastError(
        .invalidUse,
        "this process was forked after the database was opened, and cannot use it: open the database in the "
          + "process that uses it, after the fork")
    }
    return handle
  }

  static func release(_ pointer: OpaquePointer?) {
    guard let pointer, borrowed(pointer).isOurs else { return }
    Unmanaged<Self>.fromOpaque(UnsafeRawPointer(pointer)).release()
  }
}

/// A database.
final class DatabaseHandle: Handle {
  let database: Database
  private let wasClosed = Atomic<Bool>(false)

  init(_ database: Database) { self.database = database }

  func close() throws(HoldfastError) {
    wasClosed.store(true, ordering: .sequentiallyConsistent)
    try database.close()
  }

  /// Refuses to go on with what was begun before the database was closed: pages that are in memory could still be
  /// read, and where that ends would be chance.
  func requireOpen() throws(HoldfastError) {
    guard wasClosed.load(ordering: .sequentiallyConsistent) else { return }
    throw HoldfastError(.closed, "\(database.path) was closed meanwhile: open it again, and begin anew")
  }
}

/// A transaction. Calls on it come from any thread, but only one at a time is let through.
final class TransactionHandle: Handle {
  private let transaction: Transaction
  private let database: Database
  private let state = Atomic<Int>(idle)
  private static let (idle, busy, busyAndUnwanted) = (0, 1, 2)
  /// How often it has gone back to a savepoint.
  private(set) var returns = 0
  /// The savepoints that the caller can name, by their numbers, which only grow.
  private var savepoints: [(number: UInt64, savepoint: Transaction.Savepoint)] = []
  private var lastSavepoint: UInt64 = 0

  init(_ transaction: Transaction, _ database: Database) {
    self.transaction = transaction
    self.database = database
  }

  /// Runs a call of the transaction.
  func use<R>(
    of database: Database? = nil, _ body: (Transaction) throws(HoldfastError) -> R
  ) throws(HoldfastError) -> R {
    guard database == nil || database === self.database else {
      throw HoldfastError(.invalidUse, "the transaction is one of another database: use that database's own")
    }
    guard begin() else {
      throw HoldfastError(
        .invalidUse,
        "the transaction is in use by another thread: let one thread at a time use a transaction")
    }
    defer { end() }
    return try body(transaction)
  }

  private func begin() -> Bool {
    state.compareExchange(expected: Self.idle, desired: Self.busy, ordering: .acquiringAndReleasing).exchanged
  }

  private func end() {
    let isWanted = state.compareExchange(
      expected: Self.busy, desired: Self.idle, ordering: .acquiringAndReleasing
    ).exchanged
    guard !isWanted else { return }
    transaction.rollback()
    state.store(Self.idle, ordering: .releasing)
  }

  var isOpen: Bool { transaction.isOpen }

  /// Rolls back, or leaves it to the call of another thread that is under way.
  func rollback() {
    while true {
      if begin() {
        transaction.rollback()
        end()
        return
      }
      let left = state.compareExchange(
        expected: Self.busy, desired: Self.busyAndUnwanted, ordering: .acquiringAndReleasing)
      if left.exchanged || left.original == Self.busyAndUnwanted { return }
    }
  }

  func savepoint() throws(HoldfastError) -> UInt64 {
    try use { (transaction) throws(HoldfastError) in
      let savepoint = try transaction.savepoint()
      lastSavepoint += 1
      savepoints.append((lastSavepoint, savepoint))
      return lastSavepoint
    }
  }

  func rollback(to number: UInt64) throws(HoldfastError) {
    try use { (transaction) throws(HoldfastError) in
      guard let place = savepoints.firstIndex(where: { $0.number == number }) else {
        throw HoldfastError(
          .invalidUse,
          "the transaction has no savepoint \(number), or has gone back behind it: take a new one")
      }
      try transaction.rollback(to: savepoints[place].savepoint)
      savepoints.removeSubrange((place + 1)...)
      returns += 1
    }
  }
}

/// A cursor. Calls on it wait for each other.
final class CursorHandle: Handle {
  private let latch = Latch()
  private var documents: Scan.Iterator
  private let database: DatabaseHandle
  private let transaction: TransactionHandle?
  private let returns: Int
  /// The failure behind the documents that were given.
  private var failure: HoldfastError?

  init(_ documents: Scan.Iterator, _ database: DatabaseHandle, _ transaction: TransactionHandle?) {
    self.documents = documents
    self.database = database
    self.transaction = transaction
    returns = transaction?.returns ?? 0
  }

  /// The next documents, one after the other.
  func next(count: Int, bytes: Int) throws(HoldfastError) -> holdfast_buffer {
    latch.lock()
    defer { latch.unlock() }
    try database.requireOpen()
    guard let transaction else { return try fill(count, bytes) }
    return try transaction.use { _ throws(HoldfastError) in
      guard transaction.returns == returns else {
        throw HoldfastError(
          .invalidUse,
          "the transaction has gone back to a savepoint since the cursor was opened, which may have read what was "
            + "taken back: open another one")
      }
      return try fill(count, bytes)
    }
  }

  private func fill(_ count: Int, _ bytes: Int) throws(HoldfastError) -> holdfast_buffer {
    if let failure = failure.take() { throw failure }
    var result = OutputBuffer()
    // Numbers of C that are larger than any of Swift's come as negative ones.
    var left = count < 0 ? .max : max(1, count)
    let bytes = bytes < 0 ? .max : max(1, bytes)
    do throws(HoldfastError) {
      while left > 0, result.count < bytes, let document = try documents.nextDocument() {
        document.withUnsafeBytes { result.append($0) }
        left -= 1
      }
    } catch {
      // What was read before comes first.
      guard result.count > 0 else { throw error }
      failure = error
    }
    return result.take()
  }
}
