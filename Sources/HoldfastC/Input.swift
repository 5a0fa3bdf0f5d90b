import BSON
import Holdfast

/// The address of bytes of a caller, and how many there are.
typealias Input = UnsafePointer<UInt8>

/// The size of an empty document.
private let smallestDocument = Document().byteCount

/// The bytes that a caller gave, at least so many; `nil` when there is neither an address nor a number.
///
/// Half a pair is a mistake, such as the length that an encoder that failed left behind. Taken for an empty filter it
/// would stand for all documents.
private func given(
  _ bytes: Input?, _ count: Int, atLeast least: Int, _ what: String
) throws(HoldfastError) -> UnsafeRawBufferPointer? {
  if bytes == nil, count == 0 { return nil }
  guard let bytes, count >= least else {
    throw HoldfastError(
      .invalidDocument,
      "\(what) cannot be at this address with this number of bytes: pass both, or NULL and 0 for none")
  }
  return UnsafeRawBufferPointer(start: bytes, count: count)
}

/// A document that a caller gave, checked; an empty one when there is none.
func document(_ bytes: Input?, _ count: Int, _ what: String) throws(HoldfastError) -> Document {
  guard let bytes = try given(bytes, count, atLeast: smallestDocument, what) else { return Document() }
  try checkSize(count, what)
  do throws(BSONError) {
    return try Document(validating: bytes)
  } catch {
    throw HoldfastError(.invalidDocument, "\(what) is not well-formed BSON: \(error)", underlying: error)
  }
}

private func checkSize(_ count: Int, _ what: String) throws(HoldfastError) {
  guard count <= DatabaseLimits.maximumDocumentBytes else {
    throw HoldfastError(
      .documentTooLarge,
      "\(what) has \(count) bytes, which is over the limit of \(DatabaseLimits.maximumDocumentBytes) (16 MiB): "
        + "split it")
  }
}

/// A document that a caller gave, for who checks it all the same.
func uncheckedDocument(_ bytes: Input?, _ count: Int, _ what: String) throws(HoldfastError) -> Document {
  guard let bytes = try given(bytes, count, atLeast: smallestDocument, what) else { return Document() }
  return Document(trusted: [UInt8](bytes))
}

/// Documents that a caller gave one after the other, cut where they say that they end, and not looked at otherwise.
func uncheckedDocuments(_ bytes: Input?, _ count: Int) throws(HoldfastError) -> [Document] {
  guard let bytes = try given(bytes, count, atLeast: 0, "the documents") else { return [] }
  var result: [Document] = []
  var place = 0
  while place < count {
    guard count - place >= smallestDocument else { throw cutOff(result.count) }
    let length = Int(bytes.loadUnaligned(fromByteOffset: place, as: Int32.self).littleEndian)
    guard length >= smallestDocument, length <= count - place else { throw cutOff(result.count) }
    result.append(Document(trusted: [UInt8](bytes[place..<place + length])))
    place += length
  }
  return result
}

private func cutOff(_ number: Int) -> HoldfastError {
  HoldfastError(
    .invalidDocument,
    "document number \(number) (from 0) says that it ends where the bytes do not: pass whole documents, one "
      + "after the other")
}

/// A string that a caller gave.
func text(
  _ characters: UnsafePointer<CChar>, _ what: String, _ code: HoldfastError.Code = .invalidName
) throws(HoldfastError) -> String {
  guard let text = String(validatingCString: characters) else {
    throw HoldfastError(code, "\(what) is not well-formed UTF-8: encode it so")
  }
  return text
}

/// The options that a caller gave.
///
/// Each of them is checked by itself: a document may be as large and as deep as documents can be, and that around it,
/// which only says what it is for, does not count.
func optionDocument(_ bytes: Input?, _ count: Int) throws(HoldfastError) -> Document {
  let options = try uncheckedDocument(bytes, count, "the options")
  try options.checkParts("the options")
  return options
}

/// An option of a call.
struct Option {
  let name: String
  let value: BSONValue

  func failure(_ wanted: String) -> HoldfastError {
    HoldfastError(.invalidUse, "the option \(name) must be \(wanted)")
  }

  var unknown: HoldfastError {
    HoldfastError(.invalidUse, "there is no option \(name) here: leave it out, or correct its name")
  }

  func bool() throws(HoldfastError) -> Bool {
    guard let value = value.boolValue else { throw failure("true or false") }
    return value
  }

  /// A whole number, not negative.
  func count() throws(HoldfastError) -> Int {
    guard let value = value.intValue, value >= 0 else { throw failure("a whole number, not negative") }
    return value
  }

  func milliseconds() throws(HoldfastError) -> Duration { .milliseconds(try count()) }

  func string() throws(HoldfastError) -> String {
    guard let value = value.stringValue else { throw failure("a string") }
    return value
  }

  func document() throws(HoldfastError) -> Document {
    guard let value = value.documentValue else { throw failure("a document") }
    return value
  }

  func documents() throws(HoldfastError) -> [Document] {
    guard let values = value.arrayValue else { throw failure("an array of documents") }
    return try values.map { (value) throws(HoldfastError) in
      guard let document = value.documentValue else { throw failure("an array of documents") }
      return document
    }
  }

  func hint() throws(HoldfastError) -> IndexHint {
    if let name = value.stringValue { return .name(name) }
    guard let keys = value.documentValue else { throw failure("the name of an index, or its keys") }
    return IndexHint(keys)
  }

  func choice<C: RawRepresentable & CaseIterable>(_ type: C.Type) throws(HoldfastError) -> C
  where C.RawValue == String {
    guard let choice = value.stringValue.flatMap({ C(rawValue: $0) }) else {
      throw failure("one of " + C.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", "))
    }
    return choice
  }

  func durability() throws(HoldfastError) -> Durability {
    switch value {
    case "safe": return .safe
    case "unsafe": return .unsafe
    case .document(let bounds):
      var (operations, interval): (Int?, Duration?)
      try bounds.forEachOption { (option) throws(HoldfastError) in
        switch option.name {
        case "operations": operations = try option.count()
        case "milliseconds": interval = try option.milliseconds()
        default: throw option.unknown
        }
      }
      if let operations, let interval { return .batch(operations: operations, interval: interval) }
    default: break
    }
    throw failure("\"safe\", \"unsafe\" or {operations: …, milliseconds: …}")
  }
}

extension Document {
  /// Checks the fields, and in them documents and arrays, except for one document.
  func checkParts(_ what: String, except unchecked: String? = nil) throws(HoldfastError) {
    let isWhole = try withRawDocument { (raw) throws(HoldfastError) -> Bool in
      var fields = raw.makeIterator()
      while let field = fields.next() {
        guard field.value.type == .document || field.value.type == .array,
          unchecked.map({ field.key.elementsEqual($0.utf8) }) != true
        else { continue }
        try checkSize(field.value.bytes.count, "the field \(field.keyString) of \(what)")
        do throws(BSONError) {
          try Document.validate(field.value.bytes)
        } catch {
          throw HoldfastError(
            .invalidDocument, "the field \(field.keyString) of \(what) is not well-formed BSON: \(error)",
            underlying: error)
        }
      }
      return !fields.isMalformed
    }
    guard isWhole == true else {
      throw HoldfastError(
        .invalidDocument, "\(what) are not well-formed BSON: encode them with a BSON library")
    }
  }

  /// Calls `body` with each option; it is to throw ``Option/unknown`` for those that it does not know.
  func forEachOption(_ body: (Option) throws(HoldfastError) -> Void) throws(HoldfastError) {
    for (name, value) in self { try body(Option(name: name, value: value)) }
  }
}
