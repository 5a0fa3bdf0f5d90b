import HoldfastIO

/// The name of one log: sixteen random bytes, drawn anew for every log that is created.
///
/// A log is created once and never appended to again after it was found on disk, so an id stands for exactly
/// one epoch of one database.
public struct LogID: Sendable, Hashable, CustomStringConvertible {
  /// How many bytes an id has.
  public static let size = 16

  /// The bytes.
  public let bytes: [UInt8]

  /// Takes the first sixteen of `bytes`; missing ones are zero.
  public init(_ bytes: [UInt8]) {
    var exact = Array(bytes.prefix(LogID.size))
    while exact.count < LogID.size { exact.append(0) }
    self.bytes = exact
  }

  /// Draws a new id.
  public static func random(from source: any RandomSource) -> LogID { LogID(source.bytes(size)) }

  /// Thirty-two hexadecimal digits.
  public var description: String {
    var text = ""
    for byte in bytes { text += Hexadecimal.text(UInt64(byte), digits: 2) }
    return text
  }

  /// The first four bytes as hexadecimal digits: the part of a segment's file name that keeps two logs apart.
  var tag: String { String(description.prefix(8)) }
}

/// A place in the history of a database: which log (by its epoch), and which commit in it.
public struct LogPosition: Sendable, Hashable, Comparable, CustomStringConvertible {
  /// Grows by one with every log that is created for a database.
  public var epoch: UInt32
  /// The number of a commit: dense, one more for every commit.
  public var lsn: UInt64

  /// Makes a position.
  public init(epoch: UInt32, lsn: UInt64) {
    self.epoch = epoch
    self.lsn = lsn
  }

  /// Later epochs come after earlier ones; within an epoch the LSN decides.
  public static func < (left: LogPosition, right: LogPosition) -> Bool {
    left.epoch != right.epoch ? left.epoch < right.epoch : left.lsn < right.lsn
  }

  /// For people: `epoch/lsn`.
  public var description: String { "\(epoch)/\(lsn)" }
}

/// What a frame holds. Numbers from 16 up are for the layers above; the log carries them without looking.
public struct FrameKind: RawRepresentable, Sendable, Hashable {
  /// The number in the frame.
  public var rawValue: UInt8

  /// Makes a kind from its number.
  public init(rawValue: UInt8) { self.rawValue = rawValue }

  /// The resolved operations of one transaction.
  public static let commit = FrameKind(rawValue: 1)
  /// The last frame of a full segment; names the successor. Written by the log itself and never handed out.
  public static let segmentEnd = FrameKind(rawValue: 2)
}
