import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

/// What damaged bytes, and writes that a disk lost or misplaced, do: an error, or nothing. Never other data.
@Suite struct DamageTests {
  /// A small closed database with every kind of page, and what is in it.
  private func prepare(encrypted: Bool) throws -> (SimulatedDisk.Image, [Model]) {
    let disk = try makeDisk()
    let storage = try Storage.open(path, try makeOptions(disk, encrypted: encrypted))
    for number in 0..<150 {
      try storage.put(1, text("key-\(1000 + number)"), [UInt8](repeating: UInt8(number), count: 40), .unsafe)
    }
    try storage.put(2, text("large"), [UInt8](repeating: 7, count: 9000))
    try storage.checkpoint()
    for number in 0..<60 { try storage.write { try $0.delete(1, text("key-\(1000 + number * 2)")) } }
    let models = [try storage.snapshot().contents(1), try storage.snapshot().contents(2)]
    try storage.close()
    return (disk.snapshotImage(), models)
  }

  @Test(
    "a flipped bit anywhere in a closed database is an error or harmless, never other data",
    arguments: [false, true])
  func everyByte(encrypted: Bool) throws {
    let (image, models) = try prepare(encrypted: encrypted)
    let length = try #require(SimulatedDisk(image: image).contents(of: path)?.count)
    var options = try makeOptions(SimulatedDisk(image: image), encrypted: encrypted)
    options.isReadOnly = true
    var failures = 0
    // Every byte takes minutes: that is for runs with HOLDFAST_EXHAUSTIVE. The unused parts of the header are
    // sampled.
    let step = isExhaustive ? 1 : 23
    let used = [0..<600, 4096..<4700, 8192..<8800, 65536..<length]
    for offset in 0..<length where offset % (used.contains { $0.contains(offset) } ? step : 997) == 0 {
      let disk = SimulatedDisk(image: image)
      #expect(disk.flipBit(path, offset: offset, bit: offset % 8))
      options.fileSystem = disk
      do {
        let storage = try Storage.open(path, options)
        let snapshot = try storage.snapshot()
        let found = [try snapshot.contents(1), try snapshot.contents(2)]
        #expect(found == models, "offset \(offset)")
        try storage.close()
      } catch let error as StorageError {
        failures += 1
        #expect(
          error.code == .corrupted || error.code == .authenticationFailed || error.code == .unsupportedFormat
            || error.code == .notADatabase, "offset \(offset): \(error)")
      }
    }
    #expect(failures > 200)
  }

  @Test(
    "writes that the disk loses or puts elsewhere are noticed when the page is read",
    arguments: [1, 2, 3, 4, 5, 6])
  func lostWrites(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    for round in 0..<(isExhaustive ? 200 : 15) {
      let disk = try makeDisk(seed: seed * 100 + UInt64(round))
      let options = try makeOptions(disk, encrypted: round % 2 == 0)
      var model = Model()
      let storage = try Storage.open(path, options)
      func write(_ count: Int) throws {
        for _ in 0..<count {
          let (key, value) = (randomKey(&random, range: 300), randomValue(&random))
          try storage.put(1, key, value, .unsafe)
          model[key] = value
        }
      }
      try write(100)
      try storage.checkpoint()
      try write(30)
      // The next checkpoint loses or misplaces one of its page writes.
      let fault: Fault = random.next() % 2 == 0 ? .lostWrite : .misdirectedWrite
      disk.schedule(fault, at: disk.operationCount + 1 + Int(random.next() % 8), on: .write, under: path)
      do {
        try storage.close()
        let again = try Storage.open(path, options)
        let found = try again.snapshot().contents(1)
        #expect(found == model, "seed \(seed), round \(round)")
      } catch let error as StorageError {
        #expect(error.code == .corrupted, "seed \(seed), round \(round): \(error)")
      }
    }
  }

  /// A closed database with one tree of many leaves.
  private func manyLeaves() throws -> (SimulatedDisk, StorageOptions) {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    let storage = try Storage.open(path, options)
    for number in 0..<500 {
      try storage.put(1, text("key-\(1000 + number)"), [UInt8](repeating: 1, count: 60), .unsafe)
    }
    try storage.close()
    return (disk, options)
  }

  @Test("damage in one leaf leaves everything else readable and writable")
  func isolation() throws {
    let (disk, options) = try manyLeaves()
    var storage = try Storage.open(path, options)
    let leaf = try #require(
      try text("key-1250").withUnsafeBytes { key in
        try storage.store.leaf(storage.versions.current.tree(1), for: key)
      })
    try storage.close()
    #expect(disk.flipBit(path, offset: Int(leaf.number) * 4096 + 4000, bit: 1))
    storage = try Storage.open(path, options)
    #expect(throws: StorageError.self) { try storage.get(1, text("key-1250")) }
    #expect(throws: StorageError.self) { try storage.put(1, text("key-1250"), text("new")) }
    #expect(try storage.get(1, text("key-1001")) != nil)
    try storage.put(1, text("key-1001"), text("new"))
    #expect(try storage.get(1, text("key-1001")) == text("new"))
    let report = try storage.verify()
    #expect(report.problemCount == 1 && report.problems[0].contains("page \(leaf.number) "))
    try storage.close()
    storage = try Storage.open(path, options)
    #expect(try storage.get(1, text("key-1001")) == text("new"))
    try storage.close()
  }

  @Test("verification reports a root that cannot be read, and walks the other trees")
  func damagedRoot() throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    var storage = try Storage.open(path, options)
    try storage.put(1, text("a"), [1])
    try storage.put(2, text("b"), [2])
    try storage.checkpoint()
    let root = storage.versions.current.tree(1).root.number
    try storage.close()
    #expect(disk.flipBit(path, offset: Int(root) * 4096 + 3000, bit: 1))
    storage = try Storage.open(path, options)
    let report = try storage.verify()
    #expect(report.problemCount == 1 && report.problems.first?.hasPrefix("tree 1: ") == true)
    #expect(report.entries >= 1)
    #expect(try storage.get(2, text("b")) == [2])
    try storage.close()
  }

  @Test("when the newest checkpoint is damaged, the one before and the log make up the same state")
  func olderCheckpoint() throws {
    for encrypted in [false, true] {
      let disk = try makeDisk()
      let options = try makeOptions(disk, encrypted: encrypted)
      var storage: Storage? = try Storage.open(path, options)
      // So many trees that the catalog has more than one level.
      for tree in 1...150 as ClosedRange<UInt64> { try storage?.put(tree, text("a"), [1], .unsafe) }
      try storage?.checkpoint()
      // While readers hold every version, so that the second checkpoint lies where replaying, which nobody
      // reads meanwhile, puts nothing: pages of it that stayed in memory would be there under free numbers.
      var readers: [Snapshot?] = []
      for tree in 100...150 as ClosedRange<UInt64> {
        readers.append(try storage?.snapshot())
        try storage?.put(tree, text("b"), [0])
        try storage?.put(tree, text("b"), [2])
      }
      try storage?.checkpoint()
      readers = []
      try storage?.put(7, text("c"), [3])
      let leaf = try #require(
        try TreeRecord.key(140).withUnsafeBytes { key in
          try storage?.store.leaf(storage?.versions.current.tree(0) ?? TreeRoot(id: 0), for: key)
        })
      // The page that the newest checkpoint wrote for it is the one with that number in the file.
      storage = nil
      disk.killProcess()
      #expect(disk.flipBit(path, offset: Int(leaf.number) * 4096 + 3000, bit: 2))
      let again = try Storage.open(path, options)
      #expect(again.recovery.usedOlderSlot)
      #expect(again.checkInvariants() == [])
      for tree in 1...150 as ClosedRange<UInt64> {
        var expected: Model = [text("a"): [1]]
        if tree >= 100 { expected[text("b")] = [2] }
        if tree == 7 { expected[text("c")] = [3] }
        let found = try again.snapshot().contents(tree)
        #expect(found == expected, "tree \(tree)")
      }
      #expect(again.checkInvariants() == [])
      for tree in 1...150 as ClosedRange<UInt64> { try again.put(tree, text("d"), [4], .unsafe) }
      try again.checkpoint()
      #expect(again.checkInvariants() == [])
      try again.close()
      let last = try Storage.open(path, options)
      #expect(try last.verify().problems == [])
      #expect(try last.get(150, text("d")) == [4])
      try last.close()
    }
  }

  @Test("no key and no value is found in any file of an encrypted database, open or closed")
  func nothingInClear() throws {
    let disk = try makeDisk()
    let storage = try Storage.open(path, try makeOptions(disk, encrypted: true))
    let key = text("a-very-secret-key-name")
    let value = text("a very secret value that must not be seen")
    for number in 0..<100 { try storage.put(1, key + text("\(number)"), value + text("\(number)")) }
    try storage.put(1, text("large"), Array([[UInt8]](repeating: value, count: 500).joined()))
    try storage.checkpoint()
    for number in 0..<10 { try storage.put(1, key + text("again \(number)"), value) }
    func search() throws {
      for file in disk.paths {
        guard let bytes = disk.contents(of: file) else { continue }
        #expect(!contains(bytes, Array("very-secret".utf8)), "\(file)")
        #expect(!contains(bytes, Array("very secret".utf8)), "\(file)")
      }
    }
    try search()
    try storage.close()
    try search()
  }

  @Test(
    "the same calls with the same seed make the same file, byte for byte: nothing of the process's memory is in it"
  )
  func deterministicBytes() throws {
    func bytes() throws -> [UInt8]? {
      let disk = try makeDisk()
      let storage = try Storage.open(path, try makeOptions(disk))
      for number in 0..<300 {
        try storage.put(
          1, text("key-\(1000 + number)"), [UInt8](repeating: UInt8(number % 251), count: number * 7))
      }
      try storage.close()
      return disk.contents(of: path)
    }
    let first = try bytes()
    // Dirty the memory that the second run gets.
    for size in [4096, 4096, 8192, 4096] { _ = [UInt8](repeating: 0xEE, count: size) }
    #expect(try bytes() == first)
  }

  private func contains(_ bytes: [UInt8], _ pattern: [UInt8]) -> Bool {
    bytes.withUnsafeBytes { area in
      guard area.count >= pattern.count else { return false }
      for start in 0...(area.count - pattern.count) where area[start] == pattern[0] {
        if pattern.indices.allSatisfy({ area[start + $0] == pattern[$0] }) { return true }
      }
      return false
    }
  }
}
