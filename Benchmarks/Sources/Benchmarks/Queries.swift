import ArgumentParser
import Foundation
import Holdfast

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
  @Option(help: "How many times in a round the peers take turns at each kind of query.")
  var turns = 5
  @Flag(help: "Also the time of one indexed equality from a thousand to a million documents.")
  var growth = false

  func run() throws {
    let records = Record.make(documents)
    print("\(documents) documents, \(rounds) rounds, \(directory)")
    let kinds = QueryPeerKind.allCases.filter { peer.isEmpty || $0.rawValue.contains(peer) }
    let times = QueryTimes()
    for _ in 0..<rounds {
      try withFolder(in: directory) { folder in
        let peers = try kinds.map { kind in
          let own = folder + "/" + kind.rawValue
          try FileManager.default.createDirectory(atPath: own, withIntermediateDirectories: true)
          return (kind, try kind.open(own))
        }
        for (_, peer) in peers { try peer.load(records) }
        for (kind, peer) in peers {
          times.add(try seconds { try peer.buildIndex("visits") }, Self.indexBuild, kind)
          try peer.buildIndex("balance")
        }
        for workload in workloads { try measure(workload, peers, times) }
        for (_, peer) in peers { try peer.close() }
      }
    }
    for name in [Self.indexBuild] + workloads.map(\.name) { report(name, times) }
    if growth { try measureGrowth() }
  }

  private static let indexBuild = "index build"

  private var workloads: [QueryWorkload] {
    // About a hundred documents have each value, or lie in each range.
    let width = 10_000.0 / Double(max(1, documents / 100))
    return [
      QueryWorkload(name: "equality, 100 results", count: 300) { peer in
        try (0..<300).reduce(0) { try $0 + peer.equal(visits: $1 * 7 % 1000) }
      },
      QueryWorkload(name: "range, 100 results", count: 300) { peer in
        try (0..<300).reduce(0) { sum, number in
          let low = Double(number * 31 % 9000)
          return try sum + peer.range(balance: low, low + width)
        }
      },
      QueryWorkload(name: "scan with two predicates", count: 1) { peer in
        try peer.scan(age: 42, visitsBelow: 500)
      },
    ]
  }

  /// Has the peers take turns, so that what else the machine does meets all of them.
  private func measure(
    _ workload: QueryWorkload, _ peers: [(kind: QueryPeerKind, peer: any QueryPeer)], _ times: QueryTimes
  ) throws {
    // The first turn fetches what the others find in memory.
    for turn in 0...turns {
      var sums: Set<Int> = []
      for (kind, peer) in peers {
        let time = try seconds { sums.insert(try workload.run(peer)) }
        if turn > 0 { times.add(time / Double(workload.count), workload.name, kind) }
      }
      guard sums.count == 1 else {
        throw PeerError(description: "\(workload.name): the peers do not find the same: \(sums)")
      }
    }
  }

  private func report(_ name: String, _ times: QueryTimes) {
    print("\n\(name) (microseconds each)")
    let ours = times.of(name, .holdfast)
    for kind in QueryPeerKind.allCases {
      let theirs = times.of(name, kind)
      let sorted = theirs.sorted()
      guard !sorted.isEmpty else { continue }
      let ratios = zip(ours, theirs).map { $1 / $0 }.sorted()
      let note =
        kind == .holdfast || ratios.isEmpty
        ? "" : String(format: "   Holdfast is %.2f times as fast", ratios[ratios.count / 2])
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

/// A kind of query, and how it is run.
private struct QueryWorkload {
  var name: String
  /// How many queries are one turn.
  var count: Int
  /// Runs the queries and gives the sum of what was read.
  var run: (any QueryPeer) throws -> Int
}

/// Seconds for each query, by workload and peer, in the order of the turns.
private final class QueryTimes {
  private var times: [String: [QueryPeerKind: [Double]]] = [:]

  func add(_ time: Double, _ workload: String, _ kind: QueryPeerKind) {
    times[workload, default: [:]][kind, default: []].append(time)
  }

  func of(_ workload: String, _ kind: QueryPeerKind) -> [Double] { times[workload]?[kind] ?? [] }
}
