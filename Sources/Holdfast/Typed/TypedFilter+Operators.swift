// The comparisons of a field with a value: of a key path, and of a ``TypedField``.

/// The documents whose field equals the value; for an array the whole array. `nil` equals null, and a field
/// that is missing.
@_disfavoredOverload
public func == <Element: Codable & Sendable, Value: Encodable>(
  field: KeyPath<Element, Value>, value: Value
) -> TypedFilter<Element> { TypedField(field).condition("$eq", value) }

/// The documents that `==` does not match, also those without the field.
@_disfavoredOverload
public func != <Element: Codable & Sendable, Value: Encodable>(
  field: KeyPath<Element, Value>, value: Value
) -> TypedFilter<Element> { TypedField(field).condition("$ne", value) }

/// The documents whose field is lower than the value, and of the same kind: a missing field is neither lower
/// nor higher than a number.
@_disfavoredOverload
public func < <Element: Codable & Sendable, Value: Encodable>(
  field: KeyPath<Element, Value>, value: Value
) -> TypedFilter<Element> { TypedField(field).condition("$lt", value) }

/// The documents whose field is lower than the value or equal to it, and of the same kind.
@_disfavoredOverload
public func <= <Element: Codable & Sendable, Value: Encodable>(
  field: KeyPath<Element, Value>, value: Value
) -> TypedFilter<Element> { TypedField(field).condition("$lte", value) }

/// The documents whose field is higher than the value, and of the same kind.
@_disfavoredOverload
public func > <Element: Codable & Sendable, Value: Encodable>(
  field: KeyPath<Element, Value>, value: Value
) -> TypedFilter<Element> { TypedField(field).condition("$gt", value) }

/// The documents whose field is higher than the value or equal to it, and of the same kind.
@_disfavoredOverload
public func >= <Element: Codable & Sendable, Value: Encodable>(
  field: KeyPath<Element, Value>, value: Value
) -> TypedFilter<Element> { TypedField(field).condition("$gte", value) }

extension TypedField {
  /// The documents whose field equals the value; for an array the whole array. `nil` equals null, and a field
  /// that is missing.
  @_disfavoredOverload
  public static func == (field: TypedField, value: Value) -> TypedFilter<Element> {
    field.condition("$eq", value)
  }

  /// The documents that `==` does not match, also those without the field.
  @_disfavoredOverload
  public static func != (field: TypedField, value: Value) -> TypedFilter<Element> {
    field.condition("$ne", value)
  }

  /// The documents whose field is lower than the value, and of the same kind.
  @_disfavoredOverload
  public static func < (field: TypedField, value: Value) -> TypedFilter<Element> {
    field.condition("$lt", value)
  }

  /// The documents whose field is lower than the value or equal to it, and of the same kind.
  @_disfavoredOverload
  public static func <= (field: TypedField, value: Value) -> TypedFilter<Element> {
    field.condition("$lte", value)
  }

  /// The documents whose field is higher than the value, and of the same kind.
  @_disfavoredOverload
  public static func > (field: TypedField, value: Value) -> TypedFilter<Element> {
    field.condition("$gt", value)
  }

  /// The documents whose field is higher than the value or equal to it, and of the same kind.
  @_disfavoredOverload
  public static func >= (field: TypedField, value: Value) -> TypedFilter<Element> {
    field.condition("$gte", value)
  }
}
