import HoldfastIO
import HoldfastTestSupport

@testable import HoldfastEngine
@testable import HoldfastLog

extension FuzzTarget {
  /// A block of a header: which kind (one byte; the high bit leaves its checksum as it is), and its bytes.
  static let header = FuzzTarget(
    name: "header", seeds: { try headerSeeds() },
    run: { input in
      var reader = InputReader(input)
      let mode = reader.byte()
      let isFixed = mode & 0x80 == 0
      switch mode & 3 {
      case 0: try checkKeyBlock(reader.rest(), isFixed)
      case 1: try checkSlot(reader.rest(), isFixed)
      case 2: try checkSegmentHeader(reader.rest(), isFixed)
      default: try checkTreeRecord(reader.take(Int(reader.byte())), reader.rest())
      }
    })

  /// Puts the checksum at the end of a block right.
  static func withChecksum(_ block: [UInt8]) -> [UInt8] {
    var block = block
    let end = block.count - 4
    let sum = block.withUnsafeBytes { CRC32C.checksum(UnsafeRawBufferPointer(rebasing: $0[..<end])) }
    block.storeLittleEndian(sum, at: end)
    return block
  }

  private static func checkKeyBlock(_ bytes: [UInt8], _ isFixed: Bool) throws {
    var block = bytes.padded(to: HeaderFormat.blockSize)
    if isFixed { block = withChecksum(block) }
    guard case .valid(let found) = KeyBlock.decode(block) else { return }
    try require(
      StorageLimits.pageSizes.contains(found.pageSize), "a page size of \(found.pageSize) was accepted")
    try require(KeyBlock.decode(found.encoded()) == .valid(found), "a key block changes when it is written")
    let parameters = ScryptParameters(logN: 10, r: 1, p: 1)
    for credential in [.none, .key(try secret()), .password([1, 2, 3], parameters)] as [Credential] {
      if case (.password(let stored), .password) = (found.protection, credential) {
        if (try? stored.validate()) != nil {
          try require(stored.memory <= ScryptParameters.maximumMemory, "a password may take too much memory")
          // What is allowed may take seconds, by design; only what is quick is tried.
          guard stored.memory * UInt64(stored.p) <= 1 << 20 else { continue }
        }
      }
      do {
        let key = try found.unwrap(credential, path: "/f")
        try require(key == nil || found.protection != .none, "a key came from nowhere")
      } catch let error as StorageError {
        try require(
          error.code == .authenticationFailed || error.code == .corrupted,
          "a key block fails to open with \(error.code)")
      }
    }
  }

  private static func checkSlot(_ bytes: [UInt8], _ isFixed: Bool) throws {
    var block = bytes.padded(to: MetaSlot.size)
    if isFixed {
      block.withUnsafeMutableBytes { area in
        // Where the database's id is; see `docs/format.md`.
        if let base = area.baseAddress { databaseID.store(at: base + 24) }
      }
      block = withChecksum(block)
    }
    guard let slot = MetaSlot.decode(block, databaseID, key: nil) else { return }
    try require(
      MetaSlot.decode(block, databaseID, key: try secret()) == nil, "a slot without a tag was taken")
    let again = try slot.encoded(databaseID, key: nil, random: SeededRandom(seed: 1))
    try require(MetaSlot.decode(again, databaseID, key: nil) == slot, "a slot changes when it is written")
  }

  private static func checkSegmentHeader(_ bytes: [UInt8], _ isFixed: Bool) throws {
    var block = bytes.padded(to: SegmentHeader.size)
    if isFixed { block = withChecksum(block) }
    guard case .header(let header) = SegmentHeader.decode(block) else { return }
    try require(
      SegmentHeader.decode(header.encoded()) == .header(header), "a header changes when it is written")
    let name = SegmentName(
      epoch: header.epoch, firstLSN: header.firstLSN, sequence: header.sequence, tag: header.logID.tag)
    // A name has room for 32 bits of the sequence number.
    if header.sequence <= UInt64(UInt32.max) {
      try require(SegmentName(name.text) == name, "the name of a segment cannot be read")
    }
    _ = SegmentName(String(decoding: bytes, as: UTF8.self))
    _ = SegmentName.spareOwner(String(decoding: bytes, as: UTF8.self))
  }

  private static func checkTreeRecord(_ key: [UInt8], _ value: [UInt8]) throws {
    let found = key.withUnsafeBytes { key in
      value.withUnsafeBytes { TreeRecord.decode(key: key, value: $0) }
    }
    guard let found else { return }
    try require(TreeRecord.key(found.id) == key, "the key of a tree's record changes")
    try require(TreeRecord.value(found) == value, "a tree's record changes when it is written")
  }

  private static func secret() throws -> SecretKey {
    try [UInt8](repeating: 7, count: SecretKey.size).withUnsafeBytes { try SecretKey($0) }
  }

  private static func headerSeeds() throws -> [[UInt8]] {
    let random = SeededRandom(seed: 1)
    let cheap = ScryptParameters(logN: 10, r: 1, p: 1)
    let blocks = try [Credential.none, .key(try secret()), .password([1, 2, 3], cheap)].map { credential in
      try KeyBlock.make(
        pageSize: pageSize, databaseID: databaseID, created: 5, credential: credential, random: random
      ).block.encoded()
    }
    var slot = MetaSlot()
    slot.generation = 4
    slot.highWater = 40
    slot.catalog = TreeRoot(
      id: 0, root: PageReference(number: 17, tag: PageTag(low: 1, high: 1)), height: 1, count: 3)
    let segment = SegmentHeader(
      databaseID: databaseID.bytes, logID: LogID(random.bytes(16)), epoch: 1, flags: 0, sequence: 1,
      firstLSN: 1,
      size: 16384, salt: random.bytes(32), created: 5)
    let tree = TreeRoot(
      id: 3, root: PageReference(number: 17, tag: PageTag(low: 1, high: 1)), height: 2, count: 9)
    return blocks.map { [0] + $0.prefix(180) } + [
      [1] + (try slot.encoded(databaseID, key: nil, random: random)),
      [2] + segment.encoded().prefix(140),
      [3, UInt8(TreeRecord.keySize)] + TreeRecord.key(tree.id) + TreeRecord.value(tree),
    ]
  }
}
