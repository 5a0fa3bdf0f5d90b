/// What is wrong with a filter, an update, a projection or another part of a query, or what went wrong when it
/// was applied to a document: the operator, the place, and what to do.
///
/// The sentence names operators, fields and types. It never contains a document's values.
public struct QueryError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The kinds of error, for code that wants to tell them apart.
  public enum Code: String, Sendable, Hashable, CaseIterable {
    /// A name that begins with a dollar sign and is no operator, or none that may stand there.
    case unknownOperator
    /// An operator's argument has the wrong type or shape, or a value that makes no sense.
    case invalidArgument
    /// A path is empty, has an empty part, or may not be used there.
    case invalidPath
    /// A regular expression does not compile, or uses a feature that the engine does not have.
    case invalidRegex
    /// A query is larger or nests deeper than ``QueryLimits`` allows.
    case limitExceeded
    /// Two parts of an update, or of a projection, are about the same field or one inside the other.
    case conflictingPaths
    /// An update would change the `_id` of a document.
    case immutableField
    /// A path leads through a value that is no document and no array, or an operator meets a value of a type
    /// that it does not work on.
    case typeMismatch
    /// The result of arithmetic does not fit its type, or there is none (division by zero).
    case overflow
    /// A document has arrays in two fields of one index that are not inside one another.
    case parallelArrays
    /// A document has more entries in an index than ``IndexDescription/maximumEntries``.
    case tooManyEntries
    /// A value is too long for an index.
    case keyTooLarge
    /// A hint names no index that could serve.
    case badHint
  }

  /// The kind of error.
  public var code: Code
  /// What happened, at which operator and place, and what to do.
  public var message: String
  /// What MongoDB's server calls the same error.
  public var mongoCode: MongoCode

  /// Makes an error.
  /// - Parameter mongoCode: what MongoDB calls it, where that is not ``Code/mongoCode``.
  public init(_ code: Code, _ message: String, _ mongoCode: MongoCode? = nil) {
    self.code = code
    self.message = message
    self.mongoCode = mongoCode ?? code.mongoCode
  }

  /// The sentence.
  public var description: String { message }
}

/// A name for a message: in quotation marks, shortened when it is very long, and without control characters,
/// which a terminal might obey.
func quoted(_ name: String) -> String {
  let limit = 200
  var visible = String.UnicodeScalarView()
  for scalar in name.unicodeScalars.prefix(limit) {
    visible.append(scalar.value < 0x20 || scalar.value == 0x7F ? "\u{FFFD}" : scalar)
  }
  return "'" + String(visible) + (name.unicodeScalars.count > limit ? "…'" : "'")
}
