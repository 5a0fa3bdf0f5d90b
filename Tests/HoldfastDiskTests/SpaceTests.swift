import Foundation
import Holdfast
import HoldfastDiskWorker
import HoldfastIO
import HoldfastTestSupport
import Testing

extension DiskTests {
  @Suite("Full and failing disks", .serialized)
  struct SpaceTests {
    private static let seed = Seeds.first(1)[0]

    @Test(
      "a full disk refuses commits and checkpoints, and when there is room the same open database goes on",
      .enabled(if: Machine.mounts, "\(Machine.needsMounts)"))
    func fullDisk() throws {
      var checkpointFailures: [String: Int] = [:]
      // Of different sizes, so that the room ends at different points.
      for size in Swift.stride(from: 3_000_000, through: 6_000_000, by: 600_000) {
        let mounts = try Mounts()
        let place = try mounts.mountMemory("small", bytes: size)
        var options = WorkerOptions(path: place + "/a.holdfast")
        options.seed = SpaceTests.seed &+ UInt64(size)
        options.shape = .large
        options.checkpointEvery = 10
        var trial = Trial(options, name: "\(size) bytes")
        let worker = try trial.start()
        for _ in 0..<5 {
          #expect(
            worker.read(seconds: 30) { report in
              if case .refused = report { return true }
              return false
            }, "\(size) bytes: \(worker.seen.suffix(2))")
        }
        worker.read(seconds: 0.2)
        try mounts.resize("small", bytes: 200_000_000)
        #expect(worker.makesProgress(), "\(size) bytes: \(worker.seen.suffix(2))")
        #expect(worker.stop() == 0, "\(size) bytes: \(worker.seen.suffix(2))")
        trial.note(worker)
        #expect(Set(trial.history.refusals.keys) == ["diskFull"] && trial.history.unknown == 0)
        try trial.check()
        checkpointFailures.merge(trial.history.checkpointFailures, uniquingKeysWith: +)
      }
      #expect(Set(checkpointFailures.keys) == ["diskFull"])
    }

    @Test(
      "a full disk takes back nothing that weaker modes protect",
      .enabled(if: Machine.mounts, "\(Machine.needsMounts)"))
    func fullDiskInWeakerModes() throws {
      for lanes in DiskTests.modes[1...] {
        let mounts = try Mounts()
        let place = try mounts.mountMemory("small", bytes: 4_000_000)
        var options = WorkerOptions(path: place + "/a.holdfast")
        options.lanes = lanes
        options.shape = .large
        options.persistEvery = 7
        var trial = Trial(options, name: "\(lanes)")
        let worker = try trial.start()
        let isStopped = worker.read(seconds: 30) { report in
          switch report {
          case .refused, .unknown: true
          default: false
          }
        }
        #expect(isStopped, "\(lanes): \(worker.seen.suffix(2))")
        worker.read(seconds: 0.2)
        try mounts.resize("small", bytes: 200_000_000)
        worker.stop()
        trial.note(worker)
        try trial.check()
        try trial.goesOn()
      }
    }

    @Test(
      "on a full disk opening for writing is refused with diskFull, and opening for reading works",
      .enabled(if: Machine.mounts, "\(Machine.needsMounts)"))
    func openingOnAFullDisk() throws {
      let mounts = try Mounts()
      let place = try mounts.mountMemory("small", bytes: 64_000_000)
      var options = WorkerOptions(path: place + "/a.holdfast")
      options.cacheBytes = 256 * 1024
      options.logBudget = 16 * 1024 * 1024
      var trial = Trial(options, name: "before")
      let worker = try trial.start()
      #expect(worker.makesProgress(steps: 150))
      worker.kill()
      trial.note(worker)
      try trial.check()

      var refused = 0
      var accepted = 0
      for room in [0, 4, 16, 48, 64, 68, 80, 128, 192, 256, 512, 1024, 2048, 4096] {
        trial.name = "room for \(room) KiB"
        let ballast = place + "/ballast"
        try fill(ballast, leaving: room * 1024, at: place)
        let before = try Data(contentsOf: URL(fileURLWithPath: options.path))
        do throws(HoldfastError) {
          let database = try Database.open(at: options.path, options.database())
          accepted += 1
          // Not closed in order, so that the next size has something to recover, too.
          _ = database
        } catch {
          refused += 1
          #expect(error.code == .diskFull, "\(trial.name): \(error)")
          if room == 0 { #expect(try Data(contentsOf: URL(fileURLWithPath: options.path)) == before) }
        }
        try trial.check()
        try FileManager.default.removeItem(atPath: ballast)
      }
      #expect(refused > 0 && accepted > 0, "\(refused) refused, \(accepted) accepted")
      try trial.goesOn()
    }

    /// Writes a file that leaves so much room.
    private func fill(_ path: String, leaving room: Int, at place: String) throws {
      let system = POSIXFileSystem()
      let file = try system.open(path, .create)
      let zeros = [UInt8](repeating: 0, count: 1 << 20)
      var offset = 0
      while true {
        let free = Int(try system.volume(at: place).availableBytes)
        guard free > room else { break }
        try zeros.prefix(min(zeros.count, free - room)).withUnsafeBytes { bytes in
          try file.writeFully(bytes, at: UInt64(offset))
        }
        offset += min(zeros.count, free - room)
      }
      file.close()
    }

    /// A file system on a disk that has no room for what it promised: writing succeeds, for it goes to
    /// memory, and syncing fails. The kernel reports each error once.
    ///
    /// Returns the trial when the disk is whole again and the file system has been looked through.
    private func failDisk(_ kind: Volume.Kind, seed: UInt64) throws -> (Volume, Trial) {
      let mounts = try Mounts()
      _ = try mounts.mountMemory("disk", bytes: 12_000_000)
      let volume = try Volume(kind, mounts: mounts, image: "disk/image", megabytes: 128)
      var options = WorkerOptions(path: volume.path("a.holdfast"))
      options.seed = seed
      options.shape = .large
      options.lanes = DiskTests.modes[3]
      options.persistEvery = 5
      var trial = Trial(options, name: "\(kind.rawValue), seed \(seed)")
      let worker = try trial.start()
      let hasFailed = worker.read(seconds: 60) { report in
        switch report {
        case .refused, .unknown, .checkpoint("outcomeUnknown"), .checkpoint("ioFailed"): true
        default: false
        }
      }
      #expect(hasFailed, "\(worker.seen.suffix(2))")
      worker.read(seconds: 0.5)
      worker.stop()
      trial.note(worker, readsMayFail: true)
      try mounts.resize("disk", bytes: 400_000_000)
      try volume.comeBack()
      return (volume, trial)
    }

    @Test(
      "when a device fails, commits fail, and nothing that was acknowledged is lost",
      .enabled(if: Machine.loops, "\(Machine.needsLoops)"))
    func failingDevice() throws {
      for seed in Seeds.first(2) {
        var (volume, trial) = try failDisk(.ext4, seed: seed)
        try trial.check()
        try trial.goesOn()
        try volume.unmount()
      }
    }

    /// Without a journal, ext4 loses blocks whose sync it reported as done when writing its own structures
    /// fails afterwards. The database cannot have them then; but it must notice.
    @Test(
      "when the file system itself loses what was synced, opening says so, or everything is there",
      .enabled(if: Machine.journalless, "\(Machine.needsLoops)"))
    func lyingFileSystem() throws {
      for seed in Seeds.first(2) {
        var (volume, trial) = try failDisk(.ext4WithoutJournal, seed: seed)
        if try !trial.tellsOfDamage() { try trial.goesOn() }
        try volume.unmount()
      }
    }
  }
}
