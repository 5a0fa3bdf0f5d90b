import HoldfastEngine
import HoldfastIO
import HoldfastTestSupport

/// One run of a workload on a simulated disk, with a record of what a crash may leave.
///
/// Plays the steps until the disk fails for good. What the database shows on the way, and what it shows when
/// it is opened after the crash, must be among the states that the commits led through, and none before the
/// last one that was acknowledged as durable. A commit that was refused is no such state.
final class Run {
  let disk: SimulatedDisk
  let clock = SimulatedClock()
  let workload: Workload
  let options: StorageOptions
  /// What goes wrong may go wrong at every further try.
  let isLasting: Bool

  var storage: Storage?
  /// The states that the commits led through. The last is what readers see, or may be, while the outcome of
  /// a commit is unknown.
  var history = [State()]
  /// The first state that may be found after a crash.
  var durable = 0
  /// Commits that failed and changed nothing, or that a crash took back: not to be seen again.
  var refused: Set<State.Digest> = []
  /// Nothing more can be tried.
  var isOver = false
  /// How many calls failed.
  var failures = 0

  private var pins: [(snapshot: Snapshot, digest: State.Digest)] = []
  /// Acknowledged commits in batch mode that no sync has to have covered: how many operations each has, and
  /// until when it may stay unsynced (monotonic nanoseconds).
  private var unsynced: [(operations: Int, deadline: UInt64)] = []
  /// The times of the commits that were seen, by LSN, ascending.
  private var times: [(lsn: UInt64, timestamp: Int64)] = []

  static let path = "/db/app.holdfast"
  private static let openingAttempts = 4

  init(_ workload: Workload, seed: UInt64, isLasting: Bool) throws {
    self.workload = workload
    self.isLasting = isLasting
    disk = SimulatedDisk(seed: seed)
    try disk.createDirectory("/db")
    try disk.syncDirectory("/")
    disk.shortTransferProbability = 0.05
    let setup = workload.setup
    var options = StorageOptions()
    options.fileSystem = disk
    options.random = SeededRandom(seed: seed)
    options.clock = clock
    options.hasBackgroundThread = false
    options.pageSize = setup.pageSize
    options.cacheBytes = setup.cacheBytes
    options.logBudget = setup.logBudget
    options.smallestSegment = setup.segmentBytes.lowerBound
    options.largestSegment = setup.segmentBytes.upperBound
    if setup.isEncrypted {
      let key = [UInt8](repeating: 7, count: 32)
      options.credential = .key(try key.withUnsafeBytes { try SecretKey($0) })
    }
    self.options = options
  }

  var visible: State { history[history.count - 1] }

  /// Plays all steps, or as many as the disk allows.
  func play() throws {
    try open(.anyLegal)
    for step in workload.steps where !isOver {
      try play(step)
      // Some failures nobody is told about, such as that of a checkpoint that nobody asked for.
      if disk.isDown { isOver = true }
    }
    if disk.isDown { isOver = true }
  }

  private func play(_ step: Step) throws {
    switch step {
    case .commit(let changes, let durability): try commit(changes, durability)
    case .abort(let changes): try abort(changes)
    case .persist: try sync { try $0.persist() }
    case .checkpoint: try sync { try $0.checkpoint() }
    case .spill: try attempt { try $0.spill() }
    case .reopen: try reopen()
    case .kill: try die { disk.killProcess() }
    case .power: try die { disk.crash() }
    case .pin: try attempt { pins.append((try $0.snapshot(), visible.digest)) }
    case .compare: for pin in pins { try compare(pin.snapshot, pin.digest, .pinned) }
    case .release: if !pins.isEmpty { pins.removeFirst() }
    case .clock(let milliseconds): clock.advance(milliseconds: milliseconds)
    }
  }

  // MARK: Commits

  private struct Rollback: Error {}

  private func commit(_ changes: [Change], _ durability: Durability) throws {
    let before = clock.monotonic()
    var operations = 0
    var tried: State?
    let succeeded = try attempt {
      try $0.write { transaction in
        transaction.require(durability)
        var state = visible
        operations = try apply(changes, to: &state, transaction)
        guard operations > 0 else { return }
        // From here on it may be found, unless the commit is refused.
        tried = state
        history.append(state)
      }
    } whenRefused: {
      guard let tried else { return }
      history.removeLast()
      refused.insert(tried.digest)
    }
    // A transaction that writes nothing promises nothing.
    guard succeeded, operations > 0 else { return }
    switch durability {
    case .safe: acknowledgeAll()
    case .unsafe: break
    case .batch(let limit, let milliseconds):
      let interval = UInt64(max(0, milliseconds)) * 1_000_000
      unsynced.append((operations, clock.monotonic() + interval))
      let isDue = unsynced.contains { $0.deadline <= before }
      if isDue || unsynced.reduce(0, { $0 + $1.operations }) >= limit { acknowledgeAll() }
    }
    try noteTime()
  }

  private func abort(_ changes: [Change]) throws {
    try attempt { storage in
      do {
        try storage.write { transaction in
          var state = visible
          _ = try apply(changes, to: &state, transaction)
          refused.insert(state.digest)
          throw Rollback()
        }
      } catch is Rollback {}
    }
  }

  /// Makes the changes in a transaction and in what is expected of it. Returns how many operations they are.
  private func apply(
    _ changes: [Change], to state: inout State, _ transaction: WriteTransaction
  ) throws -> Int {
    var operations = 0
    for change in changes {
      switch change {
      case .put(let name, let keys, let size, let mark):
        guard let id = state.names[name] else { continue }
        for number in keys {
          let (key, value) = (State.key(number), State.value(number, size: size, mark: mark))
          try key.withUnsafeBytes { key in
            try value.withUnsafeBytes { value in
              try transaction.put(id, key: key, value: value)
              state.put(id, number, State.hash(id, key, value))
            }
          }
        }
        operations += keys.count
      case .delete(let name, let keys):
        guard let id = state.names[name] else { continue }
        for number in keys {
          try State.key(number).withUnsafeBytes { try transaction.delete(id, key: $0) }
          state.delete(id, number)
        }
        operations += keys.count
      case .create(let name):
        guard state.names[name] == nil else { continue }
        state.create(name, try transaction.createTree())
        operations += 1
      case .clear(let name):
        guard let id = state.names[name] else { continue }
        try transaction.clearTree(id)
        state.clear(id)
        operations += 1
      case .drop(let name):
        guard let id = state.names[name] else { continue }
        try transaction.dropTree(id)
        state.drop(name, id)
        operations += 1
      }
    }
    return operations
  }

  private func sync(_ call: (Storage) throws -> Void) throws {
    if try attempt(call) {
      acknowledgeAll()
    } else {
      // It may have failed behind the sync of the log, as a checkpoint does whose pages find no room. Then nothing that
      // came before counts for the bound of a batch any more, though nobody was told that it is durable.
      unsynced = []
    }
  }

  /// Everything acknowledged so far is durable.
  private func acknowledgeAll() {
    durable = history.count - 1
    unsynced = []
  }

  // MARK: Failures

  /// One call that may fail. Returns whether it succeeded; one that failed has changed nothing, or has left
  /// an unknown outcome and a database that has to be opened again.
  @discardableResult
  private func attempt(
    _ call: (Storage) throws -> Void, whenRefused: () -> Void = {}
  ) throws -> Bool {
    guard let storage else { return false }
    do {
      try call(storage)
      return true
    } catch let error as StorageError {
      failures += 1
      if error.code != .outcomeUnknown { whenRefused() }
      if disk.isDown {
        isOver = true
      } else if error.code == .outcomeUnknown {
        try readWhatIsLeft()
        pins = []
        try? storage.close()
        self.storage = nil
        try open(.anyLegal)
      }
      return false
    }
  }

  /// Reading goes on after a failure that ended all writing.
  private func readWhatIsLeft() throws {
    guard !isLasting, let storage else { return }
    for pin in pins { try compare(pin.snapshot, pin.digest, .pinned) }
    guard let found = try? storage.snapshot().digest() else { return }
    guard history.suffix(2).contains(where: { $0.digest == found }) else {
      throw Violation(.visible, "after a failure that ended all writing, readers see \(found)")
    }
  }

  // MARK: Opening and closing

  enum Expectation {
    /// Any state from the last durable one on.
    case anyLegal
    /// The last state, and nothing to recover.
    case clean
  }

  private func reopen() throws {
    pins = []
    let closed = storage.map { ObjectIdentifier($0) }
    // After a failure that ended all writing there is no clean close, but one that loses nothing succeeds.
    let isWhole = storage?.failure == nil
    let isClosed = try attempt { try $0.close() }
    // A failure may have led to another opening already.
    guard !isOver, storage.map({ ObjectIdentifier($0) }) == closed else { return }
    if isClosed { acknowledgeAll() }
    storage = nil
    try open(isClosed && isWhole ? .clean : .anyLegal)
  }

  /// Ends the process as `end` does, with everything it had in memory, and opens the database again.
  private func die(_ end: () -> Void) throws {
    letGo()
    end()
    try open(.anyLegal)
  }

  /// Forgets the open database without letting it do anything more.
  func letGo() {
    disk.cutPower()
    pins = []
    storage = nil
  }

  /// Opens the database and finds out which state it has.
  func open(_ expectation: Expectation) throws {
    unsynced = []
    var failure: (any Error)?
    let failuresBefore = failures
    // What goes wrong once may go wrong here; a second time it does not.
    for _ in 0..<Run.openingAttempts where storage == nil && !disk.isDown {
      do { storage = try Storage.open(Run.path, options) } catch {
        failure = error
        failures += 1
      }
    }
    guard let storage else {
      isOver = true
      if let failure, !disk.isDown, !isLasting { throw Violation(.opens, "\(failure)") }
      return
    }
    if expectation == .clean, failures == failuresBefore, !storage.recovery.wasClean {
      throw Violation(.clean, "opening had to recover what had been closed")
    }
    guard let snapshot = try? storage.snapshot(), let found = try digest(of: snapshot) else {
      isOver = true
      return
    }
    try adopt(found)
    try noteTime(recovered: true)
  }

  /// All that a snapshot shows; `nil` when the disk does not let it be read.
  func digest(of snapshot: Snapshot) throws -> State.Digest? {
    var failure: (any Error)?
    for _ in 0..<2 where !disk.isDown {
      do { return try snapshot.digest() } catch { failure = error }
    }
    if let failure, !disk.isDown, !isLasting { throw Violation(.intact, "reading failed: \(failure)") }
    return nil
  }

  /// Goes on from the state that was found, if it is one that may be found.
  private func adopt(_ found: State.Digest) throws {
    guard let position = history.lastIndex(where: { $0.digest == found }) else {
      guard !refused.contains(found) else {
        throw Violation(.refused, "\(found) were found, as after a commit that had failed")
      }
      throw Violation(.prefix, "\(found) were found, which is no state that a commit led to")
    }
    guard position >= durable else {
      throw Violation(
        .durable,
        "state \(position) of \(history.count - 1) was found, though \(durable) had been acknowledged")
    }
    for lost in history[(position + 1)...] { refused.insert(lost.digest) }
    history.removeSubrange((position + 1)...)
    // Recovery has made durable what it found.
    durable = position
  }

  // MARK: Looking

  func compare(_ snapshot: Snapshot, _ expected: State.Digest, _ promise: Promise) throws {
    guard let found = try digest(of: snapshot), found != expected else { return }
    throw Violation(promise, "\(found) where \(expected) belong, at LSN \(snapshot.lsn)")
  }

  /// Notes the time of the newest commit, which must not lie before that of an earlier one.
  private func noteTime(recovered: Bool = false) throws {
    guard let snapshot = try? storage?.snapshot() else { return }
    let (lsn, timestamp) = (snapshot.lsn, snapshot.timestamp)
    // Commits that a crash took back do not count; their numbers are used again.
    if recovered { times.removeAll { $0.lsn > lsn } }
    if let last = times.last, last.timestamp > timestamp {
      throw Violation(
        .timestamps, "commit \(lsn) has \(timestamp), but commit \(last.lsn) has \(last.timestamp)")
    }
    if times.last.map({ $0.lsn < lsn }) ?? true { times.append((lsn, timestamp)) }
  }
}
