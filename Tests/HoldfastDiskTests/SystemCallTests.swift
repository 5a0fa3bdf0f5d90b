import Foundation
import Holdfast
import HoldfastDiskWorker
import HoldfastTestSupport
import Testing

extension DiskTests {
  /// One call to the system at a time, of a worker with one thread, is where it is killed or what fails.
  @Suite(
    "Every system call", .serialized, .enabled(if: Machine.strace, "\(Machine.needsStrace)"))
  struct SystemCallTests {
    let folder: Folder
    /// A database whose process was killed, so that what comes next begins with recovery.
    private let prepared: Trial

    init() throws {
      folder = try Folder()
      var options = WorkerOptions(path: folder.path("prepared.holdfast"))
      options.hasBackgroundThread = false
      options.segmentBytes = 8192...32768
      options.checkpointEvery = 8
      options.steps = 16
      options.seed = Seeds.first(1)[0]
      var trial = Trial(options, name: "preparation")
      let worker = try trial.start()
      #expect(
        worker.read(seconds: 20) { report in
          if case .acknowledged(_, let step) = report { return step % 8 == 6 }
          return false
        })
      worker.kill()
      trial.note(worker)
      try trial.check()
      prepared = trial
    }

    /// How many trials one test makes of the calls that there are.
    private static let trials = 6

    /// Runs `body` with a fresh copy of the prepared database and a number, for numbers spread over all calls
    /// of a worker that nothing happens to; for every number where the tests are to be exhaustive.
    private func forCalls(
      _ calls: String, _ body: (inout Trial, _ number: Int, _ name: String) throws -> Void
    ) throws {
      let trace = folder.path("trace")
      var trial = try copy(0)
      let worker = try trial.start(through: ["strace", "-qq", "-o", trace, "-e", "trace=\(calls)"])
      #expect(worker.end() == 0, "\(worker.seen.suffix(2))")
      let count = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n").count
      try #require(count > 0, "the worker makes no calls of \(calls)")
      let stride = Machine.isExhaustive ? 1 : max(1, count / SystemCallTests.trials)
      // Other ones in each run; what is printed says which.
      let first = stride == 1 ? 1 : Int.random(in: 1...stride)
      for number in Swift.stride(from: first, through: count, by: stride) {
        var trial = try copy(number)
        trial.name = "\(calls) \(number) of \(count)"
        try body(&trial, number, trial.name)
        Folder.remove(trial.options.path)
        Folder.remove(trial.options.path + "-log")
      }
    }

    private func copy(_ number: Int) throws -> Trial {
      var trial = prepared
      trial.options.path = folder.path("\(number).holdfast")
      for suffix in ["", "-log"] {
        try FileManager.default.copyItem(
          atPath: prepared.options.path + suffix, toPath: trial.options.path + suffix)
      }
      return trial
    }

    @Test(
      "a process that is killed at any call loses nothing",
      arguments: ["pwrite64", "fdatasync", "fsync", "/^rename", "/^unlink"])
    func killed(calls: String) throws {
      try forCalls(calls) { trial, number, name in
        let worker = try trial.start(through: [
          "strace", "-qq", "-o", folder.path("trace"), "-e", "trace=\(calls)", "-e",
          "inject=\(calls):signal=KILL:when=\(number)",
        ])
        #expect(worker.end() == -SIGKILL, "\(name): \(worker.seen.suffix(2))")
        trial.note(worker)
        try trial.check()
        try trial.goesOn()
      }
    }

    /// Lets one call fail. Returns what the worker said, whether the call came, and of which file it was.
    private func fail(
      _ calls: String, _ number: Int, with error: String, _ trial: inout Trial
    ) throws -> (worker: Worker, file: String?) {
      let trace = folder.path("trace")
      let worker = try trial.start(through: [
        "strace", "-qq", "-y", "-o", trace, "-e", "trace=\(calls)", "-e",
        "inject=\(calls):error=\(error):when=\(number)",
      ])
      worker.end()
      trial.note(worker)
      let line = try String(contentsOfFile: trace, encoding: .utf8).split(separator: "\n")
        .first { $0.contains("INJECTED") }
      let file = line.flatMap { $0.firstMatch(of: /<([^>]*)>/) }.map { String($0.1) }
      return (worker, line == nil ? nil : file ?? "")
    }

    @Test("a sync that fails is never followed by success", arguments: ["fdatasync", "fsync"])
    func failedSyncs(calls: String) throws {
      try forCalls(calls) { trial, number, name in
        let (worker, file) = try fail(calls, number, with: "EIO", &trial)
        let place = try #require(file, "\(name) did not come")
        let said = worker.seen.suffix(4)
        // A segment that is being prepared holds nothing yet and may be made again. Everything else must
        // have come out: as an unknown outcome, or as a failed opening, checkpoint or closing.
        let isSpare = place.hasSuffix(".spare") || calls == "fsync"
        let failed = worker.seen.contains { report in
          switch report {
          case .notOpened, .unknown, .refused: true
          case .checkpoint(let code), .closed(let code): code != WorkerReport.success
          case .opened, .acknowledged, .durable, .readFailed: false
          }
        }
        #expect(failed || isSpare, "\(name), \(place): \(said)")
        if let index = worker.seen.firstIndex(where: { if case .unknown = $0 { true } else { false } }) {
          let after = worker.seen[index...].contains { report in
            switch report {
            case .acknowledged, .durable, .closed(WorkerReport.success): true
            default: false
            }
          }
          #expect(!after, "\(name), \(place): \(said)")
        }
        try trial.check()
        try trial.goesOn()
      }
    }

    @Test(
      "a write that fails loses nothing, and what is refused is not there",
      arguments: ["EIO", "ENOSPC", "EINTR"])
    func failedWrites(error: String) throws {
      try forCalls("pwrite64") { trial, number, name in
        let (worker, file) = try fail("pwrite64", number, with: error, &trial)
        #expect(file != nil, "\(name) did not come")
        if error == "EINTR" {
          #expect(worker.program.wait() == 0 && trial.history.refusals.isEmpty, "\(name)")
        }
        if error == "ENOSPC" {
          #expect(Set(trial.history.refusals.keys).isSubset(of: ["diskFull", "outcomeUnknown"]), "\(name)")
        }
        trial.name = "\(error) at \(name)"
        try trial.check()
        try trial.goesOn()
      }
    }
  }
}
