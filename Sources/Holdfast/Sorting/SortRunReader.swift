/// Reads the records of a run one after the other.
struct SortRunReader {
  private let run: SortRun
  private var block: [UInt8] = []
  /// How much of the block has been taken.
  private var position = 0
  private var blocks: UInt32 = 0
  /// How many bytes of the run are not in `block` yet.
  private var unread: UInt64

  init(_ run: SortRun) {
    self.run = run
    unread = run.byteCount
  }

  private var available: UInt64 { unread + UInt64(block.count - position) }

  /// The next record, with the sequence number given; `nil` behind the last one.
  mutating func next(sequence: UInt64) throws(HoldfastError) -> SortRecord? {
    guard available > 0 else { return nil }
    let header = try take(SortRun.headerSize)
    let lengths = header.withUnsafeBytes { header in
      (0..<2).map { Int(UInt32(littleEndian: header.loadUnaligned(fromByteOffset: 4 * $0, as: UInt32.self))) }
    }
    let key = try take(lengths[0])
    return SortRecord(key: key, payload: try take(lengths[1]), sequence: sequence)
  }

  private mutating func take(_ count: Int) throws(HoldfastError) -> [UInt8] {
    guard UInt64(count) <= available else { throw run.space.damaged }
    if position + count <= block.count {
      defer { position += count }
      return Array(block[position..<position + count])
    }
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count)
    while bytes.count < count {
      if position == block.count { try readBlock() }
      let end = min(block.count, position + count - bytes.count)
      bytes.append(contentsOf: block[position..<end])
      position = end
    }
    return bytes
  }

  private mutating func readBlock() throws(HoldfastError) {
    let count = Int(min(unread, UInt64(run.space.blockSize)))
    guard count > 0 else { throw run.space.damaged }
    block = try run.space.read(count, block: blocks, of: run.number, from: run.file)
    position = 0
    blocks += 1
    unread -= UInt64(count)
  }
}

/// Reads several runs as one. Of records with the same key, those of the earlier runs come first.
struct SortMerge {
  private var readers: [SortRunReader]
  /// The next record of each run; its sequence number is the index of its reader.
  private var heads = BinaryHeap<SortRecord> { $0.comesBefore($1) }

  init(_ runs: some Sequence<SortRun>) throws(HoldfastError) {
    readers = runs.map(SortRunReader.init)
    for index in readers.indices {
      if let head = try readers[index].next(sequence: UInt64(index)) { heads.insert(head) }
    }
  }

  /// The next record; `nil` behind the last one.
  mutating func next() throws(HoldfastError) -> SortRecord? {
    guard let record = heads.first else { return nil }
    if let head = try readers[Int(record.sequence)].next(sequence: record.sequence) {
      heads.replaceFirst(with: head)
    } else {
      heads.removeFirst()
    }
    return record
  }
}
