/// A name that a collection can have.
///
/// Names are equal when their UTF-8 bytes are, and sorted by them: no two ways of writing an accent are made
/// one.
struct CollectionName: Sendable, Hashable {
  let text: String
  /// Its key in the catalog.
  let key: [UInt8]

  init(_ text: String) throws(HoldfastError) {
    let bytes = Array(text.utf8)
    guard !bytes.isEmpty else {
      throw HoldfastError(.invalidName, "the name of a collection is empty: give it one", collection: text)
    }
    guard bytes.count <= DatabaseLimits.maximumCollectionNameBytes else {
      throw HoldfastError(
        .invalidName,
        "the name of a collection has \(bytes.count) bytes, which is over the limit of "
          + "\(DatabaseLimits.maximumCollectionNameBytes): choose a shorter one", collection: text)
    }
    guard !bytes.contains(0) else {
      throw HoldfastError(
        .invalidName, "the name of a collection contains a zero byte: leave it out", collection: text)
    }
    guard bytes[0] != UInt8(ascii: "$") else {
      throw HoldfastError(
        .invalidName,
        "the name of a collection begins with a dollar sign, which is kept for operators: choose another",
        collection: text)
    }
    self.text = text
    key = [Catalog.collectionPrefix] + bytes
  }

  static func == (left: CollectionName, right: CollectionName) -> Bool { left.key == right.key }

  func hash(into hasher: inout Hasher) { hasher.combine(key) }
}
