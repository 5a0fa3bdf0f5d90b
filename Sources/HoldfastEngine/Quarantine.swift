import HoldfastIO
import HoldfastLog

/// The folder beside the data file where everything goes that damage has made useless but that may still help
/// somebody: `<database>-quarantine`. Holdfast adds files to it and never removes any. `docs/format.md` has
/// the bytes.
struct Quarantine {
  let directory: String
  private let path: String
  private let fileSystem: any FileSystem

  init(_ path: String, _ fileSystem: any FileSystem) {
    self.path = path
    self.fileSystem = fileSystem
    directory = path + "-quarantine"
  }

  /// Makes the folder durable with a file in it that holds `bytes`. A file of that name is replaced, so names
  /// must be such that it is what an earlier attempt at the same thing left.
  func add(_ name: String, _ bytes: UnsafeRawBufferPointer) throws(StorageError) {
    let destination = directory + "/" + name
    let temporary = destination + "-new"
    try io("setting damaged data of \(path) aside") { () throws(IOError) in
      if try fileSystem.information(at: directory) == nil { try fileSystem.createDirectory(directory) }
      // Also when the folder was there: an earlier attempt may have failed just before this.
      try fileSystem.syncDirectory(Opening.directory(of: path))
      if try fileSystem.information(at: temporary) != nil { try fileSystem.remove(temporary) }
      let file = try fileSystem.open(temporary, .create)
      defer { file.close() }
      try file.writeFully(bytes, at: 0)
      try file.sync()
      try fileSystem.rename(temporary, to: destination)
      try fileSystem.syncDirectory(directory)
    }
  }

}

/// The operations that could not be applied when a log was replayed, gathered in memory until they are
/// written, as a whole, before the checkpoint that goes without them.
///
///     0   "HFaside1", u32 version 1, u32 flags (1: sealed), database id (16), log id (16), salt (32)
///     80  u32 CRC32C of bytes 0–79
///     84  for each commit: u64 LSN, i64 time, u32 length, u32 CRC32C of the rest, operations, tag if sealed
///
/// The sealing key is derived from the data key with bytes 0–79, whose salt is drawn for this file alone; the
/// nonce is the number of the commit in the file, and LSN, time and length are authenticated with it.
struct SetAside {
  private(set) var operations: UInt64 = 0
  private var bytes: [UInt8] = []
  private var sealer: Sealer?
  private var commits: UInt64 = 0
  /// A file for every log that was replayed, and the same one for every attempt at that.
  let name: String

  static let recordHeaderSize = 24
  private static let sealedFlag: UInt32 = 1

  init(_ databaseID: DatabaseID, key: SecretKey?, log: LogID, random: any RandomSource) {
    name = "commits-\(log)"
    var header = Array("HFaside1".utf8)
    header += withUnsafeBytes(of: UInt32(1).littleEndian) { [UInt8]($0) }
    header += withUnsafeBytes(of: (key == nil ? 0 : SetAside.sealedFlag).littleEndian) { [UInt8]($0) }
    header += databaseID.bytes + log.bytes + random.bytes(32)
    sealer = key.map { key in
      Sealer(header.withUnsafeBytes { key.subkey(salt: $0, label: "holdfast quarantine 1") })
    }
    let crc = header.withUnsafeBytes { CRC32C.checksum($0) }
    bytes = header + withUnsafeBytes(of: crc.littleEndian) { [UInt8]($0) }
  }

  var isEmpty: Bool { operations == 0 }

  /// Adds what was left out of one commit.
  mutating func add(_ encoded: [UInt8], count: Int, lsn: UInt64, timestamp: Int64) throws(StorageError) {
    let start = bytes.count
    let tagSize = sealer == nil ? 0 : Sealer.tagSize
    bytes.append(contentsOf: [UInt8](repeating: 0, count: SetAside.recordHeaderSize))
    bytes.append(contentsOf: encoded)
    bytes.append(contentsOf: [UInt8](repeating: 0, count: tagSize))
    let sealer = sealer
    let number = commits
    let result: Result<Void, SealingError> = bytes.withUnsafeMutableBytes { area in
      guard let base = area.baseAddress else { return .success(()) }
      let record = base + start
      record.storeLE(lsn, 0)
      record.storeLE(timestamp, 8)
      record.storeLE(UInt32(encoded.count), 16)
      let body = UnsafeMutableRawBufferPointer(
        start: record + SetAside.recordHeaderSize, count: encoded.count)
      if let sealer {
        do throws(SealingError) {
          try sealer.seal(
            UnsafeRawBufferPointer(body), nonce: Nonce(counter: number),
            authenticating: UnsafeRawBufferPointer(start: record, count: 20), into: body,
            tag: record + SetAside.recordHeaderSize + encoded.count)
        } catch { return .failure(error) }
      }
      let sealed = UnsafeRawBufferPointer(
        start: record + SetAside.recordHeaderSize, count: encoded.count + tagSize)
      record.storeLE(CRC32C.checksum(sealed), 20)
      return .success(())
    }
    do throws(SealingError) { try result.get() } catch {
      throw StorageError(.ioFailed, "sealing commit \(lsn) for the quarantine failed: \(error)")
    }
    commits += 1
    operations += UInt64(count)
  }

  func write(to quarantine: Quarantine) throws(StorageError) {
    let result: Result<Void, StorageError> = bytes.withUnsafeBytes { bytes in
      do throws(StorageError) { return .success(try quarantine.add(name, bytes)) } catch {
        return .failure(error)
      }
    }
    try result.get()
  }
}

extension Storage {
  /// Copies the damaged pages that are new into the quarantine, as the file has them: what is at their place
  /// later may be something else. Failing to do so takes nothing from anybody: the pages stay in the file for
  /// as long as a tree refers to them, and it is tried again with the next checkpoint.
  func saveDamagedPages() {
    guard !store.damage.isEmpty else { return }
    let quarantine = Quarantine(path, options.fileSystem)
    let lsn = versions.current.lsn
    for range in store.damage.all where range.time == 0 {
      let page = Page(number: range.page, runLength: range.runLength, pageSize: store.pageSize, creation: 0)
      do {
        let count = try store.file.readFully(
          into: page.buffer, at: range.page &* UInt64(store.pageSize))
        let bytes = UnsafeRawBufferPointer(rebasing: UnsafeRawBufferPointer(page.buffer)[..<count])
        try quarantine.add("page-\(range.page)-\(String(CRC32C.checksum(bytes), radix: 16))", bytes)
        store.damage.stamp(range.page, lsn: lsn, time: options.clock.now())
      } catch {}
    }
  }
}
