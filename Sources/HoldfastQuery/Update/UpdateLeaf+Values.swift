import BSON

/// What becomes of a value that is there.
enum ValueChange {
  case unchanged
  case literal(Literal)
  case computed(BSONValue)
}

extension UpdateLeaf {
  /// What the operator makes of a value; nil for the operators on arrays, and those that remove or move.
  func change(_ value: RawValue, _ context: UpdateContext) throws(QueryError) -> ValueChange? {
    switch action {
    case .set(let literal):
      return .literal(literal)
    case .setOnInsert(let literal):
      return context.isInsert ? .literal(literal) : .unchanged
    case .add(let operand):
      return .computed(try result(Arithmetic.sum(try number(value), operand)))
    case .multiply(let operand):
      return .computed(try result(Arithmetic.product(try number(value), operand)))
    case .minimum(let literal):
      return BSONOrdering.compare(literal.raw, value) < 0 ? .literal(literal) : .unchanged
    case .maximum(let literal):
      return BSONOrdering.compare(literal.raw, value) > 0 ? .literal(literal) : .unchanged
    case .currentDate:
      return .computed(.dateTime(context.now))
    case .currentTimestamp:
      return .computed(.timestamp(context.timestamp))
    case .bit(let operations):
      guard value.type == .int32 || value.type == .int64, let number = BSONValue(value) else {
        throw mismatch(needs: "an int or a long", value, .badValue)
      }
      return .computed(operations.reduce(number) { $1.applied(to: $0) })
    case .unset, .renameSource, .renameTarget, .push, .addToSet, .pull, .pullAll, .pop:
      return nil
    }
  }

  /// What the operator makes where nothing is; nil for the operators on arrays, and those that make nothing or
  /// move.
  func created(_ context: UpdateContext) throws(QueryError) -> ValueChange? {
    switch action {
    case .set(let literal), .minimum(let literal), .maximum(let literal): return .literal(literal)
    case .setOnInsert(let literal): return context.isInsert ? .literal(literal) : nil
    case .add(let operand): return .computed(operand)
    // Zero, in the type of the operand.
    case .multiply(let operand): return .computed(try result(Arithmetic.product(.int32(0), operand)))
    case .currentDate: return .computed(.dateTime(context.now))
    case .currentTimestamp: return .computed(.timestamp(context.timestamp))
    case .bit(let operations): return .computed(operations.reduce(.int32(0)) { $1.applied(to: $0) })
    case .unset, .renameSource, .renameTarget, .push, .addToSet, .pull, .pullAll, .pop: return nil
    }
  }

  private func number(_ value: RawValue) throws(QueryError) -> BSONValue {
    guard value.type.isNumber, let number = BSONValue(value) else { throw mismatch(needs: "a number", value) }
    return number
  }

  private func result(_ number: BSONValue?) throws(QueryError) -> BSONValue {
    guard let number else {
      throw QueryError(
        .overflow, "\(place): the result does not fit 64 bits; use a double or a decimal for such numbers.")
    }
    return number
  }

  /// The error for a value that the operator does not work on.
  func mismatch(needs: String, _ value: RawValue, _ mongoCode: MongoCode = .typeMismatch) -> QueryError {
    QueryError(
      .typeMismatch, "\(place): the field must be \(needs), but is of type \(value.type.name).", mongoCode)
  }
}
