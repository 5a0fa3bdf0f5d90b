import ArgumentParser
import Holdfast

/// `holdfast find`.
struct FindCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find",
    abstract: "Print documents: all in the order of their ids, or those that match a filter.",
    discussion: """
      \(QueryArguments.aboutFilters) The order of matching documents is any without --sort. What jsonl prints can \
      be imported again. Canonical Extended JSON keeps every type; relaxed is easier to read. The columns of table \
      and csv are the fields of --fields, of --project, or of the first \(ColumnPrinter.portion) documents. \
      Bounds are ids as 'holdfast get' takes them.
      """)

  @OptionGroup var arguments: CollectionArguments

  @Argument(help: "Which documents, in Extended JSON, or - for standard input.")
  var filter: String?

  @OptionGroup var query: QueryArguments

  @Option(
    help: """
      How to write them: jsonl, one a line; json, an array; csv, with columns; table, for people. relaxed and \
      canonical are jsonl.
      """)
  var format = FindFormat.jsonl

  @Flag(help: "Write canonical Extended JSON, in csv and table, too.")
  var canonical = false

  @Option(help: "The columns of csv and table: paths with commas between them, such as name,address.city.")
  var fields: String?

  @Option(help: "The lowest id, included; without a filter.")
  var from: String?

  @Option(help: "The highest id, included; without a filter.")
  var through: String?

  @Flag(help: "From the highest id to the lowest; without a filter.")
  var descending = false

  @Flag(help: "Go on behind documents that are damaged, and say so on standard error.")
  var skipDamaged = false

  func validate() throws {
    if from != nil || through != nil || descending {
      guard filter == nil, query.isPlain else {
        throw ValidationError(
          "--from, --through and --descending stand alone: with a filter or another option, use a condition on _id and "
            + "--sort '{\"_id\": -1}'.")
      }
    }
    if skipDamaged, query.hint != nil {
      throw ValidationError("--skip-damaged reads without indexes: leave out --hint.")
    }
    if fields != nil, !format.hasColumns {
      throw ValidationError("--fields is for --format table and csv: use --project.")
    }
    if let fields, fields.split(separator: ",", omittingEmptySubsequences: false).contains("") {
      throw ValidationError("--fields has an empty path: write it as in name,address.city.")
    }
    if canonical, format == .relaxed { throw ValidationError("--format relaxed is not --canonical.") }
  }

  func run() throws {
    let filter = try filter.map { try JSONArgument.filter($0) }
    let options = try findOptions()
    let printer = try printer(options.projection)
    try arguments.base.with { database in
      try arguments.read(database) { collection in
        let documents = try documents(of: collection, filter, options)
        if var documents = documents?.makeIterator() {
          while let document = try documents.nextDocument() { try printer.print(document) }
        }
        try printer.end()
      }
      for range in try database.damage() where range.collection == arguments.collection {
        StandardError.print("holdfast: left out: \(range)")
      }
    }
  }

  private func findOptions() throws -> FindOptions {
    var options = try query.options()
    options.skipsDamage = skipDamaged
    return options
  }

  /// What is to be printed; `nil` for nothing.
  private func documents(
    of collection: SnapshotCollection, _ filter: Document?, _ options: FindOptions
  ) throws -> Scan? {
    guard filter == nil, query.isPlain else {
      if query.limit != 0 { return collection.find(filter ?? [:], options) }
      // Nothing is wanted, but what is wrong with the query has to be said all the same.
      _ = try collection.explain(filter ?? [:], options, depth: .plan)
      return nil
    }
    let lower = from.flatMap { GetCommand.candidates($0).first }
    let upper = through.flatMap { GetCommand.candidates($0).first }
    var scan = ScanOptions(from: lower, through: upper, descending: descending, limit: query.limit)
    scan.skipsDamage = skipDamaged
    return collection.scan(scan)
  }

  private func printer(_ projection: Document?) throws -> any DocumentPrinter {
    let isCanonical = canonical || format == .canonical
    let mode: ExtendedJSONMode = isCanonical ? .canonical : .relaxed
    let columns = fields.map { $0.split(separator: ",").map { String($0) } }
    switch format {
    case .jsonl, .relaxed, .canonical: return LinePrinter(mode)
    case .json: return ArrayPrinter(mode)
    case .csv:
      return ColumnPrinter(
        CSVWriter(), columns ?? ColumnPrinter.columns(of: projection), isCanonical: isCanonical)
    case .table:
      return ColumnPrinter(
        TableWriter(), columns ?? ColumnPrinter.columns(of: projection), isCanonical: isCanonical)
    }
  }
}

/// How `holdfast find` prints documents.
enum FindFormat: String, ExpressibleByArgument, CaseIterable {
  case table, jsonl, json, csv, relaxed, canonical

  var hasColumns: Bool { self == .table || self == .csv }
}
