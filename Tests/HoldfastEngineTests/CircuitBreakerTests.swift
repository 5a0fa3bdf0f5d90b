import HoldfastIO
import Testing

@testable import HoldfastEngine

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// When writes are tried, as a table of events and what follows.
@Suite struct CircuitBreakerTests {
  private enum Event {
    case fails(Int32), succeeds, asks(CircuitBreaker.Admission), probeEnds, looks(isRefused: Bool)
  }

  /// Seconds, as the breaker counts them.
  private func at(_ seconds: UInt64) -> UInt64 { seconds * 1_000_000_000 }

  private func run(_ events: [(UInt64, Event, CircuitBreaker.State)]) {
    var breaker = CircuitBreaker(limit: 5, pause: at(60))
    for (index, (second, event, state)) in events.enumerated() {
      switch event {
      case .fails(let code):
        breaker.failed(IOError(operation: .write, path: "/a", code: code), at: at(second))
      case .succeeds: breaker.succeeded()
      case .asks(let expected):
        let answer = breaker.admit(at: at(second))
        #expect(answer == expected, "event \(index)")
      case .probeEnds: breaker.endProbe(at: at(second))
      case .looks(let isRefused): #expect(breaker.refuses(at: at(second)) == isRefused, "event \(index)")
      }
      #expect(breaker.state == state, "event \(index)")
    }
  }

  @Test("five failures in a row suspend writes for a minute, then one decides")
  func opensAndCloses() {
    let open = CircuitBreaker.State.open(since: at(5), until: at(65))
    run([
      (1, .fails(EIO), .closed(failures: 1)), (2, .fails(EIO), .closed(failures: 2)),
      (3, .fails(EAGAIN), .closed(failures: 3)), (4, .fails(EROFS), .closed(failures: 4)),
      (4, .asks(.admitted), .closed(failures: 4)), (5, .fails(EIO), open),
      (6, .asks(.refused), open), (6, .looks(isRefused: true), open),
      // What had been begun before changes nothing.
      (7, .fails(EIO), open),
      (64, .asks(.refused), open), (65, .looks(isRefused: false), open),
      (65, .asks(.probe), .probing(since: at(5))), (66, .asks(.refused), .probing(since: at(5))),
      (67, .looks(isRefused: true), .probing(since: at(5))),
      (70, .fails(EIO), .open(since: at(5), until: at(130))),
      (70, .probeEnds, .open(since: at(5), until: at(130))),
      (129, .asks(.refused), .open(since: at(5), until: at(130))),
      (130, .asks(.probe), .probing(since: at(5))), (131, .succeeds, .closed(failures: 0)),
      (131, .probeEnds, .closed(failures: 0)), (131, .asks(.admitted), .closed(failures: 0)),
    ])
  }

  @Test("a success in between begins the count again")
  func consecutive() {
    run([
      (1, .fails(EIO), .closed(failures: 1)), (1, .fails(EIO), .closed(failures: 2)),
      (1, .fails(EIO), .closed(failures: 3)), (1, .fails(EIO), .closed(failures: 4)),
      (1, .succeeds, .closed(failures: 0)), (1, .fails(EIO), .closed(failures: 1)),
    ])
  }

  @Test("a lack of room, files or memory neither counts nor begins the count again")
  func exhaustion() {
    run([
      (1, .fails(EIO), .closed(failures: 1)), (1, .fails(ENOSPC), .closed(failures: 1)),
      (1, .fails(EMFILE), .closed(failures: 1)), (1, .fails(ENOMEM), .closed(failures: 1)),
      (1, .fails(EDQUOT), .closed(failures: 1)), (1, .fails(EIO), .closed(failures: 2)),
    ])
  }

  @Test("a probe that decides nothing leaves the decision to the next write")
  func undecided() {
    let failures = (0..<4).map {
      (UInt64(0), Event.fails(EIO), CircuitBreaker.State.closed(failures: $0 + 1))
    }
    run(
      failures + [
        (0, .fails(EIO), .open(since: 0, until: at(60))), (60, .asks(.probe), .probing(since: 0)),
        (61, .fails(ENOSPC), .probing(since: 0)), (62, .probeEnds, .open(since: 0, until: at(62))),
        (62, .asks(.probe), .probing(since: 0)), (63, .probeEnds, .open(since: 0, until: at(63))),
      ])
  }

  @Test("the level of a volume rises at its mark and falls two hundredths below it")
  func diskLevels() {
    let policy = FailurePolicy()
    let course: [(used: UInt64, level: DiskLevel)] = [
      (0, .normal), (799, .normal), (800, .notice), (785, .notice), (779, .normal), (795, .normal),
      (900, .warning), (950, .critical), (931, .critical), (929, .warning), (881, .warning), (879, .notice),
      (1000, .critical), (100, .normal), (899, .notice),
    ]
    var level = DiskLevel.normal
    for (used, expected) in course {
      let volume = VolumeInformation(isNetwork: false, availableBytes: 1000 - used, totalBytes: 1000)
      level = policy.level(of: volume, after: level)
      #expect(level == expected, "at \(used)")
    }
    let none = VolumeInformation(isNetwork: false, availableBytes: 0, totalBytes: 0)
    #expect(policy.level(of: none, after: .critical) == .normal)
  }
}
