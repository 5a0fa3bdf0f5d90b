import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastLog

@Suite struct RoundTripTests {
  @Test("what was appended and synced comes back, whatever its size", arguments: [false, true])
  func sizes(encrypted: Bool) throws {
    let world = World(seed: 1, encrypted: encrypted, smallest: 1 << 20, largest: 4 << 20)
    let log = try world.create()
    let sizes = [0, 1, 7, 8, 9, 200, 4095, 4096, 65537, 524_287, 524_288, 524_289, 1_048_576, 5_000_003, 3]
    let items = sizes.enumerated().map {
      Item(lsn: UInt64($0 + 1), transaction: UInt64($0 + 100), size: $1, area: $0 % 3 * 11)
    }
    for item in items {
      #expect(try log.append(item) == item.lsn)
      try log.flush()
    }
    #expect(log.durableLSN == UInt64(items.count))
    #expect(try log.items(from: 1) == items)
    #expect(try log.items(from: 5) == Array(items[4...]))
    world.disk.crash(.nothing)
    let scan = try world.scan()
    #expect(scan.lastLSN == UInt64(items.count))
    #expect(scan.firstLSN == 1)
    #expect(scan.lastTransaction == 114)
    #expect(scan.cut == nil)
    #expect(try world.recover() == items)
    #expect(try world.recover(after: 7) == Array(items[7...]))
    #expect(try world.recover(after: 15) == [])
  }

  @Test("a group is one write and one sync")
  func oneSync() throws {
    let world = World(seed: 2, smallest: 64 << 10)
    let log = try world.create()
    for number in 1...10 { try log.append(Item(lsn: 0, transaction: UInt64(number), size: 200)) }
    let group = try #require(log.closeGroup())
    #expect(group.firstLSN == 1)
    #expect(group.lastLSN == 10)
    #expect(log.closeGroup() == nil)
    world.disk.resetCounters()
    let before = world.disk.operationCount
    try log.write(group)
    try log.sync()
    #expect(world.disk.counters.writes == 1)
    #expect(world.disk.counters.syncs == 1)
    #expect(world.disk.operationCount - before == 2)
    try log.sync()
    #expect(world.disk.counters.syncs == 1)
  }

  @Test("a document of 200 bytes takes less than 1 KiB", arguments: [false, true])
  func small(encrypted: Bool) throws {
    let world = World(seed: 3, encrypted: encrypted)
    let log = try world.create()
    world.disk.resetCounters()
    try log.commit([Item(lsn: 1, transaction: 1, size: 200)])
    #expect(world.disk.counters.bytesWritten == (encrypted ? 296 : 280))
  }

  @Test("an empty log is found again")
  func empty() throws {
    let world = World(seed: 4)
    let log = try world.create(firstLSN: 42)
    #expect(log.lastLSN == 41)
    world.disk.crash()
    let scan = try world.scan(after: 41)
    #expect(scan.firstLSN == 42)
    #expect(scan.lastLSN == 41)
    #expect(scan.frames == 0)
    #expect(scan.cut == nil)
    try scan.forEachCommit(after: 41) { _ in Issue.record("there is nothing") }
  }

  @Test("frames that were written but not synced are not handed to readers")
  func unsynced() throws {
    let world = World(seed: 5)
    let log = try world.create()
    try log.commit([Item(lsn: 1, transaction: 1, size: 10)])
    try log.append(Item(lsn: 2, transaction: 2, size: 10))
    try log.write(#require(log.closeGroup()))
    #expect(try log.items(from: 1).map(\.lsn) == [1])
    try log.sync()
    #expect(try log.items(from: 1).map(\.lsn) == [1, 2])
  }

  @Test("a sync makes nothing durable whose write had not returned before it")
  func onlyWhatWasWritten() throws {
    let world = World(seed: 5)
    let log = try world.create()
    try log.commit([Item(lsn: 1, transaction: 1, size: 10)])
    try log.append(Item(lsn: 2, transaction: 2, size: 10))
    try log.sync()
    #expect(log.durableLSN == 1)
    let group = try #require(log.closeGroup())
    try log.append(Item(lsn: 3, transaction: 3, size: 10))
    try log.sync()
    #expect(log.durableLSN == 1)
    try log.write(group)
    try log.sync()
    #expect(log.durableLSN == 2)
    world.disk.crash(.nothing)
    #expect(try world.recover().map(\.lsn) == [1, 2])
  }

  @Test("timestamps never decrease, though the clock is set back")
  func timestamps() throws {
    let world = World(seed: 6)
    let log = try Log.create(
      world.configuration, id: World.id, epoch: 1, firstLSN: 1, lastTimestamp: 500)
    var generator = SplitMix64(seed: 6)
    for number in 1...100 {
      let time = Int64.random(in: -1000...3000, using: &generator)
      try log.append(Item(lsn: 0, transaction: UInt64(number), size: 100), timestamp: time)
      if number % 7 == 0 {
        let group = try #require(log.closeGroup())
        try log.write(group)
        if number % 14 == 0 { try log.discard(from: group.firstLSN) }
        try log.sync()
      }
    }
    try log.flush()
    var last: Int64 = 500
    try world.scan().forEachCommit(after: 0) {
      #expect($0.timestamp >= last)
      last = $0.timestamp
    }
    #expect(last == log.lastTimestamp)
  }

  @Test("a log that is encrypted needs its key, and no other")
  func keys() throws {
    var world = World(seed: 7, encrypted: true)
    let log = try world.create()
    let items = [Item(lsn: 1, transaction: 1, size: 100), Item(lsn: 2, transaction: 2, size: 9000)]
    try log.commit(items)
    let image = world.disk.snapshotImage()
    for path in world.segments {
      let bytes = try #require(image.contents(of: path))
      #expect(!bytes.contains(items[0].payload[..<24]), "a plaintext lies on the disk")
    }
    #expect(try world.recover() == items)
    let key = world.configuration.key
    world.configuration.key = SecretKey.random(from: SeededRandom(seed: 1))
    #expect(throws: LogError.self) { try world.recover() }
    world.configuration.key = nil
    let scan = try world.scan()
    #expect(scan.lastLSN == 2)
    #expect { try scan.forEachCommit(after: 0) { _ in } } throws: { ($0 as? LogError)?.code == .keyRequired }
    // One who has no key cannot pass a log off as this database's either.
    let plain = World(seed: 8)
    try plain.create().commit(items)
    var mixed = plain
    mixed.configuration.key = key
    #expect { try mixed.recover() } throws: { ($0 as? LogError)?.code == .authenticationFailed }
  }

  @Test("limits are errors that change nothing")
  func limits() throws {
    let world = World(seed: 9, smallest: 1 << 20)
    let log = try world.create()
    let area = Item(lsn: 1, transaction: 1, size: 1, area: LogLimits.largestExtension + 1)
    #expect { try log.append(area) } throws: { ($0 as? LogError)?.code == .tooLarge }
    let huge = UnsafeRawBufferPointer(
      start: UnsafeRawPointer(bitPattern: 4096), count: LogLimits.largestCommit + 1)
    #expect {
      try log.append(kind: .commit, transaction: 1, timestamp: 0, payload: huge)
    } throws: {
      ($0 as? LogError)?.code == .tooLarge
    }
    #expect(log.lastLSN == 0)
    #expect(log.closeGroup() == nil)
    try log.commit([Item(lsn: 1, transaction: 1, size: 1, area: LogLimits.largestExtension)])
    #expect(try world.recover().count == 1)
  }

  @Test("a closed log takes nothing more")
  func closed() throws {
    let world = World(seed: 10)
    let log = try world.create()
    try log.commit([Item(lsn: 1, transaction: 1, size: 1)])
    try log.prepareNextSegment()
    log.close()
    log.close()
    #expect { try log.append(Item(lsn: 2, transaction: 1, size: 1)) } throws: {
      ($0 as? LogError)?.code == .closed
    }
    #expect(throws: LogError.self) { try log.sync() }
    #expect(throws: LogError.self) { try log.items(from: 1) }
    #expect(world.disk.openFiles == 0)
  }
}

extension Array where Element == UInt8 {
  func contains(_ part: ArraySlice<UInt8>) -> Bool {
    guard let first = part.first, count >= part.count else { return false }
    return (0...(count - part.count)).contains {
      self[$0] == first && self[$0..<$0 + part.count].elementsEqual(part)
    }
  }
}
