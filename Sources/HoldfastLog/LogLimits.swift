/// The limits of everything that can grow in a log.
public enum LogLimits {
  /// The longest payload of one part of a commit, in bytes. Larger commits are split.
  public static let largestPart = 512 << 10
  /// The longest payload of one commit, in bytes.
  public static let largestCommit = 1 << 30
  /// The longest extension area of a frame, in bytes.
  public static let largestExtension = 4096
  /// The most bytes that may wait, appended but not yet taken by ``Log/closeGroup()``.
  public static let largestBacklog = 2 << 30
  /// The smallest segment a configuration may ask for, in bytes.
  public static let smallestSegment = 8 << 10
  /// The largest segment a configuration may ask for, in bytes.
  public static let largestSegment = 1 << 30
  /// How many retired segments wait to be used again; further ones are deleted.
  public static let spareSegments = 2
  /// The most registrations at one time.
  public static let registrations = 1024
  /// The most files looked at in a log's folder.
  public static let filesInFolder = 1 << 20

  /// How much is read from a segment at once, in bytes.
  static let readChunk = 256 << 10
  /// How much is written at once when a segment is filled with zeros, in bytes.
  static let zeroChunk = 256 << 10
  /// A write buffer larger than this is given back to the system after its group.
  static let keptBuffer = 1 << 20
  /// How many write buffers are kept for the next groups.
  static let keptBuffers = 4
  /// A commit is split at the end of a segment only when at least this much of it fits there, in bytes.
  static let smallestSplit = 4096
}
