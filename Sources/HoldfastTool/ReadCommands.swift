import ArgumentParser
import Holdfast

/// `holdfast get`.
struct GetCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "get", abstract: "Print one document.",
    discussion: """
      ID is Extended JSON, such as 5, '"ada"' or '{"$oid":"55f14312c7447c3da7051b26"}', or plain text. \
      Plain text of 24 hexadecimal digits is tried as an ObjectID first, and then as a string.
      """)

  @OptionGroup var arguments: CollectionArguments

  @Argument(help: "The document's _id.")
  var id: String

  @Option(help: "How to write it: relaxed or canonical Extended JSON.")
  var format = DocumentFormat.relaxed

  func run() throws {
    let document = try arguments.read { collection in
      for candidate in GetCommand.candidates(id) {
        if let document = try collection.fetch(id: candidate) { return document }
      }
      throw ToolFailure(
        .notFound, "documentNotFound",
        "no document has this id: 'holdfast find \(arguments.base.database) \(arguments.collection) --limit "
          + "5' shows "
          + "what ids look like")
    }
    try StandardOutput.write(document.extendedJSON(format.mode) + "\n")
  }

  /// What an id on the command line may mean, the likeliest first.
  static func candidates(_ text: String) -> [BSONValue] {
    var result: [BSONValue] = []
    if let id = ObjectID(text) { result = [.objectID(id), .string(text)] }
    if let value = try? BSONValue(extendedJSON: text) {
      if case .array = value {} else { result.append(value) }
    }
    if ObjectID(text) == nil { result.append(.string(text)) }
    return result
  }
}

/// `holdfast count`.
struct CountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "count", abstract: "Print how many documents a collection has, or how many match a filter.",
    discussion: QueryArguments.aboutFilters)

  @OptionGroup var arguments: CollectionArguments

  @Argument(help: "Which documents, in Extended JSON, or - for standard input.")
  var filter: String?

  @Option(help: QueryArguments.hintHelp)
  var hint: String?

  func run() throws {
    let filter = try JSONArgument.filter(filter)
    let options = FindOptions(hint: try JSONArgument.hint(hint))
    let count = try arguments.read { try $0.count(filter, options) }
    try arguments.report(["count": .int64(Int64(count))], "\(count)")
  }
}

/// `holdfast distinct`.
struct DistinctCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "distinct", abstract: "Print the different values at a path, one a line.",
    discussion: "In ascending order, as Extended JSON. Of arrays the elements count. "
      + QueryArguments.aboutFilters)

  @OptionGroup var arguments: CollectionArguments

  @Argument(help: "The path of a field, such as name or address.city.")
  var path: String

  @Argument(help: "Which documents, in Extended JSON, or - for standard input.")
  var filter: String?

  @Option(help: QueryArguments.hintHelp)
  var hint: String?

  @Option(help: "How to write them: relaxed or canonical Extended JSON.")
  var format = DocumentFormat.relaxed

  func run() throws {
    let filter = try JSONArgument.filter(filter)
    let hint = try JSONArgument.hint(hint)
    let values = try arguments.read { try $0.distinct(path, filter, hint: hint) }
    var output = StandardOutput()
    if arguments.base.json {
      let result: Document = [
        "collection": .string(arguments.collection), "path": .string(path), "values": .array(values),
      ]
      try output.line(result.extendedJSON(format.mode))
    } else {
      for value in values { try output.line(value.extendedJSON(format.mode)) }
    }
    try output.flush()
  }
}

/// `holdfast collections`.
struct CollectionsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "collections", abstract: "List the collections with their numbers of documents.")

  @OptionGroup var arguments: DatabaseArguments

  func run() throws {
    let list = try arguments.with { database in
      try database.read { snapshot in
        try snapshot.collections().map { name in
          let collection = snapshot.collection(name)
          let indexes = try collection.indexes().count
          return (name, try collection.count(), try database.durability(of: name), indexes)
        }
      }
    }
    var output = StandardOutput()
    if arguments.json {
      let values = list.map { name, count, durability, indexes -> BSONValue in
        .document([
          "name": .string(name), "count": .int64(Int64(count)), "durability": .string(durability.description),
          "indexes": .int64(Int64(indexes)),
        ])
      }
      try output.line((["collections": .array(values)] as Document).extendedJSON())
    } else {
      let width = list.map(\.0.count).max() ?? 0
      for (name, count, durability, indexes) in list {
        let padding = String(repeating: " ", count: width - name.count)
        // Every collection has the index of its ids.
        let more = indexes > 1 ? "  \(Format.count(indexes)) indexes" : ""
        try output.line("\(name)\(padding)  \(Format.count(count))  \(durability)\(more)")
      }
    }
    try output.flush()
  }
}
