package import HoldfastEngine
package import HoldfastIO

/// What opens an encrypted database, or protects a new one.
public enum Credential: Sendable {
  /// Nothing: the database is not encrypted.
  case none
  /// A password. The key is derived from its UTF-8 bytes, which takes time on purpose.
  case password(String)
  /// A key of exactly 32 random bytes that the caller keeps, for example in a key management service.
  case key([UInt8])
}

extension Credential: CustomStringConvertible, CustomDebugStringConvertible, CustomReflectable {
  /// The kind, never the secret.
  public var description: String {
    switch self {
    case .none: "none"
    case .password: "password(…)"
    case .key: "key(…)"
    }
  }

  /// The kind, never the secret.
  public var debugDescription: String { description }

  /// Nothing, so that no dump shows the secret.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

/// How expensive it is to derive a key from a password (scrypt, RFC 7914). Chosen when a database is made.
public struct PasswordCost: Sendable, Hashable {
  /// 2 to the power of this many rounds; 10 to 20.
  public var logN: Int
  /// The block size in units of 128 bytes; 1 to 16.
  public var r: Int
  /// How often all of it is done; 1 to 16.
  public var p: Int

  /// Takes the three parameters of scrypt. Memory is 128 × 2^`logN` × `r` bytes, and at most 1 GiB is
  /// allowed.
  public init(logN: Int, r: Int, p: Int) {
    self.logN = logN
    self.r = r
    self.p = p
  }

  /// 32 MiB and about a tenth of a second: for a person who waits.
  public static let standard = PasswordCost(logN: 15, r: 8, p: 1)
  /// 1 MiB and a few milliseconds: for passwords that are random and long, where guessing is hopeless anyway.
  public static let cheap = PasswordCost(logN: 10, r: 8, p: 1)
}

/// How a database is opened. The defaults make an unencrypted database when there is none, and are durable.
///
///     var options = DatabaseOptions()
///     options.credential = .password(secret)
///     let database = try Database.open(at: "app.holdfast", options)
public struct DatabaseOptions: Sendable {
  /// What opens the database, or protects a new one.
  public var credential: Credential
  /// The durability of collections that have none of their own, for this opening; `nil` for what
  /// ``Database/setDurability(_:)`` stored, which is ``Durability/safe`` unless it was called.
  public var durability: Durability?
  /// The page size of a new database, in bytes: one of ``DatabaseLimits/pageSizes``. `nil` for the default.
  public var pageSize: Int?
  /// The memory for pages, in bytes (64 MiB).
  public var cacheBytes = 64 * 1024 * 1024
  /// Change nothing, and let other processes read at the same time. A database that was not closed is
  /// recovered in memory.
  public var isReadOnly: Bool
  /// Make the database when there is none.
  public var createsIfMissing = true
  /// Write to a file on a network file system although its locks and syncs promise less.
  public var allowsNetworkFileSystem = false
  /// What to do about damaged pages.
  public var onDamage = DamagePolicy.isolate
  /// How often documents whose time is over are looked for and deleted; see
  /// ``IndexOptions/expireAfterSeconds``.
  public var expiryInterval = Duration.seconds(60)
  /// A checkpoint begins when the log since the last one is longer than this, in bytes (64 MiB). It bounds
  /// the time that recovery takes.
  public var logBudget = 64 * 1024 * 1024
  /// The size of a file in the folder of the log that only takes room (4 MiB), in bytes; 0 for none. It is
  /// made a second after opening and removed when the disk is full, so that deleting, checkpoints, closing and
  /// recovery still work then.
  public var reserveBytes = 4 << 20
  /// The most bytes (ids and documents) that one transaction may write (256 MiB).
  public var maximumTransactionBytes = DatabaseLimits.maximumTransactionBytes
  /// The most transactions that may be open at the same time (10,000).
  public var maximumTransactions = 10_000
  /// The most locks that one transaction may have (1,000,000): one for each document and index entry that it writes
  /// and, with ``Isolation/serializable``, reads.
  public var maximumLocks = 1_000_000
  /// How long a call waits for what another transaction has locked.
  public var lockTimeout = Duration.seconds(30)
  /// Which transaction of a deadlock is rolled back.
  public var deadlockVictim = DeadlockVictim.youngest
  /// A transaction that was not used for so long is rolled back, so that what it has locked gets free; `nil` for
  /// never.
  public var transactionIdleTime: Duration? = .seconds(300)
  /// The same for one that began so long ago, used or not; `nil` for never.
  public var transactionDuration: Duration?
  /// About how much memory one sort may use (100 MiB), in bytes. What needs more goes into sealed temporary files
  /// beside the database, also when it is open for reading only; they have no names and end with the sort.
  public var sortMemoryBytes = ExternalSorter.defaultMemory
  /// The cost of deriving a key from the password of a new database.
  public var passwordCost = PasswordCost.standard

  /// Whether checkpoints and timed syncs have a thread of their own; without one, runs are repeatable.
  package var hasBackgroundThread = true
  /// The size of the smallest and the largest log segment, in bytes; `nil` for the default.
  package var segmentBytes: ClosedRange<Int>?
  /// How many documents one step of building an index enters at most, before others may write again.
  package var documentsPerIndexStep = 4000
  /// What is below, for tests to replace.
  package var fileSystem: any FileSystem = POSIXFileSystem()
  package var clock: any Clock = SystemClock()
  package var failurePolicy = FailurePolicy()
  package var random: any RandomSource = SystemRandom()

  /// Takes what is asked for most often; the rest has properties.
  public init(credential: Credential = .none, durability: Durability? = nil, isReadOnly: Bool = false) {
    self.credential = credential
    self.durability = durability
    self.isReadOnly = isReadOnly
  }
}

extension DatabaseOptions {
  /// The engine's options; refuses what makes no sense.
  func engine() throws(HoldfastError) -> StorageOptions {
    try durability?.validate()
    var options = StorageOptions()
    options.credential = try engineCredential()
    if let pageSize { options.pageSize = pageSize }
    options.cacheBytes = max(cacheBytes, StorageLimits.minimumCacheBytes)
    options.isReadOnly = isReadOnly
    options.createsIfMissing = createsIfMissing
    options.allowsNetworkFileSystem = allowsNetworkFileSystem
    options.onDamage = onDamage == .refuse ? .refuse : .isolate
    options.logBudget = max(logBudget, DatabaseOptions.smallestLogBudget)
    options.hasBackgroundThread = hasBackgroundThread
    options.maximumTransactionBytes = max(1, maximumTransactionBytes)
    options.transactions.open = max(1, maximumTransactions)
    options.transactions.locks = max(1, maximumLocks)
    options.transactions.lockTimeout = lockTimeout.nanoseconds
    options.transactions.victim = deadlockVictim.engine
    options.transactions.idleTime = transactionIdleTime?.nanoseconds
    options.transactions.duration = transactionDuration?.nanoseconds
    options.fileSystem = fileSystem
    options.clock = clock
    options.failurePolicy = failurePolicy
    options.failurePolicy.reserveBytes = max(0, reserveBytes)
    options.random = random
    if let segmentBytes {
      options.smallestSegment = segmentBytes.lowerBound
      options.largestSegment = segmentBytes.upperBound
    }
    return options
  }

  /// Below this, checkpoints would do nothing but follow one another.
  private static let smallestLogBudget = 64 * 1024

  private func engineCredential() throws(HoldfastError) -> HoldfastEngine.Credential {
    switch credential {
    case .none: return .none
    case .password(let password):
      guard !password.isEmpty, password.utf8.count <= DatabaseLimits.maximumPasswordBytes else {
        throw HoldfastError(
          .invalidUse,
          "a password has 1 to \(DatabaseLimits.maximumPasswordBytes) bytes: choose another, or open "
            + "without one"
        )
      }
      return .password(Array(password.utf8), try scryptParameters())
    case .key(let bytes):
      do throws(SealingError) {
        return .key(try bytes.withBytes { (bytes) throws(SealingError) in try SecretKey(bytes) })
      } catch {
        throw HoldfastError(
          .invalidUse,
          "a key has exactly \(SecretKey.size) bytes, not \(bytes.count): check where it comes from")
      }
    }
  }

  private func scryptParameters() throws(HoldfastError) -> ScryptParameters {
    let parameters = ScryptParameters(
      logN: UInt8(clamping: passwordCost.logN), r: UInt32(clamping: passwordCost.r),
      p: UInt32(clamping: passwordCost.p))
    do throws(SealingError) {
      try parameters.validate()
      return parameters
    } catch {
      throw HoldfastError(.invalidUse, "the cost of a password is out of bounds: \(error)")
    }
  }
}
