/// A condition on the documents of a ``TypedDocuments``, written with key paths and checked by the compiler.
///
///     \.age >= 18 && \.city == "Oslo"
///     \.address.city == "Oslo" || .field(\.tags).contains("admin")
///     !(\.nickname == nil) && .field("legacy.score", of: Int.self) > 3
///
/// It becomes a filter of MongoDB's language, see ``document()``. What a key path names is found out when the
/// filter is made; what went wrong with that is thrown when the filter is used.
public struct TypedFilter<Element: Codable & Sendable>: Sendable {
  private let result: Result<Document, HoldfastError>

  init(_ result: Result<Document, HoldfastError>) { self.result = result }

  /// The filter in MongoDB's language.
  /// - Throws: ``HoldfastError/Code/invalidUse`` when a key path names no stored field or a value does not
  ///   encode.
  public func document() throws(HoldfastError) -> Document { try result.get() }

  /// All documents.
  public static var all: TypedFilter { TypedFilter(.success([:])) }

  /// A filter as MongoDB writes it, for what has no typed form.
  public static func document(_ document: Document) -> TypedFilter { TypedFilter(.success(document)) }

  /// The field that a key path names, for conditions that are methods of ``TypedField``.
  public static func field<Value: Encodable>(
    _ keyPath: KeyPath<Element, Value>
  ) -> TypedField<Element, Value> { TypedField(keyPath) }

  /// The field at a path of names separated by dots, for what no key path can name.
  public static func field<Value: Encodable>(
    _ path: String, of type: Value.Type
  ) -> TypedField<Element, Value> { TypedField(path, of: type) }
}

// Disfavored, like the comparisons: without that every `&&` and `==` of a program that imports Holdfast would
// be tried with filters first, which made some ordinary expressions a thousand times slower to compile.
extension TypedFilter {
  /// The documents that both filters match.
  @_disfavoredOverload
  public static func && (left: TypedFilter, right: TypedFilter) -> TypedFilter {
    combined("$and", [left, right])
  }

  /// The documents that at least one of the filters matches.
  @_disfavoredOverload
  public static func || (left: TypedFilter, right: TypedFilter) -> TypedFilter {
    combined("$or", [left, right])
  }

  /// The documents that the filter does not match.
  @_disfavoredOverload
  public static prefix func ! (filter: TypedFilter) -> TypedFilter {
    TypedFilter(filter.result.map { ["$nor": [.document($0)]] })
  }

  /// The filters under one logical operator. Those that are under it already stay side by side, so that a
  /// long chain does not nest.
  private static func combined(_ name: String, _ filters: [TypedFilter]) -> TypedFilter {
    TypedFilter(
      Result { () throws(HoldfastError) in
        var parts: [BSONValue] = []
        for filter in filters {
          let document = try filter.document()
          if document.count == 1, case .array(let inner)? = document[name] {
            parts += inner
          } else {
            parts.append(.document(document))
          }
        }
        return [name: .array(parts)]
      })
  }
}
