import HoldfastIO
import HoldfastLog

extension Storage {
  /// Opens the database at `path`, making it when there is none and the options say so. When it was not
  /// closed properly, recovers it first: see ``recovery``.
  ///
  /// In this order: lock, key, slots, log; then, for writing, a new log is made and synced, both slots are
  /// marked as needing it, and only then does the call return. A file that cannot be opened stays as it was.
  public static func open(_ path: String, _ options: StorageOptions = StorageOptions()) throws(StorageError)
    -> Storage
  {
    guard StorageLimits.pageSizes.contains(options.pageSize) else {
      throw StorageError(
        .invalidUse, "\(options.pageSize) is no page size: choose one of \(StorageLimits.pageSizes)")
    }
    let started = options.clock.monotonic()
    var options = options
    options.fileSystem = RetryingFileSystem(
      options.fileSystem, policy: options.failurePolicy.retry, clock: options.clock, random: options.random)
    let opening = Opening(path: path, options: options)
    let file = try opening.openFile()
    do {
      let storage = try opening.recover(file)
      storage.recovery.nanoseconds = options.clock.monotonic() - started
      storage.startMaintenance()
      return storage
    } catch {
      file.close()
      throw error
    }
  }
}

/// One opening of a database.
struct Opening {
  let path: String
  let options: StorageOptions

  var logDirectory: String { path + "-log" }
  private var ownerPath: String { logDirectory + "/OWNER" }

  /// What a full disk is relieved of.
  var reserve: Reserve {
    Reserve(
      directory: logDirectory, byteCount: options.failurePolicy.reserveBytes, fileSystem: options.fileSystem)
  }

  // MARK: The file and its lock

  /// The data file, open and locked; made when there is none.
  func openFile() throws(StorageError) -> any File {
    let fileSystem = options.fileSystem
    let information = try io("opening \(path)") { () throws(IOError) in try fileSystem.information(at: path) }
    guard let information else {
      guard options.createsIfMissing, !options.isReadOnly else {
        throw StorageError(.notFound, "there is no database at \(path): check the path, or create it first")
      }
      return try create()
    }
    guard information.kind == .file else {
      throw StorageError(
        .notAFile,
        "\(path) is \(information.kind == .directory ? "a directory" : "not a file"): give the path of a file"
      )
    }
    let file = try io("opening \(path)") { () throws(IOError) in
      try fileSystem.open(path, options.isReadOnly ? .readOnly : .readWrite)
    }
    do {
      try checkVolume(path)
      try lock(file)
      return file
    } catch {
      file.close()
      throw error
    }
  }

  private func checkVolume(_ place: String) throws(StorageError) {
    guard !options.isReadOnly, !options.allowsNetworkFileSystem else { return }
    let volume = try io("opening \(path)") { () throws(IOError) in try options.fileSystem.volume(at: place) }
    guard !volume.isNetwork else {
      throw StorageError(
        .networkFileSystem,
        "\(path) is on a network file system, where locks and syncs promise less: copy it to a local disk, or allow "
          + "network file systems explicitly")
    }
  }

  private func lock(_ file: any File) throws(StorageError) {
    let isLocked = try io("locking \(path)") { () throws(IOError) in
      try file.lock(options.isReadOnly ? .shared : .exclusive)
    }
    guard !isLocked else { return }
    let owner = owner().map { "by \($0)" } ?? "by another process"
    throw StorageError(
      .databaseLocked,
      "\(path) is in use \(owner): wait until it is closed there, or end that process; a lock ends with its process"
    )
  }

  /// Makes a new file under another name and gives it its own only when it is whole and synced.
  private func create() throws(StorageError) -> any File {
    let fileSystem = options.fileSystem
    let directory = Opening.directory(of: path)
    let temporary = path + "-new"
    try checkVolume(directory)
    if let left = try io(
      "creating \(path)", { () throws(IOError) in try fileSystem.information(at: temporary) })
    {
      try removeLeftover(temporary, left)
    }
    let file = try io("creating \(path)") { () throws(IOError) in try fileSystem.open(temporary, .create) }
    // The name that is known to lead to our file; another one's is not removed.
    var ours: String?
    do throws(StorageError) {
      try lock(file)
      // Another process may have finished its own between our look and our lock; ours must not replace it.
      let other = try io("creating \(path)") { () throws(IOError) in try fileSystem.information(at: path) }
      if other != nil {
        throw StorageError(.databaseLocked, "\(path) was created by another process just now: open it again")
      }
      let header = DataFile(file: file, path: path)
      let (block, key) = try KeyBlock.make(
        pageSize: options.pageSize, databaseID: .random(from: options.random), created: options.clock.now(),
        credential: options.credential, random: options.random)
      try header.writeKeyBlocks(block)
      var slot = MetaSlot()
      slot.highWater = HeaderFormat.firstPage(pageSize: options.pageSize)
      slot.timestamp = options.clock.now()
      slot.checkpointTime = slot.timestamp
      for _ in HeaderFormat.slotOffsets {
        slot.generation += 1
        try header.writeSlot(slot, block.databaseID, key: key, random: options.random)
      }
      try io("creating \(path)") { () throws(IOError) in try file.sync() }
      // Between our opening it and our locking it, another process may have taken our file for a leftover and
      // removed it. From now on none can; so the name must lead to what was just written.
      let named = try io("creating \(path)") { () throws(IOError) in try fileSystem.open(temporary, .readOnly)
      }
      defer { named.close() }
      guard try DataFile(file: named, path: path).readKeyBlock().databaseID == block.databaseID else {
        throw StorageError(
          .databaseLocked, "\(path) is being created by another process at the same moment: try again")
      }
      ours = temporary
      try io("creating \(path)") { () throws(IOError) in
        try fileSystem.rename(temporary, to: path)
        ours = path
        try fileSystem.syncDirectory(directory)
      }
      return file
    } catch {
      // A name whose sync failed may be shown from now on and never reach the disk, whatever is synced later:
      // it must not be used. Whoever has opened it meanwhile and waits for the lock gets no database.
      if let ours {
        try? fileSystem.remove(ours)
        try? file.truncate(to: 0)
      }
      file.close()
      throw error
    }
  }

  /// A creation that did not finish left its file behind; one that is going on has locked it.
  private func removeLeftover(_ temporary: String, _ information: FileInformation) throws(StorageError) {
    let fileSystem = options.fileSystem
    guard information.kind == .file else {
      throw StorageError(.notAFile, "\(temporary) is in the way and is not a file: remove it")
    }
    let file = try io("creating \(path)") { () throws(IOError) in try fileSystem.open(temporary, .readWrite) }
    defer { file.close() }
    let isFree = try io("creating \(path)") { () throws(IOError) in try file.lock(.exclusive) }
    guard isFree else {
      throw StorageError(.databaseLocked, "\(path) is being created by another process: try again")
    }
    try io("creating \(path)") { () throws(IOError) in try fileSystem.remove(temporary) }
  }

  static func directory(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/") else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  // MARK: The owner

  /// What the process that holds the lock has said of itself.
  func owner() -> String? {
    guard let file = try? options.fileSystem.open(ownerPath, .readOnly) else { return nil }
    defer { file.close() }
    var bytes = [UInt8](repeating: 0, count: 512)
    guard let count = try? bytes.withUnsafeMutableBytes({ try file.readFully(into: $0, at: 0) }) else {
      return nil
    }
    let text = String(decoding: bytes.prefix(count), as: UTF8.self)
    return text.isEmpty ? nil : text.split(separator: "\n").joined(separator: ", ")
  }

  /// Says who holds the lock, for the message that others get. No promise depends on it, so it is not synced
  /// and its failure is none.
  private func writeOwner() {
    try? options.fileSystem.remove(ownerPath)
    guard let file = try? options.fileSystem.open(ownerPath, .create) else { return }
    defer { file.close() }
    let text = "process \(Process.id)\nhost \(Process.host)\nsince \(Process.utc(options.clock.now()))\n"
    try? Array(text.utf8).withUnsafeBytes { try file.writeFully($0, at: 0) }
  }

  func removeOwner() { try? options.fileSystem.remove(ownerPath) }

  // MARK: Recovery

  func logConfiguration(_ block: KeyBlock, _ key: SecretKey?) -> LogConfiguration {
    var configuration = LogConfiguration(
      directory: logDirectory, databaseID: block.databaseID.bytes, key: key, fileSystem: options.fileSystem,
      clock: options.clock, random: options.random)
    configuration.smallestSegment = options.smallestSegment
    configuration.largestSegment = options.largestSegment
    configuration.makeRoom = { [reserve] in reserve.remove() }
    return configuration
  }

  /// Brings the newest state together from slots and log.
  func recover(_ file: any File) throws(StorageError) -> Storage {
    let header = DataFile(file: file, path: path)
    let block = try header.readKeyBlock()
    try check(block.features)
    let key = try block.unwrap(options.credential, path: path)
    let codec = PageCodec(
      pageSize: block.pageSize, databaseID: block.databaseID, key: key, random: options.random)
    let store = PageStore(file: file, codec: codec, cacheBytes: options.cacheBytes)
    var report = RecoveryReport()
    let (slot, older, trees) = try chooseSlot(header, block, key, store, &report)
    let configuration = logConfiguration(block, key)

    var scan: LogScan?
    do {
      if slot.state == .needsLog {
        scan = try LogScan.scan(configuration, id: LogID(slot.log), after: slot.lsn)
      }
    } catch {
      throw missingOrDamaged(error, slot)
    }
    report.wasClean = slot.state == .clean
    report.lastLSN = max(scan?.lastLSN ?? 0, slot.lsn)

    if let first = store.damage.all.first { try refuse(first) }
    var log: Log?
    if !options.isReadOnly {
      let (lastLSN, timestamp) = (report.lastLSN, max(slot.timestamp, scan?.lastTimestamp ?? 0))
      log = try reserve.relieving { () throws(StorageError) in
        do throws(LogError) {
          return try Log.create(
            configuration, id: LogID.random(from: options.random), epoch: slot.epoch + 1,
            firstLSN: lastLSN + 1, lastTimestamp: timestamp)
        } catch {
          throw StorageError(error)
        }
      }
    }
    // As early as there is a folder for it: recovery may take a while.
    if log != nil { writeOwner() }
    let version = Version(
      number: Storage.firstVersion, lsn: slot.lsn, timestamp: slot.timestamp, trees: trees)
    let isSame = older.lsn == slot.lsn && older.catalog == slot.catalog
    let space = try freeSpace(slot, block, store, isSame: isSame, &report)
    let workspace = Workspace(
      store: store, trees: trees, number: Storage.firstVersion + 1, lsn: slot.lsn, space: space)
    workspace.recordedDamage = Dictionary(uniqueKeysWithValues: store.damage.all.map { ($0.page, $0) })
    if slot.freeSpace.number != 0 && !report.lostFreeSpace {
      workspace.freeSpaceRun = (slot.freeSpace.number, Int(slot.freeSpaceRunLength))
    }
    let storage = Storage(
      path: path, options: options, recovery: report, header: header, keyBlock: block, key: key, store: store,
      versions: VersionTable(
        version, olderSlot: isSame ? Storage.firstVersion : 0, newerSlot: Storage.firstVersion),
      workspace: workspace, log: log, slots: (older, slot),
      lastTimestamp: max(slot.timestamp, scan?.lastTimestamp ?? 0),
      nextTransaction: max(slot.nextTransaction, (scan?.lastTransaction ?? 0) &+ 1), nextTree: slot.nextTree)
    do {
      if let scan { try storage.replay(scan, after: slot.lsn) }
    } catch {
      log?.close()
      // No slot names the new log yet.
      if let log { try? Log.remove(configuration, id: log.id) }
      throw error
    }
    do {
      if let log {
        try storage.beginUse(of: log, isRecovered: scan != nil && report.lastLSN > slot.lsn)
        removeOtherLogs(configuration, than: log.id)
      }
    } catch {
      log?.close()
      throw error
    }
    return storage
  }

  /// Throws when a damaged page is known and the options say that nothing must be written then.
  func refuse(_ damage: DamagedRange) throws(StorageError) {
    guard options.onDamage == .refuse, !options.isReadOnly else { return }
    var error = StorageError(
      .corrupted,
      "page \(damage.page) of \(path) is damaged, and the options refuse to write to a database with damage: "
        + "restore that data from a backup, or open it without that option")
    error.damage = damage
    throw error
  }

  private func check(_ features: FeatureBits) throws(StorageError) {
    let unknown = features.incompatible & ~HeaderFormat.knownIncompatible
    let unwritable = features.readOnlyCompatible & ~HeaderFormat.knownReadOnlyCompatible
    if unknown != 0 {
      throw StorageError(
        .unsupportedFormat,
        "\(path) uses features that this Holdfast lacks (bits \(String(unknown, radix: 16))): "
          + "open it with a newer one"
      )
    }
    if unwritable != 0 && !options.isReadOnly {
      throw StorageError(
        .unsupportedFormat,
        "\(path) uses features that this Holdfast can read but not write (bits \(String(unwritable, radix: 16))): "
          + "open it for reading only, or with a newer one"
      )
    }
  }

  /// The newest slot whose checkpoint can be read, and the other one.
  private func chooseSlot(
    _ header: DataFile, _ block: KeyBlock, _ key: SecretKey?, _ store: PageStore,
    _ report: inout RecoveryReport
  ) throws(StorageError) -> (MetaSlot, MetaSlot, TreeMap) {
    let valid = try header.readSlots(block.databaseID, key: key).compactMap { $0 }
      .sorted { $0.generation > $1.generation }
    guard let newest = valid.first else {
      throw StorageError(
        .corrupted,
        "neither of the two meta slots of \(path) holds; nothing was changed: run 'holdfast verify', and restore the "
          + "database from a backup")
    }
    var firstFailure: StorageError?
    for slot in valid {
      try check(slot.features)
      do {
        let trees = try loadTrees(slot, store)
        report.usedOlderSlot = slot != newest
        report.lostSlot = valid.count < HeaderFormat.slotOffsets.count
        var chosen = slot
        // What is written next must go to the other place and count as newer than both.
        if slot != newest { chosen.generation += 2 }
        let other = valid.first { $0 != slot && slot == newest } ?? slot
        return (chosen, other, trees)
      } catch {
        // Only damage is a reason to look at the older slot; a disk that does not answer is not.
        guard error.code == .corrupted else { throw error }
        if firstFailure == nil { firstFailure = error }
        // Its pages must not be taken for those of the other checkpoint.
        store.reset()
      }
    }
    throw firstFailure ?? StorageError(.corrupted, "no checkpoint of \(path) can be read")
  }

  /// The roots of all trees, as the catalog has them.
  private func loadTrees(
    _ slot: MetaSlot, _ store: PageStore
  ) throws(StorageError) -> TreeMap {
    var trees = TreeMap()
    trees[TreeRoot.catalogID] = slot.catalog
    guard !slot.catalog.isEmpty else { return trees }
    store.noteRoot(slot.catalog.root.number)
    var cursor = TreeCursor(slot.catalog, in: store, snapshot: nil)
    var lastID = TreeRoot.catalogID
    var more = try cursor.first()
    while more {
      let damage = cursor.withInlineEntry { key, value -> DamagedRange?? in
        DamageRecord.isKey(key) ? .some(DamageRecord.decode(key: key, value: value)) : nil
      }
      if case .some(.some(let range)) = damage {
        // A mere memory: one that makes no sense is dropped by the next checkpoint.
        if let range { store.damage.note(range) }
        more = try cursor.next()
        continue
      }
      let record = cursor.withInlineEntry { key, value -> TreeRoot?? in
        key.first == TreeRecord.keyPrefix ? .some(TreeRecord.decode(key: key, value: value)) : nil
      }
      guard let record = record ?? nil else { break }
      guard let tree = record else {
        throw StorageError(.corrupted, "the catalog of \(path) holds a record of a tree that makes no sense")
      }
      guard tree.id > lastID else {
        throw StorageError(.corrupted, "the catalog of \(path) holds records of trees out of order")
      }
      lastID = tree.id
      trees[tree.id] = tree
      if !tree.isEmpty { store.noteRoot(tree.root.number) }
      more = try cursor.next()
    }
    return trees
  }

  private func missingOrDamaged(_ error: LogError, _ slot: MetaSlot) -> StorageError {
    guard error.code == .missing else { return StorageError(error) }
    return StorageError(
      .missingLog,
      "\(path) was not closed properly and needs its log, which is not in \(logDirectory): put that folder back "
        + "beside the file, or restore from a backup; without it, commits after \(slot.lsn) would be missing",
      cause: error.underlying)
  }

  /// The free pages of the checkpoint. Those that the other slot may still reach are held back.
  private func freeSpace(
    _ slot: MetaSlot, _ block: KeyBlock, _ store: PageStore, isSame: Bool, _ report: inout RecoveryReport
  ) throws(StorageError) -> FreeSpace {
    let first = HeaderFormat.firstPage(pageSize: block.pageSize)
    var space = FreeSpace(
      highWater: max(slot.highWater, first), reserved: HeaderFormat.reserved(pageSize: block.pageSize))
    guard !options.isReadOnly, slot.freeSpace.number != 0 else { return space }
    let list: [Extent]
    do {
      list = try store.freeList(slot, firstPage: first)
    } catch {
      // The trees are whole; that space is merely not used again.
      guard error.code == .corrupted else { throw error }
      report.lostFreeSpace = true
      return space
    }
    if isSame {
      space.adopt(list)
    } else {
      for extent in list {
        space.hold(FreeSpace.Held(extent: extent, creation: 0, retirement: Storage.firstVersion))
      }
    }
    return space
  }

  /// Once both slots name the new log, no other log of this database is needed.
  private func removeOtherLogs(_ configuration: LogConfiguration, than id: LogID) {
    guard let found = try? LogScan.inventory(configuration) else { return }
    for other in found.logs where other.id != id && other.databaseID == configuration.databaseID {
      try? Log.remove(configuration, id: other.id)
    }
  }
}

extension PageStore {
  /// Reads the list of free pages that a slot names.
  func freeList(_ slot: MetaSlot, firstPage: UInt64) throws(StorageError) -> [Extent] {
    let length = Int(slot.freeSpaceRunLength)
    let fault = corrupted(slot.freeSpace.number, .malformed, tree: TreeRoot.catalogID)
    let size = try io("looking at \(file.path)") { () throws(IOError) in try file.size() }
    guard length > 0, UInt64(length) <= size / UInt64(pageSize) else { throw fault }
    let page = try load(slot.freeSpace, runLength: length, tree: TreeRoot.catalogID)
    guard page.kind == .freeSpace else { throw fault }
    let body = page.bytes + PageFormat.headerSize
    let count = body.loadLE(0, as: UInt64.self)
    guard count <= UInt64((page.size - PageFormat.headerSize - 8) / 16) else { throw fault }
    var list: [Extent] = []
    var end = firstPage
    for index in 0..<Int(count) {
      let extent = Extent(
        start: body.loadLE(8 + 16 * index, as: UInt64.self),
        count: body.loadLE(16 + 16 * index, as: UInt64.self))
      guard extent.count > 0, extent.start >= end, extent.count <= slot.highWater,
        extent.start <= slot.highWater - extent.count
      else { throw fault }
      end = extent.end
      list.append(extent)
    }
    return list
  }
}
