import HoldfastIO
import Synchronization

/// Whether a transaction is inside of a call, between calls, or over. Calls belong to one thread at a time; others
/// may only ask that it ends, or end it between calls.
final class TransactionUse: Sendable {
  private static let idle = 0
  private static let busy = 1
  private static let ended = 2

  private let state = Atomic<Int>(idle)
  private let uses = Atomic<UInt64>(0)
  private let wasAsked = Atomic<Bool>(false)
  private let hasCause = Atomic<Bool>(false)
  /// Under ``causes``.
  nonisolated(unsafe) private var cause: StorageError?
  /// One for all transactions: a cause is rare, and transactions are many.
  private static let causes = Latch()
  /// Calls inside of calls. Touched by the thread that is inside only.
  nonisolated(unsafe) private var depth = 0

  /// How many calls there were.
  var count: UInt64 { uses.load(ordering: .relaxed) }
  var isBusy: Bool { state.load(ordering: .relaxed) == TransactionUse.busy }
  var isEnded: Bool { state.load(ordering: .acquiring) == TransactionUse.ended }
  /// Why it ended, when somebody else wanted it or a call could not go on.
  var reason: StorageError? {
    hasCause.load(ordering: .acquiring) ? TransactionUse.causes.withLock { cause } : nil
  }
  var wasAskedToEnd: Bool { wasAsked.load(ordering: .relaxed) }

  /// Counts a use that is not a call of its own.
  @inline(__always)
  func touch() { uses.store(uses.load(ordering: .relaxed) &+ 1, ordering: .relaxed) }

  /// A call begins. Returns `false` when the transaction is over.
  @inline(__always)
  func enter() -> Bool {
    let (isEntered, before) = state.compareExchange(
      expected: TransactionUse.idle, desired: TransactionUse.busy, ordering: .acquiring)
    guard isEntered || before == TransactionUse.busy else { return false }
    depth += 1
    touch()
    return true
  }

  /// A call ends.
  @inline(__always)
  func leave() {
    depth -= 1
    if depth == 0, !isEnded { state.store(TransactionUse.idle, ordering: .releasing) }
  }

  /// Ends it from inside of a call.
  func end(inside reason: StorageError?) {
    if let reason { note(reason) }
    depth -= 1
    state.store(TransactionUse.ended, ordering: .releasing)
  }

  /// Ends it between calls. Returns `false` when it is inside of one, or over already.
  func end() -> Bool {
    state.compareExchange(
      expected: TransactionUse.idle, desired: TransactionUse.ended, ordering: .acquiringAndReleasing
    ).exchanged
  }

  /// Notes that it has to end.
  func ask(_ reason: StorageError) {
    note(reason)
    wasAsked.store(true, ordering: .relaxed)
  }

  /// The first cause stays.
  private func note(_ reason: StorageError) {
    TransactionUse.causes.withLock { cause = cause ?? reason }
    hasCause.store(true, ordering: .releasing)
  }
}
