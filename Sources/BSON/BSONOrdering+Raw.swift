extension BSONOrdering {
  /// Compares two values that were not decoded: -1, 0 or 1, without allocating for any type but decimals.
  public static func compare(_ left: RawValue, _ right: RawValue) -> Int {
    compare(left, right, depth: 1)
  }

  private static func compare(_ left: RawValue, _ right: RawValue, depth: Int) -> Int {
    if let a = BSONNumber(left), let b = BSONNumber(right) { return BSONNumber.compare(a, b) }
    let types = order(left.type.canonicalOrder, right.type.canonicalOrder)
    if types != 0 { return types }
    switch left.type {
    case .string, .symbol, .code:
      guard let a = left.stringBytes, let b = right.stringBytes else { break }
      return compareBytes(a, b)
    case .document, .array:
      return compare(left.document, right.document, isArray: left.type == .array, depth: depth)
    case .binary:
      return compareBinary(left, right)
    case .objectID:
      guard let a = left.objectID, let b = right.objectID else { break }
      return order(a, b)
    case .bool:
      guard let a = left.bool, let b = right.bool else { break }
      return order(a ? 1 : 0, b ? 1 : 0)
    case .dateTime:
      guard let a = left.dateTime, let b = right.dateTime else { break }
      return order(a, b)
    case .timestamp:
      guard let a = left.timestamp, let b = right.timestamp else { break }
      return order(a, b)
    case .regex:
      guard let a = left.regexParts, let b = right.regexParts else { break }
      let pattern = compareBytes(a.pattern, b.pattern)
      return pattern != 0 ? pattern : compareBytes(a.options, b.options)
    case .dbPointer:
      guard let a = left.dbPointerParts, let b = right.dbPointerParts else { break }
      let length = order(a.reference.count, b.reference.count)
      if length != 0 { return length }
      let name = compareBytes(a.reference, b.reference)
      return name != 0 ? name : order(a.id, b.id)
    case .codeWithScope:
      guard let a = left.codeWithScopeParts, let b = right.codeWithScopeParts else { break }
      let code = compareBytes(a.code, b.code)
      return code != 0 ? code : compare(a.scope, b.scope, isArray: false, depth: depth)
    default:
      return 0
    }
    // Only malformed values come here; their bytes give some order.
    return compareBytes(left.bytes, right.bytes)
  }

  private static func compareBinary(_ left: RawValue, _ right: RawValue) -> Int {
    guard left.bytes.count >= 5, right.bytes.count >= 5 else {
      return compareBytes(left.bytes, right.bytes)
    }
    let length = order(left.bytes.count, right.bytes.count)
    if length != 0 { return length }
    // The subtype stands before the bytes, so one comparison does both.
    return compareBytes(
      UnsafeRawBufferPointer(rebasing: left.bytes[4...]), UnsafeRawBufferPointer(rebasing: right.bytes[4...]))
  }

  /// Compares documents or arrays; malformed ones count as empty, and below the nesting limit the bytes are
  /// compared, so that the stack stays bounded.
  static func compare(_ left: RawDocument?, _ right: RawDocument?, isArray: Bool, depth: Int) -> Int {
    guard let left, let right else { return order(left == nil ? 0 : 1, right == nil ? 0 : 1) }
    guard depth <= BSONLimits.maximumDepth else { return compareBytes(left.bytes, right.bytes) }
    var leftElements = left.makeIterator()
    var rightElements = right.makeIterator()
    while true {
      let a = leftElements.next()
      let b = rightElements.next()
      guard let a, let b else { return order(a == nil ? 0 : 1, b == nil ? 0 : 1) }
      if !isArray {
        let types = order(a.value.type.canonicalOrder, b.value.type.canonicalOrder)
        if types != 0 { return types }
        let names = compareBytes(a.key, b.key)
        if names != 0 { return names }
      }
      let values = compare(a.value, b.value, depth: depth + 1)
      if values != 0 { return values }
    }
  }
}
