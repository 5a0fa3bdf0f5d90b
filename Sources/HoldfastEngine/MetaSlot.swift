import HoldfastIO

/// One of the two places that say where the newest checkpoint is. Written in turn, each within one sector.
struct MetaSlot: Equatable, Sendable {
  /// Whether the data file alone is the database.
  enum State: UInt32, Sendable {
    /// Yes: it was closed.
    case clean = 1
    /// No: commits after `lsn` are in the log that `log` names.
    case needsLog = 2
  }

  var state: State = .clean
  /// Grows with every slot that is written; slot `generation % 2` is where it is.
  var generation: UInt64 = 0
  /// The log: its identity and epoch. In a clean slot the last one there was.
  var log: [UInt8] = [UInt8](repeating: 0, count: 16)
  var epoch: UInt32 = 0
  var catalog = TreeRoot(id: TreeRoot.catalogID)
  /// The last commit that the catalog's trees contain.
  var lsn: UInt64 = 0
  /// The highest timestamp of a commit so far, milliseconds since 1970.
  var timestamp: Int64 = 0
  var nextTree: UInt64 = 1
  var nextTransaction: UInt64 = 1
  /// One past the highest page in use.
  var highWater: UInt64 = 0
  /// The run that lists the free pages; number 0 when there are none.
  var freeSpace: PageReference = .none
  var freeSpaceRunLength: UInt32 = 0
  /// When the checkpoint was made, milliseconds since 1970.
  var checkpointTime: Int64 = 0
  var features = FeatureBits()

  static let magic: [UInt8] = Array("HFSLOT\0\u{1}".utf8)
  /// All of it lies in one sector.
  static let size = 512

  private enum Offset {
    static let state = 8, catalogHeight = 12, generation = 16, databaseID = 24, log = 40, epoch = 56
    static let freeSpaceRunLength = 60, catalogRoot = 64, catalogCount = 88, catalogRuns = 96, lsn = 104
    static let timestamp = 112, nextTree = 120, nextTransaction = 128, highWater = 136, freeSpace = 144
    static let checkpointTime = 168, features = 176
    static let authenticated = 0..<440
    static let nonce = 440, tag = 452, checksum = 508
  }

  func encoded(_ databaseID: DatabaseID, key: SecretKey?, random: any RandomSource) throws(StorageError)
    -> [UInt8]
  {
    var block = [UInt8](repeating: 0, count: MetaSlot.size)
    block.replaceSubrange(0..<8, with: MetaSlot.magic)
    block.replaceSubrange(Offset.log..<Offset.log + 16, with: log)
    block.withUnsafeMutableBytes { area in
      guard let base = area.baseAddress else { return }
      base.storeLE(state.rawValue, Offset.state)
      base.storeLE(UInt32(catalog.height), Offset.catalogHeight)
      base.storeLE(generation, Offset.generation)
      databaseID.store(at: base + Offset.databaseID)
      base.storeLE(epoch, Offset.epoch)
      base.storeLE(freeSpaceRunLength, Offset.freeSpaceRunLength)
      catalog.root.store(at: base + Offset.catalogRoot)
      base.storeLE(catalog.count, Offset.catalogCount)
      base.storeLE(catalog.overflowRuns, Offset.catalogRuns)
      base.storeLE(lsn, Offset.lsn)
      base.storeLE(timestamp, Offset.timestamp)
      base.storeLE(nextTree, Offset.nextTree)
      base.storeLE(nextTransaction, Offset.nextTransaction)
      base.storeLE(highWater, Offset.highWater)
      freeSpace.store(at: base + Offset.freeSpace)
      base.storeLE(checkpointTime, Offset.checkpointTime)
      features.store(at: base + Offset.features)
    }
    if let key {
      // The slot is not secret, but it must be ours: the tag covers it, under a nonce drawn at random.
      let nonce = Nonce.random(from: random)
      nonce.withUnsafeBytes { block.replaceSubrange(Offset.nonce..<Offset.nonce + 12, with: $0) }
      let vouched = [UInt8](block[Offset.authenticated])
      do {
        try MetaSlot.sealer(key, databaseID).seal(
          vouched: vouched, nonce: nonce, tagInto: &block, at: Offset.tag)
      } catch {
        throw StorageError(.ioFailed, "sealing a meta slot failed: \(error)")
      }
    }
    let sum = block.withUnsafeBytes {
      CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[..<Offset.checksum]))
    }
    block.withUnsafeMutableBytes { $0.baseAddress?.storeLE(sum, Offset.checksum) }
    return block
  }

  /// Reads a slot; `nil` when it is torn, damaged, of another database, or not sealed by this key.
  static func decode(_ block: [UInt8], _ databaseID: DatabaseID, key: SecretKey?) -> MetaSlot? {
    guard block.count >= size, block.starts(with: magic) else { return nil }
    let slot = block.withUnsafeBytes { area -> MetaSlot? in
      guard let base = area.baseAddress else { return nil }
      let sum = CRC32C.checksum(UnsafeRawBufferPointer(start: base, count: Offset.checksum))
      guard base.loadLE(Offset.checksum, as: UInt32.self) == sum,
        DatabaseID(at: base + Offset.databaseID) == databaseID,
        let state = State(rawValue: base.loadLE(Offset.state, as: UInt32.self))
      else { return nil }
      var slot = MetaSlot()
      slot.state = state
      slot.generation = base.loadLE(Offset.generation, as: UInt64.self)
      slot.log = [UInt8](area[Offset.log..<Offset.log + 16])
      slot.epoch = base.loadLE(Offset.epoch, as: UInt32.self)
      slot.freeSpaceRunLength = base.loadLE(Offset.freeSpaceRunLength, as: UInt32.self)
      slot.catalog.root = PageReference(at: base + Offset.catalogRoot)
      slot.catalog.height = Int(base.loadLE(Offset.catalogHeight, as: UInt32.self))
      slot.catalog.count = base.loadLE(Offset.catalogCount, as: UInt64.self)
      slot.catalog.overflowRuns = base.loadLE(Offset.catalogRuns, as: UInt64.self)
      slot.lsn = base.loadLE(Offset.lsn, as: UInt64.self)
      slot.timestamp = base.loadLE(Offset.timestamp, as: Int64.self)
      slot.nextTree = base.loadLE(Offset.nextTree, as: UInt64.self)
      slot.nextTransaction = base.loadLE(Offset.nextTransaction, as: UInt64.self)
      slot.highWater = base.loadLE(Offset.highWater, as: UInt64.self)
      slot.freeSpace = PageReference(at: base + Offset.freeSpace)
      slot.checkpointTime = base.loadLE(Offset.checkpointTime, as: Int64.self)
      slot.features = FeatureBits(at: base + Offset.features)
      guard slot.catalog.height <= StorageLimits.maximumHeight,
        (slot.catalog.height == 0) == (slot.catalog.root.number == 0),
        slot.highWater < PageReference.numberLimit, slot.catalog.root.number < PageReference.numberLimit,
        slot.freeSpace.number < PageReference.numberLimit,
        slot.catalog.count < TreeRoot.countLimit, slot.catalog.overflowRuns < TreeRoot.countLimit,
        slot.epoch < .max, slot.lsn < UInt64(Int64.max), slot.generation < UInt64(Int64.max),
        slot.nextTree < UInt64(Int64.max), slot.nextTransaction < UInt64(Int64.max)
      else { return nil }
      return slot
    }
    guard let slot else { return nil }
    if let key {
      let vouched = [UInt8](block[Offset.authenticated])
      let isOurs = block.withUnsafeBytes { area -> Bool in
        guard let base = area.baseAddress,
          let nonce = try? Nonce(UnsafeRawBufferPointer(start: base + Offset.nonce, count: 12))
        else { return false }
        return sealer(key, databaseID).vouches(for: vouched, nonce: nonce, tag: base + Offset.tag)
      }
      guard isOurs else { return nil }
    }
    return slot
  }

  private static func sealer(_ key: SecretKey, _ databaseID: DatabaseID) -> Sealer {
    Sealer(databaseID.bytes.withUnsafeBytes { key.subkey(salt: $0, label: "holdfast meta slots 1") })
  }
}

extension Sealer {
  /// A tag over bytes that stay readable.
  fileprivate func seal(
    vouched: [UInt8], nonce: Nonce, tagInto block: inout [UInt8], at offset: Int
  ) throws(SealingError) {
    let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    var tag = (UInt64(0), UInt64(0))
    let result: Result<Void, SealingError> = withUnsafeMutableBytes(of: &tag) { area in
      vouched.withUnsafeBytes { associated in
        guard let place = area.baseAddress else { return .success(()) }
        do throws(SealingError) {
          return .success(
            try seal(
              UnsafeRawBufferPointer(nothing), nonce: nonce, authenticating: associated, into: nothing,
              tag: place))
        } catch { return .failure(error) }
      }
    }
    try result.get()
    withUnsafeBytes(of: tag) { block.replaceSubrange(offset..<offset + Sealer.tagSize, with: $0) }
  }

  fileprivate func vouches(for vouched: [UInt8], nonce: Nonce, tag: UnsafeRawPointer) -> Bool {
    let nothing = UnsafeMutableRawBufferPointer(start: nil, count: 0)
    return vouched.withUnsafeBytes { associated in
      do {
        try open(
          UnsafeRawBufferPointer(nothing), nonce: nonce, authenticating: associated, tag: tag, into: nothing)
        return true
      } catch { return false }
    }
  }
}
