/// MongoDB's order of values of all types ("Comparison/Sort Order" in its manual).
///
/// The types come in this order: MinKey, undefined, null, numbers, strings and symbols, documents, arrays,
/// binary data, object IDs, booleans, dates, timestamps, regular expressions, DBPointers, code, code with
/// scope, MaxKey. Within them:
/// - Numbers of the four types compare by their mathematical value, exactly; NaN is the lowest number.
/// - Strings, symbols and code compare by their UTF-8 bytes.
/// - Documents compare field by field: type, then name, then value; the one that ends first is lower. Arrays
///   do
///   the same without names.
/// - Binary data compares by length, subtype, bytes; DBPointers by the length of the name, the name, the ID.
public enum BSONOrdering {
  /// Compares two values: -1, 0 or 1.
  public static func compare(_ left: BSONValue, _ right: BSONValue) -> Int {
    compare(left, right, depth: 1)
  }

  private static func compare(_ left: BSONValue, _ right: BSONValue, depth: Int) -> Int {
    switch (left, right) {
    case (.int32(let a), .int32(let b)): return order(a, b)
    case (.string(let a), .string(let b)), (.string(let a), .symbol(let b)),
      (.symbol(let a), .string(let b)), (.symbol(let a), .symbol(let b)), (.code(let a), .code(let b)):
      return a.compareUTF8(b)
    case (.objectID(let a), .objectID(let b)): return order(a, b)
    case (.bool(let a), .bool(let b)): return order(a ? 1 : 0, b ? 1 : 0)
    case (.dateTime(let a), .dateTime(let b)): return order(a, b)
    case (.timestamp(let a), .timestamp(let b)): return order(a, b)
    case (.document(let a), .document(let b)): return compare(a, b, depth: depth)
    case (.array(let a), .array(let b)):
      guard depth <= BSONLimits.maximumDepth else { return order(a.count, b.count) }
      for (x, y) in zip(a, b) {
        let result = compare(x, y, depth: depth + 1)
        if result != 0 { return result }
      }
      return order(a.count, b.count)
    case (.binary(let a), .binary(let b)): return compare(a, b)
    case (.regex(let a), .regex(let b)):
      let result = a.pattern.compareUTF8(b.pattern)
      return result != 0 ? result : a.options.compareUTF8(b.options)
    case (.dbPointer(let a), .dbPointer(let b)):
      let length = order(a.reference.utf8.count, b.reference.utf8.count)
      if length != 0 { return length }
      let result = a.reference.compareUTF8(b.reference)
      return result != 0 ? result : order(a.id, b.id)
    case (.codeWithScope(let a), .codeWithScope(let b)):
      let result = a.code.compareUTF8(b.code)
      return result != 0 ? result : compare(a.scope, b.scope, depth: depth)
    default:
      if let a = BSONNumber(left), let b = BSONNumber(right) { return BSONNumber.compare(a, b) }
      return order(left.type.canonicalOrder, right.type.canonicalOrder)
    }
  }

  /// Compares two documents: -1, 0 or 1.
  public static func compare(_ left: Document, _ right: Document) -> Int {
    compare(left, right, depth: 1)
  }

  private static func compare(_ left: Document, _ right: Document, depth: Int) -> Int {
    left.withUnsafeBytes { a in
      right.withUnsafeBytes { b in compare(RawDocument(a), RawDocument(b), isArray: false, depth: depth) }
    }
  }

  private static func compare(_ left: BSONBinary, _ right: BSONBinary) -> Int {
    let length = order(left.encodedLength, right.encodedLength)
    if length != 0 { return length }
    let subtype = order(left.subtype.rawValue, right.subtype.rawValue)
    if subtype != 0 { return subtype }
    return left.bytes.withUnsafeBytes { a in right.bytes.withUnsafeBytes { b in compareBytes(a, b) } }
  }

  @inline(__always)
  static func order<T: Comparable>(_ left: T, _ right: T) -> Int {
    left == right ? 0 : (left < right ? -1 : 1)
  }
}

extension BSONType {
  /// The place of the type in the order of types; the four numbers have the same, and strings and symbols.
  package var canonicalOrder: UInt8 {
    switch self {
    case .minKey: 0
    case .undefined: 1
    case .null: 2
    case .double, .int32, .int64, .decimal128: 3
    case .string, .symbol: 4
    case .document: 5
    case .array: 6
    case .binary: 7
    case .objectID: 8
    case .bool: 9
    case .dateTime: 10
    case .timestamp: 11
    case .regex: 12
    case .dbPointer: 13
    case .code: 14
    case .codeWithScope: 15
    case .maxKey: 16
    }
  }
}
