import BSON

extension ProjectionParser {
  /// Refuses paths that no document can have, or that are too long.
  /// - Parameter text: the path as it was written, for the error.
  func check(_ path: FieldPath, _ text: String) throws(QueryError) {
    guard path.parts.count <= QueryLimits.maximumPathParts else {
      throw QueryError(
        .limitExceeded,
        "projection of \(quoted(text)): a path has at most \(QueryLimits.maximumPathParts) parts.")
    }
    guard !path.hasEmptyPart else {
      throw QueryError(
        .invalidPath, "projection of \(quoted(text)): a part of the path is empty; name every field.")
    }
    for (index, part) in path.parts.enumerated() where part.name[0] == UInt8(ascii: "$") {
      if part.name.count == 1, index > 0 {
        throw QueryError(
          .invalidPath,
          "projection of \(quoted(text)): the positional operator may stand at the end of a path only.",
          .positionalInsidePath)
      }
      // The fields of a reference to another document have such names.
      if index > 0, FieldPath.referenceNames.contains(part.text) { continue }
      throw QueryError(
        .invalidPath,
        "projection of \(quoted(text)): \(quoted(part.text)) begins with a dollar sign, as no field here may."
      )
    }
  }

  /// Reads the argument of `$slice`: a number, or what to skip and how many to return.
  static func slice(_ value: BSONValue, at place: String) throws(QueryError) -> ArraySliceRange {
    if value.isNumber {
      let count = saturated(value)
      return ArraySliceRange(skip: min(count, 0), limit: abs(count))
    }
    guard let numbers = value.arrayValue, numbers.count == 2, numbers.allSatisfy(\.isNumber) else {
      throw QueryError(
        .invalidArgument,
        "$slice in the projection of \(quoted(place)): it takes a number, or an array of two: how many elements "
          + "to skip, and how many to return.")
    }
    let limit = saturated(numbers[1])
    guard limit > 0 else {
      throw QueryError(
        .invalidArgument,
        "$slice in the projection of \(quoted(place)): the second number, how many elements to return, must be "
          + "at least 1.")
    }
    return ArraySliceRange(skip: saturated(numbers[0]), limit: limit)
  }

  /// A number as an integer: rounded towards zero, and within the range of an int32, which no array exceeds.
  private static func saturated(_ value: BSONValue) -> Int {
    let limit = Int(Int32.max)
    if let whole = value.intValue { return max(-limit, min(limit, whole)) }
    let number = value.doubleValue ?? 0
    if number.isNaN { return 0 }
    return Int(max(-Double(limit), min(Double(limit), number)))
  }

  static func onlyOne(_ text: String) -> QueryError {
    QueryError(
      .invalidArgument,
      "projection of \(quoted(text)): the positional operator takes 1 and nothing else.")
  }
}
