import ArgumentParser
import Foundation
import Holdfast

/// Many threads, each of which makes one document durable, then the next one: what group commit is for.
struct Writers: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "Threads that each insert one document per durable transaction, beside the peers and a bare log.")

  @Option(help: "How many times each is measured.")
  var rounds = 5
  @Option(help: "How long each is measured, in seconds, after a quarter of that which does not count.")
  var seconds = 2.0
  @Option(parsing: .upToNextOption, help: "The numbers of threads, ascending.")
  var threads = [1, 4, 16, 64]
  @Option(help: "The most commits per second there will be; their documents are made before the clock runs.")
  var limit = 120_000
  @Option(help: "A folder on the disk to measure.")
  var directory = FileManager.default.currentDirectoryPath
  @Option(help: "Only peers whose names contain this; Holdfast is always there.")
  var peer = ""

  private static let floorName = "log-only floor"

  func validate() throws {
    guard rounds > 0, seconds > 0, limit > 0, !threads.isEmpty, threads.allSatisfy({ $0 > 0 }) else {
      throw ValidationError("rounds, seconds, limit and threads have to be more than 0")
    }
  }

  func run() throws {
    let kinds = WriterKind.all.filter { $0.name == WriterKind.ours || isWanted($0.name) }
    let records = Record.make(Int(seconds * 1.25 * Double(limit)) + 1000)
    let floor = LogFloor(frameBytes: try frameBytes(records))
    print("\(rounds) rounds of \(seconds) s, \(floor.frameBytes) bytes of log per commit, \(directory)")
    var peers = kinds.map { kind in
      Measured(name: kind.name) { count in try measure(kind, count, records) }
    }
    if isWanted(Self.floorName), let floor = try fastest(floor) { peers.append(floor) }
    var rates: [String: [Int: [Double]]] = [:]
    for round in 0..<rounds {
      for count in threads {
        for turn in peers.indices {
          // Another one goes first in each round: what a peer leaves behind may slow down the next one.
          let peer = peers[(round + turn) % peers.count]
          settle()
          rates[peer.name, default: [:]][count, default: []].append(try peer.rate(count))
        }
      }
    }
    report(peers.map(\.name), rates)
  }

  /// A peer's name, and its commits per second with a number of threads.
  private struct Measured {
    var name: String
    var rate: (Int) throws -> Double
  }

  private func isWanted(_ name: String) -> Bool {
    peer.isEmpty || name.lowercased().contains(peer.lowercased())
  }

  // MARK: Measuring

  private func measure(_ kind: WriterKind, _ count: Int, _ records: [Record]) throws -> Double {
    try withFolder(in: directory) { folder in
      let peer = try kind.open(folder, count)
      let insert = peer.insert
      let rate = try Threads(count, warmUp: seconds / 4, seconds: seconds) { [limit] thread, done in
        let index = done * count + thread
        guard index < records.count else {
          throw PeerError(description: "more than \(limit) commits per second: give a higher --limit")
        }
        try insert(thread, records[index])
      }.rate()
      try peer.close()
      return rate
    }
  }

  /// Lets what the peer before has left to the kernel come to the disk, and the disk forget the files that it
  /// removed, before the next one begins.
  private func settle() {
    sync()
    Thread.sleep(forTimeInterval: 0.3)
  }

  /// What Holdfast writes to its log for one record in one transaction, without encryption.
  private func frameBytes(_ records: [Record]) throws -> Int {
    try withFolder(in: directory) { folder in
      let peer = try HoldfastPeer(folder, pageSize: 8192, isEncrypted: false)
      // The first one also makes the collection.
      try peer.insert(records[0])
      let before = try peer.database.statistics().logBytesWritten
      for record in records[1...200] { try peer.insert(record) }
      let bytes = try peer.database.statistics().logBytesWritten - before
      try peer.close()
      return Int(bytes) / 200
    }
  }

  // MARK: The floor

  /// Measures all variants shortly, so as to use the fastest one for each number of threads; `nil` when there is
  /// none, elsewhere than on Linux.
  private func fastest(_ floor: LogFloor) throws -> Measured? {
    var rows: [[Int: [Double]]] = Array(repeating: [:], count: LogFloor.variants.count)
    for count in threads {
      for _ in 0..<3 {
        for (index, variant) in LogFloor.variants.enumerated() {
          guard let rate = try floor.rate(variant, threads: count, warmUp: 0.1, seconds: 0.3, in: directory)
          else { continue }
          rows[index][count, default: []].append(rate)
        }
      }
    }
    print("\nlog-only variants (commits/s)" + String(repeating: " ", count: 15) + heading)
    for (variant, row) in zip(LogFloor.variants, rows) {
      print("  " + variant.name.padded(42) + threads.map { cell(row[$0].map(median)) }.joined())
    }
    guard rows.contains(where: { !$0.isEmpty }) else { return nil }
    return Measured(name: Self.floorName) { count in
      let best = rows.indices.max { median(rows[$0][count] ?? []) < median(rows[$1][count] ?? []) } ?? 0
      let variant = LogFloor.variants[best]
      return try floor.rate(variant, threads: count, warmUp: seconds / 4, seconds: seconds, in: directory)
        ?? 0
    }
  }

  // MARK: Reporting

  private var heading: String { threads.map { String(format: "%9d", $0) }.joined() + " threads" }

  private func cell(_ rate: Double?) -> String { rate.map { String(format: "%9.0f", $0) } ?? "        –" }

  private func report(_ names: [String], _ rates: [String: [Int: [Double]]]) {
    print("\ncommits per second, medians" + String(repeating: " ", count: 7) + heading)
    for name in names {
      print("  " + name.padded(32) + threads.map { cell(rates[name]?[$0].map(median)) }.joined())
    }
    print("\nmedians of the rounds' ratios")
    for name in names where name != WriterKind.ours {
      let ratios = threads.map { count in
        String(format: "%9.2f", ratio(rates[WriterKind.ours]?[count], rates[name]?[count]))
      }
      print("  " + "Holdfast / \(name)".padded(32) + ratios.joined())
    }
    guard let fewest = threads.first, let most = threads.last, fewest != most else { return }
    for name in names {
      let gain = ratio(rates[name]?[most], rates[name]?[fewest])
      print("  " + "\(name), \(most) threads / \(fewest)".padded(48) + String(format: "%9.2f", gain))
    }
  }

  /// Round by round, since the machine's speed drifts.
  private func ratio(_ rates: [Double]?, _ others: [Double]?) -> Double {
    median(zip(rates ?? [], others ?? []).map { $0 / $1 })
  }
}
