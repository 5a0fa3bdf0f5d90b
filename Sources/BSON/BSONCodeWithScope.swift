/// JavaScript code with the values of its free variables. Holdfast keeps it, but does not run it.
public struct BSONCodeWithScope: Sendable {
  /// The code.
  public var code: String
  /// The variables.
  public var scope: Document

  /// Takes code and variables.
  public init(_ code: String, scope: Document) {
    self.code = code
    self.scope = scope
  }
}

extension BSONCodeWithScope: Hashable {
  /// Whether the code has the same UTF-8 bytes and the scope the same bytes.
  public static func == (left: BSONCodeWithScope, right: BSONCodeWithScope) -> Bool {
    left.code.equalsUTF8(right.code) && left.scope == right.scope
  }

  /// Hashes the bytes of both parts.
  public func hash(into hasher: inout Hasher) {
    hasher.combineUTF8(code)
    hasher.combine(scope)
  }
}

/// A reference to a document of a collection, in the form that MongoDB has long deprecated.
public struct BSONDBPointer: Sendable {
  /// The name of the collection.
  public var reference: String
  /// The document's `_id`.
  public var id: ObjectID

  /// Takes the name of a collection and an ID.
  public init(_ reference: String, id: ObjectID) {
    self.reference = reference
    self.id = id
  }
}

extension BSONDBPointer: Hashable {
  /// Whether the names have the same UTF-8 bytes and the IDs are the same.
  public static func == (left: BSONDBPointer, right: BSONDBPointer) -> Bool {
    left.id == right.id && left.reference.equalsUTF8(right.reference)
  }

  /// Hashes both parts.
  public func hash(into hasher: inout Hasher) {
    hasher.combineUTF8(reference)
    hasher.combine(id)
  }
}
