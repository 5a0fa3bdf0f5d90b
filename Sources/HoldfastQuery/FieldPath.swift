/// A path such as `a.b.0`: the names of fields, each inside the one before, separated by dots. A part in
/// decimal digits can also mean the element of an array.
public struct FieldPath: Sendable, Hashable, CustomStringConvertible {
  /// One part of a path.
  public struct Part: Sendable, Hashable {
    /// The UTF-8 bytes of the name.
    public let name: [UInt8]
    /// The place in an array that the name means, too: decimal digits without zeros in front.
    public let index: Int?

    init(_ name: [UInt8]) {
      self.name = name
      index = FieldPath.index(name)
    }

    /// The name as text.
    public var text: String { String(decoding: name, as: UTF8.self) }
  }

  /// The whole path.
  public let text: String
  /// The parts; at least one, which may be empty.
  public let parts: [Part]

  /// Takes a path; anything is one. What may not have empty parts checks ``hasEmptyPart``.
  public init(_ text: String) {
    self.text = text
    parts = text.utf8.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false).map {
      Part(Array($0))
    }
  }

  /// Whether a part is empty: `""`, `"a."`, `".a"` and `"a..b"`.
  public var hasEmptyPart: Bool { parts.contains { $0.name.isEmpty } }

  /// The names of the fields that a reference to another document (a DBRef) has. They may begin with dollar signs where
  /// others may not.
  public static let referenceNames: Set<String> = ["$ref", "$id", "$db"]

  /// The path as text.
  public var description: String { text }

  /// Whether this path is the other one or leads to something the other one is inside of.
  public func isPrefix(of other: FieldPath) -> Bool {
    parts.count <= other.parts.count && zip(parts, other.parts).allSatisfy { $0.name == $1.name }
  }

  /// The number that a name is: decimal digits, no zeros in front, at most nine digits; else `nil`.
  static func index(_ name: [UInt8]) -> Int? {
    guard !name.isEmpty, name.count <= 9, name.count == 1 || name[0] != 0x30 else { return nil }
    var value = 0
    for byte in name {
      guard byte >= 0x30, byte <= 0x39 else { return nil }
      value = value * 10 + Int(byte - 0x30)
    }
    return value
  }
}
