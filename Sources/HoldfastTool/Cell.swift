import Holdfast

/// A value in a column.
struct Cell {
  let text: String
  let kind: Kind

  enum Kind { case missing, null, number, other }

  /// - Parameter isCanonical: whether everything is written so that its type can be told.
  init(_ value: BSONValue?, isCanonical: Bool) {
    guard let value else {
      (text, kind) = ("", .missing)
      return
    }
    kind = value.isNumber ? .number : value.isNull ? .null : .other
    text = isCanonical ? value.extendedJSON(.canonical) : Cell.plain(value)
  }

  /// Text without quotation marks and wrappers where that is still clear; everything else is JSON.
  private static func plain(_ value: BSONValue) -> String {
    switch value {
    case .string(let text), .symbol(let text): text
    case .objectID(let id): id.hexString
    case .dateTime(let date): date.iso8601 ?? value.extendedJSON()
    case .decimal128(let number): number.description
    case .double(let number) where !number.isFinite:
      number.isNaN ? "NaN" : number < 0 ? "-Infinity" : "Infinity"
    default: value.extendedJSON()
    }
  }

  /// The value at a path; of the documents in an array all the values there, as an array.
  static func value(_ path: String, in document: Document) -> BSONValue? {
    if let value = document[path] { return value }
    let parts = path.split(separator: ".", omittingEmptySubsequences: false).map { String($0) }
    return parts.count > 1 ? value(parts[...], in: .document(document)) : nil
  }

  private static func value(_ parts: ArraySlice<String>, in value: BSONValue) -> BSONValue? {
    guard let first = parts.first else { return value }
    switch value {
    case .document(let document):
      return document[first].flatMap { self.value(parts.dropFirst(), in: $0) }
    case .array(let elements):
      if let index = Int(first), elements.indices.contains(index) {
        return self.value(parts.dropFirst(), in: elements[index])
      }
      let found = elements.compactMap { self.value(parts, in: $0) }
      return found.isEmpty ? nil : .array(found)
    default: return nil
    }
  }

  /// Without control characters, which a terminal might obey, and on one line.
  static func visible(_ text: String) -> String {
    func isControl(_ scalar: Unicode.Scalar) -> Bool {
      switch scalar.value {
      // What ends a line, and what turns the direction of writing.
      case 0..<0x20, 0x7F..<0xA0, 0x200E...0x200F, 0x2028...0x202E, 0x2066...0x2069: true
      default: false
      }
    }
    guard text.unicodeScalars.contains(where: isControl) else { return text }
    let scalars = text.unicodeScalars.map { scalar -> Unicode.Scalar in
      guard isControl(scalar) else { return scalar }
      return scalar.properties.isWhitespace ? " " : "\u{FFFD}"
    }
    return String(String.UnicodeScalarView(scalars))
  }

  /// The same for several lines.
  static func visibleLines(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { visible(String($0)) }
      .joined(separator: "\n")
  }
}
