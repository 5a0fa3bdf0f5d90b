/// A document that is ready to be stored: checked, with its id in front, and the key of that id.
struct PreparedDocument: Sendable {
  let id: BSONValue
  let key: [UInt8]
  let document: Document

  /// Checks a document and puts its id in front, making one when it has none.
  init(_ document: Document, for collection: CollectionName, id given: BSONValue? = nil) throws(HoldfastError)
  {
    try PreparedDocument.validate(document, collection)
    let found = document["_id"]
    let id = found ?? given ?? .objectID(ObjectID())
    self.id = id
    key = try IDKey.bytes(id, collection)
    if found != nil {
      self.document = PreparedDocument.withIDInFront(document)
    } else {
      self.document = PreparedDocument.adding(id, to: document)
      // What was just small enough may not be with its id.
      guard self.document.byteCount <= DatabaseLimits.maximumDocumentBytes else {
        throw PreparedDocument.tooLarge(self.document.byteCount, collection)
      }
    }
  }

  private static func validate(_ document: Document, _ collection: CollectionName) throws(HoldfastError) {
    guard document.byteCount <= DatabaseLimits.maximumDocumentBytes else {
      throw tooLarge(document.byteCount, collection)
    }
    do throws(BSONError) {
      try document.validate()
    } catch {
      throw HoldfastError(
        .invalidDocument, "a document for collection \(quoted(collection.text)) was refused: \(error)",
        collection: collection.text, underlying: error)
    }
  }

  private static func tooLarge(_ size: Int, _ collection: CollectionName) -> HoldfastError {
    HoldfastError(
      .documentTooLarge,
      "a document for collection \(quoted(collection.text)) has \(size) bytes, which is over the limit of "
        + "\(DatabaseLimits.maximumDocumentBytes) (16 MiB): split it", collection: collection.text)
  }

  /// The bytes of the name `_id` as an element has them, after the type.
  private static let idName: [UInt8] = [0x5F, 0x69, 0x64, 0]

  private static func withIDInFront(_ document: Document) -> Document {
    let isInFront = document.withUnsafeBytes { bytes in bytes.count > 9 && bytes[5..<9].elementsEqual(idName)
    }
    guard !isInFront else { return document }
    let moved = document.withRawDocument { raw -> Document in
      var builder = DocumentBuilder(reservingCapacity: document.byteCount)
      if let id = raw.value(forKey: "_id") { builder.append("_id", raw: id) }
      var isFirst = true
      for element in raw {
        if isFirst, element.key.elementsEqual(idName.dropLast()) {
          isFirst = false
          continue
        }
        builder.append(element)
      }
      return builder.finish()
    }
    return moved ?? document
  }

  private static func adding(_ id: BSONValue, to document: Document) -> Document {
    var builder = DocumentBuilder(reservingCapacity: document.byteCount + 32)
    builder.append("_id", id)
    builder.append(elementsOf: document)
    return builder.finish()
  }
}

/// The key that a document is stored under: its id's order-preserving bytes. Ids that compare as equal, such
/// as 1 and 1.0, have the same.
enum IDKey {
  /// The memory that most ids fit into.
  private static let usualBytes = 32

  static func bytes(_ id: BSONValue, _ collection: CollectionName) throws(HoldfastError) -> [UInt8] {
    if case .array = id {
      throw HoldfastError(
        .invalidID,
        "an array cannot be an id (collection \(quoted(collection.text))): use another type",
        collection: collection.text)
    }
    var key: [UInt8] = []
    key.reserveCapacity(usualBytes)
    // An id's type bits are not kept: the document has the id as it is.
    var typeBits: [UInt8] = []
    do throws(BSONError) {
      try BSONKey.encode(id, into: &key, typeBits: &typeBits)
    } catch {
      throw HoldfastError(
        .invalidID, "an id for collection \(quoted(collection.text)) was refused: \(error)",
        collection: collection.text, underlying: error)
    }
    guard key.count <= DatabaseLimits.maximumIDBytes else {
      throw HoldfastError(
        .keyTooLarge,
        "an id for collection \(quoted(collection.text)) makes a key of \(key.count) bytes, which is over "
          + "the limit of "
          + "\(DatabaseLimits.maximumIDBytes): use a shorter one", collection: collection.text)
    }
    return key
  }
}
