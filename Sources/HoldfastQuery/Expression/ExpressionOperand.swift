import BSON

/// What a part of an expression gives: bytes of the document as long as that is possible, else a value.
enum ExpressionOperand {
  case missing
  case raw(RawValue)
  case value(BSONValue)

  /// The value, decoded; nil when it is missing, and when its bytes are malformed.
  var decoded: BSONValue? {
    switch self {
    case .missing: nil
    case .raw(let raw): BSONValue(raw)
    case .value(let value): value
    }
  }

  /// Whether it counts as true: all but false, null, undefined, missing values and zeros do.
  var isTrue: Bool {
    switch self {
    case .missing: return false
    case .value(let value): return value.countsAsTrue
    case .raw(let raw):
      switch raw.type {
      case .null, .undefined: return false
      case .bool: return raw.bool ?? false
      case .int32, .int64, .double, .decimal128: return BSONValue(raw)?.countsAsTrue ?? false
      default: return true
      }
    }
  }

  /// Compares by MongoDB's order of types and values: -1, 0 or 1. A missing value is the same as undefined,
  /// which is below null.
  static func compare(_ left: ExpressionOperand, _ right: ExpressionOperand) -> Int {
    if case .raw(let a) = left, case .raw(let b) = right { return BSONOrdering.compare(a, b) }
    return BSONOrdering.compare(left.decoded ?? .undefined, right.decoded ?? .undefined)
  }
}

extension BSONValue {
  /// Whether the value counts as true: all but false, null, undefined and zeros do.
  var countsAsTrue: Bool {
    switch self {
    case .null, .undefined: false
    case .bool(let value): value
    case .int32(let value): value != 0
    case .int64(let value): value != 0
    case .double(let value): value != 0
    case .decimal128(let value): !value.isZero
    default: true
    }
  }
}

extension FieldPath {
  /// What the path leads to inside a document. An array on the way stands for its documents: what the rest of
  /// the path gives in them becomes an array. Digits are names here, not indexes.
  func operand(in document: RawDocument, from first: Int = 0) -> ExpressionOperand {
    var current = document
    var index = first
    while index < parts.count {
      guard let value = parts[index].name.withUnsafeBytes({ current.value(forKey: $0) }) else { break }
      index += 1
      if index == parts.count { return .raw(value) }
      guard let next = value.document else { break }
      if value.type == .array { return .value(.array(elements(of: next, from: index))) }
      current = next
    }
    return .missing
  }

  /// What the path leads to inside a value of a variable.
  func value(in value: BSONValue) -> BSONValue? {
    switch value {
    case .document(let document): document.withRawDocument { operand(in: $0).decoded } ?? nil
    case .array(let values):
      .array(values.compactMap { if case .document = $0 { self.value(in: $0) } else { nil } })
    default: nil
    }
  }

  private func elements(of array: RawDocument, from index: Int) -> [BSONValue] {
    var values: [BSONValue] = []
    for element in array where element.value.type == .document {
      guard let document = element.value.document,
        let value = operand(in: document, from: index).decoded
      else { continue }
      values.append(value)
    }
    return values
  }
}
