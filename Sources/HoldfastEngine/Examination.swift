import HoldfastIO
import HoldfastLog

/// What can be said of a database without changing it, also when it does not open.
public struct Examination: Sendable {
  /// One of the two meta slots.
  public struct Slot: Sendable, Equatable {
    /// Whether the data file alone was the database when it was written.
    public var isClean: Bool
    /// The last commit of its checkpoint, and when that was made, milliseconds since 1970.
    public var lsn: UInt64
    public var checkpointTime: Int64
    /// The log that it names, 32 hexadecimal digits.
    public var log: String
  }

  /// Bytes of the data file; `nil` when there is no such file.
  public var fileBytes: UInt64?
  /// Which of the three key blocks hold.
  public var keyBlocks: [Bool] = []
  /// What the key block says; `nil` when none holds.
  public var databaseID: String?
  public var isEncrypted = false
  public var pageSize = 0
  public var created: Int64 = 0
  /// The two meta slots as far as that can be told without a key; `nil` for one that does not hold.
  public var slots: [Slot?] = []
  /// Whether somebody has it open for writing, and what they say of themselves.
  public var isLocked = false
  public var owner: String?
  /// Segments in the log's folder and their bytes, and whether those of the log that the newest slot needs
  /// are among them; `nil` when it needs none.
  public var logSegments = 0
  public var logBytes: UInt64 = 0
  public var hasNeededLog: Bool?
  /// Files in the quarantine folder.
  public var quarantine: [String] = []
  /// Why it does not open for reading, when it does not.
  public var failure: StorageError?

  public init() {}
}

extension Storage {
  /// Looks at the parts of a database one by one, and tries to open it for reading, which recovers in memory.
  /// Calls `body` with the open database when that succeeds. Changes no byte, and never throws what it finds:
  /// that is in the result.
  public static func examine(
    _ path: String, _ options: StorageOptions, _ body: (Storage) -> Void = { _ in }
  ) -> Examination {
    var options = options
    options.isReadOnly = true
    options.createsIfMissing = false
    options.hasBackgroundThread = false
    let opening = Opening(path: path, options: options)
    var result = Examination()
    do throws(StorageError) {
      let file = try opening.openFile()
      opening.examine(file, &result)
      file.close()
      let storage = try Storage.open(path, options)
      body(storage)
      try storage.close()
    } catch {
      result.failure = error
      if error.code == .databaseLocked {
        result.isLocked = true
        result.owner = opening.owner()
      }
      // The lock keeps others from opening it, not from looking.
      if result.fileBytes == nil, let file = try? options.fileSystem.open(path, .readOnly) {
        opening.examine(file, &result)
        file.close()
      }
    }
    return result
  }
}

extension Opening {
  /// Looks at header, slots and the folders beside the file.
  fileprivate func examine(_ file: any File, _ result: inout Examination) {
    let header = DataFile(file: file, path: path)
    result.fileBytes = try? file.size()
    result.keyBlocks = header.keyBlocksHold()
    result.quarantine =
      (try? options.fileSystem.list(Quarantine(path, options.fileSystem).directory)) ?? []
    guard let block = try? header.readKeyBlock() else { return }
    result.databaseID = block.databaseID.description
    result.isEncrypted = block.protection != .none
    result.pageSize = block.pageSize
    result.created = block.created
    let slots = (try? header.readSlots(block.databaseID, key: nil)) ?? []
    result.slots = slots.map { slot in
      slot.map {
        Examination.Slot(
          isClean: $0.state == .clean, lsn: $0.lsn, checkpointTime: $0.checkpointTime,
          log: LogID($0.log).description)
      }
    }
    let found = (try? LogScan.inventory(logConfiguration(block, nil)))?.logs ?? []
    let segments = found.flatMap(\.segments)
    result.logSegments = segments.count
    result.logBytes = segments.reduce(0) { $0 + $1.size }
    if let newest = slots.compactMap({ $0 }).max(by: { $0.generation < $1.generation }),
      newest.state == .needsLog
    {
      let id = LogID(newest.log)
      result.hasNeededLog = found.contains { $0.id == id && !$0.segments.isEmpty }
    }
  }
}

extension DataFile {
  /// Which of the three copies of the key block hold their checksum.
  fileprivate func keyBlocksHold() -> [Bool] {
    HeaderFormat.keyBlockOffsets.map { offset in
      guard let bytes = try? read(HeaderFormat.blockSize, at: offset) else { return false }
      if case .valid = KeyBlock.decode(bytes) { return true }
      return false
    }
  }
}
