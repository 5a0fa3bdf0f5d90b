/// A type that is stored as an array: `Array`, `Set`, `ContiguousArray`, and optionals of them.
public protocol StoredArray<StoredElement>: Encodable {
  /// What is in the array.
  associatedtype StoredElement: Encodable
}

extension Array: StoredArray where Element: Encodable {
  /// What is in the array.
  public typealias StoredElement = Element
}

extension ContiguousArray: StoredArray where Element: Encodable {
  /// What is in the array.
  public typealias StoredElement = Element
}

extension Set: StoredArray where Element: Encodable {
  /// What is in the set.
  public typealias StoredElement = Element
}

/// A type that is stored as a string: `String` and its optional. Conform types of your own that encode as one.
public protocol StoredString: Encodable {}

extension String: StoredString {}

/// A type that is stored as a number: the standard library's, `Decimal128`, and optionals of them. Conform
/// types of your own that encode as one.
public protocol StoredNumber<StoredAmount>: Encodable {
  /// The number itself, which a field of this type can be increased or multiplied by.
  associatedtype StoredAmount: Encodable = Self
}

extension Int: StoredNumber {}
extension Int8: StoredNumber {}
extension Int16: StoredNumber {}
extension Int32: StoredNumber {}
extension Int64: StoredNumber {}
extension UInt: StoredNumber {}
extension UInt8: StoredNumber {}
extension UInt16: StoredNumber {}
extension UInt32: StoredNumber {}
extension UInt64: StoredNumber {}
extension Float: StoredNumber {}
extension Double: StoredNumber {}
extension Decimal128: StoredNumber {}

extension Optional: StoredArray where Wrapped: StoredArray {
  /// What is in the array.
  public typealias StoredElement = Wrapped.StoredElement
}

extension Optional: StoredString where Wrapped: StoredString {}

extension Optional: StoredNumber where Wrapped: StoredNumber {
  /// The number itself.
  public typealias StoredAmount = Wrapped.StoredAmount
}
