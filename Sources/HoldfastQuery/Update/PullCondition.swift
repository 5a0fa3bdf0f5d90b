import BSON

/// The argument of `$pull`: which elements go.
enum PullCondition: Sendable {
  /// Elements that are documents and match a filter.
  case matching(Filter)
  /// Elements that fulfil conditions.
  case fulfilling(ValueCondition)
  /// Elements that are equal to a value.
  case equal(Literal)

  init(_ value: BSONValue, at place: String) throws(QueryError) {
    switch value {
    case .document(let document):
      let first = document.keys.first ?? ""
      if FieldPath.referenceNames.contains(first) {
        // A reference to a document, which is a value.
        self = .equal(Literal(value))
      } else if first.utf8.first == UInt8(ascii: "$"), !Self.filterOperators.contains(first) {
        self = .fulfilling(try ValueCondition(value, at: place))
      } else {
        _ = try FilterNames.firstParts(of: document, at: place)
        self = .matching(try Filter(document))
      }
    case .regex:
      self = .fulfilling(try ValueCondition(value, at: place))
    default:
      self = .equal(Literal(value))
    }
  }

  /// Operators that stand before fields, not behind one.
  private static let filterOperators: Set<String> = [
    "$and", "$or", "$nor", "$comment", "$expr", "$jsonSchema", "$text", "$where",
  ]

  /// Whether an element goes.
  func accepts(_ element: RawValue) throws(QueryError) -> Bool {
    switch self {
    case .matching(let filter):
      guard element.type == .document, let document = element.document else { return false }
      return try filter.matches(document)
    case .fulfilling(let condition): return try condition.matches(element)
    case .equal(let literal): return BSONOrdering.compare(element, literal.raw) == 0
    }
  }
}
