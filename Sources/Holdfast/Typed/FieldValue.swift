/// The values of typed filters and updates, as they are stored.
enum FieldValue {
  /// A value as its type encodes it.
  static func encoded(_ value: some Encodable) throws(HoldfastError) -> BSONValue {
    do {
      return try BSONEncoder().encodeValue(value)
    } catch {
      throw HoldfastError(
        .invalidUse,
        "a value of the type \(type(of: value)) does not encode: the error's `underlying` says why",
        underlying: error)
    }
  }

  /// Values as their type encodes them.
  static func encoded<Value: Encodable>(_ values: some Sequence<Value>) throws(HoldfastError) -> [BSONValue] {
    var result: [BSONValue] = []
    for value in values { result.append(try encoded(value)) }
    return result
  }

  /// Whether the order in which the value's parts are stored is the same for equal values.
  static func hasOrder(_ value: some Encodable) -> Bool {
    guard let parts = value as? any UnorderedParts else { return true }
    return parts.count < 2
  }

  /// Whether looking for an element in an array is the same as comparing the array's field with it. Null would
  /// match a missing array, an array the array as a whole, and a regular expression is a pattern in a list.
  static func isPlain(_ value: BSONValue) -> Bool {
    switch value {
    case .null, .undefined, .array, .regex: false
    case .document(let document): document.keys.first?.hasPrefix("$") != true
    default: true
    }
  }

  /// A regular expression that matches a text and nothing else.
  static func literalPattern(_ text: String) -> String {
    var pattern = String.UnicodeScalarView()
    for scalar in text.unicodeScalars {
      if scalar.value == 0 {
        // No pattern in BSON can hold it as it is.
        pattern.append(contentsOf: "\\x00".unicodeScalars)
        continue
      }
      if scalar.isASCII, !scalar.properties.isAlphabetic, !("0"..."9").contains(scalar), scalar.value > 0x20 {
        pattern.append("\\")
      }
      pattern.append(scalar)
    }
    return String(pattern)
  }
}

/// A collection whose iteration has no certain order, which is the one that it is encoded in.
private protocol UnorderedParts {
  var count: Int { get }
}

extension Set: UnorderedParts {}
extension Dictionary: UnorderedParts {}
