/// A page, or an overflow run, that cannot be read as it was written, and the keys that this concerns.
public struct DamagedRange: Sendable, Equatable {
  /// What is wrong with it.
  public enum Fault: UInt8, Error {
    /// Its checksum does not hold: some bytes are not what was written.
    case damaged = 1
    /// It is a whole page, but not this one, or not this version of it: a write was lost or went elsewhere.
    case stale = 2
    /// Its bytes hold together but mean nothing: another program wrote them.
    case malformed = 3
  }

  /// The tree it belongs to.
  public var tree: UInt64
  /// Its number: it begins at this many times the page size in the file.
  public var page: UInt64
  /// How many pages it takes.
  public var runLength = 1
  /// Levels of pages below it: 0 for a leaf and for an overflow run.
  public var level = 0
  public var fault: Fault
  /// Every key concerned is at or above this one; `nil` when the first key of the tree is concerned.
  public var lower: [UInt8]?
  /// Every key concerned is below this one; `nil` when the last key of the tree is concerned.
  public var upper: [UInt8]?
  /// Whether commits that belong here were set aside when the database was opened. What the page held is out
  /// of date since then, so it stays unreadable also when its bytes come back.
  public var isCutOff = false
  /// The last commit when a copy of it was set aside, and the time, milliseconds since 1970; 0 before.
  public var lsn: UInt64 = 0
  public var time: Int64 = 0
}

/// The keys below one reference, as the pages above it bound them.
struct KeyBounds {
  var lower: [UInt8]?
  var upper: [UInt8]?

  /// No bounds: the whole tree.
  init() {}

  /// One key alone.
  init(only key: UnsafeRawBufferPointer) {
    lower = [UInt8](key)
    upper = [UInt8](key) + [0]
  }

  init(_ path: [(page: Page, index: Int)]) {
    for (page, index) in path where page.level > 0 { narrow(Node(page), index) }
  }

  /// Goes down to a child.
  mutating func narrow(_ node: Node, _ index: Int) {
    if index > 0 { lower = [UInt8](node.key(index)) }
    if index + 1 < node.count { upper = [UInt8](node.key(index + 1)) }
  }
}

/// A damaged range as an entry of the catalog, so that it is known after the next opening, too. Written by
/// checkpoints, like ``TreeRecord``.
///
///     key     0x00, 0xFF, page number (8 bytes, big-endian)
///     value   u8 version, u8 flags, u8 level, u8 fault, u32 pages, u64 tree, u64 LSN, i64 time,
///             u16 length and bytes of the lower bound, the same of the upper one
enum DamageRecord {
  /// Behind the key prefix; a tree's number never begins with it.
  static let mark: UInt8 = 0xFF
  static let keySize = 10
  private static let version: UInt8 = 1
  private static let fixedSize = 32
  private static let flagCutOff: UInt8 = 1
  private static let flagLower: UInt8 = 2
  private static let flagUpper: UInt8 = 4
  /// Bounds are widened to this many bytes, so that the record stays in its page.
  private static let boundLimit = 256

  static func key(_ page: UInt64) -> [UInt8] { [TreeRecord.keyPrefix, mark] + page.bigEndianBytes }

  static func isKey(_ key: UnsafeRawBufferPointer) -> Bool {
    key.count == keySize && key[0] == TreeRecord.keyPrefix && key[1] == mark
  }

  static func value(_ range: DamagedRange) -> [UInt8] {
    let lower = range.lower.map { $0.prefix(boundLimit) }
    let upper = range.upper.flatMap { widened($0) }
    var flags: UInt8 = range.isCutOff ? flagCutOff : 0
    if lower != nil { flags |= flagLower }
    if upper != nil { flags |= flagUpper }
    var bytes = [UInt8](repeating: 0, count: fixedSize)
    bytes.withUnsafeMutableBytes { area in
      guard let base = area.baseAddress else { return }
      base.storeLE(version, 0)
      base.storeLE(flags, 1)
      base.storeLE(UInt8(clamping: range.level), 2)
      base.storeLE(range.fault.rawValue, 3)
      base.storeLE(UInt32(clamping: range.runLength), 4)
      base.storeLE(range.tree, 8)
      base.storeLE(range.lsn, 16)
      base.storeLE(range.time, 24)
    }
    for bound in [lower.map { [UInt8]($0) } ?? [], upper ?? []] {
      bytes += [UInt8(truncatingIfNeeded: bound.count), UInt8(truncatingIfNeeded: bound.count >> 8)] + bound
    }
    return bytes
  }

  /// A short key that is not below `bound`; `nil` when there is none.
  private static func widened(_ bound: [UInt8]) -> [UInt8]? {
    guard bound.count > boundLimit else { return bound }
    var bytes = Array(bound.prefix(boundLimit))
    while let last = bytes.popLast() {
      if last < 0xFF { return bytes + [last + 1] }
    }
    return nil
  }

  /// Reads a record back; `nil` when it cannot be one.
  static func decode(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> DamagedRange? {
    guard isKey(key), value.count >= fixedSize, let base = value.baseAddress, value[0] == version,
      let fault = DamagedRange.Fault(rawValue: value[3])
    else { return nil }
    var range = DamagedRange(
      tree: base.loadLE(8, as: UInt64.self),
      page: UInt64(bigEndianBytes: UnsafeRawBufferPointer(rebasing: key[2...])), fault: fault)
    range.isCutOff = value[1] & flagCutOff != 0
    range.level = Int(value[2])
    range.runLength = Int(base.loadLE(4, as: UInt32.self))
    range.lsn = base.loadLE(16, as: UInt64.self)
    range.time = base.loadLE(24, as: Int64.self)
    var bounds: [[UInt8]] = []
    var position = fixedSize
    for _ in 0..<2 {
      guard position + 2 <= value.count else { return nil }
      let count = Int(base.loadLE(position, as: UInt16.self))
      position += 2
      guard position + count <= value.count else { return nil }
      bounds.append([UInt8](value[position..<position + count]))
      position += count
    }
    if value[1] & flagLower != 0 { range.lower = bounds[0] }
    if value[1] & flagUpper != 0 { range.upper = bounds[1] }
    guard range.page > 0, range.page < PageReference.cutOffFlag, range.runLength > 0,
      range.runLength
        <= Overflow.runLength(
          valueLength: StorageLimits.maximumValueBytes, pageSize: StorageLimits.pageSizes[0]),
      range.tree < Operation.treeLimit, range.level < StorageLimits.maximumHeight
    else { return nil }
    return range
  }
}
