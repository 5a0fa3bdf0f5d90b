import ArgumentParser
import Holdfast

/// `holdfast index`.
struct IndexCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "index", abstract: "Make, list and drop indexes.",
    subcommands: [IndexCreateCommand.self, IndexListCommand.self, IndexDropCommand.self])
}

/// `holdfast index create`.
struct IndexCreateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make an index.",
    discussion: """
      The collection is made when there is none. An index that is there already with the same name, fields and \
      options is left as it is. When this is interrupted, nothing of the index stays; when the process is killed, \
      the same command goes on where it stopped.
      """)

  @OptionGroup var arguments: CollectionArguments

  @Argument(
    help: "The fields, each with 1 for ascending or -1 for descending, such as '{\"age\": 1, \"name\": -1}'.")
  var keys: String

  @Option(help: "Its name; without one it is made of the fields, such as age_1_name_-1.")
  var name: String?

  @Flag(help: "No two documents may have the same values.")
  var unique = false

  @Flag(help: "Leave out documents that have none of the fields.")
  var sparse = false

  @Option(help: "Only documents that match this filter.")
  var partial: String?

  @Option(help: "Documents are deleted this many seconds after the date in the field.")
  var expireAfter: Int64?

  func run() throws {
    let keys = try JSONArgument.document(keys, "KEYS")
    let options = IndexOptions(
      name: name, isUnique: unique, isSparse: sparse,
      partialFilter: try JSONArgument.document(partial, "--partial"),
      expireAfterSeconds: expireAfter)
    Platform.catchInterruption()
    var progress = Progress("building the index", isShown: !arguments.base.json)
    var documents = 0
    var isNew = false
    let made: String
    do {
      made = try arguments.change(makesIt: true) { collection in
        try collection.createIndex(keys, options) { step in
          (documents, isNew) = (step.documents, true)
          progress.update("\(Format.count(step.documents)) of \(Format.documents(step.total))")
          return !Platform.wasInterrupted
        }
      }
    } catch {
      progress.end()
      guard let error = error as? HoldfastError, error.code == .cancelled else { throw error }
      throw ToolFailure(.interrupted, "interrupted", "interrupted; nothing of the index stays")
    }
    progress.end()
    try arguments.report(
      [
        "index": .string(made), "created": .bool(isNew), "documents": .int64(Int64(documents)),
        "seconds": .double(progress.seconds),
      ],
      isNew
        ? "created \(Cell.visible(made)) over \(Format.documents(documents)) in \(Format.decimal(progress.seconds)) s"
        : "\(Cell.visible(made)) is there already")
  }
}

/// `holdfast index list`.
struct IndexListCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List the indexes of a collection, that of the ids first.")

  @OptionGroup var arguments: CollectionArguments

  func run() throws {
    let indexes = try arguments.read { try $0.indexes() }
    try arguments.report(
      ["indexes": .array(indexes.map { .document($0.json()) })],
      Format.indexes(indexes).joined(separator: "\n")
    )
  }
}

/// `holdfast index drop`.
struct IndexDropCommand: ParsableCommand {
  static let configuration = CommandConfiguration(commandName: "drop", abstract: "Remove an index.")

  @OptionGroup var arguments: CollectionArguments

  @Argument(help: "The index's name, as 'holdfast index list' shows it.")
  var name: String

  func run() throws {
    guard try arguments.change({ try $0.dropIndex(name) }) else {
      throw ToolFailure(
        .notFound, HoldfastError.Code.indexNotFound.rawValue,
        "the collection has no index of this name: 'holdfast index list \(arguments.base.database) "
          + "\(arguments.collection)' lists them")
    }
    try arguments.report(["index": .string(name), "dropped": true], "dropped \(Cell.visible(name))")
  }
}

extension IndexInfo {
  /// For programs.
  /// - Parameter collection: the collection, where it has to be named.
  func json(of collection: String? = nil) -> Document {
    var result: Document = [:]
    if let collection { result["collection"] = .string(collection) }
    result["name"] = .string(name)
    result["keys"] = .document(keys)
    result["unique"] = .bool(options.isUnique)
    result["sparse"] = .bool(options.isSparse)
    if let filter = options.partialFilter { result["partialFilter"] = .document(filter) }
    if let seconds = options.expireAfterSeconds { result["expireAfterSeconds"] = .int64(seconds) }
    result["multikey"] = .bool(isMultikey)
    result["ready"] = .bool(isReady)
    result["entries"] = .int64(Int64(entries))
    return result
  }

  /// For people: what it demands and which documents it has.
  fileprivate var traits: String {
    var traits: [String] = []
    if options.isUnique { traits.append("unique") }
    if options.isSparse { traits.append("sparse") }
    if let filter = options.partialFilter { traits.append("only \(Cell.visible(filter.extendedJSON()))") }
    if let seconds = options.expireAfterSeconds { traits.append("expires after \(Format.count(seconds)) s") }
    if isMultikey { traits.append("over arrays") }
    if !isReady { traits.append("not complete: create it again to go on") }
    return traits.joined(separator: ", ")
  }
}

extension Format {
  /// A line for each index.
  static func indexes(_ indexes: [IndexInfo]) -> [String] {
    let rows = indexes.map { index in
      [
        Cell.visible(index.name), Cell.visible(index.keys.extendedJSON()),
        count(index.entries) + (index.entries == 1 ? " entry" : " entries"), index.traits,
      ]
    }
    let widths = (0..<4).map { column in rows.map { $0[column].count }.max() ?? 0 }
    return rows.map { row in
      var line = zip(row, widths).map { cell, width in
        cell + String(repeating: " ", count: width - cell.count)
      }.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line
    }
  }
}
