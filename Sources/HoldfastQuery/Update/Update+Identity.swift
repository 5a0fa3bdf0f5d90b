import BSON

// What an update must not do to a document: change its `_id`, or bring in names that operators have.

extension Update {
  /// Puts a document in the place of another, whose `_id` it keeps and has first.
  static func replace(_ document: RawDocument, by replacement: Document) throws(QueryError) -> Document {
    let result = try replacement.withRawDocument { (new) throws(QueryError) -> Document in
      let id = document.value(forKey: "_id")
      let newID = new.value(forKey: "_id")
      if let id, let newID, BSONOrdering.compare(id, newID) != 0 { throw changedID }
      guard let first = id ?? newID else { return replacement }
      return withID(first, new)
    }
    guard let result else { throw UpdateWriter.malformed }
    return result
  }

  /// Checks the `_id` after an update, puts back its bytes when it is equal but not the same, and moves that
  /// of a document to be inserted to the front.
  static func keepID(
    of document: RawDocument, in result: inout Document, isInsert: Bool
  ) throws(QueryError) {
    guard let id = document.value(forKey: "_id") else {
      guard result.contains("_id") else { return }
      guard isInsert else { throw changedID }
      let moved = result.withRawDocument { new in
        new.value(forKey: "_id").map { withID($0, new) }
      }
      if let moved = moved ?? nil { result = moved }
      return
    }
    let isSame = result.withRawDocument { new -> Bool? in
      guard let newID = new.value(forKey: "_id"), BSONOrdering.compare(id, newID) == 0 else { return nil }
      return newID.type == id.type && newID.bytes.elementsEqual(id.bytes)
    }
    guard let isSame = isSame ?? nil else { throw changedID }
    if !isSame, let value = BSONValue(id) { result["_id"] = value }
  }

  /// A document with an `_id` at its beginning instead of the one that it has, if it has one.
  private static func withID(_ id: RawValue, _ document: RawDocument) -> Document {
    var builder = DocumentBuilder(reservingCapacity: document.bytes.count + id.bytes.count + 5)
    builder.append("_id", raw: id)
    var isSkipped = false
    for element in document {
      if !isSkipped, element.key.elementsEqual("_id".utf8) {
        isSkipped = true
      } else {
        builder.append(element)
      }
    }
    return builder.finish()
  }

  private static var changedID: QueryError {
    QueryError(
      .immutableField,
      "The update would change '_id', which a document keeps; delete the document and insert another one.")
  }

  /// Checks that no field at the top gets a name that begins with a dollar sign; documents that are inserted
  /// may have such fields.
  static func checkNames(_ fields: UpdateFields, _ context: UpdateContext) throws(QueryError) {
    guard !context.isInsert else { return }
    for branch in fields.branches
    where branch.text.utf8.first == UInt8(ascii: "$") && branch.node.creates(context) {
      throw QueryError(
        .invalidPath,
        "The update names the field \(quoted(branch.text)); operators cannot change fields at the top whose "
          + "names begin with a dollar sign.", .dollarPrefixedFieldName)
    }
  }
}

extension UpdateFields {
  /// The branch for a field with a name, or nil.
  func branch(named name: String) -> Int? {
    Array(name.utf8).withUnsafeBytes { branch(named: $0) }
  }
}
