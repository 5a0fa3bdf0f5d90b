import BSON

/// A filter that is ready to be applied to documents: MongoDB's query language, with its results.
///
/// Reading a filter checks all of it, so that a wrong operator or argument is an error whether or not there are
/// documents. Applying it reads the documents' bytes, and decodes and copies nothing (but for `$expr`).
public struct Filter: Sendable {
  /// The filter as it was given.
  public let document: Document
  let condition: Condition

  /// Reads a filter.
  /// - Parameter now: what `$$NOW` in an `$expr` is; without it, that is an error.
  /// - Throws: ``QueryError/Code/unknownOperator``, ``QueryError/Code/invalidArgument``,
  ///   ``QueryError/Code/invalidRegex``, ``QueryError/Code/limitExceeded``.
  public init(_ document: Document, now: BSONDateTime? = nil) throws(QueryError) {
    self.document = document
    condition = try FilterParser.parse(document, depth: 1, isElement: false, now: now)
  }

  /// Whether there is an `$expr` in it.
  public var hasExpression: Bool { Self.hasExpression(condition) }

  private static func hasExpression(_ condition: Condition) -> Bool {
    switch condition {
    case .expression: true
    case .and(let conditions), .or(let conditions), .nor(let conditions):
      conditions.contains(where: hasExpression)
    case .not(let condition): hasExpression(condition)
    case .field, .schema, .always, .never: false
    }
  }

  /// Whether a document matches.
  /// - Throws: only for a filter with `$expr`, when the expression makes no sense for the document.
  public func matches(_ document: RawDocument) throws(QueryError) -> Bool {
    var position: Int?
    return try condition.matches(document, position: &position)
  }

  /// Like ``matches(_:)``; when the document matches and the filter looked into an array for that, also the
  /// place of the element that was found, which is what the positional operator `$` stands for.
  public func match(_ document: RawDocument) throws(QueryError) -> (matches: Bool, arrayIndex: Int?) {
    var position: Int?
    let isMatch = try condition.matches(document, position: &position)
    return (isMatch, isMatch ? position : nil)
  }
}

/// The conditions of one field, such as `{"$gt": 1, "$lt": 5}`, a regular expression, or a value that is to be
/// equal, to be applied to a value.
struct ValueCondition: Sendable {
  private let condition: Condition
  private static let path = FieldPath("")

  /// Reads conditions as they may stand behind a field's name.
  /// - Parameter place: where they stand, for errors.
  init(_ value: BSONValue, at place: String) throws(QueryError) {
    condition = try FilterParser.predicate(value, place: place, depth: 1).condition(on: Self.path)
  }

  /// Whether a value fulfils them; `nil` stands for a missing field. An array fulfils them as a whole or with
  /// one of its elements.
  func matches(_ value: RawValue?) throws(QueryError) -> Bool { try Self.matches(condition, value) }

  private static func matches(_ condition: Condition, _ value: RawValue?) throws(QueryError) -> Bool {
    switch condition {
    case .field(let test):
      var ignored: Int?
      return try test.matches(value: value, position: &ignored)
    case .and(let conditions):
      for condition in conditions {
        if try !matches(condition, value) { return false }
      }
      return true
    case .not(let condition): return try !matches(condition, value)
    // One field's operators make nothing else.
    case .or, .nor, .expression, .schema, .always, .never: return false
    }
  }
}
