#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

enum Replay {
  /// `1...count`, or only the seed in the environment variable `HOLDFAST_SEED` when it is set, so that one
  /// printed failure can be replayed alone. With `HOLDFAST_EXHAUSTIVE` set, `1...exhaustive`.
  static func seeds(_ count: Int, exhaustive: Int? = nil) -> [UInt64] {
    let count = getenv("HOLDFAST_EXHAUSTIVE") == nil ? count : exhaustive ?? count
    if let text = getenv("HOLDFAST_SEED"), let seed = UInt64(String(cString: text)) { return [seed] }
    return (0..<count).map { UInt64($0) + 1 }
  }
}

/// A lock that the thread sanitizer knows.
final class StoreLock: Sendable {
  // Safe to share: it never changes after `init`, and mutexes are made for many threads.
  nonisolated(unsafe) private let mutex: UnsafeMutablePointer<pthread_mutex_t>

  init() {
    mutex = .allocate(capacity: 1)
    pthread_mutex_init(mutex, nil)
  }

  deinit {
    pthread_mutex_destroy(mutex)
    mutex.deallocate()
  }

  func withLock<R, E: Error>(_ body: () throws(E) -> R) throws(E) -> R {
    pthread_mutex_lock(mutex)
    defer { pthread_mutex_unlock(mutex) }
    return try body()
  }
}
