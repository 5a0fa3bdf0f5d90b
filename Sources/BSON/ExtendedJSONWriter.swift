/// Writes values as Extended JSON, from raw bytes wherever there are some.
struct ExtendedJSONWriter {
  let mode: ExtendedJSONMode
  private(set) var output: [UInt8]

  private mutating func append(_ text: StaticString) {
    output.append(contentsOf: UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  mutating func write(_ document: Document) {
    let written: Void? = document.withRawDocument { write($0, isArray: false, depth: 1) }
    if written == nil { append("{}") }
  }

  mutating func write(_ value: BSONValue) {
    // The value goes through the bytes of a document, so that there is one way of writing each type.
    let document = Document(CollectionOfOne(("", value)))
    let written: Bool? = document.withRawDocument { raw in
      guard let value = raw.value(at: 0) else { return false }
      write(value, depth: 1)
      return true
    }
    if written != true { append("null") }
  }

  private mutating func write(_ document: RawDocument, isArray: Bool, depth: Int) {
    guard depth <= BSONLimits.maximumDepth else {
      append("null")
      return
    }
    output.append(isArray ? 0x5B : 0x7B)
    var isFirst = true
    for element in document {
      if !isFirst { output.append(0x2C) }
      isFirst = false
      if !isArray {
        writeString(element.key)
        output.append(0x3A)
      }
      write(element.value, depth: depth)
    }
    output.append(isArray ? 0x5D : 0x7D)
  }

  /// Writes a value; a malformed one as null.
  private mutating func write(_ value: RawValue, depth: Int) {
    if !writeNumber(value), !writeText(value), !writeOther(value, depth: depth) { append("null") }
  }

  private mutating func writeNumber(_ value: RawValue) -> Bool {
    switch value.type {
    case .int32:
      guard let number = value.int32 else { return false }
      writeInteger(Int64(number), wrapper: "{\"$numberInt\":\"")
    case .int64:
      guard let number = value.int64 else { return false }
      writeInteger(number, wrapper: "{\"$numberLong\":\"")
    case .double:
      guard let number = value.double else { return false }
      let isPlain = mode == .relaxed && number.isFinite
      if !isPlain { append("{\"$numberDouble\":\"") }
      writeDouble(number)
      if !isPlain { append("\"}") }
    case .decimal128:
      guard let number = value.decimal128 else { return false }
      append("{\"$numberDecimal\":\"")
      number.appendDescription(to: &output)
      append("\"}")
    default:
      return false
    }
    return true
  }

  private mutating func writeInteger(_ number: Int64, wrapper: StaticString) {
    if mode == .canonical { append(wrapper) }
    appendInteger(number)
    if mode == .canonical { append("\"}") }
  }

  private mutating func appendInteger(_ number: Int64) {
    if number < 0 { output.append(0x2D) }
    let start = output.count
    var rest = number.magnitude
    repeat {
      output.append(0x30 + UInt8(truncatingIfNeeded: rest % 10))
      rest /= 10
    } while rest != 0
    output[start...].reverse()
  }

  /// The shortest digits that give the same double again, with a point or an exponent.
  private mutating func writeDouble(_ number: Double) {
    if number.isNaN {
      append("NaN")
    } else if number.isInfinite {
      append(number < 0 ? "-Infinity" : "Infinity")
    } else {
      for byte in number.description.utf8 { output.append(byte == 0x65 ? 0x45 : byte) }
    }
  }

  private mutating func writeText(_ value: RawValue) -> Bool {
    switch value.type {
    case .string:
      guard let text = value.stringBytes else { return false }
      writeString(text)
    case .symbol:
      guard let text = value.stringBytes else { return false }
      append("{\"$symbol\":")
      writeString(text)
      output.append(0x7D)
    case .code:
      guard let text = value.stringBytes else { return false }
      append("{\"$code\":")
      writeString(text)
      output.append(0x7D)
    case .regex:
      guard let parts = value.regexParts else { return false }
      append("{\"$regularExpression\":{\"pattern\":")
      writeString(parts.pattern)
      append(",\"options\":")
      // Unsorted options are only possible in documents that were not validated.
      let options = BSONRegex("", options: parts.options.text).options
      options.withUTF8Bytes { writeString($0) }
      append("}}")
    default:
      return false
    }
    return true
  }

  private mutating func writeOther(_ value: RawValue, depth: Int) -> Bool {
    switch value.type {
    case .document, .array:
      guard let inner = value.document else { return false }
      write(inner, isArray: value.type == .array, depth: depth + 1)
    case .binary:
      guard let binary = value.binary else { return false }
      append("{\"$binary\":{\"base64\":\"")
      Base64.encode(binary.bytes, into: &output)
      append("\",\"subType\":\"")
      output.appendHexadecimal(binary.subtype.rawValue)
      append("\"}}")
    case .objectID:
      guard let id = value.objectID else { return false }
      writeObjectID(id)
    case .bool:
      guard let bool = value.bool else { return false }
      append(bool ? "true" : "false")
    case .dateTime:
      guard let date = value.dateTime else { return false }
      writeDate(date)
    case .timestamp:
      guard let timestamp = value.timestamp else { return false }
      append("{\"$timestamp\":{\"t\":")
      appendInteger(Int64(timestamp.seconds))
      append(",\"i\":")
      appendInteger(Int64(timestamp.increment))
      append("}}")
    case .dbPointer:
      guard let parts = value.dbPointerParts else { return false }
      append("{\"$dbPointer\":{\"$ref\":")
      writeString(parts.reference)
      append(",\"$id\":")
      writeObjectID(parts.id)
      append("}}")
    case .codeWithScope:
      guard let parts = value.codeWithScopeParts else { return false }
      append("{\"$code\":")
      writeString(parts.code)
      append(",\"$scope\":")
      write(parts.scope, isArray: false, depth: depth + 1)
      output.append(0x7D)
    case .undefined: append("{\"$undefined\":true}")
    case .minKey: append("{\"$minKey\":1}")
    case .maxKey: append("{\"$maxKey\":1}")
    default: append("null")
    }
    return true
  }

  private mutating func writeObjectID(_ id: ObjectID) {
    append("{\"$oid\":\"")
    id.appendHexadecimal(to: &output)
    append("\"}")
  }

  private mutating func writeDate(_ date: BSONDateTime) {
    append("{\"$date\":")
    if mode == .relaxed {
      output.append(0x22)
      if date.appendISO8601(to: &output) {
        append("\"}")
        return
      }
      output.removeLast()
    }
    append("{\"$numberLong\":\"")
    appendInteger(date.milliseconds)
    append("\"}}")
  }

  /// Writes a string with JSON's escapes. Bytes that are not UTF-8 are replaced by U+FFFD.
  private mutating func writeString(_ text: UnsafeRawBufferPointer) {
    output.append(0x22)
    if text.isUTF8(from: 0, to: text.count) {
      writeEscaped(text)
    } else {
      text.text.withUTF8Bytes { writeEscaped($0) }
    }
    output.append(0x22)
  }

  private mutating func writeEscaped(_ text: UnsafeRawBufferPointer) {
    var start = 0
    for index in 0..<text.count {
      let byte = text[index]
      guard byte < 0x20 || byte == 0x22 || byte == 0x5C else { continue }
      output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<index]))
      start = index + 1
      switch byte {
      case 0x22, 0x5C: output.append(contentsOf: [0x5C, byte])
      case 0x08: append("\\b")
      case 0x09: append("\\t")
      case 0x0A: append("\\n")
      case 0x0C: append("\\f")
      case 0x0D: append("\\r")
      default:
        append("\\u00")
        output.appendHexadecimal(byte)
      }
    }
    output.append(contentsOf: UnsafeRawBufferPointer(rebasing: text[start..<text.count]))
  }
}
