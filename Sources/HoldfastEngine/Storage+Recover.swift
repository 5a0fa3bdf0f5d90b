import HoldfastIO
import HoldfastLog
import Synchronization

extension Storage {
  /// Applies the log's commits after a checkpoint. Nobody else uses the database yet.
  ///
  /// Operations whose page is damaged are set aside, unless the options refuse that: the rest of the database
  /// comes up, and what they belonged to fails when it is asked for.
  func replay(_ scan: LogScan, after lsn: UInt64) throws(StorageError) {
    var frames: UInt64 = 0
    var aside = SetAside(
      keyBlock.databaseID, key: key, log: scan.id, random: options.random)
    do {
      guard scan.lastTransaction < Operation.treeLimit else { throw OperationReader.Malformed() }
      try scan.forEachCommit(after: lsn) { frame in
        guard frame.kind == .commit else {
          throw StorageError(
            .unsupportedFormat,
            "the log of \(path) holds frames of a kind that this Holdfast does not know: open it with a newer one"
          )
        }
        workspace.lsn = frame.lsn
        lastTimestamp = max(lastTimestamp, frame.timestamp)
        try noteTrees(frame.payload)
        if options.onDamage == .refuse && !options.isReadOnly {
          try workspace.apply(frame.payload)
        } else {
          var left: (bytes: [UInt8], count: Int) = ([], 0)
          try workspace.apply(frame.payload) { operation, _ in
            operation.append(to: &left.bytes)
            left.count += 1
          }
          if left.count > 0 {
            try aside.add(left.bytes, count: left.count, lsn: frame.lsn, timestamp: frame.timestamp)
          }
        }
        frames += 1
        // What was replayed need not stay in memory until the end.
        if log != nil && store.cache.dirtyBytes > store.cache.budget / 2 {
          publishReplayed(frame.lsn)
          try withReserve { () throws(StorageError) in try spill() }
        }
      }
    } catch let error as StorageError {
      throw error
    } catch let error as LogError {
      throw StorageError(error)
    } catch {
      throw StorageError(
        .corrupted,
        "the log of \(path) holds a commit with an impossible content: \(error); restore the database from a backup"
      )
    }
    // Before any slot names a checkpoint that goes without them.
    if !aside.isEmpty && log != nil { try aside.write(to: Quarantine(path, options.fileSystem)) }
    recovery.operationsSetAside = aside.operations
    publishReplayed(scan.lastLSN)
    recovery.commitsReplayed = frames
    recovery.bytesRead = scan.bytes
    recovery.bytesCut = scan.cut?.bytes ?? 0
    recovery.cutReason = scan.cut.map { "\($0.reason) (\($0.file), offset \($0.offset))" }
    lastSafeLSN = scan.lastLSN
  }

  private func publishReplayed(_ lsn: UInt64) {
    commitLatch.withLock {
      if workspace.isChanged { publish(workspace.seal(lsn: lsn, timestamp: lastTimestamp)) }
    }
  }

  /// Numbers of trees are never used again, also not when the commit that made one is in the log only.
  private func noteTrees(_ payload: UnsafeRawBufferPointer) throws {
    var reader = OperationReader(payload)
    while let operation = try reader.next() {
      switch operation {
      case .put(let id, _, _), .delete(let id, _), .createTree(let id), .dropTree(let id), .clearTree(let id):
        if id >= nextTree.load(ordering: .relaxed) { nextTree.store(id + 1, ordering: .relaxed) }
      }
    }
  }

  /// Marks both slots as needing the new log: with the state that was recovered, or with the one that they
  /// have.
  func beginUse(of log: Log, isRecovered: Bool) throws(StorageError) {
    checkpointLatch.lock()
    defer { checkpointLatch.unlock() }
    if isRecovered {
      try withReserve { () throws(StorageError) in try runCheckpoint(.needsLog, both: true) }
      return
    }
    var slot = slots.newer
    slot.state = .needsLog
    slot.log = log.id.bytes
    slot.epoch = log.epoch
    for _ in HeaderFormat.slotOffsets {
      slot.generation += 1
      try write(slot, mayBeRefused: true)
    }
    slots = (slot, slot)
    commitLatch.withLock {
      slotVersions = (Storage.firstVersion, Storage.firstVersion)
      versions.setSlots(older: Storage.firstVersion, newer: Storage.firstVersion)
      releasePages(all: true)
    }
  }

  /// Closes the database: a checkpoint, both slots marked clean, and the log removed. Waits for transactions
  /// that are closures' and rolls the others back; whatever is begun later is refused. The lock is released in any case, also when this
  /// throws; then the next opening recovers what was acknowledged. It throws where the database is poisoned:
  /// what weaker modes acknowledged may be gone. Closing twice does nothing.
  public func close() throws(StorageError) {
    try refuseInsideWrite("closed")
    let isFirst = status.withLock { status in
      defer { status.isClosing = true }
      return !status.isClosing
    }
    guard isFirst else { return }
    stopMaintenance()
    let closed = StorageError(.closed, "\(path) was closed while a transaction was open: it was rolled back")
    transactions.drain { _ = $0.end(closed) }
    checkpointLatch.lock()
    defer {
      status.withLock { $0.isClosed = true }
      log?.close()
      header.file.close()
      checkpointLatch.unlock()
    }
    guard let log else { return }
    if let failure { throw failure }
    do {
      try withReserve { () throws(StorageError) in try runCheckpoint(.clean, both: true) }
    } catch {
      // What was acknowledged without a sync is at least in the log.
      _ = try? lead()
      throw error
    }
    log.close()
    let opening = Opening(path: path, options: options)
    opening.removeOwner()
    reserve.remove()
    do {
      try Log.remove(opening.logConfiguration(keyBlock, key), id: log.id)
    } catch {
      // The slots are clean and name no log that is needed: what is left is swept up by the next opening.
      return
    }
    try? options.fileSystem.remove(opening.logDirectory)
    try? options.fileSystem.syncDirectory(Opening.directory(of: path))
  }
}
