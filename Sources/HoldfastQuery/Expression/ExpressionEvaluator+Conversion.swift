import BSON

extension ExpressionEvaluator {
  /// `$convert`: null and missing inputs give `onNull`, values that cannot be converted `onError`.
  mutating func convert(_ conversion: ExpressionConversion) throws(QueryError) -> BSONValue? {
    let input = try value(of: conversion.input)
    let target = try value(of: conversion.target)
    guard let input, !input.isNull else {
      guard let onNull = conversion.onNull else { return .null }
      return try value(of: onNull)
    }
    guard let target, !target.isNull else { return .null }
    let type = try ExpressionConverter.type(target, conversion.name)
    let converter = ExpressionConverter(name: conversion.name, target: type)
    do throws(QueryError) {
      return try converter.convert(input)
    } catch {
      guard let onError = conversion.onError else { throw error }
      return try value(of: onError)
    }
  }
}

/// Converts values to one type.
struct ExpressionConverter {
  /// The operator, for errors.
  let name: String
  let target: BSONType

  /// The type that `to` names, by its alias or its number.
  static func type(_ value: BSONValue, _ name: String) throws(QueryError) -> BSONType {
    let convertible: [BSONType] = [
      .double, .string, .objectID, .bool, .dateTime, .int32, .int64, .decimal128,
    ]
    let type = convertible.first {
      if case .string(let alias) = value { return $0.name == alias }
      return value.intValue == $0.number
    }
    guard let type else {
      let names = convertible.map(\.name).joined(separator: ", ")
      throw QueryError(.invalidArgument, "\(name) takes as 'to' one of the types \(names), or its number.")
    }
    return type
  }

  func convert(_ value: BSONValue) throws(QueryError) -> BSONValue {
    if value.type == target { return value }
    switch target {
    case .bool: return .bool(isTrue(value))
    case .string:
      guard let text = ExpressionText.text(of: value) else { throw unsupported(value) }
      return .string(text)
    case .objectID:
      guard case .string(let text) = value else { throw unsupported(value) }
      guard let id = ObjectID(text) else { throw unreadable("24 hexadecimal digits") }
      return .objectID(id)
    case .dateTime: return .dateTime(try date(value))
    case .int32:
      guard value.type != .dateTime else { throw unsupported(value) }
      guard let number = Int32(exactly: try integer(value)) else { throw outOfRange() }
      return .int32(number)
    case .int64: return .int64(try integer(value))
    case .double: return .double(try double(value))
    case .decimal128: return .decimal128(try decimal(value))
    default: throw unsupported(value)
    }
  }

  private func unsupported(_ value: BSONValue) -> QueryError {
    QueryError(
      .typeMismatch,
      "\(name) cannot convert a value of the type \(value.type.name) to \(target.name); give $convert an 'onError'."
    )
  }

  private func unreadable(_ expected: String) -> QueryError {
    QueryError(
      .invalidArgument,
      "\(name) cannot read a string as \(target.name): it is not \(expected); give $convert an 'onError'.")
  }

  private func outOfRange() -> QueryError {
    QueryError(
      .overflow, "\(name) meets a number that does not fit \(target.name); give $convert an 'onError'.")
  }

  /// Every value but false and zeros, strings whatever they say.
  private func isTrue(_ value: BSONValue) -> Bool { value.countsAsTrue }

  private func integer(_ value: BSONValue) throws(QueryError) -> Int64 {
    switch value {
    case .bool(let value): return value ? 1 : 0
    case .dateTime(let date): return date.milliseconds
    case .int32(let number): return Int64(number)
    case .int64(let number): return number
    case .double(let number):
      guard let whole = Int64(exactly: number.rounded(.towardZero)) else { throw outOfRange() }
      return whole
    case .decimal128(let number):
      guard let whole = number.int64Value(rounding: .towardZero) else { throw outOfRange() }
      return whole
    case .string(let text):
      guard let number = Self.decimalDigits(text) else { throw unreadable("a whole decimal number in range") }
      return number
    default: throw unsupported(value)
    }
  }

  /// A number in decimal digits with an optional sign.
  private static func decimalDigits(_ text: String) -> Int64? {
    text.utf8.allSatisfy { ($0 >= 0x30 && $0 <= 0x39) || $0 == 0x2B || $0 == 0x2D } ? Int64(text) : nil
  }

  private func double(_ value: BSONValue) throws(QueryError) -> Double {
    switch value {
    case .bool(let value): return value ? 1 : 0
    case .dateTime(let date): return Double(date.milliseconds)
    case .int32(let number): return Double(number)
    case .int64(let number): return Double(number)
    case .decimal128(let number):
      let double = number.doubleValue
      guard double.isFinite || !number.isFinite else { throw outOfRange() }
      return double
    case .string(let text):
      // Hexadecimal digits are a number for the language, but none here.
      guard !text.utf8.contains(where: { $0 | 0x20 == UInt8(ascii: "x") }), let number = Double(text) else {
        throw unreadable("a decimal number")
      }
      if number.isInfinite, text.utf8.contains(where: { $0 >= 0x30 && $0 <= 0x39 }) { throw outOfRange() }
      return number
    default: throw unsupported(value)
    }
  }

  private func decimal(_ value: BSONValue) throws(QueryError) -> Decimal128 {
    switch value {
    case .bool(let value): return Decimal128(value ? 1 : 0)
    case .dateTime(let date): return Decimal128(date.milliseconds)
    case .int32(let number): return Decimal128(Int64(number))
    case .int64(let number): return Decimal128(number)
    case .double(let number): return Decimal128(rounding: number)
    case .string(let text):
      guard let number = Decimal128(text) else { throw unreadable("a decimal number of at most 34 digits") }
      return number
    default: throw unsupported(value)
    }
  }

  private func date(_ value: BSONValue) throws(QueryError) -> BSONDateTime {
    if let moment = value.moment { return moment }
    switch value {
    case .int64, .double, .decimal128: return BSONDateTime(milliseconds: try integer(value))
    case .string(let text):
      guard let date = ExpressionDate.moment(text) else {
        throw unreadable("a date such as 2018-03-20T12:00:00Z")
      }
      return date
    default: throw unsupported(value)
    }
  }
}
