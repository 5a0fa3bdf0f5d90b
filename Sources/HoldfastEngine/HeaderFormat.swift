/// Where the parts of a data file are that do not depend on the page size.
///
///     0        key block, first copy
///     4096     meta slot 0
///     8192     meta slot 1
///     12288    key block, second copy
///     16384    unused, to 65536: the first page that holds data begins there
///     262144   key block, third copy, in a page of its own
enum HeaderFormat {
  static let blockSize = 4096
  static let keyBlockOffsets: [UInt64] = [0, 12288, 262_144]
  static let slotOffsets: [UInt64] = [4096, 8192]
  static let headerBytes: UInt64 = 65536
  /// A closed database has at least this length.
  static let minimumFileBytes: UInt64 = 262_144 + 4096

  static let formatVersion: UInt32 = 1
  /// Features that this version understands; a file with others is refused (or, for the second kind, opened
  /// for reading only).
  static let knownIncompatible: UInt64 = 0
  static let knownReadOnlyCompatible: UInt64 = 0

  /// Pages that never hold data.
  static func reserved(pageSize: Int) -> [Extent] {
    let size = UInt64(pageSize)
    return [
      Extent(start: 0, count: headerBytes / size),
      Extent(start: keyBlockOffsets[2] / size, count: 1),
    ]
  }

  static func firstPage(pageSize: Int) -> UInt64 { headerBytes / UInt64(pageSize) }
}

/// The features that a file uses, by what someone who does not know them may still do.
struct FeatureBits: Equatable, Sendable {
  /// Read and write.
  var compatible: UInt64 = 0
  /// Read only.
  var readOnlyCompatible: UInt64 = 0
  /// Nothing.
  var incompatible: UInt64 = 0

  static let size = 24

  init() {}

  init(at pointer: UnsafeRawPointer) {
    compatible = pointer.loadLE(0, as: UInt64.self)
    readOnlyCompatible = pointer.loadLE(8, as: UInt64.self)
    incompatible = pointer.loadLE(16, as: UInt64.self)
  }

  func store(at pointer: UnsafeMutableRawPointer) {
    pointer.storeLE(compatible, 0)
    pointer.storeLE(readOnlyCompatible, 8)
    pointer.storeLE(incompatible, 16)
  }
}
