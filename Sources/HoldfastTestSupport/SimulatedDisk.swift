import HoldfastIO

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// A file system in memory that can lose power, fill up and lie, as disks do, and does so by a seed.
///
/// It holds two images: the live one, which programs see, and the durable one, which is on the medium. A sync
/// moves changes from the first to the second. At a crash, an arbitrary, seeded part of the rest moves as
/// well: sectors of 512 bytes each for itself, lengths, and changes of names. The same seed and the same
/// calls always end in the same images, whatever the process or the machine.
///
/// Operations are numbered from 1, so that a test can run a workload once to count them, and then again for
/// each number with a fault there. Paths begin at the root, which exists; every other directory must be
/// created.
///
///     let disk = SimulatedDisk(seed: 7)
///     try disk.createDirectory("/data")
///     disk.schedule(.crash, at: disk.operationCount + 5)
///     // … run the workload until it fails …
///     disk.crash()
///     // … recover and check …
public final class SimulatedDisk: FileSystem {
  /// What every operation fails with between the moment the power fails and ``crash(_:)``.
  public static var powerLossCode: Int32 { ESHUTDOWN }

  /// The unit that is written as a whole or not at all.
  public static let sectorSize = SparseBytes.sectorSize

  /// Which unsynced changes survive a crash.
  public enum Survival: Sendable, Equatable {
    /// A part that follows from the seed.
    case seeded
    /// None: exactly what was synced.
    case nothing
    /// All: as if everything had been synced just before.
    case everything
  }

  let latch = Latch()
  // Safe to share: only touched while holding `latch`.
  nonisolated(unsafe) private let core: DiskCore

  /// An empty disk. `capacity` is in bytes.
  public init(seed: UInt64, capacity: UInt64 = .max) {
    core = DiskCore(seed: seed, capacity: capacity)
  }

  /// A disk that holds `image`, all of it durable. Costs little, however large the image is.
  public init(image: Image, seed: UInt64 = 0, capacity: UInt64 = .max) {
    core = DiskCore(seed: seed, capacity: capacity)
    core.load(image)
  }

  /// Runs `body` while no other thread uses the disk.
  func withCore<R, E: Error>(_ body: (DiskCore) throws(E) -> R) throws(E) -> R {
    latch.lock()
    defer { latch.unlock() }
    return try body(core)
  }

  // MARK: - Crashes

  /// The power fails now and comes back: what was synced is there, and of the rest what `survival` says.
  /// Every open file is dead (`EIO`), every lock is gone. Afterwards nothing is unsynced. Scheduled faults
  /// stay scheduled.
  public func crash(_ survival: Survival = .seeded) {
    withCore { $0.crash(survival) }
  }

  /// The power fails now and does not come back before ``crash(_:)``. What programs still do on their way out
  /// fails, and reaches nothing.
  public func cutPower() {
    withCore { $0.isDown = true }
  }

  /// Which part of what is unsynced the next crashes keep, whatever the disk's own seed is: many crashes can
  /// be tried at the end of one and the same course.
  public func reseedCrashes(_ seed: UInt64) {
    withCore { $0.crashRandom = SplitMix64(seed: seed) }
  }

  /// The process dies and the operating system lives on: nothing that was written is lost, but it is not
  /// durable either. Every open file is dead (`EIO`), every lock is gone.
  public func killProcess() {
    withCore { $0.killProcess() }
  }

  /// Reads whatever is clean from the medium again, as the system does when it needs memory: shows what a
  /// failed sync dropped.
  public func evictCleanCache() {
    withCore { $0.evictCleanCache() }
  }

  /// Whether the power has failed and ``crash(_:)`` was not called yet.
  public var isDown: Bool { withCore { $0.isDown } }

  // MARK: - Faults

  /// Lets `fault` happen to the first operation with this number or a higher one that it can happen to.
  ///
  /// `kinds` and `path` (a file or a directory, with everything below it) narrow down which operations those
  /// are. A file is meant by the path it was opened by.
  public func schedule(
    _ fault: Fault, at operation: Int, on kinds: OperationKinds = .all, under path: String? = nil
  ) {
    let prefix = path.map(DiskPath.normalized)
    withCore {
      $0.scheduled.append(ScheduledFault(fault: fault, operation: operation, kinds: kinds, prefix: prefix))
    }
  }

  /// Forgets every scheduled fault that has not happened yet or is still going on.
  public func clearFaults() {
    withCore { $0.scheduled.removeAll() }
  }

  /// How many scheduled faults have not happened yet, or are still going on.
  public var pendingFaults: Int { withCore { $0.scheduled.count } }

  /// How likely each read and each write is to transfer less than it could. 0 at first.
  public var shortTransferProbability: Double {
    get { withCore { $0.shortTransferProbability } }
    set { withCore { $0.shortTransferProbability = newValue } }
  }

  // MARK: - Space

  /// The size of the disk in bytes. May be changed at any time; a disk that holds more is simply full.
  public var capacity: UInt64 {
    get { withCore { $0.capacity } }
    set { withCore { $0.capacity = newValue } }
  }

  /// How many bytes are free.
  public var availableBytes: UInt64 { withCore { $0.availableBytes } }

  /// Whether overwriting takes new space until the next sync, so that it can fail with `ENOSPC` too. Off at
  /// first.
  public var copiesOnWrite: Bool {
    get { withCore { $0.copiesOnWrite } }
    set { withCore { $0.copiesOnWrite = newValue } }
  }

  /// Whether ``volume(at:)`` says that this is a network file system. Off at first.
  public var isNetwork: Bool {
    get { withCore { $0.isNetwork } }
    set { withCore { $0.isNetwork = newValue } }
  }

  // MARK: - What happened

  /// How many operations there were, which is the number of the last one. Each call of the file system or of
  /// a file is one, except closing, calls on dead or closed files, and everything after the power failed.
  public var operationCount: Int { withCore { $0.operationCount } }

  /// What the operations so far were.
  public var counters: Counters { withCore { $0.counters } }

  /// Starts ``counters`` again at 0. Does not change ``operationCount``.
  public func resetCounters() {
    withCore { $0.counters = Counters() }
  }

  /// The latest operations, oldest first.
  public var trace: [TracedOperation] { withCore { $0.trace } }

  /// How many operations ``trace`` keeps at most; when there are more, the older half goes. 100,000 at first,
  /// and 0 keeps none.
  public var traceLimit: Int {
    get { withCore { $0.traceLimit } }
    set {
      withCore {
        $0.traceLimit = newValue
        if $0.trace.count > newValue { $0.trace.removeFirst($0.trace.count - newValue) }
      }
    }
  }
}
