internal import HoldfastEngine

extension Database {
  /// Runs `body` as one transaction over any number of collections. When it returns, everything it wrote is
  /// visible and as durable as the strongest ``Durability`` of the collections it wrote to; when it throws,
  /// nothing of it ever happened, and the error is passed on.
  ///
  /// One transaction runs at a time; others wait for it, so keep it short. Inside, use only the transaction's
  /// collections: a write of the database's own from within would wait for itself and is refused.
  ///
  ///     try database.write { transaction in
  ///       let accounts = transaction.collection("accounts")
  ///       guard var from = try accounts.fetch(id: "a"), var to = try accounts.fetch(id: "b") else { return }
  ///       from["balance"] = .int64((from["balance"]?.int64Value ?? 0) - 10)
  ///       to["balance"] = .int64((to["balance"]?.int64Value ?? 0) + 10)
  ///       try accounts.replace(id: "a", with: from)
  ///       try accounts.replace(id: "b", with: to)
  ///     }
  /// - Throws: what `body` throws, or a ``HoldfastError``.
  public func write<R>(_ body: (Transaction) throws -> R) throws -> R {
    let standard = durability
    let clock = storage.options.clock
    var newStandard: Durability?
    let result: R
    do {
      result = try storage.write { engine in
        writingThread.store(Thread.current, ordering: .relaxed)
        defer { writingThread.store(0, ordering: .relaxed) }
        let transaction = Transaction(engine, standard: standard, context) { clock.now() }
        let result = try body(transaction)
        if let failure = transaction.failure { throw failure }
        newStandard = transaction.newStandard
        return result
      }
    } catch {
      throw HoldfastError.translated(error)
    }
    if let newStandard { noteStored(newStandard) }
    return result
  }

  /// A transaction whose errors are all our own.
  func change<R>(
    _ collection: CollectionName? = nil, _ body: (Transaction) throws(HoldfastError) -> R
  ) throws(HoldfastError) -> R {
    do {
      return try write { transaction in try body(transaction) }
    } catch {
      throw HoldfastError.asOurs(error, collection: collection?.text)
    }
  }

  /// Calls `body` with the newest state, which does not change meanwhile and is released afterwards. Waits
  /// for nobody, and nobody waits for it.
  /// - Throws: what `body` throws, or a ``HoldfastError``.
  public func read<R>(_ body: (Snapshot) throws -> R) throws -> R {
    try body(try snapshot())
  }

  /// The newest state, for as long as the result is kept. Prefer ``read(_:)``, which cannot keep it too long.
  /// - Throws: ``HoldfastError/Code/closed``.
  public func snapshot() throws(HoldfastError) -> Snapshot { Snapshot(try engineSnapshot(), context) }

  func engineSnapshot() throws(HoldfastError) -> HoldfastEngine.Snapshot {
    try translating { () throws(StorageError) in try storage.snapshot() }
  }

  /// Refuses, inside of a transaction, what would wait for that transaction's end.
  func refuseInsideWrite(_ call: String) throws(HoldfastError) {
    guard writingThread.load(ordering: .relaxed) != Thread.current else {
      throw HoldfastError(
        .invalidUse, "\(call) was called inside a write of the same thread: call it afterwards")
    }
  }
}
