import ArgumentParser
import Holdfast

/// The tool's entry: parses, runs, and turns every failure into a sentence and an exit code.
@main
enum Main {
  static func main() {
    Platform.ignoreDeadlyWrites()
    let status: ExitStatus
    do {
      var command = try HoldfastCommand.parseAsRoot()
      try command.run()
      status = .success
    } catch {
      status = report(error)
    }
    Platform.exit(status.rawValue)
  }

  private static func report(_ error: any Error) -> ExitStatus {
    // Whoever read the output has seen enough, as in `holdfast find … | head`.
    if error is BrokenPipe { return .success }
    if let failure = error as? SilentFailure { return failure.status }
    if let failure = ToolFailure(error) {
      failure.print(asJSON: CommandLine.arguments.contains("--json"))
      return failure.status
    }
    let message = HoldfastCommand.fullMessage(for: error)
    if HoldfastCommand.exitCode(for: error) == .success {
      try? StandardOutput.write(message + "\n")
      return .success
    }
    StandardError.print(message)
    return .usage
  }
}

/// `holdfast`.
struct HoldfastCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "holdfast",
    abstract: "Documents in one file, encrypted if you want, and never lost once acknowledged.",
    discussion: """
      A database is created without encryption unless there is a password. Passwords come from a prompt \
      without echo, from the variable HOLDFAST_PASSWORD, or from --password-file; never from an argument, \
      which others could see.

      Exit codes:
      \(ExitStatus.table)

      With --json, results are JSON on standard output, and a failure is one JSON object on standard error.
      """,
    version: "holdfast 0.1.0",
    subcommands: [
      CreateCommand.self, ImportCommand.self, GetCommand.self, FindCommand.self, CountCommand.self,
      DistinctCommand.self, UpdateCommand.self, DeleteCommand.self, IndexCommand.self, ExplainCommand.self,
      CollectionsCommand.self, InfoCommand.self, DoctorCommand.self, VerifyCommand.self, RecoverCommand.self,
      BSONCommand.self, DemoCommand.self, DemoWorkerCommand.self,
    ])
}
