import ArgumentParser
import Holdfast

/// `holdfast explain`.
struct ExplainCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "explain",
    abstract: "Show how a query is run: its stages, index bounds, and what they look at.",
    discussion: """
      \(QueryArguments.aboutFilters) With counts and timing the query is run, and its documents are thrown away. \
      The stage at the top is the last one.
      """)

  @OptionGroup var arguments: CollectionArguments

  @Argument(help: "Which documents, in Extended JSON, or - for standard input.")
  var filter: String?

  @OptionGroup var query: QueryArguments

  @Option(help: "plan: estimates only; counts: what each stage read and gave; timing: how long it took, too.")
  var depth = Depth.counts

  enum Depth: String, ExpressibleByArgument, CaseIterable {
    case plan, counts, timing

    var depth: ExplainDepth {
      switch self {
      case .plan: .plan
      case .counts: .counts
      case .timing: .timing
      }
    }
  }

  func run() throws {
    let filter = try JSONArgument.filter(filter)
    let options = try query.options()
    let explanation = try arguments.read { try $0.explain(filter, options, depth: depth.depth) }
    try StandardOutput.write(
      (arguments.base.json ? explanation.document.extendedJSON() : Cell.visibleLines(explanation.description))
        + "\n")
  }
}
