import ArgumentParser
import Foundation
import Holdfast
import Synchronization

/// Compares queries: Holdfast beside SQLite with the same data as JSON, with indexes on expressions, and as plain
/// columns.
struct Queries: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Queries beside SQLite's JSON and columns: through indexes, by scanning, and building an index."
  )

  @Option(help: "How many documents of about 200 bytes.")
  var documents = 100_000
  @Option(help: "How many times each is measured.")
  var rounds = 5
  @Option(help: "A folder on the disk to measure.")
  var directory = FileManager.default.currentDirectoryPath
  @Option(help: "Only peers whose names contain this.")
  var peer = ""
  @Option(help: "How many times more each query is run, for a profile.")
  var repeats = 1
  @Flag(help: "Also the time of one indexed equality from a thousand to a million documents.")
  var growth = false

  func run() throws {
    let records = Record.make(documents)
    print("\(documents) documents, \(rounds) rounds, \(directory)")
    var results: [String: [String: [Double]]] = [:]
    for _ in 0..<rounds {
      for kind in QueryPeerKind.allCases where peer.isEmpty || kind.rawValue.contains(peer) {
        try withFolder(in: directory) { folder in
          let peer = try kind.open(folder)
          try peer.load(records)
          for (name, time) in try measure(peer) {
            results[name, default: [:]][kind.rawValue, default: []].append(time)
          }
          try peer.close()
        }
      }
    }
    for name in Self.names { report(name, results[name] ?? [:]) }
    if growth { try measureGrowth() }
  }

  /// What the first peer read.
  private static let expected = Mutex<[Int]?>(nil)

  private static let names = [
    "index build", "equality, 100 results", "range, 100 results", "scan with two predicates",
  ]

  /// Seconds for one build, and for one query of each kind.
  private func measure(_ peer: any QueryPeer) throws -> [(String, Double)] {
    var times: [(String, Double)] = []
    times.append(("index build", try seconds { try peer.buildIndex("visits") }))
    try peer.buildIndex("balance")
    // About a hundred documents have each value.
    let step = max(1, documents / 100)
    let equalities = (0..<300).map { ($0 * 7) % 1000 }
    let width = 10_000.0 / Double(step)
    func all(_ body: () throws -> Int) throws -> (Double, Int) {
      var found = 0
      _ = try body()
      let time = try seconds { for _ in 0..<Swift.max(1, repeats) { found = try body() } }
      return (time / Double(Swift.max(1, repeats)), found)
    }
    let equality = try all { try equalities.reduce(0) { try $0 + peer.equal(visits: $1) } }
    times.append(("equality, 100 results", equality.0 / Double(equalities.count)))
    let range = try all {
      try (0..<300).reduce(0) { sum, number in
        let low = Double(number * 31 % 9000)
        return try sum + peer.range(balance: low, low + width)
      }
    }
    times.append(("range, 100 results", range.0 / 300))
    let scan = try all { try (0..<3).reduce(0) { sum, _ in try sum + peer.scan(age: 42, visitsBelow: 500) } }
    times.append(("scan with two predicates", scan.0 / 3))
    let sums = [equality.1, range.1, scan.1]
    if let expected = Self.expected.withLock({ $0 }), expected != sums {
      throw PeerError(description: "the peers do not find the same: \(expected), \(sums)")
    }
    Self.expected.withLock { $0 = sums }
    return times
  }

  private func report(_ name: String, _ times: [String: [Double]]) {
    print("\n\(name) (microseconds each)")
    let ours = times[QueryPeerKind.holdfast.rawValue] ?? []
    for kind in QueryPeerKind.allCases {
      let sorted = (times[kind.rawValue] ?? []).sorted()
      guard !sorted.isEmpty else { continue }
      let ratios = zip(ours, times[kind.rawValue] ?? []).map { $1 / $0 }.sorted()
      let note =
        kind == .holdfast ? "" : String(format: "   Holdfast is %.2f times as fast", ratios[ratios.count / 2])
      print(
        "  " + kind.rawValue.padding(toLength: 18, withPad: " ", startingAt: 0)
          + String(format: "%12.1f", sorted[sorted.count / 2] * 1e6) + note)
    }
  }

  /// One equality through an index, one result, as the collection grows.
  private func measureGrowth() throws {
    print("\nindexed equality, one result (microseconds each)")
    for count in [1_000, 10_000, 100_000, 1_000_000] {
      try withFolder(in: directory) { folder in
        let database = try Database.open(at: folder + "/growth.holdfast")
        let collection = database.collection("things")
        try collection.createIndex(["number": 1])
        for start in stride(from: 0, to: count, by: 10_000) {
          try collection.insertMany(
            (start..<min(start + 10_000, count)).map {
              ["_id": .int64(Int64($0)), "number": .int64(Int64($0) &* 7919 % 1_000_003)]
            })
        }
        try database.checkpoint()
        let wanted = (0..<2000).map { Int64($0 &* 104_729 % count) &* 7919 % 1_000_003 }
        func once() throws { for number in wanted { _ = try collection.findOne(["number": .int64(number)]) } }
        try once()
        let time = try seconds(once)
        print(
          "  \(String(count).padding(toLength: 10, withPad: " ", startingAt: 0))"
            + String(format: "%10.2f", time / 2000 * 1e6))
        try database.close()
      }
    }
  }

  private func seconds(_ body: () throws -> Void) rethrows -> Double {
    let duration = try ContinuousClock().measure(body)
    return Double(duration.components.seconds) + Double(duration.components.attoseconds) / 1e18
  }
}
