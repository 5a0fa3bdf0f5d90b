import HoldfastIO

/// What a database is and how its data key is protected. Three identical copies; changed only with the
/// password.
struct KeyBlock: Equatable, Sendable {
  /// How the data key is protected.
  enum Protection: Equatable, Sendable {
    /// There is no data key: nothing is encrypted.
    case none
    /// Wrapped by a key that the caller keeps.
    case rawKey
    /// Wrapped by a key derived from a password.
    case password(ScryptParameters)
  }

  var pageSize: Int
  var databaseID: DatabaseID
  /// Milliseconds since 1970.
  var created: Int64
  var protection: Protection
  var features = FeatureBits()
  /// For the derivation of the wrapping key.
  var salt: [UInt8] = [UInt8](repeating: 0, count: saltSize)
  var wrapNonce: [UInt8] = [UInt8](repeating: 0, count: 12)
  var wrappedKey: [UInt8] = [UInt8](repeating: 0, count: SecretKey.size + Sealer.tagSize)

  static let magic: [UInt8] = Array("HOLDFAST".utf8)
  static let saltSize = 32

  private enum Offset {
    static let version = 8, pageSize = 12, databaseID = 16, created = 32
    static let protection = 40, logN = 41, r = 44, p = 48
    static let salt = 56, wrapNonce = 88, wrappedKey = 100, features = 152
    /// What the wrapping vouches for: all before the wrapped key.
    static let authenticated = 0..<88
    static let checksum = HeaderFormat.blockSize - 4
  }

  // MARK: Bytes

  func encoded() -> [UInt8] {
    var block = [UInt8](repeating: 0, count: HeaderFormat.blockSize)
    block.replaceSubrange(0..<8, with: KeyBlock.magic)
    block.replaceSubrange(Offset.salt..<Offset.salt + salt.count, with: salt)
    block.replaceSubrange(Offset.wrapNonce..<Offset.wrapNonce + wrapNonce.count, with: wrapNonce)
    block.replaceSubrange(Offset.wrappedKey..<Offset.wrappedKey + wrappedKey.count, with: wrappedKey)
    block.withUnsafeMutableBytes { area in
      guard let base = area.baseAddress else { return }
      base.storeLE(HeaderFormat.formatVersion, Offset.version)
      base.storeLE(UInt32(pageSize), Offset.pageSize)
      databaseID.store(at: base + Offset.databaseID)
      base.storeLE(created, Offset.created)
      switch protection {
      case .none: base.storeLE(UInt8(0), Offset.protection)
      case .rawKey: base.storeLE(UInt8(1), Offset.protection)
      case .password(let parameters):
        base.storeLE(UInt8(2), Offset.protection)
        base.storeLE(parameters.logN, Offset.logN)
        base.storeLE(parameters.r, Offset.r)
        base.storeLE(parameters.p, Offset.p)
      }
      features.store(at: base + Offset.features)
      let sum = CRC32C.checksum(UnsafeRawBufferPointer(start: base, count: Offset.checksum))
      base.storeLE(sum, Offset.checksum)
    }
    return block
  }

  /// What a block of the file says. `.notABlock` when it never was a key block.
  enum Reading: Equatable {
    case valid(KeyBlock)
    case damaged
    case notABlock
    case newerFormat(UInt32)
  }

  static func decode(_ block: [UInt8]) -> Reading {
    guard block.count == HeaderFormat.blockSize, block.starts(with: magic) else { return .notABlock }
    return block.withUnsafeBytes { area -> Reading in
      guard let base = area.baseAddress else { return .notABlock }
      let sum = CRC32C.checksum(UnsafeRawBufferPointer(start: base, count: Offset.checksum))
      guard base.loadLE(Offset.checksum, as: UInt32.self) == sum else { return .damaged }
      let version = base.loadLE(Offset.version, as: UInt32.self)
      guard version <= HeaderFormat.formatVersion else { return .newerFormat(version) }
      let pageSize = Int(base.loadLE(Offset.pageSize, as: UInt32.self))
      guard version > 0, StorageLimits.pageSizes.contains(pageSize) else { return .damaged }
      let protection: Protection
      switch base.loadLE(Offset.protection, as: UInt8.self) {
      case 0: protection = .none
      case 1: protection = .rawKey
      case 2:
        var parameters = ScryptParameters.standard
        parameters.logN = base.loadLE(Offset.logN, as: UInt8.self)
        parameters.r = base.loadLE(Offset.r, as: UInt32.self)
        parameters.p = base.loadLE(Offset.p, as: UInt32.self)
        protection = .password(parameters)
      default: return .damaged
      }
      var result = KeyBlock(
        pageSize: pageSize, databaseID: DatabaseID(at: base + Offset.databaseID),
        created: base.loadLE(Offset.created, as: Int64.self), protection: protection)
      result.features = FeatureBits(at: base + Offset.features)
      result.salt = [UInt8](block[Offset.salt..<Offset.salt + saltSize])
      result.wrapNonce = [UInt8](block[Offset.wrapNonce..<Offset.wrapNonce + 12])
      result.wrappedKey = [UInt8](
        block[Offset.wrappedKey..<Offset.wrappedKey + SecretKey.size + Sealer.tagSize])
      return .valid(result)
    }
  }

  // MARK: The data key

  /// A new block, and its data key if it has one.
  static func make(
    pageSize: Int, databaseID: DatabaseID, created: Int64, credential: Credential, random: any RandomSource
  ) throws(StorageError) -> (block: KeyBlock, key: SecretKey?) {
    var block = KeyBlock(pageSize: pageSize, databaseID: databaseID, created: created, protection: .none)
    switch credential {
    case .none: return (block, nil)
    case .key: block.protection = .rawKey
    case .password(_, let parameters): block.protection = .password(parameters)
    }
    block.salt = random.bytes(saltSize)
    block.wrapNonce = random.bytes(12)
    let dataKey = SecretKey.random(from: random)
    let sealer = Sealer(try block.wrappingKey(credential))
    var sealed = [UInt8](repeating: 0, count: SecretKey.size + Sealer.tagSize)
    let vouched = [UInt8](block.encoded()[Offset.authenticated])
    let nonceBytes = block.wrapNonce
    do {
      try KeyBlock.sealing {
        let nonce = try nonceBytes.withUnsafeBytes { try Nonce($0) }
        try sealed.withUnsafeMutableBytes { area in
          try dataKey.withUnsafeBytes { plain in
            try vouched.withUnsafeBytes { associated in
              try sealer.seal(
                plain, nonce: nonce, authenticating: associated,
                into: UnsafeMutableRawBufferPointer(rebasing: area[..<SecretKey.size]),
                tag: area.baseAddress.unsafelyUnwrapped + SecretKey.size)
            }
          }
        }
      }
    }
    block.wrappedKey = sealed
    return (block, dataKey)
  }

  /// The data key; `nil` when the database is not encrypted.
  func unwrap(_ credential: Credential, path: String) throws(StorageError) -> SecretKey? {
    switch (protection, credential) {
    case (.none, .none): return nil
    case (.none, _):
      throw StorageError(
        .authenticationFailed,
        "\(path) is not encrypted, but a password or key was given: open it without one")
    case (_, .none):
      throw StorageError(.authenticationFailed, "\(path) is encrypted: open it with its password or key")
    case (.rawKey, .password):
      throw StorageError(
        .authenticationFailed, "\(path) is protected by a key, not by a password: give the key")
    case (.password, .key):
      throw StorageError(
        .authenticationFailed, "\(path) is protected by a password, not by a key: give the password")
    case (.rawKey, .key), (.password, .password): break
    }
    let sealer = Sealer(try wrappingKey(credential))
    var plain = [UInt8](repeating: 0, count: SecretKey.size)
    defer { for index in plain.indices { plain[index] = 0 } }
    let vouched = [UInt8](encoded()[Offset.authenticated])
    do {
      let nonce = try wrapNonce.withUnsafeBytes { try Nonce($0) }
      try plain.withUnsafeMutableBytes { out in
        try wrappedKey.withUnsafeBytes { area in
          try vouched.withUnsafeBytes { associated in
            try sealer.open(
              UnsafeRawBufferPointer(rebasing: area[..<SecretKey.size]), nonce: nonce,
              authenticating: associated,
              tag: area.baseAddress.unsafelyUnwrapped + SecretKey.size, into: out)
          }
        }
      }
      return try plain.withUnsafeBytes { try SecretKey($0) }
    } catch {
      throw StorageError(
        .authenticationFailed,
        "the password or key does not open \(path): nothing was touched; check it and try again")
    }
  }

  /// The key that wraps the data key.
  private func wrappingKey(_ credential: Credential) throws(StorageError) -> SecretKey {
    switch (protection, credential) {
    case (.rawKey, .key(let key)):
      return salt.withUnsafeBytes { key.subkey(salt: $0, label: "holdfast data key 1") }
    case (.password(let parameters), .password(let password, _)):
      return try KeyBlock.sealing {
        try parameters.validate()
        return try password.withUnsafeBytes { secret in
          try salt.withUnsafeBytes {
            try SecretKey.derived(fromPassword: secret, salt: $0, parameters: parameters)
          }
        }
      }
    default:
      throw StorageError(.authenticationFailed, "the credential does not fit the protection of the data key")
    }
  }

  private static func sealing<R>(_ body: () throws -> R) throws(StorageError) -> R {
    do { return try body() } catch let error as SealingError {
      if case .invalidParameters(let reason) = error {
        throw StorageError(
          .corrupted,
          "the parameters of the password's key derivation are out of bounds (\(reason)): the key block is damaged; "
            + "restore the file from a backup")
      }
      throw StorageError(.ioFailed, "the data key could not be wrapped: \(error)")
    } catch {
      throw StorageError(.ioFailed, "the data key could not be wrapped: \(error)")
    }
  }
}

/// What a caller has to open a database with.
public enum Credential: Sendable {
  /// Nothing: the database is not encrypted.
  case none
  /// A key of 32 bytes that the caller keeps, for example in a key management service.
  case key(SecretKey)
  /// A password (its UTF-8 bytes), and the cost of deriving a key from it for a new database.
  case password([UInt8], ScryptParameters)
}
