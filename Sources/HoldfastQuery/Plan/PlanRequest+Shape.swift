import BSON

extension PlanRequest {
  /// The query without its values: the same text for queries that differ in values only.
  public var shape: String {
    var text = ""
    Self.append(filter.condition, to: &text)
    text += "|"
    for field in sort { text += "\(field.path.text)\(field.isDescending ? "-" : "+")," }
    text += "|"
    if let neededPaths { text += neededPaths.map(\.text).joined(separator: ",") } else { text += "*" }
    // A limit changes what is best, its size hardly.
    text += limit == nil ? "" : "|limit"
    return text
  }

  private static func append(_ condition: Condition, to text: inout String) {
    func list(_ name: String, _ conditions: [Condition]) {
      text += name + "("
      for condition in conditions {
        append(condition, to: &text)
        text += ","
      }
      text += ")"
    }
    switch condition {
    case .and(let conditions): list("and", conditions)
    case .or(let conditions): list("or", conditions)
    case .nor(let conditions): list("nor", conditions)
    case .not(let condition): list("not", [condition])
    case .field(let test): text += "\(test.path.text)\u{1}\(test.test.kind)"
    case .expression: text += "expr"
    case .schema: text += "schema"
    case .always: text += "always"
    case .never: text += "never"
    }
  }
}

extension ValueTest {
  /// The operator, and of a comparison the type of its value.
  fileprivate var kind: String {
    switch self {
    case .compare(let comparison):
      "\(comparison.comparator.rawValue) \(comparison.constant.value.type.canonicalOrder)"
    // A long list is another matter than a short one.
    case .oneOf(let list): "in \(list.values.count.bitWidth - list.values.count.leadingZeroBitCount)"
    case .regex(let test): test.matcher.literalPrefix == nil ? "regex" : "prefix"
    case .exists: "exists"
    case .type: "type"
    case .remainder: "mod"
    case .bits(let test): test.comparator.rawValue
    case .size: "size"
    case .elementMatches, .elementFulfils: "elemMatch"
    }
  }
}
