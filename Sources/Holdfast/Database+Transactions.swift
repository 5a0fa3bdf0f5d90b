internal import HoldfastEngine

extension Database {
  /// Runs `body` as one transaction over any number of collections. When it returns, everything it wrote is
  /// visible and as durable as the strongest ``Durability`` of the collections it wrote to; when it throws,
  /// nothing of it ever happened, and the error is passed on.
  ///
  /// Any number of transactions run at the same time. One that meets a conflict or a deadlock is rolled back and
  /// begun again after a pause, so `body` may run more than once: what it does besides should bear that. Inside,
  /// use only the transaction's collections: a write of the database's own could wait for the transaction around
  /// it and is refused.
  ///
  ///     try database.transaction { transaction in
  ///       let accounts = transaction.collection("accounts")
  ///       guard var from = try accounts.fetch(id: "a"), var to = try accounts.fetch(id: "b") else { return }
  ///       from["balance"] = .int64((from["balance"]?.int64Value ?? 0) - 10)
  ///       to["balance"] = .int64((to["balance"]?.int64Value ?? 0) + 10)
  ///       try accounts.replace(id: "a", with: from)
  ///       try accounts.replace(id: "b", with: to)
  ///     }
  /// - Parameters:
  ///   - isolation: what it sees of others.
  ///   - retries: how many times it is begun again after a conflict or a deadlock.
  ///   - lockTimeout: how long a call waits for what another transaction has locked; `nil` for what
  ///     ``DatabaseOptions/lockTimeout`` says.
  /// - Throws: what `body` throws, or a ``HoldfastError``.
  @discardableResult
  public func transaction<R>(
    isolation: Isolation = .snapshot, retries: Int = 20, lockTimeout: Duration? = nil,
    _ body: (Transaction) throws -> R
  ) throws -> R {
    var options = TransactionOptions(isolation, lockTimeout: lockTimeout)
    var attempt = 0
    while true {
      var number: UInt64?
      do {
        return try once(options, isolation) { transaction in
          number = transaction.number
          return try body(transaction)
        }
      } catch let error as RolledBack {
        // Whatever the closure made of the error: it was rolled back, and may succeed the next time.
        guard error.isWorthwhile, attempt < retries else { throw error.error }
        // In the order of their first attempts, so that each is the oldest one day.
        options.age = options.age ?? number
        pause(attempt)
        attempt += 1
      }
    }
  }

  /// A transaction that ended without a commit, with the error for the caller.
  private struct RolledBack: Error {
    let error: any Error
    /// Whether it may succeed when it is tried again.
    let isWorthwhile: Bool
  }

  private func once<R>(
    _ options: TransactionOptions, _ isolation: Isolation, _ body: (Transaction) throws -> R
  ) throws -> R {
    var transaction: Transaction?
    do {
      let result = try storage.write(options) { engine in
        let begun = Transaction(engine, isolation, in: self, isClosures: true)
        transaction = begun
        let result = try body(begun)
        if let failure = begun.failure { throw failure }
        return result
      }
      transaction?.noteCommitted()
      return result
    } catch {
      let error = HoldfastError.translated(error)
      let code =
        transaction?.engine.abortError.map { HoldfastError($0).code } ?? (error as? HoldfastError)?.code
      throw RolledBack(error: error, isWorthwhile: code == .writeConflict || code == .deadlock)
    }
  }

  /// Waits before another attempt: at random, so that those who met do not meet again, and up to twice as long
  /// each time (exponential backoff with full jitter).
  private func pause(_ attempt: Int) {
    let most: UInt64 = min(20_000_000, 50_000 << UInt64(min(attempt, 20)))
    storage.options.clock.sleep(nanoseconds: storage.options.random.next() % most)
  }

  /// Runs `body` as one transaction; see ``transaction(isolation:retries:lockTimeout:_:)``, of which this is a short
  /// form with the defaults.
  @discardableResult
  public func write<R>(_ body: (Transaction) throws -> R) throws -> R { try transaction(body) }

  /// Begins a transaction that ``Transaction/commit()`` or ``Transaction/rollback()`` ends. What it locks is locked
  /// until then, so do not keep it open for long; ``DatabaseOptions/transactionIdleTime`` bounds how long it may do
  /// nothing. It is not begun again after a conflict: that is for the caller.
  /// - Parameters:
  ///   - isolation: what it sees of others.
  ///   - lockTimeout: as for a closure's transaction.
  ///   - retried: the attempt before, which met a conflict or a deadlock. The new one counts as old as that, so that
  ///     it is not always the youngest, which gives way.
  /// - Throws: ``HoldfastError/Code/invalidUse`` when `retried` is not over, or another database's; ``HoldfastError/Code/readOnly``, ``HoldfastError/Code/closed``,
  ///   ``HoldfastError/Code/limitExceeded`` when too many are open, ``HoldfastError/Code/outcomeUnknown``.
  public func begin(
    isolation: Isolation = .snapshot, lockTimeout: Duration? = nil, retrying retried: Transaction? = nil
  ) throws(HoldfastError) -> Transaction {
    guard retried.map({ $0.belongs(to: self) && !$0.isOpen }) ?? true else {
      throw HoldfastError(
        .invalidUse,
        "only a transaction of this database that is over can be tried again: roll it back first, or leave it out"
      )
    }
    var options = TransactionOptions(isolation, lockTimeout: lockTimeout)
    options.age = retried?.age
    let engine = try translating { () throws(StorageError) in try storage.begin(options) }
    return Transaction(engine, isolation, in: self, isClosures: false, age: options.age)
  }

  /// How often a call that is a transaction of its own is begun again after a deadlock.
  private static let callRetries = 1000

  /// A transaction of one call, whose errors are all our own. After a conflict the call is begun again with the locks
  /// that it has, so that it does not wait for others for ever.
  func change<R>(
    _ collection: CollectionName? = nil, _ body: (Transaction) throws(HoldfastError) -> R
  ) throws(HoldfastError) -> R {
    do {
      return try transaction(isolation: .readCommitted, retries: Self.callRetries) { transaction in
        try transaction.call { () throws(HoldfastError) in try body(transaction) }
      }
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
    guard !storage.isInsideWrite else {
      throw HoldfastError(
        .invalidUse, "\(call) was called inside a write of the same thread: call it afterwards")
    }
  }
}

extension TransactionOptions {
  fileprivate init(_ isolation: Isolation, lockTimeout: Duration?) {
    self.init(isolation: isolation.engine)
    self.lockTimeout = lockTimeout.map { $0.nanoseconds }
  }
}
