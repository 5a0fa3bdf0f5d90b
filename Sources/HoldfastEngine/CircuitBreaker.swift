import HoldfastIO
import Synchronization

/// Decides whether a disk that keeps failing is tried at all. Knows no clock: every call is told the time, in
/// monotonic nanoseconds.
///
/// Counted are operations that write (a group of the log, a new segment, pages), not the attempts that one of
/// them makes. Only failures that say something about the device count: neither reads, whose failures concern
/// one page, nor a lack of room, files or memory (``IOError/Kind/exhausted``), which ends by itself and must
/// not keep writes from succeeding the moment it does.
struct CircuitBreaker: Sendable {
  /// How things stand.
  enum State: Sendable, Equatable {
    /// All is well, or the last few operations failed: writes are tried.
    case closed(failures: Int)
    /// Nothing is tried before `until`.
    case open(since: UInt64, until: UInt64)
    /// One write is on its way and decides for all; others are refused.
    case probing(since: UInt64)
  }

  /// What becomes of a write.
  enum Admission: Sendable, Equatable {
    /// It is tried.
    case admitted
    /// It is tried, and decides for all. Its end is to be told with ``endProbe(at:)``, whatever it was.
    case probe
    /// It is refused.
    case refused
  }

  private(set) var state: State = .closed(failures: 0)
  /// What the last failure was.
  private(set) var reason = ""
  private let limit: Int
  private let pause: UInt64

  /// Opens after `limit` failures in a row, for `pause` nanoseconds.
  init(limit: Int, pause: UInt64) {
    self.limit = max(1, limit)
    self.pause = pause
  }

  var isClosed: Bool { if case .closed = state { true } else { false } }

  /// Whether a write that came now would be refused.
  func refuses(at now: UInt64) -> Bool {
    switch state {
    case .closed: false
    case .open(_, let until): now < until
    case .probing: true
    }
  }

  /// Asks for leave to write.
  mutating func admit(at now: UInt64) -> Admission {
    switch state {
    case .closed: return .admitted
    case .open(let since, let until):
      guard now >= until else { return .refused }
      state = .probing(since: since)
      return .probe
    case .probing: return .refused
    }
  }

  /// A counted operation succeeded.
  mutating func succeeded() { state = .closed(failures: 0) }

  /// A counted operation failed.
  mutating func failed(_ error: IOError, at now: UInt64) {
    guard error.kind != .exhausted else { return }
    reason = error.description
    switch state {
    case .closed(let failures):
      let failures = failures + 1
      state = failures < limit ? .closed(failures: failures) : .open(since: now, until: now &+ pause)
    case .probing(let since):
      state = .open(since: since, until: now &+ pause)
    case .open:
      // What was begun before it opened.
      break
    }
  }

  /// The probe has ended. When it decided nothing, because it never came to the disk or found it full, the
  /// next write is one.
  mutating func endProbe(at now: UInt64) {
    if case .probing(let since) = state { state = .open(since: since, until: now) }
  }
}

/// The breaker of a database, with what every write asks for readable without a lock.
final class SharedBreaker: Sendable {
  private let breaker: Guarded<CircuitBreaker>
  private let closed = Atomic<Bool>(true)

  init(_ breaker: CircuitBreaker) { self.breaker = Guarded(breaker) }

  var isClosed: Bool { closed.load(ordering: .acquiring) }

  func withLock<R>(_ body: (inout CircuitBreaker) -> R) -> R {
    breaker.withLock { breaker in
      defer { closed.store(breaker.isClosed, ordering: .releasing) }
      return body(&breaker)
    }
  }
}
