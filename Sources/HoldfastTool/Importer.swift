import Holdfast

/// Reads documents and writes them in batches, each of them one durable commit.
struct Importer {
  private let database: Database
  private let collection: String
  private let skipsInvalid: Bool
  private let batch: Int
  private let isQuiet: Bool
  private var pending: [ExtendedJSONReader.Item] = []
  private var pendingBytes = 0
  /// Monotonic time of the first pending document's arrival.
  private var pendingSince: UInt64 = 0
  private var bytesRead = 0
  private var inputSize: Int?
  private var progress: Progress
  private(set) var imported = 0
  private(set) var skipped = 0

  /// A batch is committed when it has this many bytes, whatever it counts.
  private static let batchBytes = 4 << 20
  /// No document waits longer for its commit, in milliseconds.
  private static let patience = 900
  /// The most skipped lines that are named one by one.
  private static let maximumNamed = 20

  init(database: Database, collection: String, skipsInvalid: Bool, batch: Int, isQuiet: Bool) {
    self.database = database
    self.collection = collection
    self.skipsInvalid = skipsInvalid
    self.batch = batch
    self.isQuiet = isQuiet
    progress = Progress("importing", isShown: !isQuiet)
  }

  var seconds: Double { progress.seconds }

  mutating func end() { progress.end() }

  mutating func run(_ input: Input, _ argument: LayoutArgument) throws {
    inputSize = input.size
    var beginning: [UInt8] = []
    var reader = argument.layout.map { Importer.reader($0) }
    var isAtEnd = false
    while !isAtEnd {
      if Platform.wasInterrupted { throw try interrupted() }
      switch try input.read(waiting: try waitingTime()) {
      case .nothing: continue
      case .end:
        isAtEnd = true
        if reader == nil {
          reader = LayoutArgument.detect(beginning, isWhole: true).map { Importer.reader($0) }
          reader?.feed(beginning)
        }
        reader?.finish()
      case .bytes(let bytes):
        bytesRead += bytes.count
        if reader != nil {
          reader?.feed(bytes)
        } else {
          beginning += bytes
          reader = LayoutArgument.detect(beginning, isWhole: false).map { Importer.reader($0) }
          reader?.feed(beginning)
        }
      }
      try drain(&reader)
    }
    try commit()
  }

  private static func reader(_ layout: ExtendedJSONReader.Layout) -> ExtendedJSONReader {
    // What older tools exported is welcome here, although the specification has moved on.
    ExtendedJSONReader(layout: layout, options: .legacyDates)
  }

  /// How long to wait for input: never beyond the time at which the pending documents have to be durable.
  /// Commits them when that time has come.
  private mutating func waitingTime() throws -> Int {
    guard !pending.isEmpty else { return Importer.patience }
    let age = Int((Platform.monotonic - pendingSince) / 1_000_000)
    if age >= Importer.patience { try commit() }
    return pending.isEmpty ? Importer.patience : Importer.patience - age
  }

  private mutating func drain(_ reader: inout ExtendedJSONReader?) throws {
    while true {
      let item: ExtendedJSONReader.Item?
      do throws(BSONError) {
        item = try reader?.next()
      } catch {
        try commit()
        try skipOrStop(ToolFailure(.badInput, error.code.rawValue, error.message, line: error.line))
        if reader?.layout == .lines { continue }
        throw stopped(
          ToolFailure(
            .badInput, error.code.rawValue,
            "\(error.message) What follows cannot be told apart in this layout",
            line: error.line))
      }
      guard let item else { return }
      if pending.isEmpty { pendingSince = Platform.monotonic }
      pending.append(item)
      pendingBytes += item.document.byteCount
      if pending.count >= batch || pendingBytes >= Importer.batchBytes { try commit() }
    }
  }

  /// Writes the pending documents in one commit; those before a refused one, when it stops the import.
  private mutating func commit() throws {
    guard !pending.isEmpty else { return }
    let items = pending
    var count = 0
    var refused: [ToolFailure] = []
    try database.write { transaction in
      let target = transaction.collection(collection)
      for item in items {
        do throws(HoldfastError) {
          try target.insert(item.document)
          count += 1
        } catch {
          guard ExitStatus(error.code) == .badInput, error.code != .invalidName else { throw error }
          refused.append(ToolFailure(.badInput, error.code.rawValue, error.message, line: item.line))
          if !skipsInvalid { break }
        }
      }
    }
    pending.removeAll(keepingCapacity: true)
    pendingBytes = 0
    imported += count
    for failure in refused { try skipOrStop(failure) }
    let status = status
    progress.update(status)
  }

  private var status: String {
    let share = inputSize.flatMap { $0 > 0 ? " of \(Format.bytes($0))" : nil } ?? ""
    return "\(Format.documents(imported)), \(Format.bytes(bytesRead))\(share), "
      + "\(Format.count(Int(Double(imported) / max(0.001, seconds)))) a second"
  }

  private mutating func skipOrStop(_ failure: ToolFailure) throws {
    guard skipsInvalid else { throw stopped(failure) }
    skipped += 1
    guard !isQuiet, skipped <= Importer.maximumNamed + 1 else { return }
    progress.end()
    StandardError.print(
      skipped <= Importer.maximumNamed
        ? "holdfast: skipped line \(failure.line ?? 0): \(failure.message)"
        : "holdfast: further lines that are skipped are only counted")
  }

  private func stopped(_ failure: ToolFailure) -> ToolFailure {
    var failure = failure
    failure.message =
      "line \(failure.line ?? 0): \(failure.message) (stopped; before it, \(Format.documents(imported)) "
      + "imported; correct the line, or use --skip-invalid)"
    return failure
  }

  private mutating func interrupted() throws -> ToolFailure {
    try commit()
    return ToolFailure(
      .interrupted, "interrupted", "interrupted; \(Format.documents(imported)) imported and durable")
  }
}
