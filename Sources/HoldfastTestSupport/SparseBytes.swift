/// The bytes of a file, in chunks that copies share until one of them writes: copying a prepared disk
/// thousands of times costs almost nothing. Places that were never written read as zeros.
struct SparseBytes: Sendable {
  /// What a medium writes as a whole or not at all.
  static let sectorSize = 512
  static let sectorsPerChunk = 32
  static let chunkSize = sectorSize * sectorsPerChunk

  /// An empty chunk stands for zeros.
  private var chunks: [[UInt8]] = []

  /// Copies bytes from `offset` on; everything after the last chunk is zero.
  func read(into buffer: UnsafeMutableRawBufferPointer, at offset: Int) {
    var done = 0
    while done < buffer.count {
      let (chunk, start) = (offset + done).quotientAndRemainder(dividingBy: SparseBytes.chunkSize)
      let count = min(buffer.count - done, SparseBytes.chunkSize - start)
      let part = UnsafeMutableRawBufferPointer(rebasing: buffer[done..<done + count])
      if chunk < chunks.count, !chunks[chunk].isEmpty {
        chunks[chunk].withUnsafeBytes {
          part.copyMemory(from: UnsafeRawBufferPointer(rebasing: $0[start..<start + count]))
        }
      } else {
        part.initializeMemory(as: UInt8.self, repeating: 0)
      }
      done += count
    }
  }

  /// The `count` bytes from `offset` on.
  func bytes(_ count: Int, at offset: Int) -> [UInt8] {
    [UInt8](unsafeUninitializedCapacity: count) { buffer, initialized in
      read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
      initialized = count
    }
  }

  mutating func write(_ bytes: UnsafeRawBufferPointer, at offset: Int) {
    var done = 0
    while done < bytes.count {
      let (chunk, start) = (offset + done).quotientAndRemainder(dividingBy: SparseBytes.chunkSize)
      let count = min(bytes.count - done, SparseBytes.chunkSize - start)
      materialize(chunk)
      chunks[chunk].withUnsafeMutableBytes {
        UnsafeMutableRawBufferPointer(rebasing: $0[start..<start + count])
          .copyMemory(from: UnsafeRawBufferPointer(rebasing: bytes[done..<done + count]))
      }
      done += count
    }
  }

  /// Makes every byte from `offset` on zero.
  mutating func cut(at offset: Int) {
    let (chunk, start) = offset.quotientAndRemainder(dividingBy: SparseBytes.chunkSize)
    guard chunk < chunks.count else { return }
    chunks.removeSubrange((start == 0 ? chunk : chunk + 1)...)
    guard start > 0, !chunks[chunk].isEmpty else { return }
    chunks[chunk].withUnsafeMutableBytes {
      _ = UnsafeMutableRawBufferPointer(rebasing: $0[start...]).initializeMemory(as: UInt8.self, repeating: 0)
    }
  }

  /// Takes over those sectors of one chunk of `other` whose bits are set.
  mutating func copySectors(_ sectors: UInt32, ofChunk chunk: Int, from other: SparseBytes) {
    let source = chunk < other.chunks.count ? other.chunks[chunk] : []
    guard sectors != .max else {
      if source.isEmpty && chunk >= chunks.count { return }
      extend(to: chunk)
      chunks[chunk] = source
      return
    }
    materialize(chunk)
    chunks[chunk].withUnsafeMutableBytes { destination in
      var left = sectors
      while left != 0 {
        let start = left.trailingZeroBitCount * SparseBytes.sectorSize
        left &= left - 1
        let sector = UnsafeMutableRawBufferPointer(
          rebasing: destination[start..<start + SparseBytes.sectorSize])
        if source.isEmpty {
          sector.initializeMemory(as: UInt8.self, repeating: 0)
        } else {
          source.withUnsafeBytes {
            sector.copyMemory(
              from: UnsafeRawBufferPointer(rebasing: $0[start..<start + SparseBytes.sectorSize]))
          }
        }
      }
    }
  }

  /// Changes one bit.
  mutating func flip(bit: Int, at offset: Int) {
    let (chunk, start) = offset.quotientAndRemainder(dividingBy: SparseBytes.chunkSize)
    materialize(chunk)
    chunks[chunk][start] ^= 1 << UInt8(bit & 7)
  }

  /// How many chunks there are at most.
  var chunkCount: Int { chunks.count }

  /// Whether anything was ever written to a chunk.
  func isAllocated(_ chunk: Int) -> Bool { chunk < chunks.count && !chunks[chunk].isEmpty }

  /// Whether both hold the same bytes up to `count`.
  func isEqual(to other: SparseBytes, count: Int) -> Bool {
    var offset = 0
    while offset < count {
      let length = min(SparseBytes.chunkSize, count - offset)
      let chunk = offset / SparseBytes.chunkSize
      let mine = chunk < chunks.count ? chunks[chunk] : []
      let theirs = chunk < other.chunks.count ? other.chunks[chunk] : []
      if mine.isEmpty && theirs.isEmpty {
        // Both zero.
      } else if bytes(length, at: offset) != other.bytes(length, at: offset) {
        return false
      }
      offset += length
    }
    return true
  }

  private mutating func extend(to chunk: Int) {
    while chunks.count <= chunk { chunks.append([]) }
  }

  private mutating func materialize(_ chunk: Int) {
    extend(to: chunk)
    if chunks[chunk].isEmpty { chunks[chunk] = [UInt8](repeating: 0, count: SparseBytes.chunkSize) }
  }
}
