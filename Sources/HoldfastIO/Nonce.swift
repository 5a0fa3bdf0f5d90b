/// 12 bytes that must never be used twice to seal under one key: a repeated nonce gives away the plaintexts
/// and lets others forge.
public struct Nonce: Sendable, Equatable {
  /// The length of every nonce in bytes.
  public static let size = 12

  // In the order of the bytes in memory, whatever the processor's.
  private var low: UInt64
  private var high: UInt32

  /// The counter in little-endian order, then four zero bytes.
  public init(counter: UInt64) {
    low = counter.littleEndian
    high = 0
  }

  /// A nonce with these bytes. Throws ``SealingError/invalidParameters(_:)`` unless there are exactly 12.
  public init(_ bytes: UnsafeRawBufferPointer) throws(SealingError) {
    guard bytes.count == Nonce.size else {
      throw .invalidParameters("a nonce must have exactly \(Nonce.size) bytes")
    }
    low = bytes.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
    high = bytes.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
  }

  /// A random nonce. Safe for about 2³² uses under one key (NIST SP 800-38D, section 8.3).
  public static func random(from source: any RandomSource) -> Nonce {
    var nonce = Nonce(counter: 0)
    withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { buffer in
      source.fill(buffer)
      nonce.low = buffer.loadUnaligned(fromByteOffset: 0, as: UInt64.self)
      nonce.high = buffer.loadUnaligned(fromByteOffset: 8, as: UInt32.self)
    }
    return nonce
  }

  /// Calls `body` with the 12 bytes, which must not be used after it returns.
  public func withUnsafeBytes<R, E: Error>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
    // The two fields follow each other without a gap: 8 bytes, then 4 that need an alignment of 4.
    try Swift.withUnsafeBytes(of: self) { (bytes) throws(E) in
      try body(UnsafeRawBufferPointer(rebasing: bytes[..<Nonce.size]))
    }
  }
}
