import HoldfastIO

/// The data file's header: three key blocks and two meta slots.
struct DataFile: Sendable {
  let file: any File
  let path: String

  // MARK: Key blocks

  /// The first key block that holds, or why there is none.
  func readKeyBlock() throws(StorageError) -> KeyBlock {
    let size = try io("looking at \(path)") { () throws(IOError) in try file.size() }
    var isDamaged = false
    var newer: UInt32?
    for offset in HeaderFormat.keyBlockOffsets {
      let block = try read(HeaderFormat.blockSize, at: offset)
      switch KeyBlock.decode(block) {
      case .valid(let keyBlock):
        guard size >= HeaderFormat.minimumFileBytes else {
          throw StorageError(
            .truncated,
            "\(path) is cut off: it has \(size) bytes and its header alone takes "
              + "\(HeaderFormat.minimumFileBytes); restore it from a backup")
        }
        return keyBlock
      case .newerFormat(let version): newer = version
      case .damaged: isDamaged = true
      case .notABlock: break
      }
    }
    if let newer {
      throw StorageError(
        .unsupportedFormat,
        "\(path) has format version \(newer), and this Holdfast knows versions up to "
          + "\(HeaderFormat.formatVersion): open it with a newer Holdfast")
    }
    if isDamaged {
      throw StorageError(
        .corrupted,
        "none of the three key blocks of \(path) holds its checksum; restore the file from a backup")
    }
    if size < UInt64(HeaderFormat.blockSize), try read(8, at: 0) == KeyBlock.magic {
      throw StorageError(.truncated, "\(path) is cut off after \(size) bytes; restore it from a backup")
    }
    throw StorageError(.notADatabase, "\(path) is not a Holdfast database; nothing was touched")
  }

  func writeKeyBlocks(_ block: KeyBlock) throws(StorageError) {
    let bytes = block.encoded()
    for offset in HeaderFormat.keyBlockOffsets { try write(bytes, at: offset) }
  }

  // MARK: Slots

  /// Both slots, `nil` for one that does not hold.
  func readSlots(_ id: DatabaseID, key: SecretKey?) throws(StorageError) -> [MetaSlot?] {
    var slots: [MetaSlot?] = []
    for offset in HeaderFormat.slotOffsets {
      slots.append(MetaSlot.decode(try read(MetaSlot.size, at: offset), id, key: key))
    }
    return slots
  }

  /// Writes a slot to its place. Not durable before ``sync()``.
  func writeSlot(
    _ slot: MetaSlot, _ id: DatabaseID, key: SecretKey?, random: any RandomSource
  ) throws(StorageError) {
    let bytes = try slot.encoded(id, key: key, random: random)
    try write(bytes, at: HeaderFormat.slotOffsets[Int(slot.generation % 2)])
  }

  func sync() throws(IOError) { try file.sync() }

  // MARK: Bytes

  func read(_ count: Int, at offset: UInt64) throws(StorageError) -> [UInt8] {
    try io("reading the header of \(path)") { () throws(IOError) in
      var bytes = [UInt8](repeating: 0, count: count)
      let result: Result<Int, IOError> = bytes.withUnsafeMutableBytes { buffer in
        do throws(IOError) { return .success(try file.readFully(into: buffer, at: offset)) } catch {
          return .failure(error)
        }
      }
      return [UInt8](bytes.prefix(try result.get()))
    }
  }

  /// Fails with `.diskFull` only when not a byte was written.
  private func write(_ bytes: [UInt8], at offset: UInt64) throws(StorageError) {
    var written = 0
    let result: Result<Void, IOError> = bytes.withUnsafeBytes { buffer in
      do throws(IOError) {
        return .success(try file.writeFully(buffer, at: offset, written: &written))
      } catch { return .failure(error) }
    }
    do throws(IOError) {
      try result.get()
    } catch {
      let failure = StorageError(error, while: "writing the header of \(path)")
      guard failure.code == .diskFull, written > 0 else { throw failure }
      throw StorageError(.ioFailed, failure.message, cause: error)
    }
  }
}

/// Runs a call to the operating system, and says what for when it fails.
func io<R>(_ activity: String, _ body: () throws(IOError) -> R) throws(StorageError) -> R {
  do { return try body() } catch { throw StorageError(error, while: activity) }
}
