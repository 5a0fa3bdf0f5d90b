import Foundation
import Holdfast
import HoldfastDiskWorker
import HoldfastTestSupport
import Testing

/// A running worker, and what it reports.
final class Worker {
  let program: Program
  private let reports: Int32
  private var rest: [UInt8] = []
  private var buffer = [UInt8](repeating: 0, count: 64 * 1024)
  /// Everything reported so far.
  private(set) var seen: [WorkerReport] = []
  /// Whether the pipe has ended, and so the process.
  private(set) var isOver = false

  /// The executable, which is built beside the tests.
  static let path: String = {
    #if os(Linux)
      let tests = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      return tests.deletingLastPathComponent().appendingPathComponent("HoldfastDiskWorker").path
    #else
      let bundle = Bundle.allBundles.first { $0.bundlePath.hasSuffix(".xctest") } ?? Bundle.main
      return bundle.bundleURL.deletingLastPathComponent().appendingPathComponent("HoldfastDiskWorker").path
    #endif
  }()

  /// Starts it, through another program where one is given (`strace …`).
  init(_ options: WorkerOptions, through prefix: [String] = []) throws {
    let ends = try PipeEnds()
    let nothing = Foundation.open("/dev/null", O_RDWR | O_CLOEXEC)
    defer {
      close(nothing)
      close(ends.writing)
    }
    let command = prefix + [Worker.path] + options.arguments
    program = try Program(
      command[0], Array(command.dropFirst()),
      // What describes a crash is a process of its own, which would keep the pipe open when it gets no memory.
      variables: ["SWIFT_BACKTRACE": "enable=no"], input: nothing, output: ends.writing, errors: nothing)
    reports = ends.reading
  }

  deinit { close(reports) }

  /// Reads reports until one fits, or the worker is gone, or the time is over. Returns whether one fitted.
  @discardableResult
  func read(
    seconds: Double, until isEnough: (WorkerReport) -> Bool = { _ in false }
  ) -> Bool {
    let end = ContinuousClock.now + .seconds(seconds)
    while !isOver {
      let left = (end - .now) / .milliseconds(1)
      guard left > 0 else { return false }
      var entry = pollfd(fd: reports, events: Int16(POLLIN), revents: 0)
      guard poll(&entry, 1, Int32(left) + 1) > 0 else { continue }
      let count = Foundation.read(reports, &buffer, buffer.count)
      if count < 0 && errno == EINTR { continue }
      guard count > 0 else {
        isOver = true
        break
      }
      rest += buffer.prefix(count)
      var isFound = false
      var start = 0
      while let end = rest[start...].firstIndex(of: UInt8(ascii: "\n")) {
        let line = String(decoding: rest[start..<end], as: UTF8.self)
        start = end + 1
        guard let report = WorkerReport(line) else {
          Issue.record("the worker printed \(line)")
          continue
        }
        seen.append(report)
        if isEnough(report) { isFound = true }
      }
      rest.removeFirst(start)
      if isFound { return true }
    }
    return false
  }

  /// Waits for so many more acknowledgements. Returns whether they came.
  func makesProgress(steps: Int = 5, seconds: Double = 20) -> Bool {
    var left = steps
    return read(seconds: seconds) { report in
      if case .acknowledged = report { left -= 1 }
      return left <= 0
    }
  }

  /// Kills it, and reads what it had reported. Returns what `wait()` does.
  @discardableResult
  func kill() -> Int32 {
    program.signal(SIGKILL)
    return end()
  }

  /// Asks it to close the database and end.
  @discardableResult
  func stop() -> Int32 {
    program.signal(SIGTERM)
    return end()
  }

  /// Waits for its end, and reads what it had reported.
  @discardableResult
  func end() -> Int32 {
    read(seconds: 60)
    if !isOver {
      Issue.record("the worker did not end")
      program.signal(SIGKILL)
    }
    return program.wait()
  }
}

/// A database, the workers that write it one after the other, and what they have reported.
struct Trial {
  var options: WorkerOptions
  private(set) var history: History
  /// Noted with every failure.
  var name: String

  init(_ options: WorkerOptions, name: String) {
    self.options = options
    self.name = name
    history = History(options)
  }

  /// Starts a worker.
  mutating func start(through prefix: [String] = []) throws -> Worker {
    options.firstStep = history.nextStep
    history.begin(options)
    return try Worker(options, through: prefix)
  }

  /// Takes note of what a worker that has ended reported. Reads may only fail where the disk was taken away.
  mutating func note(_ worker: Worker, readsMayFail: Bool = false) {
    for report in worker.seen {
      history.note(report)
      if !readsMayFail, case .readFailed(let code, let message) = report {
        Issue.record("\(name): a read failed with \(code): \(message)")
      }
    }
  }

  /// Opens the database for reading only, and compares it with what was reported.
  mutating func check(sourceLocation: SourceLocation = #_sourceLocation) throws {
    // A worker that ended before it had made the database has promised nothing.
    if !history.wasOpened, !FileManager.default.fileExists(atPath: options.path) { return }
    let database = try open(isReadOnly: true, sourceLocation: sourceLocation)
    let problems = try history.check(database)
    #expect(problems == [], "\(name)", sourceLocation: sourceLocation)
    try database.close()
  }

  /// Whether opening the database for reading only, or reading all of it, fails with an error that tells of
  /// damage. When it does not, compares it with what was reported.
  mutating func tellsOfDamage() throws -> Bool {
    do {
      let database = try Database.open(at: options.path, options.database(isReadOnly: true))
      let problems = try history.check(database)
      #expect(problems == [], "\(name)")
      try database.close()
      return false
    } catch let error as HoldfastError {
      #expect([.corrupted, .truncated, .missingLog].contains(error.code), "\(name): \(error)")
      return true
    }
  }

  /// Opens the database.
  func open(isReadOnly: Bool, sourceLocation: SourceLocation = #_sourceLocation) throws -> Database {
    do {
      return try Database.open(at: options.path, options.database(isReadOnly: isReadOnly))
    } catch {
      Issue.record("\(name): the database cannot be opened: \(error)", sourceLocation: sourceLocation)
      throw error
    }
  }

  /// Lets a worker write for a moment and close the database, and compares again.
  mutating func goesOn(sourceLocation: SourceLocation = #_sourceLocation) throws {
    let worker = try start()
    #expect(worker.makesProgress(), "\(name): \(worker.seen.suffix(2))", sourceLocation: sourceLocation)
    #expect(worker.stop() == 0, "\(name): \(worker.seen.suffix(2))", sourceLocation: sourceLocation)
    note(worker)
    try check(sourceLocation: sourceLocation)
  }
}
