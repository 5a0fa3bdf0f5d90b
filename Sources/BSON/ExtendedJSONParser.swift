/// Reads Extended JSON and writes BSON bytes while it goes, without building a tree.
///
/// An object is written as a document first. When it ends and its first name begins with `$`, it may be one
/// of the wrappers; then the document's bytes are replaced by those of the value it stands for.
struct ExtendedJSONParser {
  let text: UnsafeRawBufferPointer
  let options: ExtendedJSONOptions
  var position = 0
  var output: [UInt8] = []
  /// Whether the value read last was written as a wrapper, and not as plain JSON.
  private var lastWasWrapper = false
  /// How many objects and arrays of the text are open. This bounds the stack; the depth of BSON is less where
  /// objects stand for something else.
  private var nesting = 0

  /// Where an object or array below the depth limit is that stood for itself when it ended. That is an error
  /// unless one around it turns out to be a wrapper, which takes the place of all of them.
  private var tooDeepOffset: Int?

  private static let maximumNesting = 2 * BSONLimits.maximumDepth + BSONLimits.wrapperDepth

  init(_ text: UnsafeRawBufferPointer, options: ExtendedJSONOptions = []) {
    self.text = text
    self.options = options
  }

  /// Reads the whole text as a document.
  mutating func parseDocument() throws(BSONError) -> Document {
    let (type, start) = try parseWhole(isDocument: true)
    guard type == .document else {
      throw fail(.notADocument, "The text is a value of the type \(type.name), not a document.", at: start)
    }
    guard output.count <= BSONLimits.maximumDocumentSize else {
      throw fail(.sizeExceeded, "The document is larger than 16 MiB.", at: start)
    }
    return Document(trusted: output)
  }

  /// Reads the whole text as any value.
  mutating func parseValue() throws(BSONError) -> BSONValue {
    let (type, start) = try parseWhole(isDocument: false)
    let value = output.withUnsafeBytes { BSONValue(RawValue(type: type, bytes: $0)) }
    guard let value, output.count <= BSONLimits.maximumDocumentSize else {
      throw fail(.sizeExceeded, "The value is larger than 16 MiB.", at: start)
    }
    return value
  }

  private mutating func parseWhole(isDocument: Bool) throws(BSONError) -> (BSONType, start: Int) {
    guard text.count <= BSONLimits.maximumTextSize else {
      throw fail(.sizeExceeded, "The text is larger than 64 MiB.", at: 0)
    }
    output.reserveCapacity(min(text.count, 1 << 20) + 16)
    skipWhitespace()
    let start = position
    let type = try value(depth: 1, isRoot: isDocument)
    skipWhitespace()
    guard position == text.count else {
      throw fail(.trailingBytes, "There is more text after the end of the value.", at: position)
    }
    return (type, start)
  }

  /// An error with its place in the text.
  @inline(never)
  func fail(_ code: BSONError.Code, _ message: String, at offset: Int) -> BSONError {
    var line = 1
    var lineStart = 0
    for index in 0..<min(offset, text.count) where text[index] == 0x0A {
      line += 1
      lineStart = index + 1
    }
    return BSONError(code, message, offset: offset, line: line, column: offset - lineStart + 1)
  }

  @inline(__always)
  mutating func skipWhitespace() {
    while position < text.count {
      switch text[position] {
      case 0x20, 0x09, 0x0A, 0x0D: position += 1
      default: return
      }
    }
  }

  /// Reads a value and appends its bytes. `depth` is that of the document or array that may begin here.
  private mutating func value(depth: Int, isRoot: Bool = false) throws(BSONError) -> BSONType {
    guard position < text.count else {
      throw fail(.invalidJSON, "The text ends where a value should be.", at: position)
    }
    let first = text[position]
    switch first {
    case 0x7B:
      return try object(depth: depth, isRoot: isRoot)
    case 0x22:
      let start = output.count
      output.appendLittleEndian(Int32(0))
      try string(allowsZero: true)
      output.append(0)
      output.patchLength(output.count - start - 4, at: start)
      lastWasWrapper = false
      return .string
    case 0x5B:
      return try array(depth: depth)
    case 0x2D, 0x30...0x39:
      lastWasWrapper = false
      return try number()
    case 0x74:
      try word("true")
      output.append(1)
      return .bool
    case 0x66:
      try word("false")
      output.append(0)
      return .bool
    case 0x6E:
      try word("null")
      return .null
    default:
      throw fail(.invalidJSON, "There is no JSON value here.", at: position)
    }
  }

  private mutating func word(_ word: StaticString) throws(BSONError) {
    let count = word.utf8CodeUnitCount
    let expected = UnsafeRawBufferPointer(start: word.utf8Start, count: count)
    guard text.count - position >= count,
      equalBytes(expected, UnsafeRawBufferPointer(rebasing: text[position..<position + count]))
    else { throw fail(.invalidJSON, "There is no JSON value here.", at: position) }
    position += count
    lastWasWrapper = false
  }

  private mutating func open(_ depth: Int) throws(BSONError) {
    guard nesting < Self.maximumNesting, depth <= BSONLimits.maximumDepth + BSONLimits.wrapperDepth else {
      throw tooDeep(at: position)
    }
    nesting += 1
    position += 1
    output.appendLittleEndian(Int32(0))
    skipWhitespace()
  }

  private mutating func close(_ start: Int) {
    nesting -= 1
    position += 1
    output.append(0)
    output.patchLength(output.count - start, at: start)
  }

  /// Notes that an object or array that stands for itself has ended.
  @inline(__always)
  private mutating func closePlain(_ depth: Int, _ textStart: Int) throws(BSONError) {
    lastWasWrapper = false
    if depth > BSONLimits.maximumDepth {
      tooDeepOffset = textStart
    } else if let tooDeepOffset {
      throw tooDeep(at: tooDeepOffset)
    }
  }

  private func tooDeep(at offset: Int) -> BSONError {
    fail(.depthExceeded, "Documents are nested deeper than 200 levels.", at: offset)
  }

  /// After an element: whether another follows. False leaves the position at the closing bracket.
  @inline(__always)
  private mutating func hasMore(closing: UInt8) throws(BSONError) -> Bool {
    skipWhitespace()
    guard position < text.count else {
      throw fail(.invalidJSON, "The text ends inside an object or array.", at: position)
    }
    if text[position] == closing { return false }
    guard text[position] == 0x2C else {
      throw fail(.invalidJSON, "A comma or a closing bracket is missing.", at: position)
    }
    position += 1
    skipWhitespace()
    return true
  }

  private mutating func array(depth: Int) throws(BSONError) -> BSONType {
    let start = output.count
    let textStart = position
    try open(depth)
    if position < text.count, text[position] == 0x5D {
      close(start)
    } else {
      var index = 0
      repeat {
        let typeOffset = output.count
        output.append(0)
        output.appendIndex(index)
        index += 1
        output[typeOffset] = try value(depth: depth + 1).rawValue
      } while try hasMore(closing: 0x5D)
      close(start)
    }
    try closePlain(depth, textStart)
    return .array
  }

  private mutating func object(depth: Int, isRoot: Bool) throws(BSONError) -> BSONType {
    let start = output.count
    let textStart = position
    try open(depth)
    var isDollar = false
    if position < text.count, text[position] == 0x7D {
      close(start)
    } else {
      var childDepth = depth + 1
      repeat {
        let typeOffset = output.count
        output.append(0)
        try name()
        if typeOffset == start + 4, output[start + 5] == 0x24 {
          isDollar = true
          // The scope of code takes the place of the object around it.
          if output[(start + 5)...].starts(with: Self.codeName) { childDepth = depth }
        }
        output[typeOffset] = try value(depth: childDepth).rawValue
      } while try hasMore(closing: 0x7D)
      close(start)
    }
    if isDollar, let type = try unwrap(start, textStart: textStart, isRoot: isRoot) {
      lastWasWrapper = true
      tooDeepOffset = nil
      return type
    }
    try closePlain(depth, textStart)
    return .document
  }

  private static let codeName: [UInt8] = Array("$code\0".utf8)

  private mutating func name() throws(BSONError) {
    guard position < text.count, text[position] == 0x22 else {
      throw fail(.invalidJSON, "A name in double quotes is missing.", at: position)
    }
    try string(allowsZero: false)
    output.append(0)
    skipWhitespace()
    guard position < text.count, text[position] == 0x3A else {
      throw fail(.invalidJSON, "A colon is missing after a name.", at: position)
    }
    position += 1
    skipWhitespace()
  }

  /// Replaces the document at `start` by the value it stands for and gives its type; nil when it is an
  /// ordinary document.
  private mutating func unwrap(_ start: Int, textStart: Int, isRoot: Bool) throws(BSONError) -> BSONType? {
    let result = output.withUnsafeBytes { buffer -> ExtendedJSONWrapper.Result in
      guard let document = RawDocument(UnsafeRawBufferPointer(rebasing: buffer[start...])) else {
        return .ordinary
      }
      return ExtendedJSONWrapper(document, options: options, isNumberWrapped: lastWasWrapper, isRoot: isRoot)
        .unwrapped()
    }
    switch result {
    case .ordinary:
      return nil
    case .failure(let message):
      throw fail(.invalidExtendedJSON, message, at: textStart)
    case .value(let value):
      output.removeSubrange(start...)
      value.append(to: &output)
      return value.type
    }
  }
}
