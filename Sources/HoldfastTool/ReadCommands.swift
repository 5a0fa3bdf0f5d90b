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

/// `holdfast find`.
struct FindCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "find", abstract: "Print documents in the order of their ids, one a line.",
    discussion: """
      The output can be imported again. Canonical Extended JSON keeps every type; relaxed is easier to \
      read. Bounds are ids as 'holdfast get' takes them.
      """)

  @OptionGroup var arguments: CollectionArguments

  @Option(help: "The most documents.")
  var limit: Int?

  @Option(help: "How to write them: relaxed or canonical Extended JSON.")
  var format = DocumentFormat.relaxed

  @Option(help: "The lowest id, included.")
  var from: String?

  @Option(help: "The highest id, included.")
  var through: String?

  @Flag(help: "From the highest id to the lowest.")
  var descending = false

  @Flag(help: "Go on behind documents that are damaged, and say so on standard error.")
  var skipDamaged = false

  func validate() throws {
    if let limit, limit < 0 { throw ValidationError("--limit must be 0 or more.") }
  }

  func run() throws {
    let lower = from.flatMap { GetCommand.candidates($0).first }
    let upper = through.flatMap { GetCommand.candidates($0).first }
    var options = ScanOptions(from: lower, through: upper, descending: descending, limit: limit)
    options.skipsDamage = skipDamaged
    try arguments.base.with { database in
      try arguments.read(database) { collection in
        var output = StandardOutput()
        var documents = collection.scan(options).makeIterator()
        while let document = try documents.nextDocument() {
          try output.append {
            document.writeExtendedJSON(format.mode, into: &$0)
            $0.append(UInt8(ascii: "\n"))
          }
        }
        try output.flush()
      }
      for range in try database.damage() where range.collection == arguments.collection {
        StandardError.print("holdfast: left out: \(range)")
      }
    }
  }
}

/// `holdfast count`.
struct CountCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "count", abstract: "Print how many documents a collection has.")

  @OptionGroup var arguments: CollectionArguments

  func run() throws {
    let count = try arguments.read { try $0.count() }
    let json: Document = ["collection": .string(arguments.collection), "count": .int64(Int64(count))]
    try StandardOutput.write((arguments.base.json ? json.extendedJSON() : "\(count)") + "\n")
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
          (name, try snapshot.collection(name).count(), try database.durability(of: name))
        }
      }
    }
    var output = StandardOutput()
    if arguments.json {
      let values = list.map { name, count, durability -> BSONValue in
        .document([
          "name": .string(name), "count": .int64(Int64(count)), "durability": .string(durability.description),
        ])
      }
      try output.line((["collections": .array(values)] as Document).extendedJSON())
    } else {
      let width = list.map(\.0.count).max() ?? 0
      for (name, count, durability) in list {
        let padding = String(repeating: " ", count: width - name.count)
        try output.line("\(name)\(padding)  \(Format.count(count))  \(durability)")
      }
    }
    try output.flush()
  }
}
