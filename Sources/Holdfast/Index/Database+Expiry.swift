internal import HoldfastEngine
internal import HoldfastIO
internal import HoldfastQuery

extension Database {
  /// Deletes the documents whose time is over: those with a date in the field of an index with
  /// ``IndexOptions/expireAfterSeconds`` that is longer ago than that. Returns how many there were.
  ///
  /// Happens by itself, too, as often as ``DatabaseOptions/expiryInterval`` asks, as long as the database is open
  /// for writing. Until a document is deleted, queries find it. The deletes are ordinary transactions of at most
  /// a thousand documents, as durable as the collection's ``Durability`` promises.
  /// - Throws: as any write.
  @discardableResult
  public func deleteExpired() throws(HoldfastError) -> Int {
    let now = storage.options.clock.now()
    let snapshot = try engineSnapshot()
    let cursor = try translating { () throws(StorageError) in try snapshot.cursor(Catalog.tree) }
    var count = 0
    var failure: HoldfastError?
    for (name, record) in try Catalog.all(cursor) {
      for index in record.indexes where index.isReady {
        guard let seconds = index.description.expireAfterSeconds else { continue }
        do throws(HoldfastError) {
          count += try deleteExpired(in: name, index, before: now &- seconds * 1000)
        } catch {
          // One collection that fails must not keep the others from being cleaned up.
          failure = failure ?? error
        }
      }
    }
    if let failure { throw failure }
    return count
  }

  /// Deletes the documents whose time is over; see ``deleteExpired()``.
  @discardableResult
  public func deleteExpired() async throws(HoldfastError) -> Int {
    try await perform { () throws(HoldfastError) in try self.deleteExpired() }
  }

  private func deleteExpired(
    in name: String, _ index: IndexRecord, before moment: Int64
  ) throws(HoldfastError) -> Int {
    let description = index.description
    let isOver: Document = [
      description.fields[0].path.text: ["$lte": .dateTime(BSONDateTime(milliseconds: moment))]
    ]
    let filter: Document =
      description.partialFilter.map { ["$and": [.document($0.document), .document(isOver)]] } ?? isOver
    // Whether a partial index serves its own filter is for the planner to say.
    let hint = description.partialFilter == nil ? IndexHint.name(description.name) : nil
    let collection = try CollectionName(name)
    var count = 0
    while true {
      // Looking first spares a transaction when there is nothing to do. Another collection may have this name by now.
      let reader = try CollectionReader(try engineSnapshot(), collection, context)
      guard reader.record?.has(index) == true,
        try reader.count(filter, FindOptions(limit: 1, hint: hint)) > 0
      else { break }
      let deleted = try change { (transaction) throws(HoldfastError) in
        guard try transaction.recordForWriting(collection)?.has(index) == true else { return 0 }
        return try transaction.collection(name).deleteMatching(filter, hint, limit: Expiry.documentsAtOnce)
      }
      count += deleted
      if deleted < Expiry.documentsAtOnce { break }
    }
    return count
  }

  /// Begins to look for documents whose time is over, on a thread of the database's own.
  func beginExpiry(every interval: Duration) {
    let nanoseconds = UInt64(max(1, interval.milliseconds)) * 1_000_000
    let expiry = Expiry()
    storage.setMaintenanceHook { [weak self] now in
      guard expiry.begin(now, interval: nanoseconds), let self else { return }
      workers.run { [weak self] in
        // What fails now is tried again, and a write that fails says so to whoever writes.
        _ = try? self?.deleteExpired()
        expiry.end()
      }
    }
  }
}

/// When expired documents were last looked for.
private final class Expiry: Sendable {
  static let documentsAtOnce = 1000

  private struct State {
    var last: UInt64?
    var isRunning = false
  }

  private let state = Guarded(State())

  /// Whether it is time to look, and nobody does.
  func begin(_ now: UInt64, interval: UInt64) -> Bool {
    state.withLock { state in
      guard !state.isRunning else { return false }
      let last = state.last ?? now
      guard state.last != nil, now >= last, now - last >= interval else {
        if state.last == nil || now < last { state.last = now }
        return false
      }
      state.last = now
      state.isRunning = true
      return true
    }
  }

  func end() { state.withLock { $0.isRunning = false } }
}
