import CLogFloor
import Foundation

/// The fastest that threads can append frames to a log and have them on the disk, when they do nothing else:
/// written in C, with group commit, in all the ways to write and sync that promise to be fast.
struct LogFloor {
  /// What Holdfast writes to its log for one insert.
  let frameBytes: Int

  struct Variant {
    var name: String
    var variant: log_floor_variant

    init(_ name: String, _ sync: log_floor_sync, isWritten: Bool = true, alignment: Int = 1) {
      self.name = name
      variant = log_floor_variant(sync: sync, is_written: isWritten ? 1 : 0, alignment: alignment)
    }
  }

  static let variants = [
    Variant("pwrite, fdatasync, blocks only allocated", LOG_FLOOR_FDATASYNC, isWritten: false),
    Variant("pwrite, fdatasync", LOG_FLOOR_FDATASYNC),
    Variant("O_DSYNC", LOG_FLOOR_DSYNC),
    Variant("O_DIRECT, fdatasync, 512", LOG_FLOOR_DIRECT_FDATASYNC, alignment: 512),
    Variant("O_DIRECT, fdatasync, 4096", LOG_FLOOR_DIRECT_FDATASYNC, alignment: 4096),
    Variant("O_DIRECT, O_DSYNC, 512", LOG_FLOOR_DIRECT_DSYNC, alignment: 512),
    Variant("O_DIRECT, O_DSYNC, 4096", LOG_FLOOR_DIRECT_DSYNC, alignment: 4096),
  ]

  /// Commits per second; `nil` when the disk does not have the variant: not all do direct writes of 512 bytes.
  func rate(
    _ variant: Variant, threads: Int, warmUp: Double, seconds: Double, in directory: String
  ) throws -> Double? {
    try withFolder(in: directory) { folder in
      var commits: UInt64 = 0
      var syncs: UInt64 = 0
      var described = variant.variant
      let code = log_floor_run(
        folder + "/floor.log", &described, Int32(threads), frameBytes, warmUp, seconds, &commits, &syncs)
      if code == EINVAL || code == ENOTSUP { return nil }
      guard code == 0 else { throw PeerError(description: "log floor: \(String(cString: strerror(code)))") }
      return Double(commits) / seconds
    }
  }
}
