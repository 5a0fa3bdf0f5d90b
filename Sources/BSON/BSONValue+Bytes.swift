extension BSONValue {
  /// Decodes a value that lies in a document's bytes, copying what it needs. Nil when the bytes are malformed
  /// or arrays nest too deeply.
  public init?(_ raw: RawValue) {
    self.init(raw, owner: nil)
  }

  /// Decodes a value that lies inside the bytes of `owner` (whose memory begins at `base`); sub-documents may
  /// then share the owner's memory.
  init?(_ raw: RawValue, owner: (document: Document, base: UnsafeRawPointer)?) {
    guard let value = Self.decode(raw, owner: owner, depth: 1) else { return nil }
    self = value
  }

  private static func decode(
    _ raw: RawValue, owner: (document: Document, base: UnsafeRawPointer)?, depth: Int
  ) -> BSONValue? {
    switch raw.type {
    case .double: return raw.double.map(BSONValue.double)
    case .string: return raw.string.map(BSONValue.string)
    case .document: return document(raw.document, owner: owner).map(BSONValue.document)
    case .array: return array(raw, owner: owner, depth: depth)
    case .binary: return raw.binary.map { .binary(BSONBinary([UInt8]($0.bytes), subtype: $0.subtype)) }
    case .undefined: return .undefined
    case .objectID: return raw.objectID.map(BSONValue.objectID)
    case .bool: return raw.bool.map(BSONValue.bool)
    case .dateTime: return raw.dateTime.map(BSONValue.dateTime)
    case .null: return .null
    case .regex: return raw.regexParts.map { .regex(BSONRegex($0.pattern.text, options: $0.options.text)) }
    case .dbPointer: return raw.dbPointerParts.map { .dbPointer(BSONDBPointer($0.reference.text, id: $0.id)) }
    case .code: return raw.stringBytes.map { .code($0.text) }
    case .symbol: return raw.stringBytes.map { .symbol($0.text) }
    case .codeWithScope:
      guard let parts = raw.codeWithScopeParts, let scope = document(parts.scope, owner: owner) else {
        return nil
      }
      return .codeWithScope(BSONCodeWithScope(parts.code.text, scope: scope))
    case .int32: return raw.int32.map(BSONValue.int32)
    case .timestamp: return raw.timestamp.map(BSONValue.timestamp)
    case .int64: return raw.int64.map(BSONValue.int64)
    case .decimal128: return raw.decimal128.map(BSONValue.decimal128)
    case .maxKey: return .maxKey
    case .minKey: return .minKey
    }
  }

  private static func document(
    _ raw: RawDocument?, owner: (document: Document, base: UnsafeRawPointer)?
  ) -> Document? {
    guard let raw else { return nil }
    if let owner, let start = raw.bytes.baseAddress {
      return owner.document.part(at: start - owner.base, count: raw.bytes.count)
    }
    return Document(trusted: [UInt8](raw.bytes))
  }

  private static func array(
    _ raw: RawValue, owner: (document: Document, base: UnsafeRawPointer)?, depth: Int
  ) -> BSONValue? {
    guard depth <= BSONLimits.maximumDepth, let elements = raw.document else { return nil }
    var values: [BSONValue] = []
    var iterator = elements.makeIterator()
    while let element = iterator.next() {
      guard let value = decode(element.value, owner: owner, depth: depth + 1) else { return nil }
      values.append(value)
    }
    return iterator.isMalformed ? nil : .array(values)
  }

  /// Appends the bytes of the value, without type byte and name. `depth` is that of the document or array the
  /// value is in; arrays deeper than the limit are written as null, as no reader would accept them, and going
  /// on would put the stack at the mercy of the data.
  func append(to output: inout [UInt8], depth: Int = 1) {
    switch self {
    case .double(let value): output.appendLittleEndian(value.bitPattern)
    case .string(let value), .code(let value), .symbol(let value): output.appendStringValue(value)
    case .document(let value): value.withUnsafeBytes { output.append(contentsOf: $0) }
    case .array(let values): Self.append(values, to: &output, depth: depth + 1)
    case .binary(let value): Self.append(value, to: &output)
    case .undefined, .null, .minKey, .maxKey: break
    case .objectID(let value): value.append(to: &output)
    case .bool(let value): output.append(value ? 1 : 0)
    case .dateTime(let value): output.appendLittleEndian(value.milliseconds)
    case .regex(let value):
      output.appendName(value.pattern)
      output.appendName(value.options)
    case .dbPointer(let value):
      output.appendStringValue(value.reference)
      value.id.append(to: &output)
    case .codeWithScope(let value):
      let start = output.count
      output.appendLittleEndian(Int32(0))
      output.appendStringValue(value.code)
      value.scope.withUnsafeBytes { output.append(contentsOf: $0) }
      output.patchLength(output.count - start, at: start)
    case .int32(let value): output.appendLittleEndian(value)
    case .timestamp(let value): output.appendLittleEndian(value.rawValue)
    case .int64(let value): output.appendLittleEndian(value)
    case .decimal128(let value):
      output.appendLittleEndian(value.low)
      output.appendLittleEndian(value.high)
    }
  }

  static func append(_ values: [BSONValue], to output: inout [UInt8], depth: Int) {
    let start = output.count
    output.appendLittleEndian(Int32(0))
    for (index, value) in values.enumerated() {
      if depth >= BSONLimits.maximumDepth, case .array = value {
        output.append(BSONType.null.rawValue)
        output.appendIndex(index)
        continue
      }
      output.append(value.type.rawValue)
      output.appendIndex(index)
      value.append(to: &output, depth: depth)
    }
    output.append(0)
    output.patchLength(output.count - start, at: start)
  }

  static func append(_ binary: BSONBinary, to output: inout [UInt8]) {
    output.appendLittleEndian(Int32(truncatingIfNeeded: binary.encodedLength))
    output.append(binary.subtype.rawValue)
    if binary.subtype == .oldBinary {
      output.appendLittleEndian(Int32(truncatingIfNeeded: binary.bytes.count))
    }
    output.append(contentsOf: binary.bytes)
  }
}

extension [UInt8] {
  /// Appends an array index as a name: its decimal digits and a zero.
  @inline(__always)
  mutating func appendIndex(_ index: Int) {
    if index >= 10 {
      if index >= 100 {
        append(contentsOf: String(index).utf8)
        append(0)
        return
      }
      append(0x30 + UInt8(truncatingIfNeeded: index / 10))
    }
    append(0x30 + UInt8(truncatingIfNeeded: index % 10))
    append(0)
  }
}
