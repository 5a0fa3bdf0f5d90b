/// The standard library's types that coders hand over directly.
protocol BSONPrimitive {
  /// The value as BSON; nil when it does not fit.
  var primitiveValue: BSONValue? { get }

  /// Makes the value from BSON.
  static func make(from value: BSONValue) -> PrimitiveResult<Self>
}

extension BSONPrimitive {
  /// The value made from BSON, or nil.
  static func made(from value: BSONValue) -> Self? {
    if case .value(let result) = make(from: value) { result } else { nil }
  }
}

/// What came of making a standard type from BSON.
enum PrimitiveResult<T> {
  case value(T)
  /// The BSON value is of another type.
  case mismatch
  /// The BSON value is a number that the type cannot hold.
  case outOfRange
}

extension Bool: BSONPrimitive {
  var primitiveValue: BSONValue? { .bool(self) }
  static func make(from value: BSONValue) -> PrimitiveResult<Bool> {
    value.boolValue.map(PrimitiveResult.value) ?? .mismatch
  }
}

extension String: BSONPrimitive {
  var primitiveValue: BSONValue? { .string(self) }
  static func make(from value: BSONValue) -> PrimitiveResult<String> {
    value.stringValue.map(PrimitiveResult.value) ?? .mismatch
  }
}

extension Double: BSONPrimitive {
  var primitiveValue: BSONValue? { .double(self) }
  static func make(from value: BSONValue) -> PrimitiveResult<Double> {
    value.doubleValue.map(PrimitiveResult.value) ?? .mismatch
  }
}

extension Float: BSONPrimitive {
  var primitiveValue: BSONValue? { .double(Double(self)) }
  static func make(from value: BSONValue) -> PrimitiveResult<Float> {
    guard let double = value.doubleValue else { return .mismatch }
    let float = Float(double)
    return float.isInfinite && double.isFinite ? .outOfRange : .value(float)
  }
}

/// Makes an integer of any width from a number of any type that is a whole one and fits.
private func makeInteger<T: FixedWidthInteger>(_ value: BSONValue) -> PrimitiveResult<T> {
  let integer: T?
  switch value {
  case .int32(let number): integer = T(exactly: number)
  case .int64(let number): integer = T(exactly: number)
  case .double(let number): integer = T(exactly: number)
  case .decimal128(let number): integer = number.int64Value.flatMap { T(exactly: $0) }
  default: return .mismatch
  }
  return integer.map(PrimitiveResult.value) ?? .outOfRange
}

extension Int: BSONPrimitive {
  var primitiveValue: BSONValue? { .int64(Int64(self)) }
  static func make(from value: BSONValue) -> PrimitiveResult<Int> { makeInteger(value) }
}

extension Int8: BSONPrimitive {
  var primitiveValue: BSONValue? { .int32(Int32(self)) }
  static func make(from value: BSONValue) -> PrimitiveResult<Int8> { makeInteger(value) }
}

extension Int16: BSONPrimitive {
  var primitiveValue: BSONValue? { .int32(Int32(self)) }
  static func make(from value: BSONValue) -> PrimitiveResult<Int16> { makeInteger(value) }
}

extension Int32: BSONPrimitive {
  var primitiveValue: BSONValue? { .int32(self) }
  static func make(from value: BSONValue) -> PrimitiveResult<Int32> { makeInteger(value) }
}

extension Int64: BSONPrimitive {
  var primitiveValue: BSONValue? { .int64(self) }
  static func make(from value: BSONValue) -> PrimitiveResult<Int64> { makeInteger(value) }
}

extension UInt: BSONPrimitive {
  var primitiveValue: BSONValue? { Int64(exactly: self).map(BSONValue.int64) }
  static func make(from value: BSONValue) -> PrimitiveResult<UInt> { makeInteger(value) }
}

extension UInt8: BSONPrimitive {
  var primitiveValue: BSONValue? { .int32(Int32(self)) }
  static func make(from value: BSONValue) -> PrimitiveResult<UInt8> { makeInteger(value) }
}

extension UInt16: BSONPrimitive {
  var primitiveValue: BSONValue? { .int32(Int32(self)) }
  static func make(from value: BSONValue) -> PrimitiveResult<UInt16> { makeInteger(value) }
}

extension UInt32: BSONPrimitive {
  var primitiveValue: BSONValue? { .int64(Int64(self)) }
  static func make(from value: BSONValue) -> PrimitiveResult<UInt32> { makeInteger(value) }
}

extension UInt64: BSONPrimitive {
  var primitiveValue: BSONValue? { Int64(exactly: self).map(BSONValue.int64) }
  static func make(from value: BSONValue) -> PrimitiveResult<UInt64> { makeInteger(value) }
}
