import HoldfastIO

/// Where things are in a page. `docs/format.md` is the reference; all integers are little-endian.
enum PageFormat {
  static let checksum = 0  // u32, CRC32C of everything behind it
  static let kind = 4  // u8
  static let version = 5  // u8
  static let flags = 6  // u16
  static let number = 8  // u64
  static let lsn = 16  // u64
  static let tree = 24  // u64
  static let salt = 32  // 16 bytes
  static let nonce = 48  // u64
  static let tag = 56  // 16 bytes
  static let runLength = 72  // u32, pages
  static let level = 76  // u8, then three zeros
  static let headerSize = 80  // what follows is sealed when the database is encrypted

  static let currentVersion: UInt8 = 1
  static let saltSize = 16

  // Nodes (internal and leaf pages) continue with:
  static let count = 80  // u16, cells
  static let cellStart = 84  // u32, lowest byte used by a cell
  static let garbage = 88  // u32, bytes of removed cells above cellStart
  static let slots = 96  // u16 each, offsets of the cells in key order

  static let flagSealed: UInt16 = 1
  /// Some cell of this leaf refers to an overflow run.
  static let flagReferences: UInt16 = 2
}

/// What a page holds.
enum PageKind: UInt8 {
  case `internal` = 1
  case leaf = 2
  case overflow = 3
  case freeSpace = 4
}

/// What proves that a page is the one its parent wrote: the AES-GCM tag, or XXH64 and a one when not
/// encrypted. All zero stands for "not written yet".
struct PageTag: Equatable, Sendable {
  var low: UInt64
  var high: UInt64

  static let unset = PageTag(low: 0, high: 0)
  static let size = 16

  init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  init(at pointer: UnsafeRawPointer) {
    low = pointer.loadLE(0, as: UInt64.self)
    high = pointer.loadLE(8, as: UInt64.self)
  }

  func store(at pointer: UnsafeMutableRawPointer) {
    pointer.storeLE(low, 0)
    pointer.storeLE(high, 8)
  }
}

/// A page's place and its tag: what a parent stores of a child.
struct PageReference: Equatable, Sendable {
  var number: UInt64
  var tag: PageTag

  static let size = 24
  static let none = PageReference(number: 0, tag: .unset)

  /// Numbers from here on are in no file: with the smallest pages it would have 2^60 bytes. So sums of numbers
  /// and lengths cannot overflow.
  static let numberLimit: UInt64 = 1 << 48

  /// Set in the number of a page that was cut off: it could not be read when commits had to be applied to it,
  /// so that what it held is out of date. No page in the file or in memory has such a number, so whoever
  /// follows the reference gets an error, at no cost to those who follow others.
  static let cutOffFlag: UInt64 = 1 << 47

  /// Whether the number can be that of a page, cut off or not.
  var isPlausible: Bool { page > 0 && number < PageReference.numberLimit }

  var isCutOff: Bool { number & PageReference.cutOffFlag != 0 }

  /// The number of the page in the file, cut off or not.
  var page: UInt64 { number & ~PageReference.cutOffFlag }

  /// The reference with the page cut off.
  var cutOff: PageReference { PageReference(number: number | PageReference.cutOffFlag, tag: tag) }

  init(number: UInt64, tag: PageTag) {
    self.number = number
    self.tag = tag
  }

  init(at pointer: UnsafeRawPointer) {
    number = pointer.loadLE(0, as: UInt64.self)
    tag = PageTag(at: pointer + 8)
  }

  func store(at pointer: UnsafeMutableRawPointer) {
    pointer.storeLE(number, 0)
    tag.store(at: pointer + 8)
  }
}

extension UnsafeRawPointer {
  @inline(__always)
  func loadLE<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: T.Type) -> T {
    T(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }
}

extension UnsafeMutableRawPointer {
  @inline(__always)
  func loadLE<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, as type: T.Type) -> T {
    T(littleEndian: loadUnaligned(fromByteOffset: offset, as: type))
  }

  @inline(__always)
  func storeLE<T: FixedWidthInteger & BitwiseCopyable>(_ value: T, _ offset: Int) {
    storeBytes(of: value.littleEndian, toByteOffset: offset, as: T.self)
  }
}
