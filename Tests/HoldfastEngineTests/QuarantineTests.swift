import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// Damage stays where it is: what it concerns is named, set aside and remembered, and all else goes on.
@Suite struct QuarantineTests {
  private let size = 4096

  private func key(_ number: Int) -> [UInt8] { text("key-\(1000 + number)") }

  /// An open database with one tree of many leaves, all in the file and none in memory.
  private func prepare(
    _ disk: SimulatedDisk, _ options: StorageOptions, count: Int = 500
  ) throws -> (Storage, Model) {
    var storage = try Storage.open(path, options)
    var model = Model()
    for number in 0..<count {
      model[key(number)] = [UInt8](repeating: 1, count: 60)
      try storage.put(1, key(number), [UInt8](repeating: 1, count: 60), .unsafe)
    }
    try storage.put(2, text("other"), [5])
    try storage.close()
    storage = try Storage.open(path, options)
    return (storage, model)
  }

  private func leaf(_ storage: Storage, _ key: [UInt8], _ tree: UInt64 = 1) throws -> Page {
    try #require(
      try key.withUnsafeBytes { try storage.store.leaf(storage.versions.current.tree(tree), for: $0) })
  }

  private func keys(_ page: Page) -> [[UInt8]] { (0..<Node(page).count).map { [UInt8](Node(page).key($0)) } }

  private func covers(_ range: DamagedRange, _ key: [UInt8]) -> Bool {
    (range.lower.map { !key.lexicographicallyPrecedes($0) } ?? true)
      && (range.upper.map { key.lexicographicallyPrecedes($0) } ?? true)
  }

  /// Kills the process that has `storage` open, and damages a page of the file.
  private func kill(_ storage: inout Storage?, _ disk: SimulatedDisk, damaging page: UInt64) {
    storage = nil
    disk.killProcess()
    #expect(disk.flipBit(path, offset: Int(page) * size + 4000, bit: 1))
  }

  private func quarantined(_ disk: SimulatedDisk) -> [String] {
    disk.paths.filter { $0.hasPrefix(path + "-quarantine/") && !$0.hasSuffix("/") }
  }

  /// Everything that can be read is as the model says; what cannot be is in a damaged range. Returns how many
  /// keys cannot be read.
  @discardableResult
  private func compare(_ storage: Storage, _ model: Model, _ note: String = "") throws -> Int {
    var unreadable = 0
    for (key, value) in model {
      do {
        let found = try storage.get(1, key)
        #expect(found == value, "\(note)")
      } catch let error as StorageError {
        #expect(error.code == .corrupted, "\(note): \(error)")
        let range = try #require(error.damage)
        #expect(covers(range, key), "\(note): a key is outside of the range that is said to be damaged")
        unreadable += 1
      }
    }
    return unreadable
  }

  // MARK: Found while reading

  @Test(
    "an error about a damaged leaf names tree, page and exactly the keys of that leaf",
    arguments: [250, 0, 499])
  func bounds(number: Int) throws {
    let disk = try makeDisk()
    var (storage, model) = try prepare(disk, try makeOptions(disk))
    let page = try leaf(storage, key(number))
    let concerned = keys(page)
    try storage.close()
    #expect(disk.flipBit(path, offset: Int(page.number) * size + 4000, bit: 1))
    storage = try Storage.open(path, try makeOptions(disk))
    #expect(storage.damage.isEmpty)
    var inRange: [DamagedRange] = []
    for (key, _) in model {
      do { _ = try storage.get(1, key) } catch let error as StorageError {
        inRange.append(try #require(error.damage))
        #expect(concerned.contains(key))
        #expect(!error.message.contains("key-"))
      }
    }
    #expect(inRange.count == concerned.count)
    let range = try #require(storage.damage.first)
    #expect(storage.damage.count == 1 && inRange.allSatisfy { $0 == range })
    #expect(range.tree == 1 && range.page == page.number && range.level == 0 && range.fault == .damaged)
    #expect(!range.isCutOff)
    for key in model.keys { #expect(covers(range, key) == concerned.contains(key)) }
    // The same from a transaction, from a cursor and from a verification.
    try storage.write { transaction in
      for _ in 0..<2 {
        let error = try #require(throws: StorageError.self) { try transaction.get(1, key(number)) }
        #expect(error.damage == range)
        // The way down that failed is not taken for a leaf by the next call.
        let other = try transaction.get(1, key(number == 0 ? 400 : 10))
        #expect(other == model[key(number == 0 ? 400 : 10)])
      }
    }
    var cursor = try storage.snapshot().cursor(1)
    let error = try #require(throws: StorageError.self) {
      try key(number).withUnsafeBytes { _ = try cursor.seek($0) }
    }
    #expect(error.damage == range)
    let report = try storage.verify()
    #expect(report.problemCount == 1 && storage.damage == [range])
    try storage.close()
  }

  @Test("a cursor that meets a damaged leaf can go on behind it and before it")
  func cursor() throws {
    let disk = try makeDisk()
    var (storage, model) = try prepare(disk, try makeOptions(disk))
    let page = try leaf(storage, key(250))
    let lost = Set(keys(page))
    try storage.close()
    #expect(disk.flipBit(path, offset: Int(page.number) * size + 4000, bit: 1))
    storage = try Storage.open(path, try makeOptions(disk))
    for backwards in [false, true] {
      var found: [[UInt8]] = []
      var errors = 0
      var cursor = try storage.snapshot().cursor(1)
      var more = backwards ? try cursor.last() : try cursor.first()
      while more {
        found.append(try #require(cursor.key))
        do { more = backwards ? try cursor.previous() : try cursor.next() } catch {
          errors += 1
          #expect(cursor.key == nil)
          more = backwards ? try cursor.previous() : try cursor.next()
        }
      }
      #expect(errors == 1)
      let expected = model.keys.filter { !lost.contains($0) }.sorted { $0.lexicographicallyPrecedes($1) }
      #expect(found == (backwards ? expected.reversed() : expected))
    }
    try storage.close()
  }

  @Test(
    "a damaged page is copied to the quarantine and remembered across a clean close",
    arguments: [false, true])
  func remembered(encrypted: Bool) throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk, encrypted: encrypted)
    var (storage, _) = try prepare(disk, options)
    let page = try leaf(storage, key(250))
    try storage.close()
    #expect(disk.flipBit(path, offset: Int(page.number) * size + 4000, bit: 1))
    let image = try #require(disk.contents(of: path))
    storage = try Storage.open(path, options)
    #expect(throws: StorageError.self) { try storage.get(1, key(250)) }
    let range = try #require(storage.damage.first)
    try storage.put(2, text("other"), [6])
    try storage.close()
    storage = try Storage.open(path, options)
    let again = try #require(storage.damage.first)
    #expect(storage.damage.count == 1 && again.time > 0)
    #expect(again.lower == range.lower && again.upper == range.upper && again.page == range.page)
    #expect(try storage.get(2, text("other")) == [6])
    let copies = quarantined(disk)
    #expect(copies.count == 1 && copies[0].hasPrefix("\(path)-quarantine/page-\(page.number)-"))
    let start = Int(page.number) * size
    let isSame = disk.contents(of: copies.first ?? "") == Array(image[start..<start + size])
    #expect(isSame)
    try storage.close()
    #expect(quarantined(disk) == copies)
    #expect(disk.paths.filter { !$0.hasSuffix("/") && !$0.contains("quarantine") } == [path])
  }

  @Test(
    "damage is forgotten when the tree is cleared, when its value is replaced, and when it reads well again")
  func forgotten() throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    var (storage, model) = try prepare(disk, options)
    try storage.put(2, text("large"), [UInt8](repeating: 7, count: 20_000))
    let page = try leaf(storage, key(250))
    let run = try #require(
      try storage.store.pages(of: storage.versions.current.tree(2)).extents.first { $0.count > 1 })
    try storage.close()
    let offsets = [Int(page.number) * size + 4000, Int(run.start) * size + 9000]
    for offset in offsets { #expect(disk.flipBit(path, offset: offset, bit: 1)) }
    storage = try Storage.open(path, options)
    #expect(throws: StorageError.self) { try storage.get(1, key(250)) }
    #expect(throws: StorageError.self) { try storage.get(2, text("large")) }
    let range = try #require(storage.damage.first { $0.tree == 2 })
    #expect(
      range.lower == text("large") && range.upper == text("large") + [0] && range.runLength == Int(run.count))
    #expect(try storage.get(2, text("other")) == [5])
    try storage.checkpoint()

    // Bytes that come back are good again; the run's entry is replaced.
    #expect(disk.flipBit(path, offset: offsets[0], bit: 1))
    try storage.put(2, text("large"), [UInt8](repeating: 8, count: 20_000))
    #expect(try storage.verify().isIntact)
    #expect(storage.damage.isEmpty)
    try compare(storage, model)
    try storage.close()
    storage = try Storage.open(path, options)
    #expect(storage.damage.isEmpty)
    try storage.close()

    #expect(disk.flipBit(path, offset: offsets[0], bit: 1))
    storage = try Storage.open(path, options)
    #expect(throws: StorageError.self) { try storage.get(1, key(250)) }
    try storage.checkpoint()
    #expect(storage.damage.count == 1)
    try storage.write { try $0.clearTree(1) }
    #expect(storage.damage.isEmpty && storage.checkInvariants() == [])
    try storage.close()
    storage = try Storage.open(path, options)
    #expect(storage.damage.isEmpty && storage.recovery.wasClean)
    #expect(try storage.snapshot().contents(1) == [:])
    try storage.close()
  }

  @Test("verify does not forget what it could not look at")
  func unansweringDisk() throws {
    let disk = try makeDisk()
    var (storage, _) = try prepare(disk, try makeOptions(disk))
    let page = try leaf(storage, key(250))
    try storage.close()
    #expect(disk.flipBit(path, offset: Int(page.number) * size + 4000, bit: 1))
    storage = try Storage.open(path, try makeOptions(disk))
    #expect(throws: StorageError.self) { try storage.get(1, key(250)) }
    disk.schedule(.error(EIO, .fromThenOn), at: disk.operationCount + 1, on: .read)
    #expect(try !storage.verify().isIntact)
    disk.clearFaults()
    #expect(storage.damage.map(\.page) == [page.number])
    try storage.close()
  }

  @Test("emptying the leaf beside a damaged one does not spread the damage", arguments: [false, true])
  func emptiedNeighbour(isLast: Bool) throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    var (storage, model) = try prepare(disk, options)
    // The leaf before the last, or the first one, is damaged; the one behind it is emptied.
    let last = try leaf(storage, key(499))
    let first = try #require(keys(last).first)
    let number = (0..<500).first { key($0) == first } ?? 0
    let damaged = try leaf(storage, isLast ? key(number - 1) : key(0))
    let lost = Set(keys(damaged))
    let emptied = isLast ? last : try leaf(storage, key(lost.count))
    try storage.close()
    #expect(disk.flipBit(path, offset: Int(damaged.number) * size + 4000, bit: 1))
    storage = try Storage.open(path, options)
    for key in keys(emptied) {
      try storage.write { try $0.delete(1, key) }
      model[key] = nil
    }
    #expect(storage.failure == nil)
    // What is put there now, and behind it, finds its place.
    for key in [keys(emptied)[0], text("key-9999")] {
      try storage.put(1, key, [9])
      model[key] = [9]
    }
    #expect(try compare(storage, model) == lost.count)
    for key in keys(emptied).dropFirst() {
      let found = try storage.get(1, key)
      #expect(found == nil)
    }
    // In one transaction, too: it empties the leaf again and puts something in.
    try storage.write { transaction in
      try transaction.delete(1, keys(emptied)[0])
      try transaction.put(1, keys(emptied)[1], [7])
    }
    model[keys(emptied)[0]] = nil
    model[keys(emptied)[1]] = [7]
    try storage.write { try $0.delete(1, keys(emptied)[1]) }
    model[keys(emptied)[1]] = nil
    #expect(try compare(storage, model) == lost.count)
    var cursor = try storage.snapshot().cursor(1)
    var count = 0
    for backwards in [false, true] {
      var more = backwards ? try cursor.last() : (try? cursor.first()) ?? true
      while more {
        if cursor.key != nil { count += 1 }
        more = (try? backwards ? cursor.previous() : cursor.next()) ?? true
      }
    }
    #expect(count == 2 * (model.count - lost.count))
    try storage.close()
    storage = try Storage.open(path, options)
    #expect(try compare(storage, model) == lost.count)
    #expect(try storage.verify().problemCount == 1)
    try storage.close()
  }

  @Test("a checkpoint that cannot write down the damage loses nothing of what it should have written")
  func failedRecord() throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    var storage: Storage? = try Storage.open(path, options)
    // So many trees that the catalog has more than one level.
    for tree in 1...150 as ClosedRange<UInt64> { try storage?.put(tree, text("a"), [1], .unsafe) }
    // Opened again, because the disk knows a file by the name that it was opened by.
    try storage?.close()
    storage = try Storage.open(path, options)
    let root = try #require(storage?.versions.current.tree(99).root.number)
    let open = try #require(storage)
    let catalog = try leaf(open, DamageRecord.key(root), 0)
    open.store.cache.remove(root)
    #expect(disk.flipBit(path, offset: Int(root) * size + 4000, bit: 1))
    #expect(throws: StorageError.self) { try open.get(99, text("a")) }
    try open.put(5, text("b"), [2])
    // Its record is in another leaf than that of the damage, whose leaf cannot be read just then.
    open.store.cache.remove(catalog.number)
    disk.schedule(.error(EIO, .once), at: disk.operationCount + 1, on: .read, under: path)
    disk.schedule(.error(EIO, .once), at: disk.operationCount + 2, on: .read, under: path)
    #expect(throws: StorageError.self) { try open.checkpoint() }
    disk.clearFaults()
    disk.schedule(.error(ENOSPC, .once), at: disk.operationCount + 1, on: .write, under: path + "-log")
    #expect(throws: StorageError.self) { try open.put(6, text("b"), [2]) }
    for _ in 0..<3 {
      try open.put(7, text("b"), [3])
      try open.checkpoint()
    }
    storage = nil
    withExtendedLifetime(open) {}
    disk.killProcess()
    let again = try Storage.open(path, options)
    #expect(try again.get(5, text("b")) == [2])
    #expect(try again.get(6, text("b")) == nil)
    #expect(again.damage.map(\.page) == [root])
    try again.close()
  }

  @Test("a transaction's cursor that met damage is at its end, in both directions")
  func mergedCursor() throws {
    let disk = try makeDisk()
    var (storage, _) = try prepare(disk, try makeOptions(disk))
    let page = try leaf(storage, key(250))
    try storage.close()
    #expect(disk.flipBit(path, offset: Int(page.number) * size + 4000, bit: 1))
    storage = try Storage.open(path, try makeOptions(disk))
    struct Rollback: Error {}
    for own in [[], [key(10)], [keys(page)[0] + [0]]] {
      for backwards in [false, true] {
        do {
          try storage.write { transaction in
            for key in own { try transaction.put(1, key, [1]) }
            var cursor = try transaction.cursor(1)
            var error: StorageError?
            do {
              var more = backwards ? try cursor.last() : try cursor.first()
              while more { more = backwards ? try cursor.previous() : try cursor.next() }
            } catch let found as StorageError { error = found }
            #expect(error?.damage?.page == page.number)
            #expect(try !cursor.next())
            #expect(try !cursor.previous())
            #expect(try cursor.withEntry { _, _ in 1 } == nil)
            throw Rollback()
          }
        } catch is Rollback {}
      }
    }
    try storage.close()
  }

  @Test("a record of damage comes back as it was, and one that makes no sense does no harm")
  func records() throws {
    var range = DamagedRange(tree: 7, page: 99, fault: .stale)
    range.lower = text("a")
    range.upper = [UInt8](repeating: 0xFF, count: 300)
    range.level = 2
    range.isCutOff = true
    range.lsn = 12
    range.time = 13
    func decoded(_ key: [UInt8], _ value: [UInt8]) -> DamagedRange? {
      key.withUnsafeBytes { key in value.withUnsafeBytes { DamageRecord.decode(key: key, value: $0) } }
    }
    var expected = range
    expected.upper = nil
    let bytes = DamageRecord.value(range)
    #expect(decoded(DamageRecord.key(99), bytes) == expected)
    range.upper = [UInt8](repeating: 5, count: 300)
    expected.upper = [UInt8](repeating: 5, count: 255) + [6]
    #expect(decoded(DamageRecord.key(99), DamageRecord.value(range)) == expected)
    for offset in bytes.indices {
      for bit in 0..<8 {
        var forged = bytes
        forged[offset] ^= 1 << bit
        // Whatever it says, it leads to no huge page and outside of no array.
        if let range = decoded(DamageRecord.key(99), forged) { #expect(range.runLength < 5000) }
      }
      #expect(decoded(DamageRecord.key(99), Array(bytes[..<offset])) == nil)
    }
    // In the catalog of an open database: it is dropped.
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    var (storage, model) = try prepare(disk, options)
    try DamageRecord.key(99).withUnsafeBytes { key in
      try storage.commitLatch.withLock {
        _ = try [1, 2, 3].withUnsafeBytes {
          try storage.workspace.put(TreeRoot.catalogID, key: key, value: $0)
        }
      }
    }
    try storage.close()
    storage = try Storage.open(path, options)
    #expect(storage.damage.isEmpty)
    try compare(storage, model)
    model = [:]
    try storage.close()
  }

  // MARK: Found by recovery

  /// A database whose log has commits for a leaf that is damaged then. Returns the model with them applied,
  /// and the keys of the damaged leaf.
  private func interrupted(
    _ disk: SimulatedDisk, _ options: StorageOptions
  ) throws -> (model: Model, lost: Set<[UInt8]>, page: UInt64) {
    let prepared = try prepare(disk, options)
    var storage: Storage? = prepared.0
    var model = prepared.1
    let page = try leaf(prepared.0, key(250))
    for number in stride(from: 3, to: 500, by: 7) {
      model[key(number)] = [2]
      try storage?.put(1, key(number), [2])
    }
    for number in stride(from: 4, to: 500, by: 50) {
      model[key(number)] = nil
      try storage?.write { try $0.delete(1, key(number)) }
    }
    // One commit that is half inside and half outside.
    model[key(250)] = [3]
    model[key(1)] = [3]
    try storage?.write { transaction in
      try transaction.put(1, key(250), [3])
      try transaction.put(1, key(1), [3])
    }
    kill(&storage, disk, damaging: page.number)
    return (model, Set(keys(page)), page.number)
  }

  @Test(
    "a database whose log belongs into a damaged leaf opens, with everything but that leaf",
    arguments: [false, true])
  func replay(encrypted: Bool) throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk, encrypted: encrypted)
    let (model, lost, page) = try interrupted(disk, options)
    let image = disk.contents(of: path)

    // For reading only, it changes nothing.
    var reading = options
    reading.isReadOnly = true
    var storage = try Storage.open(path, reading)
    #expect(storage.recovery.operationsSetAside > 0)
    try compare(storage, model)
    #expect(storage.damage.count == 1)
    try storage.close()
    #expect(disk.contents(of: path) == image)
    #expect(!disk.paths.contains { $0.hasPrefix(path + "-quarantine") })

    storage = try Storage.open(path, options)
    let present = model.keys.filter { lost.contains($0) }
    #expect(try compare(storage, model) == present.count && !present.isEmpty)
    let range = try #require(storage.damage.first)
    #expect(storage.damage.count == 1 && range.isCutOff && range.page == page && range.tree == 1)
    #expect(storage.checkInvariants().allSatisfy { $0.contains("page \(page) ") })
    for key in lost {
      #expect(throws: StorageError.self) { try storage.put(1, key, [9]) }
      #expect(throws: StorageError.self) { try storage.write { try $0.delete(1, key) } }
    }
    try storage.put(1, key(1), [4])
    // What was set aside is exactly what the log had for that leaf.
    let file = try #require(quarantined(disk).first { $0.contains("/commits-") })
    let aside = try SetAsideFile(try #require(disk.contents(of: file)), options)
    let expected = storage.recovery.operationsSetAside
    #expect(aside.commits.reduce(0) { $0 + $1.operations.count } == Int(expected))
    #expect(aside.commits.allSatisfy { $0.operations.allSatisfy { lost.contains($0.key) } })
    #expect(aside.commits.last?.operations.map(\.value) == [[3]])
    for commit in aside.commits.dropLast() { #expect(commit.operations.allSatisfy { $0.value != [3] }) }
    #expect(zip(aside.commits, aside.commits.dropFirst()).allSatisfy { $0.lsn < $1.lsn })
    try storage.close()

    // Also when its bytes come back, nobody gets to see what is out of date.
    #expect(disk.flipBit(path, offset: Int(page) * size + 4000, bit: 1))
    storage = try Storage.open(path, options)
    #expect(storage.recovery.wasClean && storage.recovery.operationsSetAside == 0)
    #expect(storage.damage.first?.isCutOff == true && storage.damage.count == 1)
    for key in present {
      #expect(throws: StorageError.self) { try storage.get(1, key) }
    }
    #expect(try storage.get(1, key(1)) == [4])
    let report = try storage.verify()
    #expect(report.problemCount == 1 && storage.damage.count == 1)

    // Clearing the tree is the way out, and takes nothing else along.
    try storage.write { try $0.clearTree(1) }
    try storage.put(1, key(250), [5])
    #expect(storage.damage.isEmpty && storage.checkInvariants() == [])
    #expect(try storage.snapshot().contents(1) == [key(250): [5]])
    #expect(try storage.get(2, text("other")) == [5])
    try storage.close()
    #expect(disk.contents(of: file) != nil)
  }

  @Test("power loss or an error at any operation of such a recovery leaves the next one with the same result")
  func faultsDuringRecovery() throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk, encrypted: true)
    let (model, lost, page) = try interrupted(disk, options)
    let image = disk.snapshotImage()
    let before = SimulatedDisk(image: image)
    var counting = options
    counting.fileSystem = before
    let start = before.operationCount
    try Storage.open(path, counting).close()
    let operations = before.operationCount - start
    #expect(operations > 20)
    let unreadable = model.keys.filter { lost.contains($0) }.count
    for operation in 1...operations {
      for fault in [Fault.crash, .error(5, .once), .error(28, .once)] {
        let disk = SimulatedDisk(image: image, seed: UInt64(operation))
        var options = options
        options.fileSystem = disk
        options.random = SeededRandom(seed: UInt64(operation))
        disk.schedule(fault, at: disk.operationCount + operation)
        if let storage = try? Storage.open(path, options) { try? storage.close() }
        disk.crash()
        disk.clearFaults()
        let note = "\(fault) at operation \(operation) of \(operations)"
        let storage = try Storage.open(path, options)
        #expect(try compare(storage, model, note) == unreadable, "\(note)")
        #expect(storage.damage.map(\.page) == [page] && storage.damage.first?.isCutOff == true, "\(note)")
        let files = quarantined(disk).filter { $0.contains("/commits-") && !$0.hasSuffix("-new") }
        #expect(!files.isEmpty, "\(note)")
        for file in files {
          let aside = try SetAsideFile(try #require(disk.contents(of: file)), options)
          #expect(aside.commits.last?.operations.map(\.value) == [[3]], "\(note)")
        }
        try storage.close()
      }
    }
  }

  @Test("a database that is to refuse damage does not open for writing, and takes no write after it is found")
  func refusing() throws {
    let disk = try makeDisk()
    var options = try makeOptions(disk)
    options.onDamage = .refuse
    let (model, lost, _) = try interrupted(disk, options)
    let interruptedImage = disk.snapshotImage()
    let image = disk.contents(of: path)
    let names = try disk.list(path + "-log")
    let error = try #require(throws: StorageError.self) { try Storage.open(path, options) }
    #expect(error.code == .corrupted)
    let isSame = disk.contents(of: path) == image
    #expect(isSame)
    #expect(try disk.list(path + "-log") == names)
    // Without the option everything else is there; then the damage is known, and still refused.
    options.onDamage = .isolate
    var storage = try Storage.open(path, options)
    #expect(try compare(storage, model) == model.keys.count { lost.contains($0) })
    try storage.close()
    options.onDamage = .refuse
    #expect(throws: StorageError.self) { try Storage.open(path, options) }
    options.isReadOnly = true
    storage = try Storage.open(path, options)
    #expect(try storage.get(1, key(1)) == [3])
    try storage.close()
    // Nothing was written that would need it, so reading is never refused: before the recovery neither.
    let before = SimulatedDisk(image: interruptedImage)
    options.fileSystem = before
    storage = try Storage.open(path, options)
    #expect(try compare(storage, model) == model.keys.count { lost.contains($0) })
    try storage.close()
  }

  @Test("with the option to refuse, the first damage that is found ends writing, not reading")
  func refusingLater() throws {
    let disk = try makeDisk()
    var options = try makeOptions(disk)
    options.onDamage = .refuse
    var (storage, model) = try prepare(disk, options)
    let page = try leaf(storage, key(250))
    try storage.close()
    #expect(disk.flipBit(path, offset: Int(page.number) * size + 4000, bit: 1))
    storage = try Storage.open(path, options)
    try storage.put(1, key(1), [8])
    model[key(1)] = [8]
    #expect(throws: StorageError.self) { try storage.get(1, key(250)) }
    let error = try #require(throws: StorageError.self) { try storage.put(1, key(1), [9]) }
    #expect(error.code == .corrupted && error.damage?.page == page.number)
    try compare(storage, model)
    try storage.close()
  }

  @Test(
    "damage anywhere in a tree, inner pages and root included, is isolated by recovery", arguments: 1...30)
  func anywhere(seed: UInt64) throws {
    var random = SplitMix64(seed: seed)
    let disk = try makeDisk(seed: seed)
    let options = try makeOptions(disk, seed: seed, encrypted: seed % 2 == 0)
    var model = Model()
    var open: Storage? = try Storage.open(path, options)
    func write(_ count: Int) throws {
      for _ in 0..<count {
        let key = randomKey(&random)
        if random.next() % 4 == 0 {
          try open?.write { try $0.delete(1, key) }
          model[key] = nil
        } else {
          let value = randomValue(&random)
          try open?.put(1, key, value, .unsafe)
          model[key] = value
        }
      }
    }
    try write(700)
    try open?.checkpoint()
    try open?.put(2, text("other"), [1])
    try open?.checkpoint()
    let storage = try #require(open)
    var pages = try storage.store.pages(of: storage.versions.current.tree(1)).extents
    try write(100)
    try open?.persist()
    open = nil
    pages.shuffle(using: &random)
    disk.killProcess()
    for extent in pages.prefix(3) {
      #expect(disk.flipBit(path, offset: Int(extent.start) * size + 100 + Int(random.next() % 3900), bit: 3))
    }
    var refusals: [Int] = []
    func check(_ note: String) throws {
      let storage = try Storage.open(path, options)
      var refused = 0
      for number in 0..<2000 as Range<UInt64> {
        let key = [UInt8](repeating: UInt8(ascii: "k"), count: Int(number % 40)) + text(String(number))
        do {
          let found = try storage.get(1, key)
          #expect(found == model[key], "seed \(seed), \(note)")
        } catch let error as StorageError {
          refused += 1
          let range = try #require(error.damage, "seed \(seed), \(note): \(error)")
          #expect(covers(range, key) && pages.contains { $0.start == range.page }, "seed \(seed), \(note)")
        }
      }
      #expect(try storage.get(2, text("other")) == [1])
      #expect(storage.damage.count <= 3)
      refusals.append(refused)
      try storage.put(2, text(note), [1])
      try storage.close()
    }
    try check("first")
    try check("second")
    #expect(refusals[0] > 0 && refusals[0] == refusals[1], "seed \(seed): \(refusals)")
  }
}

/// Reads a file of operations that were set aside, as `docs/format.md` describes it.
private struct SetAsideFile {
  struct Operation {
    var key: [UInt8]
    var value: [UInt8]?
  }
  var commits: [(lsn: UInt64, operations: [Operation])] = []

  struct Malformed: Error {}

  init(_ bytes: [UInt8], _ options: StorageOptions) throws {
    guard bytes.count >= 84, Array(bytes[0..<8]) == Array("HFaside1".utf8) else { throw Malformed() }
    try bytes.withUnsafeBytes { area in
      guard let base = area.baseAddress,
        base.loadLE(80, as: UInt32.self) == CRC32C.checksum(UnsafeRawBufferPointer(rebasing: area[0..<80]))
      else { throw Malformed() }
      var sealer: Sealer?
      if base.loadLE(12, as: UInt32.self) == 1 {
        let file = try options.fileSystem.open(path, .readOnly)
        let key = try DataFile(file: file, path: path).readKeyBlock().unwrap(options.credential, path: path)
        sealer = Sealer(
          try #require(key).subkey(
            salt: UnsafeRawBufferPointer(rebasing: area[0..<80]), label: "holdfast quarantine 1"))
      }
      var position = 84
      var number: UInt64 = 0
      while position < area.count {
        let length = Int(base.loadLE(position + 16, as: UInt32.self))
        let end = position + 24 + length + (sealer == nil ? 0 : 16)
        let sealed = UnsafeRawBufferPointer(rebasing: area[position + 24..<end])
        guard base.loadLE(position + 20, as: UInt32.self) == CRC32C.checksum(sealed) else {
          throw Malformed()
        }
        var plain = Array(sealed.prefix(length))
        if let sealer {
          try plain.withUnsafeMutableBytes { plain in
            try sealer.open(
              UnsafeRawBufferPointer(rebasing: sealed.prefix(length)), nonce: Nonce(counter: number),
              authenticating: UnsafeRawBufferPointer(rebasing: area[position..<position + 20]),
              tag: base + position + 24 + length, into: plain)
          }
        }
        var operations: [Operation] = []
        try plain.withUnsafeBytes { plain in
          var reader = OperationReader(plain)
          while let operation = try reader.next() {
            switch operation {
            case .put(_, let key, let value):
              operations.append(Operation(key: [UInt8](key), value: [UInt8](value)))
            case .delete(_, let key): operations.append(Operation(key: [UInt8](key), value: nil))
            default: throw Malformed()
            }
          }
        }
        commits.append((base.loadLE(position, as: UInt64.self), operations))
        position = end
        number += 1
      }
    }
  }
}
