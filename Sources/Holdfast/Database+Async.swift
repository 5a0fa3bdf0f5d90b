extension Database {
  /// Opens a database; see ``open(at:_:)``. Deriving a key from a password and recovery keep no task's thread
  /// busy.
  public static func open(
    at path: String, _ options: DatabaseOptions = DatabaseOptions()
  ) async throws(HoldfastError) -> Database {
    try await WorkerPool.openings.perform { () throws(HoldfastError) in try Database.open(at: path, options) }
  }

  /// Runs a call on a thread that may block.
  func perform<R: Sendable>(
    _ work: @escaping @Sendable () throws(HoldfastError) -> R
  ) async throws(HoldfastError) -> R {
    try await workers.perform(work)
  }

  /// Runs a call that waits for no transaction on a thread that may block. These threads are not those of the other
  /// calls, all of which may be waiting for a lock that is free only after this call.
  func look<R: Sendable>(
    _ work: @escaping @Sendable () throws(HoldfastError) -> R
  ) async throws(HoldfastError) -> R {
    try await readers.perform(work)
  }

  // MARK: Transactions

  /// Runs `body` as one transaction, on another thread; see ``transaction(isolation:retries:lockTimeout:_:)``. Begun,
  /// it is not interrupted when the task is cancelled.
  @discardableResult
  public func transaction<R: Sendable>(
    isolation: Isolation = .snapshot, retries: Int = 20, lockTimeout: Duration? = nil,
    _ body: @escaping @Sendable (Transaction) throws -> R
  ) async throws -> R {
    try await workers.perform {
      try self.transaction(isolation: isolation, retries: retries, lockTimeout: lockTimeout, body)
    }
  }

  /// Runs `body` as one transaction, on another thread; see ``write(_:)``.
  public func write<R: Sendable>(_ body: @escaping @Sendable (Transaction) throws -> R) async throws -> R {
    try await workers.perform { try self.write(body) }
  }

  /// Calls `body` with the newest state, on another thread; see ``read(_:)``.
  public func read<R: Sendable>(_ body: @escaping @Sendable (Snapshot) throws -> R) async throws -> R {
    try await readers.perform { try self.read(body) }
  }

  // MARK: Collections

  /// The names of the collections, sorted by their UTF-8 bytes.
  public func collections() async throws(HoldfastError) -> [String] {
    try await look { () throws(HoldfastError) in try self.collections() }
  }

  /// Makes an empty collection; see ``createCollection(_:durability:)``.
  public func createCollection(_ name: String, durability: Durability? = nil) async throws(HoldfastError) {
    try await perform { () throws(HoldfastError) in try self.createCollection(name, durability: durability) }
  }

  /// Removes a collection; see ``dropCollection(_:)``.
  @discardableResult
  public func dropCollection(_ name: String) async throws(HoldfastError) -> Bool {
    try await perform { () throws(HoldfastError) in try self.dropCollection(name) }
  }

  /// Gives a collection another name; see ``renameCollection(_:to:replacing:)``.
  public func renameCollection(
    _ name: String, to newName: String, replacing: Bool = false
  ) async throws(HoldfastError) {
    try await perform { () throws(HoldfastError) in
      try self.renameCollection(name, to: newName, replacing: replacing)
    }
  }

  /// Stores the database's durability; see ``setDurability(_:)``.
  public func setDurability(_ durability: Durability) async throws(HoldfastError) {
    try await perform { () throws(HoldfastError) in try self.setDurability(durability) }
  }

  /// Stores a collection's durability; see ``setDurability(_:of:)``.
  public func setDurability(_ durability: Durability?, of collection: String) async throws(HoldfastError) {
    try await perform { () throws(HoldfastError) in try self.setDurability(durability, of: collection) }
  }

  /// The durability that writes to a collection have; see ``durability(of:)``.
  public func durability(of collection: String) async throws(HoldfastError) -> Durability {
    try await look { () throws(HoldfastError) in try self.durability(of: collection) }
  }

  // MARK: Maintenance

  /// Makes everything acknowledged so far durable; see ``persist()``.
  public func persist() async throws(HoldfastError) {
    try await look { () throws(HoldfastError) in try self.persist() }
  }

  /// Writes the newest state to the data file; see ``checkpoint()``.
  public func checkpoint() async throws(HoldfastError) {
    try await look { () throws(HoldfastError) in try self.checkpoint() }
  }

  /// Closes the database; see ``close()``.
  public func close() async throws(HoldfastError) {
    try await look { () throws(HoldfastError) in try self.close() }
  }

  /// Checks everything; see ``verify()``.
  public func verify() async throws(HoldfastError) -> VerificationReport {
    try await look { () throws(HoldfastError) in try self.verify() }
  }

  /// The pages that are known to be damaged; see ``damage()``.
  public func damage() async throws(HoldfastError) -> [DamagedRange] {
    try await look { () throws(HoldfastError) in try self.damage() }
  }

  /// Looks at a database without changing it, also at one that does not open; see ``examine(at:_:)``.
  public static func examine(
    at path: String, _ options: DatabaseOptions = DatabaseOptions()
  ) async throws(HoldfastError) -> DatabaseExamination {
    try await WorkerPool.openings.perform { () throws(HoldfastError) in
      try Database.examine(at: path, options)
    }
  }
}
