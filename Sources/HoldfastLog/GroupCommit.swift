import CHoldfast
import HoldfastIO
import Synchronization

/// Lets many threads share one sync: one of them leads, the others sleep until their commit is complete.
///
/// Has no threads of its own: whoever waits first leads, for itself and for everyone who came meanwhile. When
/// it is done it wakes exactly those whose commit is complete, and hands the lead to one of those who came too late
/// for its group; or, when they are many, leads a few groups more for them.
///
/// ```swift
/// let (lsn, ticket) = try commitLock.withLock { (try log.append(…), group.ticket()) }
/// try group.wait(until: lsn, ticket: ticket) {
///   let taken = commitLock.withLock { log.closeGroup() }
///   …write, sync, publish…
///   return log.durableLSN
/// }
/// ```
///
/// `@unchecked Sendable`: every mutable field is guarded by `latch`.
public final class GroupCommit<Failure: Error & Sendable>: @unchecked Sendable {
  /// When a commit was appended, relative to the groups that were given up: taken under the lock under which
  /// the commit was appended, and shown when waiting for it.
  ///
  /// It is needed because an LSN that was given up is used again: whoever waits for it must not take the
  /// success of its second owner for its own.
  public struct Ticket: Sendable {
    let generation: UInt64
  }

  private let latch = Latch()
  private var reached: UInt64
  private var isLed = false
  private var waiting: [Waiter] = []
  private var poison: Failure?
  /// Changed under `latch`.
  private let generation = Atomic<UInt64>(0)
  private var abandoned: [Abandonment] = []

  private struct Abandonment {
    /// What `generation` was raised to.
    var generation: UInt64
    var from: UInt64
    var failure: Failure
  }

  /// Everything through `completed` counts as complete.
  public init(completed: UInt64 = 0) { reached = completed }

  /// The LSN through which everything is complete.
  public var completed: UInt64 { latch.withLock { reached } }

  /// How many threads sleep.
  var waiters: Int { latch.withLock { waiting.count } }

  /// To be called under the lock under which a commit was appended, after it was.
  public func ticket() -> Ticket { Ticket(generation: generation.load(ordering: .acquiring)) }

  /// Returns when every commit through `lsn` is complete.
  ///
  /// When nobody leads, `lead` is called on this thread: it makes complete what it can and returns the LSN
  /// through which everything is complete then, which includes every commit appended before the call. When it
  /// throws, so does this, and so does every wait that was going on for an LSN it should have completed,
  /// unless ``abandon(from:with:)`` has said more exactly which ones fail.
  public func wait(
    until lsn: UInt64, ticket: Ticket? = nil, lead: () throws(Failure) -> UInt64
  ) throws(Failure) {
    var isLeading = false
    latch.lock()
    let ticket = ticket ?? self.ticket()
    while true {
      // Looked at again whenever the latch was not held: the world may have changed for a thread that was
      // woken.
      let failure = verdict(lsn, ticket)
      if failure != nil || reached >= lsn {
        if isLeading { handOver() } else { latch.unlock() }
        if let failure { throw failure }
        return
      }
      if !isLeading && isLed {
        let waiter = Waiter(lsn, ticket.generation)
        waiting.append(waiter)
        latch.unlock()
        switch waiter.sleep() {
        case .complete: return
        case .failed(let failure): throw failure
        case .lead, .none:
          latch.lock()
          isLeading = true
          continue
        }
      }
      isLed = true
      latch.unlock()
      try run(lead)
      isLeading = false
      latch.lock()
    }
  }

  /// Lets somebody else lead. Called with the latch held, lets go of it.
  private func handOver() { wake { $0.lsn <= reached ? .complete : nil } }

  /// Runs one group and tells the others; then, while many wait already, a few groups more: somebody else would have
  /// to wake up for that, together with all whose commits are complete, and the disk would stand idle meanwhile.
  private func run(_ lead: () throws(Failure) -> UInt64) throws(Failure) {
    for group in 1... {
      let before = generation.load(ordering: .acquiring)
      do throws(Failure) {
        let through = try lead()
        guard finish(through: through, goesOn: group < GroupCommit.mostGroups) else { return }
      } catch {
        // Whoever appended while the group was on its way was not in it, but what comes after a hole is lost as
        // well.
        finishFailed(error, since: before)
        // Its own commit was in the first group.
        if group > 1 { return }
        throw error
      }
    }
  }

  /// The most groups that one thread leads in a row: its own commit is complete after the first.
  private static var mostGroups: Int { 4 }
  /// How many have to wait for the next group if it is to be led by the thread that led the last. Fewer would feel that
  /// it commits nothing itself meanwhile.
  private static var manyWaiters: Int { 8 }

  /// Tells those whose commits are complete. Returns whether the caller goes on to lead; without, somebody else does.
  private func finish(through lsn: UInt64, goesOn: Bool) -> Bool {
    latch.lock()
    reached = max(reached, lsn)
    let late = goesOn ? waiting.reduce(0) { $0 + ($1.lsn > reached ? 1 : 0) } : 0
    guard late >= GroupCommit.manyWaiters else {
      handOver()
      return false
    }
    let finished = take { $0.lsn <= reached ? .complete : nil }
    latch.unlock()
    GroupCommit.wake(finished)
    return true
  }

  private func finishFailed(_ failure: Failure, since before: UInt64) {
    latch.lock()
    let wasAbandoned = generation.load(ordering: .relaxed) != before
    wake {
      if $0.lsn <= self.reached { return .complete }
      return wasAbandoned ? nil : .failed(failure)
    }
  }

  /// Called with the latch held, lets go of it. Wakes those for whom there is an outcome, after the one who
  /// leads next: the next group's disk operations run while the others are being woken.
  private func wake(_ outcome: (Waiter) -> Outcome?) {
    if waiting.isEmpty {
      isLed = false
      latch.unlock()
      return
    }
    let finished = take(outcome)
    let next = waiting.isEmpty ? nil : waiting.removeFirst()
    isLed = next != nil
    latch.unlock()
    next?.wake(.lead)
    GroupCommit.wake(finished)
  }

  /// Takes out those for whom there is an outcome. Called with the latch held.
  private func take(_ outcome: (Waiter) -> Outcome?) -> [(waiter: Waiter, outcome: Outcome)] {
    var taken: [(waiter: Waiter, outcome: Outcome)] = []
    taken.reserveCapacity(waiting.count)
    waiting.removeAll { waiter in
      guard let outcome = outcome(waiter) else { return false }
      taken.append((waiter, outcome))
      return true
    }
    return taken
  }

  /// Wakes waiters. Each of them wakes two more before it does anything else, so that who led is not kept busy by
  /// waking, nor put off by those who run already.
  private static func wake(_ finished: [(waiter: Waiter, outcome: Outcome)]) {
    for place in finished.indices {
      let (waiter, outcome) = finished[place]
      waiter.outcome = outcome
      waiter.next = (
        2 * place + 1 < finished.count ? finished[2 * place + 1].waiter : nil,
        2 * place + 2 < finished.count ? finished[2 * place + 2].waiter : nil
      )
    }
    finished.first?.waiter.wake()
  }
}

extension GroupCommit {
  /// Fails every wait for an LSN of `lsn` or more whose commit was appended before this call, also those that
  /// begin later. To be called together with ``Log/discard(from:)``, under the lock under which commits are
  /// appended.
  public func abandon(from lsn: UInt64, with failure: Failure) {
    latch.lock()
    let generation = generation.wrappingAdd(1, ordering: .releasing).newValue
    abandoned.append(Abandonment(generation: generation, from: lsn, failure: failure))
    if abandoned.count > GroupCommit.keptAbandonments { abandoned.removeFirst() }
    let failed = take { $0.lsn >= lsn && $0.generation < generation ? .failed(failure) : nil }
    latch.unlock()
    GroupCommit.wake(failed)
  }

  /// Fails every wait for what is not complete, now and for good.
  public func fail(with failure: Failure) {
    latch.lock()
    if poison == nil { poison = failure }
    let failed = waiting
    waiting = []
    latch.unlock()
    GroupCommit.wake(failed.map { ($0, .failed(failure)) })
  }

  /// Says that everything through `lsn` is complete by other means than a lead, and wakes who waited for it.
  public func complete(through lsn: UInt64) {
    latch.lock()
    reached = max(reached, lsn)
    let finished = take { $0.lsn <= reached ? .complete : nil }
    latch.unlock()
    GroupCommit.wake(finished)
  }

  /// Throws when the commit that got `lsn` at `ticket` was given up since. For callers that found another way
  /// that an LSN is complete: it may be the one of its second owner.
  public func check(_ lsn: UInt64, _ ticket: Ticket) throws(Failure) {
    // Usually nothing was.
    guard generation.load(ordering: .acquiring) != ticket.generation else { return }
    try checkAbandoned(lsn, ticket)
  }

  private func checkAbandoned(_ lsn: UInt64, _ ticket: Ticket) throws(Failure) {
    let failure = latch.withLock {
      abandoned.first { $0.generation > ticket.generation && $0.from <= lsn }?.failure
    }
    if let failure { throw failure }
  }

  /// Why a commit appended at `ticket` cannot be waited for, if so. Called with the latch held.
  private func verdict(_ lsn: UInt64, _ ticket: Ticket) -> Failure? {
    if ticket.generation < generation.load(ordering: .relaxed) {
      // What is complete is never given up, so whatever was given up since the ticket was taken and reaches
      // down to the LSN included its first owner.
      let own = abandoned.first { $0.generation > ticket.generation && $0.from <= lsn }
      if let own { return own.failure }
    }
    return reached >= lsn ? nil : poison
  }

  /// How many times of giving up are remembered. A thread would have to sleep through as many between
  /// appending and waiting to miss its own.
  private static var keptAbandonments: Int { 4096 }

  private enum Outcome {
    case none
    case complete
    case failed(Failure)
    case lead
  }

  /// Where one thread sleeps.
  ///
  /// `@unchecked Sendable`: `outcome` and `next` belong to whoever took it out of `waiting`, until the word is set,
  /// and then to the thread that slept.
  private final class Waiter: @unchecked Sendable {
    let lsn: UInt64
    let generation: UInt64
    var outcome = Outcome.none
    /// Who is to be woken by it.
    var next: (Waiter?, Waiter?) = (nil, nil)
    private let word: UnsafeMutablePointer<UInt32>

    init(_ lsn: UInt64, _ generation: UInt64) {
      self.lsn = lsn
      self.generation = generation
      word = .allocate(capacity: 1)
      word.initialize(to: 0)
    }

    deinit { word.deallocate() }

    func sleep() -> Outcome {
      holdfast_word_wait(word)
      next.0?.wake()
      next.1?.wake()
      next = (nil, nil)
      return outcome
    }

    func wake() { holdfast_word_set(word) }

    func wake(_ outcome: Outcome) {
      self.outcome = outcome
      wake()
    }
  }
}
