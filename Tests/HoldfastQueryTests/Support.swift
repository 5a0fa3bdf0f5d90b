import BSON
import Testing

@testable import HoldfastQuery

/// A document from Extended JSON; a test's own text is always well-formed.
func parse(_ text: String) -> Document {
  do {
    return try Document(extendedJSON: text)
  } catch {
    Issue.record("malformed text in a test: \(text): \(error)")
    return [:]
  }
}

/// Whether a filter matches a document.
func matches(_ filter: String, _ document: String) throws -> Bool {
  let filter = try Filter(parse(filter))
  return try parse(document).withRawDocument { (raw) throws(QueryError) in try filter.matches(raw) } ?? false
}

/// Checks one line of a table of filters.
func check(
  _ filter: String, matches: [String], not others: [String], sourceLocation: SourceLocation = #_sourceLocation
) {
  for (documents, expected) in [(matches, true), (others, false)] {
    for document in documents {
      do {
        let result = try HoldfastQueryTests.matches(filter, document)
        #expect(
          result == expected, "\(filter) over \(document)", sourceLocation: sourceLocation)
      } catch {
        Issue.record("\(filter) over \(document): \(error)", sourceLocation: sourceLocation)
      }
    }
  }
}

/// Expects that reading a filter fails.
func expectError(
  _ code: QueryError.Code, _ filter: String, naming word: String = "",
  sourceLocation: SourceLocation = #_sourceLocation
) {
  do {
    _ = try Filter(parse(filter))
    Issue.record("\(filter) was accepted", sourceLocation: sourceLocation)
  } catch {
    #expect(error.code == code, "\(filter): \(error)", sourceLocation: sourceLocation)
    #expect(error.message.contains(word), "\(filter): \(error)", sourceLocation: sourceLocation)
  }
}
