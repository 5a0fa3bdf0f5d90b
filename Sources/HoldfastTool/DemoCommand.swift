import ArgumentParser
import Holdfast

/// `holdfast demo`.
struct DemoCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "demo",
    abstract: "Kill a process that writes, again and again, and look whether anything is lost.",
    discussion: """
      A child process moves money between the accounts of an encrypted database and reports each transfer \
      when it is acknowledged. It is killed (SIGKILL) at random moments. Each time the database is opened \
      again, and every acknowledged transfer has to be there, the total unchanged, and every checksum \
      right. Exit code 0 means that every promise was kept.
      """)

  @Option(help: "How often the process is killed.")
  var rounds = 8

  @Option(help: "Decides the moments and the transfers; printed, so that a run can be repeated.")
  var seed: UInt64?

  @Option(help: "How long a process lives at most, in milliseconds.")
  var life = 900

  @Option(help: "How many accounts there are.")
  var accounts = 100

  @Flag(help: "Keep the folder with the database.")
  var keep = false

  @Flag(help: "Print one JSON object.")
  var json = false

  func validate() throws {
    guard (1...1000).contains(rounds) else { throw ValidationError("--rounds must be 1 to 1000.") }
    guard (1...60_000).contains(life) else { throw ValidationError("--life must be 1 to 60000.") }
    guard (2...100_000).contains(accounts) else { throw ValidationError("--accounts must be 2 to 100000.") }
  }

  func run() throws {
    let folder = try TemporaryFolder()
    defer { if !keep { folder.remove() } }
    let seed = seed ?? .random(in: 0...UInt64(UInt32.max))
    var demo = try Demo(folder: folder, accounts: accounts, seed: seed, life: life, isQuiet: json)
    try demo.begin(rounds: rounds)
    for round in 1...rounds where demo.failures.isEmpty { try demo.run(round) }
    demo.lookForSecrets()
    try demo.report(rounds: rounds, keptAt: keep ? folder.path : nil)
    guard demo.failures.isEmpty else {
      throw ToolFailure(
        .corrupted, "promiseBroken",
        "a promise was broken: \(demo.failures.prefix(3).joined(separator: "; ")); run 'holdfast demo "
          + "--seed \(seed) "
          + "--keep' and look at the database")
    }
  }
}

/// One run of the demo.
struct Demo {
  private let folder: TemporaryFolder
  private let path: String
  private let passwordFile: String
  private let password: String
  private let accounts: Int
  private let life: Int
  private let isQuiet: Bool
  private let seed: UInt64
  private var random: SeededGenerator
  private let start = Platform.monotonic
  private var acknowledged: [Bank.Transfer] = []
  private var kills = 0
  private var replayed: UInt64 = 0
  private var filesSearched = 0
  private(set) var failures: [String] = []

  init(folder: TemporaryFolder, accounts: Int, seed: UInt64, life: Int, isQuiet: Bool) throws {
    self.folder = folder
    self.accounts = accounts
    self.seed = seed
    self.life = life
    self.isQuiet = isQuiet
    path = folder.path + "/demo.holdfast"
    passwordFile = folder.path + "/password"
    random = SeededGenerator(seed: seed)
    // A secret for this one run, so it is not made from the seed.
    password =
      String(UInt64.random(in: .min ... .max), radix: 36)
      + String(UInt64.random(in: .min ... .max), radix: 36)
    try TemporaryFolder.write(password + "\n", to: passwordFile)
  }

  private func open(isReadOnly: Bool = false) throws -> Database {
    var options = DatabaseOptions(credential: .password(password), isReadOnly: isReadOnly)
    // Nobody guesses 128 random bits, however cheap a guess is.
    options.passwordCost = .cheap
    return try Database.open(at: path, options)
  }

  private func say(_ line: String) throws { if !isQuiet { try StandardOutput.write(line + "\n") } }

  mutating func begin(rounds: Int) throws {
    let database = try open()
    try Bank(database: database, size: accounts).found()
    try database.close()
    try say(
      """
      An encrypted database with \(Format.count(accounts)) accounts of \(Bank.initialBalance) each. A \
      process moves money between them,
      four transfers at a time, and reports each one that is acknowledged. It is killed \(rounds) times \
      (seed \(seed)).

      """)
  }

  /// Starts the process, kills it at a random moment, and looks at what is left.
  mutating func run(_ round: Int) throws {
    let first = Int64(round) << 32
    let child = try ChildProcess([
      "demo-worker", path, "--password-file", passwordFile, "--accounts", "\(accounts)", "--first-transfer",
      "\(first)", "--seed", "\(random.next())",
    ])
    let moment = Int.random(in: 1...life, using: &random)
    var reports = readReports(child, milliseconds: moment)
    if child.kill() { kills += 1 } else { failures.append("the process of round \(round) ended by itself") }
    // What it reported before it died is still in the pipe.
    reports.drain(child.output)
    acknowledged += reports.transfers

    // Every other time somebody merely looks, so that the next process recovers by itself.
    let database = try open(isReadOnly: round % 2 == 0)
    let recovery = database.recovery
    let audit = try Bank(database: database, size: accounts).audit(acknowledged)
    try database.close()
    replayed += recovery.commitsReplayed
    failures += audit.failures
    let verdict = audit.failures.isEmpty ? "all there" : "BROKEN: \(audit.failures[0])"
    try say(
      "round \(pad(round, 2))  killed after \(pad(moment, 4)) ms  \(pad(reports.transfers.count, 6)) "
        + "acknowledged  "
        + "\(pad(Int(recovery.commitsReplayed), 6)) recovered in \(Format.duration(recovery.duration))  "
        + "total \(Format.count(audit.total))  \(verdict)")
  }

  private func pad(_ value: Int, _ width: Int) -> String {
    let text = Format.count(value)
    return String(repeating: " ", count: max(0, width - text.count)) + text
  }

  /// Reads what the process reports, for so long.
  private func readReports(_ child: ChildProcess, milliseconds: Int) -> Reports {
    var reports = Reports()
    let end = Platform.monotonic + UInt64(milliseconds) * 1_000_000
    while true {
      let now = Platform.monotonic
      guard now < end else { return reports }
      let left = Int((end - now) / 1_000_000)
      guard Platform.waitForInput(child.output, milliseconds: max(1, left)) else { continue }
      guard reports.read(child.output) else {
        // It is gone: there is nothing to wait for.
        return reports
      }
    }
  }

  /// Looks for what the documents say, in all files.
  mutating func lookForSecrets() {
    for file in folder.files() where file != passwordFile {
      filesSearched += 1
      for text in [Bank.secret, "balance", Bank.transfers]
      where TemporaryFolder.file(file, contains: Array(text.utf8)) {
        failures.append("\(file) contains plain text of a document")
      }
    }
  }

  func report(rounds: Int, keptAt kept: String?) throws {
    let seconds = Double(Platform.monotonic - start) / 1e9
    if isQuiet {
      let result: Document = [
        "kept": .bool(failures.isEmpty), "kills": .int64(Int64(kills)),
        "seed": .int64(Int64(bitPattern: seed)),
        "acknowledged": .int64(Int64(acknowledged.count)), "replayed": .int64(Int64(replayed)),
        "seconds": .double(seconds), "failures": .array(failures.prefix(20).map { .string($0) }),
      ]
      try StandardOutput.write(result.extendedJSON() + "\n")
      return
    }
    if failures.isEmpty {
      try say(
        """

        Killed \(kills) times. All \(Format.count(acknowledged.count)) acknowledged transfers are there, \
        the total is \(Format.count(Int64(accounts) * Bank.initialBalance)) as in the beginning,
        every checksum holds, and no file contains a word of a document (\(Format.decimal(seconds)) s).
        """)
    }
    if let kept {
      try say(
        "The database is \(kept)/demo.holdfast; see 'holdfast find \(kept)/demo.holdfast accounts "
          + "--password-file \(kept)/password --limit 5'.")
    }
  }
}

/// What the process has reported.
private struct Reports {
  private(set) var transfers: [Bank.Transfer] = []
  private var rest: [UInt8] = []
  private var buffer = [UInt8](repeating: 0, count: 64 * 1024)

  /// Reads what there is; false at the end.
  mutating func read(_ descriptor: Int32) -> Bool {
    let count = buffer.withUnsafeMutableBytes { Platform.read(descriptor, into: $0) }
    guard count > 0 else { return false }
    rest += buffer.prefix(count)
    var start = 0
    while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
      if let transfer = Bank.Transfer(String(decoding: rest[start..<end], as: UTF8.self)) {
        transfers.append(transfer)
      }
      start = end + 1
    }
    rest.removeFirst(start)
    return true
  }

  /// Reads all that is left.
  mutating func drain(_ descriptor: Int32) { while read(descriptor) {} }
}
