import HoldfastIO

/// Something that goes wrong, or is merely unusual, with one operation of a ``SimulatedDisk``.
public enum Fault: Sendable, Equatable {
  /// The power fails before the operation: it and every later one fail with ``SimulatedDisk/powerLossCode``
  /// until ``SimulatedDisk/crash(_:)`` is called.
  case crash
  /// The operation is not done and fails with this error number.
  case error(Int32, Persistence)
  /// A read returns fewer bytes than it could, which any file system may do.
  case shortRead
  /// A write takes fewer bytes than it was given, which any file system may do.
  case shortWrite
  /// The power fails in the middle of a write: a seeded part of its sectors is written, and the rest is as in
  /// ``crash``.
  case tornWrite
  /// A write reports success, and its bytes go nowhere. The length of the file changes as if they had
  /// arrived.
  case lostWrite
  /// A write reports success, and its bytes land at another, seeded, sector of the same file.
  case misdirectedWrite
  /// One seeded bit of the file that is being used changes for good, before a read and after anything else.
  case bitRot
  /// A sync fails with `EIO`, once; a seeded part of what it should have made durable is taken for clean and
  /// will never be, although reads go on to show it. This is what Linux does when writing back a page fails.
  case failedSyncDroppingData

  /// How long an ``error(_:_:)`` lasts.
  public enum Persistence: Sendable, Equatable {
    /// One operation fails, the next is tried as usual.
    case once
    /// Every operation from that one on fails, until ``SimulatedDisk/clearFaults()``.
    case fromThenOn
  }

  /// The operations this can happen to, whatever else a schedule asks for.
  var applicable: OperationKinds {
    switch self {
    case .crash, .error, .bitRot: .all
    case .shortRead: .read
    case .shortWrite, .tornWrite, .lostWrite, .misdirectedWrite: .write
    case .failedSyncDroppingData: [.sync, .syncDirectory]
    }
  }
}

/// A fault that waits for its operation.
struct ScheduledFault {
  var fault: Fault
  /// The number of the first operation that it may happen to.
  var operation: Int
  var kinds: OperationKinds
  /// Only operations on this path or below it.
  var prefix: String?

  func applies(to kind: OperationKinds, number: Int, path: String) -> Bool {
    guard number >= operation, kinds.contains(kind), fault.applicable.contains(kind) else { return false }
    guard let prefix else { return true }
    return path == prefix || path.hasPrefix(prefix == "/" ? "/" : prefix + "/")
  }
}
