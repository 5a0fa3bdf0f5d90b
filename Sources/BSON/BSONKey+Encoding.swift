extension BSONKey {
  /// Appends a value; `depth` is that of the document or array which may begin here.
  static func append(
    _ value: BSONValue, depth: Int, to bytes: inout [UInt8], _ typeBits: inout [UInt8]
  ) throws(BSONError) {
    switch value {
    case .int32(let number): append(Int64(number), KeyTypeBits.int32, to: &bytes, &typeBits)
    case .int64(let number): append(number, KeyTypeBits.int64, to: &bytes, &typeBits)
    case .double(let number): append(number, to: &bytes, &typeBits)
    case .decimal128(let number): append(number, to: &bytes, &typeBits)
    case .string(let text), .symbol(let text):
      bytes.append(KeyTag.string)
      text.withUTF8Bytes { appendEscaped($0, to: &bytes) }
      typeBits.append(value.type == .symbol ? KeyTypeBits.symbol : 0)
    case .code(let text):
      bytes.append(KeyTag.code)
      text.withUTF8Bytes { appendEscaped($0, to: &bytes) }
    case .objectID(let id):
      bytes.append(KeyTag.objectID)
      id.append(to: &bytes)
    case .array(let values):
      guard depth <= BSONLimits.maximumDepth else { throw tooDeep }
      bytes.append(KeyTag.array)
      for value in values { try append(value, depth: depth + 1, to: &bytes, &typeBits) }
      bytes.append(KeyTag.end)
    case .document(let document):
      bytes.append(KeyTag.document)
      try append(document, depth: depth, to: &bytes, &typeBits)
    case .binary(let binary):
      let length = binary.encodedLength
      binary.bytes.withUnsafeBytes { append($0, length: length, binary.subtype, to: &bytes) }
    case .regex(let regex):
      bytes.append(KeyTag.regex)
      regex.pattern.withUTF8Bytes { appendEscaped($0, to: &bytes) }
      regex.options.withUTF8Bytes { appendEscaped($0, to: &bytes) }
    case .dbPointer(let pointer):
      pointer.reference.withUTF8Bytes { append($0, pointer.id, to: &bytes) }
    case .codeWithScope(let code):
      bytes.append(KeyTag.codeWithScope)
      code.code.withUTF8Bytes { appendEscaped($0, to: &bytes) }
      try append(code.scope, depth: depth, to: &bytes, &typeBits)
    case .undefined: bytes.append(KeyTag.undefined)
    case .bool(let bool): bytes.append(bool ? KeyTag.true : KeyTag.false)
    case .dateTime(let date): append(date, to: &bytes)
    case .null: bytes.append(KeyTag.null)
    case .timestamp(let timestamp):
      bytes.append(KeyTag.timestamp)
      bytes.appendBigEndian(timestamp.rawValue)
    case .minKey: bytes.append(KeyTag.minKey)
    case .maxKey: bytes.append(KeyTag.maxKey)
    }
  }

  /// Like the one for decoded values; a malformed value is written as null.
  static func append(
    _ value: RawValue, depth: Int, to bytes: inout [UInt8], _ typeBits: inout [UInt8]
  ) throws(BSONError) {
    switch value.type {
    case .string, .symbol:
      guard let text = value.stringBytes else { break }
      bytes.append(KeyTag.string)
      appendEscaped(text, to: &bytes)
      typeBits.append(value.type == .symbol ? KeyTypeBits.symbol : 0)
      return
    case .document, .array:
      guard let document = value.document else { break }
      let isArray = value.type == .array
      bytes.append(isArray ? KeyTag.array : KeyTag.document)
      try append(document, isArray: isArray, depth: depth, to: &bytes, &typeBits)
      return
    case .binary:
      guard let binary = value.binary else { break }
      append(binary.bytes, length: value.bytes.count - 5, binary.subtype, to: &bytes)
      return
    case .regex:
      guard let parts = value.regexParts else { break }
      bytes.append(KeyTag.regex)
      appendEscaped(parts.pattern, to: &bytes)
      appendEscaped(parts.options, to: &bytes)
      return
    case .dbPointer:
      guard let parts = value.dbPointerParts else { break }
      append(parts.reference, parts.id, to: &bytes)
      return
    case .code:
      guard let text = value.stringBytes else { break }
      bytes.append(KeyTag.code)
      appendEscaped(text, to: &bytes)
      return
    case .codeWithScope:
      guard let parts = value.codeWithScopeParts else { break }
      bytes.append(KeyTag.codeWithScope)
      appendEscaped(parts.code, to: &bytes)
      try append(parts.scope, isArray: false, depth: depth, to: &bytes, &typeBits)
      return
    default:
      // The rest neither nests nor allocates, so that decoding it first costs nothing.
      guard let scalar = BSONValue(value) else { break }
      try append(scalar, depth: depth, to: &bytes, &typeBits)
      return
    }
    bytes.append(KeyTag.null)
  }

  private static func append(
    _ document: Document, depth: Int, to bytes: inout [UInt8], _ typeBits: inout [UInt8]
  ) throws(BSONError) {
    let written: Void? = try document.withRawDocument { (raw) throws(BSONError) in
      try append(raw, isArray: false, depth: depth, to: &bytes, &typeBits)
    }
    if written == nil { bytes.append(KeyTag.end) }
  }

  /// Appends the elements and the end of a document or an array. An element of a document begins with the tag
  /// of its type's group and its name, since documents compare by type and name before the value.
  private static func append(
    _ document: RawDocument, isArray: Bool, depth: Int, to bytes: inout [UInt8], _ typeBits: inout [UInt8]
  ) throws(BSONError) {
    guard depth <= BSONLimits.maximumDepth else { throw tooDeep }
    for element in document {
      if !isArray {
        bytes.append(element.value.type.keyGroup)
        appendEscaped(element.key, to: &bytes)
      }
      try append(element.value, depth: depth + 1, to: &bytes, &typeBits)
    }
    bytes.append(KeyTag.end)
  }

  private static var tooDeep: BSONError {
    BSONError(.depthExceeded, "A value of a key is nested deeper than 200 levels.")
  }

  /// Appends bytes so that 0 can end them: 0 and 1 become 1, 1 and 1, 2.
  @inline(__always)
  static func appendEscaped(_ text: UnsafeRawBufferPointer, to bytes: inout [UInt8]) {
    var start = 0
    for index in 0..<text.count where text[index] <= 1 {
      bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<index]))
      bytes.append(1)
      bytes.append(text[index] + 1)
      start = index + 1
    }
    bytes.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<text.count]))
    bytes.append(0)
  }

  private static func append(
    _ content: UnsafeRawBufferPointer, length: Int, _ subtype: BSONBinary.Subtype, to bytes: inout [UInt8]
  ) {
    bytes.append(KeyTag.binary)
    bytes.appendBigEndian(UInt32(truncatingIfNeeded: length))
    bytes.append(subtype.rawValue)
    bytes.append(contentsOf: content)
  }

  private static func append(
    _ reference: UnsafeRawBufferPointer, _ id: ObjectID, to bytes: inout [UInt8]
  ) {
    bytes.append(KeyTag.dbPointer)
    bytes.appendBigEndian(UInt32(truncatingIfNeeded: reference.count))
    bytes.append(contentsOf: reference)
    id.append(to: &bytes)
  }

  private static func append(_ date: BSONDateTime, to bytes: inout [UInt8]) {
    bytes.append(KeyTag.dateTime)
    bytes.appendBigEndian(UInt64(bitPattern: date.milliseconds) ^ 1 << 63)
  }
}

extension BSONType {
  /// The tag that stands for all values of the type, and of those it compares with by value.
  var keyGroup: UInt8 {
    switch self {
    case .minKey: KeyTag.minKey
    case .undefined: KeyTag.undefined
    case .null: KeyTag.null
    case .double, .int32, .int64, .decimal128: KeyTag.nan
    case .string, .symbol: KeyTag.string
    case .document: KeyTag.document
    case .array: KeyTag.array
    case .binary: KeyTag.binary
    case .objectID: KeyTag.objectID
    case .bool: KeyTag.false
    case .dateTime: KeyTag.dateTime
    case .timestamp: KeyTag.timestamp
    case .regex: KeyTag.regex
    case .dbPointer: KeyTag.dbPointer
    case .code: KeyTag.code
    case .codeWithScope: KeyTag.codeWithScope
    case .maxKey: KeyTag.maxKey
    }
  }
}
