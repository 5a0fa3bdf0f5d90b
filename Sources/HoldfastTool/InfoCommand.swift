import ArgumentParser
import Holdfast

/// `holdfast info`.
struct InfoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "info", abstract: "Print sizes, pages, positions and the last recovery.",
    discussion:
      "Changes nothing. Of a database that was not closed, it shows what the next opening would recover.")

  @OptionGroup var arguments: DatabaseArguments

  func run() throws {
    let (statistics, recovery, durability, indexes) = try arguments.with { database in
      (
        try database.statistics(), database.recovery, database.durability,
        try InfoCommand.indexes(of: database)
      )
    }
    guard !arguments.json else {
      var result = json(statistics, recovery, durability)
      result["indexes"] = .array(
        indexes.flatMap { collection, indexes in
          indexes.map { .document($0.json(of: collection)) }
        })
      return try StandardOutput.write(result.extendedJSON() + "\n")
    }
    try text(statistics, recovery, durability)
    // That of the ids is everywhere.
    for (collection, indexes) in indexes where indexes.count > 1 {
      let lines = Format.indexes(indexes).map { "    \($0)\n" }.joined()
      try StandardOutput.write("  indexes of \(Cell.visible(collection))\n" + lines)
    }
  }

  private static func indexes(of database: Database) throws -> [(collection: String, indexes: [IndexInfo])] {
    try database.read { snapshot in
      try snapshot.collections().map { ($0, try snapshot.collection($0).indexes()) }
    }
  }

  private func json(_ statistics: DatabaseStatistics, _ recovery: RecoveryReport, _ durability: Durability)
    -> Document
  {
    var result: Document = [
      "database": .string(arguments.database), "databaseID": .string(statistics.databaseID),
      "encrypted": .bool(statistics.isEncrypted), "created": .dateTime(statistics.created),
      "durability": .string(durability.description), "collections": .int64(Int64(statistics.collections)),
      "fileBytes": .int64(Int64(statistics.fileBytes)), "pageSize": .int64(Int64(statistics.pageSize)),
      "pages": .int64(Int64(statistics.pages)), "freePages": .int64(Int64(statistics.freePages)),
      "heldPages": .int64(Int64(statistics.heldPages)), "lsn": .int64(Int64(statistics.lastLSN)),
    ]
    result["checkpoint"] = .document([
      "lsn": .int64(Int64(statistics.checkpointLSN)), "time": .dateTime(statistics.checkpointTime),
    ])
    result["recovery"] = .document(InfoCommand.json(recovery))
    return result
  }

  /// What opening had to do.
  static func json(_ recovery: RecoveryReport) -> Document {
    var report: Document = [
      "wasClean": .bool(recovery.wasClean), "commitsReplayed": .int64(Int64(recovery.commitsReplayed)),
      "bytesRead": .int64(Int64(recovery.bytesRead)), "bytesCut": .int64(Int64(recovery.bytesCut)),
    ]
    if let reason = recovery.cutReason { report["cutReason"] = .string(reason) }
    report["usedOlderCheckpoint"] = .bool(recovery.usedOlderCheckpoint)
    report["lostSlot"] = .bool(recovery.lostSlot)
    report["lostFreeSpace"] = .bool(recovery.lostFreeSpace)
    report["operationsSetAside"] = .int64(Int64(clamping: recovery.operationsSetAside))
    return report
  }

  private func text(_ statistics: DatabaseStatistics, _ recovery: RecoveryReport, _ durability: Durability)
    throws
  {
    var output = StandardOutput()
    func row(_ name: String, _ value: String) throws {
      try output.line("  " + name + String(repeating: " ", count: max(1, 16 - name.count)) + value)
    }
    try output.line(arguments.database)
    try row("encrypted", statistics.isEncrypted ? "yes (AES-256-GCM)" : "no")
    try row("created", statistics.created.iso8601 ?? "")
    try row("collections", Format.count(statistics.collections))
    try row("durability", durability.description)
    try row("file", Format.bytes(statistics.fileBytes))
    try row(
      "pages",
      "\(Format.count(statistics.pages)) of \(Format.bytes(statistics.pageSize)), "
        + "\(Format.count(statistics.freePages + statistics.heldPages)) free")
    try row("last commit", "LSN \(Format.count(statistics.lastLSN))")
    try row(
      "last checkpoint",
      "LSN \(Format.count(statistics.checkpointLSN)), \(statistics.checkpointTime.iso8601 ?? "")")
    if recovery.wasClean {
      try row("last recovery", "none was needed: the database was closed")
    } else {
      try row(
        "last recovery",
        "not closed: \(Format.count(recovery.commitsReplayed)) commits replayed in "
          + "\(Format.duration(recovery.duration))"
      )
      if recovery.bytesCut > 0 {
        try row(
          "",
          "\(Format.bytes(recovery.bytesCut)) cut off: \(recovery.cutReason ?? "never completely written")")
      }
    }
    if recovery.usedOlderCheckpoint {
      try row("", "the newer checkpoint did not hold; the one before was used")
    }
    if recovery.lostSlot { try row("", "one meta slot was torn or damaged; the other one held") }
    if recovery.lostFreeSpace { try row("", "the list of free pages was damaged; no document is missing") }
    try output.flush()
  }
}

/// `holdfast verify`.
struct VerifyCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "verify", abstract: "Read everything and check it, also the indexes against the documents.",
    discussion: "Changes nothing. Damage is listed, and the exit code is 6.")

  @OptionGroup var arguments: DatabaseArguments

  func run() throws {
    let report = try arguments.with { try $0.verify() }
    var output = StandardOutput()
    if arguments.json {
      let result: Document = [
        "intact": .bool(report.isIntact), "pages": .int64(Int64(report.pages)),
        "collections": .int64(Int64(report.collections)), "documents": .int64(Int64(report.documents)),
        "indexes": .int64(Int64(report.indexes)), "problems": .array(report.problems.map { .string($0) }),
      ]
      try output.line(result.extendedJSON())
    } else {
      for problem in report.problems { try output.line(problem) }
      try output.line(
        "\(report.isIntact ? "intact" : "damaged"); read: pages \(Format.count(report.pages)), "
          + "collections \(Format.count(report.collections)), documents \(Format.count(report.documents)), "
          + "indexes \(Format.count(report.indexes))"
      )
    }
    try output.flush()
    guard report.isIntact else {
      throw ToolFailure(
        .corrupted, "corrupted",
        "\(arguments.database) is damaged (\(report.problems.count) problems): restore it from a backup, or "
          + "save what can be read with 'holdfast find --skip-damaged'")
    }
  }
}
