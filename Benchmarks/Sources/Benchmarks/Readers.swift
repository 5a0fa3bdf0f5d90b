import ArgumentParser
import Foundation
import Holdfast

/// How long a transaction that only reads takes while others write, beside how long it takes alone.
///
/// Wall time and the reader's processor time are measured. With more threads than processors, wall time mostly
/// says how often the scheduler gives the processor to somebody else, which the database cannot change; processor
/// time leaves that out, and still has everything that a reader does because there are writers: taking latches
/// that they have, looking at more versions, loading into the processor's cache what they pushed out. Only
/// sleeping until a writer is done is not in it, and that is seen in wall time, and in the slowest of the reads.
struct Readers: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract:
      "A transaction that only reads, without writers and while 8 threads write: wall and processor time.")

  @Option(help: "How many documents of about 200 bytes there are to read.")
  var documents = 100_000
  @Option(help: "How many threads write.")
  var writers = 8
  @Option(help: "How many times each is measured.")
  var rounds = 5
  @Option(help: "How long each is measured, in seconds, after a quarter of that which does not count.")
  var seconds = 2.0
  @Option(help: "The most commits per second there will be; their documents are made before the clock runs.")
  var limit = 120_000
  @Option(help: "A folder on the disk to measure.")
  var directory = FileManager.default.currentDirectoryPath
  @Option(help: "Only databases whose names contain this: \"Holdfast\" and \"Holdfast encrypted\".")
  var peer = ""

  func validate() throws {
    guard documents >= 1000, writers > 0, rounds > 0, seconds > 0, limit > 0 else {
      throw ValidationError(
        "documents has to be at least 1000; writers, rounds, seconds and limit more than 0")
    }
  }

  func run() throws {
    let written = Record.make(Int(seconds * 1.25 * Double(limit)), seed: 2)
    let read = Record.make(documents)
    print("\(documents) documents, \(writers) writers, \(rounds) rounds of \(seconds) s, \(directory)")
    print("one transaction: 100 point reads and a scan of 100 documents; microseconds, medians")
    for (name, isEncrypted) in [("Holdfast", false), ("Holdfast encrypted", true)]
    where peer.isEmpty || name.lowercased().contains(peer.lowercased()) {
      var quiet: [Times] = []
      var busy: [Times] = []
      var rates: [Double] = []
      for _ in 0..<rounds {
        try withFolder(in: directory) { folder in
          let peer = try HoldfastPeer(folder, pageSize: 8192, isEncrypted: isEncrypted)
          try peer.load(read[...])
          try peer.checkpoint()
          _ = try peer.scan()
          quiet.append(try measure(peer, read))
          let writing = Threads(writers, warmUp: seconds / 4, seconds: seconds) {
            [writers, limit] thread, done in
            let index = done * writers + thread
            guard index < written.count else {
              throw PeerError(description: "more than \(limit) commits per second: give a higher --limit")
            }
            try peer.insert(written[index])
          }
          // Whatever the reader throws, the threads end before the database is closed.
          let reading = Result { try measure(peer, read) }
          rates.append(try writing.rate())
          busy.append(try reading.get())
          try peer.close()
        }
      }
      report(name, quiet, busy, rates)
    }
  }

  /// Nanoseconds of each transaction.
  private struct Times {
    var wall: [Double] = []
    var processor: [Double] = []
  }

  /// Reads on this thread, as long as writers would be counted.
  private func measure(_ peer: HoldfastPeer, _ records: [Record]) throws -> Times {
    let from = Threads.now + UInt64(seconds / 4 * 1e9)
    let to = from + UInt64(seconds * 1e9)
    var times = Times()
    var number = 0
    while true {
      let (wall, processor) = (Threads.now, Threads.processorTime)
      if wall >= to { return times }
      let found = try transaction(peer, records, number)
      let (wallAfter, processorAfter) = (Threads.now, Threads.processorTime)
      guard found == 200 else { throw PeerError(description: "documents are missing") }
      number += 1
      guard wall >= from else { continue }
      times.wall.append(Double(wallAfter - wall))
      times.processor.append(Double(processorAfter - processor))
    }
  }

  /// A hundred documents by their ids, which lie anywhere, and a hundred neighbours. How many there are.
  private func transaction(_ peer: HoldfastPeer, _ records: [Record], _ number: Int) throws -> Int {
    try peer.database.read { snapshot in
      let collection = snapshot.collection("records")
      var found = 0
      for step in 0..<100 {
        // The ids are random, so that neighbours in the array are not neighbours in the tree.
        let record = records[(number &* 100 &+ step) % records.count]
        if let document = try collection.fetch(id: .string(record.id)), document.byteCount > 0 { found += 1 }
      }
      // Ids are hexadecimal numbers: from one in the first half there are enough to the end.
      let first = String(format: "%04x", number &* 2_654_435_761 % 0x8000)
      var scan = collection.scan(ScanOptions(from: .string(first), limit: 100)).makeIterator()
      while let document = try scan.nextDocument(), document.byteCount > 0 { found += 1 }
      return found
    }
  }

  private func report(_ name: String, _ quiet: [Times], _ busy: [Times], _ rates: [Double]) {
    print(String(format: "\n%@, with %.0f commits/s", name, median(rates)))
    print("                                   alone   with writers    ratio")
    row("processor time, median", quiet, busy) { median($0.processor) }
    row("processor time, 95 of 100 below", quiet, busy) { percentile($0.processor, 0.95) }
    row("wall time, median", quiet, busy) { median($0.wall) }
    row("wall time, 95 of 100 below", quiet, busy) { percentile($0.wall, 0.95) }
    row("wall time, 99 of 100 below", quiet, busy) { percentile($0.wall, 0.99) }
  }

  private func row(_ name: String, _ quiet: [Times], _ busy: [Times], _ value: (Times) -> Double) {
    let (alone, together) = (quiet.map(value), busy.map(value))
    let ratio = median(zip(together, alone).map { $0 / $1 })
    print(
      "  " + name.padded(32) + String(format: "%7.0f", median(alone) / 1000)
        + String(format: "%15.0f", median(together) / 1000) + String(format: "%9.2f", ratio))
  }

  private func percentile(_ values: [Double], _ part: Double) -> Double {
    guard !values.isEmpty else { return 0 }
    return values.sorted()[min(values.count - 1, Int(Double(values.count) * part))]
  }
}
