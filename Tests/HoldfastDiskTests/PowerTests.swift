import Foundation
import Holdfast
import HoldfastDiskWorker
import HoldfastTestSupport
import Testing

extension DiskTests {
  @Suite("Power loss", .serialized)
  struct PowerTests {
    /// How often the power goes on each file system.
    private static let rounds =
      Int(ProcessInfo.processInfo.environment["HOLDFAST_POWER_LOSSES"] ?? "") ?? 8

    private func losePower(_ kind: Volume.Kind) throws {
      for seed in Seeds.first(1) {
        var random = SplitMix64(seed: seed)
        let volume = try Volume(kind)
        var options = WorkerOptions(path: volume.path("a.holdfast"))
        options.seed = seed
        options.lanes = DiskTests.modes[3]
        options.checkpointEvery = 20
        options.persistEvery = 12
        var trial = Trial(options, name: "seed \(seed), \(kind.rawValue)")
        for round in 1...PowerTests.rounds {
          trial.name = "seed \(seed), \(kind.rawValue), round \(round)"
          let worker = try trial.start()
          // Now and then already while it opens.
          if !random.chance(0.2) { #expect(worker.makesProgress(steps: 1)) }
          worker.read(seconds: Double(random.below(250)) / 1000)
          try volume.losePower()
          // What it says from now on counts, too: it must not say that anything is durable.
          worker.read(seconds: 0.05)
          worker.kill()
          trial.note(worker, readsMayFail: true)
          try volume.comeBack()
          try trial.check()
        }
        try trial.goesOn()
        #expect(trial.history.acknowledged > 0)
      }
    }

    @Test(
      "after a loss of power everything that was durable is there: ext4",
      .enabled(if: Machine.loops, "\(Machine.needsLoops)"))
    func ext4() throws { try losePower(.ext4) }

    @Test(
      "after a loss of power everything that was durable is there: ext4 without a journal",
      .enabled(if: Machine.journalless, "\(Machine.needsLoops)"))
    func ext4WithoutJournal() throws { try losePower(.ext4WithoutJournal) }

    @Test(
      "after a loss of power everything that was durable is there: xfs",
      .enabled(if: Machine.xfs, "\(Machine.needsXFS)"))
    func xfs() throws { try losePower(.xfs) }
  }
}
