import BSON

/// The order that a query asks for, such as `{a: 1, "b.c": -1}`.
///
/// A document's place is where the least of its values puts it: of an array the lowest element when the order
/// is ascending, the highest when it is descending. A missing field counts as null, an empty array as lower
/// than that.
public struct SortOrder: Sendable {
  /// The most fields.
  public static let maximumFields = 32

  /// The fields, the most important first.
  public let fields: [(path: FieldPath, isDescending: Bool)]

  /// Reads an order. An empty one leaves documents as they come.
  public init(_ document: Document) throws(QueryError) {
    var fields: [(path: FieldPath, isDescending: Bool)] = []
    var names: Set<FieldPath> = []
    for (name, value) in document {
      let path = try Self.path(name)
      guard names.insert(path).inserted else {
        throw QueryError(
          .conflictingPaths, "sort: \(quoted(name)) is named twice; name each field once.")
      }
      guard fields.count < Self.maximumFields else {
        throw QueryError(.limitExceeded, "sort: an order has at most \(Self.maximumFields) fields.")
      }
      fields.append((path, try Self.isDescending(value, name)))
    }
    self.fields = fields
  }

  /// Whether documents are wanted from the last to the first, when the order is the one that they are stored in,
  /// `{$natural: 1}` or `{$natural: -1}`; `nil` for any other.
  public static func naturalOrder(_ document: Document) throws(QueryError) -> Bool? {
    guard let value = document["$natural"] else { return nil }
    guard document.count == 1 else {
      throw QueryError(
        .invalidArgument,
        "sort: $natural is an order by itself, and cannot be combined with fields; leave one out.")
    }
    return try isDescending(value, "$natural")
  }

  private static func path(_ name: String) throws(QueryError) -> FieldPath {
    let path = FieldPath(name)
    guard !path.hasEmptyPart else {
      throw QueryError(
        .invalidPath, "sort by \(quoted(name)): a part of the path is empty; name every field.")
    }
    guard path.parts.count <= QueryLimits.maximumPathParts else {
      throw QueryError(
        .limitExceeded,
        "sort by \(quoted(name)): a path has at most \(QueryLimits.maximumPathParts) parts.")
    }
    for (index, part) in path.parts.enumerated() where part.name[0] == UInt8(ascii: "$") {
      // The fields of a reference to another document have such names.
      if index > 0, FieldPath.referenceNames.contains(part.text) { continue }
      throw QueryError(
        .invalidPath,
        "sort by \(quoted(name)): \(quoted(part.text)) begins with a dollar sign, as no field here may.")
    }
    return path
  }

  private static func isDescending(_ value: BSONValue, _ name: String) throws(QueryError) -> Bool {
    if value.isNumber {
      switch value.int64Value {
      case 1: return false
      case -1: return true
      default: break
      }
    }
    if let inner = value.documentValue, inner.contains("$meta") {
      throw QueryError(
        .invalidArgument, "sort by \(quoted(name)): $meta is not supported; there is no such data.")
    }
    throw QueryError(
      .invalidArgument, "sort by \(quoted(name)): it takes 1 (ascending) or -1 (descending).", .sortDirection)
  }

  /// The key of a document: bytes whose order, byte by byte, is this order of the documents.
  /// - Throws: ``QueryError/Code/parallelArrays`` when two fields lead into different arrays, so that it is
  ///   not clear which elements belong together.
  public func key(of document: RawDocument) throws(QueryError) -> [UInt8] {
    var keys = SortKeys(fields)
    try keys.collect(from: document)
    return keys.lowest
  }
}
