import HoldfastIO

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// Space is handed out in blocks of 4 KiB when something is first written to them. Names and directories cost
// nothing, but none can be made while not a single block is free.

extension DiskCore {
  static let blockSize = 4096
  private static let blocksPerChunk = SparseBytes.chunkSize / blockSize

  var availableBytes: UInt64 {
    let used = UInt64(usedBlocks) * UInt64(DiskCore.blockSize)
    return capacity > used ? capacity - used : 0
  }

  /// Makes room for a write, and returns how much of it fits. Throws `ENOSPC` when nothing does.
  func allocate(_ file: Inode, _ path: String, from start: Int, count: Int) throws(IOError) -> Int {
    var free = availableBytes / UInt64(DiskCore.blockSize)
    for block in start / DiskCore.blockSize...(start + count - 1) / DiskCore.blockSize {
      let (chunk, position) = block.quotientAndRemainder(dividingBy: DiskCore.blocksPerChunk)
      let bit = UInt8(1) << UInt8(position)
      let isNew = file.blocks[chunk, default: 0] & bit == 0
      // A copy-on-write file system puts new content elsewhere, and frees the old place once that is durable.
      let needsCopy = copiesOnWrite && !isNew && file.copies[chunk, default: 0] & bit == 0
      guard isNew || needsCopy else { continue }
      guard free > 0 else {
        let fits = block * DiskCore.blockSize - start
        if fits > 0 { return fits }
        throw IOError(operation: .write, path: path, code: ENOSPC)
      }
      free -= 1
      usedBlocks += 1
      if isNew { file.blocks[chunk, default: 0] |= bit } else { file.doubleBlockCount += 1 }
      // A new block has no old place, and can be rewritten where it is until the next sync.
      if copiesOnWrite { file.copies[chunk, default: 0] |= bit }
    }
    return count
  }

  /// Frees the old places of everything that was rewritten on a copy-on-write file system.
  func releaseCopies(_ file: Inode) {
    guard !file.copies.isEmpty else { return }
    usedBlocks -= file.doubleBlockCount
    file.doubleBlockCount = 0
    file.copies.removeAll()
  }

  /// Frees the blocks that lie wholly behind `size`.
  func releaseBlocks(_ file: Inode, behind size: Int) {
    let firstFree = (size + DiskCore.blockSize - 1) / DiskCore.blockSize
    for (chunk, mask) in file.blocks {
      let start = chunk * DiskCore.blocksPerChunk
      guard start + DiskCore.blocksPerChunk > firstFree else { continue }
      let kept = firstFree > start ? mask & ((1 << UInt8(firstFree - start)) - 1) : 0
      usedBlocks -= mask.nonzeroBitCount - kept.nonzeroBitCount
      file.blocks[chunk] = kept == 0 ? nil : kept
    }
  }

  /// Frees everything of a file that no name and no handle leads to any more.
  func collect(_ file: Inode) {
    guard file.links == 0, file.handles == 0, !file.isDirectory else { return }
    releaseCopies(file)
    usedBlocks -= file.blockCount
    file.blocks.removeAll()
  }

  /// Counts the blocks of a file anew from its bytes, after something else than a program changed it.
  func recountBlocks(_ file: Inode) {
    file.blocks.removeAll()
    file.copies.removeAll()
    file.doubleBlockCount = 0
    let length = min(file.length, file.live.chunkCount * SparseBytes.chunkSize)
    guard length > 0 else { return }
    for block in 0...(length - 1) / DiskCore.blockSize {
      let (chunk, position) = block.quotientAndRemainder(dividingBy: DiskCore.blocksPerChunk)
      guard file.live.isAllocated(chunk) else { continue }
      file.blocks[chunk, default: 0] |= 1 << UInt8(position)
    }
  }
}
