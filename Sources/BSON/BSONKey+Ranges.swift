extension BSONKey {
  /// The first bytes that keys of the values in a type's group can have: from the first one up to, not
  /// including, the second one. All four types of numbers are one group, and strings and symbols are one.
  package static func bracket(of type: BSONType) -> (lower: UInt8, upper: UInt8) {
    switch type {
    case .double, .int32, .int64, .decimal128: (KeyTag.nan, KeyTag.infinity + 1)
    case .bool: (KeyTag.false, KeyTag.true + 1)
    default: (type.keyGroup, type.keyGroup + 1)
    }
  }

  /// The first byte of the key of negative infinity, which is where the numbers begin that compare with others.
  package static let lowestNumber = KeyTag.negativeInfinity

  /// A string's key without what ends it, which all strings that begin with it have in front.
  package static func stringPrefix(_ text: [UInt8]) -> [UInt8] {
    var bytes: [UInt8] = [KeyTag.string]
    text.withUnsafeBytes { appendEscaped($0, to: &bytes) }
    bytes.removeLast()
    return bytes
  }
}
