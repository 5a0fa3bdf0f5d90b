/// What was wrong with BSON bytes, Extended JSON text, a number's text or a key's bytes.
///
/// An error says what happened and where. It never contains a value of a document.
public struct BSONError: Error, Sendable, Hashable {
  /// The kinds of error, for code that wants to tell them apart.
  public enum Code: String, Sendable, Hashable, CaseIterable {
    /// The bytes end before the value does.
    case truncated
    /// A length field disagrees with the bytes around it.
    case invalidLength
    /// A terminating zero byte is missing.
    case missingTerminator
    /// There are bytes or characters after the end.
    case trailingBytes
    /// A type byte that BSON (or a key) does not define.
    case unknownType
    /// A string or a name is not UTF-8.
    case invalidUTF8
    /// A boolean is neither 0 nor 1.
    case invalidBoolean
    /// Documents or arrays are nested deeper than ``BSONLimits/maximumDepth``.
    case depthExceeded
    /// A document is larger than ``BSONLimits/maximumDocumentSize``, or its text than the text limit.
    case sizeExceeded
    /// A name, or a part of a regular expression, contains a zero character.
    case zeroCharacter
    /// The text is not JSON.
    case invalidJSON
    /// The text is JSON, but one of its `$` wrappers is malformed.
    case invalidExtendedJSON
    /// The text is Extended JSON for something other than a document.
    case notADocument
    /// The text of a number is malformed.
    case invalidNumber
    /// A number does not fit its type.
    case outOfRange
    /// A decimal number has more digits than 34, and leaving them out would change it.
    case inexact
    /// The text of an object ID is not 24 hexadecimal digits.
    case invalidObjectID
    /// The text of a date is not ISO 8601.
    case invalidDate
    /// The bytes of an index key are malformed.
    case invalidKey
  }

  /// The kind of error.
  public var code: Code
  /// The byte offset in the input, counted from 0, where that is known.
  public var offset: Int?
  /// The line in the text, counted from 1; for text only.
  public var line: Int?
  /// The column in the line, in bytes, counted from 1; for text only.
  public var column: Int?
  /// What happened, as a sentence without the position.
  public var message: String

  /// Makes an error.
  public init(
    _ code: Code, _ message: String, offset: Int? = nil, line: Int? = nil, column: Int? = nil
  ) {
    self.code = code
    self.message = message
    self.offset = offset
    self.line = line
    self.column = column
  }
}

extension BSONError: CustomStringConvertible {
  /// The sentence with its position.
  public var description: String {
    var text = message
    if let line, let column {
      text += " (line \(line), column \(column))"
    } else if let line {
      text += " (line \(line))"
    } else if let offset {
      text += " (byte \(offset))"
    }
    return text
  }
}
