import ArgumentParser
import Holdfast

/// `holdfast import`.
struct ImportCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "import", abstract: "Add documents from a file or from standard input.",
    discussion: """
      Reads JSON lines, one JSON array, or documents one after the other; values may be Extended JSON. The \
      database is made when there is none. Documents are durable in batches, also while a pipe is slow: \
      none waits for longer than a second. A document that is malformed or refused stops the import (those \
      before it stay) unless --skip-invalid is given.
      """)

  @OptionGroup var arguments: CollectionArguments

  @Argument(help: "The file, or - for standard input.", completion: .file())
  var file: String

  @Flag(help: "Count what is malformed or refused, report it with its line, and go on.")
  var skipInvalid = false

  @Option(help: "How the documents lie in the input: auto, lines, array or values.")
  var layout = LayoutArgument.auto

  @Option(help: "The most documents of one commit.")
  var batch = 1000

  @Flag(help: "Encrypt the database if it has to be made; asks for a password unless one is given otherwise.")
  var encrypt = false

  func validate() throws {
    guard (1...1_000_000).contains(batch) else { throw ValidationError("--batch must be 1 to 1000000.") }
  }

  func run() throws {
    let input = try Input(file)
    defer { input.close() }
    Platform.catchInterruption()
    let database = try openForImport()
    var importer = Importer(
      database: database, collection: arguments.collection, skipsInvalid: skipInvalid, batch: batch,
      isQuiet: arguments.base.json)
    do {
      try importer.run(input, layout)
    } catch {
      importer.end()
      try? database.close()
      throw error
    }
    try database.close()
    importer.end()
    try report(importer)
  }

  private func openForImport() throws -> Database {
    let base = arguments.base
    let isNew = Platform.kind(of: base.database) == nil
    guard isNew, encrypt, try Passwords.given(file: base.passwordFile) == nil else {
      return try base.open(forWriting: true, createsIfMissing: true)
    }
    var options = DatabaseOptions(credential: .password(try Passwords.askForNew(base.database)))
    options.createsIfMissing = true
    return try Database.open(at: base.database, options)
  }

  private func report(_ importer: Importer) throws {
    if arguments.base.json {
      let result: Document = [
        "collection": .string(arguments.collection), "imported": .int64(Int64(importer.imported)),
        "skipped": .int64(Int64(importer.skipped)), "seconds": .double(importer.seconds),
      ]
      try StandardOutput.write(result.extendedJSON() + "\n")
    } else {
      let skipped = importer.skipped > 0 ? ", skipped \(Format.count(importer.skipped))" : ""
      try StandardOutput.write(
        "imported \(Format.documents(importer.imported))\(skipped) in \(Format.decimal(importer.seconds)) s\n"
      )
    }
  }
}

/// How documents lie in the input.
enum LayoutArgument: String, ExpressibleByArgument, CaseIterable {
  case auto, lines, array, values

  /// `nil` when it has to be found out.
  var layout: ExtendedJSONReader.Layout? {
    switch self {
    case .auto: nil
    case .lines: .lines
    case .array: .array
    case .values: .values
    }
  }

  /// Finds it out from the beginning of the input; `nil` when more of it is needed. A line that is a whole
  /// object, or that is no object at all, speaks for lines; an object that goes on over its line for values.
  static func detect(_ beginning: [UInt8], isWhole: Bool) -> ExtendedJSONReader.Layout? {
    func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || (0x09...0x0D).contains(byte) }
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let text = beginning.starts(with: mark) ? beginning.dropFirst(3) : beginning[...]
    guard let first = text.firstIndex(where: { !isSpace($0) }) else { return isWhole ? .lines : nil }
    if text[first] == UInt8(ascii: "[") { return .array }
    guard text[first] == UInt8(ascii: "{") else { return .lines }
    let end = text[first...].firstIndex(of: 0x0A)
    guard let end = end ?? (isWhole || beginning.count >= longestFirstLine ? text.endIndex : nil) else {
      return nil
    }
    let last = text[first..<end].last { !isSpace($0) }
    return last == UInt8(ascii: "}") ? .lines : .values
  }

  /// How much of the first line is looked at.
  private static let longestFirstLine = 1 << 20
}
