import Crypto
import CryptoExtras

/// How expensive it is to turn a password into a key with scrypt (RFC 7914).
///
/// The parameters are read from files that anybody may have changed, so they have limits that
/// ``validate()`` checks: no file can make this process use more than 1 GiB or hang.
public struct ScryptParameters: Sendable, Equatable {
  /// The cost: 2 to the power of `logN` rounds.
  public var logN: UInt8
  /// The block size, in units of 128 bytes.
  public var r: UInt32
  /// How often the whole is done, one after the other.
  public var p: UInt32

  /// Parameters that ``validate()`` has not seen yet.
  public init(logN: UInt8, r: UInt32, p: UInt32) {
    self.logN = logN
    self.r = r
    self.p = p
  }

  /// 32 MiB of memory and about a tenth of a second: for a password typed by a person who waits.
  public static let standard = ScryptParameters(logN: 15, r: 8, p: 1)

  /// The most memory that a derivation may use: 1 GiB.
  public static let maximumMemory: UInt64 = 1 << 30

  /// How much memory the derivation uses, in bytes.
  public var memory: UInt64 {
    let (bytes, overflow) = (128 * UInt64(r)).multipliedReportingOverflow(
      by: logN < 64 ? 1 << UInt64(logN) : .max)
    return overflow ? .max : bytes
  }

  /// Throws ``SealingError/invalidParameters(_:)`` unless each parameter is within its limits: `logN` 10 to
  /// 20, `r` 1 to 32, `p` 1 to 16, at most 1 GiB together, at most 15 for `logN` when `r` is 1 (RFC 7914,
  /// section 2), and at most 16 for `r` when `p` is 1 (what the cryptographic library allows itself in
  /// memory).
  public func validate() throws(SealingError) {
    guard (10...20).contains(logN) else {
      throw .invalidParameters("scrypt logN must be 10 to 20, not \(logN)")
    }
    guard (1...32).contains(r) else { throw .invalidParameters("scrypt r must be 1 to 32, not \(r)") }
    guard (1...16).contains(p) else { throw .invalidParameters("scrypt p must be 1 to 16, not \(p)") }
    guard memory <= ScryptParameters.maximumMemory else {
      throw .invalidParameters("scrypt with logN \(logN) and r \(r) needs more than 1 GiB")
    }
    guard r > 1 || logN < 16 else {
      throw .invalidParameters("scrypt with r 1 allows logN up to 15, not \(logN)")
    }
    guard p > 1 || r <= 16 else { throw .invalidParameters("scrypt with p 1 allows r up to 16, not \(r)") }
  }
}

extension SecretKey {
  /// The key that belongs to a password: scrypt (RFC 7914) with these parameters, which are validated first.
  /// Takes long on purpose; see ``ScryptParameters/standard``.
  public static func derived(
    fromPassword password: UnsafeRawBufferPointer, salt: UnsafeRawBufferPointer, parameters: ScryptParameters
  ) throws(SealingError) -> SecretKey {
    try parameters.validate()
    do {
      return SecretKey(
        symmetric: try KDF.Scrypt.deriveKey(
          from: password.neverNull, salt: salt.neverNull, outputByteCount: size,
          rounds: 1 << Int(parameters.logN),
          blockSize: Int(parameters.r), parallelism: Int(parameters.p)))
    } catch {
      throw .failed("scrypt: \(error)")
    }
  }
}
