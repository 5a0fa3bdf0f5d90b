import Foundation
import Synchronization

/// Threads that do the same thing again and again until a moment, and how often they did it.
struct Threads {
  /// Monotonic nanoseconds between which what was done counts.
  let countingFrom: UInt64
  let countingTo: UInt64

  private final class State: Sendable {
    let completed = Atomic<Int>(0)
    let failure = Mutex<(any Error)?>(nil)
    let ended = DispatchGroup()
  }
  private let state = State()

  /// Starts the threads. They begin together, a moment later; the first `warmUp` seconds do not count, the
  /// `seconds` after them do. `body` is given the number of the thread, and how often it was called by it.
  init(_ count: Int, warmUp: Double, seconds: Double, _ body: @escaping @Sendable (Int, Int) throws -> Void) {
    // Long enough for all threads to exist.
    let begin = Threads.now + 20_000_000 + UInt64(count) * 1_000_000
    countingFrom = begin + UInt64(warmUp * 1e9)
    countingTo = countingFrom + UInt64(seconds * 1e9)
    for number in 0..<count {
      state.ended.enter()
      Thread { [self] in
        Threads.sleep(until: begin)
        do { try run(number, body) } catch { state.failure.withLock { $0 = error } }
        state.ended.leave()
      }.start()
    }
  }

  private func run(_ number: Int, _ body: (Int, Int) throws -> Void) throws {
    var count = 0
    var counted = 0
    var time = Threads.now
    while time < countingTo {
      try body(number, count)
      count += 1
      time = Threads.now
      // What was still going on at the end does not count.
      if time > countingFrom && time <= countingTo { counted += 1 }
    }
    state.completed.wrappingAdd(counted, ordering: .relaxed)
  }

  /// Waits until all have ended and returns how often all of them together did it each second.
  func rate() throws -> Double {
    state.ended.wait()
    if let failure = state.failure.withLock({ $0 }) { throw failure }
    return Double(state.completed.load(ordering: .relaxed)) / (Double(countingTo - countingFrom) / 1e9)
  }

  static var now: UInt64 { clock(CLOCK_MONOTONIC) }

  /// The processor time that the calling thread has used, in nanoseconds.
  static var processorTime: UInt64 { clock(CLOCK_THREAD_CPUTIME_ID) }

  static func sleep(until moment: UInt64) {
    let time = now
    if moment > time { Thread.sleep(forTimeInterval: Double(moment - time) / 1e9) }
  }

  private static func clock(_ id: clockid_t) -> UInt64 {
    var time = timespec()
    clock_gettime(id, &time)
    return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
  }
}
