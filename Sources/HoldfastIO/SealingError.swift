/// Why something could not be sealed, opened, or made a key of. Never contains secrets.
public enum SealingError: Error, Sendable, Equatable, CustomStringConvertible {
  /// The bytes, their nonce, their tag or their associated data are not what was sealed, or the key is
  /// another.
  case authenticationFailed
  /// A key that is not 32 bytes long.
  case invalidKey
  /// Lengths or cost parameters outside what is allowed; says which.
  case invalidParameters(String)
  /// The cryptographic library refused for a reason of its own; says which.
  case failed(String)

  /// What happened, in words.
  public var description: String {
    switch self {
    case .authenticationFailed:
      "authentication failed: the data was changed, or the key is not the one it was sealed with"
    case .invalidKey: "a key must have exactly \(SecretKey.size) bytes"
    case .invalidParameters(let reason): "invalid parameters: \(reason)"
    case .failed(let reason): "the cryptographic library failed: \(reason)"
    }
  }
}
