import HoldfastIO

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The background thread of an open database: checkpoints, spilling, timed syncs and log segments made ahead.
///
/// `@unchecked Sendable`: what changes is touched under `latch` only.
final class MaintenanceThread: @unchecked Sendable {
  private let latch = Latch()
  private let condition = Condition()
  private weak var storage: Storage?
  private var isAwake = false
  private var isStopping = false
  private var isRunning = false

  /// How often it looks for timed work when nobody wakes it, in nanoseconds.
  private static let interval: UInt64 = 20_000_000

  init(_ storage: Storage) {
    self.storage = storage
    let context = Unmanaged.passRetained(self)
    isRunning = true
    #if canImport(Darwin)
      var thread: pthread_t?
      let result = pthread_create(&thread, nil, { MaintenanceThread.main($0) }, context.toOpaque())
      if result == 0, let thread { pthread_detach(thread) }
    #else
      var thread = pthread_t()
      let result = pthread_create(&thread, nil, { MaintenanceThread.main($0) }, context.toOpaque())
      if result == 0 { pthread_detach(thread) }
    #endif
    if result != 0 {
      // Without a thread its work is done inside the calls that make it due.
      isRunning = false
      context.release()
    }
  }

  #if canImport(Darwin)
    private static func main(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
      Unmanaged<MaintenanceThread>.fromOpaque(context).takeRetainedValue().run()
      return nil
    }
  #else
    private static func main(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
      guard let context else { return nil }
      Unmanaged<MaintenanceThread>.fromOpaque(context).takeRetainedValue().run()
      return nil
    }
  #endif

  /// Whether there is a thread. Without one its work is done inside the calls that make it due.
  var isAtWork: Bool { latch.withLock { isRunning } }

  /// Asks it to look for work.
  func wake() {
    latch.withLock {
      isAwake = true
      condition.broadcast()
    }
  }

  /// Ends it, and waits until it has ended; unless it is itself the caller.
  func stop() {
    latch.lock()
    isStopping = true
    condition.broadcast()
    while isRunning && !isOwnThread { condition.wait(latch) }
    latch.unlock()
  }

  private var owner: UInt = 0
  private var isOwnThread: Bool { owner == Process.thread }

  private func run() {
    latch.withLock { owner = Process.thread }
    while true {
      latch.lock()
      if !isAwake && !isStopping { _ = condition.wait(latch, nanoseconds: MaintenanceThread.interval) }
      isAwake = false
      let mustEnd = isStopping
      latch.unlock()
      // The database may be released at any time: then there is nothing to do any more.
      guard !mustEnd, let storage else { break }
      storage.maintain()
    }
    latch.withLock {
      isRunning = false
      condition.broadcast()
    }
  }
}

extension Storage {
  /// Does whatever is due. Called by the background thread, or by tests in its place.
  func maintain() {
    guard failure == nil, let log else { return }
    let now = options.clock.monotonic()
    if commitLatch.withLock({ unsynced.isDue(at: now) }) { try? persist() }
    look(at: now)
    endOverdueTransactions(at: now)
    if log.wantsNextSegment, !isSuspended { prepareSegment(log) }
    relieveCache()
    let isDue = status.withLock { status in
      defer { status.wantsCheckpoint = false }
      return status.wantsCheckpoint && !status.isClosing
    }
    if isDue { checkpointQuietly() }
    maintenanceHook.withLock { $0 }?(now)
  }

  /// Has something done whenever the background thread looks for work, which must not take long; it is told the
  /// monotonic time.
  public func setMaintenanceHook(_ hook: @escaping @Sendable (UInt64) -> Void) {
    maintenanceHook.withLock { $0 = hook }
  }
}
