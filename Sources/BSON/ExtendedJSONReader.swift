/// Reads many documents from a stream of Extended JSON that comes in pieces.
///
/// Bytes are given with ``feed(_:)-(UnsafeRawBufferPointer)``, and after the last ones ``finish()`` is
/// called; in between, ``next()`` gives the documents that are complete. No more than one document's text and
/// the pieces given are kept in memory.
///
///     var reader = ExtendedJSONReader(layout: .lines)
///     for chunk in chunks {
///       reader.feed(chunk)
///       while let item = try reader.next() { … }
///     }
///     reader.finish()
///     while let item = try reader.next() { … }
public struct ExtendedJSONReader: Sendable {
  /// How the documents lie in the stream.
  public enum Layout: Sendable, Hashable {
    /// One document a line (JSON Lines); empty lines are passed over. After an error the reader goes on with
    /// the next line.
    case lines
    /// One document after the other, with any white space or none between them.
    case values
    /// One JSON array of documents.
    case array
    /// ``array`` when the first character is `[`, else ``values``.
    case automatic
  }

  /// A document and where it begins.
  public struct Item: Sendable {
    /// The document.
    public let document: Document
    /// The line in the stream where the document begins, counted from 1.
    public let line: Int
  }

  /// How the documents lie in the stream; `automatic` until the first character has been seen.
  public private(set) var layout: Layout
  private let options: ExtendedJSONOptions
  private let maximumTextSize: Int
  private var buffer: [UInt8] = []
  /// Where what was not given out yet begins.
  private var start = 0
  /// The line of `start`.
  private var line = 1
  private var isFinished = false
  /// Set by an error in a layout without lines to go on at: nothing comes after it.
  private var hasFailed = false
  private var isAtBeginning = true
  /// In an array: whether the bracket has been seen, whether an element must come next, and whether it is
  /// over.
  private var arrayState = ArrayState.beforeBracket
  /// In lines: whether the rest of a line that is too long is being passed over.
  private var isSkippingLine = false
  private var scanner = ValueScanner()

  private enum ArrayState { case beforeBracket, afterBracket, beforeElement, afterElement, closed }

  /// Makes a reader.
  /// - Parameters:
  ///   - layout: how the documents lie in the stream.
  ///   - options: what is accepted beyond the specification.
  ///   - maximumTextSize: the longest text of one document, in bytes.
  public init(
    layout: Layout = .automatic, options: ExtendedJSONOptions = [],
    maximumTextSize: Int = BSONLimits.maximumTextSize
  ) {
    self.layout = layout
    self.options = options
    self.maximumTextSize = maximumTextSize
  }

  /// Adds the next bytes of the stream.
  public mutating func feed(_ bytes: UnsafeRawBufferPointer) {
    discardConsumed()
    if !hasFailed { buffer.append(contentsOf: bytes) }
  }

  /// Adds the next bytes of the stream.
  public mutating func feed(_ bytes: some Sequence<UInt8>) {
    discardConsumed()
    if !hasFailed { buffer.append(contentsOf: bytes) }
  }

  /// Says that there are no more bytes.
  public mutating func finish() {
    isFinished = true
  }

  private mutating func discardConsumed() {
    guard start > 0 else { return }
    buffer.removeSubrange(0..<start)
    start = 0
  }

  /// The next document; nil when more bytes are needed, or none are left after ``finish()``.
  /// - Throws: ``BSONError`` with the line in the stream. With ``Layout/lines`` the next call goes on at the
  ///   next line; with the others, nothing follows.
  public mutating func next() throws(BSONError) -> Item? {
    guard !hasFailed else { return nil }
    if isAtBeginning, !skipMark() { return nil }
    if layout == .automatic {
      skipWhitespace()
      guard start < buffer.count else { return nil }
      layout = buffer[start] == 0x5B ? .array : .values
    }
    do throws(BSONError) {
      switch layout {
      case .lines: return try nextLine()
      case .array: return try nextElement()
      case .values, .automatic: return try nextValue()
      }
    } catch {
      if layout != .lines {
        hasFailed = true
        buffer = []
        start = 0
      }
      throw error
    }
  }

  /// Passes over a byte order mark; false when it cannot be told yet whether there is one.
  private mutating func skipMark() -> Bool {
    let mark: [UInt8] = [0xEF, 0xBB, 0xBF]
    let first = buffer[start...].prefix(3)
    if first.count < 3, !isFinished, mark.starts(with: first) { return false }
    if first.elementsEqual(mark) { start += 3 }
    isAtBeginning = false
    return true
  }

  private mutating func skipWhitespace() {
    while start < buffer.count {
      switch buffer[start] {
      case 0x0A: line += 1
      case 0x20, 0x09, 0x0D: break
      default: return
      }
      start += 1
    }
  }

  private func error(_ code: BSONError.Code, _ message: String) -> BSONError {
    BSONError(code, message, line: line, column: 1)
  }

  private var tooLong: BSONError {
    error(.sizeExceeded, "The text of a document is longer than \(maximumTextSize) bytes.")
  }

  private mutating func nextLine() throws(BSONError) -> Item? {
    while true {
      let searched = max(start, start + scanner.length)
      let end = buffer[searched...].firstIndex(of: 0x0A)
      guard let end = end ?? (isFinished ? buffer.count : nil) else {
        scanner.length = buffer.count - start
        if isSkippingLine || scanner.length > maximumTextSize {
          let isNew = !isSkippingLine
          isSkippingLine = true
          start = buffer.count
          scanner = ValueScanner()
          if isNew { throw tooLong }
        }
        return nil
      }
      scanner = ValueScanner()
      let range = start..<end
      let isSkipped = isSkippingLine
      let isBlank = buffer[range].allSatisfy { $0 == 0x20 || $0 == 0x09 || $0 == 0x0D }
      isSkippingLine = false
      if start >= buffer.count { return nil }
      defer {
        line += 1
        start = min(end + 1, buffer.count)
      }
      if isSkipped || isBlank { continue }
      if range.count > maximumTextSize { throw tooLong }
      return try item(range)
    }
  }

  private mutating func nextValue() throws(BSONError) -> Item? {
    skipWhitespace()
    guard start < buffer.count else { return nil }
    guard let end = try endOfValue() else { return nil }
    return try take(end)
  }

  private mutating func nextElement() throws(BSONError) -> Item? {
    while true {
      skipWhitespace()
      guard start < buffer.count else {
        if isFinished, arrayState != .closed, arrayState != .beforeBracket {
          throw error(.invalidJSON, "The text ends inside the array.")
        }
        return nil
      }
      let byte = buffer[start]
      switch (arrayState, byte) {
      case (.beforeBracket, 0x5B):
        arrayState = .afterBracket
      case (.beforeBracket, _):
        throw error(.invalidJSON, "The text does not begin with an array.")
      case (.afterBracket, 0x5D), (.afterElement, 0x5D):
        arrayState = .closed
      case (.afterElement, 0x2C):
        arrayState = .beforeElement
      case (.afterElement, _):
        throw error(.invalidJSON, "A comma or a closing bracket is missing.")
      case (.closed, _):
        throw error(.trailingBytes, "There is more text after the end of the array.")
      case (.afterBracket, _), (.beforeElement, _):
        guard let end = try endOfValue() else { return nil }
        arrayState = .afterElement
        return try take(end)
      }
      start += 1
    }
  }

  /// Where the value that begins at `start` ends; nil when more bytes are needed.
  private mutating func endOfValue() throws(BSONError) -> Int? {
    guard buffer[start] == 0x7B else { throw error(.notADocument, "A document must begin with a brace.") }
    let end = scanner.scan(buffer, from: start)
    if scanner.length > maximumTextSize { throw tooLong }
    if end == nil, isFinished { throw error(.invalidJSON, "The text ends inside a document.") }
    return end
  }

  private mutating func take(_ end: Int) throws(BSONError) -> Item {
    scanner = ValueScanner()
    let result = try item(start..<end)
    for index in start..<end where buffer[index] == 0x0A { line += 1 }
    start = end
    return result
  }

  private func item(_ range: Range<Int>) throws(BSONError) -> Item {
    let result = buffer.withUnsafeBytes { bytes -> Result<Document, BSONError> in
      Result { () throws(BSONError) in
        try Document(extendedJSON: UnsafeRawBufferPointer(rebasing: bytes[range]), options: options)
      }
    }
    switch result {
    case .success(let document):
      return Item(document: document, line: line)
    case .failure(var error):
      // The parser counts from the document's beginning, the reader's user from the stream's.
      error.line = (error.line ?? 1) + line - 1
      error.offset = nil
      throw error
    }
  }
}

/// Finds the end of an object in text that comes in pieces, looking at each byte once.
private struct ValueScanner {
  /// How many bytes have been looked at.
  var length = 0
  private var depth = 0
  private var isInString = false
  private var isEscaped = false

  init() {}

  mutating func scan(_ buffer: [UInt8], from start: Int) -> Int? {
    var index = start + length
    while index < buffer.count {
      let byte = buffer[index]
      index += 1
      if isInString {
        if isEscaped {
          isEscaped = false
        } else if byte == 0x5C {
          isEscaped = true
        } else if byte == 0x22 {
          isInString = false
        }
        continue
      }
      switch byte {
      case 0x22: isInString = true
      case 0x7B, 0x5B: depth += 1
      case 0x7D, 0x5D:
        depth -= 1
        if depth <= 0 {
          length = index - start
          return index
        }
      default: break
      }
    }
    length = index - start
    return nil
  }
}
