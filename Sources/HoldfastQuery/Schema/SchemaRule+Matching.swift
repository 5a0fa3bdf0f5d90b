import BSON

extension SchemaRule {
  /// Whether a value keeps the rule. A rule about one type does not concern values of others.
  func holds(for value: RawValue) -> Bool {
    switch self {
    case .types(let types): return types.contains(value.type)
    case .oneValueOf(let constants):
      return constants.contains { SchemaOrder.compare($0.raw, value) == 0 }
    case .minimum, .maximum, .multiple: return !value.type.isNumber || numberHolds(for: value)
    case .length(let counts):
      guard value.type == .string, let text = value.stringBytes else { return true }
      return counts.contains(text.reduce(0) { $0 + ($1 & 0xC0 == 0x80 ? 0 : 1) })
    case .pattern(let matcher):
      guard value.type == .string, let text = value.stringBytes else { return true }
      return matcher.matches(text)
    case .itemCount, .uniqueItems, .items, .tuple:
      guard value.type == .array, let elements = value.document else { return true }
      return itemsHold(for: elements)
    case .propertyCount, .required, .properties, .dependentFields, .dependentSchema:
      guard value.type == .document, let document = value.document else { return true }
      return fieldsHold(for: document, value)
    case .all(let schemas): return schemas.allSatisfy { $0.matches(value) }
    case .any(let schemas): return schemas.contains { $0.matches(value) }
    case .one(let schemas):
      var count = 0
      for schema in schemas where schema.matches(value) {
        count += 1
        if count > 1 { return false }
      }
      return count == 1
    case .not(let schema): return !schema.matches(value)
    }
  }

  private func numberHolds(for value: RawValue) -> Bool {
    switch self {
    case .minimum(let bound, let isExclusive):
      return Self.compare(value, bound).map { isExclusive ? $0 > 0 : $0 >= 0 } ?? false
    case .maximum(let bound, let isExclusive):
      return Self.compare(value, bound).map { isExclusive ? $0 < 0 : $0 <= 0 } ?? false
    case .multiple(let divisor):
      guard let number = BSONValue(value).flatMap(ExpressionNumber.init) else { return false }
      return number.decimalValue.truncatingRemainder(dividingBy: divisor).isZero
    default: return true
    }
  }

  /// The order of two numbers; nil when only one of them is NaN, which is neither above nor below.
  private static func compare(_ value: RawValue, _ bound: Constant) -> Int? {
    guard isNaN(value) == isNaN(bound.raw) else { return nil }
    return BSONOrdering.compare(value, bound.raw)
  }

  private static func isNaN(_ value: RawValue) -> Bool {
    value.double?.isNaN ?? value.decimal128?.isNaN ?? false
  }

  private func itemsHold(for elements: RawDocument) -> Bool {
    switch self {
    case .itemCount(let counts): return counts.contains(Self.count(elements))
    case .uniqueItems: return SchemaOrder.areUnique(elements.map(\.value))
    case .items(let schema): return elements.allSatisfy { schema.matches($0.value) }
    case .tuple(let schemas, let rest):
      var index = 0
      for element in elements {
        guard index < schemas.count ? schemas[index].matches(element.value) : rest.allows(element.value)
        else { return false }
        index += 1
      }
      return true
    default: return true
    }
  }

  private func fieldsHold(for document: RawDocument, _ value: RawValue) -> Bool {
    switch self {
    case .propertyCount(let counts): return counts.contains(Self.count(document))
    case .required(let names): return names.allSatisfy { Self.has($0, in: document) }
    case .properties(let properties): return properties.hold(for: document)
    case .dependentFields(let name, let others):
      return !Self.has(name, in: document) || others.allSatisfy { Self.has($0, in: document) }
    case .dependentSchema(let name, let schema):
      return !Self.has(name, in: document) || schema.matches(value)
    default: return true
    }
  }

  private static func count(_ document: RawDocument) -> Int { document.reduce(0) { count, _ in count + 1 } }

  private static func has(_ name: [UInt8], in document: RawDocument) -> Bool {
    name.withUnsafeBytes { document.value(forKey: $0) } != nil
  }
}

/// MongoDB's order of values, but for the order of fields in documents, which does not count: what JSON Schema
/// calls equal.
enum SchemaOrder {
  static func compare(_ left: RawValue, _ right: RawValue) -> Int { compare(left, right, depth: 1) }

  /// Whether no value equals another one.
  static func areUnique(_ values: [RawValue]) -> Bool {
    let sorted = values.sorted { compare($0, $1) < 0 }
    return zip(sorted, sorted.dropFirst()).allSatisfy { compare($0, $1) != 0 }
  }

  private static func compare(_ left: RawValue, _ right: RawValue, depth: Int) -> Int {
    guard left.type == right.type, depth <= BSONLimits.maximumDepth, let a = left.document,
      let b = right.document
    else { return BSONOrdering.compare(left, right) }
    var lefts = Array(a)
    var rights = Array(b)
    if left.type == .document {
      lefts.sort { isBelow($0.key, $1.key) }
      rights.sort { isBelow($0.key, $1.key) }
    }
    for (x, y) in zip(lefts, rights) {
      if left.type == .document {
        if isBelow(x.key, y.key) { return -1 }
        if isBelow(y.key, x.key) { return 1 }
      }
      let values = compare(x.value, y.value, depth: depth + 1)
      if values != 0 { return values }
    }
    return lefts.count == rights.count ? 0 : (lefts.count < rights.count ? -1 : 1)
  }

  private static func isBelow(_ left: UnsafeRawBufferPointer, _ right: UnsafeRawBufferPointer) -> Bool {
    left.lexicographicallyPrecedes(right)
  }
}
