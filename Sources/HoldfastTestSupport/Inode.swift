/// A file or a directory, apart from its names: renaming and removing change names, and never this.
///
/// Everything exists twice: as programs see it (the page cache), and as it is on the medium. In between is
/// what was not synced: any part of it may or may not be on the medium after a crash.
final class Inode {
  let id: Int
  let isDirectory: Bool

  // A file: what programs see.
  var live = SparseBytes()
  var length = 0
  // A file: what is on the medium.
  var durable = SparseBytes()
  var durableLength = 0

  /// The sectors of each chunk that were written since the last sync.
  var dirty: [Int: UInt32] = [:]
  /// Earlier unsynced contents of sectors that were written more than once: the system may have written back
  /// any of them before the crash.
  var older: [Int: [[UInt8]]] = [:]
  /// The lengths the file has had since the last sync; the last is the present one. Empty when it did not
  /// change.
  var lengths: [Int] = []

  /// The blocks of each chunk that take up space.
  var blocks: [Int: UInt8] = [:]
  /// On a copy-on-write file system, the blocks that already have a new place since the last sync …
  var copies: [Int: UInt8] = [:]
  /// … and how many of them still take up their old place as well.
  var doubleBlockCount = 0

  // A directory.
  var entries: [String: Int] = [:]
  var durableEntries: [String: Int] = [:]

  /// How many names it has that programs see.
  var links = 0
  /// How many open files use it.
  var handles = 0

  /// The most earlier contents that are kept of one sector, and the most lengths of one file.
  static let olderLimit = 3
  static let lengthLimit = 16

  init(id: Int, isDirectory: Bool) {
    self.id = id
    self.isDirectory = isDirectory
  }

  /// Whether anything of it would be uncertain after a crash.
  var isDirty: Bool { !dirty.isEmpty || !lengths.isEmpty }

  /// How many blocks take up space, each counted once.
  var blockCount: Int { blocks.values.reduce(0) { $0 + $1.nonzeroBitCount } }
}

extension Inode {
  /// Writes as a program does: seen at once, on the medium later.
  func write(_ bytes: UnsafeRawBufferPointer, at offset: Int, random: inout SplitMix64) {
    guard !bytes.isEmpty else { return }
    markDirty(from: offset, to: offset + bytes.count, random: &random)
    live.write(bytes, at: offset)
    if offset + bytes.count > length { setLength(offset + bytes.count, random: &random) }
  }

  /// Changes the length as a program does. What is cut off is zero if the file grows again.
  func truncate(to newLength: Int, random: inout SplitMix64) {
    if newLength < length {
      markDirty(from: newLength, to: length, random: &random)
      live.cut(at: newLength)
    }
    if newLength != length { setLength(newLength, random: &random) }
  }

  func setLength(_ newLength: Int, random: inout SplitMix64) {
    length = newLength
    if lengths.count == Inode.lengthLimit { lengths.remove(at: random.below(lengths.count)) }
    lengths.append(newLength)
  }

  /// Notes that the sectors between two offsets are about to change.
  private func markDirty(from start: Int, to end: Int, random: inout SplitMix64) {
    let first = start / SparseBytes.sectorSize
    let last = (end - 1) / SparseBytes.sectorSize
    var sector = first
    while sector <= last {
      let (chunk, position) = sector.quotientAndRemainder(dividingBy: SparseBytes.sectorsPerChunk)
      let count = min(last - sector + 1, SparseBytes.sectorsPerChunk - position)
      let mask = UInt32(truncatingIfNeeded: ((UInt64(1) << UInt64(count)) - 1) << UInt64(position))
      let already = dirty[chunk, default: 0]
      rememberOlder(already & mask, ofChunk: chunk, random: &random)
      dirty[chunk] = already | mask
      sector += count
    }
  }

  private func rememberOlder(_ sectors: UInt32, ofChunk chunk: Int, random: inout SplitMix64) {
    var left = sectors
    while left != 0 {
      let sector = chunk * SparseBytes.sectorsPerChunk + left.trailingZeroBitCount
      left &= left - 1
      let content = live.bytes(SparseBytes.sectorSize, at: sector * SparseBytes.sectorSize)
      if older[sector, default: []].count < Inode.olderLimit {
        older[sector, default: []].append(content)
      } else {
        older[sector, default: []][random.below(Inode.olderLimit)] = content
      }
    }
  }

  /// Makes what programs see durable.
  func sync() {
    for (chunk, sectors) in dirty { durable.copySectors(sectors, ofChunk: chunk, from: live) }
    // What a sync covers can be read back afterwards, so as much of the length as that takes is durable with
    // it, even when the sync that should have recorded the length has failed.
    durableLength = lengths.isEmpty ? max(durableLength, min(length, dirtyEnd)) : length
    markClean()
  }

  /// Behind the last sector that was written since the last sync.
  private var dirtyEnd: Int {
    let last = dirty.filter { $0.value != 0 }.max { $0.key < $1.key }
    guard let last else { return 0 }
    let sector = last.key * SparseBytes.sectorsPerChunk + UInt32.bitWidth - 1 - last.value.leadingZeroBitCount
    return (sector + 1) * SparseBytes.sectorSize
  }

  /// Makes one sector durable as programs see it.
  func persist(sector: Int) {
    let (chunk, position) = sector.quotientAndRemainder(dividingBy: SparseBytes.sectorsPerChunk)
    durable.copySectors(1 << UInt32(position), ofChunk: chunk, from: live)
    dirty[chunk, default: 0] &= ~(1 << UInt32(position))
    older[sector] = nil
  }

  /// Takes everything for written back, whether it was or not.
  func markClean() {
    dirty.removeAll(keepingCapacity: true)
    older.removeAll()
    lengths.removeAll()
  }

  /// Lets a seeded part of what was not synced reach the medium. Each sector is for itself, and one that was
  /// written several times may arrive in any of its versions.
  func persistSome(_ probability: Double, random: inout SplitMix64) {
    // Sorted, because the order of a dictionary is not the same in every run.
    for chunk in dirty.keys.sorted() {
      var left = dirty[chunk, default: 0]
      while left != 0 {
        let position = left.trailingZeroBitCount
        left &= left - 1
        guard random.chance(probability) else { continue }
        let sector = chunk * SparseBytes.sectorsPerChunk + position
        let versions = older[sector] ?? []
        let choice = versions.isEmpty ? 0 : random.below(versions.count + 1)
        if choice < versions.count {
          versions[choice].withUnsafeBytes { durable.write($0, at: sector * SparseBytes.sectorSize) }
        } else {
          durable.copySectors(1 << UInt32(position), ofChunk: chunk, from: live)
        }
      }
    }
    if !lengths.isEmpty, random.chance(probability) {
      // The last length twice as often as any other: a crash usually comes long after the change.
      let choice = random.below(lengths.count + 1)
      durableLength = choice < lengths.count ? lengths[choice] : length
    }
    // Nothing lies behind the end of a file.
    durable.cut(at: durableLength)
  }

  /// What the system has after a restart: only the medium.
  func forgetCache() {
    live = durable
    length = durableLength
    entries = durableEntries
    handles = 0
    markClean()
  }
}
