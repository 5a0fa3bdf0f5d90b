import BSON
import Testing

@testable import HoldfastQuery

/// A document from Extended JSON in which single quotes stand for double ones.
func json(_ text: String) throws -> Document {
  try Document(extendedJSON: text.replacing("'", with: "\""))
}

/// An update, a document, and what comes out.
struct UpdateCase: Sendable, CustomTestStringConvertible {
  enum Outcome: Sendable {
    case document(String)
    case error(QueryError.Code)
    /// The update itself is refused.
    case invalid(QueryError.Code)
  }

  let update: String
  let document: String
  let outcome: Outcome
  var arrayFilters: [String] = []
  var position: Int?
  var isInsert = false

  var testDescription: String { "\(update) on \(document)" }

  static let now = BSONDateTime(milliseconds: 1_700_000_000_123)

  func check() throws {
    let filters = try arrayFilters.map(json)
    let update: Update
    do throws(QueryError) {
      update = try Update(try! json(self.update), arrayFilters: filters)
    } catch {
      guard case .invalid(let code) = outcome else {
        Issue.record("refused: \(error)")
        return
      }
      #expect(error.code == code, "\(error)")
      #expect(!error.message.contains("SECRET"))
      return
    }
    let before = try json(document)
    do throws(QueryError) {
      let after = try update.applied(to: before, position: position, isInsert: isInsert, now: Self.now)
      switch outcome {
      case .document(let expected):
        let expected = try! json(expected)
        #expect(after == expected, "\(after.extendedJSON(.canonical))")
        #expect(throws: Never.self) { try after.validate() }
      case .error(let code), .invalid(let code):
        Issue.record("no error \(code), but \(after)")
      }
    } catch {
      guard case .error(let code) = outcome else {
        Issue.record("\(error)")
        return
      }
      #expect(error.code == code, "\(error)")
      #expect(!error.message.contains("SECRET"))
    }
  }
}

/// Makes a case whose document changes into another.
func gives(_ update: String, _ document: String, _ expected: String) -> UpdateCase {
  UpdateCase(update: update, document: document, outcome: .document(expected))
}

/// Makes a case whose document stays as it is.
func keeps(_ update: String, _ document: String) -> UpdateCase { gives(update, document, document) }

/// Makes a case whose document cannot be updated so.
func fails(_ update: String, _ document: String, _ code: QueryError.Code) -> UpdateCase {
  UpdateCase(update: update, document: document, outcome: .error(code))
}

/// Makes a case whose update is refused.
func refused(_ update: String, _ code: QueryError.Code) -> UpdateCase {
  UpdateCase(update: update, document: "{}", outcome: .invalid(code))
}

extension UpdateCase {
  func with(_ arrayFilters: String...) -> UpdateCase {
    var result = self
    result.arrayFilters = arrayFilters
    return result
  }

  func at(_ position: Int) -> UpdateCase {
    var result = self
    result.position = position
    return result
  }

  var inserting: UpdateCase {
    var result = self
    result.isInsert = true
    return result
  }
}
