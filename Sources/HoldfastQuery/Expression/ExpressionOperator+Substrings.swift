import BSON

extension ExpressionOperator {
  /// Lengths, places and parts of strings, in bytes of UTF-8 or in code points (`CP`).
  static let substrings: [ExpressionOperator] = [
    ExpressionOperator("$strLenBytes", 1...1) { (arguments) throws(QueryError) in
      .int32(Int32(truncatingIfNeeded: try arguments.string(0).utf8.count))
    },
    ExpressionOperator("$strLenCP", 1...1) { (arguments) throws(QueryError) in
      .int32(Int32(truncatingIfNeeded: try arguments.string(0).unicodeScalars.count))
    },
    ExpressionOperator("$substr", 3...3, bytes),
    ExpressionOperator("$substrBytes", 3...3, bytes),
    ExpressionOperator("$substrCP", 3...3, codePoints),
    ExpressionOperator("$indexOfBytes", 2...4) { (arguments) throws(QueryError) in
      guard let (text, wanted) = try search(arguments) else { return .null }
      let (start, end) = try searchRange(arguments, count: text.count)
      guard start <= end, let place = ExpressionText.firstIndex(of: wanted, in: text, from: start, to: end)
      else { return .int32(-1) }
      return .int32(Int32(truncatingIfNeeded: place))
    },
    ExpressionOperator("$indexOfCP", 2...4) { (arguments) throws(QueryError) in
      guard let (text, wanted) = try search(arguments) else { return .null }
      let starts = text.indices.filter { text[$0] & 0xC0 != 0x80 } + [text.count]
      let (start, end) = try searchRange(arguments, count: starts.count - 1)
      guard start <= end,
        let place = ExpressionText.firstIndex(of: wanted, in: text, from: starts[start], to: starts[end]),
        let index = starts.firstIndex(of: place)
      else { return .int32(-1) }
      return .int32(Int32(truncatingIfNeeded: index))
    },
  ]

  /// What is searched and what for, as bytes; nil when the former is null or missing.
  private static func search(
    _ arguments: ExpressionArguments
  ) throws(QueryError) -> (text: [UInt8], wanted: [UInt8])? {
    if arguments.isNullish(0) { return nil }
    return (
      Array(try arguments.string(0, "strings").utf8), Array(try arguments.string(1, "strings").utf8)
    )
  }

  @Sendable private static func bytes(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue? {
    let text = Array(try text(arguments, 0).utf8)
    let start = try wholePart(arguments, 1, "the start")
    let count = try wholePart(arguments, 2, "the length")
    guard start >= 0 else { throw arguments.invalid("takes a start that is not below zero.") }
    guard start < text.count else { return .string("") }
    let end = count < 0 || count > text.count - start ? text.count : start + count
    // A character must not be torn apart: the result would be no text.
    let isInside = text[start] & 0xC0 == 0x80 || end < text.count && text[end] & 0xC0 == 0x80
    guard !isInside else {
      throw arguments.invalid("begins or ends inside a character; count in code points with $substrCP.")
    }
    return .string(String(decoding: text[start..<end], as: UTF8.self))
  }

  /// A number without its fraction, kept inside 64 bits.
  private static func wholePart(
    _ arguments: ExpressionArguments, _ index: Int, _ meaning: String
  ) throws(QueryError) -> Int {
    guard let value = arguments[index], value.isNumber else {
      throw arguments.mismatch(index, "a number as \(meaning)")
    }
    let double = value.doubleValue ?? 0
    if double.isNaN { return 0 }
    return value.intValue ?? Int(exactly: double.rounded(.towardZero)) ?? (double < 0 ? Int.min : Int.max)
  }

  @Sendable private static func codePoints(_ arguments: ExpressionArguments) throws(QueryError) -> BSONValue?
  {
    let text = try text(arguments, 0).unicodeScalars
    let start = try arguments.int32(1, "the start")
    let count = try arguments.int32(2, "the length")
    guard start >= 0, count >= 0 else {
      throw arguments.invalid("takes a start and a length that are not below zero.")
    }
    return .string(String(String.UnicodeScalarView(text.dropFirst(start).prefix(count))))
  }
}
