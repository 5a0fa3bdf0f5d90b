internal import HoldfastEngine

/// What queries of one database share.
final class QueryContext: Sendable {
  /// Which plans were chosen before.
  let plans = PlanCache()
  /// What was read of the catalog.
  let records = DecodedRecords()
  /// What `$$NOW` is.
  let now: @Sendable () -> BSONDateTime
  /// The time in nanoseconds from some beginning, for `explain`.
  let clock: @Sendable () -> UInt64
  /// How far one step of building an index goes.
  let indexStep: TransactionCollection.ChunkLimits
  private let temporaryFolder: TemporaryFolder
  private let sortMemory: Int

  init(_ storage: Storage, sortMemory: Int, documentsPerIndexStep: Int) {
    let clock = storage.options.clock
    self.clock = { clock.monotonic() }
    now = { BSONDateTime(milliseconds: clock.now()) }
    self.sortMemory = sortMemory
    indexStep = TransactionCollection.ChunkLimits(documents: max(1, documentsPerIndexStep))
    temporaryFolder = TemporaryFolder(
      database: storage.path, fileSystem: storage.options.fileSystem, random: storage.options.random)
    if !storage.options.isReadOnly { temporaryFolder.removeLeftovers() }
  }

  /// Something to sort with.
  /// - Parameters:
  ///   - memory: the bytes that it may use; `nil` for what the database's options say.
  ///   - limit: how many records are wanted at most; `nil` for all.
  func sorter(memory: Int? = nil, limit: Int?) -> ExternalSorter {
    ExternalSorter(temporaryFolder, memory: memory ?? sortMemory, limit: limit)
  }
}
