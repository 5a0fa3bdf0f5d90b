import Holdfast

/// Prints documents one after the other as they come.
protocol DocumentPrinter: AnyObject {
  func print(_ document: Document) throws
  /// Prints what is left.
  func end() throws
}

/// One document a line.
final class LinePrinter: DocumentPrinter {
  private let mode: ExtendedJSONMode
  private var output = StandardOutput()

  init(_ mode: ExtendedJSONMode) { self.mode = mode }

  func print(_ document: Document) throws {
    try output.append {
      document.writeExtendedJSON(mode, into: &$0)
      $0.append(UInt8(ascii: "\n"))
    }
  }

  func end() throws { try output.flush() }
}

/// A JSON array, one document a line.
final class ArrayPrinter: DocumentPrinter {
  private let mode: ExtendedJSONMode
  private var output = StandardOutput()
  private var isEmpty = true

  init(_ mode: ExtendedJSONMode) { self.mode = mode }

  func print(_ document: Document) throws {
    let separator = isEmpty ? "[\n" : ",\n"
    isEmpty = false
    try output.append {
      $0.append(contentsOf: separator.utf8)
      document.writeExtendedJSON(mode, into: &$0)
    }
  }

  func end() throws {
    try output.line(isEmpty ? "[]" : "\n]")
    try output.flush()
  }
}
