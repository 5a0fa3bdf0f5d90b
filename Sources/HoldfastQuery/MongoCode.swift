/// The numbers by which MongoDB's clients tell errors apart. Those with up to three digits have their names from the
/// server's list (src/mongo/base/error_codes.yml), the others belong to single places in its source.
public enum MongoCode: Int32, Sendable, Hashable {
  case badValue = 2
  case failedToParse = 9
  case typeMismatch = 14
  case pathNotViable = 28
  case conflictingUpdateOperators = 40
  case dollarPrefixedFieldName = 52
  case notSingleValueField = 54
  case emptyFieldName = 56
  case immutableField = 66
  case cannotCreateIndex = 67
  case indexOptionsConflict = 85
  case indexKeySpecsConflict = 86
  case notExactValueField = 111
  case invalidPipelineOperator = 168
  case cannotIndexParallelArrays = 171
  case queryFeatureNotAllowed = 224
  case bsonObjectTooLarge = 10334
  case duplicateKey = 11000
  /// An order's direction is neither 1 nor -1.
  case sortDirection = 15975
  /// A number in an index's path is a place in an array and a field's name as well.
  case ambiguousFieldName = 16746
  case keyTooLong = 17280
  /// A path of a projection is named twice, or is inside of another one.
  case pathCollision = 31250
  case inclusionInExclusion = 31253
  case exclusionInInclusion = 31254
  case positionalWithElementMatch = 31255
  case elementMatchWithoutDocument = 31274
  case elementMatchOnNestedField = 31275
  case severalPositional = 31276
  case positionalInsidePath = 31394
  case positionalExclusion = 31395
  case invalidRegex = 51091
  case invalidRegexOptions = 51108
  /// The filter found no element for the positional operator of a projection.
  case positionalMismatch = 51246
  case emptySubprojection = 51270
}

extension QueryError.Code {
  /// What MongoDB mostly calls an error of this kind.
  public var mongoCode: MongoCode {
    switch self {
    case .unknownOperator, .invalidArgument, .invalidPath, .limitExceeded, .overflow, .tooManyEntries,
      .badHint:
      .badValue
    case .invalidRegex: .invalidRegex
    case .conflictingPaths: .conflictingUpdateOperators
    case .immutableField: .immutableField
    case .typeMismatch: .typeMismatch
    case .parallelArrays: .cannotIndexParallelArrays
    case .keyTooLarge: .keyTooLong
    }
  }
}
