import Foundation
import Holdfast
import HoldfastDiskWorker
import HoldfastTestSupport
import Testing

/// Everything that happens to real processes on real disks. One test at a time: they are heavy, and each
/// waits for processes.
@Suite("Real processes and disks", .serialized)
enum DiskTests {
  /// The durability of every lane, and a name for it.
  static let modes: [[Durability]] = [
    [.safe],
    [.batch(operations: 40, interval: .milliseconds(20))],
    [.unsafe],
    [.safe, .batch(operations: 40, interval: .milliseconds(20)), .unsafe],
  ]
}

extension DiskTests {
  @Suite("Killed processes", .serialized)
  struct KillTests {
    let folder: Folder

    init() throws { folder = try Folder() }

    /// How often a process is killed.
    private static let kills = Int(ProcessInfo.processInfo.environment["HOLDFAST_KILLS"] ?? "") ?? 50

    @Test("a process that is killed at any moment loses nothing that its modes protect")
    func randomMoments() throws {
      for seed in Seeds.first(1) {
        var random = SplitMix64(seed: seed)
        var trials = DiskTests.modes.enumerated().map { index, lanes in
          var options = WorkerOptions(path: folder.path("\(seed)-\(index).holdfast"))
          options.lanes = lanes
          options.seed = seed
          options.checkpointEvery = 25
          options.persistEvery = 15
          options.isEncrypted = index % 2 == 1
          return Trial(options, name: "seed \(seed), lanes \(lanes)")
        }
        for round in 0..<KillTests.kills {
          let index = round % trials.count
          // Every fourth is killed while it starts, and so while it recovers.
          let life = random.chance(0.25) ? random.below(40) : random.below(250)
          trials[index].options.pause = random.chance(0.2) ? 3 : 0
          let worker = try trials[index].start()
          worker.read(seconds: Double(life) / 1000)
          #expect(worker.kill() == -SIGKILL, "\(worker.seen.suffix(3))")
          trials[index].note(worker)
          // This only looks: it is the next process that recovers what this one left.
          trials[index].name = "seed \(seed), round \(round), lanes \(trials[index].options.lanes)"
          try trials[index].check()
        }
        for index in trials.indices {
          try trials[index].goesOn()
        }
        #expect(trials.contains { $0.history.acknowledged > 0 && $0.history.replayed > 0 })
      }
    }
  }
}
