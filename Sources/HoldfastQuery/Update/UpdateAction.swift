import BSON

/// What an operator does with the value at the end of a path.
enum UpdateAction: Sendable {
  case set(Literal)
  case setOnInsert(Literal)
  case unset
  case add(BSONValue)
  case multiply(BSONValue)
  case minimum(Literal)
  case maximum(Literal)
  case currentDate
  case currentTimestamp
  case bit([BitOperation])
  /// The place that the value of a rename goes to, and the one it comes from.
  case renameTarget(Int)
  case renameSource
  case push(PushAction)
  case addToSet(LiteralSet)
  case pull(PullCondition)
  case pullAll(LiteralSet)
  case pop(first: Bool)

  /// Reads the argument of an operator for one path; `$rename` is not among them.
  /// - Parameter place: the operator and the path, for errors.
  static func parse(
    _ name: String, _ value: BSONValue, at place: @autoclosure () -> String
  ) throws(QueryError) -> UpdateAction? {
    switch name {
    case "$set": return .set(Literal(value))
    case "$setOnInsert": return .setOnInsert(Literal(value))
    case "$unset": return .unset
    case "$inc": return .add(try number(value, at: place()))
    case "$mul": return .multiply(try number(value, at: place()))
    case "$min": return .minimum(Literal(value))
    case "$max": return .maximum(Literal(value))
    case "$currentDate": return try currentDate(value, at: place())
    case "$bit": return .bit(try BitOperation.parse(value, at: place()))
    case "$push": return .push(try PushAction(value, at: place()))
    case "$addToSet": return .addToSet(try addToSet(value, at: place()))
    case "$pull": return .pull(try PullCondition(value, at: place()))
    case "$pullAll":
      guard case .array(let values) = value else {
        throw QueryError(
          .invalidArgument, "\(place()): the values must be given as an array, not as \(value.type.name).")
      }
      return .pullAll(LiteralSet(values))
    case "$pop":
      guard let end = value.int64Value, end == 1 || end == -1 else {
        throw QueryError(
          .invalidArgument, "\(place()): give 1 to remove the last element, or -1 to remove the first.",
          .failedToParse)
      }
      return .pop(first: end == -1)
    default:
      return nil
    }
  }

  private static func number(_ value: BSONValue, at place: String) throws(QueryError) -> BSONValue {
    guard value.isNumber else {
      throw QueryError(
        .invalidArgument, "\(place): a number is needed, not a value of type \(value.type.name).",
        .typeMismatch)
    }
    return value
  }

  private static func currentDate(_ value: BSONValue, at place: String) throws(QueryError) -> UpdateAction {
    let help = "give true, {$type: 'date'} or {$type: 'timestamp'}"
    switch value {
    case .bool:
      return .currentDate
    case .document(let options):
      var action: UpdateAction?
      for (key, value) in options {
        switch (key, value) {
        case ("$type", .string("date")): action = .currentDate
        case ("$type", .string("timestamp")): action = .currentTimestamp
        default: throw QueryError(.invalidArgument, "\(place): \(help).")
        }
      }
      guard let action else { throw QueryError(.invalidArgument, "\(place): \(help).") }
      return action
    default:
      throw QueryError(.invalidArgument, "\(place): \(help), not a value of type \(value.type.name).")
    }
  }

  private static func addToSet(_ value: BSONValue, at place: String) throws(QueryError) -> LiteralSet {
    guard case .document(let document) = value, document.keys.first == "$each" else {
      return LiteralSet([value])
    }
    guard case .array(let values)? = document["$each"] else {
      throw QueryError(.invalidArgument, "\(place): the values of $each must be an array.", .typeMismatch)
    }
    guard document.count == 1 else {
      throw QueryError(.invalidArgument, "\(place): nothing else may stand beside $each.")
    }
    return LiteralSet(values)
  }
}

extension UpdateAction {
  /// Whether the operator makes the field where there is none; a rename and `$setOnInsert` do at times.
  func creates(_ context: UpdateContext) -> Bool {
    switch self {
    case .set, .add, .multiply, .minimum, .maximum, .currentDate, .currentTimestamp, .bit, .push, .addToSet:
      true
    case .setOnInsert: context.isInsert
    case .renameTarget(let number): context.renamed[number] != nil
    case .unset, .renameSource, .pull, .pullAll, .pop: false
    }
  }

  /// Whether the operator does nothing, rather than being an error, where a path leads through a value that
  /// can have nothing inside.
  var acceptsUnreachable: Bool {
    switch self {
    case .pull, .pullAll, .pop: false
    default: true
    }
  }
}

/// One step of `$bit`.
struct BitOperation: Sendable {
  enum Kind: String { case and, or, xor }

  let kind: Kind
  /// An int32 or an int64.
  let operand: BSONValue

  /// Reads `{and: 5, or: 1}`; the steps are taken in their order.
  static func parse(_ value: BSONValue, at place: String) throws(QueryError) -> [BitOperation] {
    guard case .document(let document) = value, !document.isEmpty else {
      throw QueryError(.invalidArgument, "\(place): give a document such as {and: 5}, with and, or, xor.")
    }
    var operations: [BitOperation] = []
    for (key, operand) in document {
      guard let kind = Kind(rawValue: key) else {
        throw QueryError(.invalidArgument, "\(place): \(quoted(key)) is none of and, or, xor.")
      }
      guard operand.type == .int32 || operand.type == .int64 else {
        throw QueryError(
          .invalidArgument,
          "\(place): \(key) needs an int or a long, not a value of type \(operand.type.name).")
      }
      operations.append(BitOperation(kind: kind, operand: operand))
    }
    return operations
  }

  /// The number after this step: an int32 when both are, else an int64.
  func applied(to value: BSONValue) -> BSONValue {
    guard let left = value.int64Value, let right = operand.int64Value else { return value }
    let result =
      switch kind {
      case .and: left & right
      case .or: left | right
      case .xor: left ^ right
      }
    if value.type == .int32, operand.type == .int32, let small = Int32(exactly: result) {
      return .int32(small)
    }
    return .int64(result)
  }
}
