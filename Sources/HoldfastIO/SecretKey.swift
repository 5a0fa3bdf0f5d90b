import CHoldfast
import Crypto

/// 32 secret bytes. The memory that holds them is overwritten when the last copy of the value is released.
///
/// Prints as `SecretKey(hidden)`, also when reflected, so that it cannot end up in a log by accident.
public struct SecretKey: Sendable, CustomStringConvertible, CustomReflectable {
  /// The length of every key in bytes.
  public static let size = 32

  let symmetric: SymmetricKey

  init(symmetric: SymmetricKey) {
    self.symmetric = symmetric
  }

  /// Of any length: the published vectors for key derivation do not begin with 32 bytes.
  init(inputKeyMaterial bytes: UnsafeRawBufferPointer) {
    symmetric = SymmetricKey(data: bytes)
  }

  /// A key with these bytes. Throws ``SealingError/invalidKey`` unless there are exactly 32.
  public init(_ bytes: UnsafeRawBufferPointer) throws(SealingError) {
    guard bytes.count == SecretKey.size else { throw .invalidKey }
    symmetric = SymmetricKey(data: bytes)
  }

  /// A new key, as unpredictable as `source`.
  public static func random(from source: any RandomSource) -> SecretKey {
    withUnsafeTemporaryAllocation(byteCount: size, alignment: 8) { buffer in
      defer { holdfast_zero(buffer.baseAddress, buffer.count) }
      source.fill(buffer)
      return SecretKey(symmetric: SymmetricKey(data: UnsafeRawBufferPointer(buffer)))
    }
  }

  /// The key that belongs to `salt` and `label` under this key: HKDF-SHA256 (RFC 5869) with the label as its
  /// `info`. Two subkeys are unrelated unless salt and label are both the same.
  public func subkey(salt: UnsafeRawBufferPointer, label: StaticString) -> SecretKey {
    label.withUTF8Buffer { subkey(salt: salt, info: UnsafeRawBufferPointer($0)) }
  }

  func subkey(salt: UnsafeRawBufferPointer, info: UnsafeRawBufferPointer) -> SecretKey {
    SecretKey(
      symmetric: HKDF<SHA256>.deriveKey(
        inputKeyMaterial: symmetric, salt: salt.neverNull, info: info.neverNull,
        outputByteCount: SecretKey.size))
  }

  /// Calls `body` with the secret bytes, which must not be used after it returns.
  public func withUnsafeBytes<R>(_ body: (UnsafeRawBufferPointer) throws -> R) rethrows -> R {
    try symmetric.withUnsafeBytes(body)
  }

  /// Says that there is a key, and nothing about it.
  public var description: String { "SecretKey(hidden)" }

  /// Shows nothing.
  public var customMirror: Mirror { Mirror(self, children: []) }
}

extension UnsafeRawBufferPointer {
  /// The same bytes, where an empty buffer points somewhere too: the cryptographic library takes the address
  /// of whatever it is given, even when there is nothing to read.
  var neverNull: UnsafeRawBufferPointer {
    if baseAddress != nil { return self }
    return UnsafeRawBufferPointer(start: UnsafeRawPointer(bitPattern: 16), count: 0)
  }
}
