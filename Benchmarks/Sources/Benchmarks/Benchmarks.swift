import ArgumentParser
import Foundation

@main
struct Benchmarks: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Measures Holdfast.",
    subcommands: [Compare.self, Writers.self, Readers.self, Queries.self, Bounds.self],
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
    try withFolder(in: directory) { folder in
      let peer = try kind.open(folder, pageSize)
      let (operations, seconds) = try workload.run(peer, records)
      try peer.close()
      return Double(operations) / seconds
    }
  }

  private func report(_ workload: Workload, _ names: [String], _ rates: [String: [Double]]) {
    print("\n\(workload.name) (\(workload.unit))")
    let ours = rates[PeerKind.ours] ?? []
    for name in names {
      let measured = rates[name] ?? []
      guard let lowest = measured.min(), let highest = measured.max() else { continue }
      // Pair by pair, since the machine's speed drifts.
      let ratios = zip(ours, measured).map { $0 / $1 }
      let ratio = name == PeerKind.ours ? "" : String(format: "   Holdfast / %@ = %.2f", name, median(ratios))
      print(
        String(
          format: "  %@ %12.0f   (%.0f – %.0f)%@", name.padded(20), median(measured), lowest, highest, ratio))
    }
  }
}
