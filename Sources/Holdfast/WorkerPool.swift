internal import HoldfastIO

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Threads that run what blocks, so that the threads that tasks run on never do.
///
/// They are started when there is work and none is idle, up to a limit, and end when there has been none for
/// a while.
///
/// `@unchecked Sendable`: what changes is touched under `latch` only.
final class WorkerPool: @unchecked Sendable {
  typealias Job = @Sendable () -> Void

  private let latch = Latch()
  private let condition = Condition()
  private let limit: Int
  private var jobs: [Job?] = []
  /// Where the next job is: taking from the front of an array would move the others each time.
  private var nextJob = 0
  private var threads = 0
  private var idle = 0
  private var isStopping = false

  /// How long a thread waits for work before it ends, in nanoseconds.
  private static let patience: UInt64 = 5_000_000_000
  /// Enough for documents that nest to the limit; threads that are not the first one get little on some
  /// systems.
  private static let stackBytes = 2 << 20

  /// For openings, which have no database yet that could have threads of its own.
  static let openings = WorkerPool(limit: 2)

  init(limit: Int) { self.limit = limit }

  /// Runs a job on one of the threads, in the order of the calls.
  func run(_ job: @escaping Job) {
    latch.lock()
    jobs.append(job)
    let isBusy = jobs.count - nextJob > idle
    if isBusy, threads < limit, startThread() { threads += 1 }
    let isHopeless = threads == 0
    if isHopeless { jobs.removeLast() }
    condition.signal()
    latch.unlock()
    // The system gives no thread at all: waiting here is bad, but never answering would be worse.
    if isHopeless { job() }
  }

  /// Lets the threads end when their work is done.
  func stop() {
    latch.withLock {
      isStopping = true
      condition.broadcast()
    }
  }

  private func work() {
    // A job may hold the last reference to its database, whose end calls `stop()`: it is released outside the
    // latch.
    while let job = waitForJob() { job() }
  }

  private func waitForJob() -> Job? {
    latch.lock()
    defer { latch.unlock() }
    while true {
      if let job = takeJob() { return job }
      if isStopping { break }
      idle += 1
      let wasWoken = condition.wait(latch, nanoseconds: WorkerPool.patience)
      idle -= 1
      if !wasWoken && nextJob == jobs.count { break }
    }
    threads -= 1
    return nil
  }

  private func takeJob() -> Job? {
    guard nextJob < jobs.count else { return nil }
    let job = jobs[nextJob]
    jobs[nextJob] = nil
    nextJob += 1
    if nextJob == jobs.count || nextJob >= WorkerPool.compaction {
      jobs.removeFirst(nextJob)
      nextJob = 0
    }
    return job
  }

  /// After how many jobs the places of those that are done are given up.
  private static let compaction = 1024

  private func startThread() -> Bool {
    let context = Unmanaged.passRetained(self)
    var attributes = pthread_attr_t()
    pthread_attr_init(&attributes)
    defer { pthread_attr_destroy(&attributes) }
    pthread_attr_setstacksize(&attributes, WorkerPool.stackBytes)
    pthread_attr_setdetachstate(&attributes, Int32(PTHREAD_CREATE_DETACHED))
    #if canImport(Darwin)
      var thread: pthread_t?
      let result = pthread_create(&thread, &attributes, { WorkerPool.main($0) }, context.toOpaque())
    #else
      var thread = pthread_t()
      let result = pthread_create(&thread, &attributes, { WorkerPool.main($0) }, context.toOpaque())
    #endif
    if result != 0 { context.release() }
    return result == 0
  }

  #if canImport(Darwin)
    private static func main(_ context: UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? {
      Unmanaged<WorkerPool>.fromOpaque(context).takeRetainedValue().work()
      return nil
    }
  #else
    private static func main(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
      guard let context else { return nil }
      Unmanaged<WorkerPool>.fromOpaque(context).takeRetainedValue().work()
      return nil
    }
  #endif
}

extension WorkerPool {
  /// Runs `work` on a thread and gives what it returned or threw.
  func perform<R: Sendable, E: Error>(_ work: @escaping @Sendable () throws(E) -> R) async throws(E) -> R {
    let result: Result<R, E> = await withCheckedContinuation { continuation in
      run { continuation.resume(returning: Result { () throws(E) in try work() }) }
    }
    return try result.get()
  }
}
