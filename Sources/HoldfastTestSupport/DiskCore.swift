import HoldfastIO

/// The state of a ``SimulatedDisk``. Knows nothing of threads: the disk holds its latch around every use.
final class DiskCore {
  static let root = 1
  /// No file of a test needs more, and offsets beyond would only use up memory.
  static let maximumFileSize = 1 << 36

  // Names and files.
  var inodes: [Int: Inode] = [:]
  var nextInode = DiskCore.root + 1
  var pending: [DirectoryChange] = []
  var nextChange = 1

  // Space.
  var capacity: UInt64
  var usedBlocks = 0
  var copiesOnWrite = false
  var isNetwork = false

  // Handles and locks. Handles of an earlier boot are dead.
  var boot = 1
  var nextHandle = 1
  var locks: [Int: [(handle: Int, kind: FileLock)]] = [:]

  // Faults.
  var isDown = false
  var scheduled: [ScheduledFault] = []
  var shortTransferProbability = 0.0

  // Two sequences, so that a short read more does not change what a crash keeps.
  var crashRandom: SplitMix64
  var random: SplitMix64

  // What happened.
  var operationCount = 0
  var counters = Counters()
  var trace: [TracedOperation] = []
  var traceLimit = 100_000

  init(seed: UInt64, capacity: UInt64) {
    var seeds = SplitMix64(seed: seed)
    crashRandom = SplitMix64(seed: seeds.next())
    random = SplitMix64(seed: seeds.next())
    self.capacity = capacity
    inodes[DiskCore.root] = Inode(id: DiskCore.root, isDirectory: true)
  }

  /// What a running operation must do differently.
  struct Disturbance {
    var faults: [Fault] = []

    func contains(_ fault: Fault) -> Bool { !faults.isEmpty && faults.contains(fault) }
  }

  /// Counts and records an operation, finds out what goes wrong with it, and does it.
  func perform<R>(
    _ operation: IOError.Operation, _ path: String, to destination: String? = nil, file: Inode? = nil,
    offset: UInt64 = 0, length: Int = 0,
    _ body: (Disturbance) throws(IOError) -> R
  ) throws(IOError) -> R {
    guard !isDown else {
      throw IOError(operation: operation, path: path, code: SimulatedDisk.powerLossCode)
    }
    operationCount += 1
    count(operation, path)
    let disturbance = scheduled.isEmpty ? Disturbance() : takeFaults(operation, path)
    var entry = TracedOperation(
      number: operationCount, operation: operation, path: path, destination: destination, offset: offset,
      length: length, faults: disturbance.faults, outcome: .done(0))
    defer { record(entry) }
    do throws(IOError) {
      for fault in disturbance.faults { try fail(fault, operation, path) }
      if operation == .read, disturbance.contains(.bitRot) { rot(file) }
      let result = try body(disturbance)
      if operation != .read, disturbance.contains(.bitRot) { rot(file) }
      if let transferred = result as? Int { entry.outcome = .done(transferred) }
      return result
    } catch {
      entry.outcome = .failed(error.code)
      throw error
    }
  }

  /// Removes from the schedule what happens to this operation, and returns it.
  private func takeFaults(_ operation: IOError.Operation, _ path: String) -> Disturbance {
    var disturbance = Disturbance()
    let kind = OperationKinds(operation)
    scheduled.removeAll { entry in
      guard entry.applies(to: kind, number: operationCount, path: path) else { return false }
      disturbance.faults.append(entry.fault)
      if case .error(_, .fromThenOn) = entry.fault { return false }
      return true
    }
    return disturbance
  }

  /// The faults that keep an operation from being tried at all.
  private func fail(_ fault: Fault, _ operation: IOError.Operation, _ path: String) throws(IOError) {
    switch fault {
    case .crash:
      isDown = true
      throw IOError(operation: operation, path: path, code: SimulatedDisk.powerLossCode)
    case .error(let code, _):
      throw IOError(operation: operation, path: path, code: code)
    default:
      return
    }
  }

  /// Changes one seeded bit of a file, of any file when none is given.
  private func rot(_ file: Inode?) {
    var victim = file
    if victim == nil || victim?.isDirectory == true {
      let files = inodes.values.filter { !$0.isDirectory && $0.length > 0 }.sorted { $0.id < $1.id }
      victim = files.isEmpty ? nil : files[random.below(files.count)]
    }
    guard let victim, victim.length > 0 else { return }
    flip(victim, bit: random.below(8), at: random.below(victim.length))
  }

  /// Changes one bit, whether the place was synced or not.
  func flip(_ file: Inode, bit: Int, at offset: Int) {
    file.live.flip(bit: bit, at: offset)
    if offset < file.durableLength { file.durable.flip(bit: bit, at: offset) }
  }

  private func count(_ operation: IOError.Operation, _ path: String) {
    switch operation {
    case .open: counters.opens += 1
    case .read: counters.reads += 1
    case .write:
      counters.writes += 1
      counters.writesByPath[path, default: 0] += 1
    case .sync:
      counters.syncs += 1
      counters.syncsByPath[path, default: 0] += 1
    case .syncDirectory:
      counters.directorySyncs += 1
      counters.syncsByPath[path, default: 0] += 1
    default: break
    }
  }

  private func record(_ entry: TracedOperation) {
    if case .done(let transferred) = entry.outcome {
      if entry.operation == .read { counters.bytesRead += UInt64(transferred) }
      if entry.operation == .write {
        counters.bytesWritten += UInt64(transferred)
        counters.bytesWrittenByPath[entry.path, default: 0] += UInt64(transferred)
      }
    }
    guard traceLimit > 0 else { return }
    // Half at once, so that a long run does not move the rest for every operation.
    if trace.count >= traceLimit { trace.removeFirst((trace.count + 1) / 2) }
    trace.append(entry)
  }
}
