internal import HoldfastEngine
internal import HoldfastIO

/// An open database: collections of documents in one file, encrypted if it is wanted.
///
/// Any number of threads and tasks may use it at once. One process at a time may have a database open for
/// writing, or any number for reading only. Every call has an async form, which waits on a thread of the
/// database's own and never blocks the threads that tasks run on; a call that has begun is not interrupted
/// when its task is cancelled.
///
///     let database = try Database.open(at: "app.holdfast")
///     let id = try database.collection("users").insert(["name": "Ada", "born": 1815])
///     let ada = try database.collection("users").fetch(id: id)
///     try database.close()
///
/// ``close()`` leaves one file that can be copied. A database that is merely released gives its lock back,
/// too; what was acknowledged is then in the log beside the file, and the next opening recovers it.
/// Collections, snapshots and scans keep their database open for as long as they are kept themselves.
public final class Database: Sendable {
  let storage: Storage
  /// Threads for calls that may wait for a transaction, and for those that do not.
  let workers: WorkerPool
  let readers: WorkerPool
  let context: QueryContext
  /// What the options said, which goes before what is stored.
  private let givenDurability: Durability?
  private let storedDurability: Guarded<Durability>

  private init(_ storage: Storage, _ options: DatabaseOptions) throws(HoldfastError) {
    self.storage = storage
    givenDurability = options.durability
    let snapshot = try translating { () throws(StorageError) in try storage.snapshot() }
    storedDurability = Guarded(try Catalog.durability(in: snapshot) ?? .safe)
    workers = WorkerPool(limit: DatabaseLimits.maximumWorkerThreads)
    readers = WorkerPool(limit: DatabaseLimits.maximumWorkerThreads)
    context = QueryContext(
      storage, sortMemory: options.sortMemoryBytes, documentsPerIndexStep: options.documentsPerIndexStep)
    if !options.isReadOnly { beginExpiry(every: options.expiryInterval) }
  }

  deinit {
    workers.stop()
    readers.stop()
  }

  /// Opens the database in the file at `path`, making it when there is none and the options say so. One that
  /// was not closed is recovered first: see ``recovery``. When this throws, the file is as it was.
  /// - Throws: ``HoldfastError/Code/notFound``, ``HoldfastError/Code/notAFile``,
  ///   ``HoldfastError/Code/notADatabase``, ``HoldfastError/Code/truncated``,
  ///   ``HoldfastError/Code/unsupportedFormat``, ``HoldfastError/Code/authenticationFailed``,
  ///   ``HoldfastError/Code/databaseLocked``, ``HoldfastError/Code/networkFileSystem``,
  ///   ``HoldfastError/Code/corrupted``, ``HoldfastError/Code/missingLog``, ``HoldfastError/Code/diskFull``,
  ///   ``HoldfastError/Code/notPermitted``, ``HoldfastError/Code/ioFailed``.
  public static func open(
    at path: String, _ options: DatabaseOptions = DatabaseOptions()
  ) throws(HoldfastError) -> Database {
    guard !path.isEmpty, !path.utf8.contains(0) else {
      throw HoldfastError(
        .invalidUse, "the path of a database is empty or contains a zero byte: give another")
    }
    let engineOptions = try options.engine()
    let storage = try translating { () throws(StorageError) in try Storage.open(path, engineOptions) }
    return try Database(storage, options)
  }

  /// The path that the database was opened at.
  public var path: String { storage.path }

  /// Whether it was opened for reading only.
  public var isReadOnly: Bool { storage.options.isReadOnly }

  /// What opening had to do.
  public var recovery: RecoveryReport { RecoveryReport(storage.recovery) }

  /// Why every further write is refused, when a sync or an unrecoverable write has failed: close the database
  /// and open it again. Reading goes on meanwhile. `nil` when all is well.
  public var failure: HoldfastError? { storage.failure.map { HoldfastError($0) } }

  /// The durability of collections that have none of their own.
  public var durability: Durability { givenDurability ?? storedDurability.withLock { $0 } }

  func noteStored(_ durability: Durability) { storedDurability.withLock { $0 = durability } }
}
