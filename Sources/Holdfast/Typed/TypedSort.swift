/// An order of the documents of a ``TypedDocuments``: `.ascending(\.name)`, `.descending(\.age)`.
public struct TypedSort<Element: Codable & Sendable>: Sendable {
  private let keys: [Result<(name: String, direction: BSONValue), HoldfastError>]

  private init(_ path: Result<String, HoldfastError>, _ direction: Int32) {
    keys = [path.map { ($0, .int32(direction)) }]
  }

  /// One order after the other: each decides among the documents that are equal by those before it.
  public init(_ parts: [TypedSort]) { keys = parts.flatMap(\.keys) }

  /// From the lowest value of a field to the highest.
  public static func ascending<Value: Encodable>(_ keyPath: KeyPath<Element, Value>) -> TypedSort {
    TypedSort(FieldNames.path(of: keyPath), 1)
  }

  /// From the highest value of a field to the lowest.
  public static func descending<Value: Encodable>(_ keyPath: KeyPath<Element, Value>) -> TypedSort {
    TypedSort(FieldNames.path(of: keyPath), -1)
  }

  /// From the lowest value to the highest of the field at a path of names separated by dots.
  public static func ascending(_ path: String) -> TypedSort { TypedSort(.success(path), 1) }

  /// From the highest value to the lowest of the field at a path of names separated by dots.
  public static func descending(_ path: String) -> TypedSort { TypedSort(.success(path), -1) }

  /// The order in MongoDB's language, such as `{"age": -1, "name": 1}`.
  /// - Throws: ``HoldfastError/Code/invalidUse`` when a key path names no stored field.
  public func document() throws(HoldfastError) -> Document {
    var document = Document()
    for key in keys {
      let (name, direction) = try key.get()
      // The first direction decides, as a field that comes again has nothing left to decide.
      if !document.contains(name) { document.append(name, direction) }
    }
    return document
  }
}
