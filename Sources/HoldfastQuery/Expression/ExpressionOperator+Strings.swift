import BSON

extension ExpressionOperator {
  /// Whole strings: joining, splitting, letters and what surrounds them.
  static let strings: [ExpressionOperator] = [
    ExpressionOperator("$concat", 0...Int.max, canGrow: true) { (arguments) throws(QueryError) in
      var result = ""
      for index in 0..<arguments.count {
        if arguments.isNullish(index) { return .null }
        result += try arguments.string(index, "strings")
      }
      return .string(result)
    },
    ExpressionOperator("$toLower", 1...1) { (arguments) throws(QueryError) in
      .string(asciiCased(try text(arguments, 0), isUpper: false))
    },
    ExpressionOperator("$toUpper", 1...1) { (arguments) throws(QueryError) in
      .string(asciiCased(try text(arguments, 0), isUpper: true))
    },
    ExpressionOperator("$strcasecmp", 2...2) { (arguments) throws(QueryError) in
      let left = asciiCased(try text(arguments, 0), isUpper: true)
      let right = asciiCased(try text(arguments, 1), isUpper: true)
      return .int32(Int32(BSONOrdering.compare(.string(left), .string(right))))
    },
    ExpressionOperator("$split", 2...2) { (arguments) throws(QueryError) in
      if arguments.hasNullish { return .null }
      let text = Array(try arguments.string(0, "strings").utf8)
      let separator = Array(try arguments.string(1, "strings").utf8)
      guard !separator.isEmpty else { throw arguments.invalid("takes a separator that is not empty.") }
      return .array(
        pieces(of: text, separatedBy: separator).map { .string(String(decoding: $0, as: UTF8.self)) })
    },
    ExpressionOperator("$trim", named: ["input", "chars"], required: 1) { (arguments) throws(QueryError) in
      try trim(arguments, start: true, end: true)
    },
    ExpressionOperator("$ltrim", named: ["input", "chars"], required: 1) { (arguments) throws(QueryError) in
      try trim(arguments, start: true, end: false)
    },
    ExpressionOperator("$rtrim", named: ["input", "chars"], required: 1) { (arguments) throws(QueryError) in
      try trim(arguments, start: false, end: true)
    },
    ExpressionOperator("$replaceOne", named: ["input", "find", "replacement"], required: 3, canGrow: true) {
      (arguments) throws(QueryError) in try replace(arguments, all: false)
    },
    ExpressionOperator("$replaceAll", named: ["input", "find", "replacement"], required: 3, canGrow: true) {
      (arguments) throws(QueryError) in try replace(arguments, all: true)
    },
  ]

  /// An argument as text where operators take more than strings; null and missing values are empty.
  static func text(_ arguments: ExpressionArguments, _ index: Int) throws(QueryError) -> String {
    if arguments.isNullish(index) { return "" }
    switch arguments[index] {
    case .string(let value)?, .symbol(let value)?, .code(let value)?: return value
    case let value? where value.isNumber || value.type == .dateTime:
      guard let text = ExpressionText.text(of: value) else {
        throw arguments.invalid("takes no date outside the years 0 to 9999.")
      }
      return text
    default: throw arguments.mismatch(index, "strings, numbers and dates")
    }
  }

  /// The text with the letters A to Z in one case; others stay.
  private static func asciiCased(_ text: String, isUpper: Bool) -> String {
    let first: UInt8 = isUpper ? 0x61 : 0x41
    return String(decoding: text.utf8.map { $0 >= first && $0 < first + 26 ? $0 ^ 0x20 : $0 }, as: UTF8.self)
  }

  /// The parts between the places where a separator is; at least one.
  private static func pieces(of text: [UInt8], separatedBy separator: [UInt8]) -> [ArraySlice<UInt8>] {
    var pieces: [ArraySlice<UInt8>] = []
    var start = 0
    while let place = ExpressionText.firstIndex(of: separator, in: text, from: start, to: text.count) {
      pieces.append(text[start..<place])
      start = place + separator.count
    }
    pieces.append(text[start...])
    return pieces
  }

  private static func trim(
    _ arguments: ExpressionArguments, start: Bool, end: Bool
  ) throws(QueryError) -> BSONValue? {
    if arguments.isNullish(0) || arguments.isGiven(1) && arguments.isNullish(1) { return .null }
    var text = Substring(try arguments.string(0, "a string as 'input'")).unicodeScalars
    let characters =
      arguments.isGiven(1)
      ? Set(try arguments.string(1, "a string as 'chars'").unicodeScalars) : ExpressionText.whitespace
    if start { text = text.drop { characters.contains($0) } }
    if end { while let last = text.last, characters.contains(last) { text.removeLast() } }
    return .string(String(text))
  }

  private static func replace(_ arguments: ExpressionArguments, all: Bool) throws(QueryError) -> BSONValue? {
    for index in 0..<3 where !arguments.isNullish(index) {
      _ = try arguments.string(index, "strings as 'input', 'find' and 'replacement'")
    }
    if arguments.hasNullish { return .null }
    let text = Array(try arguments.string(0).utf8)
    let wanted = Array(try arguments.string(1).utf8)
    let replacement = Array(try arguments.string(2).utf8)
    var result: [UInt8] = []
    var start = 0
    while let place = ExpressionText.firstIndex(of: wanted, in: text, from: start, to: text.count) {
      result.append(contentsOf: text[start..<place])
      result.append(contentsOf: replacement)
      // A single string may be replaced many times, so that the size is watched while it grows.
      guard result.count <= BSONLimits.maximumDocumentSize else { break }
      start = place + wanted.count
      if wanted.isEmpty {
        // Nothing is found in front of every character and at the end.
        guard all, start < text.count else { break }
        let next = ExpressionText.characterEnd(in: text, at: start)
        result.append(contentsOf: text[start..<next])
        start = next
      } else if !all {
        break
      }
    }
    if start < text.count { result.append(contentsOf: text[start...]) }
    return .string(String(decoding: result, as: UTF8.self))
  }
}
