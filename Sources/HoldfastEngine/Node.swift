import CHoldfast

/// A leaf or internal page seen as what it is: an array of two-byte slots behind the header, in key order,
/// that point at cells filling the page from its end. Cells that were removed leave garbage that `compact()`
/// gathers.
///
///     leaf cell       u16 key length, u8 flags, u8 zero, u32 value length, key, value or run reference
///     internal cell   u16 key length, u16 zero, reference of the child, key
///
/// The key of an internal cell is a lower bound of every key below its child and an upper bound, exclusive,
/// of every key below the child before it. The first key of an internal page is taken to be lower than any
/// other.
struct Node {
  let page: Page
  @inline(__always) var bytes: UnsafeMutableRawPointer { page.bytes }

  init(_ page: Page) { self.page = page }

  static let leafCellHeader = 8
  static let internalCellHeader = 4 + PageReference.size
  /// The value of this cell is in an overflow run.
  static let cellFlagOverflow: UInt8 = 1

  /// Bytes that slots and cells share.
  static func capacity(pageSize: Int) -> Int { pageSize - PageFormat.slots }

  /// The largest leaf cell whose value stays in the page: a quarter of it.
  static func largestInlineCell(pageSize: Int) -> Int { pageSize / 4 }

  /// The largest leaf cell there is: one whose value stays in the page, or one with the longest key and the
  /// reference of an overflow run.
  static func largestCell(pageSize: Int) -> Int {
    max(
      largestInlineCell(pageSize: pageSize),
      leafCellHeader + StorageLimits.maximumKeyBytes + PageReference.size)
  }

  // MARK: Header

  var count: Int {
    @inline(__always) get { Int(bytes.loadLE(PageFormat.count, as: UInt16.self)) }
    nonmutating set { bytes.storeLE(UInt16(newValue), PageFormat.count) }
  }
  var cellStart: Int {
    get { Int(bytes.loadLE(PageFormat.cellStart, as: UInt32.self)) }
    nonmutating set { bytes.storeLE(UInt32(newValue), PageFormat.cellStart) }
  }
  var garbage: Int {
    get { Int(bytes.loadLE(PageFormat.garbage, as: UInt32.self)) }
    nonmutating set { bytes.storeLE(UInt32(newValue), PageFormat.garbage) }
  }
  var isLeaf: Bool { page.level == 0 }
  /// Free bytes, once compacted.
  var freeBytes: Int { cellStart - (PageFormat.slots + 2 * count) + garbage }
  /// Bytes taken by slots and live cells.
  var usedBytes: Int { page.size - PageFormat.slots - freeBytes }

  func formatEmpty() {
    count = 0
    cellStart = page.size
    garbage = 0
  }

  // MARK: Cells

  @inline(__always)
  func cell(_ index: Int) -> UnsafeMutableRawPointer {
    bytes + Int(bytes.loadLE(PageFormat.slots + 2 * index, as: UInt16.self))
  }

  @inline(__always)
  func key(_ index: Int) -> UnsafeRawBufferPointer {
    let cell = cell(index)
    let header = isLeaf ? Node.leafCellHeader : Node.internalCellHeader
    return UnsafeRawBufferPointer(start: cell + header, count: Int(cell.loadLE(0, as: UInt16.self)))
  }

  @inline(__always)
  func cellSize(_ index: Int) -> Int {
    let cell = cell(index)
    let keyLength = Int(cell.loadLE(0, as: UInt16.self))
    guard isLeaf else { return Node.internalCellHeader + keyLength }
    return Node.leafCellHeader + keyLength + storedValueLength(cell)
  }

  /// The bytes of a leaf cell's value that are in the page.
  @inline(__always)
  private func storedValueLength(_ cell: UnsafeMutableRawPointer) -> Int {
    cell.load(fromByteOffset: 2, as: UInt8.self) & Node.cellFlagOverflow != 0
      ? PageReference.size : Int(cell.loadLE(4, as: UInt32.self))
  }

  func cellBytes(_ index: Int) -> UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: cell(index), count: cellSize(index))
  }

  // MARK: Leaf cells

  /// The whole length of the value, wherever it is.
  @inline(__always)
  func valueLength(_ index: Int) -> Int { Int(cell(index).loadLE(4, as: UInt32.self)) }

  @inline(__always)
  func isOverflow(_ index: Int) -> Bool {
    cell(index).load(fromByteOffset: 2, as: UInt8.self) & Node.cellFlagOverflow != 0
  }

  /// The bytes of the value in the page: the value itself, or the reference of its overflow run.
  @inline(__always)
  func storedValue(_ index: Int) -> UnsafeRawBufferPointer {
    let cell = cell(index)
    let keyLength = Int(cell.loadLE(0, as: UInt16.self))
    return UnsafeRawBufferPointer(
      start: cell + Node.leafCellHeader + keyLength, count: storedValueLength(cell))
  }

  /// Where the reference of the overflow run of a cell is.
  func overflowReference(_ index: Int) -> UnsafeMutableRawPointer {
    let cell = cell(index)
    return cell + Node.leafCellHeader + Int(cell.loadLE(0, as: UInt16.self))
  }

  // MARK: Internal cells

  @inline(__always)
  func childNumber(_ index: Int) -> UInt64 { cell(index).loadLE(4, as: UInt64.self) }

  /// Where the reference of a child is.
  func childReference(_ index: Int) -> UnsafeMutableRawPointer { cell(index) + 4 }

  // MARK: Search

  /// The first slot of a leaf whose key is not below `key`, and whether it is equal.
  @inline(__always)
  func search(_ key: UnsafeRawBufferPointer) -> (index: Int, found: Bool) {
    defer { withExtendedLifetime(page) {} }
    var search = LeafSearch(page)
    search.begin(key)
    while search.isGoingOn { search.step(key) }
    return (search.low, search.isFound)
  }

  /// The slot of an internal page below which `key` belongs.
  @inline(__always)
  func childIndex(_ key: UnsafeRawBufferPointer) -> Int {
    defer { withExtendedLifetime(page) {} }
    let head = KeyHead(key)
    let cells = Cells(page)
    var low = 1
    var high = count
    while low < high {
      let middle = (low &+ high) &>> 1
      if cells.compare(middle, behind: Node.internalCellHeader, key, head) <= 0 {
        low = middle &+ 1
      } else {
        high = middle
      }
    }
    return low &- 1
  }
}

/// The memory of a leaf or internal page, for searches. Somebody else keeps the page alive.
private struct Cells {
  let bytes: UnsafeMutableRawPointer
  let size: Int

  @inline(__always)
  init(_ page: Page) {
    bytes = page.bytes
    size = page.size
  }

  /// No memory.
  init() {
    bytes = UnsafeMutableRawPointer(bitPattern: 8)!
    size = 0
  }

  @inline(__always)
  func start(_ index: Int) -> Int { Int(bytes.loadLE(PageFormat.slots &+ 2 &* index, as: UInt16.self)) }

  /// Compares a slot's key with `key`, whose head is given: most keys differ there, and then no bytes need to be
  /// compared one by one.
  @inline(__always)
  func compare(_ index: Int, behind header: Int, _ key: UnsafeRawBufferPointer, _ head: KeyHead) -> Int {
    let start = start(index)
    let count = Int(bytes.loadLE(start, as: UInt16.self))
    let own = KeyHead(bytes + start + header, count, readable: size &- start &- header)
    if own != head { return own < head ? -1 : 1 }
    return compareBytes(UnsafeRawBufferPointer(start: bytes + start + header, count: count), key)
  }
}

/// A search in a leaf that stops after each look at a cell, so that several can be made together, each fetching what
/// its next step looks at while the others make theirs. Somebody else keeps the page alive.
struct LeafSearch {
  private let cells: Cells
  private var head = KeyHead(UnsafeRawBufferPointer(start: nil, count: 0))
  /// The slots that are left. At the end, the first one whose key is not below the one that is looked for.
  private(set) var low = 0
  private var high = 0
  private(set) var isFound = false

  @inline(__always)
  init(_ page: Page) { cells = Cells(page) }

  private init() { cells = Cells() }

  /// A search that is over and has found nothing.
  static var none: LeafSearch { LeafSearch() }

  /// Has the processor fetch the header and the first slots.
  func prefetchHeader() {
    holdfast_prefetch(cells.bytes)
    holdfast_prefetch(cells.bytes + 64)
  }

  /// Looks at the header, if it is that of a leaf of a tree.
  mutating func begin(_ key: UnsafeRawBufferPointer, inLeafOf tree: UInt64) -> Bool {
    guard cells.bytes.loadLE(PageFormat.tree, as: UInt64.self) == tree,
      cells.bytes.load(fromByteOffset: PageFormat.kind, as: UInt8.self) == PageKind.leaf.rawValue
    else { return false }
    begin(key)
    return true
  }

  /// Looks at the header.
  @inline(__always)
  mutating func begin(_ key: UnsafeRawBufferPointer) {
    head = KeyHead(key)
    high = Int(cells.bytes.loadLE(PageFormat.count, as: UInt16.self))
  }

  /// Has the processor fetch the cells that the first three steps look at.
  func prefetchCells() {
    for eighth in 1..<8 where high >= 8 { holdfast_prefetch(cells.bytes + cells.start(eighth &* high &>> 3)) }
  }

  @inline(__always)
  var isGoingOn: Bool { low < high }

  /// The slot that is next looked at.
  @inline(__always)
  private var middle: Int { (low &+ high) &>> 1 }

  /// Looks at one more cell.
  @inline(__always)
  mutating func step(_ key: UnsafeRawBufferPointer) {
    let middle = middle
    let order = cells.compare(middle, behind: Node.leafCellHeader, key, head)
    if order == 0 {
      (low, high, isFound) = (middle, middle, true)
    } else if order < 0 {
      low = middle &+ 1
    } else {
      high = middle
    }
  }

  /// Has the processor fetch what is next looked at: a cell, or what is behind the first bytes of the one that was
  /// found.
  @inline(__always)
  func prefetchNext() {
    if isGoingOn {
      holdfast_prefetch(cells.bytes + cells.start(middle))
    } else if isFound {
      for line in 1..<4 { holdfast_prefetch(cells.bytes + cells.start(low) + line &* 64) }
    }
  }
}

/// The first eight bytes of a key as a number, with zeros behind a shorter one. Where the heads of two keys
/// differ they are in the order of the keys.
struct KeyHead: Comparable {
  private let value: UInt64

  @inline(__always)
  private init(value: UInt64) { self.value = value }

  @inline(__always)
  init(_ key: UnsafeRawBufferPointer) {
    if let base = key.baseAddress {
      self.init(base, key.count, readable: key.count)
    } else {
      self.init(value: 0)
    }
  }

  /// - Parameter readable: how many bytes there are in memory, which may be more than the key's.
  @inline(__always)
  init(_ start: UnsafeRawPointer, _ count: Int, readable: Int) {
    if count >= 8 {
      value = UInt64(bigEndian: start.loadUnaligned(as: UInt64.self))
    } else if readable >= 8, count > 0 {
      let word = UInt64(bigEndian: start.loadUnaligned(as: UInt64.self))
      value = word & (~0 &<< UInt64(truncatingIfNeeded: 64 &- 8 &* count))
    } else {
      var word: UInt64 = 0
      for place in 0..<count {
        word |= UInt64(start.load(fromByteOffset: place, as: UInt8.self)) &<< UInt64(56 &- 8 &* place)
      }
      value = word
    }
  }

  @inline(__always)
  static func < (left: KeyHead, right: KeyHead) -> Bool { left.value < right.value }
}
