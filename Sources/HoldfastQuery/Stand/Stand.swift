import BSON
struct RegexMatcher: Sendable {
  init(pattern: String, options: String, place: String) throws(QueryError) {}
  func matches(_ text: UnsafeRawBufferPointer) -> Bool { true }
  var literalPrefix: (bytes: [UInt8], isWhole: Bool)? { nil }
}
struct Schema: Sendable {
  init(_ document: Document, at place: String) throws(QueryError) {}
  func matches(_ document: RawDocument) throws(QueryError) -> Bool { true }
}
