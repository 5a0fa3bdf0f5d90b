import HoldfastIO
import Synchronization

/// Turns pages in memory into what is written, and back, checking everything on the way.
///
/// Encrypted pages are sealed with AES-256-GCM. The key is derived (HKDF) from the data key and a salt drawn
/// when the database was opened for writing; the nonce is a counter that starts at zero with the salt. Both
/// are stored in the page. So a nonce never repeats under a key: not when a page is written twice, not after
/// a crash, a restore or a copy of the file, each of which begins with a new opening and a new salt.
final class PageCodec: Sendable {
  let pageSize: Int
  let databaseID: DatabaseID
  private let key: SecretKey?
  private let salt: [UInt8]
  private let writer: Sealer?
  private let counter = Atomic<UInt64>(0)
  private let sealers: Guarded<[[UInt8]: Sealer]>

  /// How many salts' keys are kept; each opening for writing adds one to a file, so a few are in use at a
  /// time.
  private static let sealerLimit = 1024
  static let label: StaticString = "holdfast pages 1"

  init(pageSize: Int, databaseID: DatabaseID, key: SecretKey?, random: any RandomSource) {
    self.pageSize = pageSize
    self.databaseID = databaseID
    self.key = key
    let salt = random.bytes(PageFormat.saltSize)
    let writer = key.map { key in
      Sealer(salt.withUnsafeBytes { key.subkey(salt: $0, label: PageCodec.label) })
    }
    self.salt = salt
    self.writer = writer
    sealers = Guarded(writer.map { [salt: $0] } ?? [:])
  }

  var isEncrypted: Bool { key != nil }

  // MARK: Writing

  /// Seals a page, or a run, in place: `bytes` must be a copy made for writing. Returns its tag.
  func seal(_ bytes: UnsafeMutableRawBufferPointer, kindFlags: UInt16) throws(StorageError) -> PageTag {
    guard let base = bytes.baseAddress else { return .unset }
    var tag = PageTag.unset
    tag.store(at: base + PageFormat.tag)
    if let writer {
      base.storeLE(kindFlags | PageFormat.flagSealed, PageFormat.flags)
      copyBytes(salt, to: base + PageFormat.salt)
      let nonce = counter.wrappingAdd(1, ordering: .relaxed).oldValue
      base.storeLE(nonce, PageFormat.nonce)
      let body = UnsafeMutableRawBufferPointer(rebasing: bytes[PageFormat.headerSize...])
      do {
        try authenticated(base) { (associated) throws(SealingError) in
          try writer.seal(
            UnsafeRawBufferPointer(body), nonce: Nonce(counter: nonce), authenticating: associated,
            into: body,
            tag: base + PageFormat.tag)
        }
      } catch {
        throw StorageError(
          .ioFailed, "sealing page \(base.loadLE(PageFormat.number, as: UInt64.self)) failed: \(error)")
      }
      tag = PageTag(at: base + PageFormat.tag)
    } else {
      base.storeLE(kindFlags & ~PageFormat.flagSealed, PageFormat.flags)
      tag = plainTag(UnsafeRawBufferPointer(bytes))
      tag.store(at: base + PageFormat.tag)
    }
    base.storeLE(PageCodec.checksum(UnsafeRawBufferPointer(bytes)), PageFormat.checksum)
    return tag
  }

  /// The CRC32C of a page, which needs no key.
  static func checksum(_ bytes: UnsafeRawBufferPointer) -> UInt32 {
    CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[4...]))
  }

  private func plainTag(_ bytes: UnsafeRawBufferPointer) -> PageTag {
    let hash = XXH64.hash(UnsafeRawBufferPointer(rebasing: bytes[4...]), seed: databaseID.low)
    return PageTag(low: hash, high: 1)
  }

  /// What a tag vouches for beside the sealed bytes: the header without checksum and tag, and the database.
  private func authenticated<R>(
    _ page: UnsafeRawPointer, _ body: (UnsafeRawBufferPointer) throws(SealingError) -> R
  ) throws(SealingError) -> R {
    typealias Block = (UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64, UInt64)
    var block: Block = (0, 0, 0, 0, 0, 0, 0, 0, 0, 0)
    let front = PageFormat.tag - PageFormat.kind
    let back = PageFormat.headerSize - PageFormat.runLength
    let result: Result<R, SealingError> = withUnsafeMutableBytes(of: &block) { area in
      guard let base = area.baseAddress else { return .failure(.invalidParameters("no memory")) }
      base.copyMemory(from: page + PageFormat.kind, byteCount: front)
      (base + front).copyMemory(from: page + PageFormat.runLength, byteCount: back)
      base.storeLE(databaseID.low, front + back)
      base.storeLE(databaseID.high, front + back + 8)
      let associated = UnsafeRawBufferPointer(start: base, count: front + back + 16)
      do throws(SealingError) { return .success(try body(associated)) } catch { return .failure(error) }
    }
    return try result.get()
  }

  // MARK: Reading

  /// Checks a page that was read, and decrypts it in place.
  func open(_ page: Page, tag expected: PageTag) throws(DamagedRange.Fault) {
    let base = page.bytes
    let bytes = page.buffer
    let stored = PageTag(at: base + PageFormat.tag)
    guard stored == expected, base.loadLE(PageFormat.number, as: UInt64.self) == page.number else {
      throw PageCodec.holds(UnsafeRawBufferPointer(bytes)) ? .stale : .damaged
    }
    let isSealed = page.flags & PageFormat.flagSealed != 0
    guard isSealed == (key != nil), page.kind != nil,
      base.load(fromByteOffset: PageFormat.version, as: UInt8.self) == PageFormat.currentVersion,
      Int(base.loadLE(PageFormat.runLength, as: UInt32.self)) == page.runLength
    else {
      throw PageCodec.holds(UnsafeRawBufferPointer(bytes)) ? .malformed : .damaged
    }
    if let key {
      let salt = [UInt8](UnsafeRawBufferPointer(start: base + PageFormat.salt, count: PageFormat.saltSize))
      let sealer = sealer(for: salt, key: key)
      let nonce = Nonce(counter: base.loadLE(PageFormat.nonce, as: UInt64.self))
      let body = UnsafeMutableRawBufferPointer(rebasing: bytes[PageFormat.headerSize...])
      do {
        try authenticated(base) { (associated) throws(SealingError) in
          try sealer.open(
            UnsafeRawBufferPointer(body), nonce: nonce, authenticating: associated,
            tag: base + PageFormat.tag,
            into: body)
        }
      } catch {
        throw .damaged
      }
    } else {
      PageTag.unset.store(at: base + PageFormat.tag)
      guard plainTag(UnsafeRawBufferPointer(bytes)) == expected else { throw .damaged }
      expected.store(at: base + PageFormat.tag)
    }
  }

  /// Whether the checksum of a page or run holds; needs no key.
  static func holds(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let base = bytes.baseAddress, bytes.count >= PageFormat.slots else { return false }
    return base.loadLE(PageFormat.checksum, as: UInt32.self) == checksum(bytes)
  }

  private func sealer(for salt: [UInt8], key: SecretKey) -> Sealer {
    if let known = sealers.withLock({ $0[salt] }) { return known }
    let made = Sealer(salt.withUnsafeBytes { key.subkey(salt: $0, label: PageCodec.label) })
    sealers.withLock { known in
      if known.count >= PageCodec.sealerLimit { known.removeAll(keepingCapacity: true) }
      known[salt] = made
    }
    return made
  }

  private func copyBytes(_ source: [UInt8], to destination: UnsafeMutableRawPointer) {
    source.withUnsafeBytes { HoldfastEngine.copyBytes($0, to: destination) }
  }
}

/// The identity of a database, drawn at random when it is made: 16 bytes.
public struct DatabaseID: Sendable, Hashable, CustomStringConvertible {
  var low: UInt64
  var high: UInt64

  init(low: UInt64, high: UInt64) {
    self.low = low
    self.high = high
  }

  init(at pointer: UnsafeRawPointer) {
    low = pointer.loadLE(0, as: UInt64.self)
    high = pointer.loadLE(8, as: UInt64.self)
  }

  static func random(from source: any RandomSource) -> DatabaseID {
    DatabaseID(low: source.next(), high: source.next())
  }

  func store(at pointer: UnsafeMutableRawPointer) {
    pointer.storeLE(low, 0)
    pointer.storeLE(high, 8)
  }

  /// The 16 bytes, as they are stored.
  public var bytes: [UInt8] {
    withUnsafeBytes(of: low.littleEndian) { [UInt8]($0) }
      + withUnsafeBytes(of: high.littleEndian) { [UInt8]($0) }
  }

  /// 32 hexadecimal digits.
  public var description: String {
    bytes.map { byte in
      let digits = String(byte, radix: 16)
      return byte < 16 ? "0" + digits : digits
    }.joined()
  }
}
