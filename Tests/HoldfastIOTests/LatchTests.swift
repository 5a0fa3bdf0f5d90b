import HoldfastIO
import HoldfastTestSupport
import Testing

@Suite("Latches, conditions and clocks")
struct LatchTests {
  final class Shared: Sendable {
    let latch = Latch()
    let changed = Condition()
    // Safe to share: only touched while holding `latch`, which is what the tests are about.
    nonisolated(unsafe) var count = 0
    nonisolated(unsafe) var queue: [Int] = []
  }

  @Test("no increment under a latch is lost between threads")
  func contention() {
    let shared = Shared()
    let joins = (0..<8).map { _ in
      startThread { for _ in 0..<5000 { shared.latch.withLock { shared.count += 1 } } }
    }
    for join in joins { join() }
    #expect(shared.count == 40_000)
  }

  @Test("everything that producers hand over through a condition arrives once")
  func handover() {
    let shared = Shared()
    let sum = SharedCounter()
    let consumers = (0..<3).map { _ in
      startThread {
        while true {
          shared.latch.lock()
          while shared.queue.isEmpty { shared.changed.wait(shared.latch) }
          let item = shared.queue.removeFirst()
          shared.latch.unlock()
          if item < 0 { return }
          sum.increment()
        }
      }
    }
    let producers = (0..<4).map { _ in
      startThread {
        for item in 0..<500 {
          shared.latch.withLock { shared.queue.append(item) }
          shared.changed.signal()
        }
      }
    }
    for join in producers { join() }
    shared.latch.withLock { shared.queue += [-1, -1, -1] }
    shared.changed.broadcast()
    for join in consumers { join() }
    #expect(sum.value == 2000)
  }

  @Test("a timed wait ends by itself, not before its time, and holds the latch again")
  func timeout() {
    let shared = Shared()
    let clock = SystemClock()
    shared.latch.lock()
    let start = clock.monotonic()
    while shared.changed.wait(shared.latch, nanoseconds: 20_000_000) {}
    #expect(clock.monotonic() - start >= 19_000_000)
    shared.count += 1
    shared.latch.unlock()
    shared.latch.withLock { #expect(shared.count == 1) }
  }

  @Test("a timed wait is woken, also when its time is longer than any clock")
  func wokenBeforeTimeout() {
    let shared = Shared()
    let join = startThread {
      shared.latch.withLock { shared.count = 1 }
      shared.changed.broadcast()
    }
    shared.latch.lock()
    while shared.count == 0 { _ = shared.changed.wait(shared.latch, nanoseconds: .max) }
    shared.latch.unlock()
    join()
    #expect(shared.count == 1)
  }

  @Test("a latch is let go when the body throws")
  func throwing() {
    struct Stop: Error {}
    let latch = Latch()
    #expect(throws: Stop.self) { try latch.withLock { () throws(Stop) in throw Stop() } }
    latch.withLock {}
  }

  @Test("the system's clocks go on, and sleeping takes its time")
  func systemClock() {
    let clock = SystemClock()
    let start = clock.monotonic()
    let wall = clock.now()
    clock.sleep(nanoseconds: 5_000_000)
    #expect(clock.monotonic() - start >= 5_000_000)
    #expect(wall > 1_600_000_000_000)
  }

  @Test("the system's randomness fills all of every buffer")
  func systemRandom() {
    let random = SystemRandom()
    #expect(random.bytes(0).isEmpty)
    // Of 4096 random bytes, 100 equal ones at the end would be no accident.
    #expect(Set(random.bytes(4096).suffix(100)).count > 1)
    #expect(random.next() != random.next())
  }

  @Test("a simulated clock moves when told to, and its monotonic time never back")
  func simulatedClock() {
    let clock = SimulatedClock(now: 1000)
    clock.advance(milliseconds: 50)
    #expect(clock.now() == 1050)
    #expect(clock.monotonic() == 50_000_000)
    clock.advance(milliseconds: -500)
    #expect(clock.now() == 550)
    #expect(clock.monotonic() == 50_000_000)
    clock.set(now: 9_000_000)
    #expect(clock.monotonic() == 50_000_000)
    clock.sleep(nanoseconds: 1_500_000)
    clock.sleep(nanoseconds: 1_500_000)
    #expect(clock.now() == 9_000_003)
    #expect(clock.monotonic() == 53_000_000)
    #expect(clock.sleeps == [1_500_000, 1_500_000])
  }

  @Test("seeded randomness repeats for the same seed and differs for others")
  func seededRandom() {
    #expect(SeededRandom(seed: 1).bytes(1001) == SeededRandom(seed: 1).bytes(1001))
    #expect(SeededRandom(seed: 1).bytes(16) != SeededRandom(seed: 2).bytes(16))
    let random = SeededRandom(seed: 1)
    #expect(random.bytes(16) != random.bytes(16))
  }

  // The first outputs for the seed 1234567, as published with the reference implementation by S. Vigna.
  @Test("SplitMix64 gives the published values")
  func splitMix() {
    var generator = SplitMix64(seed: 1_234_567)
    let expected: [UInt64] = [
      6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
      4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
    ]
    #expect(expected.map { _ in generator.next() } == expected)
  }
}
