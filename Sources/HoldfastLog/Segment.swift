import HoldfastIO

/// A segment of the running log.
///
/// `@unchecked Sendable`: its fields belong to latches of the ``Log`` that made it, as marked at each.
final class Segment: @unchecked Sendable {
  /// Never changes, except that ``activate`` fills in the chain before the header is written (io latch).
  var header: SegmentHeader
  let file: any File
  let sealer: Sealer?
  /// Its name while it is not in use.
  let sparePath: String
  let finalPath: String

  /// Append latch. Starts at 0 with a new salt and only ever grows, also over discarded frames.
  var nonce: UInt64 = 0
  /// State latch. The highest LSN of which a part lies here; known when the successor begins.
  var lastLSN: UInt64?
  /// Whether it begins with a later part of a commit that began in the segment before.
  let startsInside: Bool
  /// State latch. Whether its header is written and it has its final name.
  var isActive = false
  /// Io latch. Whether its final name may exist, because a rename was tried.
  var mayHaveFinalName = false
  /// Io latch. Behind the last byte that a write was tried for.
  var highWater = UInt64(SegmentHeader.size)

  var path: String { isActive ? finalPath : sparePath }
  /// Behind the last byte that frames other than the end frame may take.
  var limit: UInt64 { header.size - UInt64(FrameHeader.endReserve) }

  init(
    header: SegmentHeader, file: any File, key: SecretKey?, sparePath: String, finalPath: String,
    startsInside: Bool
  ) {
    self.header = header
    self.startsInside = startsInside
    self.file = file
    self.sparePath = sparePath
    self.finalPath = finalPath
    sealer = key.map { header.sealer($0) }
  }
}

/// A file that is ready to become the next segment: written to its full length and synced.
struct Spare {
  var path: String
  var size: UInt64
  /// Whether bytes of an earlier segment lie in it.
  var isRecycled: Bool
  /// Open, when it has been prepared for its next use.
  var file: (any File)?
}
