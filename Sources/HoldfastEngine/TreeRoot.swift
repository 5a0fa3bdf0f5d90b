/// Where a tree begins, and what is known of it as a whole.
struct TreeRoot: Sendable, Equatable {
  /// The number of the tree; never used again after the tree is dropped.
  var id: UInt64
  /// Its root page; number 0 when it is empty.
  var root: PageReference
  /// Levels of pages: 0 when empty, 1 when the root is a leaf.
  var height: Int
  /// Entries.
  var count: UInt64
  /// Overflow runs, so that a tree without any can be dropped without reading its leaves.
  var overflowRuns: UInt64
  /// The last commit that changed it since the database was opened, or 0: trees of one database, of versions that
  /// were published, hold the same when their numbers and this are the same (but for what checkpoints write into the
  /// catalog). Not stored.
  var changed: UInt64 = 0

  /// More entries than any file has bytes.
  static let countLimit: UInt64 = 1 << 60

  /// The tree whose entries describe the other trees, and whatever the layer above keeps there.
  static let catalogID: UInt64 = 0

  init(id: UInt64, root: PageReference = .none, height: Int = 0, count: UInt64 = 0, overflowRuns: UInt64 = 0)
  {
    self.id = id
    self.root = root
    self.height = height
    self.count = count
    self.overflowRuns = overflowRuns
  }

  var isEmpty: Bool { root.number == 0 }

  /// Counts one entry less. A file with a wrong count must not trap us.
  mutating func countRemoval() { count = count > 0 ? count - 1 : 0 }

  /// Counts one overflow run less.
  mutating func countRunRemoval() { overflowRuns = overflowRuns > 0 ? overflowRuns - 1 : 0 }
}

/// A tree's root as an entry of the catalog. Written by checkpoints only: it says where pages are, which the
/// log has no business with.
///
///     key     0x00, tree id (8 bytes, big-endian)
///     value   root page (u64), its tag (16 bytes), entries (u64), overflow runs (u64), height (u8)
enum TreeRecord {
  /// The first byte of the keys that belong to the engine; the layer above may use all others.
  static let keyPrefix: UInt8 = 0
  static let keySize = 9
  static let valueSize = PageReference.size + 8 + 8 + 1

  static func key(_ id: UInt64) -> [UInt8] { [keyPrefix] + id.bigEndianBytes }

  static func value(_ tree: TreeRoot) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: valueSize)
    bytes.withUnsafeMutableBytes { area in
      guard let base = area.baseAddress else { return }
      tree.root.store(at: base)
      base.storeLE(tree.count, PageReference.size)
      base.storeLE(tree.overflowRuns, PageReference.size + 8)
      base.storeLE(UInt8(clamping: tree.height), PageReference.size + 16)
    }
    return bytes
  }

  /// Reads a record back; `nil` when it cannot be one.
  static func decode(key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) -> TreeRoot? {
    guard key.count == keySize, key[0] == keyPrefix, value.count == valueSize, let base = value.baseAddress
    else {
      return nil
    }
    let id = UInt64(bigEndianBytes: UnsafeRawBufferPointer(rebasing: key[1...]))
    let height = Int(base.loadLE(PageReference.size + 16, as: UInt8.self))
    let root = PageReference(at: base)
    let (count, runs) = (
      base.loadLE(PageReference.size, as: UInt64.self), base.loadLE(PageReference.size + 8, as: UInt64.self)
    )
    guard id > 0, id < UInt64(Int64.max), root.number < PageReference.numberLimit,
      count < TreeRoot.countLimit, runs < TreeRoot.countLimit
    else { return nil }
    guard height <= StorageLimits.maximumHeight, (height == 0) == (root.number == 0) else { return nil }
    return TreeRoot(
      id: id, root: root, height: height, count: count, overflowRuns: runs)
  }

  /// Where the reference is in a cell of the catalog, if the cell is such a record.
  static func reference(in node: Node, at index: Int) -> UnsafeMutableRawPointer? {
    let key = node.key(index)
    guard key.count == keySize, key[0] == keyPrefix, !node.isOverflow(index),
      node.valueLength(index) == valueSize
    else { return nil }
    return node.overflowReference(index)
  }
}
