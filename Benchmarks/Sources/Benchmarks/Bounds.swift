import ArgumentParser
import Foundation
import Holdfast

/// Loads many documents with a small cache, and prints what that took: memory, and the time to open the result.
struct Bounds: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Memory while many documents are loaded with a small cache, and the time to open them again.")

  @Option(help: "How many documents of about 200 bytes.")
  var documents = 1_000_000
  @Option(help: "The page cache, in MiB.")
  var cache = 16
  @Option(help: "Documents a commit.")
  var batch = 1000
  @Flag(help: "Give the documents random ids instead of ascending ones.")
  var random = false
  @Option(help: "A folder on the disk to measure.")
  var directory = FileManager.default.currentDirectoryPath

  func run() throws {
    let folder = directory + "/bounds-\(UUID().uuidString)"
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(atPath: folder) }
    var options = DatabaseOptions(credential: .key([UInt8](repeating: 7, count: 32)))
    options.cacheBytes = cache << 20
    let path = folder + "/bounds.holdfast"
    let atStart = try peakMemory()

    let loading = try ContinuousClock().measure {
      let database = try Database.open(at: path, options)
      let collection = database.collection("records")
      for start in stride(from: 0, to: documents, by: batch) {
        // Made batch by batch, so that the documents themselves take no memory to speak of.
        let records = Record.make(min(batch, documents - start), seed: random ? UInt64(start + 1) : 1)
        _ = try collection.insertMany(
          records.enumerated().map { index, record in
            var document = record.document
            if !random { document["_id"] = .string(String(format: "%016d", start + index)) }
            return document
          })
      }
      try database.close()
    }
    let peak = try peakMemory()
    print("\(documents) documents loaded in \(loading), cache of \(cache) MiB")
    print("peak memory: \(peak >> 10) MiB (\(atStart >> 10) MiB before opening)")

    var times: [Duration] = []
    for _ in 0..<9 {
      var database: Database?
      times.append(try ContinuousClock().measure { database = try Database.open(at: path, options) })
      guard try database?.collection("records").count() == documents else {
        throw PeerError(description: "documents are missing")
      }
      try database?.close()
    }
    times.sort()
    print("clean opening: median \(times[4]), \(times[0]) – \(times[8])")
  }

  /// The most memory that this process has had at once, in KiB.
  private func peakMemory() throws -> Int {
    #if canImport(Glibc)
      let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
      let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
      return line.flatMap { Int($0.filter(\.isNumber)) } ?? 0
    #else
      var usage = rusage()
      getrusage(RUSAGE_SELF, &usage)
      return Int(usage.ru_maxrss) / 1024
    #endif
  }
}
