import HoldfastIO
import HoldfastTestSupport

@testable import HoldfastEngine

extension FuzzTarget {
  static let pageSize = 4096
  static let databaseID = DatabaseID(low: 0x1122_3344_5566_7788, high: 0x99AA_BBCC_DDEE_FF00)

  static func makeCodec() -> PageCodec {
    PageCodec(pageSize: pageSize, databaseID: databaseID, key: nil, random: SeededRandom(seed: 1))
  }

  /// Gives a page, or a run, that was changed on purpose the tag and the checksum of one that was written.
  static func stamp(_ bytes: UnsafeMutableRawBufferPointer) throws -> PageTag {
    let flags = bytes.loadUnaligned(fromByteOffset: PageFormat.flags, as: UInt16.self)
    return try makeCodec().seal(bytes, kindFlags: UInt16(littleEndian: flags))
  }

  /// A page of a tree: whether to put its number, version and checksums right (one byte), a key to look for (a
  /// piece), the page from its end backwards up to the slots, so that short inputs fill it where cells are, and
  /// its header.
  static let page = FuzzTarget(
    name: "page", seeds: { try nodeSeeds() },
    run: { input in
      var reader = InputReader(input)
      let mode = reader.byte()
      let key = reader.take(Int(reader.byte()))
      let header = reader.take(Int(reader.byte()))
      let cells = reader.rest()
      let page = Page(number: 20, runLength: 1, pageSize: pageSize, creation: 0)
      _ = page.buffer.initializeMemory(as: UInt8.self, repeating: 0)
      page.buffer.copyBytes(from: header.prefix(pageSize))
      let tail = cells.suffix(pageSize - header.count)
      UnsafeMutableRawBufferPointer(rebasing: page.buffer[(pageSize - tail.count)...]).copyBytes(from: tail)
      var tag = PageTag(at: page.bytes + PageFormat.tag)
      if mode & 1 == 0 {
        page.bytes.storeLE(page.number, PageFormat.number)
        page.bytes.storeLE(UInt32(1), PageFormat.runLength)
        page.bytes.storeBytes(of: PageFormat.currentVersion, toByteOffset: PageFormat.version, as: UInt8.self)
        tag = try stamp(page.buffer)
      }
      do { try makeCodec().open(page, tag: tag) } catch { return }
      guard page.kind == .leaf || page.kind == .internal, (page.kind == .leaf) == (page.level == 0) else {
        return
      }
      guard Node(page).isWellFormed(pageSize: pageSize) else { return }
      try use(Node(page), lookingFor: key)
      try change(page, with: key)
    })

  /// Calls everything that reads a node.
  private static func use(_ node: Node, lookingFor key: [UInt8]) throws {
    func inside(_ bytes: UnsafeRawBufferPointer, _ what: String) throws {
      guard let start = bytes.baseAddress else { return }
      let offset = start - UnsafeRawPointer(node.bytes)
      try require(offset >= 0 && offset + bytes.count <= pageSize, "\(what) lies outside of the page")
      // Touches every byte, so that a sanitizer sees it.
      _ = bytes.reduce(UInt8(0)) { $0 ^ $1 }
    }
    try require(node.freeBytes >= 0 && node.usedBytes <= pageSize, "a page has more in it than fits")
    for index in 0..<node.count {
      try inside(node.key(index), "a key")
      try inside(node.cellBytes(index), "a cell")
      if node.isLeaf {
        try inside(node.storedValue(index), "a value")
        let length = Overflow.runLength(valueLength: node.valueLength(index), pageSize: pageSize)
        try require(length <= 4200, "an overflow run has \(length) pages")
        let value = node.storedValue(index)
        if let tree = TreeRecord.decode(key: node.key(index), value: value) {
          let again = TreeRecord.value(tree)
          try require(again.elementsEqual(value), "the record of a tree changes when it is written again")
        }
      } else {
        try require(node.childNumber(index) < PageReference.numberLimit, "a child has an impossible number")
      }
    }
    key.withUnsafeBytes { key in
      if node.isLeaf { _ = node.search(key) } else { _ = node.childIndex(key) }
    }
    var references = 0
    node.page.forEachReference { pointer in
      _ = PageReference(at: pointer)
      references += 1
    }
    try require(references <= node.count, "a cell has two references")
  }

  /// Changes a page that came from a file as commits do, and it stays well-formed.
  private static func change(_ page: Page, with key: [UInt8]) throws {
    let node = Node(page)
    let count = node.count
    let isChanged = key.withUnsafeBytes { key in
      node.isLeaf
        ? node.insertLeaf(at: count / 2, key: key, valueLength: key.count, stored: key, overflow: false)
        : node.insertChild(at: count / 2, key: key, child: PageReference(number: 30, tag: .unset))
    }
    try require(node.count == count + (isChanged ? 1 : 0), "a cell was not counted")
    try require(node.isWellFormed(pageSize: pageSize), "inserting a cell made a page malformed")
    let other = Page(number: 21, runLength: 1, pageSize: pageSize, creation: 0)
    other.format(kind: page.kind ?? .leaf, level: page.level, tree: page.tree, lsn: 1)
    node.compact()
    node.moveCells(from: node.count / 2, to: Node(other))
    for page in [page, other] where Node(page).count > 0 {
      try require(Node(page).isWellFormed(pageSize: pageSize), "splitting a page made one malformed")
    }
    while node.count > 0 { node.remove(at: node.count / 2) }
    try require(node.freeBytes == Node.capacity(pageSize: pageSize), "an empty page is not empty")
  }

  private static func nodeSeeds() throws -> [[UInt8]] {
    try [0, 1].flatMap { level in
      try [0, 1, 3, 12].map { count in
        let page = Page(number: 20, runLength: 1, pageSize: pageSize, creation: 0)
        page.format(kind: level == 0 ? .leaf : .internal, level: level, tree: UInt64(count % 2), lsn: 3)
        let node = Node(page)
        for index in 0..<count {
          let key = index % 3 == 0 ? TreeRecord.key(UInt64(index + 1)) : [1, UInt8(index)]
          let root = PageReference(number: UInt64(16 + index), tag: PageTag(low: 1, high: 1))
          let value = TreeRecord.value(TreeRoot(id: UInt64(index + 1), root: root, height: 1, count: 2))
          let fits = key.withUnsafeBytes { key in
            guard level == 0 else { return node.insertChild(at: index, key: key, child: root) }
            // Every fourth has its value elsewhere.
            let stored = index % 4 == 3 ? Array(value.prefix(PageReference.size)) : value
            return stored.withUnsafeBytes {
              node.insertLeaf(
                at: index, key: key, valueLength: index % 4 == 3 ? 9000 : $0.count, stored: $0,
                overflow: index % 4 == 3)
            }
          }
          try require(fits, "a seed does not fit")
        }
        if count > 4 { node.remove(at: 1) }
        let headerLength = PageFormat.slots + 2 * node.count
        let bytes = [UInt8](page.buffer)
        return [0, 2, 1, 3, UInt8(headerLength)] + bytes[..<headerLength] + bytes[node.cellStart...]
      }
    }
  }

  /// A run that is the list of free pages, or an overflow run: how the run and the slot disagree (one byte),
  /// its length in pages (one byte), high water (4 bytes), the run.
  static let freeList = FuzzTarget(
    name: "freelist", seeds: { freeListSeeds() },
    run: { input in
      var reader = InputReader(input)
      let mode = reader.byte()
      let length = Int(reader.byte() % 6)
      let highWater = UInt64(reader.number(UInt32.self))
      var run = reader.rest().padded(to: max(1, length) * pageSize)
      var slot = MetaSlot()
      slot.highWater = highWater
      slot.freeSpaceRunLength = mode & 2 == 0 ? UInt32(length) : UInt32(highWater)
      slot.freeSpace = PageReference(number: 16, tag: PageTag(low: 1, high: 1))
      if mode & 1 == 0 {
        run.storeLittleEndian(UInt64(16), at: PageFormat.number)
        run.storeLittleEndian(UInt32(length), at: PageFormat.runLength)
        run[PageFormat.version] = PageFormat.currentVersion
        slot.freeSpace.tag = try run.withUnsafeMutableBytes { try stamp($0) }
      }
      let disk = SimulatedDisk(seed: 1)
      disk.setContents([UInt8](repeating: 0, count: 16 * pageSize) + run, of: "/f")
      let file = try disk.open("/f", .readOnly)
      defer { file.close() }
      let store = PageStore(file: file, codec: makeCodec(), cacheBytes: 1 << 20)
      try checkOverflow(store, slot, length: length, run)
      guard let list = try? store.freeList(slot, firstPage: 16) else { return }
      var end: UInt64 = 16
      for extent in list {
        try require(extent.start >= end && extent.count > 0, "free pages overlap")
        end = extent.end
      }
      try require(end <= max(16, highWater), "free pages lie behind the high water mark")
      var space = FreeSpace(
        highWater: max(16, highWater), reserved: HeaderFormat.reserved(pageSize: pageSize))
      space.adopt(list)
      for count in [1, 3, 1, 1, 200] { _ = space.allocate(count) }
      _ = space.unreached()
    })

  /// The same run as the value of a cell.
  private static func checkOverflow(
    _ store: PageStore, _ slot: MetaSlot, length: Int, _ run: [UInt8]
  ) throws {
    let leaf = Page(number: 99, runLength: 1, pageSize: pageSize, creation: 0)
    leaf.format(kind: .leaf, level: 0, tree: 0, lsn: 1)
    var reference = [UInt8](repeating: 0, count: PageReference.size)
    reference.withUnsafeMutableBytes { if let base = $0.baseAddress { slot.freeSpace.store(at: base) } }
    let valueLength = max(0, length * pageSize - PageFormat.headerSize)
    let fits = [UInt8(1)].withUnsafeBytes { key in
      reference.withUnsafeBytes {
        Node(leaf).insertLeaf(at: 0, key: key, valueLength: valueLength, stored: $0, overflow: true)
      }
    }
    try require(fits, "a cell does not fit into an empty page")
    guard length > 0, let found = try? store.overflowRun(of: Node(leaf), at: 0) else { return }
    let value = Overflow.value(of: found, length: valueLength)
    try require(value.elementsEqual(run[PageFormat.headerSize...]), "a value is not what the run holds")
    store.cache.removeAll()
  }

  private static func freeListSeeds() -> [[UInt8]] {
    let extents: [[(UInt64, UInt64)]] = [
      [], [(17, 1)], [(16, 3), (20, 5), (60, 2), (70, 30)],
      (0..<400).map { (UInt64(16 + 3 * $0), 2) },
    ]
    return extents.flatMap { list -> [[UInt8]] in
      let length = (PageFormat.headerSize + 8 + 16 * list.count + pageSize - 1) / pageSize
      var run = [UInt8](repeating: 0, count: PageFormat.headerSize + 8 + 16 * list.count)
      run.storeLittleEndian(UInt64(list.count), at: PageFormat.headerSize)
      for (index, extent) in list.enumerated() {
        run.storeLittleEndian(extent.0, at: PageFormat.headerSize + 8 + 16 * index)
        run.storeLittleEndian(extent.1, at: PageFormat.headerSize + 16 + 16 * index)
      }
      return [PageKind.freeSpace, .overflow].map { kind in
        run[PageFormat.kind] = kind.rawValue
        return [0, UInt8(length), 0, 8, 0, 0] + run
      }
    }
  }
}
