import Foundation
import Holdfast
import HoldfastDiskWorker
import HoldfastTestSupport
import Testing

extension DiskTests {
  @Suite("Read-only mounts", .serialized)
  struct ReadOnlyTests {
    @Test(
      "on a read-only mount opening for writing is refused, and opening for reading changes no byte",
      .enabled(if: Machine.mounts, "\(Machine.needsMounts)"), arguments: [true, false])
    func mountedReadOnly(isClosed: Bool) throws {
      let mounts = try Mounts()
      let place = try mounts.mountMemory("disk", bytes: 64_000_000)
      let options = WorkerOptions(path: place + "/a.holdfast")
      var trial = Trial(options, name: "closed: \(isClosed)")
      let worker = try trial.start()
      #expect(worker.makesProgress(steps: 40))
      if isClosed { worker.stop() } else { worker.kill() }
      trial.note(worker)
      let before = try contents(of: place)
      try mounts.run("mount", "-o", "remount,ro", mounts.innerPath("disk"))

      do throws(HoldfastError) {
        _ = try Database.open(at: options.path, options.database())
        Issue.record("opening for writing succeeded")
      } catch {
        #expect(error.code == .notPermitted)
        #expect(error.message.contains("read-only") && error.message.contains("mount"), "\(error.message)")
      }
      // Making a new one is refused in the same words.
      do throws(HoldfastError) {
        _ = try Database.open(at: place + "/new.holdfast")
        Issue.record("making a database succeeded")
      } catch {
        #expect(error.code == .notPermitted && error.message.contains("read-only"), "\(error.message)")
      }
      try trial.check()
      #expect(try contents(of: place) == before)

      try mounts.run("mount", "-o", "remount,rw", mounts.innerPath("disk"))
      #expect(try contents(of: place) == before)
      try trial.goesOn()
    }

    /// The bytes of all files in a folder, by their paths.
    private func contents(of folder: String) throws -> [String: Data] {
      var result: [String: Data] = [:]
      for path in try FileManager.default.subpathsOfDirectory(atPath: folder) {
        var isFolder: ObjCBool = false
        let full = folder + "/" + path
        guard FileManager.default.fileExists(atPath: full, isDirectory: &isFolder), !isFolder.boolValue
        else { continue }
        result[path] = try Data(contentsOf: URL(fileURLWithPath: full))
      }
      return result
    }

    @Test(
      "a file system that becomes read-only refuses commits, answers reads, and has lost nothing",
      .enabled(if: Machine.loops, "\(Machine.needsLoops)"), arguments: DiskTests.modes)
    func becomesReadOnly(lanes: [Durability]) throws {
      let volume = try Volume(.ext4)
      var options = WorkerOptions(path: volume.path("a.holdfast"))
      options.lanes = lanes
      options.checkpointEvery = 10
      options.persistEvery = 5
      var trial = Trial(options, name: "\(lanes)")
      let worker = try trial.start()
      #expect(worker.makesProgress(steps: 30))
      // What ext4 does by itself when it finds its own structures damaged.
      try volume.remount("abort")
      let isRefused = worker.read(seconds: 20) { report in
        switch report {
        case .refused, .unknown: true
        default: false
        }
      }
      #expect(isRefused, "\(worker.seen.suffix(2))")
      worker.read(seconds: 0.2)
      #expect(worker.stop() == 1, "\(worker.seen.suffix(2))")
      trial.note(worker)
      try volume.comeBack()
      try trial.check()
      try trial.goesOn()
    }
  }
}
