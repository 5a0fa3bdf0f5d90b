internal import HoldfastIO

/// Writes a run.
struct SortRunWriter: ~Copyable {
  private let space: SortSpace
  private let file: any File
  private let number: UInt32
  private var block: [UInt8] = []
  private var blocks: UInt32 = 0
  private var byteCount: UInt64 = 0
  private var largestRecord = 0

  init(_ space: SortSpace) throws(HoldfastError) {
    self.space = space
    (file, number) = try space.makeFile()
    block.reserveCapacity(space.blockSize)
  }

  /// Appends a record, which must not come before the last one.
  mutating func append(_ record: SortRecord) throws(HoldfastError) {
    guard let key = UInt32(exactly: record.key.count), let payload = UInt32(exactly: record.payload.count)
    else {
      throw space.tooLarge
    }
    largestRecord = max(largestRecord, record.memory)
    var header: [UInt8] = []
    for length in [key, payload] {
      withUnsafeBytes(of: length.littleEndian) { header.append(contentsOf: $0) }
    }
    try append(header)
    try append(record.key)
    try append(record.payload)
  }

  private mutating func append(_ bytes: [UInt8]) throws(HoldfastError) {
    var start = 0
    while start < bytes.count {
      let end = min(bytes.count, start + space.blockSize - block.count)
      block.append(contentsOf: bytes[start..<end])
      start = end
      if block.count == space.blockSize { try flush() }
    }
    byteCount += UInt64(bytes.count)
  }

  private mutating func flush() throws(HoldfastError) {
    guard blocks < .max else { throw space.tooLarge }
    try space.write(block, block: blocks, of: number, to: file)
    blocks += 1
    block.removeAll(keepingCapacity: true)
  }

  /// Writes what is left.
  mutating func finish() throws(HoldfastError) -> SortRun {
    if !block.isEmpty { try flush() }
    return SortRun(space, file, number: number, byteCount: byteCount, largestRecord: largestRecord)
  }
}
