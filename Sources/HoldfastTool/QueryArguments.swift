import ArgumentParser
import Holdfast

/// What a query takes besides its filter.
struct QueryArguments: ParsableArguments {
  static let aboutFilters =
    "A filter is a document of conditions, such as '{\"age\": {\"$gte\": 18}}'; without one all documents match."
  static let hintHelp: ArgumentHelp =
    "The index to use: its name, its fields as JSON, or '{\"$natural\": 1}' for none."

  @Option(help: "The fields to sort by, such as '{\"age\": -1, \"name\": 1}'.")
  var sort: String?

  @Option(help: "The fields to give, such as '{\"name\": 1}', or to leave out, such as '{\"picture\": 0}'.")
  var project: String?

  @Option(help: "How many documents to leave out at the beginning.")
  var skip = 0

  @Option(help: "The most documents.")
  var limit: Int?

  @Option(help: QueryArguments.hintHelp)
  var hint: String?

  func validate() throws {
    if skip < 0 { throw ValidationError("--skip must be 0 or more.") }
    if let limit, limit < 0 { throw ValidationError("--limit must be 0 or more.") }
  }

  /// Whether nothing is wanted but a number of documents.
  var isPlain: Bool { sort == nil && project == nil && skip == 0 && hint == nil }

  /// The same for the library. There a limit of 0 is none.
  func options() throws -> FindOptions {
    FindOptions(
      sort: try JSONArgument.document(sort, "--sort"),
      projection: try JSONArgument.document(project, "--project"),
      skip: skip, limit: limit, hint: try JSONArgument.hint(hint))
  }
}
