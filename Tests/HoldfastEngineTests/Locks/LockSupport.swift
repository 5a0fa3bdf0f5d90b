import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Calls that may wait, on a thread of their own.
///
/// `@unchecked Sendable`: what changes is touched under `latch` only.
final class LockCall: @unchecked Sendable {
  private let latch = Latch()
  private let body: @Sendable () throws(StorageError) -> Void
  private var hasEnded = false
  private var failure: StorageError?

  init(_ body: @escaping @Sendable () throws(StorageError) -> Void) {
    self.body = body
    let call = Unmanaged.passRetained(self)
    #if canImport(Darwin)
      var thread: pthread_t?
      let main: @convention(c) (UnsafeMutableRawPointer) -> UnsafeMutableRawPointer? = {
        Unmanaged<LockCall>.fromOpaque($0).takeRetainedValue().run()
        return nil
      }
      guard pthread_create(&thread, nil, main, call.toOpaque()) == 0, let thread else {
        fatalError("no thread")
      }
    #else
      var thread = pthread_t()
      let main: @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? = {
        Unmanaged<LockCall>.fromOpaque($0!).takeRetainedValue().run()
        return nil
      }
      guard pthread_create(&thread, nil, main, call.toOpaque()) == 0 else { fatalError("no thread") }
    #endif
    pthread_detach(thread)
  }

  private func run() {
    var failure: StorageError?
    do throws(StorageError) { try body() } catch { failure = error }
    latch.withLock {
      self.failure = failure
      hasEnded = true
    }
  }

  var isDone: Bool { latch.withLock { hasEnded } }

  /// What the calls threw, when they have ended. Not ending is a failure of the test.
  func end(_ location: SourceLocation = #_sourceLocation) -> StorageError? {
    guard waitUntil({ self.isDone }) else {
      Issue.record("a call did not end", sourceLocation: location)
      return nil
    }
    return latch.withLock { failure }
  }
}

/// Waits until something is so, for far longer than it can take. Returns whether it is.
func waitUntil(_ condition: () -> Bool) -> Bool {
  let clock = SystemClock()
  let deadline = clock.monotonic() + 60_000_000_000
  while !condition() {
    if clock.monotonic() > deadline { return false }
    clock.sleep(nanoseconds: 100_000)
  }
  return true
}

extension LockManager {
  /// A manager whose calls wait longer than any test.
  static func patient(_ victim: DeadlockVictim = .youngest) -> LockManager {
    var options = Options()
    options.timeout = 300_000_000_000
    options.victim = victim
    options.random = SeededRandom(seed: 1)
    return LockManager(options)
  }

  /// Waits until exactly those transactions wait, in any order.
  func expectBlocked(_ transactions: [UInt64], _ location: SourceLocation = #_sourceLocation) {
    let isSo = waitUntil { blockedTransactions.map(\.transaction).sorted() == transactions.sorted() }
    #expect(isSo, "blocked: \(blockedTransactions.map(\.transaction))", sourceLocation: location)
  }

  /// Owners with the numbers from 1 on.
  func owners(_ count: Int) -> [LockOwner] {
    (1...count).map { makeOwner(transaction: UInt64($0)) }
  }

  /// Whether nothing is locked and nobody waits.
  var isIdle: Bool {
    lockInfo().isEmpty && blockedTransactions.isEmpty && spaces.isEmpty && waitingRanges == 0
      && partitions.allSatisfy { $0.count == 0 }
  }
}

/// A call without waiting.
func succeeds(_ body: () throws(StorageError) -> Void) -> Bool {
  do throws(StorageError) {
    try body()
    return true
  } catch {
    if error.code != .lockTimeout { Issue.record("unexpected: \(error)") }
    return false
  }
}
