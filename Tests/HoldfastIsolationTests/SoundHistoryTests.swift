import HoldfastTestSupport
import Testing

/// Histories with which nothing is wrong.
@Suite struct SoundHistoryTests {
  static let sound = [
    Sketch("nothing at all", nil, []),
    Sketch("nothing, at the end as well", nil, [], final: [:]),
    Sketch(
      "one after the other", nil,
      [
        done(1, read(1, []), append(1, 1), append(2, 2), times: 1...2),
        done(2, read(1, [1]), append(1, 3), read(1, [1, 3]), append(1, 4), times: 3...4),
        done(3, read(1, [1, 3, 4]), read(2, [2]), times: 5...6),
      ], final: [1: [1, 3, 4], 2: [2]]),
    Sketch(
      "aborted appends that nobody saw but the writer", nil,
      [aborted(1, append(1, 1), read(1, [1])), done(2, append(1, 2), read(1, [2]))], final: [1: [2]]),
    Sketch(
      "a commit that was not answered and has not happened", nil,
      [unanswered(1, append(1, 1), read(1, [1])), done(2, read(1, []))], final: [1: []]),
    Sketch(
      "a commit that was not answered and has happened, late", nil,
      [
        unanswered(1, append(1, 1), append(2, 2), times: 1...2), done(2, read(1, []), times: 3...4),
        done(3, append(2, 3), times: 3...4),
      ], final: [1: [1], 2: [3, 2]]),
    Sketch(
      "a commit that was not answered and has not happened, of a transaction that saw nonsense", nil,
      [unanswered(1, append(1, 1), read(1, [1, 2])), done(2, append(1, 2))], final: [1: [2]]),
    Sketch(
      "transactions that overlap, in the order opposite to their beginnings", nil,
      [done(1, read(1, [2]), append(1, 1), times: 1...4), done(2, append(1, 2), times: 2...3)],
      final: [1: [2, 1]]),
    Sketch(
      "a reader of the old state that overlaps the writer", nil,
      [done(1, append(1, 1), times: 1...3), done(2, read(1, []), times: 2...4)], final: [1: [1]]),
    Sketch(
      "several appends that nobody saw, and no final read", nil,
      [done(1, append(1, 1)), done(2, append(1, 2)), done(3, read(1, []))]),
  ]

  @Test("nothing is reported where nothing is wrong", arguments: sound, History.Level.allCases)
  func fine(_ sketch: Sketch, _ level: History.Level) {
    #expect(HistoryChecker.check(sketch.history, level: level) == [])
  }
}
