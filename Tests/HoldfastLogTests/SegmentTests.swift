import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastLog

@Suite struct SegmentTests {
  /// Commits `count` commits of about `size` bytes, one sync each.
  func fill(_ log: Log, _ count: Int, size: Int, from first: UInt64 = 1) throws -> [Item] {
    try (0..<count).map { index in
      let item = Item(lsn: first + UInt64(index), transaction: first + UInt64(index), size: size + index % 13)
      try log.commit([item])
      return item
    }
  }

  @Test(
    "segments double in size up to the largest, and the chain through them is read", arguments: [false, true])
  func rotation(encrypted: Bool) throws {
    let world = World(seed: 1, encrypted: encrypted, largest: 64 << 10)
    let log = try world.create()
    let items = try fill(log, 300, size: 700)
    #expect(try log.items(from: 1) == items)
    #expect(try world.recover() == items)
    let inventory = try LogScan.inventory(world.configuration)
    #expect(inventory.logs.count == 1)
    let sizes = try #require(inventory.logs.first).segments.map { $0.size >> 10 }
    #expect(Array(sizes.prefix(5)) == [8, 16, 32, 64, 64])
    #expect(log.segmentCount == sizes.count)
    #expect(log.retainedBytes == sizes.reduce(0, +) << 10)
    for (segment, path) in zip(inventory.logs[0].segments, world.segments) { #expect(segment.path == path) }
  }

  @Test(
    "a commit larger than several segments is spread over them and read as one", arguments: [false, true])
  func spread(encrypted: Bool) throws {
    let world = World(seed: 2, encrypted: encrypted)
    let log = try world.create()
    let items = [
      Item(lsn: 1, transaction: 1, size: 100), Item(lsn: 2, transaction: 2, size: 100_000, area: 500),
      Item(lsn: 3, transaction: 3, size: 0), Item(lsn: 4, transaction: 4, size: 70_000),
    ]
    try log.commit(Array(items[..<2]))
    try log.commit(Array(items[2...]))
    #expect(log.segmentCount > 8)
    #expect(try log.items(from: 1) == items)
    #expect(try log.items(from: 3) == Array(items[2...]))
    #expect(try world.recover() == items)
    for lsn in 0...4 { #expect(try world.recover(after: UInt64(lsn)) == Array(items[lsn...])) }
  }

  @Test("a segment prepared ahead leaves a rotation without zeros to write")
  func prepared() throws {
    let world = World(seed: 3)
    let log = try world.create()
    #expect(!log.wantsNextSegment)
    var next: UInt64 = 1
    while !log.wantsNextSegment {
      _ = try fill(log, 1, size: 500, from: next)
      next += 1
    }
    try log.prepareNextSegment()
    #expect(!log.wantsNextSegment)
    let operations = world.disk.operationCount
    try log.prepareNextSegment()
    #expect(world.disk.operationCount == operations)
    world.disk.resetCounters()
    let count = log.segmentCount
    while log.segmentCount == count {
      try log.append(Item(lsn: next, transaction: next, size: 500))
      #expect(world.disk.counters.writes == 0 || log.segmentCount > count)
      let writes = world.disk.counters.writes
      try log.flush()
      if log.segmentCount > count { #expect(world.disk.counters.writes == writes + 3) }
      world.disk.resetCounters()
      next += 1
    }
    #expect(try world.recover().count == Int(next) - 1)
  }

  @Test("a recycled segment never shows what it held before", arguments: [false, true])
  func recycling(encrypted: Bool) throws {
    let world = World(seed: 4, encrypted: encrypted, smallest: 8 << 10, largest: 8 << 10)
    let log = try world.create()
    var kept: [Item] = []
    var next: UInt64 = 1
    for _ in 0..<40 {
      kept += try fill(log, 7, size: 400, from: next)
      next += 7
      let through = next - 8
      try log.retire(through: through)
      kept.removeAll { $0.lsn <= through }
      let image = world.disk.snapshotImage()
      let copy = World(disk: SimulatedDisk(image: image), seed: 1, encrypted: encrypted)
      #expect(try copy.recover(after: through) == kept)
      #expect(try copy.scan(after: through).cut == nil)
    }
    #expect(log.segmentCount <= 3)
    // The files are used again instead of being made.
    world.disk.resetCounters()
    _ = try fill(log, 7, size: 400, from: next)
    try log.retire(through: next)
    _ = try fill(log, 7, size: 400, from: next + 7)
    #expect(world.disk.counters.bytesWritten < 8 << 10 + 14 * 600)
    #expect(world.disk.paths.count { $0.hasSuffix(".spare") } <= LogLimits.spareSegments + 1)
  }

  @Test("segments stay for as long as somebody is registered for them")
  func retention() throws {
    let world = World(seed: 5, smallest: 8 << 10, largest: 8 << 10)
    let log = try world.create()
    let items = try fill(log, 100, size: 400)
    let archive = try log.register("archive", at: 30)
    let backup = try log.register("backup", at: 60)
    #expect(log.registrations.map(\.name) == ["archive", "backup"])
    try log.retire(through: 99)
    #expect(log.firstRetainedLSN <= 31)
    #expect(try log.items(from: 31) == Array(items[30...]))
    archive.advance(to: 70)
    archive.advance(to: 10)
    #expect(archive.lsn == 70)
    try log.retire(through: 99)
    #expect(log.firstRetainedLSN > 31)
    #expect(log.firstRetainedLSN <= 61)
    #expect(throws: LogError.self) { try log.items(from: 31) }
    backup.release()
    backup.release()
    try log.retire(through: 50)
    #expect(log.firstRetainedLSN <= 61)
    archive.release()
    try log.retire(through: 99)
    #expect(log.firstRetainedLSN > 80)
    #expect(try log.items(from: log.firstRetainedLSN).last == items.last)
    #expect(log.registrations.isEmpty)
    do {
      _ = try log.register("forgotten", at: 0)
    }
    #expect(log.registrations.isEmpty)
  }

  @Test("the current segment is never retired")
  func current() throws {
    let world = World(seed: 6)
    let log = try world.create()
    _ = try fill(log, 3, size: 100)
    try log.retire(through: 3)
    try log.retire(through: .max)
    #expect(log.segmentCount == 1)
    #expect(try log.items(from: 1).count == 3)
  }

  @Test("the segment before the current one stays while what lies behind it may have to be taken back")
  func beforeTheCurrent() throws {
    let world = World(seed: 13, smallest: 8 << 10, largest: 8 << 10)
    let log = try world.create()
    let items = try fill(log, 7, size: 400)
    #expect(log.segmentCount == 1)
    // Written to the next segment, as it does not fit, and not synced.
    try log.append(Item(lsn: 8, transaction: 8, size: 700))
    try log.write(#require(log.closeGroup()))
    #expect(log.segmentCount == 2)
    try log.retire(through: 7)
    #expect(log.segmentCount == 2)
    try log.discard(from: 8)
    #expect(try world.recover() == items)
    let next = Item(lsn: 8, transaction: 9, size: 700)
    try log.commit([next])
    #expect(try world.recover() == items + [next])
    // Now something behind it is durable.
    try log.retire(through: 7)
    #expect(log.segmentCount == 1)
    #expect(try world.recover(after: 7) == [next])
  }

  @Test("reading goes on while segments are retired and frames appended")
  func readingWhileRunning() throws {
    let world = World(seed: 7, encrypted: true, smallest: 8 << 10, largest: 8 << 10)
    let log = try world.create()
    let items = try fill(log, 60, size: 400)
    var seen: [Item] = []
    var next: UInt64 = 61
    try log.read(from: 1) { frame in
      seen.append(Item(frame))
      try log.retire(through: log.durableLSN)
      _ = try fill(log, 1, size: 400, from: next)
      next += 1
      return true
    }
    #expect(seen == items)
    var count = 0
    try log.read(from: log.firstRetainedLSN) { _ in
      count += 1
      return count < 3
    }
    #expect(count == 3)
  }

  @Test("a full disk fails the append, changes nothing, and passes")
  func full() throws {
    let world = World(seed: 8, smallest: 8 << 10, largest: 64 << 10)
    let log = try world.create()
    let items = try fill(log, 5, size: 400)
    let free = world.disk.availableBytes
    world.disk.capacity -= free - 9000
    let large = Item(lsn: 6, transaction: 6, size: 100_000)
    let before = world.disk.snapshotImage()
    #expect { try log.append(large) } throws: { ($0 as? LogError)?.isDiskFull == true }
    #expect(world.disk.snapshotImage() == before)
    #expect(log.lastLSN == 5)
    let small = Item(lsn: 6, transaction: 7, size: 40)
    try log.commit([small])
    world.disk.capacity = .max
    try log.commit([Item(lsn: 7, transaction: 6, size: 100_000)])
    #expect(try world.recover().map(\.lsn) == Array(1...7))
    #expect(try world.recover().prefix(6) == items + [small])
  }

  @Test("an id is used once")
  func createTwice() throws {
    let world = World(seed: 9)
    try world.create().close()
    #expect { try world.create() } throws: { ($0 as? LogError)?.code == .exists }
  }

  @Test("several logs share a folder and are told apart; removing one leaves the others")
  func several() throws {
    let world = World(seed: 10)
    let other = LogID((0..<16).map { UInt8(200 + $0) })
    let third = LogID((0..<16).map { UInt8(100 + $0) })
    world.disk.setContents([1, 2, 3], of: World.folder + "/OWNER")
    let log = try world.create()
    let items = try fill(log, 40, size: 400)
    try log.prepareNextSegment()
    let second = try world.create(other, epoch: 2, firstLSN: 41)
    try second.commit([Item(lsn: 41, transaction: 9, size: 9)])
    // A log that was made just before a crash has the epoch and the first LSN of the one made after it.
    _ = try world.create(third, epoch: 2, firstLSN: 41)
    #expect(try world.recover() == items)
    #expect(try world.recover(other, after: 40).count == 1)
    #expect(try LogScan.inventory(world.configuration).logs.count == 3)
    try Log.remove(world.configuration, id: World.id)
    try Log.remove(world.configuration, id: World.id)
    let left = try LogScan.inventory(world.configuration)
    #expect(Set(left.logs.map(\.id)) == [other, third])
    #expect(try world.recover(other, after: 40).count == 1)
    #expect { try world.scan() } throws: { ($0 as? LogError)?.code == .missing }
    try Log.remove(world.configuration, id: other)
    try Log.remove(world.configuration, id: third)
    #expect(
      world.disk.paths.filter { $0.hasPrefix(World.folder + "/") } == [
        World.folder + "/", World.folder + "/OWNER",
      ])
  }

  @Test("a folder that is not there holds no logs")
  func noFolder() throws {
    let world = World(seed: 11)
    #expect(try LogScan.inventory(world.configuration).logs.isEmpty)
    #expect { try world.scan() } throws: { ($0 as? LogError)?.code == .missing }
    try Log.remove(world.configuration, id: World.id)
  }

  @Test("the segments of another database are none of this one's")
  func otherDatabase() throws {
    var world = World(seed: 12)
    try world.create().commit([Item(lsn: 1, transaction: 1, size: 1)])
    world.configuration.databaseID[3] ^= 1
    #expect { try world.scan() } throws: { ($0 as? LogError)?.code == .missing }
  }
}

extension SegmentTests {
  @Test("a segment that giving up left behind, with a gap after it, is in nobody's way")
  func gapBelowWhatIsNeeded() throws {
    let world = World(seed: 1)
    let log = try world.create()
    for lsn in 1...120 as ClosedRange<UInt64> {
      try log.commit([Item(lsn: lsn, transaction: lsn, size: 300)])
    }
    let found = try LogScan.inventory(world.configuration).logs.first?.segments ?? []
    #expect(found.count >= 4)
    log.close()
    // A crash kept the first of those that were given up, and lost the one behind it.
    try world.disk.remove(found[1].path)
    let after = found[2].firstLSN - 1
    #expect(try world.recover(after: after).map(\.lsn) == Array(after + 1...120))
    // What is really needed is still missed.
    #expect(throws: LogError.self) { _ = try world.scan(after: after - 1) }
    #expect(throws: LogError.self) { _ = try world.scan(after: 0) }
  }
}
