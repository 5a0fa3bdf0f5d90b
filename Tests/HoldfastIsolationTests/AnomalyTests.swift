import HoldfastTestSupport
import Testing

/// Histories of which everybody can see what is wrong with them.
@Suite struct AnomalyTests {
  static let garbage = [
    Sketch(
      "an element twice in a list", .duplicateElement,
      [done(1, append(1, 1)), done(2, read(1, [1, 1]))], final: [1: [1]]),
    Sketch(
      "a transaction's own element twice", .duplicateElement,
      [done(1, append(1, 1), read(1, [1, 1]))], final: [1: [1]]),
    Sketch(
      "an element twice in a list, which says nothing about the order", .duplicateElement,
      [done(1, append(1, 1)), done(2, append(1, 2)), done(3, read(1, [1, 2, 1]))], final: [1: [1, 2]]),
    Sketch(
      "a transaction's own element also where it did not append it", .duplicateElement,
      [done(1, append(1, 1)), done(2, append(1, 2), read(1, [2, 1, 2]))], final: [1: [2, 1]]),
    Sketch(
      "an element appended by two transactions", .duplicateElement,
      [done(1, append(1, 1)), done(2, append(1, 1))], final: [1: [1]]),
    Sketch("an element that nobody wrote", .unwrittenElement, [done(1, read(1, [7]))]),
    Sketch(
      "an element that was appended to another key", .unwrittenElement,
      [done(1, append(1, 1), append(2, 2)), aborted(2, read(2, [2, 1]))], final: [1: [1], 2: [2]]),
    Sketch("an element that nobody wrote, at the end", .unwrittenElement, [], final: [1: [7]]),
    Sketch(
      "two lists that disagree", .incompatibleOrder,
      [done(1, append(1, 1)), done(2, append(1, 2)), done(3, read(1, [2]))], final: [1: [1, 2]]),
    Sketch(
      "two lists that disagree, of which the shorter says nothing about the order", .incompatibleOrder,
      [
        done(1, append(1, 1), read(2, [3])), done(2, append(1, 2)), done(3, read(1, [2]), append(2, 3)),
      ], final: [1: [1, 2], 2: [3]]),
    Sketch(
      "a writer that saw its append in another place", .incompatibleOrder,
      [done(1, append(1, 1), read(1, [1])), done(2, append(1, 2))], final: [1: [2, 1]]),
    Sketch("a committed append that is gone", .lostAppend, [done(1, append(1, 1))], final: [:]),
    Sketch(
      "a committed append that was seen and is gone", .lostAppend,
      [done(1, append(1, 1)), done(2, read(1, [1]))], final: [1: []]),
    Sketch(
      "half of a transaction whose commit was not answered", .lostAppend,
      [unanswered(1, append(1, 1), append(2, 2))], final: [1: [1]]),
  ]

  static let dirty = [
    Sketch(
      "two writers, each the last at one key", .g0,
      [done(1, append(1, 1), append(2, 1)), done(2, append(1, 2), append(2, 2))],
      final: [1: [1, 2], 2: [2, 1]]),
    Sketch(
      "a read of what was aborted", .g1a, [aborted(1, append(1, 1)), done(2, read(1, [1]))], final: [:]),
    Sketch(
      "an aborted append in the middle of a list", .g1a,
      [done(1, append(1, 1)), aborted(2, append(1, 2)), done(3, append(1, 3))], final: [1: [1, 2, 3]]),
    Sketch(
      "aborted appends, which make no cycle", .g1a,
      [aborted(1, append(1, 1), append(2, 1)), done(2, append(1, 2), append(2, 2))],
      final: [1: [1, 2], 2: [2, 1]]),
    Sketch(
      "a read between two appends of a transaction", .g1b,
      [done(1, append(1, 1), append(1, 2)), done(2, read(1, [1]))], final: [1: [1, 2]]),
    Sketch(
      "two transactions that saw each other", .g1c,
      [done(1, append(1, 1), read(2, [2])), done(2, append(2, 2), read(1, [1]))], final: [1: [1], 2: [2]]),
    Sketch(
      "a read of what overwrote the reader's own append", .g1c,
      [done(1, append(1, 1), append(2, 1)), done(2, append(1, 2), read(2, [1]))],
      final: [1: [2, 1], 2: [1]]),
    Sketch(
      "a transaction that does not see its own append", .internalInconsistency,
      [done(1, append(1, 1), read(1, []))], final: [1: [1]]),
    Sketch(
      "a transaction that sees one of its two appends", .internalInconsistency,
      [done(1, append(1, 1), append(1, 2), read(1, [1]))], final: [1: [1, 2]]),
  ]

  static let snapshot = [
    Sketch(
      "two states of a key", .internalInconsistency, from: .snapshot,
      [done(1, append(1, 1)), done(2, read(1, []), read(1, [1]))], final: [1: [1]]),
    Sketch(
      "a list that shrinks", .internalInconsistency, from: .snapshot,
      [done(1, append(1, 1)), done(2, read(1, [1]), read(1, []))], final: [1: [1]]),
    Sketch(
      "an append between a transaction's read and append", .lostUpdate, from: .snapshot,
      [done(1, read(1, []), append(1, 1)), done(2, read(1, []), append(1, 2))], final: [1: [1, 2]]),
    Sketch(
      "three appends between a transaction's read and append", .lostUpdate, from: .snapshot,
      [
        done(1, append(1, 1)), done(2, append(1, 2)), done(3, append(1, 3)),
        done(4, read(1, []), append(1, 4)),
      ], final: [1: [1, 2, 3, 4]]),
    Sketch(
      "read skew", .gSingle, from: .snapshot,
      [done(1, read(1, []), read(2, [2])), done(2, append(1, 1), append(2, 2))], final: [1: [1], 2: [2]]),
    Sketch(
      "an observed transaction that vanishes", .gSingle, from: .snapshot,
      [
        done(1, append(1, 11), append(2, 12)), done(2, append(1, 21), append(2, 22)),
        done(3, read(1, [11, 21]), read(2, [12])),
      ], final: [1: [11, 21], 2: [12, 22]]),
    Sketch(
      "read skew by way of a third transaction", .gSingle, from: .snapshot,
      [
        done(1, read(1, []), read(2, [2])), done(2, append(1, 1), append(3, 1)),
        done(3, read(3, [1]), append(2, 2)),
      ], final: [1: [1], 2: [2], 3: [1]]),
    Sketch(
      "two readers that see two writers in different orders", .gNonadjacent, from: .snapshot,
      [
        done(1, append(1, 1)), done(2, append(2, 2)), done(3, read(1, [1]), read(2, [])),
        done(4, read(1, []), read(2, [2])),
      ], final: [1: [1], 2: [2]]),
  ]

  static let serializable = [
    Sketch(
      "write skew", .g2Item, from: .serializable,
      [done(1, read(1, []), append(2, 1)), done(2, read(2, []), append(1, 2))], final: [1: [2], 2: [1]]),
    Sketch(
      "write skew whose appends only one transaction each can have made", .g2Item, from: .serializable,
      [done(1, read(1, []), append(2, 1)), done(2, read(2, []), append(1, 2))]),
    Sketch(
      "a reader that proves two writers to be in the wrong order", .g2Item, from: .serializable,
      [
        done(1, read(1, []), read(2, []), append(1, 1)), done(2, append(2, 2)),
        done(3, read(1, []), read(2, [2])),
      ], final: [1: [1], 2: [2]]),
    Sketch(
      "write skew of three", .g2Item, from: .serializable,
      [
        done(1, read(1, []), append(2, 1)), done(2, read(2, []), append(3, 2)),
        done(3, read(3, []), append(1, 3)),
      ], final: [1: [3], 2: [1], 3: [2]]),
  ]

  static let stale = [
    Sketch(
      "a read that misses what was acknowledged before", .staleRead,
      [done(1, append(1, 1), times: 1...2), done(2, read(1, []), times: 3...4)], final: [1: [1]]),
    Sketch(
      "a read that misses the second of two", .staleRead,
      [
        done(1, append(1, 1), times: 1...9), done(2, append(1, 2), times: 2...3),
        done(3, read(1, []), times: 4...10),
      ], final: [1: [1, 2]]),
    Sketch(
      "a read that misses the first of two", .staleRead,
      [
        done(1, append(1, 1), times: 1...2), done(2, append(1, 2), times: 3...9),
        done(3, read(1, []), times: 4...10),
      ], final: [1: [1, 2]]),
    Sketch(
      "an append before one that was acknowledged before", .staleRead,
      [done(1, append(1, 1), times: 1...2), done(2, append(1, 2), times: 3...4)], final: [1: [2, 1]]),
    Sketch(
      "a reader that misses what an earlier reader saw", .staleRead, from: .snapshot,
      [
        done(1, append(1, 1), times: 1...9), done(2, read(1, [1]), times: 2...3),
        done(3, read(1, []), times: 4...5),
      ], final: [1: [1]]),
    Sketch(
      "an order that only a transaction in between proves", .staleRead, from: .serializable,
      [
        done(1, read(2, []), append(1, 1), times: 1...9), done(2, append(2, 2), times: 2...3),
        done(3, read(1, []), append(3, 3), times: 4...5),
      ], final: [1: [1], 2: [2], 3: [3]]),
  ]

  @Test(
    "an anomaly is reported by its kind, and only at the levels that forbid it",
    arguments: garbage + dirty + snapshot + serializable + stale, History.Level.allCases)
  func reported(_ sketch: Sketch, _ level: History.Level) {
    let anomalies = HistoryChecker.check(sketch.history, level: level)
    let expected = level >= sketch.level ? [sketch.kind] : []
    #expect(Set(anomalies.map(\.kind)) == Set(expected), "\(anomalies)")
    let doubtful = anomalies.filter { !$0.isProven }
    #expect(doubtful == [])
  }

  @Test("real time is checked only where that is wanted", arguments: stale, History.Level.allCases)
  func timeless(_ sketch: Sketch, _ level: History.Level) {
    #expect(HistoryChecker.check(sketch.history, level: level, realTime: false) == [])
  }
}
