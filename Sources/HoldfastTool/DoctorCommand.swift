import ArgumentParser
import Holdfast

/// `holdfast doctor`.
struct DoctorCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "doctor", abstract: "Say how a database is, and what helps.",
    discussion: """
      Changes nothing, and works on databases that do not open. It reads the header, looks at the files beside \
      it, and opens it for reading when that is possible; 'holdfast verify' reads every document. The exit code \
      is 0 when nothing needs to be done, 1 when something should be, and otherwise that of the failure. While it \
      looks, nobody can open the database for writing.
      """)

  @OptionGroup var arguments: DatabaseArguments

  func run() throws {
    let found = try examine()
    let next = DoctorCommand.next(found.remedy, arguments.database)
    try arguments.json
      ? StandardOutput.write(json(found, next).extendedJSON() + "\n") : text(found, next)
    if let failure = found.failure { throw SilentFailure(status: ExitStatus(failure.code)) }
    if found.status != .ok { throw SilentFailure(status: .failure) }
  }

  private func examine() throws -> DatabaseExamination {
    var options = DatabaseOptions(isReadOnly: true)
    let password = try Passwords.given(file: arguments.passwordFile)
    if let password { options.credential = .password(password) }
    let found = try Database.examine(at: arguments.database, options)
    guard found.failure?.code == .authenticationFailed, password == nil, found.isEncrypted, Passwords.canAsk
    else { return found }
    options.credential = .password(try Passwords.ask(for: arguments.database))
    return try Database.examine(at: arguments.database, options)
  }

  /// What to type or do next.
  static func next(_ remedy: DatabaseExamination.Remedy, _ database: String) -> String? {
    switch remedy {
    case .none, .seeFailure: nil
    case .recover: "holdfast recover \(database)"
    case .verify: "holdfast verify \(database)"
    case .waitForOwner: "holdfast doctor \(database)   (when it has been closed there)"
    case .authenticate: "HOLDFAST_PASSWORD=… holdfast doctor \(database)"
    case .restoreLog:
      "mv …/\(name(database))-log \(database)-log   (from where it was moved, or from the backup)"
    case .restoreBackup:
      // The log belongs to the damaged file: beside the backup it would be removed.
      "mkdir damaged && mv \(database) \(database)-* damaged/ && cp …/\(name(database)) \(database)   (from a backup)"
    case .upgrade: "holdfast --version   (and use a newer one)"
    }
  }

  private static func name(_ path: String) -> String {
    path.split(separator: "/").last.map { String($0) } ?? path
  }

  // MARK: For programs

  private func json(_ found: DatabaseExamination, _ next: String?) -> Document {
    var result: Document = [
      "database": .string(arguments.database), "status": .string(found.status.rawValue),
      "findings": .array(
        found.findings.map {
          .document(["status": .string($0.status.rawValue), "message": .string($0.message)])
        }),
    ]
    if let next { result["next"] = .string(next) }
    if let bytes = found.fileBytes { result["fileBytes"] = .int64(Int64(clamping: bytes)) }
    if let id = found.databaseID {
      result["databaseID"] = .string(id)
      result["encrypted"] = .bool(found.isEncrypted)
      result["pageSize"] = .int64(Int64(found.pageSize))
      result["created"] = .dateTime(found.created)
    }
    result["keyBlocks"] = .int64(Int64(found.keyBlocks))
    result["metaSlots"] = .int64(Int64(found.metaSlots))
    if let closed = found.wasClosed { result["wasClosed"] = .bool(closed) }
    if let lsn = found.checkpointLSN, let time = found.checkpointTime {
      result["checkpoint"] = .document(["lsn": .int64(Int64(clamping: lsn)), "time": .dateTime(time)])
    }
    result["locked"] = .bool(found.isLocked)
    if let owner = found.owner { result["owner"] = .string(owner) }
    result["logSegments"] = .int64(Int64(found.logSegments))
    result["logBytes"] = .int64(Int64(clamping: found.logBytes))
    result["quarantine"] = .array(found.quarantine.map { .string($0) })
    result["damage"] = .array(found.damage.map { .document(DoctorCommand.json($0)) })
    if let failure = found.failure {
      result["failure"] = .document([
        "code": .string(failure.code.rawValue), "message": .string(failure.message),
      ])
    }
    if let recovery = found.recovery { result["recovery"] = .document(InfoCommand.json(recovery)) }
    if let available = found.health?.diskAvailableBytes, let total = found.health?.diskTotalBytes {
      result["disk"] = .document([
        "availableBytes": .int64(Int64(clamping: available)), "totalBytes": .int64(Int64(clamping: total)),
      ])
    }
    return result
  }

  private static func json(_ range: DamagedRange) -> Document {
    var result: Document = ["page": .int64(Int64(clamping: range.page)), "cutOff": .bool(range.isCutOff)]
    if let collection = range.collection { result["collection"] = .string(collection) }
    if let after = range.after { result["after"] = after }
    if let before = range.before { result["before"] = before }
    return result
  }

  // MARK: For people

  private func text(_ found: DatabaseExamination, _ next: String?) throws {
    var output = StandardOutput()
    func row(_ name: String, _ value: String) throws {
      try output.line("  " + name + String(repeating: " ", count: max(1, 16 - name.count)) + value)
    }
    try output.line("\(arguments.database): \(found.status.rawValue)")
    if let bytes = found.fileBytes {
      try row(
        "file",
        Format.bytes(bytes)
          + (found.databaseID == nil
            ? "" : ", pages of \(Format.bytes(found.pageSize)), \(found.isEncrypted ? "" : "not ")encrypted"))
      try row("header", "\(found.keyBlocks) of 3 key blocks and \(found.metaSlots) of 2 meta slots hold")
    }
    if let lsn = found.checkpointLSN, let time = found.checkpointTime {
      try row("last checkpoint", "LSN \(Format.count(lsn)), \(time.iso8601 ?? "")")
    }
    if found.logSegments > 0 {
      try row("log", "\(Format.count(found.logSegments)) segments, \(Format.bytes(found.logBytes))")
    }
    if let available = found.health?.diskAvailableBytes {
      try row("disk", "\(Format.bytes(available)) available")
    }
    if let closed = found.wasClosed { try row("closed", closed ? "yes" : "no") }
    if let recovery = found.recovery, !recovery.wasClean {
      try row(
        "recovery",
        "\(Format.count(recovery.commitsReplayed)) commits to replay, \(Format.duration(recovery.duration))")
    }
    for finding in found.findings {
      try row(finding.status == .ok ? "note" : finding.status.rawValue, finding.message)
    }
    for range in found.damage { try row("", DoctorCommand.place(range)) }
    try output.line(next.map { "next: \($0)" } ?? (found.status == .ok ? "nothing needs to be done" : ""))
    try output.flush()
  }

  /// Which documents a damaged page concerns, for the owner of the data.
  private static func place(_ range: DamagedRange) -> String {
    func text(_ id: BSONValue) -> String { id.extendedJSON(.relaxed) }
    let after = range.after.map { "behind \(text($0))" } ?? "from the first one"
    let before = range.before.map { "before \(text($0))" } ?? "to the last one"
    return "page \(range.page): documents \(after), \(before)"
  }
}

/// `holdfast recover`.
struct RecoverCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "recover", abstract: "Open a database for writing, which recovers it, and close it again.",
    discussion: "What every program does that opens it; here by itself, with a report.")

  @OptionGroup var arguments: DatabaseArguments

  func run() throws {
    let (recovery, damage) = try arguments.with(forWriting: true) { ($0.recovery, try $0.damage()) }
    var output = StandardOutput()
    if arguments.json {
      var result = InfoCommand.json(recovery)
      result["damagedPages"] = .int64(Int64(damage.count))
      try output.line(result.extendedJSON())
    } else if recovery.wasClean {
      try output.line("nothing to recover: it had been closed")
    } else {
      try output.line(
        "\(Format.count(recovery.commitsReplayed)) commits replayed in \(Format.duration(recovery.duration))"
          + (recovery.bytesCut > 0 ? ", \(Format.bytes(recovery.bytesCut)) cut off" : "")
          + (recovery.operationsSetAside > 0
            ? ", \(Format.count(recovery.operationsSetAside)) changes set aside" : ""))
    }
    for range in damage where !arguments.json { try output.line("\(range)") }
    try output.flush()
  }
}

/// Ends the command with an exit code; what there is to say has been said.
struct SilentFailure: Error {
  var status: ExitStatus
}
