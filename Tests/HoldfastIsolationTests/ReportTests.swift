@testable import HoldfastTestSupport
import Testing

/// What the checker says about histories with which something is wrong.
@Suite struct ReportTests {
  @Test("a cycle is reported with its transactions, edges and keys")
  func cycle() throws {
    let skew = history([done(7, read(1, []), read(2, [2])), done(8, append(1, 1), append(2, 2))])
    let anomaly = try #require(HistoryChecker.check(skew).first)
    #expect(anomaly.transactions.sorted() == [7, 8])
    #expect(anomaly.keys == [1, 2])
    let edges = anomaly.cycle.sorted { $0.from < $1.from }
    #expect(
      edges == [
        Anomaly.Edge(from: 7, to: 8, dependency: .rw, key: 1),
        Anomaly.Edge(from: 8, to: 7, dependency: .wr, key: 2),
      ])
    #expect(anomaly.description.contains("T7 -(rw, key 1)-> T8"))
  }

  @Test("the shortest cycle is reported")
  func shortest() throws {
    // A ring of nine, and a chord that makes a ring of three of it.
    var transactions = (0..<9).map { number in
      done(number, append(number, number), read((number + 1) % 9, [(number + 1) % 9]))
    }
    transactions[2].operations.append(read(0, [0]))
    transactions[3].operations.append(append(20, 3))
    transactions[6].operations.append(read(20, [3]))
    let anomalies = HistoryChecker.check(history(transactions))
    #expect(anomalies.map(\.kind) == [.g1c])
    #expect(anomalies.first?.cycle.count == 3)
  }

  @Test("of several lost updates the one with the shortest cycle is reported")
  func lostUpdates() {
    let transactions = [
      done(1, read(1, []), append(1, 1)), done(2, read(1, []), append(1, 2)),
      done(3, read(1, []), append(1, 3)),
    ]
    for transactions in [transactions, transactions.reversed()] {
      let anomalies = HistoryChecker.check(history(transactions, final: [1: [1, 2, 3]]))
      #expect(anomalies.map(\.kind) == [.lostUpdate])
      #expect(anomalies.first?.transactions == [2, 1])
    }
  }

  @Test("a list that does not fit the order is looked at for aborted appends as well")
  func abortedElsewhere() {
    let transactions = [
      done(1, append(1, 1), append(1, 2), append(1, 3)), aborted(2, append(1, 9)), done(3, read(1, [1, 9])),
    ]
    let kinds = HistoryChecker.check(history(transactions, final: [1: [1, 2, 3]])).map(\.kind)
    #expect(Set(kinds) == [.incompatibleOrder, .g1a])
  }

  @Test("a cycle of fifty thousand transactions is found without recursion")
  func longCycle() {
    let count = 50_000
    let ring = (0..<count).map { number in
      done(number, append(number, number), read((number + 1) % count, [(number + 1) % count]))
    }
    let anomalies = HistoryChecker.check(history(ring))
    #expect(anomalies.map(\.kind) == [.g1c])
    #expect(anomalies.first?.cycle.count == count)
  }

  @Test("independent cycles are reported one by one, but not without end")
  func several() {
    func pairs(_ count: Int) -> History {
      history(
        (0..<count).flatMap { pair in
          let (one, two) = (pair * 2, pair * 2 + 1)
          return [
            done(one, append(one, 1), read(two, [2])), done(two, append(two, 2), read(one, [1])),
          ]
        })
    }
    #expect(HistoryChecker.check(pairs(3)).map(\.kind) == [.g1c, .g1c, .g1c])
    #expect(HistoryChecker.check(pairs(1000)).count == 50)
  }

  @Test("without a given level, each transaction is held to the one that it ran at")
  func mixed() {
    func skew(_ first: History.Level, _ second: History.Level) -> [Anomaly.Kind] {
      var transactions = [done(1, read(1, []), append(2, 1)), done(2, read(2, []), append(1, 2))]
      transactions[0].level = first
      transactions[1].level = second
      return HistoryChecker.check(history(transactions)).map(\.kind)
    }
    #expect(skew(.serializable, .serializable) == [.g2Item])
    #expect(skew(.serializable, .snapshot) == [])
    #expect(skew(.readCommitted, .serializable) == [])

    func readSkew(_ reader: History.Level) -> [Anomaly.Kind] {
      var transactions = [done(1, read(1, []), read(2, [2])), done(2, append(1, 1), append(2, 2))]
      transactions[0].level = reader
      return HistoryChecker.check(history(transactions)).map(\.kind)
    }
    #expect(readSkew(.snapshot) == [.gSingle])
    #expect(readSkew(.readCommitted) == [])
  }

  @Test("what comes after a final read makes it one read among others")
  func goesOn() {
    var history = history([done(1, append(1, 1))], final: [1: [1]])
    history.add(done(2, append(1, 2)))
    #expect(history.finalState == nil)
    #expect(HistoryChecker.check(history) == [])
    history.finish(with: [1: [1]])
    #expect(HistoryChecker.check(history).map(\.kind) == [.lostAppend])
  }
}
