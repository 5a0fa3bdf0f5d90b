import Foundation
import Holdfast
import HoldfastDiskWorker
import HoldfastTestSupport
import Testing

extension DiskTests {
  @Suite("Limits of a process", .serialized, .enabled(if: Machine.limits, "\(Machine.needsLimits)"))
  struct LimitTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    /// Changes a limit of a running worker; only the soft one, so that it can be raised again.
    private func limit(_ worker: Worker, _ setting: String) throws {
      let (status, output) = try Program.run(
        "prlimit", ["--pid", "\(worker.program.id)", "--\(setting):"])
      try #require(status == 0, "\(output)")
    }

    /// Lets a worker run into a limit, lifts the limit, and lets the same open database go on; or the next one,
    /// where the outcome of a commit was unknown.
    private func runInto(
      _ setting: String, lifting lifted: String, code: String, saying text: String
    ) throws -> Trial {
      var options = WorkerOptions(path: folder.path("a.holdfast"))
      options.shape = .large
      options.segmentBytes = 64 * 1024...1024 * 1024
      options.checkpointEvery = 10
      var trial = Trial(options, name: setting)
      let worker = try trial.start()
      #expect(worker.makesProgress(steps: 3))
      try limit(worker, setting)
      var messages: [String] = []
      var failedCheckpoints = 0
      var isUnknown = false
      worker.read(seconds: 30) { report in
        if case .refused(_, _, _, let message) = report { messages.append(message) }
        if case .checkpoint(code) = report { failedCheckpoints += 1 }
        if case .unknown = report { isUnknown = true }
        // Commits go on for as long as the log finds room, in smaller segments if need be.
        return messages.count + failedCheckpoints >= 3
      }
      #expect(messages.contains { $0.contains(text) } || failedCheckpoints >= 3, "\(worker.seen.suffix(2))")
      if isUnknown {
        #expect(worker.end() == 1, "\(worker.seen.suffix(2))")
      } else {
        try limit(worker, lifted)
        #expect(worker.makesProgress(), "\(worker.seen.suffix(2))")
        #expect(worker.stop() == 0, "\(worker.seen.suffix(2))")
      }
      trial.note(worker)
      let codes = Set(trial.history.refusals.keys)
      #expect(codes.subtracting(isUnknown ? ["outcomeUnknown"] : []).isSubset(of: [code]), "\(codes)")
      try trial.check()
      try trial.goesOn()
      return trial
    }

    @Test("too many open files are an error that says so, and nothing is lost")
    func openFiles() throws {
      _ = try runInto("nofile=4", lifting: "nofile=256", code: "tooManyOpenFiles", saying: "open files")
    }

    @Test("opening with too few files is refused, and changes nothing")
    func openingWithFewFiles() throws {
      var trial = Trial(WorkerOptions(path: folder.path("a.holdfast")), name: "few files")
      let first = try trial.start()
      #expect(first.makesProgress(steps: 30))
      first.kill()
      trial.note(first)
      try trial.check()
      var refused = 0
      for count in 4...8 {
        let worker = try trial.start(through: ["prlimit", "--nofile=\(count)"])
        worker.read(seconds: 20) { _ in true }
        if case .notOpened(let code, let message) = worker.seen.first {
          refused += 1
          #expect(code == "tooManyOpenFiles" && message.contains("open files"), "\(message)")
        }
        worker.kill()
        trial.note(worker)
        try trial.check()
      }
      #expect(refused > 0)
      try trial.goesOn()
    }

    @Test("a limit of file sizes makes the disk full, and does not end the process")
    func fileSize() throws {
      let trial = try runInto(
        "fsize=600000", lifting: "fsize=unlimited", code: "diskFull", saying: "File too large")
      #expect(trial.history.unknown == 0)
    }

    @Test("a process that gets no more memory loses nothing that was acknowledged")
    func addressSpace() throws {
      for lanes in DiskTests.modes {
        var options = WorkerOptions(path: folder.path("\(lanes.count)-\(lanes[0]).holdfast"))
        options.lanes = lanes
        options.shape = .large
        options.cacheBytes = 64 * 1024 * 1024
        options.persistEvery = 7
        var trial = Trial(options, name: "\(lanes)")
        let worker = try trial.start()
        #expect(worker.makesProgress(steps: 3))
        let status = try String(contentsOfFile: "/proc/\(worker.program.id)/status", encoding: .utf8)
        let size = status.firstMatch(of: /VmSize:\s+([0-9]+) kB/).flatMap { Int($0.1) }
        try limit(worker, "as=\((try #require(size) + 512) * 1024)")
        // It ends by itself, or is refused what it needs, or lives on with what it has.
        worker.read(seconds: 1.5)
        worker.kill()
        trial.note(worker)
        try trial.check()
        try trial.goesOn()
      }
    }
  }
}
