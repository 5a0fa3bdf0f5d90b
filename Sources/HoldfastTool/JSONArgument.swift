import BSON
import Holdfast

/// Extended JSON on the command line. What is malformed is said with the argument's name and the place in it.
enum JSONArgument {
  /// Stands for standard input where a document may come from there.
  static let standardInput = "-"

  /// A document, such as a filter.
  /// - Parameter orInput: whether `-` stands for a document on standard input.
  static func document(_ text: String, _ name: String, orInput: Bool = false) throws -> Document {
    if orInput, text == standardInput {
      return try document(StandardInput.readAll(), "\(name) on standard input")
    }
    return try document(Array(text.utf8), name)
  }

  private static func document(_ text: [UInt8], _ name: String) throws -> Document {
    do throws(BSONError) {
      return try Document(extendedJSON: text)
    } catch {
      throw malformed(error, name)
    }
  }

  /// A document that may be left out.
  static func document(_ text: String?, _ name: String) throws -> Document? {
    try text.map { try document($0, name) }
  }

  /// A filter; one that is left out matches everything.
  static func filter(_ text: String?) throws -> Document {
    try text.map { try document($0, "FILTER", orInput: true) } ?? [:]
  }

  /// An array of documents; none when it is left out.
  static func documents(_ text: String?, _ name: String) throws -> [Document] {
    guard let text else { return [] }
    let value: BSONValue
    do throws(BSONError) {
      value = try BSONValue(extendedJSON: text)
    } catch {
      throw malformed(error, name)
    }
    let elements = value.arrayValue ?? []
    let documents = elements.compactMap(\.documentValue)
    guard value.arrayValue != nil, documents.count == elements.count else {
      throw ToolFailure(
        .badInput, BSONError.Code.notADocument.rawValue,
        "\(name) is no array of documents: write it as in '[{\"e\": {\"$gt\": 5}}]'")
    }
    return documents
  }

  /// An index by its name or by its fields.
  static func hint(_ text: String?) throws -> IndexHint? {
    guard let text else { return nil }
    guard text.first(where: { !$0.isWhitespace }) == "{" else { return .name(text) }
    return IndexHint(try document(text, "--hint"))
  }

  private static func malformed(_ error: BSONError, _ name: String) -> ToolFailure {
    ToolFailure(
      .badInput, error.code.rawValue,
      "\(name) is malformed: \(error.description) Write it in single quotes, with names in double quotes, such as "
        + "'{\"age\": {\"$gte\": 18}}'", line: error.line)
  }
}
