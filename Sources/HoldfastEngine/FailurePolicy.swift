import HoldfastIO

/// What is done when the disk or the memory fails: every number of it.
public struct FailurePolicy: Sendable, Equatable {
  /// How transient errors are tried again, on every call but syncs.
  public var retry = RetryPolicy()

  /// So many failed writes in a row suspend writing.
  public var suspendsAfter = 5
  /// For so long, in nanoseconds; then one write is let through, and decides.
  public var suspension: UInt64 = 60_000_000_000

  /// How large the file is that is kept to be removed when the disk is full, in bytes; 0 for none.
  public var reserveBytes = 4 << 20

  /// How often volume and memory are looked at, at most, in nanoseconds.
  public var lookInterval: UInt64 = 1_000_000_000

  /// The part of the volume that is in use at each level.
  public var diskNotice = 0.80
  public var diskWarning = 0.90
  public var diskCritical = 0.95
  /// How far the part in use must fall below a level's mark to leave that level.
  public var diskHysteresis = 0.02

  /// How long memory pressure must have been gone before the cache grows again, in nanoseconds.
  public var memoryCalm: UInt64 = 10_000_000_000

  /// A reader that keeps more than this from being used again is worth mentioning, in bytes.
  public var pinnedBytes: UInt64 = 256 << 20

  /// The usual numbers.
  public init() {}
}

/// How full the volume is.
public enum DiskLevel: String, Sendable, Equatable, Comparable, CaseIterable, Codable {
  /// There is room.
  case normal
  /// Worth knowing.
  case notice
  /// Room is saved: spare log segments go, and checkpoints let the log go.
  case warning
  /// Soon nothing fits any more.
  case critical

  private var rank: Int {
    switch self {
    case .normal: 0
    case .notice: 1
    case .warning: 2
    case .critical: 3
    }
  }

  public static func < (left: DiskLevel, right: DiskLevel) -> Bool { left.rank < right.rank }
}

extension FailurePolicy {
  /// The level of a volume that was at `level` when last looked at. A level is left only when the use has
  /// fallen clearly below its mark, so that it does not come and go with every file.
  func level(of volume: VolumeInformation, after level: DiskLevel) -> DiskLevel {
    guard volume.totalBytes > 0 else { return .normal }
    let available = min(volume.availableBytes, volume.totalBytes)
    let used = 1 - Double(available) / Double(volume.totalBytes)
    let marks: [(DiskLevel, Double)] = [
      (.critical, diskCritical), (.warning, diskWarning), (.notice, diskNotice),
    ]
    for (candidate, mark) in marks where used >= (level >= candidate ? mark - diskHysteresis : mark) {
      return candidate
    }
    return .normal
  }
}
