internal import HoldfastQuery

extension HoldfastError {
  /// What a query's parts said, about a collection.
  init(_ error: QueryError, collection: String?) {
    let code: Code =
      switch error.code {
      case .unknownOperator, .invalidArgument, .invalidPath, .invalidRegex, .limitExceeded, .conflictingPaths,
        .badHint:
        .invalidQuery
      case .immutableField: .immutableID
      case .typeMismatch: .typeMismatch
      case .overflow: .overflow
      case .parallelArrays: .parallelArrays
      case .keyTooLarge: .keyTooLarge
      case .tooManyEntries: .limitExceeded
      }
    let place = collection.map { "collection \(quoted($0)): " } ?? ""
    self.init(code, place + error.message, collection: collection)
    mongoCode = error.mongoCode.rawValue
  }
}

/// Runs a part of a query and translates what it throws.
@inline(__always)
func querying<R>(
  _ collection: CollectionName?, _ body: () throws(QueryError) -> R
) throws(HoldfastError) -> R {
  do throws(QueryError) {
    return try body()
  } catch {
    throw HoldfastError(error, collection: collection?.text)
  }
}
