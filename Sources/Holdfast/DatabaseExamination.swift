internal import HoldfastEngine

/// What can be said of a database without changing it, also when it does not open; see
/// ``Database/examine(at:_:)``.
public struct DatabaseExamination: Sendable {
  /// How serious it is.
  public enum Status: String, Sendable, Hashable, Comparable {
    /// Nothing needs to be done.
    case ok
    /// Everything that is there can be used, but something should be done.
    case degraded
    /// It does not open for reading.
    case failed

    private var rank: Int { self == .ok ? 0 : self == .degraded ? 1 : 2 }
    public static func < (a: Status, b: Status) -> Bool { a.rank < b.rank }
  }

  /// Something worth telling, a sentence that says what it means.
  public struct Finding: Sendable, Hashable {
    public let status: Status
    public let message: String
  }

  /// What helps.
  public enum Remedy: Sendable, Hashable {
    /// Nothing is wrong.
    case none
    /// Open it for writing and close it again, which recovers it.
    case recover
    /// Look at how much is damaged, save what can be read, and restore the rest from a backup.
    case verify
    /// Close it in the process that has it open, or ask that one for its health.
    case waitForOwner
    /// Give the right password or key.
    case authenticate
    /// Put the folder of the log back beside the file, or restore a backup.
    case restoreLog
    /// Restore a backup.
    case restoreBackup
    /// Use a newer Holdfast.
    case upgrade
    /// What the failure's message says.
    case seeFailure
  }

  /// The worst of the findings.
  public var status: Status { findings.map(\.status).max() ?? .ok }
  /// The worst first.
  public internal(set) var findings: [Finding] = []
  public internal(set) var remedy = Remedy.none

  /// Bytes of the data file; `nil` when there is none.
  public let fileBytes: UInt64?
  /// The identity of the database; `nil` when no key block holds.
  public let databaseID: String?
  public let isEncrypted: Bool
  /// Bytes of a page; 0 when no key block holds.
  public let pageSize: Int
  public let created: BSONDateTime
  /// How many of the three copies of the key block hold, and how many of the two meta slots.
  public let keyBlocks: Int
  public let metaSlots: Int
  /// The last commit of the newest checkpoint, and when that was made.
  public let checkpointLSN: UInt64?
  public let checkpointTime: BSONDateTime?
  /// Whether it was closed properly; `nil` when no meta slot holds.
  public let wasClosed: Bool?
  /// Whether another process has it open, and what that says of itself.
  public let isLocked: Bool
  public let owner: String?
  /// Log segments beside the file, and their bytes.
  public let logSegments: Int
  public let logBytes: UInt64
  /// Files that were set aside after damage.
  public let quarantine: [String]
  /// Why it does not open for reading; `nil` when it does.
  public let failure: HoldfastError?
  /// What opening it had to do in memory, when it opens.
  public let recovery: RecoveryReport?
  /// How it is doing, opened for reading only, when it opens.
  public let health: DatabaseHealth?
  /// Pages known to be damaged, when it opens.
  public let damage: [DamagedRange]

  init(_ found: Examination, _ health: DatabaseHealth?, _ damage: [DamagedRange]) {
    fileBytes = found.fileBytes
    databaseID = found.databaseID
    isEncrypted = found.isEncrypted
    pageSize = found.pageSize
    created = BSONDateTime(milliseconds: found.created)
    keyBlocks = found.keyBlocks.count { $0 }
    metaSlots = found.slots.count { $0 != nil }
    let newest = found.slots.compactMap { $0 }.max { $0.lsn < $1.lsn }
    checkpointLSN = newest?.lsn
    checkpointTime = newest.map { BSONDateTime(milliseconds: $0.checkpointTime) }
    wasClosed = newest.map { _ in found.slots.allSatisfy { $0?.isClean ?? true } }
    isLocked = found.isLocked
    owner = found.owner
    logSegments = found.logSegments
    logBytes = found.logBytes
    quarantine = found.quarantine
    failure = found.failure.map { HoldfastError($0) }
    self.health = health
    recovery = health?.recovery
    self.damage = damage
    judge(found)
  }

  private mutating func judge(_ found: Examination) {
    if let failure {
      // A lock and a password are in the way of looking, not damage.
      let isObstacle = failure.code == .databaseLocked || failure.code == .authenticationFailed
      note(isObstacle ? .degraded : .failed, failure.message)
      remedy =
        switch failure.code {
        case .databaseLocked: .waitForOwner
        case .authenticationFailed: .authenticate
        case .missingLog: .restoreLog
        case .corrupted, .truncated: .restoreBackup
        case .unsupportedFormat: .upgrade
        default: .seeFailure
        }
    }
    if keyBlocks > 0 && keyBlocks < found.keyBlocks.count {
      note(
        .degraded,
        "\(found.keyBlocks.count - keyBlocks) of the 3 copies of the key block do not hold: the others are enough, "
          + "but without any the database could not be opened; copy its documents to a new one soon")
    }
    if metaSlots == 1 && databaseID != nil {
      note(
        .degraded,
        "one of the two meta slots does not hold: the other one is enough, and the next opening for "
          + "writing writes both anew")
      if failure == nil { remedy = .recover }
    }
    if failure != nil { return sort() }
    for range in damage { note(.degraded, "\(range)") }
    if !damage.isEmpty { remedy = .verify }
    guard let recovery else { return sort() }
    if !recovery.wasClean {
      note(
        .degraded,
        "it was not closed: the next opening for writing replays \(recovery.commitsReplayed) commits from the log"
      )
      if damage.isEmpty { remedy = .recover }
    }
    if recovery.operationsSetAside > 0 {
      note(
        .degraded,
        "\(recovery.operationsSetAside) changes belong into damaged pages and will be set aside then")
    }
    if recovery.bytesCut > 0 {
      note(
        .ok,
        "\(recovery.bytesCut) bytes at the end of the log were never completely written, and will be cut off: "
          + (recovery.cutReason ?? ""))
    }
    if recovery.usedOlderCheckpoint {
      note(.degraded, "the newest checkpoint does not hold: the one before it and the log make up for it")
    }
    // The rest of what an open database says of itself: that it is open for reading only is our doing, and
    // what recovery found has been told.
    let told = ["openedReadOnly", "damagedPages", "lostSlot"]
    for reason in health?.reasons ?? [] where !told.contains(reason.code) {
      note(reason.status == .ok ? .ok : .degraded, reason.message)
    }
    if wasClosed == true && logSegments > 0 {
      note(.ok, "\(logSegments) log segments are left over: the next opening for writing removes them")
    }
    if !quarantine.isEmpty {
      note(.ok, "\(quarantine.count) files were set aside after damage: look into \"…-quarantine\"")
    }
    sort()
  }

  private mutating func note(_ status: Status, _ message: String) {
    findings.append(Finding(status: status, message: message))
  }

  /// The worst first, otherwise as they were found.
  private mutating func sort() {
    findings = [Status.failed, .degraded, .ok].flatMap { status in findings.filter { $0.status == status } }
  }
}

extension Database {
  /// Looks at the database at `path` without changing a byte: at the parts of its header, at the files beside
  /// it, and, when it opens for reading, at what recovery would do and at the damage that is known. Works on
  /// what does not open, and says why. Reads no documents: ``verify()`` does.
  ///
  /// `options` matter for the credential and for what is below; nothing is created.
  public static func examine(at path: String, _ options: DatabaseOptions = DatabaseOptions())
    throws(HoldfastError) -> DatabaseExamination
  {
    let engine = try options.engine()
    var health: DatabaseHealth?
    var damage: [DamagedRange] = []
    let found = Storage.examine(path, engine) { storage in
      health = DatabaseHealth(storage.health(), recovery: RecoveryReport(storage.recovery))
      damage = (try? storage.namedDamage()) ?? []
    }
    return DatabaseExamination(found, health, damage)
  }
}
