import HoldfastIO
import HoldfastLog
import Synchronization

extension Storage {
  /// Writes the newest state to the data file, so that recovery need not replay what the log has so far, and
  /// lets the log go as far as the checkpoint before this one. Writers go on meanwhile. Everything
  /// acknowledged before the call, in any mode, is durable afterwards.
  public func checkpoint() throws(StorageError) {
    try refuseInsideWrite("checkpointed")
    try checkWritable()
    checkpointLatch.lock()
    defer { checkpointLatch.unlock() }
    try checkWritable()
    let isProbe = try admitWrite()
    defer { if isProbe { endProbe() } }
    do {
      try withReserve { () throws(StorageError) in try runCheckpoint(.needsLog, both: false) }
    } catch {
      status.withLock { $0.checkpointFailure = error }
      throw error
    }
  }

  /// What a checkpoint is going to write.
  struct CheckpointPlan {
    var version: Version
    var pages: [Page]
    var freeSpace: Page
    var slot: MetaSlot
    var bytesBefore: Int
  }

  /// Runs one checkpoint, into the older slot or, one after the other, into both. Under `checkpointLatch`.
  func runCheckpoint(_ state: MetaSlot.State, both: Bool) throws(StorageError) {
    guard let log else { throw StorageError(.readOnly, "\(path) was opened for reading only") }
    saveDamagedPages()
    let plan = try beginCheckpoint(log, state)
    defer { versions.unpin(plan.version.number) }
    do {
      try flush(plan.pages)
    } catch {
      // All of them are still dirty and will be sealed anew.
      store.forgetTags(of: plan.pages)
      bytesSinceCheckpoint.add(plan.bytesBefore, ordering: .relaxed)
      throw error
    }
    try syncData()
    store.cache.markClean(plan.pages)
    do {
      try writeSlots(plan, both: both)
    } catch {
      bytesSinceCheckpoint.add(plan.bytesBefore, ordering: .relaxed)
      throw error
    }
    finishCheckpoint(plan)
    counters.checkpoints.wrappingAdd(1, ordering: .relaxed)
    do {
      try log.retire(through: slots.older.lsn)
      status.withLock { $0.checkpointFailure = nil }
    } catch {
      // The segments stay for now; the next checkpoint tries again.
      status.withLock { $0.checkpointFailure = StorageError(error) }
    }
  }

  /// Seals the version to write, syncs the log through it, and publishes it.
  private func beginCheckpoint(_ log: Log, _ state: MetaSlot.State) throws(StorageError) -> CheckpointPlan {
    logLatch.lock()
    defer { logLatch.unlock() }
    if let failure { throw failure }
    commitLatch.lock()
    let touched = workspace.touched
    let run = workspace.freeSpaceRun
    let recorded = workspace.recordedDamage
    let plan: CheckpointPlan
    do {
      plan = try planCheckpoint(log, state)
      sealed.append(plan.version)
      versions.hold(plan.version.number, lsn: plan.version.lsn, at: options.clock.monotonic())
      commitLatch.unlock()
    } catch {
      // What was put into the catalog so far may yet be taken back with the rest.
      workspace.touched.formUnion(touched)
      workspace.recordedDamage = recorded
      commitLatch.unlock()
      throw error
    }
    do {
      groups.complete(through: try writeAndSync(log, isForCheckpoint: true))
    } catch {
      versions.unpin(plan.version.number)
      // The version was taken back, unless all is over anyway: what it had noted is to be noted again.
      commitLatch.withLock {
        bytesSinceCheckpoint.add(plan.bytesBefore, ordering: .relaxed)
        workspace.touched.formUnion(touched)
        workspace.freeSpaceRun = run
        workspace.recordedDamage = recorded
      }
      throw error
    }
    return plan
  }

  /// Under `logLatch` and `commitLatch`.
  private func planCheckpoint(_ log: Log, _ state: MetaSlot.State) throws(StorageError) -> CheckpointPlan {
    workspace.lsn = log.lastLSN
    // A transaction that is running reads the catalog's pages as they are now: they are copied, not changed.
    workspace.beginVersion()
    store.cache.pauseEviction()
    defer { store.cache.resumeEviction() }
    try workspace.writeTreeRecords()
    try workspace.writeDamageRecords()
    let freeSpace = workspace.newFreeSpaceRun()
    let version = workspace.seal(lsn: log.lastLSN, timestamp: lastTimestamp)
    workspace.fill(freeSpace)
    var slot = MetaSlot()
    slot.state = state
    slot.generation = slots.newer.generation + 1
    slot.log = log.id.bytes
    slot.epoch = log.epoch
    slot.catalog = version.tree(TreeRoot.catalogID)
    slot.lsn = version.lsn
    slot.timestamp = lastTimestamp
    slot.nextTree = nextTree.load(ordering: .relaxed)
    slot.nextTransaction = nextTransaction
    slot.highWater = workspace.space.highWater
    slot.freeSpaceRunLength = UInt32(freeSpace.runLength)
    slot.checkpointTime = options.clock.now()
    workspace.freeze(through: version.number)
    let pages = store.cache.dirtyPages { $0.retirement == .max }
    return CheckpointPlan(
      version: version, pages: pages, freeSpace: freeSpace, slot: slot,
      bytesBefore: bytesSinceCheckpoint.exchange(0, ordering: .relaxed))
  }

  /// Writes the slots that refer to what was flushed, each synced before the next.
  private func writeSlots(_ plan: CheckpointPlan, both: Bool) throws(StorageError) {
    var slot = plan.slot
    slot.freeSpace = PageReference(number: plan.freeSpace.number, tag: store.tag(of: plan.freeSpace.number))
    if !slot.catalog.isEmpty {
      let tag = store.tag(of: slot.catalog.root.number)
      if tag != .unset { slot.catalog.root.tag = tag }
    }
    try write(slot, mayBeRefused: true)
    slots = (slots.newer, slot)
    if both {
      slot.generation += 1
      try write(slot, mayBeRefused: false)
      slots = (slot, slot)
    }
    lastCheckpoint.withLock { $0 = (slot.lsn, slot.checkpointTime) }
  }

  /// Writes a slot and syncs. Whether the caller can go on, with the slots as they were, when there was no
  /// room for a single byte of it, as happens on volumes that copy what is overwritten: `mayBeRefused`.
  func write(_ slot: MetaSlot, mayBeRefused: Bool) throws(StorageError) {
    do {
      try withReserve { () throws(StorageError) in
        try header.writeSlot(slot, keyBlock.databaseID, key: key, random: options.random)
      }
    } catch {
      if mayBeRefused && error.code == .diskFull { throw error }
      // Whether the slot is on the disk now is unknown, so neither may its pages be reused nor those it
      // replaces.
      throw poison("writing a meta slot of \(path) failed: \(error)", cause: error.cause)
    }
    try syncData()
  }

  private func syncData() throws(StorageError) {
    do {
      try header.sync()
    } catch {
      throw poison("syncing \(path) failed: \(error)", cause: error)
    }
  }

  /// Tells the pages in memory where their children are now, and lets go what only the overwritten slot
  /// needed.
  private func finishCheckpoint(_ plan: CheckpointPlan) {
    commitLatch.withLock {
      store.resolveReferences(in: plan.pages)
      store.resolveReferences(in: store.cache.dirtyPages { _ in true })
      store.forgetResolvedTags()
      let isSame = slots.older.generation == slots.newer.generation
      slotVersions = (isSame ? plan.version.number : slotVersions.newer, plan.version.number)
      versions.setSlots(older: slotVersions.older, newer: slotVersions.newer)
      releasePages(all: true)
    }
  }
}

extension Workspace {
  /// Brings the catalog's records of trees up to date.
  func writeTreeRecords() throws(StorageError) {
    let changed = touched.subtracting([TreeRoot.catalogID]).sorted()
    for id in changed { try record(TreeRecord.key(id), trees[id].map { TreeRecord.value($0) }) }
    touched = []
  }

  /// The damage that is still reached: what was given up with its tree, or with its value, concerns nobody.
  func reachedDamage() -> [DamagedRange] {
    guard !store.damage.isEmpty else { return [] }
    let given = space.unreached()
    return store.damage.all.filter { range in
      !given.contains { $0.start <= range.page && range.page < $0.end }
    }
  }

  /// Brings the catalog's records of damage up to date.
  func writeDamageRecords() throws(StorageError) {
    guard !store.damage.isEmpty || !recordedDamage.isEmpty else { return }
    let known = Dictionary(uniqueKeysWithValues: reachedDamage().map { ($0.page, $0) })
    for page in Set(known.keys).union(recordedDamage.keys).sorted() where known[page] != recordedDamage[page]
    {
      try record(DamageRecord.key(page), known[page].map { DamageRecord.value($0) })
    }
    recordedDamage = known
  }

  /// Sets or removes one of the engine's own entries of the catalog.
  private func record(_ key: [UInt8], _ value: [UInt8]?) throws(StorageError) {
    let result: Result<Void, StorageError> = key.withUnsafeBytes { key in
      do throws(StorageError) {
        guard let value else {
          try remove(TreeRoot.catalogID, key: key)
          return .success(())
        }
        return value.withUnsafeBytes { value in
          do throws(StorageError) {
            return .success(try put(TreeRoot.catalogID, key: key, value: value))
          } catch { return .failure(error) }
        }
      } catch { return .failure(error) }
    }
    try result.get()
  }

  /// A run that has room for the list of free pages, and retires the one before.
  func newFreeSpaceRun() -> Page {
    if let run = freeSpaceRun { retireRun(run.number, runLength: run.runLength) }
    // Taking the run itself may split an extent in two.
    let extents = space.unreached().count + 2
    let length = Overflow.runLength(valueLength: 8 + 16 * extents, pageSize: store.pageSize)
    let page = newPage(.freeSpace, level: 0, tree: TreeRoot.catalogID, runLength: length)
    freeSpaceRun = (page.number, length)
    return page
  }

  /// Writes the list: u64 count, then first page and number of pages (u64 each) of every extent, ascending.
  func fill(_ page: Page) {
    let list = space.unreached()
    let body = page.bytes + PageFormat.headerSize
    assert(8 + 16 * list.count <= page.size - PageFormat.headerSize, "the free list outgrew its run")
    body.storeLE(UInt64(list.count), 0)
    for (index, extent) in list.enumerated() {
      body.storeLE(extent.start, 8 + 16 * index)
      body.storeLE(extent.count, 16 + 16 * index)
    }
  }
}
