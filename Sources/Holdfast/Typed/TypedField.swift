/// A stored field with its type: named by a key path, or by its path in the document.
///
/// Where a filter is expected it is written `.field(\.tags)` or `.field("address.city", of: String.self)`, and
/// a condition follows: `.field(\.tags).contains("admin")`.
public struct TypedField<Element: Codable & Sendable, Value: Encodable>: Sendable {
  let path: Result<String, HoldfastError>

  /// The field that a key path names.
  public init(_ keyPath: KeyPath<Element, Value>) { path = FieldNames.path(of: keyPath) }

  /// The field at a path of names separated by dots.
  public init(_ path: String, of type: Value.Type = Value.self) { self.path = .success(path) }

  /// The field at a path, as the left side of a comparison: `.field("a.b", of: Int.self) == 1`.
  public static func field(_ path: String, of type: Value.Type) -> TypedField { TypedField(path) }

  /// The name of the field in stored documents; with dots where it is inside others.
  /// - Throws: ``HoldfastError/Code/invalidUse`` when the key path names no stored field.
  public func name() throws(HoldfastError) -> String { try path.get() }

  // MARK: Conditions

  /// A comparison with a value.
  func condition(_ name: String, _ value: some Encodable) -> TypedFilter<Element> {
    condition { () throws(HoldfastError) in
      guard FieldValue.hasOrder(value) else {
        throw HoldfastError(
          .invalidUse,
          "a \(type(of: value)) is stored in no certain order, so it cannot be compared as a whole: use "
            + "contains(allOf:) and hasCount(_:), or compare its entries")
      }
      return [name: try FieldValue.encoded(value)]
    }
  }

  private func condition(
    _ conditions: () throws(HoldfastError) -> Document
  ) -> TypedFilter<Element> {
    TypedFilter(
      Result { () throws(HoldfastError) in [try path.get(): .document(try conditions())] })
  }

  /// The documents whose field equals one of the values; with `nil` among them also those without the field.
  public func `in`(_ values: some Sequence<Value>) -> TypedFilter<Element> {
    condition { () throws(HoldfastError) in
      let values = try FieldValue.encoded(values)
      guard !values.contains(where: { $0.type == .regex }) else {
        throw HoldfastError(
          .invalidUse,
          "`in` would take regular expressions as patterns: compare with == and join that with ||")
      }
      return ["$in": .array(values)]
    }
  }

  /// The documents that have the field, also when it is null; with `false` those that do not have it.
  public func exists(_ exists: Bool = true) -> TypedFilter<Element> {
    condition { () throws(HoldfastError) in ["$exists": .bool(exists)] }
  }
}

extension TypedField where Value: Comparable {
  /// The documents whose field is in the range.
  public func `in`(_ range: ClosedRange<Value>) -> TypedFilter<Element> {
    condition { () throws(HoldfastError) in
      ["$gte": try FieldValue.encoded(range.lowerBound), "$lte": try FieldValue.encoded(range.upperBound)]
    }
  }

  /// The documents whose field is in the range, without its upper end.
  public func `in`(_ range: Range<Value>) -> TypedFilter<Element> {
    condition { () throws(HoldfastError) in
      ["$gte": try FieldValue.encoded(range.lowerBound), "$lt": try FieldValue.encoded(range.upperBound)]
    }
  }
}

extension TypedField where Value: StoredString {
  /// The documents whose field begins with a text, exactly as it is written.
  public func hasPrefix(_ prefix: String) -> TypedFilter<Element> {
    condition { () throws(HoldfastError) in ["$regex": .string("^" + FieldValue.literalPattern(prefix))] }
  }

  /// The documents whose field matches a regular expression somewhere.
  /// - Parameter options: letters as MongoDB has them, such as `i` for any case.
  public func matches(_ pattern: String, options: String = "") -> TypedFilter<Element> {
    condition { () throws(HoldfastError) in
      options.isEmpty
        ? ["$regex": .string(pattern)] : ["$regex": .string(pattern), "$options": .string(options)]
    }
  }
}

extension TypedField where Value: StoredArray {
  /// The documents whose array has the element.
  public func contains(_ element: Value.StoredElement) -> TypedFilter<Element> {
    condition { () throws(HoldfastError) in
      let value = try FieldValue.encoded(element)
      return FieldValue.isPlain(value) ? ["$eq": value] : ["$elemMatch": ["$eq": value]]
    }
  }

  /// The documents whose array has at least one of the elements.
  public func contains(anyOf elements: some Sequence<Value.StoredElement>) -> TypedFilter<Element> {
    TypedFilter(
      Result { () throws(HoldfastError) in
        let name = try path.get()
        let values = try FieldValue.encoded(elements)
        if values.allSatisfy(FieldValue.isPlain) { return [name: ["$in": .array(values)]] }
        return ["$or": .array(values.map { [name: ["$elemMatch": ["$eq": $0]]] })]
      })
  }

  /// The documents whose array has all of the elements; none when there are none.
  public func contains(allOf elements: some Sequence<Value.StoredElement>) -> TypedFilter<Element> {
    condition { () throws(HoldfastError) in
      let values = try FieldValue.encoded(elements)
      if values.allSatisfy(FieldValue.isPlain) { return ["$all": .array(values)] }
      return ["$all": .array(values.map { ["$elemMatch": ["$eq": $0]] })]
    }
  }

  /// The documents whose array has this many elements.
  public func hasCount(_ count: Int) -> TypedFilter<Element> {
    condition { () throws(HoldfastError) in ["$size": .int64(Int64(count))] }
  }
}

extension TypedField where Value: StoredArray, Value.StoredElement: Codable & Sendable {
  /// The documents whose array has an element that matches a filter as a whole.
  public func contains(where filter: TypedFilter<Value.StoredElement>) -> TypedFilter<Element> {
    condition { () throws(HoldfastError) in ["$elemMatch": .document(try filter.document())] }
  }
}
