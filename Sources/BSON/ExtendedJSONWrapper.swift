/// Finds out what an object stands for whose first name begins with `$`.
struct ExtendedJSONWrapper {
  /// What came out.
  enum Result {
    case ordinary
    case value(BSONValue)
    case failure(String)
  }

  private let document: RawDocument
  private let options: ExtendedJSONOptions
  /// Whether the value of the last field was a wrapper itself.
  private let isNumberWrapped: Bool
  /// Whether the object is the whole document, which no wrapper may take the place of where it is unclear.
  private let isRoot: Bool

  init(_ document: RawDocument, options: ExtendedJSONOptions, isNumberWrapped: Bool, isRoot: Bool) {
    self.document = document
    self.options = options
    self.isNumberWrapped = isNumberWrapped
    self.isRoot = isRoot
  }

  func unwrapped() -> Result {
    var iterator = document.makeIterator()
    guard let first = iterator.next() else { return .ordinary }
    let second = iterator.next()
    let hasMore = iterator.next() != nil
    switch first.keyString {
    case "$code":
      return code(first.value, second, hasMore: hasMore)
    case "$binary":
      return binary(first.value, second, hasMore: hasMore)
    case "$scope":
      guard let second, !hasMore, second.keyString == "$code" else { return .ordinary }
      return code(second.value, first, hasMore: false)
    case "$type":
      guard let second, !hasMore, second.keyString == "$binary", second.value.type == .string else {
        return .ordinary
      }
      return legacyBinary(second.value, type: first.value)
    case "$regex":
      return legacyRegex(first, second, hasMore: hasMore)
    case "$options":
      guard let second else { return .ordinary }
      return legacyRegex(second, first, hasMore: hasMore)
    default:
      guard let result = single(first.keyString, first.value) else { return .ordinary }
      if second != nil { return .failure("An object that begins with \(first.keyString) has another field.") }
      return result
    }
  }

  /// The wrappers with one field; nil for other names.
  private func single(_ name: String, _ value: RawValue) -> Result? {
    switch name {
    case "$oid": return text(value, name) { ObjectID(hexadecimal: $0).map(BSONValue.objectID) }
    case "$symbol": return text(value, name) { .symbol($0.text) }
    case "$numberInt":
      return text(value, name) { Self.integer($0).flatMap { Int32(exactly: $0) }.map(BSONValue.int32) }
    case "$numberLong": return text(value, name) { Self.integer($0).map(BSONValue.int64) }
    case "$numberDouble": return text(value, name) { Self.double($0).map(BSONValue.double) }
    case "$numberDecimal": return decimal(value)
    case "$uuid":
      return text(value, name) { Self.uuid($0).map { .binary(BSONBinary($0, subtype: .uuid)) } }
    case "$date": return date(value)
    case "$timestamp": return timestamp(value)
    case "$regularExpression": return regex(value)
    case "$dbPointer": return dbPointer(value)
    case "$minKey": return value.int32 == 1 ? .value(.minKey) : .failure("$minKey must be 1.")
    case "$maxKey": return value.int32 == 1 ? .value(.maxKey) : .failure("$maxKey must be 1.")
    case "$undefined":
      return value.bool == true ? .value(.undefined) : .failure("$undefined must be true.")
    default: return nil
    }
  }

  private func text(
    _ value: RawValue, _ name: String, _ make: (UnsafeRawBufferPointer) -> BSONValue?
  ) -> Result {
    guard value.type == .string, let bytes = value.stringBytes else {
      return .failure("The value of \(name) must be a string.")
    }
    return make(bytes).map(Result.value) ?? .failure("The string of \(name) is malformed.")
  }

  /// A whole number: an optional minus sign and digits.
  private static func integer(_ text: UnsafeRawBufferPointer) -> Int64? {
    guard text.first != 0x2B else { return nil }
    return Int64(text.text)
  }

  /// A double: `Infinity`, `-Infinity`, `NaN`, or a decimal number.
  private static func double(_ bytes: UnsafeRawBufferPointer) -> Double? {
    let text = bytes.text
    switch text {
    case "Infinity": return .infinity
    case "-Infinity": return -.infinity
    case "NaN": return .nan
    default:
      // Swift would take hexadecimal numbers and names as well.
      let isDecimal = bytes.allSatisfy { byte in
        (byte >= 0x30 && byte <= 0x39) || byte == 0x2B || byte == 0x2D || byte == 0x2E || byte | 0x20 == 0x65
      }
      guard isDecimal, let value = Double(text), value.isFinite else { return nil }
      return value
    }
  }

  private func decimal(_ value: RawValue) -> Result {
    guard value.type == .string, let bytes = value.stringBytes else {
      return .failure("The value of $numberDecimal must be a string.")
    }
    switch Decimal128.parse(bytes) {
    case .success(let number): return .value(.decimal128(number))
    case .failure(let error): return .failure(error.message)
    }
  }

  /// 16 bytes from 8-4-4-4-12 hexadecimal digits.
  private static func uuid(_ text: UnsafeRawBufferPointer) -> [UInt8]? {
    guard text.count == 36 else { return nil }
    var bytes: [UInt8] = []
    var index = 0
    while index < 36 {
      if index == 8 || index == 13 || index == 18 || index == 23 {
        guard text[index] == 0x2D else { return nil }
        index += 1
        continue
      }
      guard let high = hexadecimalValue(text[index]), let low = hexadecimalValue(text[index + 1]) else {
        return nil
      }
      bytes.append(high << 4 | low)
      index += 2
    }
    return bytes
  }

  private func date(_ value: RawValue) -> Result {
    if let milliseconds = value.int64, isNumberWrapped || options.contains(.legacyDates) {
      return .value(.dateTime(BSONDateTime(milliseconds: milliseconds)))
    }
    if let milliseconds = value.int32, !isNumberWrapped, options.contains(.legacyDates) {
      return .value(.dateTime(BSONDateTime(milliseconds: Int64(milliseconds))))
    }
    guard value.type == .string, let bytes = value.stringBytes else {
      return .failure("The value of $date must be an ISO 8601 string or a $numberLong.")
    }
    guard let date = BSONDateTime(iso8601: bytes) else {
      return .failure("The string of $date is malformed.")
    }
    return .value(.dateTime(date))
  }

  /// The two fields of an inner object, in either order; nil when there are others.
  private func pair(_ value: RawValue, _ a: String, _ b: String) -> (RawValue, RawValue)? {
    guard value.type == .document, let inner = value.document else { return nil }
    var iterator = inner.makeIterator()
    guard let first = iterator.next(), let second = iterator.next(), iterator.next() == nil else {
      return nil
    }
    if first.keyString == a, second.keyString == b { return (first.value, second.value) }
    if first.keyString == b, second.keyString == a { return (second.value, first.value) }
    return nil
  }

  private func timestamp(_ value: RawValue) -> Result {
    guard let (t, i) = pair(value, "t", "i"), let seconds = unsigned(t), let increment = unsigned(i) else {
      return .failure("The value of $timestamp must have t and i, whole numbers of 32 bits.")
    }
    return .value(.timestamp(BSONTimestamp(seconds: seconds, increment: increment)))
  }

  private func unsigned(_ value: RawValue) -> UInt32? {
    (value.int64 ?? value.int32.map(Int64.init)).flatMap { UInt32(exactly: $0) }
  }

  private func regex(_ value: RawValue) -> Result {
    guard let (pattern, options) = pair(value, "pattern", "options"), let pattern = pattern.string,
      let options = options.string
    else { return .failure("The value of $regularExpression must have the strings pattern and options.") }
    return regex(pattern, options)
  }

  private func regex(_ pattern: String, _ options: String) -> Result {
    guard !pattern.utf8.contains(0), !options.utf8.contains(0) else {
      return .failure("A regular expression contains a zero character.")
    }
    return .value(.regex(BSONRegex(pattern, options: options)))
  }

  private func legacyRegex(_ regex: RawElement, _ options: RawElement?, hasMore: Bool) -> Result {
    guard let options, !hasMore, !isRoot, regex.keyString == "$regex", options.keyString == "$options",
      let pattern = regex.value.string, let letters = options.value.string
    else { return .ordinary }
    return self.regex(pattern, letters)
  }

  private func dbPointer(_ value: RawValue) -> Result {
    guard let (reference, id) = pair(value, "$ref", "$id"), let reference = reference.string,
      let id = id.objectID
    else { return .failure("The value of $dbPointer must have the string $ref and the object ID $id.") }
    return .value(.dbPointer(BSONDBPointer(reference, id: id)))
  }

  private func code(_ code: RawValue, _ scope: RawElement?, hasMore: Bool) -> Result {
    guard let text = code.string else { return .failure("The value of $code must be a string.") }
    guard let scope else { return .value(.code(text)) }
    guard scope.keyString == "$scope", !hasMore else {
      return .failure("An object that begins with $code has another field.")
    }
    guard scope.value.type == .document, let document = scope.value.document else {
      return .failure("The value of $scope must be a document.")
    }
    return .value(
      .codeWithScope(BSONCodeWithScope(text, scope: Document(trusted: [UInt8](document.bytes)))))
  }

  private func binary(_ value: RawValue, _ second: RawElement?, hasMore: Bool) -> Result {
    if value.type == .string {
      guard let second else { return .ordinary }
      guard second.keyString == "$type", !hasMore else {
        return .failure("An object that begins with $binary has another field.")
      }
      return legacyBinary(value, type: second.value)
    }
    if second != nil { return .failure("An object that begins with $binary has another field.") }
    guard let (base64, subtype) = pair(value, "base64", "subType") else {
      return .failure("The value of $binary must have the strings base64 and subType.")
    }
    return makeBinary(base64, subtype)
  }

  private func legacyBinary(_ value: RawValue, type: RawValue) -> Result { makeBinary(value, type) }

  private func makeBinary(_ base64: RawValue, _ subtype: RawValue) -> Result {
    guard base64.type == .string, subtype.type == .string, let text = base64.stringBytes,
      let digits = subtype.stringBytes, digits.count == 1 || digits.count == 2
    else { return .failure("The data and the subtype of $binary must be strings.") }
    var number: UInt8 = 0
    for digit in digits {
      guard let value = hexadecimalValue(digit) else {
        return .failure("The subtype of $binary must be one or two hexadecimal digits.")
      }
      number = number << 4 | value
    }
    guard let bytes = Base64.decode(text) else { return .failure("The data of $binary is not base64.") }
    return .value(.binary(BSONBinary(bytes, subtype: .init(rawValue: number))))
  }
}
