import HoldfastIO
import HoldfastLog
import HoldfastTestSupport
import Testing

@testable import HoldfastEngine

/// A log with something wrong, and an opening of the whole database: either everything acknowledged is there,
/// or the opening is refused with the place and the commits, and changes nothing.
@Suite struct TailTests {
  private static let folder = path + "-log"

  /// A database that was killed: what it holds, and the log it needs.
  private struct Killed {
    var image: SimulatedDisk.Image
    var options: StorageOptions
    /// The segments, oldest first.
    var segments: [String]
    /// The state after each commit, and the index of the last that was acknowledged.
    var states: [Model]
    var acknowledged: Int
    var id: [UInt8]

    var first: String { segments[0] }
    var middle: String { segments[segments.count / 2] }
    var last: String { segments[segments.count - 1] }
    /// Where the last segment's frames end.
    var frames: [(path: String, offset: Int, length: Int, lsn: UInt64)] = []
  }

  /// Commits of different sizes through several segments, the last two of them not synced; with a checkpoint
  /// near the start, so that segments are recycled when `recycles` says so.
  private func killed(recycles: Bool = false, unsynced: Int = 2, lastSize: Int = 300) throws -> Killed {
    let disk = try makeDisk()
    var options = try makeOptions(disk)
    options.smallestSegment = 8 << 10
    options.largestSegment = 8 << 10
    var storage: Storage? = try Storage.open(path, options)
    var states: [Model] = [[:]]
    func put(_ number: Int, _ size: Int, _ durability: Durability) throws {
      let (key, value) = (text("key-\(100 + number % 40)"), [UInt8](repeating: UInt8(number), count: size))
      try storage?.put(1, key, value, durability)
      var state = states[states.count - 1]
      state[key] = value
      states.append(state)
    }
    if recycles {
      for round in 0..<3 {
        for number in 0..<20 { try put(round * 20 + number, 700, .safe) }
        try storage?.checkpoint()
      }
    }
    for number in 60..<84 { try put(number, 700, .safe) }
    let acknowledged = states.count - 1
    for number in 0..<unsynced { try put(90 + number, lastSize, .unsafe) }
    try storage?.writeUnsynced()
    let log = try #require(storage?.log)
    var result = Killed(
      image: disk.snapshotImage(), options: options, segments: [], states: states,
      acknowledged: acknowledged, id: log.id.bytes)
    disk.cutPower()
    storage = nil
    disk.killProcess()
    result.image = disk.snapshotImage()
    result.segments = disk.paths.filter { path in
      guard path.hasSuffix(".segment"), let bytes = disk.contents(of: path) else { return false }
      return Array(bytes[32..<48]) == result.id
    }.sorted { number(of: $0, disk) < number(of: $1, disk) }
    for path in result.segments {
      let bytes = try #require(disk.contents(of: path))
      var offset = 4096
      while let length = frameLength(bytes, at: offset) {
        result.frames.append((path, offset, length, word(bytes, offset + 32)))
        offset += length
      }
    }
    return result
  }

  // MARK: Bytes of a log, as docs/format.md has them

  private func word(_ bytes: [UInt8], _ offset: Int) -> UInt64 {
    (0..<8).reduce(0) { $0 | UInt64(bytes[offset + $1]) << (8 * UInt64($1)) }
  }

  private func number(of path: String, _ disk: SimulatedDisk) -> UInt64 {
    disk.contents(of: path).map { word($0, 56) } ?? 0
  }

  /// The length of the frame at an offset; `nil` where this use of the segment has none.
  private func frameLength(_ bytes: [UInt8], at offset: Int) -> Int? {
    guard offset + 80 <= bytes.count, Array(bytes[offset..<offset + 4]) == Array("HFfr".utf8) else {
      return nil
    }
    let seed = bytes[80..<112].withUnsafeBytes { CRC32C.checksum($0) }
    let crc = bytes[offset + 8..<offset + 80].withUnsafeBytes { CRC32C.checksum($0, seed: seed) }
    guard crc == UInt32(truncatingIfNeeded: word(bytes, offset + 4)) else { return nil }
    let area = Int(bytes[offset + 26]) | Int(bytes[offset + 27]) << 8
    let payload = Int(UInt32(truncatingIfNeeded: word(bytes, offset + 28)))
    return (80 + area + payload + 7) & ~7
  }

  // MARK: What comes of it

  private enum Result: Equatable {
    /// A state from the last acknowledged one on: how many commits behind it.
    case opened(Int)
    case refused(StorageError.Code)
  }

  /// Opens the database on `disk`. A refusal must name a file, and leave everything as it was.
  ///
  /// `leavesNoTrace` says that the log looks as if its last commit had never been written.
  private func open(
    _ killed: Killed, _ disk: SimulatedDisk, _ note: String, leavesNoTrace: Bool = false
  ) throws -> Result {
    var options = killed.options
    options.fileSystem = disk
    let before = disk.snapshotImage()
    let storage: Storage
    do {
      storage = try Storage.open(path, options)
    } catch {
      #expect(disk.snapshotImage() == before, "\(note): a refused opening changed something")
      #expect(error.message.contains(TailTests.folder), "\(note): \(error)")
      if error.code == .corrupted {
        #expect(error.message.contains("at byte"), "\(note): \(error)")
        #expect(error.message.contains("commits "), "\(note): \(error)")
      }
      return .refused(error.code)
    }
    let found = try storage.snapshot().contents(1)
    let position = killed.states.lastIndex(of: found)
    #expect(position != nil, "\(note): no state of the history")
    let behind = (position ?? -1) - killed.acknowledged
    #expect(behind >= 0, "\(note): an acknowledged commit was dropped silently")
    let isWhole = position == killed.states.count - 1
    #expect(
      isWhole || leavesNoTrace || storage.recovery.bytesCut > 0,
      "\(note): something was cut off, and nothing said")
    #expect(storage.checkInvariants() == [], "\(note)")
    try storage.put(1, text("after"), [1])
    try storage.close()
    let again = try Storage.open(path, options)
    #expect(again.recovery.wasClean, "\(note)")
    #expect(try again.snapshot().contents(1).count == found.count + 1, "\(note)")
    try again.close()
    return .opened(behind)
  }

  @Test(
    "each frame alone, torn: cut off when nothing vouches for it, refused when something does",
    arguments: [false, true])
  func eachFrame(recycles: Bool) throws {
    let killed = try killed(recycles: recycles)
    let acknowledgedLSN = UInt64(killed.acknowledged)
    let checkpoint = recycles ? UInt64(60) : 0
    var (opened, refused) = (0, 0)
    for (index, frame) in killed.frames.enumerated() {
      for way in ["zeros", "one bit", "an older frame"] {
        let note = "commit \(frame.lsn) at \(frame.offset) of \(frame.path): \(way)"
        let disk = SimulatedDisk(image: killed.image)
        switch way {
        case "zeros":
          disk.overwrite(frame.path, offset: frame.offset, with: [UInt8](repeating: 0, count: frame.length))
        case "one bit": disk.flipBit(frame.path, offset: frame.offset + frame.length / 2, bit: 3)
        default:
          guard index > 0, let bytes = disk.contents(of: killed.frames[index - 1].path) else { continue }
          let other = killed.frames[index - 1]
          let count = min(other.length, frame.length)
          disk.overwrite(
            frame.path, offset: frame.offset, with: Array(bytes[other.offset..<other.offset + count]))
        }
        let isLast = index == killed.frames.count - 1
        let result = try open(killed, disk, note, leavesNoTrace: isLast && way == "zeros")
        switch result {
        case .opened(let behind):
          opened += 1
          // Either the frame was not needed, being in the checkpoint, or it was never acknowledged.
          let isUnsynced = frame.lsn > acknowledgedLSN
          #expect(isUnsynced || frame.lsn <= checkpoint, "\(note)")
          if isUnsynced { #expect(behind == Int(frame.lsn - acknowledgedLSN) - 1, "\(note)") }
        case .refused(let code):
          refused += 1
          #expect(code == .corrupted, "\(note)")
          #expect(frame.lsn <= acknowledgedLSN + 1, "\(note)")
        }
      }
    }
    #expect(opened >= 6 && refused > 20)
  }

  @Test(
    "whole segments missing, twice there, foreign or headless are refused, and what is not needed does no harm"
  )
  func segments() throws {
    let killed = try killed()
    #expect(killed.segments.count >= 4)
    let foreign = try self.killed(unsynced: 0)
    let cases: [(String, Result, (SimulatedDisk) throws -> Void)] = [
      ("untouched", .opened(2), { _ in }),
      ("the first is missing", .refused(.missingLog), { try $0.remove(killed.first) }),
      ("one in the middle is missing", .refused(.corrupted), { try $0.remove(killed.middle) }),
      ("the last is missing", .refused(.corrupted), { try $0.remove(killed.last) }),
      (
        "all are missing", .refused(.missingLog),
        { disk in for path in killed.segments { try disk.remove(path) } }
      ),
      (
        "one is there twice", .refused(.corrupted),
        { $0.setContents($0.contents(of: killed.middle) ?? [], of: TailTests.folder + "/copy.segment") }
      ),
      (
        "another log's lie beside it", .opened(2),
        { disk in
          for (number, path) in foreign.segments.enumerated() {
            // The same database by its bytes, but another log; as a restored folder may hold.
            var bytes = foreign.image.contents(of: path) ?? []
            for index in 32..<48 { bytes[index] ^= 0xFF }
            let crc = bytes[..<4092].withUnsafeBytes { CRC32C.checksum($0) }
            for index in 0..<4 { bytes[4092 + index] = UInt8(truncatingIfNeeded: crc >> (8 * UInt32(index))) }
            disk.setContents(bytes, of: TailTests.folder + "/other-\(number).segment")
          }
        }
      ),
      (
        "files that are no segments", .opened(2),
        { $0.setContents([1, 2, 3], of: TailTests.folder + "/notes.segment") }
      ),
      ("the first has no header", .refused(.corrupted), { $0.flipBit(killed.first, offset: 90, bit: 1) }),
      (
        "one in the middle has no header", .refused(.corrupted),
        { $0.flipBit(killed.middle, offset: 90, bit: 1) }
      ),
      ("the last has no header", .refused(.corrupted), { $0.flipBit(killed.last, offset: 90, bit: 1) }),
      (
        "the last is shorter than it was made", .refused(.corrupted),
        { $0.setContents(Array(($0.contents(of: killed.last) ?? []).dropLast(512)), of: killed.last) }
      ),
    ]
    for (note, expected, change) in cases {
      let disk = SimulatedDisk(image: killed.image)
      try change(disk)
      #expect(try open(killed, disk, note) == expected, "\(note)")
    }
  }

  @Test(
    "of blocks that arrived in any order, what follows the first gap is cut off, and acknowledged ones are missed"
  )
  func order() throws {
    // Five commits that nobody synced, in several sectors each.
    let killed = try killed(unsynced: 5, lastSize: 900)
    let loose = killed.frames.filter { $0.lsn > UInt64(killed.acknowledged) }
    let last = try #require(loose.last)
    let start = try #require(loose.first { $0.path == last.path }).offset
    let sectors = (start + 511) / 512..<(last.offset + last.length) / 512
    #expect(sectors.count > 2)
    for sector in sectors {
      let disk = SimulatedDisk(image: killed.image)
      disk.overwrite(last.path, offset: sector * 512, with: [UInt8](repeating: 0, count: 512))
      let hit = try #require(
        loose.first {
          $0.path == last.path
            && ($0.offset..<$0.offset + $0.length).overlaps(sector * 512..<sector * 512 + 512)
        })
      let result = try open(killed, disk, "sector \(sector)")
      #expect(result == .opened(Int(hit.lsn) - killed.acknowledged - 1), "sector \(sector)")
    }
  }

  @Test("a commit of several frames counts when all of them are there, and not at all otherwise")
  func parts() throws {
    let killed = try killed(unsynced: 1, lastSize: 30_000)
    let parts = killed.frames.filter { $0.lsn == UInt64(killed.acknowledged) + 1 && $0.length > 120 }
    #expect(parts.count > 3)
    #expect(try open(killed, SimulatedDisk(image: killed.image), "whole") == .opened(1))
    for (index, part) in parts.enumerated() {
      let disk = SimulatedDisk(image: killed.image)
      disk.overwrite(part.path, offset: part.offset, with: [UInt8](repeating: 0, count: part.length))
      let result = try open(killed, disk, "part \(index)")
      // Parts in later segments were only written after those in earlier ones had been synced.
      let isLast = part.path == parts[parts.count - 1].path
      #expect(result == (isLast ? .opened(0) : .refused(.corrupted)), "part \(index)")
    }
  }

  @Test("one bad slot and two bad key blocks are made up for, with the log; all bad is refused")
  func header() throws {
    let killed = try killed(recycles: true)
    let (slots, blocks) = (HeaderFormat.slotOffsets, HeaderFormat.keyBlockOffsets)
    for offset in slots {
      let disk = SimulatedDisk(image: killed.image)
      disk.flipBit(path, offset: Int(offset) + 40, bit: 2)
      #expect(try open(killed, disk, "slot at \(offset)") == .opened(2))
    }
    for spared in blocks {
      let disk = SimulatedDisk(image: killed.image)
      for offset in blocks where offset != spared { disk.flipBit(path, offset: Int(offset) + 20, bit: 2) }
      #expect(try open(killed, disk, "key block at \(spared)") == .opened(2))
    }
    for offsets in [slots, blocks] {
      let disk = SimulatedDisk(image: killed.image)
      for offset in offsets { disk.flipBit(path, offset: Int(offset) + 20, bit: 2) }
      let before = disk.snapshotImage()
      var options = killed.options
      options.fileSystem = disk
      let error = #expect(throws: StorageError.self) { try Storage.open(path, options) }
      #expect(error?.code == .corrupted && error?.message.contains(path) == true)
      #expect(disk.snapshotImage() == before)
    }
  }
}
