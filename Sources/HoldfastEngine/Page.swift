/// A page, or a run of pages that hold one large value, in memory.
///
/// The bytes are written by committers only, under the commit latch: while `creation` is the number of the version
/// being worked on, and later while nobody can see any version that reaches the page
/// (``Workspace/changeInPlace(above:_:)``). Otherwise they never change, except for the tags of children, which
/// change under ``PageStore``'s tag latch alone.
///
/// `@unchecked Sendable`: the bytes by the rule above; `isDirty`, `isReferenced` and `ring` are read and
/// written under the latch of the cache shard that holds the page; `retirement` under the commit latch.
final class Page: @unchecked Sendable {
  /// The number of its first page in the file.
  let number: UInt64
  /// How many pages it takes: 1 but for overflow runs and free-space lists.
  let runLength: Int
  /// The version that made it; 0 when it was read from the file.
  let creation: UInt64
  let bytes: UnsafeMutableRawPointer
  let size: Int

  /// The first version that does not reach it; `.max` while the newest does.
  @exclusivity(unchecked) var retirement: UInt64 = .max
  /// Whether the file lacks it.
  @exclusivity(unchecked) var isDirty = false
  /// The second chance of the clock.
  @exclusivity(unchecked) var isReferenced = true
  /// Where it stands in its shard's clock.
  @exclusivity(unchecked) var ring = -1

  init(number: UInt64, runLength: Int, pageSize: Int, creation: UInt64) {
    self.number = number
    self.runLength = runLength
    self.creation = creation
    self.size = runLength * pageSize
    self.bytes = UnsafeMutableRawPointer.allocate(byteCount: size, alignment: 16)
  }

  deinit { bytes.deallocate() }

  var kind: PageKind? { PageKind(rawValue: bytes.load(fromByteOffset: PageFormat.kind, as: UInt8.self)) }
  var level: Int { Int(bytes.load(fromByteOffset: PageFormat.level, as: UInt8.self)) }
  var tree: UInt64 { bytes.loadLE(PageFormat.tree, as: UInt64.self) }

  var flags: UInt16 {
    get { bytes.loadLE(PageFormat.flags, as: UInt16.self) }
    set { bytes.storeLE(newValue, PageFormat.flags) }
  }

  /// The whole memory.
  var buffer: UnsafeMutableRawBufferPointer { UnsafeMutableRawBufferPointer(start: bytes, count: size) }

  /// Writes an empty header.
  func format(kind: PageKind, level: Int, tree: UInt64, lsn: UInt64) {
    // All of it: what was in this memory before must not reach the file.
    memset0(bytes, size)
    bytes.storeBytes(of: kind.rawValue, toByteOffset: PageFormat.kind, as: UInt8.self)
    bytes.storeBytes(of: PageFormat.currentVersion, toByteOffset: PageFormat.version, as: UInt8.self)
    bytes.storeLE(number, PageFormat.number)
    bytes.storeLE(lsn, PageFormat.lsn)
    bytes.storeLE(tree, PageFormat.tree)
    bytes.storeLE(UInt32(runLength), PageFormat.runLength)
    bytes.storeBytes(of: UInt8(level), toByteOffset: PageFormat.level, as: UInt8.self)
    if kind == .internal || kind == .leaf { Node(self).formatEmpty() }
  }
}

@inline(__always)
func memset0(_ pointer: UnsafeMutableRawPointer, _ count: Int) {
  pointer.initializeMemory(as: UInt8.self, repeating: 0, count: count)
}
