import ArgumentParser
import Holdfast

/// `holdfast update`.
struct UpdateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "update", abstract: "Change the first document that matches a filter, or all that match.",
    discussion: """
      UPDATE is a document of operators, such as '{"$set": {"name": "Ada"}, "$inc": {"logins": 1}}', or with \
      --replace a whole document. All of the documents are changed or none. '{}' as a filter matches every document.
      """)

  @OptionGroup var arguments: CollectionArguments

  @Argument(help: "Which documents, in Extended JSON, or - for standard input.")
  var filter: String

  @Argument(help: "What to do with them, in Extended JSON, or - for standard input.")
  var update: String

  @Flag(help: "Change all documents that match, and not only the first.")
  var many = false

  @Flag(help: "UPDATE takes the place of the document; its _id stays.")
  var replace = false

  @Flag(help: "Insert a document when none matches.")
  var upsert = false

  @Option(help: "What $[name] in the paths of UPDATE stands for, such as '[{\"name\": {\"$gte\": 5}}]'.")
  var arrayFilters: String?

  @Option(help: QueryArguments.hintHelp)
  var hint: String?

  @Flag(help: "Say how many documents match, and change nothing; UPDATE is not tried.")
  var dryRun = false

  func validate() throws {
    if replace, many { throw ValidationError("--replace takes the place of one document: leave out --many.") }
    if replace, arrayFilters != nil { throw ValidationError("--array-filters is not for --replace.") }
    if filter == JSONArgument.standardInput, update == JSONArgument.standardInput {
      throw ValidationError("FILTER and UPDATE cannot both come from standard input.")
    }
  }

  func run() throws {
    let filter = try JSONArgument.filter(filter)
    let update = try JSONArgument.document(update, "UPDATE", orInput: true)
    let options = UpdateOptions(
      upsert: upsert, arrayFilters: try JSONArgument.documents(arrayFilters, "--array-filters"),
      hint: try JSONArgument.hint(hint))
    if dryRun {
      let matched = try matching(filter, options)
      return try arguments.report(
        ["dryRun": true, "matched": .int64(Int64(matched)), "wouldInsert": .bool(matched == 0 && upsert)],
        matched == 0 && upsert
          ? "no document matches; one would be inserted" : "\(Format.documents(matched)) would be updated")
    }
    let result = try arguments.change(makesIt: upsert) { collection -> UpdateResult in
      if replace {
        return try collection.replaceOne(filter, with: update, upsert: upsert, hint: options.hint)
      }
      guard many else {
        return try collection.updateOne(
          filter, update, upsert: upsert, arrayFilters: options.arrayFilters, hint: options.hint)
      }
      return try collection.updateMany(filter, update, options)
    }
    try report(result)
  }

  /// How many documents would be changed.
  private func matching(_ filter: Document, _ options: UpdateOptions) throws -> Int {
    try arguments.read(emptyIfMissing: upsert) {
      try $0.count(filter, FindOptions(limit: many ? nil : 1, hint: options.hint))
    }
  }

  private func report(_ result: UpdateResult) throws {
    var json: Document = [
      "matched": .int64(Int64(result.matched)), "modified": .int64(Int64(result.modified)),
    ]
    var text = "matched \(Format.count(result.matched)), modified \(Format.count(result.modified))"
    if let id = result.upsertedID {
      json["upsertedID"] = id
      text = "inserted \(id.extendedJSON())"
    }
    try arguments.report(json, text)
  }
}

/// `holdfast delete`.
struct DeleteCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "delete", abstract: "Delete the first document that matches a filter, or all that match.",
    discussion: "All of the documents are deleted or none. To delete every document, use '{}' with --many.")

  @OptionGroup var arguments: CollectionArguments

  @Argument(help: "Which documents, in Extended JSON, or - for standard input.")
  var filter: String

  @Flag(help: "Delete all documents that match, and not only the first.")
  var many = false

  @Option(help: QueryArguments.hintHelp)
  var hint: String?

  @Flag(help: "Say how many documents match, and delete nothing.")
  var dryRun = false

  func run() throws {
    let filter = try JSONArgument.filter(filter)
    let hint = try JSONArgument.hint(hint)
    guard many || !filter.isEmpty else {
      throw ToolFailure(
        .usage, "emptyFilter",
        "an empty filter matches every document: add --many to delete all of them, or a condition")
    }
    if dryRun {
      let matched = try arguments.read {
        try $0.count(filter, FindOptions(limit: many ? nil : 1, hint: hint))
      }
      return try arguments.report(
        ["dryRun": true, "matched": .int64(Int64(matched))], "\(Format.documents(matched)) would be deleted")
    }
    let deleted = try arguments.change { collection in
      many
        ? try collection.deleteMany(filter, hint: hint) : try collection.deleteOne(filter, hint: hint) ? 1 : 0
    }
    try arguments.report(["deleted": .int64(Int64(deleted))], "deleted \(Format.documents(deleted))")
  }
}
