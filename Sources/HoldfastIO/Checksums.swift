import CHoldfast

/// CRC32C (Castagnoli), the checksum of frames and pages: finds every burst of damage up to 32 bits long.
///
/// The polynomial and the conventions are those of RFC 3720, section 12.1. Uses the processor's instructions
/// for it where there are some.
public enum CRC32C {
  /// The checksum of `bytes`, or of everything that `seed` is the checksum of followed by `bytes`:
  /// `checksum(b, seed: checksum(a)) == checksum(a + b)`.
  public static func checksum(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
    holdfast_crc32c(seed, bytes.baseAddress, bytes.count)
  }

  /// The same value computed from tables, whatever the processor can do. For tests and comparisons.
  public static func portableChecksum(_ bytes: UnsafeRawBufferPointer, seed: UInt32 = 0) -> UInt32 {
    holdfast_crc32c_portable(seed, bytes.baseAddress, bytes.count)
  }

  /// Whether ``checksum(_:seed:)`` uses processor instructions on this machine.
  public static var isAccelerated: Bool { holdfast_crc32c_is_accelerated() != 0 }
}

/// XXH64, a fast 64-bit hash that is not cryptographic: finds damage, but no forgery.
public enum XXH64 {
  /// The hash of `bytes` under `seed`.
  public static func hash(_ bytes: UnsafeRawBufferPointer, seed: UInt64 = 0) -> UInt64 {
    holdfast_xxh64(seed, bytes.baseAddress, bytes.count)
  }
}
