/// Which documents a scan gives, and in which order.
public struct ScanOptions: Sendable {
  /// The lowest id, included; `nil` for no bound.
  public var lower: BSONValue?
  /// The highest id, included; `nil` for no bound.
  public var upper: BSONValue?
  /// From the highest id to the lowest.
  public var isDescending = false
  /// The most documents; `nil` for all.
  public var limit: Int?
  /// Leave out documents that cannot be read because their page is damaged, instead of failing: what is left
  /// out is in ``Database/damage()`` afterwards. Not inside of a transaction that writes, which must not take
  /// a part for the whole.
  public var skipsDamage = false

  /// Takes the bounds, the direction and the limit. Without any, a scan gives all documents in the order of
  /// ids.
  public init(
    from lower: BSONValue? = nil, through upper: BSONValue? = nil, descending: Bool = false, limit: Int? = nil
  ) {
    self.lower = lower
    self.upper = upper
    isDescending = descending
    self.limit = limit
  }
}

/// A scan's bounds as keys.
struct ScanRange {
  var lower: [UInt8]?
  var upper: [UInt8]?
  var isDescending: Bool
  var limit: Int
  var skipsDamage: Bool

  init(_ options: ScanOptions, _ name: CollectionName) throws(HoldfastError) {
    if let bound = options.lower { lower = try IDKey.bytes(bound, name) }
    if let bound = options.upper { upper = try IDKey.bytes(bound, name) }
    isDescending = options.isDescending
    limit = options.limit ?? .max
    skipsDamage = options.skipsDamage
    guard limit >= 0 else {
      throw HoldfastError(.invalidUse, "a scan's limit is \(limit): give 0 or more", collection: name.text)
    }
  }

  func isAboveUpper(_ key: UnsafeRawBufferPointer) -> Bool {
    upper?.withBytes { compareBytes(key, $0) > 0 } ?? false
  }

  func isBelowLower(_ key: UnsafeRawBufferPointer) -> Bool {
    lower?.withBytes { compareBytes(key, $0) < 0 } ?? false
  }

  /// Whether all keys of a damaged page lie behind the end of the scan.
  func isBeyond(_ damage: DamagedRange) -> Bool {
    if isDescending {
      guard let first = damage.upperKey else { return false }
      return lower.map { !$0.lexicographicallyPrecedes(first) } ?? false
    }
    return damage.lowerKey?.withBytes { isAboveUpper($0) } ?? false
  }
}
