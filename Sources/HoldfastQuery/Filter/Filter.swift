import BSON

/// A filter that is ready to be applied to documents: MongoDB's query language, with its results.
public struct Filter: Sendable {
  /// The filter as it was given.
  public let document: Document

  /// Reads a filter.
  public init(_ document: Document) throws(QueryError) {
    self.document = document
  }

  /// Whether a document matches.
  public func matches(_ document: RawDocument) throws(QueryError) -> Bool { true }

  /// Like ``matches(_:)``; when the document matches and the filter looked into an array for that, also the
  /// place of the element that was found, which is what the positional operator `$` stands for.
  public func match(_ document: RawDocument) throws(QueryError) -> (matches: Bool, arrayIndex: Int?) {
    (true, nil)
  }
}

/// The conditions of one field, such as `{"$gt": 1, "$lt": 5}`, a regular expression, or a value that is to be
/// equal, to be applied to a value.
struct ValueCondition: Sendable {
  /// Reads conditions as they may stand behind a field's name.
  /// - Parameter place: where they stand, for errors.
  init(_ value: BSONValue, at place: String) throws(QueryError) {}

  /// Whether a value fulfils them; `nil` stands for a missing field. An array fulfils them as a whole or with
  /// one of its elements.
  func matches(_ value: RawValue?) throws(QueryError) -> Bool { true }
}
