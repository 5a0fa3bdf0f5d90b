import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

/// The structures below the trees, each against something simple.
@Suite struct StructureTests {
  @Test("the page table holds what was put in, whatever was removed", arguments: [1, 2, 3])
  func pageTable(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var table = PageTable()
    var model: [UInt64: Page] = [:]
    for step in 0..<20_000 {
      let number = random.next() % 400
      if let page = model[number] {
        #expect(table[number] === page, "seed \(seed), step \(step)")
        if random.next() % 2 == 0 {
          table.remove(number)
          model[number] = nil
        }
      } else {
        #expect(table[number] == nil, "seed \(seed), step \(step)")
        let page = Page(number: number, runLength: 1, pageSize: 16, creation: 1)
        table.insert(page)
        model[number] = page
      }
      #expect(table.count == model.count)
    }
    for number in 0..<400 as Range<UInt64> { #expect(table[number] === model[number]) }
  }

  @Test("free space never hands out a page twice, nor a reserved or a reached one", arguments: [1, 2, 3])
  func freeSpace(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    let reserved = [Extent(start: 0, count: 16), Extent(start: 64, count: 1)]
    var space = FreeSpace(highWater: 16, reserved: reserved)
    var used: [UInt64: UInt64] = [:]
    var held: [(extent: Extent, creation: UInt64, retirement: UInt64)] = []
    var version: UInt64 = 1
    var pins: Set<UInt64> = []
    func taken(_ number: UInt64) -> Bool {
      reserved.contains { $0.start <= number && number < $0.end }
        || used.contains { $0.key <= number && number < $0.key + $0.value }
        || held.contains { $0.extent.start <= number && number < $0.extent.end }
    }
    for step in 0..<4000 {
      switch random.next() % 8 {
      case 0, 1, 2, 3:
        let count = random.next() % 4 == 0 ? 1 + Int(random.next() % 12) : 1
        let start = space.allocate(count)
        for number in start..<start + UInt64(count) {
          #expect(!taken(number), "seed \(seed), step \(step), page \(number)")
        }
        used[start] = UInt64(count)
      case 4, 5:
        guard let (start, count) = used.randomElement(using: &random) else { continue }
        used[start] = nil
        let extent = Extent(start: start, count: count)
        if random.next() % 3 == 0 {
          space.addAvailable(extent)
        } else {
          let creation = version - min(version, random.next() % 4)
          held.append((extent, creation, version + 1))
          space.hold(FreeSpace.Held(extent: extent, creation: creation, retirement: version + 1))
        }
      case 6:
        version += 1
        if random.next() % 2 == 0 { pins.insert(version) } else if let pin = pins.min() { pins.remove(pin) }
      default:
        let needed = pins.union([version]).sorted()
        var freed: [UInt64] = []
        space.release(needed: needed, published: version, all: true) { freed.append($0.start) }
        let expected = held.filter { entry in
          entry.retirement <= version
            && !needed.contains { entry.creation <= $0 && $0 < entry.retirement }
        }
        #expect(Set(freed) == Set(expected.map(\.extent.start)), "seed \(seed), step \(step)")
        held.removeAll { entry in freed.contains(entry.extent.start) }
      }
    }
    // What is free, what waits and what is used make up the whole.
    let counted =
      space.availablePages + space.heldPages + used.values.reduce(0, +)
      + reserved.filter { $0.end <= space.highWater }.reduce(0) { $0 + $1.count }
    #expect(counted == space.highWater)
  }

  /// Trees of different heights: keys of so many bytes, so many of them, and how high the tree then is.
  static let trees: [(keyBytes: Int, count: Int, height: Int)] = [
    (12, 0, 0), (12, 10, 1), (12, 2000, 2), (200, 1500, 3), (900, 700, 5),
  ]

  /// A storage with such a tree, whose keys have long beginnings in common and whose values are at times long, and what
  /// is in it.
  private func makeTree(
    _ tree: (keyBytes: Int, count: Int, height: Int), _ random: inout SplitMix64
  ) throws -> (Storage, Model) {
    let storage = try Storage.open(path, try makeOptions(try makeDisk(), cacheBytes: 1 << 20))
    var model = Model()
    try storage.write { transaction in
      for _ in 0..<tree.count {
        let key = treeKey(tree.keyBytes, &random)
        let value = [UInt8](repeating: UInt8(random.next() % 250), count: random.next() % 20 == 0 ? 2000 : 20)
        try transaction.put(1, key, value)
        model[key] = value
      }
    }
    try storage.checkpoint()
    #expect(try storage.snapshot().version.tree(1).height == tree.height)
    return (storage, model)
  }

  private func treeKey(_ bytes: Int, _ random: inout SplitMix64) -> [UInt8] {
    let end = String(random.next() % 100_000)
    return [UInt8](repeating: 0x61, count: bytes - 5) + end.utf8.prefix(random.next() % 10 == 0 ? 2 : 5)
  }

  @Test("lookups that are prepared together find what single ones do", arguments: trees.indices)
  func preparedLookups(_ number: Int) throws {
    let tree = Self.trees[number]
    var random = SplitMix64(seed: UInt64(number))
    let (storage, model) = try makeTree(tree, &random)
    let known = Array(model.keys)
    for isCold in [false, true] {
      var lookup = try storage.snapshot().lookup(1)
      for round in 0..<60 {
        if isCold, round % 10 == 0 { storage.store.cache.removeClean() }
        let keys = (0..<1 + Int(random.next() % 40)).map { _ in
          known.isEmpty || random.next() % 3 == 0
            ? treeKey(tree.keyBytes, &random) : known[Int(random.next() % UInt64(known.count))]
        }
        var found: [[UInt8]?] = []
        let memory = keys.map { UnsafeMutableRawBufferPointer.allocate(byteCount: $0.count, alignment: 1) }
        defer { memory.forEach { $0.deallocate() } }
        for (key, bytes) in zip(keys, memory) { bytes.copyBytes(from: key) }
        let wanted = memory.map { UnsafeRawBufferPointer($0) }
        wanted.withUnsafeBufferPointer { lookup.prepare($0) }
        for place in wanted.indices {
          try lookup.read(place, ofKey: wanted[place]) { value in found.append(value.map { [UInt8]($0) }) }
        }
        #expect(found == keys.map { model[$0] }, "tree \(number), round \(round), cold \(isCold)")
      }
    }
    try storage.close()
  }

  @Test("a cursor that reads on gives the next entries, and stands at the last", arguments: trees.indices)
  func readingOn(_ number: Int) throws {
    let tree = Self.trees[number]
    var random = SplitMix64(seed: UInt64(number))
    let (storage, model) = try makeTree(tree, &random)
    let keys = model.keys.sorted { $0.lexicographicallyPrecedes($1) }
    var countAtOnce = 0
    for round in 0..<200 {
      var cursor = try storage.snapshot().cursor(1)
      let start = treeKey(tree.keyBytes, &random)
      let bound = random.next() % 4 == 0 ? nil : treeKey(tree.keyBytes, &random)
      let limit = Int(random.next() % 8)
      guard try start.withUnsafeBytes({ try cursor.seek($0) }), let first = cursor.key else { continue }
      let rest = keys[(keys.firstIndex(of: first) ?? 0)...].dropFirst()
        .prefix { key in bound.map { key.lexicographicallyPrecedes($0) } ?? true }
      var read: [[UInt8]] = []
      func readOn() -> Int {
        let before = read.count
        let add = { (key: UnsafeRawBufferPointer, value: UnsafeRawBufferPointer) in
          #expect(model[[UInt8](key)] == [UInt8](value))
          read.append([UInt8](key))
        }
        let count =
          if let bound { bound.withUnsafeBytes { cursor.readOn(limit, below: $0, add) } } else {
            cursor.readOn(limit, below: nil, add)
          }
        #expect(count <= limit && read.count == before + count)
        #expect(cursor.key == read.last ?? first)
        countAtOnce += count
        return count
      }
      while true {
        if readOn() > 0 { continue }
        // Where it cannot be had at once, it takes a step.
        guard try cursor.next(), let key = cursor.key,
          bound.map({ key.lexicographicallyPrecedes($0) }) ?? true
        else {
          break
        }
        read.append(key)
      }
      #expect(read == Array(rest), "tree \(number), round \(round)")
    }
    #expect(countAtOnce > 0 || model.isEmpty)
    try storage.close()
  }

  @Test("cursors find, and walk both ways, what a sorted list has", arguments: [1, 2, 3])
  func cursors(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let storage = try Storage.open(path, try makeOptions(try makeDisk()))
    var model = Model()
    try storage.write { transaction in
      for _ in 0..<3000 {
        let (key, value) = (randomKey(&random, range: 5000), randomValue(&random))
        try transaction.put(1, key, value)
        model[key] = value
      }
    }
    let keys = model.keys.sorted { $0.lexicographicallyPrecedes($1) }
    let snapshot = try storage.snapshot()
    var cursor = try snapshot.cursor(1)
    var backwards: [[UInt8]] = []
    var more = try cursor.last()
    while more {
      backwards.append(cursor.key ?? [])
      more = try cursor.previous()
    }
    #expect(backwards == keys.reversed())
    for _ in 0..<500 {
      let target = randomKey(&random, range: 6000)
      var cursor = try snapshot.cursor(1)
      _ = try target.withUnsafeBytes { try cursor.seek($0) }
      let above = keys.firstIndex { !$0.lexicographicallyPrecedes(target) }
      #expect(cursor.key == above.map { keys[$0] })
      if let above, random.next() % 2 == 0 {
        try cursor.previous()
        #expect(cursor.key == (above > 0 ? keys[above - 1] : nil))
      }
      _ = try target.withUnsafeBytes { try cursor.seekBack($0) }
      #expect(cursor.key == keys.last { !target.lexicographicallyPrecedes($0) })
    }
    try storage.close()
  }

  @Test("a transaction's cursor walks both ways over the tree and its own writes", arguments: [1, 2, 3])
  func mergedCursors(seed: UInt64) throws {
    struct Rollback: Error {}
    var random = SplitMix64(seed: seed)
    let storage = try Storage.open(path, try makeOptions(try makeDisk()))
    var model = Model()
    func change(_ transaction: WriteTransaction, _ count: Int) throws {
      for _ in 0..<count {
        let key = randomKey(&random, range: 300)
        if random.next() % 3 == 0 {
          try transaction.delete(1, key)
          model[key] = nil
        } else {
          let value = randomValue(&random)
          try transaction.put(1, key, value)
          model[key] = value
        }
      }
    }
    try storage.write { try change($0, 200) }
    let before = model
    for round in 0..<20 {
      model = before
      do {
        try storage.write { transaction in
          try change(transaction, 60)
          let keys = model.keys.sorted { $0.lexicographicallyPrecedes($1) }
          var cursor = try transaction.cursor(1)
          func key() throws -> [UInt8]? { try cursor.withEntry { key, value in [UInt8](key) } }
          // A walk that turns at random, followed by an index into the sorted keys.
          let target = randomKey(&random, range: 400)
          _ = try target.withUnsafeBytes { try cursor.seek($0) }
          var index = keys.firstIndex { !$0.lexicographicallyPrecedes(target) } ?? keys.count
          for _ in 0..<300 where keys.indices.contains(index) {
            let found = try key()
            #expect(found == keys[index], "seed \(seed), round \(round)")
            if random.next() % 2 == 0 {
              index += 1
              try cursor.next()
            } else {
              index -= 1
              try cursor.previous()
            }
          }
          var backwards: [[UInt8]] = []
          var more = try cursor.last()
          while more {
            if let key = try key() { backwards.append(key) }
            more = try cursor.previous()
          }
          #expect(backwards == keys.reversed(), "seed \(seed), round \(round)")
          _ = try target.withUnsafeBytes { try cursor.seekBack($0) }
          let found = try key()
          #expect(found == keys.last { !target.lexicographicallyPrecedes($0) })
          throw Rollback()
        }
      } catch is Rollback {}
    }
    try storage.close()
  }

  @Test("no two writes of pages use the same nonce under the same key, within an opening and across openings")
  func pageNonces() throws {
    let id = DatabaseID(low: 1, high: 2)
    let random = SeededRandom(seed: 3)
    var seen: Set<[UInt8]> = []
    for _ in 0..<20 {
      // Each opening has a codec of its own.
      let codec = PageCodec(pageSize: 4096, databaseID: id, key: try testKey(), random: random)
      for number in 0..<50 as Range<UInt64> {
        // The same page again and again, as a spilled and rewritten one.
        let page = Page(number: 8 + number % 2, runLength: 1, pageSize: 4096, creation: 1)
        page.format(kind: .leaf, level: 0, tree: 1, lsn: 1)
        _ = try codec.seal(page.buffer, kindFlags: 0)
        let used = [UInt8](page.buffer[PageFormat.salt..<PageFormat.nonce + 8])
        #expect(seen.insert(used).inserted)
      }
    }
    #expect(seen.count == 1000)
  }

  @Test("no two slots, key blocks or files of operations set aside share what their key and nonce come from")
  func otherNonces() throws {
    let disk = try makeDisk()
    let storage = try Storage.open(path, try makeOptions(disk))
    let log = try #require(storage.log).id
    let id = DatabaseID(low: 1, high: 2)
    let (key, random) = (try testKey(), SeededRandom(seed: 4))
    var slots: Set<[UInt8]> = []
    var blocks: Set<[UInt8]> = []
    var files: Set<[UInt8]> = []
    for _ in 0..<50 {
      // The same contents each time, as an attempt that is repeated after a crash has them.
      slots.insert(Array(try MetaSlot().encoded(id, key: key, random: random)[440..<452]))
      let made = try KeyBlock.make(
        pageSize: 4096, databaseID: id, created: 1, credential: .key(key), random: random)
      blocks.insert(made.block.salt)
      var aside = SetAside(id, key: key, log: log, random: random)
      try aside.add([1, 2, 3], count: 1, lsn: 1, timestamp: 1)
      try aside.write(to: Quarantine(path, disk))
      files.insert(Array(try #require(disk.contents(of: "\(path)-quarantine/\(aside.name)"))[48..<80]))
    }
    #expect(slots.count == 50 && blocks.count == 50 && files.count == 50)
    try storage.close()
  }

  @Test(
    "a page that passes the check can be read and changed without harm, whatever is in it",
    arguments: [1, 2, 3])
  func forgedPages(seed: UInt64) {
    var random = SplitMix64(seed: seed)
    var accepted = 0
    for round in 0..<4000 {
      let level = round % 2
      let page = Page(number: 9, runLength: 1, pageSize: 4096, creation: 1)
      page.format(kind: level == 0 ? .leaf : .internal, level: level, tree: 1, lsn: 1)
      let node = Node(page)
      for number in 0..<(1 + random.next() % 20) as Range<UInt64> {
        let key = number.key16
        key.withUnsafeBytes { key in
          if level == 0 {
            _ = node.insertLeaf(
              at: node.count, key: key, valueLength: 16, stored: key, overflow: false)
          } else {
            _ = node.insertChild(
              at: node.count, key: key, child: PageReference(number: number + 9, tag: .unset))
          }
        }
      }
      for _ in 0..<(random.next() % 4) {
        // Header, slots and cells, where lengths and offsets are.
        let place =
          random.next() % 3 == 0 ? 80 + random.next() % 60 : UInt64(node.cellStart) + random.next() % 200
        page.bytes.storeBytes(
          of: UInt8(truncatingIfNeeded: random.next()), toByteOffset: Int(min(place, 4095)), as: UInt8.self)
      }
      guard node.isWellFormed(pageSize: 4096) else { continue }
      accepted += 1
      for number in 0..<25 as Range<UInt64> {
        number.key16.withUnsafeBytes { key in
          if level == 0 {
            let (index, found) = node.search(key)
            if found { _ = [UInt8](node.storedValue(index)) }
          } else {
            _ = node.childNumber(node.childIndex(key))
          }
        }
      }
      node.compact()
      while node.count > 0 {
        _ = [UInt8](node.cellBytes(0))
        node.remove(at: Int(random.next() % UInt64(node.count)))
      }
    }
    #expect(accepted > 500, "seed \(seed)")
  }

  @Test("verification reports keys out of order or out of bounds, wrong counts, and pages reached twice")
  func verification() throws {
    let storage = try Storage.open(path, try makeOptions(try makeDisk()))
    for number in 0..<300 as Range<UInt64> {
      try storage.put(1, number.key16, [UInt8](repeating: 1, count: 60), .unsafe)
    }
    try storage.put(1, UInt64(1000).key16, [UInt8](repeating: 2, count: 9000))
    let tree = storage.versions.current.tree(1)
    #expect(tree.height == 2)
    let root = Node(try storage.store.root(of: tree))
    let leaf = Node(try storage.store.child(of: root, at: 1))
    #expect(try storage.verify().isIntact)

    /// What is reported while the pages in memory are changed so.
    func problems(_ tree: TreeRoot, _ change: () -> Void = {}, undo: () -> Void = {}) -> [String] {
      change()
      var walk = TreeWalk(store: storage.store)
      walk.walk(tree)
      undo()
      return walk.problems
    }
    func swapBytes(_ a: UnsafeRawBufferPointer, _ b: UnsafeRawBufferPointer) {
      let (first, second) = ([UInt8](a), [UInt8](b))
      UnsafeMutableRawBufferPointer(mutating: a).copyBytes(from: second)
      UnsafeMutableRawBufferPointer(mutating: b).copyBytes(from: first)
    }
    let swapInside = { swapBytes(leaf.key(3), leaf.key(4)) }
    #expect(problems(tree, swapInside, undo: swapInside).contains { $0.contains("not in order") })
    // A key that is in order among its own, but belongs to another page.
    let last = leaf.key(leaf.count - 1)
    let behind = UInt64(900).key16
    var original: [UInt8] = []
    let outside = problems(
      tree,
      {
        original = [UInt8](last)
        UnsafeMutableRawBufferPointer(mutating: last).copyBytes(from: behind)
      }, undo: { UnsafeMutableRawBufferPointer(mutating: last).copyBytes(from: original) })
    #expect(outside.count == 1 && outside.first?.contains("outside the bounds") == true)
    // Two references to one child.
    let (second, third) = (root.childReference(1), root.childReference(2))
    let (own, other) = (PageReference(at: second), PageReference(at: third))
    let twice = problems(tree, { other.store(at: second) }, undo: { own.store(at: second) })
    #expect(twice.contains { $0.contains("reached twice") })

    var wrong = tree
    wrong.count += 1
    #expect(problems(wrong).count == 1 && problems(wrong)[0].contains("entries"))
    wrong = tree
    wrong.overflowRuns += 1
    #expect(problems(wrong).count == 1 && problems(wrong)[0].contains("overflow runs"))
    #expect(try storage.verify().isIntact)
    try storage.close()
  }

  @Test("ascending inserts fill their pages")
  func bulkLoad() throws {
    let storage = try Storage.open(path, try makeOptions(try makeDisk(), cacheBytes: 16 << 20))
    for batch in 0..<20 as Range<UInt64> {
      try storage.write { transaction in
        for number in 0..<500 as Range<UInt64> {
          try transaction.put(1, (batch * 500 + number).key16, [UInt8](repeating: 1, count: 100))
        }
      }
    }
    // 126 bytes an entry with cell header and slot: 31 fit into a page of 4096.
    let leaves = storage.store.cache.pages { $0.tree == 1 && $0.kind == .leaf && $0.retirement == .max }
    #expect(leaves.count <= 10_000 / 31 + 2)
    #expect(storage.checkInvariants() == [])
    try storage.close()
  }
}
