/// Inputs as text, for printing and replaying.
enum FuzzInput {
  static func hexadecimal(_ bytes: [UInt8]) -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
  }

  /// The bytes of hexadecimal digits, with white space anywhere; `nil` when it is something else.
  static func bytes(_ text: String) -> [UInt8]? {
    let digits = text.filter { !$0.isWhitespace }.map { $0.hexDigitValue }
    guard digits.count % 2 == 0 else { return nil }
    return stride(from: 0, to: digits.count, by: 2).reduce(into: [UInt8]?.some([])) { bytes, index in
      guard let high = digits[index], let low = digits[index + 1] else {
        bytes = nil
        return
      }
      bytes?.append(UInt8(high << 4 | low))
    }
  }
}
