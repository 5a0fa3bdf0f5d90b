import ArgumentParser
import Holdfast

/// `holdfast create`.
struct CreateCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "create", abstract: "Make an empty database.",
    discussion:
      "It is encrypted when there is a password: from --encrypt, HOLDFAST_PASSWORD or --password-file.")

  @OptionGroup var arguments: DatabaseArguments

  @Flag(help: "Encrypt it; asks for a password unless one is given otherwise.")
  var encrypt = false

  @Option(help: "Bytes of a page: 4096, 8192, 16384, 32768 or 65536.")
  var pageSize: Int?

  @Option(help: "The durability of its writes: safe, unsafe, or batch:OPERATIONS:MILLISECONDS.")
  var durability = DurabilityArgument(value: .safe)

  func validate() throws {
    if let pageSize, !DatabaseLimits.pageSizes.contains(pageSize) {
      throw ValidationError("--page-size must be one of \(DatabaseLimits.pageSizes).")
    }
  }

  func run() throws {
    let path = arguments.database
    if Platform.kind(of: path) != nil {
      throw ToolFailure(
        .failure, "exists",
        "there is something at \(path) already: choose another path, or 'holdfast info \(path)'")
    }
    var options = DatabaseOptions()
    options.pageSize = pageSize
    if let password = try Passwords.given(file: arguments.passwordFile) {
      options.credential = .password(password)
    } else if encrypt {
      options.credential = .password(try Passwords.askForNew(path))
    }
    let database = try Database.open(at: path, options)
    if durability.value != .safe { try database.setDurability(durability.value) }
    let statistics = try database.statistics()
    try database.close()
    if arguments.json {
      let result: Document = [
        "database": .string(path), "encrypted": .bool(statistics.isEncrypted),
        "pageSize": .int64(Int64(statistics.pageSize)),
      ]
      try StandardOutput.write(result.extendedJSON() + "\n")
    } else {
      try StandardOutput.write(
        "created \(path)\(statistics.isEncrypted ? ", encrypted" : ", not encrypted")\n")
    }
  }
}

/// A durability on the command line.
struct DurabilityArgument: ExpressibleByArgument {
  var value: Durability

  init(value: Durability) { self.value = value }

  init?(argument: String) {
    switch argument {
    case "safe": value = .safe
    case "unsafe": value = .unsafe
    default:
      let parts = argument.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 3, parts[0] == "batch", let operations = Int(parts[1]), let time = Int(parts[2])
      else {
        return nil
      }
      value = .batch(operations: operations, interval: .milliseconds(time))
    }
  }

  var defaultValueDescription: String { value.description }
}
