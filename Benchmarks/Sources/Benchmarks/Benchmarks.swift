import ArgumentParser
import Foundation

@main
struct Benchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures Holdfast.", subcommands: [Compare.self, Queries.self, Bounds.self],
    defaultSubcommand: Compare.self)
}

/// Compares Holdfast with its peers on the same records, in turn, and prints medians and ratios.
struct Compare: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Holdfast beside SQLite and LMDB: the same work, durable, interleaved; medians and ratios.")

  @Option(help: "How many documents of about 200 bytes.")
  var documents = 100_000
  @Option(help: "How many times each is measured.")
  var rounds = 5
  @Option(help: "The page size of Holdfast and SQLite, in bytes.")
  var pageSize = 8192
  @Option(help: "A folder on the disk to measure.")
  var directory = FileManager.default.currentDirectoryPath
  @Option(help: "Only workloads whose names contain this.")
  var only = ""
  @Option(help: "Only peers whose names contain this; Holdfast is always there.")
  var peer = ""

  func run() throws {
    let peers = PeerKind.all.filter { kind in
      peer.isEmpty || kind.name == PeerKind.ours || kind.name.lowercased().contains(peer.lowercased())
    }
    let records = Record.make(documents)
    let size = records.reduce(0) { $0 + $1.bytes.count } / documents
    print("\(documents) documents of \(size) bytes, pages of \(pageSize), \(rounds) rounds, \(directory)")
    for workload in Workload.all(documents) where only.isEmpty || workload.name.contains(only) {
      var rates: [String: [Double]] = [:]
      for _ in 0..<rounds {
        for kind in peers { rates[kind.name, default: []].append(try measure(kind, workload, records)) }
      }
      report(workload, peers.map(\.name), rates)
    }
  }

  private func measure(_ kind: PeerKind, _ workload: Workload, _ records: [Record]) throws -> Double {
    let folder = directory + "/bench-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    let peer = try kind.open(folder, pageSize)
    let (operations, seconds) = try workload.run(peer, records)
    try peer.close()
    return Double(operations) / seconds
  }

  private func report(_ workload: Workload, _ names: [String], _ rates: [String: [Double]]) {
    print("\n\(workload.name) (\(workload.unit))")
    let ours = rates[PeerKind.ours] ?? []
    for name in names {
      let sorted = (rates[name] ?? []).sorted()
      guard let lowest = sorted.first, let highest = sorted.last else { continue }
      // Pair by pair, since the machine's speed drifts.
      let ratios = zip(ours, rates[name] ?? []).map { $0 / $1 }.sorted()
      let ratio = name == PeerKind.ours ? "" : String(format: "   Holdfast / %@ = %.2f", name, median(ratios))
      print(
        String(
          format: "  %@ %12.0f   (%.0f – %.0f)%@", name.padded(20), median(sorted), lowest, highest, ratio))
    }
  }

  private func median(_ sorted: [Double]) -> Double {
    guard !sorted.isEmpty else { return 0 }
    let middle = sorted.count / 2
    return sorted.count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
  }
}

extension String {
  fileprivate func padded(_ width: Int) -> String { padding(toLength: width, withPad: " ", startingAt: 0) }
}
