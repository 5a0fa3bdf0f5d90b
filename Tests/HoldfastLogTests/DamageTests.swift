import HoldfastIO
import HoldfastTestSupport
import Testing

@testable import HoldfastLog

@Suite struct DamageTests {
  /// A frame of a file, found by walking it.
  struct Place {
    var path: String
    var header: FrameHeader
    var offset: Int
  }

  /// Walks the frames of all segments, oldest first.
  func places(_ world: World) throws -> [Place] {
    var places: [Place] = []
    for path in world.segments {
      let bytes = try #require(world.disk.contents(of: path))
      guard case .header(let segment) = SegmentHeader.decode(Array(bytes[..<4096])) else { continue }
      var offset = 4096
      bytes.withUnsafeBytes { buffer in
        while offset + 80 <= buffer.count,
          let header = FrameHeader.decode(buffer.baseAddress! + offset, at: UInt64(offset), in: segment)
        {
          places.append(Place(path: path, header: header, offset: offset))
          offset += header.frameLength
        }
      }
    }
    return places
  }

  /// A log of commits, synced one by one.
  func prepared(
    _ seed: UInt64, count: Int, size: Int, encrypted: Bool = false, syncLast: Bool = true
  ) throws -> (World, [Item]) {
    let world = World(seed: seed, encrypted: encrypted)
    let log = try world.create()
    let items = (1...count).map { Item(lsn: UInt64($0), transaction: UInt64($0), size: size, area: 5) }
    for item in items {
      try log.append(item)
      try log.write(#require(log.closeGroup()))
      if syncLast || item.lsn < items.count { try log.sync() }
    }
    log.close()
    return (world, items)
  }

  func code(_ world: World, after lsn: UInt64 = 0) -> LogError.Code? {
    do {
      _ = try world.recover(after: lsn)
      return nil
    } catch {
      return (error as? LogError)?.code
    }
  }

  func zero(_ world: World, _ place: Place) {
    world.disk.overwrite(
      place.path, offset: place.offset, with: [UInt8](repeating: 0, count: place.header.frameLength))
  }

  @Test(
    "a flipped byte is never returned as data: the log is equal, a prefix, or refused",
    arguments: [false, true])
  func everyByte(encrypted: Bool) throws {
    let (world, items) = try prepared(1, count: 16, size: 700, encrypted: encrypted)
    #expect(world.segments.count == 2)
    let places = try places(world)
    let image = world.disk.snapshotImage()
    var cuts = 0
    for path in world.segments {
      let frames = places.filter { $0.path == path }
      let used = frames.last.map { $0.offset + $0.header.frameLength } ?? 4096
      // Behind the frames nothing is looked at but by its magic.
      for offset in Array(0..<used + 100) {
        // Most of the header block is zeros that one checksum covers, most of a payload is alike.
        if offset >= 144, offset < 4080, offset % 64 != 0 { continue }
        let inHeader = frames.contains { ($0.offset..<$0.offset + 88).contains(offset) }
        if offset >= 4096, offset < used, !inHeader, offset % 16 != 0 { continue }
        let disk = SimulatedDisk(image: image)
        disk.flipBit(path, offset: offset, bit: offset % 8)
        let copy = World(disk: disk, seed: 1, encrypted: encrypted)
        do {
          let found = try copy.recover()
          guard found == Array(items.prefix(found.count)) else {
            Issue.record("\(path) byte \(offset): other data")
            return
          }
          // Only the last group, which no later frame vouches for, can be taken for torn.
          guard found.count >= items.count - 1 else {
            Issue.record("\(path) byte \(offset): \(found.count) commits and no error")
            return
          }
          if found.count < items.count {
            cuts += 1
            #expect(try copy.scan().cut != nil)
          }
        } catch let error as LogError {
          guard [.damaged, .authenticationFailed, .unsupported, .missing].contains(error.code) else {
            Issue.record("\(path) byte \(offset): \(error)")
            return
          }
        }
      }
    }
    #expect(cuts > 0)
  }

  @Test("a bad frame with nothing durable behind it is cut off and reported")
  func tornTail() throws {
    let (world, items) = try prepared(2, count: 5, size: 300, syncLast: false)
    let last = try #require(try places(world).last)
    world.disk.flipBit(last.path, offset: last.offset + 200, bit: 1)
    let scan = try world.scan()
    #expect(scan.lastLSN == 4)
    let cut = try #require(scan.cut)
    #expect(cut.file == last.path)
    #expect(cut.offset == UInt64(last.offset))
    #expect(cut.bytes == UInt64(last.header.frameLength))
    #expect(try world.recover() == Array(items.dropLast()))
  }

  @Test("unsynced frames that arrived without one before them are cut off with it")
  func hole() throws {
    let world = World(seed: 3)
    let log = try world.create()
    try log.commit((1...3).map { Item(lsn: $0, transaction: $0, size: 100) })
    for lsn in 4...8 {
      try log.append(Item(lsn: UInt64(lsn), transaction: 1, size: 100))
      try log.write(#require(log.closeGroup()))
    }
    let places = try places(world)
    zero(world, places[4])
    let scan = try world.scan()
    #expect(scan.lastLSN == 4)
    let cut = try #require(scan.cut)
    #expect(cut.bytes == UInt64(places[7].offset + places[7].header.frameLength - places[4].offset))
  }

  @Test("a bad frame that a later one calls durable is damage, with file, offset and range")
  func damaged() throws {
    let (world, _) = try prepared(4, count: 8, size: 300)
    let places = try places(world)
    zero(world, places[3])
    #expect {
      try world.scan()
    } throws: { error in
      guard let error = error as? LogError else { return false }
      return error.code == .damaged && error.file == places[3].path
        && error.offset == UInt64(places[3].offset)
        && error.lsns == 4...7 && error.message.contains("4…7")
    }
  }

  @Test("a frame is one only in the segment and at the place that it was written for")
  func onlyInItsPlace() throws {
    let (world, _) = try prepared(11, count: 3, size: 100)
    let path = try #require(world.segments.first)
    let bytes = try #require(world.disk.contents(of: path))
    let place = try #require(try places(world).last)
    guard case .header(let segment) = SegmentHeader.decode(Array(bytes[..<4096])) else {
      Issue.record("the segment's header is no good")
      return
    }
    /// The same segment with another salt, as when its file is used again.
    let reused = SegmentHeader(
      databaseID: segment.databaseID, logID: segment.logID, epoch: segment.epoch, flags: segment.flags,
      sequence: segment.sequence, firstLSN: segment.firstLSN, size: segment.size,
      salt: segment.salt.map { ~$0 }, created: segment.created)
    var nextEpoch = segment
    nextEpoch.epoch += 1
    bytes[place.offset...].withUnsafeBytes { frame in
      guard let frame = frame.baseAddress else { return }
      let offset = UInt64(place.offset)
      #expect(FrameHeader.decode(frame, at: offset, in: segment) == place.header)
      #expect(FrameHeader.decode(frame, at: offset + 8, in: segment) == nil)
      #expect(FrameHeader.decode(frame, at: offset, in: reused) == nil)
      #expect(FrameHeader.decode(frame, at: offset, in: nextEpoch) == nil)
    }
  }

  @Test("what the caller knows to be durable is never taken for torn")
  func callersMark() throws {
    let (world, items) = try prepared(5, count: 5, size: 300)
    let last = try #require(try places(world).last)
    zero(world, last)
    #expect(try world.recover(after: 4) == [])
    #expect(try world.scan(after: 3).lastLSN == items[3].lsn)
    #expect(code(world, after: 5) == .damaged)
  }

  @Test("anything wrong between two segments is damage")
  func betweenSegments() throws {
    let (world, items) = try prepared(6, count: 60, size: 700)
    #expect(world.segments.count >= 4)
    let image = world.disk.snapshotImage()
    func changed(_ change: (World) throws -> Void) rethrows -> World {
      let copy = World(disk: SimulatedDisk(image: image), seed: 6)
      try change(copy)
      return copy
    }
    let segments = world.segments
    #expect(try changed { _ in }.recover() == items)
    // The last one is gone: the one before names it.
    #expect(code(try changed { try $0.disk.remove(segments[segments.count - 1]) }) == .damaged)
    // One in the middle.
    #expect(code(try changed { try $0.disk.remove(segments[1]) }) == .damaged)
    // The first: it is needed, or it is not.
    let withoutFirst = try changed { try $0.disk.remove(segments[0]) }
    #expect(code(withoutFirst) == .missing)
    #expect(try withoutFirst.recover(after: 30) == Array(items[30...]))
    // All.
    #expect(code(try changed { for path in segments { try $0.disk.remove(path) } }) == .missing)
    // The header of any.
    for path in segments { #expect(code(changed { $0.disk.flipBit(path, offset: 70, bit: 0) }) == .damaged) }
    // An end frame.
    let end = try #require(try places(world).first { $0.header.kind == .segmentEnd })
    #expect(code(changed { zero($0, end) }) == .damaged)
    // Two files for one place.
    let twice = changed {
      $0.disk.setContents($0.disk.contents(of: segments[1])!, of: World.folder + "/copy.segment")
    }
    #expect(code(twice) == .damaged)
    // One is shorter than it was.
    for path in segments {
      let bytes = world.disk.contents(of: path)!
      #expect(code(changed { $0.disk.setContents(Array(bytes.dropLast(600)), of: path) }) == .damaged)
      #expect(code(changed { $0.disk.setContents(Array(bytes.prefix(100)), of: path) }) != nil)
      #expect(code(changed { $0.disk.setContents([], of: path) }) != nil)
    }
    // One has taken the place of another.
    let other = World(seed: 99)
    let log = try other.create()
    for item in items { try log.commit([item]) }
    let foreign = try #require(other.disk.contents(of: other.segments[1]))
    #expect(code(changed { $0.disk.setContents(foreign, of: segments[1]) }) == .damaged)
  }

  @Test("a commit of which parts are missing is cut off as a whole", arguments: [1, 2, 3, 4])
  func missingParts(part: Int) throws {
    let world = World(seed: 7)
    let log = try world.create()
    let first = Item(lsn: 1, transaction: 1, size: 100)
    try log.commit([first])
    try log.append(Item(lsn: 2, transaction: 2, size: 40_000))
    try log.write(#require(log.closeGroup()))
    let places = try self.places(world).filter { $0.header.kind == .commit && $0.header.lsn == 2 }
    let last = try #require(places.last)
    zero(world, last)
    let scan = try world.scan()
    #expect(scan.lastLSN == 1)
    let cut = try #require(scan.cut)
    #expect(cut.file == places[0].path)
    #expect(cut.offset == UInt64(places[0].offset))
    #expect(cut.reason.contains("incomplete"))
    #expect(try world.recover() == [first])
    // Parts in later segments prove that the earlier ones were complete.
    if places[part].path != last.path || part < places.count - 1 {
      zero(world, places[part])
      let isAlone = try self.places(world).allSatisfy { $0.path <= places[part].path }
      #expect(isAlone ? code(world) == nil : code(world) == .damaged)
    }
  }

  @Test("a commit whose first parts were retired is passed over when it is not needed")
  func retiredParts() throws {
    let world = World(seed: 8)
    let log = try world.create()
    try log.commit([Item(lsn: 1, transaction: 1, size: 60_000)])
    let second = Item(lsn: 2, transaction: 2, size: 10)
    try log.commit([second])
    try log.retire(through: 1)
    #expect(log.segmentCount == 1)
    #expect(log.firstRetainedLSN == 2)
    #expect(try log.items(from: 2) == [second])
    #expect(throws: LogError.self) { try log.items(from: 1) }
    #expect(try world.recover(after: 1) == [second])
    #expect(code(world, after: 0) == .missing)
  }

  @Test("an error while reading is an error, never the end of the log")
  func readErrors() throws {
    let (world, items) = try prepared(9, count: 30, size: 700)
    let before = world.disk.operationCount
    _ = try world.recover()
    let count = world.disk.operationCount - before
    for operation in 1...count {
      world.disk.schedule(.error(5, .once), at: world.disk.operationCount + operation)
      #expect(code(world) == .ioFailed)
      world.disk.clearFaults()
    }
    for operation in 1...count {
      world.disk.schedule(.shortRead, at: world.disk.operationCount + operation)
      #expect(try world.recover() == items)
      world.disk.clearFaults()
    }
  }

  @Test("whatever bytes a segment holds, reading it ends without a trap", arguments: Seeds.first(8))
  func fuzz(seed: UInt64) throws {
    let (world, items) = try prepared(10, count: 20, size: 600, encrypted: seed % 2 == 0)
    let image = world.disk.snapshotImage()
    var generator = SplitMix64(seed: seed)
    for _ in 0..<60 {
      let copy = World(disk: SimulatedDisk(image: image), seed: seed, encrypted: seed % 2 == 0)
      for _ in 0...Int.random(in: 0..<4, using: &generator) {
        let path = try #require(world.segments.randomElement(using: &generator))
        var bytes = copy.disk.contents(of: path)!
        guard !bytes.isEmpty else { continue }
        switch Int.random(in: 0..<5, using: &generator) {
        case 0:
          bytes.removeLast(Int.random(in: 0..<bytes.count, using: &generator))
        case 1:
          let start = Int.random(in: 0..<bytes.count, using: &generator)
          for index in start..<min(bytes.count, start + 200) {
            bytes[index] = .random(in: 0...255, using: &generator)
          }
        case 2:
          // A header field with any value, and a checksum that fits.
          reseal(&bytes, &generator)
        case 3:
          let from = Int.random(in: 0..<bytes.count, using: &generator) & ~7
          let to = Int.random(in: 0..<bytes.count, using: &generator) & ~7
          let part = Array(bytes[from..<min(bytes.count, from + 1000)])
          for (index, byte) in part.enumerated() where to + index < bytes.count { bytes[to + index] = byte }
        default:
          if bytes.count > 4096 {
            let offset = Int.random(in: 0..<128, using: &generator)
            bytes[offset] = .random(in: 0...255, using: &generator)
            let crc = bytes[..<4092].withUnsafeBytes { CRC32C.checksum($0) }
            for index in 0..<4 { bytes[4092 + index] = UInt8(truncatingIfNeeded: crc >> (8 * UInt32(index))) }
          }
        }
        copy.disk.setContents(bytes, of: path)
      }
      _ = try? LogScan.inventory(copy.configuration)
      if let found = try? copy.recover(), seed % 2 == 0 {
        // Sealed frames cannot be made up, whatever their checksums say.
        #expect(found == Array(items.prefix(found.count)))
      }
    }
  }

  /// Changes a field of some frame's header and makes its checksum fit again.
  private func reseal(_ bytes: inout [UInt8], _ generator: inout SplitMix64) {
    guard bytes.count > 4096, case .header(let segment) = SegmentHeader.decode(Array(bytes[..<4096])) else {
      return
    }
    bytes.withUnsafeMutableBytes { buffer in
      var offset = 4096
      while offset + 80 <= buffer.count {
        let frame = buffer.baseAddress! + offset
        guard let header = FrameHeader.decode(UnsafeRawPointer(frame), at: UInt64(offset), in: segment) else {
          return
        }
        if Int.random(in: 0..<6, using: &generator) == 0 {
          frame.storeBytes(
            of: .random(in: 0...255, using: &generator),
            toByteOffset: Int.random(in: 20..<80, using: &generator), as: UInt8.self)
          let covered = UnsafeRawBufferPointer(start: frame + 8, count: 72)
          frame.store(CRC32C.checksum(covered, seed: segment.seed), littleEndianAt: 4)
          return
        }
        offset += header.frameLength
      }
    }
  }
}
