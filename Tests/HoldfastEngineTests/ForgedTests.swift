import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

/// Files that somebody made on purpose: all checksums and tags are right, and the pages make no tree.
@Suite struct ForgedTests {
  /// A database in which tree 1 (or the catalog) has internal pages that each refer many times to the same
  /// page below, down to one leaf: few pages, and a walk that is not careful never ends.
  private func forge(tree: UInt64, levels: Int, leafEntries: Int) throws -> StorageOptions {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    try Storage.open(path, options).close()
    var file = try #require(disk.contents(of: path))
    guard case .valid(let block) = KeyBlock.decode(Array(file.prefix(HeaderFormat.blockSize))) else {
      Issue.record("the database has no key block")
      return options
    }
    let codec = PageCodec(
      pageSize: 4096, databaseID: block.databaseID, key: nil, random: SeededRandom(seed: 1))
    func append(_ page: Page) throws -> PageReference {
      let tag = try codec.seal(page.buffer, kindFlags: page.flags)
      file += [UInt8](page.buffer)
      return PageReference(number: page.number, tag: tag)
    }
    func newPage(_ tree: UInt64, _ level: Int) -> Page {
      let page = Page(number: UInt64(file.count / 4096), runLength: 1, pageSize: 4096, creation: 0)
      page.format(kind: level == 0 ? .leaf : .internal, level: level, tree: tree, lsn: 1)
      return page
    }
    func add(_ key: [UInt8], _ value: [UInt8], to page: Page) {
      let isAdded = key.withUnsafeBytes { key in
        value.withUnsafeBytes {
          Node(page).insertLeaf(
            at: Node(page).count, key: key, valueLength: $0.count, stored: $0, overflow: false)
        }
      }
      #expect(isAdded)
    }
    let leaf = newPage(tree, 0)
    for entry in 0..<leafEntries { add([9, UInt8(entry)], [UInt8(entry)], to: leaf) }
    var root = try append(leaf)
    for level in 1..<levels {
      let page = newPage(tree, level)
      for index in 0..<50 {
        #expect(
          [9, UInt8(index)].withUnsafeBytes { Node(page).insertChild(at: index, key: $0, child: root) })
      }
      root = try append(page)
    }
    var slot = MetaSlot()
    slot.catalog = TreeRoot(id: 0, root: root, height: levels, count: 1)
    if tree != TreeRoot.catalogID {
      let catalog = newPage(TreeRoot.catalogID, 0)
      let record = TreeRoot(id: tree, root: root, height: levels, count: 1, overflowRuns: 1)
      add(TreeRecord.key(tree), TreeRecord.value(record), to: catalog)
      slot.catalog = TreeRoot(id: 0, root: try append(catalog), height: 1, count: 1)
    }
    slot.highWater = UInt64(file.count / 4096)
    slot.nextTree = 2
    disk.setContents(file, of: path)
    for offset in HeaderFormat.slotOffsets {
      slot.generation += 1
      let bytes = try slot.encoded(block.databaseID, key: nil, random: SeededRandom(seed: 1))
      #expect(disk.overwrite(path, offset: Int(offset), with: bytes))
    }
    return options
  }

  @Test("pages that refer to the same page again and again make no endless scan", arguments: [false, true])
  func endlessScan(isBackward: Bool) throws {
    let storage = try Storage.open(path, try forge(tree: 1, levels: 3, leafEntries: 3))
    var cursor = try storage.snapshot().cursor(1)
    let error = #expect(throws: StorageError.self) {
      var count = 0
      var more = isBackward ? try cursor.last() : try cursor.first()
      while more {
        count += 1
        more = isBackward ? try cursor.previous() : try cursor.next()
      }
      Issue.record("\(count) entries of a leaf that has 3")
    }
    #expect(error?.code == .corrupted)
    #expect(try storage.verify().problemCount > 0)
    try storage.close()
  }

  @Test("nor does a leaf without entries, on which no scan would stop, when the database is opened")
  func emptyLeaf() throws {
    let options = try forge(tree: TreeRoot.catalogID, levels: 3, leafEntries: 0)
    #expect(throws: StorageError.self) { try Storage.open(path, options) }
  }

  @Test("nor can such a tree be cleared, and nothing changes")
  func endlessClear() throws {
    let storage = try Storage.open(path, try forge(tree: 1, levels: 3, leafEntries: 3))
    #expect(throws: StorageError.self) { try storage.write { try $0.clearTree(1) } }
    #expect(storage.failure == nil)
    #expect(try storage.get(1, [9, 1]) == [1])
    try storage.close()
  }
}
