import HoldfastIO

#if canImport(Darwin)
  import Darwin
#elseif canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

// What an open file can be asked for.

extension DiskCore {
  func read(
    _ file: Inode, _ path: String, into buffer: UnsafeMutableRawBufferPointer, at offset: UInt64
  ) throws(IOError) -> Int {
    try perform(.read, path, file: file, offset: offset, length: buffer.count) {
      disturbance throws(IOError) in
      guard offset < UInt64(file.length) else { return 0 }
      var count = min(buffer.count, file.length - Int(offset))
      if disturbance.contains(.shortRead) || isShort() { count = shortened(count) }
      file.live.read(into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<count]), at: Int(offset))
      return count
    }
  }

  func write(
    _ file: Inode, _ path: String, _ bytes: UnsafeRawBufferPointer, at offset: UInt64
  ) throws(IOError) -> Int {
    try perform(.write, path, file: file, offset: offset, length: bytes.count) {
      disturbance throws(IOError) in
      guard !bytes.isEmpty else { return 0 }
      guard offset <= UInt64(DiskCore.maximumFileSize - bytes.count) else {
        throw IOError(operation: .write, path: path, code: EFBIG)
      }
      let start = Int(offset)
      var count = try allocate(file, path, from: start, count: bytes.count)
      if disturbance.contains(.shortWrite) || isShort() { count = shortened(count) }
      let part = UnsafeRawBufferPointer(rebasing: bytes[..<count])

      if disturbance.contains(.tornWrite) {
        tear(file, part, at: start)
        isDown = true
        throw IOError(operation: .write, path: path, code: SimulatedDisk.powerLossCode)
      }
      if disturbance.contains(.lostWrite) {
        if start + count > file.length { file.setLength(start + count, random: &random) }
        return count
      }
      if disturbance.contains(.misdirectedWrite) {
        let other = misdirected(from: start, in: file)
        let end = max(file.length, start + count)
        file.write(part, at: other, random: &random)
        if end > file.length { file.setLength(end, random: &random) }
        return count
      }
      file.write(part, at: start, random: &random)
      return count
    }
  }

  func sync(_ file: Inode, _ path: String) throws(IOError) {
    try perform(.sync, path, file: file) { disturbance throws(IOError) in
      releaseCopies(file)
      guard disturbance.contains(.failedSyncDroppingData) else { return file.sync() }
      file.persistSome(0.5, random: &crashRandom)
      file.markClean()
      throw IOError(operation: .sync, path: path, code: EIO)
    }
  }

  func size(_ file: Inode, _ path: String) throws(IOError) -> UInt64 {
    try perform(.size, path, file: file) { _ throws(IOError) in UInt64(file.length) }
  }

  func truncate(_ file: Inode, _ path: String, to size: UInt64) throws(IOError) {
    try perform(.truncate, path, file: file, offset: size) { _ throws(IOError) in
      guard size <= UInt64(DiskCore.maximumFileSize) else {
        throw IOError(operation: .truncate, path: path, code: EFBIG)
      }
      file.truncate(to: Int(size), random: &random)
      releaseBlocks(file, behind: Int(size))
    }
  }

  func lock(
    _ file: Inode, _ path: String, handle: Int, mode: OpenMode, _ kind: FileLock
  ) throws(IOError) -> Bool {
    try perform(.lock, path, file: file) { _ throws(IOError) in
      // As with locks of open file descriptions on Linux.
      guard kind == .shared || mode != .readOnly else {
        throw IOError(operation: .lock, path: path, code: EBADF)
      }
      let others = locks[file.id, default: []].filter { $0.handle != handle }
      let conflicts = others.contains { $0.kind == .exclusive || kind == .exclusive }
      if !conflicts { locks[file.id] = others + [(handle, kind)] }
      return !conflicts
    }
  }

  func close(_ file: Inode, handle: Int) {
    locks[file.id]?.removeAll { $0.handle == handle }
    file.handles -= 1
    collect(file)
  }

  // MARK: - Short, torn and misdirected

  private func isShort() -> Bool {
    shortTransferProbability > 0 && random.chance(shortTransferProbability)
  }

  /// At least 1 byte, and fewer than `count` where that is possible.
  private func shortened(_ count: Int) -> Int {
    count > 1 ? 1 + random.below(count - 1) : count
  }

  /// Puts some, but not all, sectors of a write on the medium; of a lone one, nothing.
  private func tear(_ file: Inode, _ bytes: UnsafeRawBufferPointer, at offset: Int) {
    let first = offset / SparseBytes.sectorSize
    let sectors = (offset + bytes.count - 1) / SparseBytes.sectorSize - first + 1
    // Half the time a beginning: that is what a drive does that was writing in order.
    let inOrder = random.chance(0.5)
    let cut = random.below(sectors)
    for sector in 0..<sectors where sector != cut {
      guard inOrder ? sector < cut : random.chance(0.5) else { continue }
      let start = max(offset, (first + sector) * SparseBytes.sectorSize)
      let end = min(offset + bytes.count, (first + sector + 1) * SparseBytes.sectorSize)
      let part = UnsafeRawBufferPointer(rebasing: bytes[start - offset..<end - offset])
      file.write(part, at: start, random: &random)
      file.persist(sector: first + sector)
    }
  }

  /// The start of another sector of the file, or of the first one behind its end when there is no other.
  private func misdirected(from offset: Int, in file: Inode) -> Int {
    let own = offset / SparseBytes.sectorSize
    let sectors = max((file.length + SparseBytes.sectorSize - 1) / SparseBytes.sectorSize, own + 1)
    guard sectors > 1 else { return SparseBytes.sectorSize }
    let other = random.below(sectors - 1)
    return (other < own ? other : other + 1) * SparseBytes.sectorSize
  }
}
