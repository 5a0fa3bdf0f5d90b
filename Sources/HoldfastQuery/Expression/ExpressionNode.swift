import BSON

/// A part of an expression, with the parts it consists of.
indirect enum ExpressionNode: Sendable {
  /// One comparison operator.
  enum Comparison: String, Sendable, CaseIterable {
    case equal = "$eq"
    case notEqual = "$ne"
    case greater = "$gt"
    case greaterOrEqual = "$gte"
    case less = "$lt"
    case lessOrEqual = "$lte"

    /// Whether it holds for two values in this order: -1, 0 or 1.
    func holds(_ order: Int) -> Bool {
      switch self {
      case .equal: order == 0
      case .notEqual: order != 0
      case .greater: order > 0
      case .greaterOrEqual: order >= 0
      case .less: order < 0
      case .lessOrEqual: order <= 0
      }
    }
  }

  case constant(Constant)
  /// A path into the document.
  case field(FieldPath)
  /// The document itself.
  case root
  /// No value: `$$REMOVE`.
  case missing
  /// A variable by its place on the stack, or something inside its value.
  case variable(Int, FieldPath?)
  case document([(name: String, value: ExpressionNode)])
  case array([ExpressionNode])

  case comparison(Comparison, ExpressionNode, ExpressionNode)
  /// `$cmp`
  case order(ExpressionNode, ExpressionNode)
  /// `$in`
  case membership(ExpressionNode, ExpressionNode)
  /// `$and`
  case all([ExpressionNode])
  /// `$or`
  case any([ExpressionNode])
  case not(ExpressionNode)

  case condition(ExpressionNode, then: ExpressionNode, otherwise: ExpressionNode)
  /// `$ifNull`
  case firstPresent([ExpressionNode])
  case branches([(condition: ExpressionNode, value: ExpressionNode)], fallback: ExpressionNode?)
  /// `$let`: the values go on the stack of variables while the body is evaluated.
  case bindings([ExpressionNode], body: ExpressionNode)
  /// `$map`, with the element on top of the stack of variables.
  case map(ExpressionNode, body: ExpressionNode)
  /// `$filter`, with the element on top of the stack of variables.
  case filter(ExpressionNode, condition: ExpressionNode, limit: ExpressionNode?)
  /// `$reduce`, with the element and above it the value so far on the stack of variables.
  case reduce(ExpressionNode, initial: ExpressionNode, body: ExpressionNode)
  case conversion(ExpressionConversion)
  case regex(ExpressionRegex)
  /// An operator whose arguments are all evaluated first; nil stands for a named one that was not given.
  case call(ExpressionOperator, [ExpressionNode?])
}

/// `$convert` and its shorthands.
struct ExpressionConversion: Sendable {
  /// The operator, for errors.
  var name: String
  var input: ExpressionNode
  var target: ExpressionNode
  var onError: ExpressionNode?
  var onNull: ExpressionNode?
}
