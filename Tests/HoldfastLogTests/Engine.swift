import HoldfastIO
import HoldfastTestSupport

@testable import HoldfastLog

/// Drives a log as an engine does, and knows what it may find after a crash.
final class Engine {
  let world: World
  private(set) var log: Log?
  /// The commit that has an LSN, as far as it was appended and not discarded.
  private(set) var history: [UInt64: Item] = [:]
  /// What failed in a discard that itself failed: may be there or not.
  private(set) var acknowledged: UInt64 = 0
  /// Everything through it is in the view, and may be retired.
  private(set) var retired: UInt64 = 0
  private var checkpoint: UInt64 = 0
  private var transaction: UInt64 = 0
  private(set) var isOver = false
  private(set) var discards = 0
  var nextSize: () -> Int
  private var script: SplitMix64

  init(_ world: World, script seed: UInt64) {
    self.world = world
    script = SplitMix64(seed: seed)
    var sizes = SplitMix64(seed: seed + 1)
    nextSize = {
      switch Int.random(in: 0..<10, using: &sizes) {
      case 0: 0
      case 1: Int.random(in: 6000...30_000, using: &sizes)
      case 2, 3: Int.random(in: 1500...4000, using: &sizes)
      default: Int.random(in: 1...900, using: &sizes)
      }
    }
  }

  /// Runs until the script ends or the log is unusable.
  func run(steps: Int) {
    do {
      log = try world.create()
    } catch {
      isOver = true
      return
    }
    for _ in 0..<steps where !isOver { step() }
    log?.close()
  }

  private func step() {
    guard let log else { return }
    switch Int.random(in: 0..<12, using: &script) {
    case 0:
      try? log.prepareNextSegment()
    case 1:
      // A checkpoint: what lies below the one before is no longer needed.
      try? log.retire(through: checkpoint)
      retired = checkpoint
      checkpoint = acknowledged
    case 2, 3:
      append()
      flush(sync: false)
    case 4:
      // The caller gives up a group for reasons of its own.
      append()
      let first = log.durableLSN + 1
      if log.lastLSN >= first { flush(sync: false) }
      if !isOver { discard(from: max(first, log.lastLSN)) }
    default:
      for _ in 0..<Int.random(in: 1...3, using: &script) { append() }
      flush(sync: true)
    }
  }

  private func append() {
    guard let log else { return }
    transaction += 1
    let item = Item(
      lsn: log.lastLSN + 1, transaction: transaction, size: nextSize(), area: Int(transaction % 5) * 9)
    do {
      let before = log.lastLSN
      let lsn = try log.append(item)
      precondition(lsn == before + 1)
      history[lsn] = item
    } catch {
      if error.code == .poisoned { isOver = true }
    }
  }

  private func flush(sync: Bool) {
    guard let log else { return }
    if let group = log.closeGroup() {
      do {
        try log.write(group)
      } catch {
        if error.code == .syncFailed || error.code == .poisoned {
          isOver = true
        } else {
          discard(from: group.firstLSN)
        }
        return
      }
    }
    guard sync else { return }
    do {
      try log.sync()
      acknowledged = log.durableLSN
    } catch {
      isOver = true
    }
  }

  private func discard(from lsn: UInt64) {
    guard let log, lsn <= log.lastLSN else { return }
    do {
      try log.discard(from: lsn)
      history = history.filter { $0.key < lsn }
      discards += 1
    } catch {
      isOver = true
    }
  }

  /// What is wrong with what a recovery finds now, if anything.
  func complaint() -> String? {
    guard log != nil else {
      // The log did not come to be: nothing was promised, and whatever is left must not trap.
      _ = try? world.recover()
      return nil
    }
    for after in Set([retired, acknowledged]) {
      do {
        let scan = try world.scan(after: after)
        guard scan.lastLSN >= acknowledged else {
          return "acknowledged \(acknowledged), found \(scan.lastLSN)"
        }
        var expected = after + 1
        var wrong: String?
        try scan.forEachCommit(after: after) { frame in
          let item = Item(frame)
          if frame.lsn != expected { wrong = "commit \(frame.lsn) where \(expected) belongs" }
          if history[frame.lsn] != item {
            wrong = "another commit: \(item), not \(history[frame.lsn] as Any)"
          }
          expected += 1
        }
        if let wrong { return wrong }
        if expected != scan.lastLSN + 1 {
          return "the scan promised \(scan.lastLSN), there were \(expected - 1)"
        }
      } catch {
        return "after \(after): \(error)"
      }
    }
    return nil
  }
}
