extension Document {
  /// Takes bytes that may be anything, when they are one well-formed document: all lengths agree, strings and
  /// names are UTF-8, types are known, the nesting is at most ``BSONLimits/maximumDepth`` and the size at
  /// most ``BSONLimits/maximumDocumentSize``.
  ///
  /// Two forms that other programs accept are put right: names of array elements that are not the indexes,
  /// and options of regular expressions that are not sorted.
  /// - Throws: ``BSONError`` with the offset of what is wrong.
  public init(validating bytes: some Sequence<UInt8>) throws(BSONError) {
    let bytes = bytes as? [UInt8] ?? Array(bytes)
    let isDegenerate = try Self.validate(bytes)
    self.init(trusted: bytes)
    if isDegenerate {
      self = canonicalized()
      // New indexes may be longer than the names were.
      if byteCount > BSONLimits.maximumDocumentSize {
        throw BSONError(.sizeExceeded, "The document is larger than 16 MiB.", offset: 0)
      }
    }
  }

  /// Takes the bytes in memory; see ``init(validating:)-(Sequence<UInt8>)``.
  public init(validating bytes: UnsafeRawBufferPointer) throws(BSONError) {
    try self.init(validating: [UInt8](bytes))
  }

  /// Checks a document that was put together in memory or taken with ``init(trusted:)``.
  /// - Throws: ``BSONError`` with the offset of what is wrong.
  public func validate() throws(BSONError) {
    try withUnsafeBytes { (buffer) throws(BSONError) in try Self.validate(buffer) }
  }

  /// Checks bytes without making a document of them; see ``init(validating:)-(Sequence<UInt8>)``.
  public static func validate(_ buffer: UnsafeRawBufferPointer) throws(BSONError) {
    var validator = BSONValidator(buffer)
    if !validator.validate() {
      throw validator.failure ?? BSONError(.invalidLength, "The bytes are no document.")
    }
  }

  private static func validate(_ bytes: [UInt8]) throws(BSONError) -> Bool {
    var isDegenerate = false
    let failure = bytes.withUnsafeBytes { buffer -> BSONError? in
      var validator = BSONValidator(buffer)
      _ = validator.validate()
      isDegenerate = validator.isDegenerate
      return validator.failure
    }
    if let failure { throw failure }
    return isDegenerate
  }

  /// The document with array elements named by their indexes and sorted options of regular expressions.
  /// Malformed parts, and documents below the nesting limit, are left out.
  public func canonicalized() -> Document {
    var output: [UInt8] = []
    output.reserveCapacity(byteCount)
    withRawDocument { Self.canonicalize($0, isArray: false, depth: 1, into: &output) }
    return output.isEmpty ? Document() : Document(trusted: output)
  }

  private static func canonicalize(
    _ raw: RawDocument, isArray: Bool, depth: Int, into output: inout [UInt8]
  ) {
    let start = output.count
    output.appendLittleEndian(Int32(0))
    var index = 0
    for element in raw where depth <= BSONLimits.maximumDepth {
      let value = element.value
      output.append(value.type.rawValue)
      if isArray { output.appendIndex(index) } else { output.appendName(element.key) }
      index += 1
      if let inner = value.document {
        canonicalize(inner, isArray: value.type == .array, depth: depth + 1, into: &output)
      } else if let parts = value.codeWithScopeParts, let code = value.bytes.bytes(4, 9 + parts.code.count) {
        let codeStart = output.count
        output.appendLittleEndian(Int32(0))
        output.append(contentsOf: code)
        canonicalize(parts.scope, isArray: false, depth: depth + 1, into: &output)
        output.patchLength(output.count - codeStart, at: codeStart)
      } else if let parts = value.regexParts {
        output.appendName(parts.pattern)
        output.appendName(BSONRegex("", options: parts.options.text).options)
      } else {
        output.append(contentsOf: value.bytes)
      }
    }
    output.append(0)
    output.patchLength(output.count - start, at: start)
  }
}
