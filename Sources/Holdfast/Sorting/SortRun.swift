internal import HoldfastIO

/// What the runs of one sort share: where their files are made, and the key that seals them. The key is made
/// for this sort and is nowhere but in memory.
final class SortSpace {
  private let folder: TemporaryFolder
  /// How many bytes of a run are sealed at a time.
  let blockSize: Int
  private let sealer: Sealer
  private var runs: UInt32 = 0

  init(_ folder: TemporaryFolder, blockSize: Int) {
    self.folder = folder
    self.blockSize = blockSize
    sealer = Sealer(.random(from: folder.random))
  }

  deinit { if runs > 0 { folder.removeIfEmpty() } }

  /// A file for one more run, and the run's number, which no other run of the sort has.
  func makeFile() throws(HoldfastError) -> (file: any File, number: UInt32) {
    guard runs < .max else { throw tooLarge }
    runs += 1
    let file = try io { () throws(IOError) in try folder.makeFile() }
    return (file, runs)
  }

  /// The nonce of a block. No two blocks of a sort have the same, and each block is written once.
  private func nonce(_ run: UInt32, _ block: UInt32) -> Nonce {
    Nonce(counter: UInt64(run) << 32 | UInt64(block))
  }

  /// Where a block lies in its file.
  private func offset(_ block: UInt32) -> UInt64 { UInt64(block) * UInt64(blockSize + Sealer.tagSize) }

  /// Seals a block and writes it.
  func write(_ bytes: [UInt8], block: UInt32, of run: UInt32, to file: any File) throws(HoldfastError) {
    var sealed = [UInt8](repeating: 0, count: bytes.count + Sealer.tagSize)
    do throws(SealingError) {
      try sealed.withMutableBytes { (buffer) throws(SealingError) in
        guard let base = buffer.baseAddress else { return }
        try bytes.withBytes { (bytes) throws(SealingError) in
          try sealer.seal(
            bytes, nonce: nonce(run, block), authenticating: UnsafeRawBufferPointer(start: nil, count: 0),
            into: UnsafeMutableRawBufferPointer(rebasing: buffer[..<bytes.count]), tag: base + bytes.count)
        }
      }
    } catch {
      throw HoldfastError(.ioFailed, "sealing a temporary file of a sort failed: \(error)", underlying: error)
    }
    try io { () throws(IOError) in
      try sealed.withBytes { (bytes) throws(IOError) in try file.writeFully(bytes, at: offset(block)) }
    }
  }

  /// Reads a block of `count` bytes and opens it.
  func read(_ count: Int, block: UInt32, of run: UInt32, from file: any File) throws(HoldfastError) -> [UInt8]
  {
    var sealed = [UInt8](repeating: 0, count: count + Sealer.tagSize)
    let found = try io { () throws(IOError) in
      try sealed.withMutableBytes { (buffer) throws(IOError) in
        try file.readFully(into: buffer, at: offset(block))
      }
    }
    guard found == sealed.count else { throw damaged }
    do throws(SealingError) {
      try sealed.withMutableBytes { (buffer) throws(SealingError) in
        guard let base = buffer.baseAddress else { return }
        let content = UnsafeMutableRawBufferPointer(rebasing: buffer[..<count])
        try sealer.open(
          UnsafeRawBufferPointer(content), nonce: nonce(run, block),
          authenticating: UnsafeRawBufferPointer(start: nil, count: 0), tag: base + count, into: content)
      }
    } catch {
      throw damaged
    }
    sealed.removeLast(Sealer.tagSize)
    return sealed
  }

  /// Runs calls to the operating system and says what their failure means for a sort.
  private func io<R>(_ body: () throws(IOError) -> R) throws(HoldfastError) -> R {
    do throws(IOError) {
      return try body()
    } catch {
      throw HoldfastError(sorting: error, in: folder.path)
    }
  }

  /// A temporary file does not have the bytes that were written to it.
  var damaged: HoldfastError {
    HoldfastError(
      .corrupted,
      "a temporary file of a sort in \(folder.path) is damaged; the database is not: try again, and check the "
        + "disk when it happens again")
  }

  /// There are no nonces left.
  var tooLarge: HoldfastError {
    HoldfastError(.limitExceeded, "a sort is too large: sort less, or by an index")
  }
}

extension HoldfastError {
  /// A failed call to the operating system about a temporary file of a sort.
  init(sorting error: IOError, in folder: String) {
    let less = "or sort less (by an index, or with a limit), or allow sorts more memory"
    let (code, advice): (Code, String) =
      switch error.errorClass {
      case .diskFull: (.diskFull, "free some space and try again, \(less)")
      case .notPermitted: (.notPermitted, "make the folder of the database writable, \(less)")
      case .tooManyFiles:
        (.tooManyOpenFiles, "close files, or raise the limit of open files (ulimit -n), \(less)")
      case .outOfMemory: (.ioFailed, "free some memory and try again")
      case .notFound, .exists:
        (.ioFailed, "look whether something else is in the way there, \(less)")
      case .transient, .permanent: (.ioFailed, "try again, and check the disk when it happens again")
      }
    self.init(
      code,
      "a sort needs temporary files in \(folder), and that failed: \(error). Nothing was changed: \(advice)",
      underlying: error)
  }
}

/// Records in order in a temporary file.
///
/// The file is a row of blocks, all but the last of the same size, each sealed. What is inside the blocks makes
/// one row of records: the lengths of key and payload in four bytes each, key, payload.
final class SortRun {
  /// The bytes of the two lengths in front of a record.
  static let headerSize = 8

  let space: SortSpace
  let file: any File
  let number: UInt32
  /// How many bytes the records take.
  let byteCount: UInt64
  /// The memory that the largest of the records takes.
  let largestRecord: Int

  init(_ space: SortSpace, _ file: any File, number: UInt32, byteCount: UInt64, largestRecord: Int) {
    self.space = space
    self.file = file
    self.number = number
    self.byteCount = byteCount
    self.largestRecord = largestRecord
  }

  deinit { file.close() }
}
