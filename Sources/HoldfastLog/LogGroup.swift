/// Frames that are written together and share one sync. Made by ``Log/closeGroup()``, used up by
/// ``Log/write(_:)``.
public final class LogGroup: Sendable {
  /// The first commit in it.
  public let firstLSN: UInt64
  /// The last commit in it.
  public let lastLSN: UInt64
  /// How many bytes will be written for it.
  public let byteCount: Int

  let pieces: [GroupPiece]
  /// Which stretch between two discards it belongs to: a group from before a discard is never written after
  /// it.
  let generation: UInt64

  init(firstLSN: UInt64, lastLSN: UInt64, pieces: [GroupPiece], generation: UInt64) {
    self.firstLSN = firstLSN
    self.lastLSN = lastLSN
    self.pieces = pieces
    self.generation = generation
    byteCount = pieces.reduce(0) { $0 + $1.buffer.count }
  }
}

/// The stretch of a group that lies in one segment.
struct GroupPiece: Sendable {
  let segment: Segment
  let start: UInt64
  let buffer: GroupBuffer

  var end: UInt64 { start + UInt64(buffer.count) }
}
