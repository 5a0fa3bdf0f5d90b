import BSON

/// An aggregation expression that is ready to be evaluated over documents, as `$expr` takes it: MongoDB's
/// operators, with its results and errors.
struct Expression: Sendable {
  private let root: ExpressionNode
  private let place: String

  /// Reads an expression.
  /// - Parameters:
  ///   - place: where it stands, for errors.
  ///   - now: the moment that `$$NOW` stands for; without one the variable is refused.
  init(_ value: BSONValue, at place: String, now: BSONDateTime? = nil) throws(QueryError) {
    self.place = place
    var parser = ExpressionParser(now: now)
    do throws(QueryError) {
      root = try parser.operand(value)
    } catch {
      throw error.inside(place)
    }
  }

  /// The value for a document; nil when it is missing.
  func evaluate(_ document: RawDocument) throws(QueryError) -> BSONValue? {
    var evaluator = ExpressionEvaluator(document: document)
    do throws(QueryError) {
      return try evaluator.value(of: root)
    } catch {
      throw error.inside(place)
    }
  }

  /// Whether the value counts as true: false do missing values, null, undefined, false and zeros of every
  /// type.
  func isTrue(_ document: RawDocument) throws(QueryError) -> Bool {
    var evaluator = ExpressionEvaluator(document: document)
    do throws(QueryError) {
      return try evaluator.isTrue(root)
    } catch {
      throw error.inside(place)
    }
  }
}

extension QueryError {
  /// The same error with the place in front.
  func inside(_ place: String) -> QueryError { QueryError(code, "\(place): \(message)", mongoCode) }
}
