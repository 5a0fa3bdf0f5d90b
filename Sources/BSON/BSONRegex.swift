/// A regular expression: its pattern and its options, which is all that BSON knows of it.
///
/// Neither part can contain a zero character; one that does gets U+FFFD in its place.
public struct BSONRegex: Sendable {
  /// The pattern.
  public let pattern: String
  /// The options, as letters in alphabetical order.
  public let options: String

  /// Takes a pattern and options; the options are sorted.
  public init(_ pattern: String, options: String = "") {
    self.pattern = Self.withoutZero(pattern)
    self.options = Self.sorted(Self.withoutZero(options))
  }

  private static func withoutZero(_ text: String) -> String {
    text.utf8.contains(0)
      ? String(String.UnicodeScalarView(text.unicodeScalars.map { $0 == "\0" ? "\u{FFFD}" : $0 })) : text
  }

  private static func sorted(_ options: String) -> String {
    let scalars = options.unicodeScalars
    if zip(scalars, scalars.dropFirst()).allSatisfy({ $0 <= $1 }) { return options }
    return String(String.UnicodeScalarView(scalars.sorted()))
  }
}

extension BSONRegex: Hashable {
  /// Whether both parts have the same UTF-8 bytes.
  public static func == (left: BSONRegex, right: BSONRegex) -> Bool {
    left.pattern.equalsUTF8(right.pattern) && left.options.equalsUTF8(right.options)
  }

  /// Hashes the UTF-8 bytes of both parts.
  public func hash(into hasher: inout Hasher) {
    hasher.combineUTF8(pattern)
    hasher.combineUTF8(options)
  }
}

extension Hasher {
  /// Hashes the UTF-8 bytes of a string with their number.
  mutating func combineUTF8(_ string: String) {
    string.withUTF8Bytes { bytes in
      combine(bytes.count)
      combine(bytes: bytes)
    }
  }
}
