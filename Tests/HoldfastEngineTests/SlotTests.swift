import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

/// Which of the two meta slots is believed, and that either is enough.
@Suite struct SlotTests {
  @Test("at any moment of a database's life either slot is enough", arguments: [false, true])
  func eitherSlot(encrypted: Bool) throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk, encrypted: encrypted)
    var storage: Storage? = nil
    var model = Model()
    func write(_ count: Int, _ byte: UInt8) throws {
      for number in 0..<count as Range<Int> {
        // The same keys again and again, so that pages of older checkpoints come free; and so many that
        // spilling writes some of those that took their places.
        let (key, value) = (text("key-\(number % 150)"), [UInt8](repeating: byte, count: 600))
        try storage?.put(1, key, value, .unsafe)
        model[key] = value
      }
      try storage?.persist()
    }
    func check(_ moment: String) throws {
      let image = disk.snapshotImage()
      for offset in HeaderFormat.slotOffsets {
        let copy = SimulatedDisk(image: image)
        copy.overwrite(path, offset: Int(offset), with: [UInt8](repeating: 0xAA, count: 512))
        var options = options
        options.fileSystem = copy
        options.random = SeededRandom(seed: 99)
        let again = try Storage.open(path, options)
        let found = try again.snapshot().contents(1)
        #expect(found == model, "\(moment), slot at \(offset)")
        #expect(again.checkInvariants() == [], "\(moment), slot at \(offset)")
        #expect(try again.verify().isIntact, "\(moment), slot at \(offset)")
        try again.close()
      }
    }
    storage = try Storage.open(path, options)
    try check("new")
    try write(300, 1)
    try check("before any checkpoint")
    for round in 2..<5 as Range<UInt8> {
      try storage?.checkpoint()
      try check("checkpoint \(round)")
      try write(150, round)
      try storage?.spill()
      try check("after checkpoint \(round)")
    }
    storage = nil
    disk.killProcess()
    storage = try Storage.open(path, options)
    try check("recovered")
    try write(150, 7)
    try storage?.spill()
    try check("after recovery")
    try storage?.close()
    try check("closed")
    storage = try Storage.open(path, options)
    try check("opened again")
    try write(150, 8)
    try storage?.spill()
    try check("after opening again")
    try storage?.close()
  }

  @Test("power loss at any operation of a recovery leaves two slots of which either is enough")
  func eitherSlotDuringRecovery() throws {
    let first = try makeDisk()
    var options = try makeOptions(first)
    var storage: Storage? = try Storage.open(path, options)
    var model = Model()
    for round in 0..<4 as Range<UInt8> {
      if round > 0 { try storage?.checkpoint() }
      for number in 0..<40 {
        let (key, value) = (text("key-\(number)"), [UInt8](repeating: round, count: 400))
        try storage?.put(1, key, value, .unsafe)
        model[key] = value
      }
    }
    try storage?.persist()
    storage = nil
    first.killProcess()
    let image = first.snapshotImage()
    /// Opens a copy, and lets the power fail at an operation of that.
    func interrupted(at operation: Int?) -> SimulatedDisk {
      let disk = SimulatedDisk(image: image, seed: UInt64(operation ?? 0))
      options.fileSystem = disk
      options.random = SeededRandom(seed: UInt64(1000 + (operation ?? 0)))
      if let operation { disk.schedule(.crash, at: disk.operationCount + operation) }
      if let storage = try? Storage.open(path, options) { withExtendedLifetime(storage) {} }
      disk.crash()
      disk.clearFaults()
      return disk
    }
    let counting = SimulatedDisk(image: image).operationCount
    let operations = interrupted(at: nil).operationCount - counting
    #expect(operations > 20)
    for operation in 1...operations {
      for offset in HeaderFormat.slotOffsets {
        let disk = interrupted(at: operation)
        disk.overwrite(path, offset: Int(offset), with: [UInt8](repeating: 0xAA, count: 512))
        let note = "power loss at operation \(operation) of \(operations), slot at \(offset) damaged"
        do {
          let again = try Storage.open(path, options)
          let found = try again.snapshot().contents(1)
          #expect(found == model, "\(note)")
          #expect(again.checkInvariants() == [], "\(note)")
          try again.close()
        } catch { Issue.record("\(note): \(error)") }
      }
    }
  }

  /// Lets one operation on the data file fail during `body`. Returns why nothing is written afterwards, if
  /// so; what had been acknowledged is there in any case.
  private func failing(
    _ operation: HookedFileSystem.Operation, skipping: Int, _ code: Int32, _ body: (Storage) throws -> Void
  ) throws -> StorageError? {
    let disk = try makeDisk()
    let hooked = HookedFileSystem(disk)
    var options = try makeOptions(hooked)
    options.failurePolicy.reserveBytes = 0
    var storage = try Storage.open(path, options)
    for number in 0..<30 as Range<UInt64> { try storage.put(1, number.key16, [1], .unsafe) }
    try storage.persist()
    hooked.once(before: operation, of: .data, skipping: skipping) {
      disk.schedule(.error(code, .once), at: disk.operationCount + 1)
    }
    #expect(throws: StorageError.self) { try body(storage) }
    #expect(!hooked.isWaiting)
    let failure = storage.failure
    if failure != nil {
      #expect(throws: StorageError.self) { try storage.put(1, text("later"), [2]) }
      #expect(throws: StorageError.self) { try storage.checkpoint() }
    }
    try? storage.close()
    storage = try Storage.open(path, options)
    #expect(try storage.snapshot().contents(1).count == 30)
    #expect(try storage.verify().isIntact)
    try storage.close()
    return failure
  }

  @Test(
    "nothing is written after a failed sync of the data file, or after a slot that may have been half written",
    arguments: [5, 28] as [Int32])
  func failures(code: Int32) throws {
    /// How many writes go to the data file.
    func writes(_ body: (Storage) throws -> Void) throws -> Int {
      let disk = try makeDisk()
      let storage = try Storage.open(path, try makeOptions(disk))
      for number in 0..<30 as Range<UInt64> { try storage.put(1, number.key16, [1], .unsafe) }
      try storage.persist()
      let before = disk.counters.writes
      try body(storage)
      return disk.counters.writes - before
    }
    let isFull = code == 28
    // Pages, sync, slot, sync.
    let checkpoint: (Storage) throws -> Void = { try $0.checkpoint() }
    let last = try writes(checkpoint) - 1
    #expect(try failing(.write, skipping: 0, code, checkpoint) == nil)
    #expect(try failing(.sync, skipping: 0, code, checkpoint) != nil)
    // Where there was no room for any of it, nothing of it is on the disk.
    #expect(try (failing(.write, skipping: last, code, checkpoint) == nil) == isFull)
    #expect(try failing(.sync, skipping: 1, code, checkpoint) != nil)
    // Pages, sync, slot, sync, the other slot, sync: after the first slot there is no way back.
    let close: (Storage) throws -> Void = { try $0.close() }
    let second = try writes(close) - 1
    #expect(try failing(.write, skipping: second, code, close) != nil)
    #expect(try failing(.sync, skipping: 2, code, close) != nil)
  }

  @Test("a slot with any byte changed is none", arguments: [false, true])
  func everyByte(encrypted: Bool) throws {
    let id = DatabaseID(low: 1, high: 2)
    let key = encrypted ? try testKey() : nil
    var slot = MetaSlot()
    slot.generation = 7
    slot.lsn = 100
    let block = try slot.encoded(id, key: key, random: SeededRandom(seed: 5))
    #expect(MetaSlot.decode(block, id, key: key) == slot)
    for offset in block.indices {
      for bit in 0..<8 {
        var changed = block
        changed[offset] ^= 1 << bit
        #expect(MetaSlot.decode(changed, id, key: key) == nil, "byte \(offset), bit \(bit)")
      }
    }
  }

  @Test("a slot of another database, or one that somebody made up, is not used", arguments: [false, true])
  func foreignSlots(encrypted: Bool) throws {
    let disk = try makeDisk()
    let own = try Storage.open(path, try makeOptions(disk, encrypted: encrypted))
    for number in 0..<50 as Range<UInt8> { try own.put(1, [number], [number], .unsafe) }
    try own.close()
    let bytes = try #require(disk.contents(of: path))
    // Another database with the same key, whose slots count as newer.
    let otherDisk = try makeDisk(seed: 2)
    var options = try makeOptions(otherDisk, seed: 2, encrypted: encrypted)
    let storage = try Storage.open(path, options)
    for number in 0..<5 as Range<UInt8> {
      try storage.put(1, [number], [number])
      try storage.checkpoint()
    }
    try storage.close()
    let other = try #require(otherDisk.contents(of: path))
    /// Opens with other bytes in these slots.
    func open(_ slots: [(offset: UInt64, bytes: [UInt8])]) throws -> Storage {
      let copy = try makeDisk()
      var changed = bytes
      for slot in slots {
        changed.replaceSubrange(Int(slot.offset)..<Int(slot.offset) + 512, with: slot.bytes)
      }
      copy.setContents(changed, of: path)
      options.fileSystem = copy
      return try Storage.open(path, options)
    }
    func slot(_ bytes: [UInt8], _ offset: UInt64) -> [UInt8] { Array(bytes[Int(offset)..<Int(offset) + 512]) }
    /// The slot with another generation, and a checksum that fits.
    func forged(_ offset: UInt64) -> [UInt8] {
      var block = slot(bytes, offset)
      block[16 + 4] ^= 1
      let sum = block[..<508].withUnsafeBytes { CRC32C.checksum($0) }
      withUnsafeBytes(of: sum.littleEndian) { block.replaceSubrange(508..<512, with: $0) }
      return block
    }
    for offset in HeaderFormat.slotOffsets {
      for (index, block) in [slot(other, offset), forged(offset)].enumerated() where index == 0 || encrypted {
        let again = try open([(offset, block)])
        #expect(again.recovery.lostSlot && !again.recovery.usedOlderSlot)
        #expect(try again.snapshot().count(1) == 50)
        try again.close()
      }
    }
    let error = try #require(throws: StorageError.self) {
      try open(HeaderFormat.slotOffsets.map { ($0, slot(other, $0)) })
    }
    #expect(error.code == .corrupted)
  }

  @Test("a disk that fails to answer while a database is opened is no reason to take an older state")
  func readErrors() throws {
    let disk = try makeDisk()
    let options = try makeOptions(disk)
    var storage: Storage? = try Storage.open(path, options)
    for round in 0..<3 as Range<UInt8> {
      for number in 0..<50 { try storage?.put(1, text("key-\(number)"), [round], .unsafe) }
      try storage?.checkpoint()
    }
    try storage?.put(2, text("last"), [1])
    storage = nil
    disk.killProcess()
    let image = disk.snapshotImage()
    let before = disk.operationCount
    try Storage.open(path, options).close()
    var failures = 0
    for operation in 1...(disk.operationCount - before) {
      let copy = SimulatedDisk(image: image)
      var options = options
      options.fileSystem = copy
      copy.schedule(.error(5, .once), at: copy.operationCount + operation, on: .read)
      do {
        let storage = try Storage.open(path, options)
        #expect(!storage.recovery.usedOlderSlot, "operation \(operation)")
        #expect(try storage.get(1, text("key-7")) == [2])
        #expect(try storage.get(2, text("last")) == [1])
        try storage.close()
      } catch let error as StorageError {
        failures += 1
        #expect(error.code == .ioFailed, "operation \(operation): \(error)")
      }
    }
    #expect(failures > 3)
  }
}
