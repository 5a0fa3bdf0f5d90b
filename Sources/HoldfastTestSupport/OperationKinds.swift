import HoldfastIO

/// A set of kinds of operations.
public struct OperationKinds: OptionSet, Sendable {
  /// One bit for each kind.
  public let rawValue: Int

  /// The set with these bits.
  public init(rawValue: Int) { self.rawValue = rawValue }

  /// Opening and creating files.
  public static let open = OperationKinds(rawValue: 1 << 0)
  /// Reading.
  public static let read = OperationKinds(rawValue: 1 << 1)
  /// Writing.
  public static let write = OperationKinds(rawValue: 1 << 2)
  /// Syncing files.
  public static let sync = OperationKinds(rawValue: 1 << 3)
  /// Asking an open file for its length.
  public static let size = OperationKinds(rawValue: 1 << 4)
  /// Cutting and extending.
  public static let truncate = OperationKinds(rawValue: 1 << 5)
  /// Locking.
  public static let lock = OperationKinds(rawValue: 1 << 6)
  /// Listing directories.
  public static let list = OperationKinds(rawValue: 1 << 7)
  /// Renaming.
  public static let rename = OperationKinds(rawValue: 1 << 8)
  /// Removing.
  public static let remove = OperationKinds(rawValue: 1 << 9)
  /// Creating directories.
  public static let createDirectory = OperationKinds(rawValue: 1 << 10)
  /// Syncing directories.
  public static let syncDirectory = OperationKinds(rawValue: 1 << 11)
  /// Asking what a name means.
  public static let information = OperationKinds(rawValue: 1 << 12)
  /// Asking about the volume.
  public static let volume = OperationKinds(rawValue: 1 << 13)

  /// Every kind there is.
  public static let all = OperationKinds(rawValue: (1 << 14) - 1)
  /// Both kinds of sync.
  public static let syncs: OperationKinds = [.sync, .syncDirectory]
  /// The kinds that change names.
  public static let names: OperationKinds = [.rename, .remove, .createDirectory]

  /// The set that contains only `operation`.
  public init(_ operation: IOError.Operation) {
    switch operation {
    case .open: self = .open
    case .read: self = .read
    case .write: self = .write
    case .sync: self = .sync
    case .size: self = .size
    case .truncate: self = .truncate
    case .lock: self = .lock
    case .list: self = .list
    case .rename: self = .rename
    case .remove: self = .remove
    case .createDirectory: self = .createDirectory
    case .syncDirectory: self = .syncDirectory
    case .information: self = .information
    case .volume: self = .volume
    }
  }
}
