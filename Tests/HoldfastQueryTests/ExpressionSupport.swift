import BSON
import Testing

@testable import HoldfastQuery

/// A table of expressions in Extended JSON, each with what it gives: a value, `missing`, or the code of an
/// error. Types count: 1 is an int, 1.0 a double.
struct ExpressionTable {
  /// The document that all expressions are evaluated over.
  var document: String = "{}"

  /// Evaluates every expression and compares.
  func check(
    _ rows: [(expression: String, expected: String)], sourceLocation: SourceLocation = #_sourceLocation
  )
    throws
  {
    let document = try Document(extendedJSON: document)
    for (text, expected) in rows {
      let found = Self.result(of: try BSONValue(extendedJSON: text), over: document)
      let wanted = try Self.reading(expected)
      #expect(found == wanted, "\(text)", sourceLocation: sourceLocation)
    }
  }

  /// What an expression gives, as a text in canonical form.
  static func result(of value: BSONValue, over document: Document) -> String {
    do throws(QueryError) {
      let expression = try Expression(value, at: "$expr", now: BSONDateTime(milliseconds: 1_000))
      let result = try document.withRawDocument { (raw) throws(QueryError) in
        try expression.evaluate(raw)
      }
      return (result ?? nil)?.extendedJSON(.canonical) ?? "missing"
    } catch {
      return error.code.rawValue
    }
  }

  /// An expected result in the same form.
  private static func reading(_ expected: String) throws -> String {
    if expected == "missing" || QueryError.Code(rawValue: expected) != nil { return expected }
    return try BSONValue(extendedJSON: expected).extendedJSON(.canonical)
  }
}
